import { walk as walked, type WalkReport } from '../../bench/walk/walk.ts';
import { BerthError } from '../../model/error.ts';
import type { Io } from '../io.ts';
import { drive } from './bench.ts';

/** Walks at random, and fails when a promise was broken on the way. */
export async function walk(
  io: Io,
  { steps, seed, json }: { steps: number; seed: number; json?: boolean },
): Promise<number> {
  if (steps < 1) throw noSteps();
  const report = await drive(io, walked({ steps, seed }), (line, done) => line.step(done, steps, 'steps'));
  io.stdout.write(json === true ? `${JSON.stringify(report)}\n` : draw(report));
  return report.violationCount === 0 ? 0 : 1;
}

function draw(report: WalkReport): string {
  const { steps, seed, fleets, contracts, claimsSwept, violationCount, violations, kinds, digest } = report;
  const rows = Object.entries(kinds).map(
    ([kind, { tried, done }]) => `  ${kind.padEnd(14)}${String(done).padStart(9)} of ${tried}`,
  );
  return [
    `walk of ${steps} steps, seed ${seed}: ${fleets} fleets, ${contracts} contracts, ${claimsSwept} promises summed up`,
    ...rows,
    `${violationCount} violations`,
    ...violations.map((what) => `  ${what}`),
    digest,
    '',
  ].join('\n');
}

function noSteps(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'a walk has at least one step',
    fix: 'use `--steps 10000`',
    field: 'steps',
  });
}
