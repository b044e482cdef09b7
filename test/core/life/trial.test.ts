import { describe, expect, test } from 'vitest';

import { seamlessUntilMs, takeoverMs, trialOf } from '../../../src/core/life/trial.ts';
import { contractOf } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId, PlanId } from '../../../src/model/id.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { askChange, change, lease, planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';

const at = (hours: number) => t0 + hours * hourMs;
const c101 = ContractId.parse('C-101');
const c102 = ContractId.parse('C-102');
const nobody = PlanId.parse('plan-0000000000000000');
const fleet = world('fra1/h1/r1 4×4 H100');

function contract({ state }: World, id = c101): Contract {
  const found = contractOf(state, id);
  if (found === undefined) throw new Error('it was granted');
  return found;
}

const during = (from: number, hours: number | undefined) => ({
  window: { earliestStartMs: at(from), ...(hours === undefined ? {} : { durationS: hours * 3600 }) },
});

/** C-101 from hour 2 to hour 10, and C-102, which may be preempted, from hour 0 to hour 8. */
const busy = [
  demand('1×4 H100', during(2, 8)),
  demand('1×4 H100', { ...during(0, 8), guarantee: 'preemptible' }),
].reduce((now, wish) => take(now, wish), fleet);
const pattern = planned(busy, demand('1×4 H100 2h')).plan;

/** Who holds something from when to when on the state a plan is tried on. */
function held(now: World, plan: Plan, { id = nobody, atMs = t0 } = {}): string[] {
  return trialOf(now.state, { id, plan, atMs })
    .calendar.flat()
    .map(({ holder, startMs, endMs }) => `${holder} ${(startMs - t0) / hourMs}–${(endMs - t0) / hourMs}`)
    .toSorted();
}

const starting = (hour: number, more: Partial<Plan> = {}): Plan => ({
  ...pattern,
  placement: { ...pattern.placement, startMs: at(hour) },
  ...more,
});

describe('a plan is tried on a state', () => {
  test('as it is, where it takes nothing from anybody', () => {
    expect(trialOf(busy.state, { id: nobody, plan: starting(0), atMs: t0 })).toBe(busy.state);
    expect(held(busy, starting(0))).toEqual(['C-101 2–10', 'C-102 0–8']);
  });

  test('in which what it preempts ends when it begins, to the millisecond', () => {
    const preempts = [c102];
    expect(held(busy, starting(5, { preempts }))).toEqual(['C-101 2–10', 'C-102 0–5']);
    expect(held(busy, starting(0, { preempts }))).toEqual(['C-101 2–10']);
    expect(held(busy, starting(8, { preempts }))).toEqual(['C-101 2–10', 'C-102 0–8']);
    expect(held(busy, starting(1, { preempts: [c101, c102] }))).toEqual(['C-102 0–1']);
    expect(held(busy, starting(5, { preempts: [ContractId.parse('C-900')] }))).toEqual([
      'C-101 2–10',
      'C-102 0–8',
    ]);
  });

  test.each([
    ['a running contract keeps all until the change takes over', at(4), 5, ['C-101 2–5', 'C-102 0–8']],
    ['a contract that begins this moment runs', at(2), 5, ['C-101 2–5', 'C-102 0–8']],
    ['one that is still to come holds nothing when it is put off', at(1), 5, ['C-102 0–8']],
    ['one that is still to come holds nothing when it begins earlier', at(0), 1, ['C-102 0–8']],
  ] as const)('of what it changes: %s', (_, atMs, startHour, expected) => {
    const plan = starting(startHour, { changes: { contract: c101, version: 1 } });
    expect(held(busy, plan, { atMs })).toEqual(expected);
  });

  test('without the hold of its own lease, and with those of all others', () => {
    const mine = planned(busy, demand('1×4 H100 2h'));
    const theirs = planned(lease(busy, mine, 3).world, demand('1×4 H100 3h', { tenant: 'globex' }));
    const both = lease(lease(busy, mine, 3).world, theirs, 3).world;
    const all = ['C-101 2–10', 'C-102 0–8'];
    expect(held(both, mine.plan)).toEqual([...all, `${mine.id} 0–2`, `${theirs.id} 0–3`].toSorted());
    expect(held(both, mine.plan, { id: mine.id })).toEqual([...all, `${theirs.id} 0–3`]);
    expect(held(both, mine.plan, { id: theirs.id })).toEqual([...all, `${mine.id} 0–2`]);
  });

  test('that stays as it was: only a copy gives anything up', () => {
    const before = structuredClone(busy.state.calendar);
    trialOf(busy.state, { id: nobody, plan: starting(1, { preempts: [c101, c102] }), atMs: t0 });
    expect(busy.state.calendar).toEqual(before);
  });

  test('in which an elastic contract has only what it is left with from then on', () => {
    const wish = demand('3×4 H100 10h', { guarantee: 'elastic' });
    const parts = wish.parts.map((part) => ({ ...part, minCount: 1 }));
    const elastic = take(fleet, { ...wish, parts });
    const shrinks = [{ contract: c101, left: [{ part: 'train', count: 1 }] }];
    expect(held(elastic, starting(4, { shrinks }))).toEqual([
      'C-101 0–4',
      'C-101 0–4',
      'C-101 0–4',
      'C-101 4–10',
    ]);
    const gone = [{ contract: c102, left: [{ part: 'train', count: 1 }] }];
    expect(held(elastic, starting(4, { shrinks: gone }))).toEqual(['C-101 0–10', 'C-101 0–10', 'C-101 0–10']);
  });
});

describe('a change takes over', () => {
  // The contract holds its GPUs from hour 2 on.
  test.each([
    ['of a running contract: when it begins', 4, 5, 5],
    ['of one that begins now: when it begins', 2, 5, 5],
    ['of one to come, put off: at the contract’s own start, for it holds nothing yet', 1, 5, 2],
    ['of one to come, at the same time: then', 1, 2, 2],
    ['of one to come, earlier: when it begins', 0, 1, 1],
  ] as const)('%s', (_, nowHour, startHour, expectedHour) => {
    expect(takeoverMs(contract(busy), at(startHour), at(nowHour))).toBe(at(expectedHour));
  });
});

describe('a contract may be changed without a gap', () => {
  test('at any time while it is still to come', () => {
    expect(seamlessUntilMs(contract(busy), at(2) - 1)).toBe(Infinity);
  });

  test('until it ends while it runs, from its first millisecond on', () => {
    for (const hour of [2, 5, 9]) expect(seamlessUntilMs(contract(busy), at(hour))).toBe(at(10));
  });

  test('at any time where it has no end', () => {
    const open = take(fleet, demand('1×4 H100', during(2, undefined)));
    expect(seamlessUntilMs(contract(open), at(3))).toBe(Infinity);
  });

  test('until its next placement begins where a change has not taken over yet', () => {
    // Planned at hour 4 to hold another node from hour 6 on: until then it runs on the first one.
    const running = take(fleet, demand('1×4 H100 10h'));
    const wish = demand('2×4 H100', during(6, 4));
    const ahead = change(running, c101, { demand: wish }, { atMs: at(4) });
    expect(contract(ahead).placement.startMs).toBe(at(6));
    expect([4, 5].map((hour) => seamlessUntilMs(contract(ahead), at(hour)))).toEqual([at(6), at(6)]);
    expect(seamlessUntilMs(contract(ahead), at(6))).toBe(at(10));
    const answer = askChange(ahead, c101, { demand: demand('1×4 H100', during(7, 3)) }, { atMs: at(5) });
    expect(answer).toMatchObject({
      refusal: {
        kind: 'window-impossible',
        why: 'C-101 would hold nothing for a while',
        latestStartMs: at(6),
      },
    });
  });
});
