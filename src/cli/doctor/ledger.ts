import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { type Inspected, inspectLedger } from '../../ledger/inspect.ts';
import { checkpointFolderOf, homeOf, ledgerPath } from '../home.ts';
import type { Io } from '../io.ts';
import { type Check, failed } from './check.ts';

/** The ledger of this home and what remembers it. Makes nothing and changes nothing. */
export async function ledgerChecks(io: Io): Promise<readonly Check[]> {
  const path = ledgerPath(homeOf(io));
  try {
    const folder = checkpointFolderOf(io);
    return [...(await inspected(path, folder)), placeCheck(folder)];
  } catch (error) {
    return [failed('ledger', 'ledger', error)];
  }
}

async function inspected(path: string, folder: string | undefined): Promise<readonly Check[]> {
  const here = folder !== undefined && !isFolder(folder) ? undefined : folder;
  const found = await inspectLedger(path, here);
  return found.kind === 'none' ? [absent(path)] : present(path, found);
}

function absent(path: string): Check {
  const row = { area: 'ledger', check: 'ledger' } as const;
  const above = nearest(dirname(resolve(path)));
  if (!isFolder(above) || !isWritable(above))
    return {
      ...row,
      status: 'fail',
      found: `none at ${path}, and \`${above}\` is no folder that this user may write to`,
      fix: 'set BERTH_HOME to a folder you may write to',
    };
  const fix = '`berth` makes the demo world there, `berth init` an empty one';
  return { ...row, status: 'warn', found: `none yet at ${path}`, fix };
}

function present(
  path: string,
  { head, vouchedSize, fault }: Inspected & { kind: 'found' },
): readonly Check[] {
  const entries = `${head.seq} ${head.seq === 1 ? 'entry' : 'entries'}`;
  const sound = { area: 'ledger', check: 'ledger', status: 'ok', found: `${entries} in ${path}` } as const;
  if (fault !== undefined) {
    const status = fault.kind === 'unsound' ? ('fail' as const) : ('warn' as const);
    const check = fault.kind === 'unsound' ? 'head' : 'writable';
    return [sound, { area: 'ledger', check, status, found: fault.why, fix: fault.fix }];
  }
  const digest = head.digest.slice(0, 'sha256:'.length + 12);
  return [
    sound,
    { area: 'ledger', check: 'writable', status: 'ok', found: 'by this user' },
    {
      area: 'ledger',
      check: 'head',
      status: 'ok',
      found: `${digest}…: every entry follows the one before it, ${vouchedSize} by a signed checkpoint`,
    },
  ];
}

/** Only a place outside of this disk notices that all of a folder was put back. */
function placeCheck(folder: string | undefined): Check {
  const row = { area: 'ledger', check: 'checkpoints' } as const;
  if (folder === undefined)
    return {
      ...row,
      status: 'warn',
      found: 'only beside the ledger: nobody would notice if both were put back together',
      fix: 'set BERTH_CHECKPOINT_DIR to a folder on another disk or machine',
    };
  if (isFolder(folder) && isWritable(folder)) return { ...row, status: 'ok', found: `also in ${folder}` };
  return {
    ...row,
    status: 'fail',
    found: `\`${folder}\` is no folder that this user may write to, so nothing can be recorded`,
    fix: 'mount or make it, or set BERTH_CHECKPOINT_DIR to another folder',
  };
}

function nearest(folder: string): string {
  const above = dirname(folder);
  return above === folder || statSync(folder, { throwIfNoEntry: false }) !== undefined
    ? folder
    : nearest(above);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
