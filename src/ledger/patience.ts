import { ledgerError } from './sqlite-error.ts';

/**
 * Runs `attempt` until it is not busy or `patienceMs` are over. SQLite's own back-off lets one process starve the
 * others; a short random sleep between attempts gives every one a fair chance. Rejects with `BerthError`s only.
 */
export async function patiently<T>(path: string, patienceMs: number, attempt: () => T): Promise<T> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      const refused = ledgerError(error, path);
      if (refused.detail.code !== 'LEDGER_BUSY' || performance.now() >= deadlineMs) throw refused;
    }
    await sleep(1 + Math.random() * 3);
  }
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
