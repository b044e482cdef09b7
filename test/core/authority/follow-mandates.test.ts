import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type Authority, chainOf, emptyAuthority } from '../../../src/core/authority/authority.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { ContractId, MandateId, PrincipalId } from '../../../src/model/id.ts';
import { follow, freed, mandateGranted, reserved, told } from './following.ts';

const m1 = MandateId.parse('M-1');
const m2 = MandateId.parse('M-2');
const m3 = MandateId.parse('M-3');
const c101 = ContractId.parse('C-101');
const c102 = ContractId.parse('C-102');

const recordOf = (authority: Authority, id: MandateId) => {
  const record = authority.mandates.get(id);
  if (record === undefined) throw new Error('it was granted');
  return record;
};
const holds = (authority: Authority, id: MandateId) => [...recordOf(authority, id).reservations.keys()];

/** M-3 is part of M-2, which is part of M-1; M-4 stands beside them. */
const chain = told(
  { event: mandateGranted('M-1'), atMs: 4, by: 'person:sven' },
  { event: mandateGranted('M-2', { from: 'M-1' }) },
  { event: mandateGranted('M-3', { from: 'M-2' }) },
  { event: mandateGranted('M-4', { from: 'M-1' }) },
);

const ids = (id: MandateId, from = chain) => chainOf(from, id).map(({ mandate }) => mandate.id);

const use = (of: string) => ({ kind: 'mandate-used', mandate: 'M-1', request: digestOf(of) });

describe('a mandate', () => {
  test('begins with nothing taken of it, by whoever granted it', () => {
    expect(recordOf(chain, m1)).toMatchObject({
      grantedBy: 'person:sven',
      grantedAtMs: 4,
      settled: { gpuSeconds: 0, spendMicroEur: 0 },
      uses: [],
    });
    expect(holds(chain, m1)).toEqual([]);
  });

  test('is followed by those that it is part of, and ends where one is not known', () => {
    expect([ids(m3), ids(m2), ids(m1)]).toEqual([['M-3', 'M-2', 'M-1'], ['M-2', 'M-1'], ['M-1']]);
    expect(ids(m1, emptyAuthority)).toEqual([]);
    expect(ids(m2, told({ event: mandateGranted('M-2', { from: 'M-1' }) }))).toEqual(['M-2']);
  });

  test('that is taken back keeps what it holds, and those that are part of it stay as they are', () => {
    const taken = follow(chain, reserved('M-2', 'C-101'));
    const revoked = follow(taken, { kind: 'mandate-revoked', mandate: 'M-1', reason: 'over' }, { atMs: 50 });
    expect(recordOf(revoked, m1)).toEqual({ ...recordOf(taken, m1), revokedAtMs: 50 });
    expect(recordOf(revoked, m2)).toBe(recordOf(taken, m2));
  });

  test.each([
    { kind: 'mandate-revoked', mandate: 'M-9', reason: 'over' },
    { kind: 'mandate-used', mandate: 'M-9', request: digestOf('a wish') },
  ])('that nobody granted has no $kind', (event) => {
    expect(() => follow(chain, event)).toThrow('`M-9` was never granted');
  });

  test('remembers its uses of the last ten minutes, those that are exactly as old no more', () => {
    const uses = (atMs: number) => {
      const two = [
        { event: mandateGranted('M-1') },
        { event: use('first'), atMs: 1000 },
        { event: use('second'), atMs: 1001 },
      ];
      return recordOf(told(...two, { event: use('third'), atMs }), m1).uses.map((one) => one.atMs);
    };
    expect(uses(600_999)).toEqual([1000, 1001, 600_999]);
    expect(uses(601_000)).toEqual([1001, 601_000]);
    expect(uses(601_001)).toEqual([601_001]);
    const one = follow(chain, use('x'), { atMs: 12 });
    expect(recordOf(one, m1).uses).toEqual([{ atMs: 12, request: digestOf('x') }]);
    expect(recordOf(one, m2)).toBe(recordOf(chain, m2));
  });
});

describe('what a contract takes of a mandate', () => {
  const contracts = { gpuSeconds: 30, spendMicroEur: 70, endMs: 100 };
  const taken = follow(chain, reserved('M-2', 'C-101', contracts));

  test('it takes of every mandate that this one is part of, and of no other', () => {
    for (const id of [m1, m2])
      expect(recordOf(taken, id).reservations.get(c101)).toEqual({
        contract: 'C-101',
        gpus: 8,
        ...contracts,
      });
    expect(holds(taken, m3)).toEqual([]);
    expect(holds(taken, MandateId.parse('M-4'))).toEqual([]);
  });

  test('another time replaces what it took before: nothing of that was used', () => {
    for (const atMs of [50, 100, 500]) {
      const again = follow(taken, reserved('M-2', 'C-101', { gpus: 4, gpuSeconds: 9 }), { atMs });
      expect(recordOf(again, m1)).toMatchObject({ settled: { gpuSeconds: 0, spendMicroEur: 0 } });
      expect(recordOf(again, m1).reservations.get(c101)).toEqual({
        contract: 'C-101',
        gpus: 4,
        gpuSeconds: 9,
      });
    }
  });

  test.each([
    ['before its end it stands', 99, ['C-101', 'C-102'], 0, 0],
    ['at its end it is settled, in full', 100, ['C-102'], 30, 70],
    ['after its end as well', 999, ['C-102'], 30, 70],
  ] as const)('%s when another one is taken', (_, atMs, left, gpuSeconds, spendMicroEur) => {
    const next = follow(taken, reserved('M-2', 'C-102'), { atMs });
    for (const id of [m1, m2]) {
      expect(holds(next, id)).toEqual(left);
      expect(recordOf(next, id).settled).toEqual({ gpuSeconds, spendMicroEur });
    }
  });

  test('without an end is never settled by the clock', () => {
    const open = follow(chain, reserved('M-1', 'C-101'));
    expect(holds(follow(open, reserved('M-1', 'C-102'), { atMs: 999_999 }), m1)).toEqual(['C-101', 'C-102']);
  });

  test('without figures settles as nothing', () => {
    const bare = follow(chain, reserved('M-1', 'C-101', { endMs: 5 }));
    const next = follow(bare, reserved('M-1', 'C-102'), { atMs: 5 });
    expect(recordOf(next, m1).settled).toEqual({ gpuSeconds: 0, spendMicroEur: 0 });
  });

  test('it gives back for what it has used, in the whole chain', () => {
    const done = follow(taken, freed('M-2', 'C-101', 12, 34));
    for (const id of [m1, m2]) {
      expect(holds(done, id)).toEqual([]);
      expect(recordOf(done, id).settled).toEqual({ gpuSeconds: 12, spendMicroEur: 34 });
    }
    const both = follow(follow(done, reserved('M-2', 'C-102')), freed('M-2', 'C-102', 100, 1000));
    expect(recordOf(both, m1).settled).toEqual({ gpuSeconds: 112, spendMicroEur: 1034 });
  });

  test('nothing can be given back twice, nor what was never taken', () => {
    const done = follow(taken, freed('M-2', 'C-101', 1, 1));
    expect(() => follow(done, freed('M-2', 'C-101', 1, 1))).toThrow('`C-101` holds nothing of the mandate');
    expect(() => follow(taken, freed('M-2', 'C-102', 1, 1))).toThrow('`C-102` holds nothing');
    expect(() => follow(taken, freed('M-3', 'C-101', 1, 1))).toThrow(
      '`C-101` holds nothing of the mandate `M-3`',
    );
  });

  test('nothing is lost: what is held and what is settled is what was ever taken, whatever ends when', () => {
    const life = fc.array(
      fc.record({
        gpuSeconds: fc.integer({ min: 0, max: 50 }),
        spendMicroEur: fc.integer({ min: 0, max: 50 }),
        endMs: fc.integer({ min: 1, max: 60 }),
        atMs: fc.integer({ min: 0, max: 60 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(life, (taking) => {
        const inOrder = taking.toSorted((a, b) => a.atMs - b.atMs);
        const after = inOrder.reduce(
          (now, { atMs, ...more }, at) => follow(now, reserved('M-2', `C-${at + 101}`, more), { atMs }),
          chain,
        );
        const lastMs = inOrder.at(-1)?.atMs ?? 0;
        for (const id of [m1, m2]) {
          const { settled, reservations } = recordOf(after, id);
          const held = [...reservations.values()];
          const sum = (of: (one: (typeof held)[number]) => number | undefined) =>
            held.reduce((total, one) => total + (of(one) ?? 0), 0);
          expect(settled.gpuSeconds + sum((one) => one.gpuSeconds)).toBe(
            inOrder.reduce((total, one) => total + one.gpuSeconds, 0),
          );
          expect(settled.spendMicroEur + sum((one) => one.spendMicroEur)).toBe(
            inOrder.reduce((total, one) => total + one.spendMicroEur, 0),
          );
          // What is held has not ended, but for the last one, which may be over when it is told.
          const ended = held
            .filter(({ endMs = Infinity }) => endMs <= lastMs)
            .map(({ contract }) => contract);
          expect(ended.every((contract) => contract === `C-${inOrder.length + 100}`)).toBe(true);
        }
      }),
      { numRuns: 200, seed: 71 },
    );
  });
});

test('a reservation of one agent is in nobody else’s chain', () => {
  const both = told(
    { event: mandateGranted('M-1') },
    { event: mandateGranted('M-2', { agent: 'agent:other' }) },
    { event: reserved('M-2', 'C-102') },
  );
  expect(holds(both, m1)).toEqual([]);
  expect(recordOf(both, m2).mandate.agent).toBe(PrincipalId.parse('agent:other'));
  expect(recordOf(both, m2).reservations.get(c102)?.gpus).toBe(8);
});
