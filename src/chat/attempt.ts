import type { Turn } from '../agent/agent.ts';
import { BerthError, type ErrorDetail } from '../model/error.ts';
import type { PlanView } from '../model/plan-view.ts';

/** The longest request that is read, in UTF-16 code units. */
export const longestRequest = 20_000;

/** A turn that never rejects: what an agent throws becomes an answer with an error in it. */
export async function attempt(run: () => Promise<Turn>, signal?: AbortSignal): Promise<Turn> {
  try {
    return await run();
  } catch (error) {
    return failedTurn(detailOf(error, signal?.aborted === true));
  }
}

export function failedTurn(error: ErrorDetail): Turn {
  return { outcome: 'error', reply: '', shown: [], unread: [], toolCalls: [], error };
}

/** A plan as an answer: what showing it again draws. */
export function planTurn(plan: PlanView): Turn {
  return { outcome: 'planned', reply: '', shown: [{ kind: 'plan', plan }], plan, unread: [], toolCalls: [] };
}

/** The refusal of a request longer than `longestRequest`. */
export function tooLong(length: number): ErrorDetail {
  return {
    code: 'INVALID_INPUT',
    message: `the request has ${length} characters, at most ${longestRequest} are read`,
    fix: 'say it shorter, or put the demand into a file and use `berth plan -f`',
    retryable: false,
  };
}

export function detailOf(error: unknown, aborted: boolean): ErrorDetail {
  if (error instanceof BerthError) return error.detail;
  if (aborted) return interrupted;
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    message: `the agent failed: ${message}`,
    fix: 'try again; if it happens again, report it with the request',
    retryable: false,
  };
}

const interrupted: ErrorDetail = {
  code: 'INTERRUPTED',
  message: 'interrupted before there was an answer',
  fix: 'ask again; if something was being committed, look at the contracts first',
  retryable: true,
};
