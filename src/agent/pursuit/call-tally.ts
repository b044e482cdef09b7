import { digestOf } from '../../model/canonical.ts';
import type { Digest } from '../../model/id.ts';
import type { Note } from '../../model/run.ts';
import { cleanText } from '../../model/text.ts';
import type { Toolbox, ToolAnswer } from '../agent.ts';

/** The most that one line of the journal names. */
const sawMost = 64;

/** Counts the calls of a run, through however many toolboxes they go, and gives no more answers than there may be. */
export class CallTally {
  readonly #most: number;
  #saw: Note['saw'] = [];
  #count = 0;
  #isSpent = false;

  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether a call was refused because there were as many as there may be. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** What was called since the last time, with digests of the answers. */
  take(): Note['saw'] {
    const saw = this.#saw.slice(0, sawMost);
    this.#saw = [];
    return saw;
  }

  /** The same tools, counted. */
  through(toolbox: Toolbox): Toolbox {
    return { call: (tool, args, options = {}) => this.#call(toolbox, { tool, args, options }) };
  }

  async #call(toolbox: Toolbox, { tool, args, options }: Call): Promise<ToolAnswer> {
    if (this.#count >= this.#most) {
      this.#isSpent = true;
      return { ok: false, error: spent(this.#most) };
    }
    this.#count += 1;
    const answer = await toolbox.call(tool, args, options);
    const saw = {
      tool: cleanText(tool, 60),
      ...(answer.ok ? {} : { isError: true as const }),
      answer: digestOfAnswer(answer.ok ? answer.content : answer.error),
    };
    this.#saw = [...this.#saw, saw];
    return answer;
  }
}

type Call = {
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly options: NonNullable<Parameters<Toolbox['call']>[2]>;
};

/** Of the answer as it came over the wire. */
function digestOfAnswer(content: unknown): Digest {
  return digestOf(JSON.stringify(content) ?? null);
}

function spent(most: number) {
  return {
    code: 'FORBIDDEN',
    message: `this run may call tools ${most} times, and has`,
    fix: 'allow more with `--max-steps`, or set a smaller goal',
    retryable: false,
  } as const;
}
