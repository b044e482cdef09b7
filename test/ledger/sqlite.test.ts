import {
  appendFileSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

import { describe, expect, test } from 'vitest';

import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { emptyHead } from '../../src/model/entry.ts';
import { PlanId } from '../../src/model/id.ts';
import { expectSound, grow } from './conformance.ts';
import { draft, scope } from './drafts.ts';
import { newFolder, open, tamper, writeLedger } from './files.ts';
import { rejection } from './rejection.ts';

describe('a new ledger', () => {
  test('belongs to its user only, and so does the folder made for it', async () => {
    const folder = newFolder();
    const ledger = await open(`${folder}/state/berth/ledger.db`);
    await grow(ledger, [draft()]);
    expect(statSync(`${folder}/state`).mode & 0o777).toBe(0o700);
    expect(statSync(`${folder}/state/berth`).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(`${folder}/state/berth`))
      expect([name, statSync(`${folder}/state/berth/${name}`).mode & 0o777]).toEqual([name, 0o600]);
  });

  test('is the file that was named, whatever characters the name has', async () => {
    const path = `${newFolder()}/a b%20?mode=memory#é.db`;
    await writeLedger(path, 2);
    expect((await (await open(path)).head()).seq).toBe(2);
  });

  test('is not made where none was asked for', async () => {
    const folder = newFolder();
    const { code, message } = await rejection(openSqliteLedger(`${folder}/x.db`, { create: false }));
    expect(code).toBe('LEDGER_REFUSED');
    expect(message).toBe(`there is no ledger at \`${folder}/x.db\``);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('is not made where only a checkpoint is left', async () => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 3);
    rmSync(path);
    const { code, message } = await rejection(openSqliteLedger(path));
    expect(code).toBe('LEDGER_REFUSED');
    expect(message).toContain('is gone');
    expect(existsSync(path)).toBe(false);
  });
});

describe('a ledger that is opened again', () => {
  test('holds what was written, and goes on from there', async () => {
    const path = `${newFolder()}/ledger.db`;
    const plan = PlanId.parse('plan-0123456789abcdef');
    const before = await open(path);
    const entries = await grow(before, [draft({ key: 'key-01', tenant: 'acme' }), draft()]);
    const stored = await before.putPlan(plan, Uint8Array.from([1, 2]));
    await before.close();
    const ledger = await open(path);
    expect(await ledger.read(0, 10)).toEqual(entries);
    expect(await ledger.findByIdemKey(scope('key-01', 'person:ada', 'acme'))).toEqual(entries[0]);
    expect(await ledger.findPlan(plan)).toBe(stored);
    expect(await ledger.getBlob(stored)).toEqual(Uint8Array.from([1, 2]));
    expect((await rejection(grow(ledger, [draft({ key: 'key-01', tenant: 'acme' })]))).code).toBe(
      'IDEMPOTENCY_CONFLICT',
    );
    await grow(ledger, [draft()]);
    expectSound(await ledger.read(0, 10));
  });

  test('leaves one file, its checkpoint and its key when it is closed', async () => {
    const folder = newFolder();
    await writeLedger(`${folder}/ledger.db`, 5);
    expect(readdirSync(folder).toSorted()).toEqual(['ledger.db', 'ledger.db.checkpoint', 'ledger.db.key']);
  });

  test('sees what another connection of the same process appends, and both go on', async () => {
    const path = `${newFolder()}/ledger.db`;
    const [one, other] = [await open(path), await open(path)];
    await grow(one, [draft({ key: 'key-01' })]);
    expect(await other.findByIdemKey(scope('key-01'))).toMatchObject({ seq: 1 });
    await grow(other, [draft({ key: 'key-02' })]);
    expect(await one.append([draft()], emptyHead)).toMatchObject({ kind: 'head-moved', head: { seq: 2 } });
    await one.close();
    await grow(other, [draft()]);
    expectSound(await (await open(path)).read(0, 10));
    expect(await (await open(path)).head()).toMatchObject({ seq: 3 });
  });
});

describe('while it is open', () => {
  test('a ledger whose file was moved away refuses to append', async () => {
    const path = `${newFolder()}/ledger.db`;
    const ledger = await open(path);
    await grow(ledger, [draft()]);
    renameSync(path, `${path}.old`);
    expect((await rejection(grow(ledger, [draft()]))).message).toContain('moved');
    writeFileSync(path, 'something else');
    expect((await rejection(grow(ledger, [draft()]))).message).toContain('replaced');
    expect(await ledger.read(0, 10)).toHaveLength(1);
  });

  test('an entry of another connection that is not sound stops appends and is not read', async () => {
    const path = `${newFolder()}/ledger.db`;
    const ledger = await open(path);
    await grow(ledger, [draft()]);
    tamper(path, "INSERT INTO entry VALUES (2, '{}', 'sha256:0')");
    expect((await ledger.head()).seq).toBe(1);
    expect(ledger.readOnly?.why).toContain('entry 2 does not match its digest');
    expect(await ledger.read(0, 10)).toHaveLength(1);
    expect((await rejection(grow(ledger, [draft()]))).code).toBe('LEDGER_REFUSED');
  });

  test('an entry that is changed after it was checked is not read, and appends stop', async () => {
    const path = `${newFolder()}/ledger.db`;
    const ledger = await open(path);
    await grow(ledger, [draft(), draft()]);
    tamper(path, "DROP TRIGGER entry_no_update; UPDATE entry SET json = '{}' WHERE seq = 2");
    expect((await rejection(ledger.read(0, 10))).message).toContain('entry 2');
    expect(ledger.readOnly?.why).toContain('entry 2');
    expect(await ledger.read(0, 1)).toHaveLength(1);
    expect((await rejection(grow(ledger, [draft()]))).code).toBe('LEDGER_REFUSED');
  });

  test('a blob that is changed is not handed out', async () => {
    const path = `${newFolder()}/ledger.db`;
    const ledger = await open(path);
    const stored = await ledger.putBlob(Uint8Array.from([1, 2, 3]));
    tamper(path, "DROP TRIGGER blob_no_update; UPDATE blob SET bytes = x'010203FF'");
    expect((await rejection(ledger.getBlob(stored))).message).toContain(stored);
  });

  test('another process that keeps the lock makes it busy, and nothing is lost', async () => {
    const path = `${newFolder()}/ledger.db`;
    const ledger = await open(path, { patienceMs: 60 });
    await grow(ledger, [draft()]);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    expect(await rejection(grow(ledger, [draft()]))).toMatchObject({ code: 'LEDGER_BUSY', retryable: true });
    expect(await ledger.read(0, 10)).toHaveLength(1);
    other.exec('ROLLBACK');
    other.close();
    await grow(ledger, [draft()]);
    expectSound(await ledger.read(0, 10));
  });
});

test('an unfinished append of a process that died is not there', async () => {
  const path = `${newFolder()}/ledger.db`;
  await writeLedger(path, 2);
  appendFileSync(`${path}-wal`, Buffer.alloc(5_000, 3));
  const ledger = await open(path);
  expect(ledger.readOnly).toBeUndefined();
  await grow(ledger, [draft()]);
  expectSound(await ledger.read(0, 10));
});
