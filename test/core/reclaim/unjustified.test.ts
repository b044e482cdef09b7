import { describe, expect, test } from 'vitest';

import { unjustified } from '../../../src/core/reclaim/unjustified.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { t0, verdictAll, type World, world } from '../fleet.ts';
import { booked } from './bookings.ts';

const id = (number: number) => ContractId.parse(`C-${number}`);
const racks = world('fra1/h1/r1 2×4 H100');

/** What is wrong with a plan for this demand once it is changed so. */
function faults(now: World, wish: Demand, wrong: Partial<Plan> = {}): readonly string[] {
  const { plan, id: planId } = planned(now, { ...wish, mayPreempt: true });
  const verdict = verdictAll(now.state, 'allowed');
  return [...unjustified(now.state, { id: planId, plan: { ...plan, ...wrong }, verdict, atMs: t0 })];
}

describe('ends of contracts', () => {
  const full = booked(
    racks,
    'preemptible 9h r1/n01 gpu0-1',
    'preemptible 9h r1/n01 gpu2-3',
    'preemptible 99h r1/n02 gpu0-3',
  );
  const wish = demand('1×4 H100 1h');
  const lenient = { ...wish, mayPreempt: true };

  test.each<[string, Partial<Plan>, readonly string[]]>([
    ['all in the way, nothing to say', {}, []],
    ['none, nothing to say, even without leave', { preempts: [], demand: wish }, []],
    ['without leave', { demand: wish }, ['preempts: the demand does not allow it']],
    [
      'for a demand that is preemptible itself',
      { demand: { ...lenient, guarantee: 'preemptible' } },
      ['preempts: a preemptible demand ends nobody else'],
    ],
    [
      'one that stands elsewhere',
      { preempts: [id(101), id(102), id(103)] },
      ['preempts: C-103 is not in the way'],
    ],
    ['only some of those in the way: each of them still is', { preempts: [id(101)] }, []],
    [
      'both of the above at once',
      { demand: wish, preempts: [id(101), id(102), id(103)] },
      ['preempts: the demand does not allow it', 'preempts: C-103 is not in the way'],
    ],
  ])('%s', (_, wrong, expected) => {
    expect(planned(full, lenient).plan.preempts).toEqual(['C-101', 'C-102']);
    expect(faults(full, wish, wrong)).toEqual(expected);
  });

  test('where the placement is free anyway, each is named', () => {
    const empty = booked(racks, 'preemptible 9h r1/n01 gpu0-1', 'preemptible 9h r1/n01 gpu2-3');
    expect(faults(empty, wish, { preempts: [id(101), id(102)] })).toEqual([
      'preempts: C-101 is not in the way',
      'preempts: C-102 is not in the way',
    ]);
  });
});

const left = (count: number) => [{ contract: id(101), left: [{ part: 'train', count }] }];

describe('extras that are taken', () => {
  const parts = [{ name: 'train', count: 4, minCount: 1, each: { gpus: { count: 2, models: ['H100'] } } }];
  const seats = 'r1/n01 gpu0-1, r1/n01 gpu2-3, r1/n02 gpu0-1, r1/n02 gpu2-3';
  const full = booked(racks, [`elastic 9h ${seats}`, { parts }]);

  test.each<[string, string, number, readonly string[]]>([
    ['one where one is in the way', '1×2 H100 1h', 3, []],
    ['two where both are', '1×4 H100 1h', 2, []],
    ['one more than are', '1×2 H100 1h', 2, ['shrinks: `train` 2 of C-101 is not in the way']],
    ['two more than are', '1×2 H100 1h', 1, ['shrinks: `train` 1 of C-101 is not in the way']],
  ])('%s', (_, text, count, expected) => {
    expect(faults(full, demand(text), { shrinks: left(count) })).toEqual(expected);
  });

  test('the last one of a part is asked about as if none were taken', () => {
    const roomy = booked(world('fra1/h1/r1 3×4 H100'), [`elastic 9h ${seats}`, { parts }]);
    expect(faults(roomy, demand('1×2 H100 1h'), { shrinks: left(3) })).toEqual([
      'shrinks: `train` 3 of C-101 is not in the way',
    ]);
  });

  test('ends and extras together, each asked about with all the others as they are', () => {
    const mixed = booked(
      world('fra1/h1/r1 3×4 H100'),
      [`elastic 9h ${seats}`, { parts }],
      'preemptible 9h r1/n03 gpu0-3',
    );
    const wish = demand('2×4 H100 1h');
    const { plan } = planned(mixed, { ...wish, mayPreempt: true });
    expect([plan.preempts, plan.shrinks]).toEqual([['C-102'], left(2)]);
    expect(faults(mixed, wish)).toEqual([]);
    expect(faults(mixed, wish, { shrinks: left(1) })).toEqual([
      'shrinks: `train` 1 of C-101 is not in the way',
    ]);
  });
});
