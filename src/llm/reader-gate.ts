import type { ToolAnswer } from '../agent/agent.ts';
import { ToolFailure } from '../agent/tool-calls.ts';
import type { ErrorCode } from '../model/error.ts';
import type { OfferedTool } from './tools.ts';
import type { Wish } from './wish.ts';

/** Calls of one turn: the reader looks up every name that it does not know. */
const mostReaderCalls = 60;

export type ReaderGateOptions = {
  readonly tools: readonly OfferedTool[];
  /** Whether the person has said a plain yes with this line. */
  readonly isYes: boolean;
  readonly reach: (tool: string, args: Record<string, unknown>) => Promise<ToolAnswer>;
};

/** What the built-in reader may do in a turn of the loop: read, and write what the person has just said yes to. */
export class ReaderGate {
  readonly #options: ReaderGateOptions;
  #count = 0;

  constructor(options: ReaderGateOptions) {
    this.#options = options;
  }

  async carryOut({ tool, args }: Wish): Promise<ToolAnswer> {
    const { tools, isYes, reach } = this.#options;
    const known = tools.find(({ name }) => name === tool);
    this.#count += 1;
    if (this.#count > mostReaderCalls) return refused('INVALID_INPUT', 'this line takes too many calls');
    if (known?.isReading === false && !isYes)
      return refused('FORBIDDEN', 'only a plain yes changes something');
    try {
      return await reach(tool, args);
    } catch (error) {
      if (error instanceof ToolFailure) return { ok: false, error: error.detail };
      throw error;
    }
  }
}

function refused(code: ErrorCode, message: string): ToolAnswer {
  return { ok: false, error: { code, message, fix: 'say it in a simpler line', retryable: false } };
}
