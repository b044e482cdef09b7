import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { lossFaults } from '../../../src/core/life/losses.ts';
import { extrasOf, lostOf, shrunk, unshrinkable } from '../../../src/core/life/shrink.ts';
import { contractOf } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId } from '../../../src/model/id.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { change, planned, release, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, type World, world } from '../fleet.ts';

const fleet = world('fra1/h1/r1 8×4 H100');
const elastic = (text: string, minCount: number, more: object = {}) => {
  const wish = demand(text, { guarantee: 'elastic', ...more });
  return { ...wish, parts: wish.parts.map((part) => ({ ...part, minCount })) };
};

/** C-101 may be preempted, C-102 is reserved, C-103 is elastic: two replicas of five are extras of it. */
const full = [
  demand('1×4 H100 10h', { guarantee: 'preemptible' }),
  demand('1×4 H100 10h'),
  elastic('5×4 H100 10h', 3),
].reduce((now, wish) => take(now, wish), fleet);

function contract({ state }: World, number: number): Contract {
  const found = contractOf(state, ContractId.parse(`C-${number}`));
  if (found === undefined) throw new Error('it was granted');
  return found;
}

const other = planned(full, demand('1×4 H100 2h')).plan;

type Takes = { readonly preempts?: readonly number[]; readonly shrinks?: Record<string, object[]> };

/** Why others may not lose what a plan takes. */
function faults(now: World, takes: Takes, atMs = t0, plan: Plan = other): readonly string[] {
  const preempts = (takes.preempts ?? []).map((number) => ContractId.parse(`C-${number}`));
  const shrinks = Object.entries(takes.shrinks ?? {}).map(([id, left]) => ({
    contract: ContractId.parse(id),
    left: left.map((one) => ({ part: 'train', count: 0, ...one })),
  }));
  return [...lossFaults(now.state, { ...plan, preempts, shrinks }, atMs)];
}

const many = (count: number) => ({ preempts: Array.from({ length: count }, (_, at) => 200 + at) });

describe('others lose for a plan', () => {
  test('only what was sold as preemptible, while it stands', () => {
    const ends = t0 + 10 * hourMs;
    expect(faults(full, { preempts: [101] })).toEqual([]);
    expect(faults(full, { preempts: [101] }, ends - 1)).toEqual([]);
    expect(faults(full, { preempts: [101] }, ends)).toEqual(['preempts: C-101 has ended by then']);
    expect(faults(full, { preempts: [102, 103, 104] })).toEqual([
      'preempts: C-102 is reserved',
      'preempts: C-103 is elastic',
      'preempts: C-104 does not exist',
    ]);
    const late = { ...other, placement: { ...other.placement, startMs: ends } };
    expect(faults(full, { preempts: [101] }, t0, late)).toEqual(['preempts: C-101 has ended by then']);
    const gone = release(full, ContractId.parse('C-101'), { atMs: t0 + hourMs }).world;
    expect(faults(gone, { preempts: [101] }, t0 + hourMs)).toEqual(['preempts: C-101 has ended by then']);
  });

  test('nothing twice, neither what the plan itself changes, nor what is preempted already', () => {
    expect(faults(full, { preempts: [101, 101] })).toEqual(['it preempts a contract twice']);
    expect(faults(full, { preempts: [103], shrinks: { 'C-103': [{ count: 3 }] } })).toContain(
      'it preempts a contract twice',
    );
    const changes = { contract: ContractId.parse('C-101'), version: 1 };
    expect(faults(full, { preempts: [101] }, t0, { ...other, changes })).toEqual([
      'it preempts the contract that it changes',
    ]);
    expect(
      faults(full, { preempts: [101] }, t0, {
        ...other,
        changes: { ...changes, contract: ContractId.parse('C-102') },
      }),
    ).toEqual([]);
    const alone = world('fra1/h1/r1 1×4 H100');
    const before = take(alone, demand('1×4 H100 10h', { guarantee: 'preemptible' }));
    const after = take(before, demand('1×4 H100 2h', { mayPreempt: true }));
    expect(faults(after, { preempts: [101] })).toEqual(['preempts: C-101 is preempted already']);
  });

  test('no more than one entry can name', () => {
    const why = 'it preempts 201 contracts, at most 200';
    expect(faults(full, many(200))).not.toContain(why);
    expect(faults(full, many(201))).toContain(why);
    expect(faults(full, { ...many(200), shrinks: { 'C-103': [{ count: 3 }] } })).toContain(why);
  });

  test.each([
    [{ 'C-103': [{ count: 4 }] }, []],
    [{ 'C-103': [{ count: 3 }] }, []],
    [{ 'C-103': [{ count: 2 }] }, ['shrinks: C-103 keeps 3 replicas of `train`']],
    [{ 'C-103': [{ count: 5 }] }, ['shrinks: C-103 has no more than 5 replicas of `train`']],
    [{ 'C-103': [{ count: 3 }, { count: 4 }] }, ['shrinks: C-103 has each part once']],
    [{ 'C-103': [{ part: 'load', count: 0 }] }, ['shrinks: C-103 has no part `load`']],
    [{ 'C-103': [] }, ['shrinks: C-103 loses nothing']],
    [{ 'C-101': [{ count: 0 }] }, ['shrinks: C-101 is preemptible']],
    [{ 'C-102': [{ count: 0 }] }, ['shrinks: C-102 is reserved']],
    [{ 'C-109': [{ count: 0 }] }, ['shrinks: C-109 does not exist']],
  ] satisfies [Record<string, object[]>, string[]][])(
    'of an elastic contract extras alone: %o',
    (shrinks, why) => {
      expect(faults(full, { shrinks })).toEqual(why);
    },
  );

  test('nothing of what has ended, or changes later than that', () => {
    const takes = { shrinks: { 'C-103': [{ count: 3 }] } };
    const ends = t0 + 10 * hourMs;
    expect(faults(full, takes, ends - 1)).toEqual([]);
    expect(faults(full, takes, ends)).toEqual(['shrinks: C-103 has ended by then']);
    const changed = change(
      full,
      ContractId.parse('C-103'),
      { replicas: { train: 4 } },
      { atMs: t0 + hourMs },
    );
    const one = contract(changed, 103);
    expect(unshrinkable(one, t0 + hourMs - 1)).toBe('changes later than that');
    expect(unshrinkable(one, t0 + hourMs)).toBeUndefined();
    expect([unshrinkable(one, ends - 1), unshrinkable(one, ends)]).toEqual([undefined, 'has ended by then']);
    expect(unshrinkable({ ...one, preemptedAtMs: t0 }, t0 + hourMs)).toBe('is preempted already');
  });
});

describe('what an elastic contract is left with', () => {
  const takes = { shrinks: { 'C-103': [{ count: 3 }] } };

  test('may break what the whole has broken already, which is nobody else’s doing', () => {
    const [first] = contract(full, 103).placement.members;
    const down = observe(full, [fact('node', first?.node ?? '', { health: 'down' })], {
      source: 'kubernetes',
      observedAtMs: t0 + 1,
    });
    expect(faults(down, takes)).toEqual([]);
  });

  test('is looked at from when the other begins, not from when it is asked for', () => {
    const later = planned(full, demand('1×4 H100', flexible(2, 20))).plan;
    const startMs = t0 + 9 * hourMs;
    const late = { ...later, placement: { ...later.placement, startMs } };
    expect(faults(full, takes, t0, late)).toEqual([]);
    const ended = { ...late, placement: { ...late.placement, startMs: t0 + 10 * hourMs } };
    expect(faults(full, takes, t0, ended)).toEqual(['shrinks: C-103 has ended by then']);
  });
});

describe('extras', () => {
  test('are what is above the least, the highest number first; the rest stays as it was', () => {
    const counts = fc.integer({ min: 1, max: 6 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        least: fc.integer({ min: 1, max: count }),
        left: fc.integer({ min: 0, max: count }),
        lateMs: fc.nat(9 * hourMs),
      }),
    );
    fc.assert(
      fc.property(counts, ({ count, least, left, lateMs }) => {
        const now = take(fleet, elastic(`${count}×4 H100 10h`, least));
        const one = contract(now, 101);
        const numbers = Array.from({ length: count - least }, (_, at) => count - 1 - at);
        expect(extrasOf(one).map(({ replica }) => replica)).toEqual(numbers);
        const keep = [{ part: 'train', count: left }];
        const lost = lostOf(one, keep);
        expect(lost.map(({ replica }) => replica).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: count - left }, (_, at) => left + at),
        );
        const rest = shrunk(now.state, one, { left: keep, atMs: t0 + lateMs });
        const { members = [], startMs = 0, endMs = 0 } = rest?.placement ?? {};
        expect([...members, ...lost].toSorted((a, b) => a.replica - b.replica)).toEqual(
          one.placement.members.toSorted((a, b) => a.replica - b.replica),
        );
        // Whole seconds up to the same end, begun at most one second early.
        expect(endMs).toBe(t0 + 10 * hourMs);
        expect(rest?.demand.window).toEqual({
          earliestStartMs: startMs,
          durationS: (endMs - startMs) / 1000,
        });
        expect(t0 + lateMs - startMs).toBeGreaterThanOrEqual(0);
        expect(t0 + lateMs - startMs).toBeLessThan(1000);
        expect(rest?.state.calendar.flat().filter(({ endMs: to }) => to > startMs).length).toBe(left);
      }),
      { numRuns: 60, seed: 111 },
    );
  });
});
