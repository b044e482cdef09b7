import { describe, expect, test } from 'vitest';

import {
  byLoss,
  endedOf,
  needs,
  shrunkOf,
  type Victim,
  victimLoss,
  victimsOf,
  without,
} from '../../../src/core/reclaim/victim.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId } from '../../../src/model/id.ts';
import { act, change } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { booked, contractIn } from './bookings.ts';

const racks = world('fra1/h1/r1 6×4 H100');

/** Four replicas on n01 to n04, of which one is guaranteed. */
const least = (minCount: number) => ({
  parts: [{ name: 'train', count: 4, minCount, each: { gpus: { count: 4, models: ['H100'] } } }],
});
const fourSeats = 'r1/n01 gpu0-3, r1/n02 gpu0-3, r1/n03 gpu0-3, r1/n04 gpu0-3';
const elastic = (minCount: number, hours = '24h'): World =>
  booked(racks, [`elastic ${hours} ${fourSeats}`, least(minCount)]);

/** `C-101` for what ends, `C-101 train 3` for an extra. */
function inWords(victims: readonly Victim[]): readonly string[] {
  return victims.map(({ contract, extra }) =>
    extra === undefined ? contract.id : `${contract.id} ${extra.part} ${extra.replica}`,
  );
}

function numbered(contract: Contract, number: number, more: Partial<Contract> = {}): Contract {
  return { ...contract, id: ContractId.parse(`C-${number}`), ...more };
}

describe('what can be taken of a contract', () => {
  test.each<[string, World, number, readonly string[]]>([
    ['all of one that is preemptible', booked(racks, 'preemptible 9h r1/n01 gpu0-3'), 0, ['C-101']],
    ['nothing of one that is reserved', booked(racks, 'reserved 9h r1/n01 gpu0-3'), 0, []],
    [
      'extras of an elastic one, the highest number first',
      elastic(1),
      0,
      ['C-101 train 3', 'C-101 train 2', 'C-101 train 1'],
    ],
    ['no extras where all replicas are guaranteed', elastic(4), 0, []],
    ['all of them where none is guaranteed but one', elastic(3), 0, ['C-101 train 3']],
    ['extras of one that has not begun', elastic(3, '5-24h'), 0, ['C-101 train 3']],
    ['extras until a moment before its end', elastic(3), 23, ['C-101 train 3']],
    ['no extras at its end', elastic(3), 24, []],
  ])('%s', (_, now, hours, expected) => {
    expect(inWords(victimsOf(contractIn(now, 101), t0 + hours * hourMs))).toEqual(expected);
  });

  test.each([booked(racks, 'preemptible 9h r1/n01 gpu0-3'), elastic(1)])(
    'nothing of one that ends for another already',
    (now) => {
      const contract = { ...contractIn(now, 101), preemptedAtMs: t0 + hourMs };
      expect(victimsOf(contract, t0)).toEqual([]);
    },
  );

  test('no extras before a change of the contract takes over, and from then on again', () => {
    const later = {
      ...demand('2×4 H100', { tenant: 'globex', guarantee: 'elastic' }),
      window: { earliestStartMs: t0 + 9 * hourMs, durationS: 3600 },
    };
    const parts = later.parts.map((part) => ({ ...part, minCount: 1 }));
    const changed = change(elastic(1), ContractId.parse('C-101'), { demand: { ...later, parts } });
    const contract = contractIn(changed, 101);
    expect(inWords(victimsOf(contract, t0 + 9 * hourMs - 1))).toEqual([]);
    expect(inWords(victimsOf(contract, t0 + 9 * hourMs))).toEqual(['C-101 train 1']);
  });

  test('an extra loses its own GPUs, a contract all of them', () => {
    const contract = contractIn(elastic(1), 101);
    const [extra] = victimsOf(contract, t0);
    if (extra === undefined) throw new Error('an extra');
    const gpuHour = 3_600_000_000n;
    expect(victimLoss(extra, t0)).toBe(4n * 24n * gpuHour);
    expect(victimLoss({ contract }, t0)).toBe(16n * 24n * gpuHour);
  });
});

describe('the order in which they go', () => {
  const now = booked(
    racks,
    'preemptible 9h r1/n01 gpu0-3',
    'preemptible 10h r1/n01 gpu0-3',
    'preemptible 9h r1/n03 gpu0-1',
  );
  const [nine, ten, small] = [101, 102, 103].map((number) => ({ contract: contractIn(now, number) }));

  test('whoever loses less goes first', () => {
    const sorted = [ten, nine, small].flatMap((one) => one ?? []).toSorted(byLoss(t0));
    expect(inWords(sorted)).toEqual(['C-103', 'C-101', 'C-102']);
  });

  test('what is lost is counted from the instant on, so the order may turn', () => {
    const [long, wide] = [101, 102].map((number) => ({
      contract: contractIn(
        booked(racks, 'preemptible 20h r1/n01 gpu0', 'preemptible 8h r1/n02 gpu0-3'),
        number,
      ),
    }));
    const sorted = (hours: number) =>
      inWords([long, wide].flatMap((one) => one ?? []).toSorted(byLoss(t0 + hours * hourMs)));
    expect(sorted(0)).toEqual(['C-101', 'C-102']);
    expect(sorted(6)).toEqual(['C-102', 'C-101']);
  });

  test('of equal losses the one that was granted last, then the higher number', () => {
    const base = contractIn(now, 101);
    const equals = [
      numbered(base, 99),
      numbered(base, 100),
      numbered(base, 9, { grantedAtMs: t0 + 2 }),
      numbered(base, 200, { grantedAtMs: t0 - 1 }),
    ].map((contract) => ({ contract }));
    expect(inWords(equals.toSorted(byLoss(t0)))).toEqual(['C-9', 'C-100', 'C-99', 'C-200']);
  });

  test('of the extras of a contract those of its last part first, each part from the highest number down', () => {
    const wish = demand('3×2 H100 + eval: 2×2 H100', { guarantee: 'elastic' });
    const parts = wish.parts.map((part) => ({ ...part, minCount: 1 }));
    const held = placement(
      9,
      'train 0 fra1/h1/r1/n01 gpu0-1',
      'train 1 fra1/h1/r1/n02 gpu0-1',
      'train 2 fra1/h1/r1/n03 gpu0-1',
      'eval 0 fra1/h1/r1/n04 gpu0-1',
      'eval 1 fra1/h1/r1/n05 gpu0-1',
    );
    const contract = contractIn(granted(racks, { ...wish, parts }, held), 101);
    expect(inWords(victimsOf(contract, t0).toSorted(byLoss(t0)))).toEqual([
      'C-101 eval 1',
      'C-101 train 2',
      'C-101 train 1',
    ]);
  });
});

describe('an extra goes only with those above it', () => {
  const contract = contractIn(elastic(1), 101);
  const [three, two, one] = victimsOf(contract, t0);
  const copy = { ...contract };

  test.each<[string, Victim | undefined, Victim | undefined, boolean]>([
    ['the second needs the third', two, three, true],
    ['the first needs the third', one, three, true],
    ['the third needs no other', three, two, false],
    ['none needs itself', two, two, false],
    ['none needs the end of a contract', two, { contract }, false],
    ['the end of a contract needs no extra', { contract }, three, false],
    [
      'none needs those of another contract',
      two,
      three?.extra === undefined ? undefined : { contract: copy, extra: three.extra },
      false,
    ],
  ])('%s', (_, victim, other, expected) => {
    if (victim === undefined || other === undefined) throw new Error('three extras');
    expect(needs(victim, other)).toBe(expected);
  });

  test('nor one of another part', () => {
    const extra = three?.extra;
    if (two === undefined || extra === undefined) throw new Error('extras');
    expect(needs(two, { contract, extra: { ...extra, part: 'eval' } })).toBe(false);
  });
});

describe('what a set of victims comes to', () => {
  const extras = victimsOf(contractIn(elastic(1), 101), t0);

  test('nothing of nobody', () => {
    expect([endedOf([]), shrunkOf([])]).toEqual([[], []]);
  });

  test('contracts that end stand by number, however they were chosen', () => {
    const base = contractIn(booked(racks, 'preemptible 9h r1/n01 gpu0-3'), 101);
    const victims = [100, 9, 99].map((number) => ({ contract: numbered(base, number) }));
    expect(endedOf([...victims, ...extras]).map(({ id }) => id)).toEqual(['C-9', 'C-99', 'C-100']);
  });

  test('one that loses extras is left with what stands below the lowest of them', () => {
    expect(shrunkOf(extras.slice(0, 2)).map(({ left }) => left)).toEqual([[{ part: 'train', count: 2 }]]);
    expect(shrunkOf(extras).map(({ left }) => left)).toEqual([[{ part: 'train', count: 1 }]]);
  });

  test('those that shrink stand by number too, each once', () => {
    const base = contractIn(elastic(1), 101);
    const of = (number: number) => victimsOf(numbered(base, number), t0);
    const [high, low] = [of(100), of(99)];
    const found = shrunkOf([...high.slice(0, 1), ...low.slice(0, 2)]);
    expect(found.map(({ contract, left }) => [contract.id, left[0]?.count])).toEqual([
      ['C-99', 2],
      ['C-100', 3],
    ]);
  });

  test('the state without them has their GPUs free from then on, and not before', () => {
    const now = booked(elastic(1), 'preemptible 24h r1/n05 gpu0-3', 'reserved 24h r1/n06 gpu0-3');
    const victims = [{ contract: contractIn(now, 102) }, ...victimsOf(contractIn(now, 101), t0).slice(0, 2)];
    const after = without(now.state, victims, t0 + 6 * hourMs);
    const spans = after?.calendar.map((holds) =>
      holds
        .map(({ startMs, endMs }) => [(startMs - t0) / hourMs, (endMs - t0) / hourMs])
        .toSorted(([a = 0], [b = 0]) => a - b),
    );
    expect(spans).toEqual([
      [
        [0, 6],
        [6, 24],
      ],
      [
        [0, 6],
        [6, 24],
      ],
      [[0, 6]],
      [[0, 6]],
      [[0, 6]],
      [[0, 24]],
    ]);
    expect(now.state.calendar.flat().every(({ endMs }) => endMs === t0 + 24 * hourMs)).toBe(true);
  });

  test('what was released holds nothing to lose in the first place', () => {
    const now = booked(racks, 'preemptible 24h r1/n01 gpu0-3');
    const { world: after } = act(now, { kind: 'release-contract', contract: ContractId.parse('C-101') });
    expect(after.state.calendar.flat()).toEqual([]);
  });
});
