import { describe, expect, test } from 'vitest';

import { tenuresOf } from '../../../src/core/calendar/holding.ts';
import { check } from '../../../src/core/check.ts';
import { digestState } from '../../../src/core/digest.ts';
import type { Edit } from '../../../src/core/life/change.ts';
import { replan } from '../../../src/core/life/replan.ts';
import { applyAll, contractOf, emptyState } from '../../../src/core/state.ts';
import { beginOf, stateAt } from '../../../src/model/contract.ts';
import { ContractId, Path, planIdOf } from '../../../src/model/id.ts';
import {
  act,
  applyChange,
  ask,
  askChange,
  change,
  commit,
  planned,
  preempting,
  release,
  take,
} from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, verdictAll, world, type World } from '../fleet.ts';

const c101 = ContractId.parse('C-101');
const c102 = ContractId.parse('C-102');
const at = (hours: number) => t0 + hours * hourMs;
const until = (hours: number): Edit => ({ end: { kind: 'at', atMs: at(hours) } });

const fleet = world(
  'fra1/h1/r1 2×8 H100 nvlink rdma cpu128 mem1024',
  'fra1/h1/r2 2×8 H100 nvlink rdma cpu128 mem1024',
  { sites: { fra1: { gpuPrices: { H100: 2_000_000 } } } },
);
const running = take(fleet, demand('2×4 H100 24h'));

function seats({ state }: World, id = c101): string[] {
  const contract = contractOf(state, id);
  return (contract?.placement.members ?? []).map(
    ({ replica, node, gpus }) => `${replica} ${node.slice('fra1/h1/'.length)} ${gpus.join('')}`,
  );
}

function span({ state }: World, id = c101): (number | undefined)[] {
  const { startMs, endMs } = contractOf(state, id)?.placement ?? {};
  return [startMs, endMs].map((ms) => (ms === undefined ? undefined : (ms - t0) / hourMs));
}

describe('a contract that runs', () => {
  const home = seats(running);
  test.each([
    ['longer', until(48), [6, 48], home],
    ['shorter', until(12), [6, 12], home],
    ['without an end', { end: { kind: 'open' } }, [6, undefined], home],
    ['fewer replicas', { replicas: { train: 1 } }, [6, 24], home.slice(0, 1)],
    ['off its node', { avoid: [Path.parse('fra1/h1/r1/n01')] }, [6, 24], ['0 r1/n02 0123', '1 r1/n02 4567']],
    ['off its rack', { avoid: [Path.parse('fra1/h1/r1')] }, [6, 24], ['0 r2/n01 0123', '1 r2/n01 4567']],
    ['elsewhere', { where: [Path.parse('fra1/h1/r2')] }, [6, 24], ['0 r2/n01 0123', '1 r2/n01 4567']],
    [
      'more replicas',
      { where: [Path.parse('fra1')], replicas: { train: 3 } },
      [6, 24],
      [...home, '2 r1/n02 0123'],
    ],
    [
      'more and longer',
      { ...until(30), replicas: { train: 4 } },
      [6, 30],
      [...home, '2 r1/n02 0123', '3 r1/n02 4567'],
    ],
  ] as const)('%s', (_, edit, times, members) => {
    const after = change(running, c101, edit, { atMs: at(6) });
    expect([span(after), seats(after)]).toEqual([times, members]);
    expect(contractOf(after.state, c101)).toMatchObject({ version: 2, state: 'granted' });
  });

  test('keeps its past: what it held until the change stands in the calendar and in the contract', () => {
    const after = change(running, c101, { avoid: [Path.parse('fra1/h1/r1')] }, { atMs: at(6) });
    const spans = after.state.calendar.flat().map(({ startMs, endMs }) => [startMs, endMs]);
    expect(spans).toEqual([
      [at(0), at(6)],
      [at(0), at(6)],
      [at(6), at(24)],
      [at(6), at(24)],
    ]);
    const contract = contractOf(after.state, c101);
    expect(contract?.earlier).toMatchObject([{ version: 1, untilMs: at(6), placement: { startMs: at(0) } }]);
    expect(contract === undefined ? 0 : beginOf(contract)).toBe(at(0));
    const seen = observe(after, [fact('node', 'fra1/h1/r1/n01', { health: 'healthy' })], { source: 'hwloc' });
    expect(seen.state.calendar).toEqual(after.state.calendar);
  });

  test('is charged by what it held when', () => {
    const smaller = change(running, c101, { replicas: { train: 1 } }, { atMs: at(6) });
    const { decision } = release(smaller, c101, { atMs: at(10) });
    expect(decision).toMatchObject({ usedMicroEur: (8 * 6 + 4 * 4) * 2_000_000 });
    const charged = askChange(running, c101, until(48), { atMs: at(6) });
    expect(charged).toMatchObject({ plan: { price: { totalMicroEur: 8 * 42 * 2_000_000 } } });
  });

  test('a budget for the whole counts what has been used', () => {
    const budget = { budget: { totalMicroEur: 8 * 30 * 2_000_000 } };
    const capped = take(fleet, demand('2×4 H100 24h', budget));
    expect(askChange(capped, c101, until(30), { atMs: at(6) }).kind).toBe('planned');
    expect(askChange(capped, c101, until(31), { atMs: at(6) })).toMatchObject({
      refusal: { kind: 'over-budget', limitMicroEur: 8 * 24 * 2_000_000 },
    });
  });

  test('ends exactly where it shall, also when the change comes between two seconds', () => {
    const next = take(running, demand('1×8 H100', { where: ['fra1/h1/r1/n01'], ...flexible(5, 24) }));
    expect(span(next, c102)).toEqual([24, 29]);
    const after = change(next, c101, { replicas: { train: 1 } }, { atMs: at(6) + 1 });
    expect(contractOf(after.state, c101)?.placement).toMatchObject({ startMs: at(6) + 1000, endMs: at(24) });
  });

  test('gives back what it no longer wants', () => {
    const wish = demand('1×8 H100', {
      where: ['fra1/h1/r1/n01'],
      window: { earliestStartMs: at(12), durationS: 3600 },
    });
    expect(ask(running, wish, { atMs: at(6) }).kind).toBe('refused');
    const shorter = change(running, c101, until(12), { atMs: at(6) });
    expect(ask(shorter, wish, { atMs: at(6) }).kind).toBe('planned');
  });

  test('moves only what is in somebody’s way', () => {
    const window = { earliestStartMs: at(24), durationS: 24 * 3600 };
    const next = take(running, demand('1×4 H100', { tenant: 'globex', where: ['fra1/h1/r1/n01'], window }));
    const answer = askChange(next, c101, until(30), { atMs: at(6) });
    if (answer.kind === 'refused') throw new Error('refused');
    expect(seats(applyChange(next, answer, { atMs: at(6) }).world)).toEqual([
      '0 r1/n02 0123',
      '1 r1/n01 4567',
    ]);
    expect(answer.plan.report.sites[0]?.why).toContain('1 stays, 1 moves');
  });

  test('is placed anew as a whole where it cannot stay together otherwise', () => {
    const tight = take(fleet, demand('2×4 H100 24h together:node', { where: ['fra1/h1/r1'] }));
    const window = { earliestStartMs: at(24), durationS: 24 * 3600 };
    const next = take(tight, demand('1×4 H100', { tenant: 'globex', where: ['fra1/h1/r1/n01'], window }));
    const after = change(next, c101, until(30), { atMs: at(6) });
    expect(seats(after)).toEqual(['0 r1/n02 0123', '1 r1/n02 4567']);
  });

  test('grows beside itself, apart from itself', () => {
    const apart = take(fleet, demand('2×4 H100 24h apart:node'));
    const grown = change(apart, c101, { replicas: { train: 4 } }, { atMs: at(1) });
    expect(new Set(contractOf(grown.state, c101)?.placement.members.map(({ node }) => node)).size).toBe(4);
    expect(seats(grown).slice(0, 2)).toEqual(seats(apart));
  });

  test('may be asked for something else altogether', () => {
    const other = demand('1×8 H100 nvlink', { window: { earliestStartMs: t0, durationS: 3600 } });
    const after = change(running, c101, { demand: other }, { atMs: at(6) });
    expect([span(after), contractOf(after.state, c101)?.demand.parts]).toEqual([[6, 7], other.parts]);
  });
});

describe('a contract that is still to come', () => {
  const later = take(fleet, demand('1×8 H100', { window: { earliestStartMs: at(10), durationS: 36_000 } }));
  test('is replaced as a whole, and charged for nothing before', () => {
    const after = change(later, c101, until(30));
    expect(span(after)).toEqual([10, 30]);
    expect(after.state.calendar.flat()).toHaveLength(1);
  });

  test.each([5, 15])('may begin earlier or later: after %s hours', (hour) => {
    const moved = demand('1×8 H100', { window: { earliestStartMs: at(hour), durationS: 36_000 } });
    const after = change(later, c101, { demand: moved });
    expect(span(after)).toEqual([hour, hour + 10]);
    expect(after.state.calendar.flat()).toHaveLength(1);
  });

  test('leaves nothing behind when it is put off and then released', () => {
    const wish = demand('1×8 H100', { window: { earliestStartMs: at(15), durationS: 3600 } });
    const off = change(later, c101, { demand: wish });
    expect(off.state.calendar.flat().map(({ startMs }) => startMs)).toEqual([at(15)]);
    const freed = release(off, c101).world;
    expect(freed.state.calendar.flat()).toEqual([]);
    const seen = observe(freed, [fact('node', 'fra1/h1/r1/n01', { health: 'healthy' })], { source: 'hwloc' });
    expect(seen.state.calendar.flat()).toEqual([]);
  });
});

describe('a change is refused', () => {
  test.each([
    ['the past as its end', until(5), 'window-impossible'],
    ['now as its end', until(6), 'window-impossible'],
    ['more than there is', { replicas: { train: 9 } }, 'no-capacity'],
    ['nowhere', { avoid: [Path.parse('fra1')] }, 'no-capacity'],
    [
      'a gap',
      { demand: demand('1×8 H100 5h', { window: { earliestStartMs: at(30) } }) },
      'window-impossible',
    ],
  ] as const)('%s', (_, edit, kind) => {
    expect(askChange(running, c101, edit, { atMs: at(6) })).toMatchObject({
      kind: 'refused',
      refusal: { kind },
    });
  });

  test('of a contract that has ended or is to end for another one', () => {
    expect(askChange(running, c101, until(48), { atMs: at(24) })).toMatchObject({
      refusal: { kind: 'contract-ended', state: 'expired' },
    });
    const freed = release(running, c101).world;
    expect(askChange(freed, c101, until(48))).toMatchObject({
      refusal: { kind: 'contract-ended', state: 'released' },
    });
  });

  test('as stale, when the contract has moved on', () => {
    const [one, two] = [until(48), until(36)].map((edit) => askChange(running, c101, edit));
    if (one?.kind !== 'planned' || two?.kind !== 'planned') throw new Error('refused');
    const after = applyChange(running, one).world;
    expect(applyChange(after, two).decision).toMatchObject({
      refusal: { kind: 'plan-stale', changed: ['C-101 is at version 2, it was planned on 1'] },
    });
    expect(applyChange(after, one).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
  });

  test('as stale, when others came first, or when it starts in the past', () => {
    const answer = askChange(running, c101, { replicas: { train: 4 } });
    if (answer.kind !== 'planned') throw new Error('refused');
    const taken = take(running, demand('1×8 H100 24h', { where: ['fra1/h1/r1/n02'] }));
    expect(applyChange(taken, answer).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
    expect(applyChange(running, answer, { atMs: t0 + 300_000 }).decision.kind).toBe('contract-changed');
    expect(applyChange(running, answer, { atMs: t0 + 300_001 }).decision).toMatchObject({
      refusal: { kind: 'plan-stale', changed: ['its start has passed'] },
    });
  });

  test('under another name, version or tenant', () => {
    const answer = askChange(running, c101, until(48));
    if (answer.kind !== 'planned') throw new Error('refused');
    running.archive.keepPlan(answer.plan);
    const { id: plan, digest: planDigest } = answer;
    const kindOf = (command: Parameters<typeof act>[1]) => JSON.stringify(act(running, command).decision);
    const changing = { kind: 'change-contract', plan, planDigest } as const;
    expect(kindOf({ ...changing, contract: c102 })).toContain('contract-unknown');
    expect(kindOf({ ...changing, contract: c101, expectedVersion: 2 })).toContain('version-conflict');
    expect(kindOf({ kind: 'commit-plan', plan, planDigest })).toContain('plan-stale');
    const stolen = {
      ...answer.plan,
      demand: { ...answer.plan.demand, tenant: demand('1×1', { tenant: 'globex' }).tenant },
    };
    const digest = running.archive.keepPlan(stolen);
    const theirs = {
      kind: 'change-contract',
      contract: c101,
      plan: planIdOf(digest),
      planDigest: digest,
    } as const;
    expect(kindOf(theirs)).toContain('belongs to tenant `acme`');
  });
});

describe('preempting', () => {
  const spot = demand('2×8 H100 24h', { tenant: 'globex', guarantee: 'preemptible', where: ['fra1/h1/r1'] });
  const busy = take(fleet, spot);
  const wish = demand('2×8 H100 12h', { where: ['fra1/h1/r1'], mayPreempt: true });
  const wanted = planned(fleet, wish);

  test('ends what was sold as preemptible when the other begins', () => {
    const { world: after, decision } = preempting(busy, wanted, [c101]);
    expect(decision).toMatchObject({ kind: 'contract-granted', contract: 'C-102', preempts: ['C-101'] });
    const victim = contractOf(after.state, c101);
    expect(victim).toMatchObject({ version: 2, preemptedAtMs: t0, preemptedBy: 'C-102' });
    expect(victim === undefined ? '' : stateAt(victim, t0)).toBe('preempted');
    expect(after.state.calendar.flat().map(({ holder }) => holder)).toEqual(['C-102', 'C-102']);
    expect(release(after, c101, { atMs: t0 }).decision).toMatchObject({
      refusal: { kind: 'contract-ended', state: 'preempted', endedAtMs: t0 },
    });
    const seen = observe(after, [fact('node', 'fra1/h1/r1/n01', { health: 'healthy' })], { source: 'hwloc' });
    expect(seen.state.calendar).toEqual(after.state.calendar);
  });

  test('later lets it run until then, and it may still be released, but not changed', () => {
    const later = planned(
      fleet,
      demand('2×8 H100', {
        where: ['fra1/h1/r1'],
        window: { earliestStartMs: at(5), durationS: 3600 },
        mayPreempt: true,
      }),
    );
    const after = preempting(busy, later, [c101]).world;
    const victim = contractOf(after.state, c101);
    const states = [at(5) - 1, at(5)].map((ms) => (victim === undefined ? '' : stateAt(victim, ms)));
    expect(states).toEqual(['granted', 'preempted']);
    expect(release(after, c101, { atMs: at(2) }).decision.kind).toBe('contract-released');
    expect(askChange(after, c101, until(30))).toMatchObject({ refusal: { kind: 'contract-ended' } });
  });

  test.each([
    ['a reserved one', take(fleet, { ...spot, guarantee: 'reserved' }), 'C-101 is reserved'],
    [
      'one that says nothing of it',
      take(fleet, demand('2×8 H100 24h', { where: ['fra1/h1/r1'] })),
      'is reserved',
    ],
    ['one that is not there', fleet, 'does not exist'],
    ['one that was released', release(busy, c101).world, 'has ended'],
    [
      'one that is preempted already',
      preempting(busy, planned(fleet, demand('2×8 H100 11h', { where: ['fra1/h1/r1'], mayPreempt: true })), [
        c101,
      ]).world,
      'is preempted already',
    ],
  ])('%s is refused always', (_, before, why) => {
    const { decision } = preempting(before, wanted, [c101]);
    expect(decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
    expect(JSON.stringify(decision)).toContain(why);
  });

  test('the wrong one, or one twice, is refused', () => {
    const other = take(busy, { ...spot, where: [Path.parse('fra1/h1/r2')] });
    expect(preempting(other, wanted, [c102]).decision.kind).toBe('refused');
    expect(preempting(other, wanted, [c101, c101]).decision.kind).toBe('refused');
    expect(preempting(other, wanted, [c101]).decision.kind).toBe('contract-granted');
  });
});

test('every change that was planned passes the auditor, comes out again, and folds to the same state', () => {
  const steps: readonly (readonly [number, Edit])[] = [
    [2, { replicas: { train: 4 } }],
    [4, until(60)],
    [6, { avoid: [Path.parse('fra1/h1/r1/n02')] }],
    [8, { replicas: { train: 1 } }],
    [9, { end: { kind: 'open' } }],
  ];
  let now = take(running, demand('1×8 H100 40h', { where: ['fra1/h1/r2/n02'], tenant: 'globex' }));
  for (const [hour, edit] of steps) {
    const answer = askChange(now, c101, edit, { atMs: at(hour) });
    if (answer.kind !== 'planned') throw new Error(JSON.stringify(answer.refusal));
    const verdict = verdictAll(now.state, 'allowed');
    expect(replan(now.state, { atMs: at(hour), verdict }, answer.plan)).toEqual(answer);
    now = applyChange(now, answer, { atMs: at(hour) }).world;
  }
  const contract = contractOf(now.state, c101);
  expect(contract?.version).toBe(6);
  expect(
    contract === undefined
      ? []
      : tenuresOf(contract)
          .map(({ untilMs }) => (untilMs - t0) / hourMs)
          .slice(0, 5),
  ).toEqual([2, 4, 6, 8, 9]);
  const again = now.entries.reduce(
    (state, { events, stamp }) => applyAll(state, events, stamp, now.archive),
    emptyState,
  );
  expect(digestState(again)).toBe(digestState(now.state));
  expect(
    check(
      now.state,
      demand('1×8 H100 1h', { where: ['fra1/h1/r2/n01'] }),
      verdictAll(now.state, 'allowed'),
      planned(fleet, demand('1×8 H100 1h', { where: ['fra1/h1/r2/n01'] })).plan.placement,
    ),
  ).toEqual([]);
});

test('what is committed late begins in the past only where it was held for it', () => {
  const wish = planned(fleet, demand('1×8 H100 24h'));
  expect(commit(fleet, wish, { atMs: t0 + 300_000 }).decision.kind).toBe('contract-granted');
  expect(commit(fleet, wish, { atMs: t0 + 300_001 }).decision).toMatchObject({
    refusal: { kind: 'plan-stale', changed: ['its start has passed'] },
  });
});
