import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

import type { Io } from '../io.ts';
import type { Check } from './check.ts';

/** Programs of others that Berth asks, or whose output it reads, and for what. None is needed to begin. */
const programs: readonly (readonly [name: string, use: string])[] = [
  ['kubectl', '`berth import kubernetes --context`, `berth bind --engine kubernetes` and `berth admit`'],
  ['scontrol', '`berth import slurm --live` and `berth bind --engine slurm`'],
  ['sinfo', 'files for `berth import slurm`'],
  ['lstopo', 'files for `berth import hwloc`'],
  ['nvidia-smi', 'files for `berth import nvidia-smi`'],
  ['rocm-smi', 'files for `berth import rocm-smi`'],
  ['ibnetdiscover', 'files for `berth import ibnetdiscover`'],
  ['promtool', "blocks of metrics of one's own, to try `berth observe`"],
];

/** Looks where the shell would; starts none of them. */
export function programChecks({ env }: Io): readonly Check[] {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return programs.map(([check, use]) => {
    const at = folders.map((folder) => join(folder, check)).find(isProgram);
    return at === undefined
      ? {
          area: 'programs',
          check,
          status: 'warn',
          found: 'not on the PATH',
          fix: `install it if you want ${use}`,
        }
      : { area: 'programs', check, status: 'ok', found: at };
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
