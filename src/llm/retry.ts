import { setTimeout as wait } from 'node:timers/promises';

import { ModelFailure } from './failure.ts';

/** Waits so many milliseconds, or rejects when the signal fires. */
export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

export const sleep: Sleep = async (ms, signal) => {
  await wait(ms, undefined, signal === undefined ? {} : { signal });
};

const mostTries = 4;
const firstWaitMs = 500;
/** A server that wants longer is not waited for. */
const longestWaitMs = 20_000;

/**
 * Tries again what a busy or restarting server refused (429, 5xx, no connection), after its own `retry-after` or after
 * 0.5, 1 and 2 s. What broke off in the middle is not tried again: part of it has been shown. Throws `ModelFailure`.
 */
export async function backedOff<T>(
  ask: () => Promise<T>,
  options: { readonly sleep: Sleep; readonly signal?: AbortSignal },
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      if (options.signal?.aborted === true || error instanceof ModelFailure) throw error;
      const { status, retryAfterMs } = troubleOf(error);
      const waitMs = retryAfterMs ?? firstWaitMs * 2 ** (tried - 1);
      if (!mayRetry(error, status) || tried === mostTries || waitMs > longestWaitMs)
        throw new ModelFailure('endpoint', reasonOf(error, status), undefined, { cause: error });
      await options.sleep(waitMs, options.signal);
    }
  }
}

function mayRetry(error: unknown, status: number | undefined): boolean {
  if (status !== undefined) return status === 429 || status === 408 || status >= 500;
  return error instanceof Error && /connection error|ECONNREFUSED|ECONNRESET before/iu.test(error.message);
}

/** The HTTP status that an error of the client carries. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  return 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}

function troubleOf(error: unknown): { readonly status?: number; readonly retryAfterMs?: number } {
  if (typeof error !== 'object' || error === null) return {};
  const status = statusOf(error);
  const headers = 'headers' in error && error.headers instanceof Headers ? error.headers : undefined;
  const seconds = Number(headers?.get('retry-after') ?? 'none');
  return {
    ...(status !== undefined && { status }),
    ...(Number.isFinite(seconds) && seconds >= 0 && { retryAfterMs: seconds * 1000 }),
  };
}

function reasonOf(error: unknown, status: number | undefined): string {
  const [said = ''] = (error instanceof Error ? error.message : String(error)).split(
    /\s*Troubleshooting URL/u,
  );
  if (status === 401 || status === 403) return `it refused the key (HTTP ${status})`;
  if (said === 'terminated') return 'the answer broke off';
  return status === undefined ? said : `it answered HTTP ${status}: ${said.replace(/^\d{3} /u, '')}`;
}
