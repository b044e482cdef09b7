import { openSqliteLedger } from '../../ledger/sqlite.ts';
import { BerthError } from '../../model/error.ts';
import { checkpointFolderOf, homeOf, ledgerPath, readSettings } from '../home.ts';
import type { Io } from '../io.ts';
import { isNew, makeDemo, makeEmpty, readWorldFile } from '../session.ts';

/** Makes a ledger. Never touches one that holds something, but finishes a demo world of the same name. */
export async function init(io: Io, { demo }: { readonly demo?: string }): Promise<number> {
  if (demo !== undefined) readWorldFile(demo);
  const home = homeOf(io);
  const settings = readSettings(home);
  const same = demo !== undefined && settings.demo === demo;
  const ledger = await openSqliteLedger(ledgerPath(home), { checkpointFolder: checkpointFolderOf(io) });
  try {
    if (!same && !(await isNew(ledger))) throw thereIsOne(home);
    if (same && settings.unfinished !== true && !(await isNew(ledger))) {
      io.stdout.write(`the demo world ${demo} is in ${home} already: nothing was changed\n`);
      return 0;
    }
    io.stdout.write(
      `${demo === undefined ? await makeEmpty(io, ledger) : await makeDemo(io, ledger, demo)}\n`,
    );
    return 0;
  } finally {
    await ledger.close();
  }
}

function thereIsOne(home: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `there is a ledger in \`${home}\` already`,
    fix: 'set BERTH_HOME to another folder; a ledger is never overwritten',
  });
}
