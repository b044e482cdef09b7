import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { expect, test } from 'vitest';

import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { grow } from './conformance.ts';
import { draft } from './drafts.ts';
import { newFolder, open, tamper, writeLedger } from './files.ts';
import { kept } from './kept.ts';
import { rejection } from './rejection.ts';

const ada = PrincipalId.parse('person:ada');

/** A ledger as Berth made it before it had words that can be erased. */
async function olderLedger(): Promise<string> {
  const path = `${newFolder()}/ledger.db`;
  await writeLedger(path, 3);
  tamper(path, 'DROP TABLE aside');
  return path;
}

test('a ledger of before gets the table with its first words, and is sound before and after', async () => {
  const path = await olderLedger();
  const ledger = await open(path);
  expect(ledger.readOnly).toBeUndefined();
  expect(await ledger.countAsides(ada)).toBe(0);
  await ledger.eraseAsides(ada);
  const digest = await kept(ledger, ada, 'for Bela');
  await ledger.close();
  const again = await open(path);
  expect(again.readOnly).toBeUndefined();
  expect(await again.readAside(digest)).toBe('for Bela');
  await grow(again, [draft()]);
});

test.each([
  ["UPDATE aside SET text = 'for Cleo'", 'does not change'],
  ['INSERT INTO aside SELECT * FROM aside', 'UNIQUE'],
])('%s is stopped', async (sql, why) => {
  const path = `${newFolder()}/ledger.db`;
  const ledger = await openSqliteLedger(path);
  await kept(ledger, ada, 'for Bela');
  await ledger.close();
  expect(() => tamper(path, sql)).toThrow(why);
});

test('words that were changed behind the back of the ledger are refused, and so is every write after that', async () => {
  const path = `${newFolder()}/ledger.db`;
  const maker = await openSqliteLedger(path);
  const digest = await kept(maker, ada, 'for Bela');
  await maker.close();
  const ledger = await open(path);
  const db = new DatabaseSync(path);
  const trigger = db.prepare("SELECT sql FROM sqlite_schema WHERE name = 'aside_no_update'").get();
  db.exec("DROP TRIGGER aside_no_update; UPDATE aside SET text = 'for Cleo'");
  db.exec(String(trigger?.['sql']));
  db.close();
  expect((await rejection(ledger.readAside(digest))).message).toContain('is not what was kept');
  expect((await rejection(grow(ledger, [draft()]))).code).toBe('LEDGER_REFUSED');
});

test('what was erased stands in no file any more, also while the ledger is open', async () => {
  const folder = newFolder();
  const ledger = await open(`${folder}/ledger.db`);
  await kept(ledger, ada, 'an unmistakable text');
  await grow(ledger, [draft()]);
  // A process of its own reads them: closing them in this one would drop the open ledger's locks.
  const holding = () =>
    readdirSync(folder).filter((name) => execFileSync('cat', [`${folder}/${name}`]).includes('unmistakable'));
  expect(holding()).not.toEqual([]);
  await ledger.eraseAsides(ada);
  expect(holding()).toEqual([]);
});
