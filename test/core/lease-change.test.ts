import { describe, expect, test } from 'vitest';

import { digestState } from '../../src/core/digest.ts';
import type { Edit } from '../../src/core/life/change.ts';
import { applyAll, emptyState } from '../../src/core/state.ts';
import { ContractId, Path } from '../../src/model/id.ts';
import type { PlanAnswer } from '../../src/model/plan.ts';
import { act, applyChange, ask, askChange, commit, lease, planned, release, take } from './acts.ts';
import { demand } from './demand.ts';
import { fact } from './fleet-text.ts';
import { hourMs, observe, t0, world, type World } from './fleet.ts';

const id = ContractId.parse('C-101');
const minuteMs = 60_000;
const fleet = take(world('fra1/h1/r1 3×8 H100 nvlink rdma cpu96 mem960'), demand('2×4 H100 apart:node 24h'));

function change(before: World, edit: Edit, atMs = t0): Extract<PlanAnswer, { kind: 'planned' }> {
  const answer = askChange(before, id, edit, { atMs });
  if (answer.kind === 'refused') throw new Error(JSON.stringify(answer.refusal));
  return answer;
}

/** What holders have, node by node: `n01 C-101 4 from 0 to 24`, in hours from `t0`. */
function holds({ state }: World): string[] {
  return state.calendar.flatMap((held, index) =>
    held.map(({ holder, gpus, startMs, endMs }) => {
      const node = state.fleet.nodes[index]?.id.slice(-3);
      const count = gpus.toString(2).replaceAll('0', '').length;
      return `${node} ${holder.slice(0, 5)} ${count} from ${hours(startMs)} to ${hours(endMs)}`;
    }),
  );
}

const hours = (atMs: number) => (atMs - t0) / hourMs;
const longer = change(fleet, { end: { kind: 'at', atMs: t0 + 30 * hourMs } });
const larger = change(fleet, { replicas: { train: 3 } });
const before = ['n01 C-101 4 from 0 to 24', 'n02 C-101 4 from 0 to 24'];

describe('the hold of a plan that changes a contract', () => {
  test.each([
    ['longer: the time after its end', longer, ['n01 plan- 4 from 24 to 30', 'n02 plan- 4 from 24 to 30']],
    ['larger: what comes to it', larger, ['n03 plan- 4 from 0 to 24']],
    [
      'larger and longer: one until the end, all of it after',
      change(fleet, { replicas: { train: 3 }, end: { kind: 'at', atMs: t0 + 25 * hourMs } }),
      [
        'n01 plan- 4 from 24 to 25',
        'n02 plan- 4 from 24 to 25',
        'n03 plan- 4 from 0 to 24',
        'n03 plan- 4 from 24 to 25',
      ],
    ],
    ['smaller: nothing', change(fleet, { replicas: { train: 1 } }), []],
  ])('%s', (_, plan, more) => {
    const { world: held, decision } = lease(fleet, plan, 2);
    expect(decision.kind).toBe('plan-held');
    expect(holds(held).toSorted()).toEqual([...before, ...more].toSorted());
    const dropped = act(held, { kind: 'drop-hold', plan: plan.id }).world;
    expect(holds(dropped).toSorted()).toEqual(before);
  });

  test('others cannot take what is held, and it lapses with the lease', () => {
    const held = lease(fleet, longer, 2).world;
    const after = { window: { earliestStartMs: t0 + 24 * hourMs, durationS: 3600 }, tenant: 'globex' };
    const wish = demand('3×8 H100', after);
    expect(ask(held, wish, { atMs: t0 + hourMs }).kind).toBe('refused');
    expect(ask(held, wish, { atMs: t0 + 2 * hourMs }).kind).toBe('planned');
  });

  test('is gone once the change is committed, which folds to the same again', () => {
    const held = lease(fleet, larger, 2).world;
    const { world: now, decision } = applyChange(held, larger, { atMs: t0 + minuteMs });
    expect(decision).toMatchObject({ kind: 'contract-changed', version: 2 });
    expect(now.state.leases.size).toBe(0);
    expect(holds(now).filter((line) => line.includes('plan-'))).toEqual([]);
    const again = now.entries.reduce(
      (state, { events, stamp }) => applyAll(state, events, stamp, now.archive),
      emptyState,
    );
    expect(digestState(again)).toBe(digestState(now.state));
  });

  test('survives an import', () => {
    const held = lease(fleet, longer, 2).world;
    expect(holds(observe(held, [fact('node', 'fra1/h1/r1/n04', {})])).toSorted()).toEqual(
      holds(held).toSorted(),
    );
  });

  test('is renewed without being held twice', () => {
    const once = lease(fleet, longer, 2).world;
    const again = lease(once, longer, 3, { atMs: t0 + minuteMs }).world;
    expect(holds(again)).toEqual(holds(once));
  });

  test('closes what the change asks to have alone', () => {
    const asked = demand('2×4 H100 apart:node 24h', { isolation: 'node' });
    const alone = change(fleet, { demand: asked });
    const held = lease(fleet, alone, 2).world;
    const other = demand('5×4 H100 1h', { tenant: 'globex' });
    expect(ask(fleet, demand('4×4 H100 1h', { tenant: 'globex' })).kind).toBe('planned');
    expect(ask(held, other).kind).toBe('refused');
    expect(ask(held, demand('2×4 H100 1h', { tenant: 'globex' })).kind).toBe('planned');
    expect(ask(held, demand('3×4 H100 1h', { tenant: 'globex' })).kind).toBe('refused');
  });
});

describe('a held change that is committed after its start', () => {
  test('stands where it gives nothing up, and is paid for since then', () => {
    const held = lease(fleet, larger, 2).world;
    const { decision } = applyChange(held, larger, { atMs: t0 + hourMs });
    expect(decision).toMatchObject({ kind: 'contract-changed', startMs: larger.plan.placement.startMs });
    expect(applyChange(fleet, larger, { atMs: t0 + hourMs }).decision).toMatchObject({ kind: 'refused' });
  });

  test('is stale where it gives something up: that was had until now', () => {
    const smaller = change(fleet, { replicas: { train: 1 } });
    const held = lease(fleet, smaller, 2).world;
    expect(applyChange(held, smaller, { atMs: t0 + 10 * minuteMs }).decision).toMatchObject({
      refusal: { kind: 'plan-stale', changed: ['its start has passed'] },
    });
    expect(applyChange(held, smaller, { atMs: t0 + minuteMs }).decision.kind).toBe('contract-changed');
  });
});

describe('what of changes is not held', () => {
  test('what moves: both places could ask for more power than there is', () => {
    const moved = change(fleet, { avoid: [Path.parse('fra1/h1/r1/n01')] });
    expect(lease(fleet, moved, 1).decision).toMatchObject({
      refusal: { kind: 'not-supported', feature: 'holding a plan that moves what C-101 has' },
    });
  });

  test('a change of another version', () => {
    const changed = applyChange(fleet, larger).world;
    expect(lease(changed, longer, 1).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
  });

  test('a change of a contract that has ended', () => {
    const ended = release(fleet, id).world;
    expect(lease(ended, longer, 1).decision).toMatchObject({ refusal: { kind: 'contract-ended' } });
  });

  test('a plan that preempts', () => {
    const full = take(world('fra1/h1/r1 1×8 H100'), demand('1×8 H100 24h', { guarantee: 'preemptible' }));
    const ends = planned(full, demand('1×8 H100 24h', { tenant: 'globex', mayPreempt: true }));
    expect(lease(full, ends, 1).decision).toMatchObject({
      refusal: { kind: 'not-supported', feature: 'holding a plan that preempts contracts' },
    });
    expect(commit(full, ends).decision.kind).toBe('contract-granted');
  });
});
