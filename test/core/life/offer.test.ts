import { describe, expect, test } from 'vitest';

import { misfitsOf } from '../../../src/core/life/commit.ts';
import { expiryOf, faultsOf } from '../../../src/core/life/offer.ts';
import { contractOf } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId, TenantId } from '../../../src/model/id.ts';
import { identify, type Plan } from '../../../src/model/plan.ts';
import { applyChange, askChange, change, commit, lease, planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from '../fleet.ts';

const minuteMs = 60_000;
const c101 = ContractId.parse('C-101');
const facts: Details = { sites: { fra1: { gpuPrices: { H100: 3_600_000 } } } };
const fleet = world('fra1/h1/r1 2×8 H100 cpu64 mem64', facts);

/** What no longer holds of a plan, at a time and in a world that may be another than its own. */
function faults(on: World, plan: Plan, atMs = t0): readonly string[] {
  const { archive, state } = on;
  const given = { atMs, verdict: verdictAll(state, 'allowed'), archive };
  return faultsOf(state, given, { plan, ...identify(plan) });
}

const { plan: day } = planned(fleet, demand('1×8 H100 1h'));

describe('a plan that begins', () => {
  test.each([
    ['at once', 0, []],
    ['five minutes ago', 5 * minuteMs, []],
    ['a millisecond before that', 5 * minuteMs + 1, ['its start has passed']],
    ['long ago, and is not over', hourMs - 1, ['its start has passed']],
    ['and ends at this very moment', hourMs, ['its end has passed']],
    ['and has ended', 2 * hourMs, ['its end has passed']],
  ])('%s', (_, lateMs, expected) => {
    expect(faults(fleet, day, t0 + lateMs)).toEqual(expected);
  });

  test('without an end is never over', () => {
    const { plan } = planned(fleet, demand('1×8 H100'));
    expect(faults(fleet, plan, t0 + 99 * hourMs)).toEqual(['its start has passed']);
  });

  test('in the past is to be had where it was held since, until it is over', () => {
    const answer = planned(fleet, demand('1×8 H100 2h'));
    const held = lease(fleet, answer, 4).world;
    expect(faults(held, answer.plan, t0 + 2 * hourMs - 1)).toEqual([]);
    expect(faults(held, answer.plan, t0 + 2 * hourMs)).toEqual(['its end has passed']);
  });
});

describe('a held change that comes late', () => {
  const running = take(fleet, demand('2×1 H100 9h'));
  const late = (replicas: number) => {
    const answer = askChange(running, c101, { replicas: { train: replicas } });
    if (answer.kind === 'refused') throw new Error('there is room');
    const held = lease(running, answer, 4).world;
    return faults(held, answer.plan, t0 + hourMs);
  };

  test('is to be had where it adds', () => {
    expect(late(4)).toEqual([]);
  });

  test('is not where it gives something up', () => {
    expect(late(1)).toEqual(['its start has passed']);
  });
});

describe('a plan of another ledger', () => {
  test('rests on entries that are still to come', () => {
    const { seq } = fleet.state;
    const resting = (on: number) => faults(fleet, { ...day, inputs: { ...day.inputs, seq: on } });
    expect(resting(seq)).toEqual([]);
    expect(resting(seq + 1)).toEqual([`it rests on entry ${seq + 1}, which is still to come`]);
  });

  test('is for a tenant that is not registered', () => {
    const stranger = { ...day, demand: { ...day.demand, tenant: TenantId.parse('initech') } };
    expect(faults(fleet, stranger)).toEqual(['tenant `initech` is not registered']);
  });

  test('has another handle than its own', () => {
    const { archive, state } = fleet;
    const given = { atMs: t0, verdict: verdictAll(state, 'allowed'), archive };
    const other = identify(planned(fleet, demand('1×8 H100 2h')).plan);
    expect(faultsOf(state, given, { plan: day, id: other.id, digest: identify(day).digest })).toEqual([
      'its handle belongs to another plan',
    ]);
    expect(() => faultsOf(state, { atMs: t0, archive }, { plan: day, ...identify(day) })).toThrow('verdict');
  });
});

describe('a plan that was committed', () => {
  const answer = planned(fleet, demand('1×4 H100 1h'));
  const granted = commit(fleet, answer).world;

  test('is not committed again, however the contract has changed since', () => {
    const again = ['it was already committed as C-101'];
    expect(faults(granted, answer.plan)).toEqual(again);
    const once = change(granted, c101, { replicas: { train: 2 } });
    const twice = change(once, c101, { replicas: { train: 1 } });
    expect([faults(once, answer.plan), faults(twice, answer.plan)]).toEqual([again, again]);
  });

  test('is found among those that were granted after it was made', () => {
    const later = take(take(granted, demand('1×2 H100 1h')), demand('1×2 H100 1h'));
    expect(faults(later, answer.plan)).toEqual(['it was already committed as C-101']);
  });

  test('is another one, if it was made later from the same wish', () => {
    expect(faults(granted, planned(granted, demand('1×4 H100 1h')).plan)).toEqual([]);
  });
});

describe('what a plan costs', () => {
  test.each([
    [3_600_000, []],
    [3_600_001, ['the price has changed']],
    [3_599_999, ['the price has changed']],
  ])('where a GPU now costs %i', (h100, expected) => {
    const now = world('fra1/h1/r1 2×8 H100 cpu64 mem64', { sites: { fra1: { gpuPrices: { H100: h100 } } } });
    expect(faults(now, day)).toEqual(expected);
  });

  test('is said only of one that would hold', () => {
    const dear = world('fra1/h1/r1 2×8 H100 cpu64 mem64', { sites: { fra1: { gpuPrices: { H100: 1 } } } });
    expect(faults(dear, day, t0 + hourMs)).toEqual(['its end has passed']);
  });

  test('is within its budget to the last micro-euro', () => {
    const { totalMicroEur = 0 } = day.price;
    const within = (totalMicroEurLeft: number) =>
      faults(fleet, { ...day, demand: { ...day.demand, budget: { totalMicroEur: totalMicroEurLeft } } });
    expect(totalMicroEur).toBe(8 * 3_600_000);
    expect([within(totalMicroEur), within(totalMicroEur - 1)]).toEqual([
      [],
      ['its price is beyond its budget'],
    ]);
  });
});

test('of many reasons twelve are said, each in at most 300 characters', () => {
  const { plan } = planned(fleet, demand('2×8 H100 1h'));
  const full = take(fleet, demand('2×8 H100 1h', { tenant: 'globex' }));
  const found = faults(full, plan);
  expect(found).toHaveLength(12);
  expect(found.every((reason) => reason.length <= 300)).toBe(true);
});

describe('a dataset that is to be moved first', () => {
  const on = world('ams2/a1 1×4 H100', 'fra1/r1 1×4 A100', {
    pools: { 'fra1/nvme': { mbps: 8000, datasets: [{ id: 'corpus', sizeGib: 100 }] } },
    wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 } },
  });
  const window = { earliestStartMs: t0 + 3 * hourMs, durationS: 3600 };
  const { plan } = planned(on, demand('1×1 H100', { dataset: 'corpus', window }));
  const [move] = plan.placement.transfers ?? [];
  const startMs = move?.startMs ?? Number.NaN;

  test('has to be on its way when it should be', () => {
    expect(startMs).toBeGreaterThan(t0);
    expect(faults(on, plan, startMs)).toEqual([]);
    expect(faults(on, plan, startMs + 1)).toEqual(['a dataset should have begun to move by now']);
  });

  test('is on its way for a change of who moves it already', () => {
    const moving = take(on, plan.demand);
    const later = startMs + minuteMs;
    const answer = askChange(moving, c101, { replicas: { train: 2 } }, { atMs: later });
    if (answer.kind === 'refused') throw new Error('there is room');
    expect(answer.plan.placement.transfers).toEqual(plan.placement.transfers);
    expect(applyChange(moving, answer, { atMs: later }).decision.kind).toBe('contract-changed');
  });
});

test('a plan is to be had until it expires, or as long as it is held', () => {
  const answer = planned(fleet, demand('1×8 H100 9h'));
  const { id, plan } = answer;
  const held = (hours: number) => expiryOf(lease(fleet, answer, hours).world.state, plan, id);
  expect(expiryOf(fleet.state, plan, id)).toBe(plan.expiresAtMs);
  expect(plan.expiresAtMs).toBe(t0 + hourMs);
  expect([held(4), held(0.5)]).toEqual([t0 + 4 * hourMs, t0 + hourMs]);
});

describe('a plan changes a contract', () => {
  const running = take(fleet, demand('2×1 H100 9h'));
  const found = contractOf(running.state, c101);
  const answer = askChange(running, c101, { replicas: { train: 3 } });
  if (found === undefined || answer.kind === 'refused') throw new Error('it runs, and there is room');
  const { plan } = answer;
  const misfits = (startMs: number, atMs: number, contract: Contract = found) => [
    ...misfitsOf(contract, { ...plan, placement: { ...plan.placement, startMs } }, atMs),
  ];
  const ends = t0 + 9 * hourMs;

  test.each([
    ['now', t0, t0, []],
    [
      'before what it has held until now',
      t0 - 1,
      t0,
      [`it begins at ${t0 - 1}, before what C-101 holds since ${t0}`],
    ],
    ['before what it is still to hold', t0 - 1, t0 - 1, []],
    ['much later than what it is still to hold', ends + 1, t0 - 1, []],
    ['in the midst', t0 + hourMs, t0, []],
    ['as it ends', ends, t0, []],
    ['a millisecond later', ends + 1, t0, [`it leaves C-101 without anything until ${ends + 1}`]],
  ])('from a start %s', (_, startMs, atMs, expected) => {
    expect(misfits(startMs, atMs)).toEqual(expected);
  });

  test('of its own, at its version, for its tenant', () => {
    const other = { ...found, id: ContractId.parse('C-102') };
    expect(misfits(t0, t0, other)).toEqual(['it does not change C-102']);
    expect(misfits(t0, t0, { ...found, version: 2, tenant: TenantId.parse('globex') })).toEqual([
      'C-101 is at version 2, it was planned on 1',
      'C-101 belongs to tenant `globex`',
    ]);
    expect([...misfitsOf(found, day, t0)]).toEqual(['it does not change C-101']);
  });
});
