import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { MaintenanceId, Path } from '../../../src/model/id.ts';
import { act, ask, commit, lease, planned, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, verdictAll, world, type World } from '../fleet.ts';

const fleet = world('fra1/h1/r1 2×8 H100 cpu128 mem1024', 'fra1/h1/r2 1×8 H100 cpu128 mem1024');
const mw1 = MaintenanceId.parse('MW-1');

function close(before: World, place: string, fromH: number, toH: number) {
  const [fromMs, toMs] = [t0 + fromH * hourMs, t0 + toH * hourMs];
  return act(before, {
    kind: 'start-maintenance',
    place: Path.parse(place),
    fromMs,
    toMs,
    reason: 'new firmware',
  });
}

const closed = close(fleet, 'fra1/h1/r1', 10, 20).world;

describe('a maintenance window', () => {
  test('closes every node of its place to everybody, and no other', () => {
    const during = { window: { earliestStartMs: t0 + 10 * hourMs, durationS: 3600 } };
    const asked = (text: string, more: object) => ask(closed, demand(text, { ...during, ...more })).kind;
    expect(asked('1×8 H100', { where: ['fra1/h1/r1'] })).toBe('refused');
    expect(asked('1×cpu1', { where: ['fra1/h1/r1/n01'] })).toBe('refused');
    expect(asked('1×cpu0', { where: ['fra1/h1/r1/n01'] })).toBe('refused');
    expect(asked('1×8 H100', { where: ['fra1/h1/r2'] })).toBe('planned');
  });

  test.each([
    ['ends when it begins', 9, 1, 'planned'],
    ['reaches into it', 9, 2, 'refused'],
    ['begins in it', 19, 2, 'refused'],
    ['begins when it ends', 20, 2, 'planned'],
    ['spans it', 5, 30, 'refused'],
  ] as const)('what %s: %s h + %s h', (_, fromH, hours, kind) => {
    const window = { earliestStartMs: t0 + fromH * hourMs, durationS: hours * 3600 };
    expect(ask(closed, demand('1×8 H100', { where: ['fra1/h1/r1/n01'], window })).kind).toBe(kind);
  });

  test('a demand that can wait starts when it is over', () => {
    const wish = demand('1×8 H100', { where: ['fra1/h1/r1/n01'], ...flexible(12, 48) });
    expect(planned(closed, wish).plan.placement.startMs).toBe(t0 + 20 * hourMs);
  });

  test('belongs to no tenant: whoever wants to be alone in the rack may be, beside it', () => {
    const one = close(fleet, 'fra1/h1/r1/n01', 0, 20).world;
    const alone = demand('1×8 H100 5h', { where: ['fra1/h1/r1'], isolation: 'rack' });
    expect(planned(one, alone).plan.placement.members[0]?.node).toBe('fra1/h1/r1/n02');
  });

  test('makes a plan stale that was made before, and the auditor says why', () => {
    const where = { where: ['fra1/h1/r1'] };
    const mine = planned(fleet, demand('1×8 H100 24h', where));
    expect(commit(closed, mine).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
    const verdict = verdictAll(closed.state, 'allowed');
    const found = check(closed.state, mine.plan.demand, verdict, mine.plan.placement);
    expect(found.map(({ constraint }) => constraint)).toContain('maintenance');
  });

  test('is caught by the auditor even for a replica that holds nothing that is counted', () => {
    const { plan } = planned(fleet, demand('1×cpu0 24h', { where: ['fra1/h1/r1'] }));
    const found = check(closed.state, plan.demand, verdictAll(closed.state, 'allowed'), plan.placement);
    expect(found.map(({ constraint }) => constraint)).toEqual(['maintenance']);
  });

  test('closes nodes that are found in its place later', () => {
    const seen = observe(closed, [fact('node', 'fra1/h1/r1/n09', {})], {
      source: 'hwloc',
    });
    const closedNodes = seen.state.fleet.nodes.filter(
      ({ index }) => seen.state.calendar[index]?.length === 1,
    );
    expect(closedNodes.map(({ id }) => id)).toEqual(['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'fra1/h1/r1/n09']);
  });
});

describe('a window is refused', () => {
  const busy = take(fleet, demand('1×1 H100 24h', { where: ['fra1/h1/r1/n02'] }));
  test('with the contracts and times in its way', () => {
    expect(close(busy, 'fra1/h1', 10, 20).decision).toEqual({
      kind: 'refused',
      refusal: {
        kind: 'place-in-use',
        place: 'fra1/h1',
        fromMs: t0 + 10 * hourMs,
        toMs: t0 + 20 * hourMs,
        holders: [{ holder: 'C-101', fromMs: t0, toMs: t0 + 24 * hourMs }],
        holderCount: 1,
      },
    });
  });

  test.each([
    ['the node beside', 'fra1/h1/r1/n01', 10, 20, 'maintenance-scheduled'],
    ['after the contract', 'fra1/h1/r1', 24, 25, 'maintenance-scheduled'],
    ['one hour of it', 'fra1/h1/r1', 23, 25, 'refused'],
    ['no place', 'fra1/h9', 1, 2, 'refused'],
    ['backwards', 'fra1/h1/r2', 2, 1, 'refused'],
    ['no time', 'fra1/h1/r2', 2, 2, 'refused'],
    ['the past', 'fra1/h1/r2', -1, 1, 'refused'],
  ] as const)('%s', (_, place, fromH, toH, kind) => {
    expect(close(busy, place, fromH, toH).decision.kind).toBe(kind);
  });

  test('when a held plan or another window is in its way', () => {
    const offer = planned(fleet, demand('1×8 H100 24h', { where: ['fra1/h1/r2'] }));
    const held = lease(fleet, offer, 2).world;
    expect(JSON.stringify(close(held, 'fra1', 1, 2).decision)).toContain(offer.id);
    expect(JSON.stringify(close(closed, 'fra1', 15, 25).decision)).toContain('MW-1');
  });
});

describe('cancelling a window', () => {
  test('opens the place at once, and keeps what has been', () => {
    const cancelled = act(closed, { kind: 'cancel-maintenance', id: mw1 }, { atMs: t0 + 12 * hourMs });
    expect(cancelled.decision).toEqual({ kind: 'maintenance-cancelled', id: mw1, atMs: t0 + 12 * hourMs });
    const spans = cancelled.world.state.calendar.flat().map(({ startMs, endMs }) => [startMs, endMs]);
    expect(spans).toEqual([
      [t0 + 10 * hourMs, t0 + 12 * hourMs],
      [t0 + 10 * hourMs, t0 + 12 * hourMs],
    ]);
    const after = observe(cancelled.world, [fact('node', 'fra1/h1/r1/n01', { health: 'healthy' })], {
      source: 'hwloc',
    });
    expect(after.state.calendar).toEqual(cancelled.world.state.calendar);
  });

  test('before it begins leaves nothing of it, and its number is not used again', () => {
    const none = act(closed, { kind: 'cancel-maintenance', id: mw1 }).world;
    expect(none.state.calendar.flat()).toEqual([]);
    expect(close(none, 'fra1/h1/r2', 1, 2).decision).toMatchObject({ id: 'MW-2', nodeCount: 1 });
  });

  test.each([
    ['an unknown one', 'MW-7', 0, 'maintenance-unknown'],
    ['one that is over', 'MW-1', 20, 'maintenance-ended'],
  ] as const)('%s is refused', (_, id, atH, kind) => {
    const command = { kind: 'cancel-maintenance', id: MaintenanceId.parse(id) } as const;
    expect(act(closed, command, { atMs: t0 + atH * hourMs }).decision).toMatchObject({ refusal: { kind } });
  });

  test('twice is refused the second time', () => {
    const none = act(closed, { kind: 'cancel-maintenance', id: mw1 }).world;
    expect(act(none, { kind: 'cancel-maintenance', id: mw1 }).decision).toMatchObject({
      refusal: { kind: 'maintenance-ended', endedAtMs: t0 },
    });
  });
});
