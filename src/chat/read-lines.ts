/** A line, or the length of one that was too long to keep. */
export type ReadLine =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'too-long'; readonly length: number };

/**
 * Lines of a stream, in order, without their ends (`\n` or `\r\n`), until the stream ends or `stop` fires. Of a
 * line longer than `longest` code units nothing is kept. The stream is paused while lines are waiting, and left
 * paused, so that it does not keep the process alive.
 */
export async function* readLines(
  input: NodeJS.ReadableStream,
  longest: number,
  stop?: AbortSignal,
): AsyncGenerator<ReadLine, void, undefined> {
  const cutter = new LineCutter(longest);
  const decoder = new TextDecoder();
  let ready: ReadLine[] = [];
  let ended = stop?.aborted === true;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;

  const onData = (chunk: string | Uint8Array) => {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    for (const line of cutter.push(text)) ready.push(line);
    if (ready.length > 0) input.pause();
    wake?.();
  };
  const onEnd = () => {
    if (!ended) ready.push(...cutter.end());
    ended = true;
    wake?.();
  };
  const onError = (error: Error) => {
    failure = error;
    onEnd();
  };
  const onStop = () => {
    ready = [];
    ended = true;
    wake?.();
  };

  const more = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      input.resume();
    });

  stop?.addEventListener('abort', onStop);
  input.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onError);
  try {
    for (;;) {
      const batch = ready;
      ready = [];
      for (const line of batch) if (stop?.aborted !== true) yield line;
      if (ready.length > 0) continue;
      if (ended) break;
      await more();
    }
    if (failure !== undefined) throw failure;
  } finally {
    stop?.removeEventListener('abort', onStop);
    input.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onError).pause();
  }
}

class LineCutter {
  readonly #longest: number;
  #kept = '';
  #length = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  push(text: string): ReadLine[] {
    const pieces = text.split('\n');
    const last = pieces.pop() ?? '';
    const lines = pieces.map((piece) => {
      this.#keep(piece);
      return this.#take();
    });
    this.#keep(last);
    return lines;
  }

  end(): ReadLine[] {
    return this.#length === 0 ? [] : [this.#take()];
  }

  #keep(piece: string): void {
    this.#length += piece.length;
    this.#kept = this.#length > this.#longest + 1 ? '' : this.#kept + piece;
  }

  #take(): ReadLine {
    const text = this.#kept.endsWith('\r') ? this.#kept.slice(0, -1) : this.#kept;
    const length = this.#length;
    this.#kept = '';
    this.#length = 0;
    return length > this.#longest + 1 || text.length > this.#longest
      ? { kind: 'too-long', length }
      : { kind: 'line', text };
  }
}
