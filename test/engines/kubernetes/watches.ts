import type { ServerResponse } from 'node:http';

type Event = { readonly type: string; readonly object: unknown; readonly version: number };

/**
 * Watches of the small API server: events from a version on, and everything that goes wrong with them. What is older than
 * the horizon is forgotten, as after a compaction: 410 Gone, as the answer or in mid stream.
 */
export class Watches {
  /** Every watch that was begun, by the version that it began at. */
  readonly begun: number[] = [];
  /** So many of the next watches are told 410 at once. */
  refuseNext = 0;
  readonly #open = new Map<ServerResponse, string>();
  readonly #log: { readonly key: string; readonly event: Event }[] = [];
  #horizon = 0;

  open(response: ServerResponse, prefix: string, from: number): void {
    this.begun.push(from);
    if (from < this.#horizon || this.refuseNext-- > 0) {
      response.writeHead(410, { 'content-type': 'application/json' });
      response.end(JSON.stringify(gone));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    this.#open.set(response, prefix);
    response.on('close', () => this.#open.delete(response));
    for (const { key, event } of this.#log)
      if (key.startsWith(prefix) && event.version > from) write(response, event);
  }

  get count(): number {
    return this.#open.size;
  }

  tell(key: string, event: Event): void {
    this.#log.push({ key, event });
    for (const [response, prefix] of this.#open) if (key.startsWith(prefix)) write(response, event);
  }

  /** The last event once more, to everybody. */
  again(): void {
    const last = this.#log.at(-1);
    if (last === undefined) return;
    for (const [response, prefix] of this.#open) if (last.key.startsWith(prefix)) write(response, last.event);
  }

  bookmark(apiVersion: string, kind: string, version: number): void {
    const object = { apiVersion, kind, metadata: { resourceVersion: String(version) } };
    for (const response of this.#open.keys()) write(response, { type: 'BOOKMARK', object, version });
  }

  /** Cuts every connection, some in the middle of an event. */
  cut(): void {
    const told = [...this.#open.keys()];
    this.#open.clear();
    for (const response of told) {
      response.write('{"type":"MODIFIED","obj');
      response.destroy();
    }
  }

  /** Forgets what has come; who still watches is told 410 in mid stream. */
  compact(): void {
    this.#horizon = this.#log.at(-1)?.event.version ?? 0;
    const told = [...this.#open.keys()];
    this.#open.clear();
    for (const response of told) {
      write(response, { type: 'ERROR', object: gone, version: this.#horizon });
      response.end();
    }
  }
}

const gone = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'Expired',
  message: 'too old resource version',
  code: 410,
};

function write(response: ServerResponse, { type, object }: Event): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}
