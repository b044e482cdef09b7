import { describe, expect, test } from 'vitest';

import type { Act } from '../../../src/core/authority/act.ts';
import { budgetEvents } from '../../../src/core/authority/budget.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Event } from '../../../src/model/event.ts';
import { ContractId, MandateId, TenantId } from '../../../src/model/id.ts';
import { change, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { enter, hourMs, t0, type World, world } from '../fleet.ts';
import { mandateGranted, reserved } from './following.ts';

const m1 = MandateId.parse('M-1');
const m2 = MandateId.parse('M-2');
const at = (hours: number) => t0 + hours * hourMs;

/** Four GPUs at one euro an hour each, for ten hours. */
const fleet = world('fra1/h1/r1 4×4 H100', { sites: { fra1: { gpuPrices: { H100: 1_000_000 } } } });
const held = take(fleet, demand('1×4 H100 10h'));

function told(before: World, ...events: readonly object[]): World {
  return enter(
    before,
    events.map((event) => Event.parse(event)),
    t0,
  );
}

const need = { gpus: 4, blastGpus: 9, gpuSeconds: 144_000, spendMicroEur: 40_000_000, endMs: at(10) };
const act: Act = {
  action: 'commit',
  tenant: TenantId.parse('acme'),
  places: [],
  need,
  preempts: 0,
  preemptsOthers: 0,
  regimes: [],
  dataClasses: [],
  request: () => digestOf('a wish'),
};
const named = { plan: 'plan-aaaaaaaaaaaaaaaa', planDigest: digestOf('a plan') };
const granted = { kind: 'contract-granted', contract: 'C-101', ...named };
const changed = (hour: number) => ({ kind: 'contract-changed', contract: 'C-101', ...named, atMs: at(hour) });
const released = (hour: number) => ({ kind: 'contract-released', contract: 'C-101', atMs: at(hour) });
const preempted = (hour: number) => ({
  kind: 'contract-preempted',
  contract: 'C-101',
  by: 'C-102',
  atMs: at(hour),
});

/** What events take from mandates and give back, when they are somebody's doing under a mandate or under none. */
function budget(now: World, mandate: MandateId | undefined, ...events: readonly object[]): readonly object[] {
  const under = { act, atMs: t0, ...(mandate === undefined ? {} : { mandate }) };
  return budgetEvents(
    now.state,
    events.map((event) => Event.parse(event)),
    under,
  );
}

const taking = (mandate: string) => ({
  kind: 'mandate-reserved',
  mandate,
  contract: 'C-101',
  gpus: 4,
  gpuSeconds: 144_000,
  spendMicroEur: 40_000_000,
  endMs: at(10),
});
const giving = (mandate: string, hour: number, gpuSeconds: number, spendMicroEur: number) => ({
  kind: 'mandate-freed',
  mandate,
  contract: 'C-101',
  atMs: at(hour),
  gpuSeconds,
  spendMicroEur,
});

/** C-101 stands under M-1; M-2 stands beside it. */
const mandated = told(held, mandateGranted('M-1'), mandateGranted('M-2'), reserved('M-1', 'C-101'));

describe('a contract that is granted', () => {
  test('under a mandate takes of it what the act needs, but for what it hits', () => {
    expect(budget(fleet, m1, granted)).toEqual([taking('M-1')]);
  });

  test('under no mandate takes nothing', () => {
    expect(budget(fleet, undefined, granted)).toEqual([]);
  });
});

describe('a contract that ends', () => {
  test.each([
    ['at once has used nothing', 0, 0, 0],
    // Four GPUs for three hours of 3,600 seconds, at one euro an hour each.
    ['after three hours has used three hours', 3, 43_200, 12_000_000],
    ['at its end has used all', 10, 144_000, 40_000_000],
  ] as const)('%s', (_, hour, gpuSeconds, spend) => {
    for (const ends of [released(hour), preempted(hour)])
      expect(budget(mandated, undefined, ends)).toEqual([giving('M-1', hour, gpuSeconds, spend)]);
  });

  test('gives back to whoever answers for it, whoever ends it', () => {
    expect(budget(mandated, m2, released(3))).toEqual([giving('M-1', 3, 43_200, 12_000_000)]);
  });

  test('gives back nothing where nobody answers for it', () => {
    expect(budget(told(held, mandateGranted('M-1')), m1, released(3))).toEqual([]);
  });

  test('gives back to the mandate at the end of the chain, which the fold passes on to the others', () => {
    const chain = told(
      held,
      mandateGranted('M-1'),
      mandateGranted('M-2', { from: 'M-1' }),
      reserved('M-2', 'C-101'),
    );
    expect(chain.state.authority.mandates.get(m1)?.reservations.size).toBe(1);
    expect(budget(chain, undefined, released(3))).toEqual([giving('M-2', 3, 43_200, 12_000_000)]);
    const after = told(chain, giving('M-2', 3, 43_200, 12_000_000)).state.authority.mandates;
    for (const id of [m1, m2])
      expect(after.get(id)).toMatchObject({ settled: { gpuSeconds: 43_200, spendMicroEur: 12_000_000 } });
  });

  test('after a change has used what it held before and what it held since', () => {
    const grown = change(mandated, ContractId.parse('C-101'), { replicas: { train: 2 } }, { atMs: at(2) });
    // Four GPUs for two hours, then eight for three.
    expect(budget(grown, undefined, released(5))).toEqual([
      giving('M-1', 5, (4 * 2 + 8 * 3) * 3600, (4 * 2 + 8 * 3) * 1_000_000),
    ]);
  });
});

describe('a contract that is changed', () => {
  test('under its own mandate takes of it anew, and gives nothing back', () => {
    expect(budget(mandated, m1, changed(2))).toEqual([taking('M-1')]);
  });

  test('under another mandate is given back by the first and taken by the other', () => {
    expect(budget(mandated, m2, changed(2))).toEqual([giving('M-1', 2, 28_800, 8_000_000), taking('M-2')]);
  });

  test('under no mandate is given back: whoever changes it answers for it', () => {
    expect(budget(mandated, undefined, changed(2))).toEqual([giving('M-1', 2, 28_800, 8_000_000)]);
  });

  test('where nobody answered for it is taken by the mandate, or by none', () => {
    expect(budget(held, m1, changed(2))).toEqual([taking('M-1')]);
    expect(budget(held, undefined, changed(2))).toEqual([]);
  });
});

const elastic = (text: string, on = fleet): World => {
  const wish = demand(text, { guarantee: 'elastic' });
  return take(on, { ...wish, parts: wish.parts.map((part) => ({ ...part, minCount: 1 })) });
};

const answeredFor = (now: World): World => told(now, mandateGranted('M-1'), reserved('M-1', 'C-101'));

describe('an elastic contract that loses extras', () => {
  const shrunk = {
    kind: 'contract-shrunk',
    contract: 'C-101',
    by: 'C-102',
    left: [{ part: 'train', count: 1 }],
    atMs: at(4),
  };
  const left = { kind: 'mandate-reserved', mandate: 'M-1', contract: 'C-101', gpus: 4 };

  test('takes what it has used until then and what the rest of it will use', () => {
    // Eight GPUs for four hours, then four for six.
    const hours = 8 * 4 + 4 * 6;
    expect(budget(answeredFor(elastic('2×4 H100 10h')), undefined, shrunk)).toEqual([
      { ...left, gpuSeconds: hours * 3600, spendMicroEur: hours * 1_000_000, endMs: at(10) },
    ]);
  });

  test('takes no sum of seconds where it has no end, and no sum of money where it has no price', () => {
    expect(budget(answeredFor(elastic('2×4 H100')), undefined, shrunk)).toEqual([left]);
    const free = elastic('2×4 H100 10h', world('fra1/h1/r1 4×4 H100'));
    expect(budget(answeredFor(free), undefined, shrunk)).toEqual([
      { ...left, gpuSeconds: (8 * 4 + 4 * 6) * 3600, endMs: at(10) },
    ]);
  });

  test('takes nothing where nobody answers for it', () => {
    expect(budget(elastic('2×4 H100 10h'), m1, shrunk)).toEqual([]);
  });
});

test('several events are settled one by one, in their order, and others settle nothing', () => {
  const dropped = { kind: 'hold-dropped', plan: 'plan-aaaaaaaaaaaaaaaa' };
  const other = { ...granted, contract: 'C-102' };
  expect(budget(mandated, m2, preempted(3), dropped, other)).toEqual([
    giving('M-1', 3, 43_200, 12_000_000),
    { ...taking('M-2'), contract: 'C-102' },
  ]);
  expect(budget(mandated, m2, dropped)).toEqual([]);
  expect(budget(mandated, m2)).toEqual([]);
});
