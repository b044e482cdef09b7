import { describe, expect, test } from 'vitest';

import { windowCount, windowS } from '../../src/core/observe/windows.ts';
import type { Event } from '../../src/model/event.ts';
import { ContractId } from '../../src/model/id.ts';
import { Measurement, Series } from '../../src/model/measurement.ts';
import { type Desk, key, limitedTo, nodesOf, nowMs, openDesk, operator, rejection, thePlan } from './desk.ts';
import { forge, tamper, verified } from './forge.ts';

const c105 = ContractId.parse('C-105');

/** What was measured of the GPUs of C-105, one fault value for GPU 3 and one for the others. */
function measured(of3: number | null, others: number | null, untilMs = nowMs): Measurement {
  return Measurement.parse({
    schema: 'berth/measurement/1',
    contract: c105,
    version: 1,
    untilMs,
    windowS,
    windowCount,
    series: Array.from({ length: 8 }, (_, gpu) =>
      Series.parse({
        of: `fra1/h1/r11/n04/gpu${gpu}`,
        quantity: 'gpu-fault',
        values: Array.from({ length: windowCount }, () => (gpu === 3 ? of3 : others)),
      }),
    ),
    evidence: [
      { source: 'prometheus:9090', query: 'up', digest: `sha256:${'a'.repeat(64)}`, sampleCount: 80 },
    ],
  });
}

function look({ control }: Desk, measurement: Measurement, record = true) {
  return control.observe(operator, { measurement, record });
}

describe('looking at a contract', () => {
  test('without a wish to record it changes nothing', async () => {
    const desk = await openDesk();
    const before = await desk.ledger.head();
    const seen = await look(desk, measured(1, 0), false);
    expect(seen).toMatchObject({ decision: 'breached', isRecorded: false });
    expect(await desk.ledger.head()).toEqual(before);
    expect((await desk.control.contract(operator, c105)).observed).toBeUndefined();
  });

  test('records what is news, and what is as it was only once', async () => {
    const desk = await openDesk();
    expect(await look(desk, measured(0, 0))).toMatchObject({ decision: 'observed', isRecorded: true });
    desk.clock.atMs += 60_000;
    expect(await look(desk, measured(0, 0, desk.clock.atMs))).toMatchObject({ isRecorded: false });
    expect(await look(desk, measured(1, 0, desk.clock.atMs))).toMatchObject({
      decision: 'breached',
      isRecorded: true,
    });
    desk.clock.atMs += 60_000;
    expect(await look(desk, measured(1, 0, desk.clock.atMs))).toMatchObject({
      decision: 'observed',
      isRecorded: false,
    });
    desk.clock.atMs += 60_000;
    expect(await look(desk, measured(0, 0, desk.clock.atMs))).toMatchObject({
      decision: 'restored',
      isRecorded: true,
    });
    const { ok } = await desk.control.verify();
    expect(ok).toBe(true);
  });

  test('shows promised beside delivered, with what the contract costs against its use', async () => {
    const desk = await openDesk();
    await look(desk, measured(1, 0));
    const { observed, entries } = await desk.control.contract(operator, c105);
    expect(observed).toMatchObject({
      breachedSince: '2026-11-25T10:00:00+01:00',
      use: { gpuSecondsHeld: 8 * 58 * 3600, usedMicroEur: 58 * 23_600_000 },
    });
    expect(observed?.terms.find(({ term }) => term === 'devices')).toMatchObject({
      promise: '8 GPUs on 1 node, for this contract alone',
      strength: 'guaranteed',
      result: 'broken',
      delivered: '7 of 8 GPUs without a fault: fra1/h1/r11/n04/gpu3',
    });
    expect(entries.at(-1)?.what).toBe('contract-breached');
    const audit = await desk.control.audit(operator, { contract: c105, limit: 1 });
    expect(audit.entries[0]).toMatchObject({ decision: 'contract-breached', why: 'devices broken' });
  });

  test('is for operators, about contracts that they may see, by measurements of this version', async () => {
    const desk = await openDesk();
    const limited = limitedTo('acme');
    const denied = await rejection(
      desk.control.observe(limited, { measurement: measured(1, 0), record: true }),
    );
    expect(denied.code).toBe('FORBIDDEN');
    expect((await desk.control.watches(limited)).map(({ contract }) => contract)).toEqual(['C-101', 'C-105']);
    const old = await look(desk, { ...measured(1, 0), version: 2 });
    expect(old).toMatchObject({ decision: 'rejected', isRecorded: false });
    expect(old.refusal?.summary).toContain('it was of version 2, not 1');
  });
});

describe('ways out of a breach', () => {
  test('are plans off the node and plans that last longer, which commit as any other', async () => {
    const desk = await openDesk();
    const { remedies } = await look(desk, measured(1, 0));
    expect(remedies.map(({ how, plan }) => [how, nodesOf(plan), plan?.price.totalMicroEur])).toEqual([
      ['replace', ['fra1/h1/r12/n03'], 28_650_400_000],
      ['extend', ['fra1/h1/r11/n04'], 28_674_000_000],
    ]);
    const [replace] = remedies;
    const { id } = thePlan(replace ?? {});
    await desk.control.commit(operator, { plan: id, idemKey: key('mend-c105') });
    const [watch] = await desk.control.watches(operator, c105);
    expect(watch).toMatchObject({ version: 2, nodes: [{ id: 'fra1/h1/r12/n03', isWhole: true }] });
    const { observed } = await desk.control.contract(operator, c105);
    expect(observed?.breachedSince).toBeDefined();
    expect((await desk.control.verify()).ok).toBe(true);
  });

  test('where nothing is free, the refusal says so with what would work', async () => {
    const desk = await openDesk();
    const c101 = { ...measured(1, 1), contract: ContractId.parse('C-101') };
    const series = ['n01', 'n02', 'n03'].flatMap((node) =>
      Array.from({ length: 8 }, (_, gpu) =>
        Series.parse({
          of: `fra1/h1/r11/${node}/gpu${gpu}`,
          quantity: 'gpu-fault',
          values: [1, 1, 1, 1, 1],
        }),
      ),
    );
    const { remedies } = await look(desk, { ...c101, series });
    const [replace] = remedies;
    expect(replace?.plan).toBeUndefined();
    expect(replace?.refusal?.summary).toBeTruthy();
  });
});

async function breached(): Promise<Desk> {
  const desk = await openDesk();
  await look(desk, measured(1, 0));
  await desk.ledger.close();
  return desk;
}

describe('a ledger with a breach', () => {
  test('is found out when somebody writes that nothing was broken', async () => {
    const desk = await breached();
    const mended = await forge(desk.home, (draft) =>
      draft.command.kind === 'observe-contract'
        ? { ...draft, events: draft.events.filter((event: Event) => event.kind !== 'contract-breached') }
        : draft,
    );
    const { checks } = await verified(mended);
    expect(checks.find(({ check }) => check === 'replay')?.ok).toBe(false);
    const same = await verified(await forge(desk.home, (draft) => draft));
    expect(same.checks.find(({ check }) => check === 'replay')?.ok).toBe(true);
  });

  test('and when the values are gone, nobody can decide it again', async () => {
    const desk = await breached();
    tamper(desk.home, (db) => {
      db.exec("DELETE FROM blob WHERE CAST(bytes AS TEXT) LIKE '%berth/measurement/1%'");
    });
    const { checks } = await verified(desk.home);
    expect(checks.find(({ check }) => check === 'blobs')?.ok).toBe(false);
    expect(checks.find(({ check }) => check === 'replay')?.ok).toBe(false);
  });
});
