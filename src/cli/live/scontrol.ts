import type { Evidence } from '../../sources/source.ts';
import type { Io } from '../io.ts';
import { lineOf, outputOf } from './command.ts';

/** What is read of a cluster, each with the user's own `scontrol`. `-d` counts the GPUs that jobs hold. */
const listings: readonly (readonly string[])[] = [
  ['-d', 'show', 'node'],
  ['show', 'partition'],
  ['show', 'reservation'],
  ['show', 'topology'],
];

/**
 * What the user's own `scontrol` shows of the cluster that it is configured for, with their rights. Only ever `show`.
 * Throws as `outputOf` does.
 */
export async function askSlurm(io: Io): Promise<readonly Evidence[]> {
  const evidence: Evidence[] = [];
  for (const args of listings) {
    const asked = { program: 'scontrol', args };
    evidence.push({ file: lineOf(asked), bytes: await outputOf(io, asked) });
  }
  return evidence;
}
