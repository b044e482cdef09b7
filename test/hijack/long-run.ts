import { writeSync } from 'node:fs';

/** How much one fuzz test does, and how it says how far it is. */
export type LongRun = {
  readonly callCount: number;
  readonly seed: number;
  /** To be told of every call; a long run says on stderr how far it is. */
  readonly step: () => void;
};

/** Calls of one run over all fuzz tests. `npm run fuzz` asks for more. */
const usualCount = 10_000;

/** So many calls go by between two lines of progress. */
const lineEvery = 5000;

/** The part of a run, in tenths, that goes to one test; with `seed` where nobody asks for another. */
export function longRun(what: string, { tenths, seed }: { tenths: number; seed: number }): LongRun {
  const asked = process.env['BERTH_FUZZ'];
  const callCount = Math.ceil((Number(asked ?? usualCount) * tenths) / 10);
  const startedMs = performance.now();
  let done = 0;
  const step = () => {
    done += 1;
    if (asked === undefined || done % lineEvery !== 0) return;
    const perSecond = Math.round((1000 * done) / (performance.now() - startedMs));
    writeSync(2, `fuzz, ${what}: ${done} of ${callCount}, ${perSecond} calls/s\n`);
  };
  return { callCount, seed: Number(process.env['BERTH_FUZZ_SEED'] ?? seed), step };
}
