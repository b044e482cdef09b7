import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { describe, expect, test } from 'vitest';

import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { PlanId } from '../../src/model/id.ts';
import { grow } from './conformance.ts';
import { draft } from './drafts.ts';
import { newFolder, open, tamper, writeLedger } from './files.ts';
import { rejection } from './rejection.ts';

describe('entries cannot be changed through SQL', () => {
  test.each([
    "UPDATE entry SET digest = 'x' WHERE seq = 1",
    'DELETE FROM entry WHERE seq = 2',
    "INSERT OR REPLACE INTO entry SELECT 1, json, 'x' FROM entry WHERE seq = 1",
    "UPDATE blob SET bytes = x'00'",
    'DELETE FROM plan',
  ])('%s', async (sql) => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 2);
    const ledger = await openSqliteLedger(path);
    await ledger.putPlan(PlanId.parse('plan-0123456789abcdef'), Uint8Array.from([1]));
    await ledger.close();
    expect(() => tamper(path, `PRAGMA recursive_triggers = ON; ${sql}`)).toThrow('append-only');
  });
});

describe('a ledger that was tampered with opens for reading only', () => {
  const unlock = 'DROP TRIGGER entry_no_update; DROP TRIGGER entry_no_delete;';

  test.each([
    [
      'an entry was edited',
      "UPDATE entry SET json = replace(json, 'Count\":3', 'Count\":4') WHERE seq = 3",
      3,
      'digest',
    ],
    ['an entry was removed', 'DELETE FROM entry WHERE seq = 4', 4, 'number 5'],
    ['the first was removed', 'DELETE FROM entry WHERE seq = 1', 1, 'number 2'],
    ['one was inserted twice', 'INSERT INTO entry SELECT 7, json, digest FROM entry WHERE seq = 2', 7, '2'],
    ['one was moved', 'UPDATE entry SET seq = 99 WHERE seq = 6', 6, 'stored as 99'],
    ['a digest was edited', "UPDATE entry SET digest = 'sha256:0' WHERE seq = 2", 2, 'digest'],
  ])('%s', async (_, sql, badSeq, why) => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 6);
    const whole = await open(path);
    const entries = await whole.read(0, 10);
    await whole.close();
    const db = new DatabaseSync(path);
    const triggers = db.prepare("SELECT sql FROM sqlite_schema WHERE name LIKE 'entry_no_%'").all();
    db.close();
    tamper(path, `${unlock} ${sql}`);
    tamper(path, triggers.map((row) => String(row['sql'])).join(';'));
    const ledger = await open(path);
    expect(ledger.readOnly?.why).toContain(`entry ${badSeq} `);
    expect(ledger.readOnly?.why).toContain(why);
    expect(await ledger.read(0, 10)).toEqual(entries.slice(0, badSeq - 1));
    expect((await ledger.head()).seq).toBe(badSeq - 1);
    expect(await rejection(grow(ledger, [draft()]))).toMatchObject({
      code: 'LEDGER_REFUSED',
      fix: ledger.readOnly?.fix,
    });
    expect((await rejection(ledger.putBlob(Uint8Array.from([7])))).code).toBe('LEDGER_REFUSED');
  });

  test('the end was cut off', async () => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 6);
    tamper(path, `${unlock} DELETE FROM entry WHERE seq > 4`);
    const ledger = await open(path);
    expect(ledger.readOnly?.why).toContain('ends at entry 4, but its checkpoint has seen entry 6');
    expect(await ledger.read(0, 10)).toHaveLength(4);
  });

  test('the triggers were dropped', async () => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 2);
    tamper(path, unlock);
    const ledger = await open(path);
    expect(ledger.readOnly?.why).toContain('triggers');
    expect(await ledger.read(0, 10)).toHaveLength(2);
  });

  test('an older copy was put in its place', async () => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 3);
    const copy = readFileSync(path);
    const ledger = await openSqliteLedger(path);
    await grow(ledger, [draft({ subjectCount: 70 })]);
    await ledger.close();
    writeFileSync(path, copy);
    expect((await open(path)).readOnly?.why).toContain('old copy');
  });

  test('a whole other history was put in its place', async () => {
    const folder = newFolder();
    await writeLedger(`${folder}/ledger.db`, 3);
    const other = await openSqliteLedger(`${folder}/other.db`);
    for (let i = 0; i < 4; i++) await grow(other, [draft({ subjectCount: 60 + i })]);
    await other.close();
    renameSync(`${folder}/other.db`, `${folder}/ledger.db`);
    const ledger = await open(`${folder}/ledger.db`);
    expect(ledger.readOnly?.why).toContain('another entry 3');
    expect(await ledger.read(0, 10)).toHaveLength(4);
  });
});
