import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Clock, Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { ContractId } from '../../src/model/id.ts';
import { demoHome } from '../cli/run.ts';
import { key, nowMs, operator, rejection } from './desk.ts';

const demoClock: Clock = { kind: 'set', nowMs: () => nowMs };
const release = { contract: ContractId.parse('C-103'), idemKey: key('release-103') };

/** The first write is refused, reads go on, and each of them says that nothing can be changed. */
async function banner(ledger: Ledger, clock: Clock): Promise<string> {
  const control: Control = createControl({ ledger, clock });
  const head = await control.head();
  expect(await rejection(control.release(operator, release))).toMatchObject({ code: 'LEDGER_REFUSED' });
  const list = await control.contracts(operator, { limit: 10 });
  expect(list.total).toBeGreaterThan(0);
  expect((await control.audit(operator, { limit: 1 })).snapshot.readOnly).toBe(list.snapshot.readOnly);
  expect(await control.head()).toEqual(head);
  await control.close();
  return list.snapshot.readOnly ?? '';
}

describe('writes are refused within one request, and reads go on with a banner', () => {
  test('when the ledger is shorter than its checkpoint', async () => {
    const home = await demoHome();
    const path = join(home, 'ledger.db');
    const before = readFileSync(path);
    const control = createControl({ ledger: await openSqliteLedger(path), clock: demoClock });
    await control.release(operator, { ...release, contract: ContractId.parse('C-104') });
    await control.close();
    writeFileSync(path, before);
    expect(await banner(await openSqliteLedger(path), demoClock)).toContain('berth ledger restore');
  });

  test('when the checkpoint is of another ledger', async () => {
    const [path, other] = [join(await demoHome(), 'ledger.db'), join(await demoHome(), 'ledger.db')];
    rmSync(`${other}.key`);
    rmSync(`${other}.checkpoint`);
    await (await openSqliteLedger(other)).close();
    copyFileSync(`${other}.checkpoint`, `${path}.checkpoint`);
    expect(await banner(await openSqliteLedger(path), demoClock)).toContain('not signed with the key');
  });

  test('when the second place for checkpoints is gone', async () => {
    const home = await demoHome();
    const ledger = await openSqliteLedger(join(home, 'ledger.db'), { checkpointFolder: join(home, 'gone') });
    expect(await banner(ledger, demoClock)).toContain('second place');
  });

  test('when the second place goes away while the ledger is open', async () => {
    const home = await demoHome();
    const checkpointFolder = join(home, 'second');
    mkdirSync(checkpointFolder);
    const ledger = await openSqliteLedger(join(home, 'ledger.db'), { checkpointFolder });
    const control = createControl({ ledger, clock: demoClock });
    rmSync(checkpointFolder, { recursive: true });
    await control.release(operator, { ...release, idemKey: key('release-late') });
    const refused = await rejection(
      control.release(operator, { ...release, contract: ContractId.parse('C-104') }),
    );
    expect(refused.message).toContain('second place');
    expect((await control.contracts(operator, { limit: 10 })).total).toBe(5);
    await control.close();
  });

  const clocks: [string, Clock][] = [
    ['says no time', { kind: 'system', nowMs: () => Number.NaN }],
    ['is before 1970', { kind: 'set', nowMs: () => -1 }],
    ['is beyond 2199', { kind: 'system', nowMs: () => 8e12 }],
    ['was lost with the battery', { kind: 'system', nowMs: () => 1_000 }],
    [
      'is three days behind the newest entry',
      { kind: 'system', nowMs: () => Date.parse('2026-11-17T15:45:00Z') },
    ],
  ];

  test.each(clocks)('when the clock %s', async (_, clock) => {
    const path = join(await demoHome(), 'ledger.db');
    expect(await banner(await openSqliteLedger(path), clock)).toContain('clock is not usable');
  });

  test('a clock that is a day behind is none of that', async () => {
    const clock: Clock = { kind: 'system', nowMs: () => Date.parse('2026-11-19T15:45:00Z') };
    const control = createControl({
      ledger: await openSqliteLedger(join(await demoHome(), 'ledger.db')),
      clock,
    });
    expect(await control.release(operator, release)).toMatchObject({ decision: 'released' });
    await control.close();
  });

  test('when the ledger cannot be written', async () => {
    const home = await demoHome();
    const path = join(home, 'ledger.db');
    const ledger = await asOrdinaryUser(home, () => openSqliteLedger(path));
    expect(ledger.readOnly?.kind).toBe('unwritable');
    expect(await banner(ledger, demoClock)).toContain('read-only');
  });
});

/** Root may write everything, so while `work` runs the process is somebody else, who may only read. */
async function asOrdinaryUser<T>(home: string, work: () => Promise<T>): Promise<T> {
  for (const name of ['ledger.db', 'ledger.db.checkpoint']) chmodSync(join(home, name), 0o444);
  chmodSync(home, 0o555);
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    chmodSync(home, 0o755);
  }
}
