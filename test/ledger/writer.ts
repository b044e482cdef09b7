import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { draft, scope } from './drafts.ts';

/**
 * A process of its own that appends to a shared ledger: `node writer.ts PATH NAME FIRST LAST`. Prints
 * `SEQ DIGEST KEY` only after the ledger has acknowledged the entry. A key that is there already is not
 * appended again, which is what a client does that was killed before it heard the answer.
 */
const [path = '', name = '', first = '1', last = '1'] = process.argv.slice(2);
const ledger = await openSqliteLedger(path);
for (let i = Number(first); i <= Number(last); i++) process.stdout.write(`${await once(`${name}-${i}`)}\n`);
await ledger.close();

async function once(key: string): Promise<string> {
  for (;;) {
    const head = await ledger.head();
    const known = await ledger.findByIdemKey(scope(key));
    if (known !== undefined) return `${known.seq} ${known.digest} ${key}`;
    const appended = await ledger.append([draft({ key })], head);
    if (appended.kind === 'appended') return `${appended.head.seq} ${appended.head.digest} ${key}`;
  }
}
