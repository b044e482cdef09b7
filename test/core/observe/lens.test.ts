import { describe, expect, test } from 'vitest';

import { followedObservation, type Standing } from '../../../src/core/observe/follow.ts';
import { termNames } from '../../../src/core/observe/judge.ts';
import { Lens } from '../../../src/core/observe/lens.ts';
import { isEnough } from '../../../src/core/observe/windows.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import type { Event } from '../../../src/model/event.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { Measurement, type Quantity } from '../../../src/model/measurement.ts';
import type { Term } from '../../../src/model/placement.ts';
import { t0 } from '../fleet.ts';

const minuteMs = 60_000;
const [gpu0, gpu1, gpu2] = ['gpu0', 'gpu1', 'gpu2'].map((gpu) => Path.parse(`fra1/h1/r1/n01/${gpu}`));
if (gpu0 === undefined || gpu1 === undefined || gpu2 === undefined) throw new Error('three GPUs');
const c101 = ContractId.parse('C-101');

type Values = readonly (number | null)[];

/** Five windows of a minute that end at `t0`, of faults by place. */
function lens(faults: Readonly<Record<string, Values>>, sinceMs = 0): Lens {
  const series = Object.entries(faults).map(([of, values]) => ({
    of,
    quantity: 'gpu-fault',
    values: [...values],
    ...(of === gpu1 ? { why: 'XID 79' } : {}),
  }));
  const measurement = Measurement.parse({
    schema: 'berth/measurement/1',
    contract: c101,
    version: 1,
    untilMs: t0,
    windowS: 60,
    windowCount: 5,
    series,
    evidence: [],
  });
  return new Lens(measurement, sinceMs);
}

describe('a value is found by what it is of', () => {
  const seen = lens({ [gpu0]: [0, 1, 2, null, 4], [gpu1]: [9, 9, 9, 9, 9] });
  const at = (of: string, window: number, quantity: Quantity = 'gpu-fault') => seen.at(of, quantity, window);

  test('in its window; where no sample fell, nothing', () => {
    expect([0, 1, 2, 3, 4, 5].map((window) => at(gpu0, window))).toEqual([0, 1, 2, undefined, 4, undefined]);
    expect(seen.windows).toEqual([0, 1, 2, 3, 4]);
  });

  test('and nothing is found of another place, or another quantity', () => {
    expect(at(gpu2, 0)).toBeUndefined();
    expect(at(gpu0, 0, 'link-fault')).toBeUndefined();
  });

  test('with what the last fault was, where it is told', () => {
    expect(seen.why(gpu1, 'gpu-fault')).toBe('XID 79');
    expect(seen.why(gpu0, 'gpu-fault')).toBeUndefined();
    expect(seen.why(gpu1, 'heat-fault')).toBeUndefined();
  });

  test.each([
    ['long before', -9 * minuteMs, [1, 2, 3, 4, 5]],
    ['as the first window began', -5 * minuteMs, [1, 2, 3, 4, 5]],
    ['a moment later', -5 * minuteMs + 1, [undefined, 2, 3, 4, 5]],
    ['as the last window began', -minuteMs, [undefined, undefined, undefined, undefined, 5]],
    ['as it ended', 0, [undefined, undefined, undefined, undefined, undefined]],
  ])('of windows that lie whole in the time of its placement: it began %s', (_, sinceMs, expected) => {
    const own = lens({ [gpu0]: [1, 2, 3, 4, 5] }, t0 + sinceMs);
    expect(own.windows.map((window) => own.at(gpu0, 'gpu-fault', window))).toEqual(expected);
  });
});

describe('what windows show of faults on several places', () => {
  test.each<readonly [string, Values, Values, readonly string[]]>([
    ['none', [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], ['kept', 'kept', 'kept', 'kept', 'kept']],
    ['one in one window', [0, 0, 1, 0, 0], [0, 0, 0, 0, 0], ['kept', 'kept', 'broken', 'kept', 'kept']],
    [
      'each in another window',
      [1, 0, 0, 0, 0],
      [0, 3, 0, 0, 0],
      ['broken', 'broken', 'kept', 'kept', 'kept'],
    ],
    [
      'one silent beside a good one',
      [0, 0, 0, 0, 0],
      [null, 0, 0, 0, 0],
      ['', 'kept', 'kept', 'kept', 'kept'],
    ],
    [
      'one silent beside a faulty one',
      [1, 0, 0, 0, 0],
      [null, 0, 0, 0, 0],
      ['broken', 'kept', 'kept', 'kept', 'kept'],
    ],
    ['both silent', [null, 0, 0, 0, 0], [null, 0, 0, 0, 0], ['', 'kept', 'kept', 'kept', 'kept']],
  ])('%s', (_, one, other, expected) => {
    const seen = lens({ [gpu0]: one, [gpu1]: other });
    expect(seen.faults([gpu0, gpu1], 'gpu-fault').map((glance) => glance ?? '')).toEqual(expected);
  });

  test('of no places show nothing', () => {
    expect(lens({}).faults([], 'gpu-fault')).toEqual(Array.from({ length: 5 }));
  });

  test.each<readonly [string, Values, Values, readonly string[]]>([
    ['one for three windows, another for one: the lasting one', [1, 1, 1, 0, 0], [0, 0, 0, 0, 1], [gpu0]],
    ['both for three: both', [1, 1, 1, 0, 0], [0, 0, 2, 1, 1], [gpu0, gpu1]],
    ['none for three: all that show it at all', [1, 1, 0, 0, 0], [0, 0, 0, 0, 1], [gpu0, gpu1]],
    ['one at all', [0, 0, 0, 0, 0], [0, 0, 0, 0, 1], [gpu1]],
    ['none at all', [0, 0, null, 0, 0], [0, 0, 0, 0, 0], []],
  ])('are blamed on places: %s', (_, one, other, expected) => {
    expect(lens({ [gpu0]: one, [gpu1]: other }).faulty([gpu0, gpu1, gpu2], 'gpu-fault')).toEqual(expected);
  });

  test.each([
    [2, false],
    [3, true],
    [5, true],
  ])('%i windows are enough: %s', (count, expected) => {
    expect(isEnough(count)).toBe(expected);
  });
});

test.each([
  [[1, 5, 3], 5],
  [[undefined, 0, undefined], 0],
  [[undefined], undefined],
  [[], undefined],
  [[7], 7],
])('the highest of %j is %s', (values, expected) => {
  expect(lens({}).highest(values)).toBe(expected);
});

function termOf(kind: Term['kind']): Term {
  return {
    kind,
    promise: 'p',
    strength: 'guaranteed',
    heldAs: 'h',
    enforcedBy: 'e',
    measuredBy: 'm',
  };
}

test('terms are told apart by their kind, and by a number from the second of a kind on', () => {
  const terms = (['power', 'devices', 'power', 'power', 'devices', 'price'] as const).map(termOf);
  expect(termNames(terms).map(({ name }) => name)).toEqual([
    'power',
    'devices',
    'power-2',
    'power-3',
    'devices-2',
    'price',
  ]);
  expect(termNames(terms).map(({ term }) => term)).toEqual(terms);
});

type Observed = Extract<Event, { kind: 'contract-observed' }>;
type Restored = Extract<Event, { kind: 'contract-restored' }>;
type Breached = Extract<Event, { kind: 'contract-breached' }>;

const looked = (atMs: number, result: 'kept' | 'broken' = 'kept'): Observed => ({
  kind: 'contract-observed',
  contract: c101,
  version: 1,
  measurement: digestOf(atMs),
  atMs,
  untilMs: atMs,
  findings: [{ term: 'devices', kind: 'devices', result, delivered: '', by: 'metrics' }],
});
const breach = (atMs: number, terms: readonly string[], places: readonly Path[]): Breached => ({
  kind: 'contract-breached',
  contract: c101,
  measurement: digestOf(atMs),
  atMs,
  terms: [...terms],
  places: [...places],
  why: `since ${atMs}`,
});
const restored = (atMs: number): Restored => ({
  kind: 'contract-restored',
  contract: c101,
  measurement: digestOf(atMs),
  atMs,
  terms: ['devices'],
  sinceMs: 1,
});

function standing(...events: readonly (Observed | Breached | Restored)[]): Standing | undefined {
  let observed: ReadonlyMap<ContractId, Standing> = new Map();
  for (const event of events) observed = followedObservation(observed, event);
  return observed.get(c101);
}

describe('how a contract stands', () => {
  test('is how it was found last', () => {
    const { kind: _kind, contract: _contract, ...last } = looked(2, 'broken');
    expect(standing(looked(1), looked(2, 'broken'))).toEqual({ last });
  });

  test('a breach lasts while it is looked at again, since it was first found', () => {
    const now = standing(looked(1), breach(1, ['devices'], [gpu0]), looked(2));
    expect(now?.breach).toEqual({ sinceMs: 1, terms: ['devices'], places: [gpu0], why: 'since 1' });
    expect(now?.last.atMs).toBe(2);
  });

  test('a breach that grows keeps its begin, names each term and place once, and says why anew', () => {
    const now = standing(
      looked(1),
      breach(1, ['devices'], [gpu0, gpu1]),
      looked(2),
      breach(2, ['power', 'devices'], [gpu1, gpu2]),
    );
    expect(now?.breach).toEqual({
      sinceMs: 1,
      terms: ['devices', 'power'],
      places: [gpu0, gpu1, gpu2],
      why: 'since 2',
    });
  });

  test('a breach ends with all of its terms, and the next one begins anew', () => {
    const all = [looked(1), breach(1, ['devices'], [gpu0]), looked(3), restored(3)];
    expect(standing(...all)).not.toHaveProperty('breach');
    expect(standing(...all, looked(5), breach(5, ['power'], []))?.breach).toEqual({
      sinceMs: 5,
      terms: ['power'],
      places: [],
      why: 'since 5',
    });
  });

  test('nothing is broken or whole again before somebody has looked', () => {
    expect(() => standing(breach(1, ['devices'], []))).toThrow('C-101 was never looked at');
    expect(() => standing(restored(1))).toThrow('C-101 was never looked at');
  });

  test('of one contract says nothing of others, and the map before stays as it was', () => {
    const before = followedObservation(new Map(), looked(1));
    const after = followedObservation(before, { ...looked(2), contract: ContractId.parse('C-102') });
    expect([...after.keys()]).toEqual(['C-101', 'C-102']);
    expect(after.get(c101)).toBe(before.get(c101));
    expect(before.size).toBe(1);
  });
});
