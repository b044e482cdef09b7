import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import { ledgerBusy, ledgerRefused, shownPath } from './ledger-error.ts';

/**
 * Whatever SQLite, the file system or Node threw, as a `BerthError` that says what happened to which file and
 * what to do. `BerthError`s pass through.
 */
export function ledgerError(error: unknown, path: string): BerthError {
  if (error instanceof BerthError) return error;
  const trouble = troubleOf(error);
  if (trouble === 'busy') return ledgerBusy(path, error);
  return ledgerRefused(`ledger ${shownPath(path)} ${trouble.what}`, trouble.fix, error);
}

type Trouble = { readonly what: string; readonly fix: string };

const readOnlyPlace: Trouble = {
  what: 'cannot be written: the file, its folder or the file system is read-only',
  fix: 'give this user write access to the file and its folder',
};
const fullDisk: Trouble = {
  what: 'cannot be written: the disk or quota is full',
  fix: 'free some space, then try again; nothing was written',
};
const unreachable: Trouble = {
  what: 'cannot be opened: the file or its folder is missing or not accessible',
  fix: 'check the path and the access rights of the file and its folder',
};
const failingDisk: Trouble = {
  what: 'cannot be used: the disk reported an input or output error',
  fix: 'check the disk and the system log before writing again',
};
const damaged: Trouble = {
  what: 'is damaged: SQLite cannot make sense of the file',
  fix: 'keep the file as evidence and restore the ledger from a copy',
};

/** The primary result codes of https://sqlite.org/rescode.html that a file, a disk or a neighbour can cause. */
const byResultCode = new Map<number, Trouble | 'busy'>([
  [5, 'busy'],
  [6, 'busy'],
  [8, readOnlyPlace],
  [10, failingDisk],
  [11, damaged],
  [13, fullDisk],
  [14, unreachable],
  [15, 'busy'],
  [18, { what: 'cannot hold anything that large', fix: 'store it in smaller pieces' }],
  [23, readOnlyPlace],
  [26, damaged],
]);

const byErrorName = new Map<string, Trouble>([
  ['EACCES', unreachable],
  ['EDQUOT', fullDisk],
  ['EIO', failingDisk],
  ['ENOENT', unreachable],
  ['ENOSPC', fullDisk],
  ['ENOTDIR', unreachable],
  ['EPERM', readOnlyPlace],
  ['EROFS', readOnlyPlace],
  ['ERR_OUT_OF_RANGE', damaged],
]);

function troubleOf(error: unknown): Trouble | 'busy' {
  if (!(error instanceof Error)) return unknownTrouble('something that is not an error was thrown');
  if ('errcode' in error && typeof error.errcode === 'number')
    return byResultCode.get(error.errcode & 0xff) ?? unknownTrouble(error.message);
  const name = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return byErrorName.get(name) ?? unknownTrouble(error.message);
}

function unknownTrouble(message: string): Trouble {
  return {
    what: `cannot be used: ${cleanText(message)}`,
    fix: 'check the path, or report this as a bug if the file is in order',
  };
}
