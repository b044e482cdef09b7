import { assert, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { contractOf } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { planIdOf, type ContractId, ContractId as ContractIdSchema, PlanId } from '../../../src/model/id.ts';
import type { Member } from '../../../src/model/placement.ts';
import { dayMs } from '../../../src/model/unit.ts';
import { act, ask, commit, planned, release, take } from '../acts.ts';
import { demands, fleets, seed, steps } from '../arbitrary.ts';
import { demand, flexible } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { type Details, hourMs, observe, t0, verdictAll, world } from '../fleet.ts';
import { shifted, walk } from '../walk.ts';

const c101 = ContractIdSchema.parse('C-101');
const fleet = world(
  'fra1/h1/r1 2×8 H100 nvlink rdma cpu128 mem1024',
  'ams2/h1/a1 2×8 H100 nvlink rdma cpu128 mem1024',
  { sites: { fra1: { gpuPrices: { H100: 2_000_000 } }, ams2: { gpuPrices: { H100: 3_000_000 } } } },
);
const wish = demand('1×8 H100 nvlink 24h');

describe('committing a plan', () => {
  test('grants exactly what was planned, under the next number', () => {
    const answer = planned(fleet, wish);
    const { world: after, decision } = commit(fleet, answer);
    expect(decision).toEqual({
      kind: 'contract-granted',
      contract: 'C-101',
      plan: answer.id,
      startMs: t0,
      endMs: t0 + 24 * hourMs,
      totalMicroEur: 8 * 24 * 2_000_000,
    });
    expect(contractOf(after.state, c101)).toMatchObject({
      demand: answer.plan.demand,
      placement: answer.plan.placement,
      price: answer.plan.price,
      state: 'granted',
      version: 1,
    });
  });

  test('commits that do not touch a plan leave it committable', () => {
    const mine = planned(fleet, wish);
    const elsewhere = take(fleet, demand('2×8 H100 24h', { tenant: 'globex', where: ['ams2'] }));
    const beside = take(elsewhere, demand('1×8 H100 24h', { where: ['fra1/h1/r1/n02'] }));
    expect(commit(beside, mine).decision.kind).toBe('contract-granted');
  });

  test('a commit that takes its devices makes a plan stale, and says which and by whom', () => {
    const mine = planned(fleet, wish);
    const taken = take(fleet, demand('1×1 H100 24h', { where: [mine.plan.placement.members[0]?.node] }));
    const { decision, world: after } = commit(taken, mine);
    expect(decision).toMatchObject({ kind: 'refused', refusal: { kind: 'plan-stale', plan: mine.id } });
    expect(JSON.stringify(decision)).toContain('fra1/h1/r1/n01/gpu0 is held by C-101');
    expect(after.state.contracts.size).toBe(1);
  });

  test.each([
    ['the node goes down', 'hwloc', fact('node', 'fra1/h1/r1/n01', { health: 'down' })],
    ['a GPU goes down', 'hwloc', fact('gpu', 'fra1/h1/r1/n01/gpu3', { health: 'down' })],
    ['the price rises', 'inventory', fact('site', 'fra1', { gpuPrices: { H100: 2_000_001 } })],
  ] as const)('a plan is stale when %s', (_, source, news) => {
    const mine = planned(fleet, demand('1×8 H100 24h', { where: ['fra1/h1/r1/n01'] }));
    const changed = observe(fleet, [news], { source });
    expect(commit(changed, mine).decision).toMatchObject({ refusal: { kind: 'plan-stale' } });
  });

  test('a plan is stale when the rules no longer allow its site', () => {
    const mine = planned(fleet, wish);
    const verdict = verdictAll(fleet.state, 'allowed', { fra1: 'forbidden' });
    expect(commit(fleet, mine, { verdict }).decision).toMatchObject({
      refusal: { kind: 'plan-stale', changed: ['policy: fra1: forbidden'] },
    });
  });

  test('a plan can be committed until it expires, and not at that instant', () => {
    const mine = planned(fleet, demand('1×8 H100', { window: { earliestStartMs: t0 + dayMs } }));
    const { expiresAtMs } = mine.plan;
    expect(expiresAtMs).toBeGreaterThan(t0);
    expect(commit(fleet, mine, { atMs: expiresAtMs - 1 }).decision.kind).toBe('contract-granted');
    expect(commit(fleet, mine, { atMs: expiresAtMs }).decision).toMatchObject({
      refusal: { kind: 'plan-expired', plan: mine.id, expiredAtMs: expiresAtMs },
    });
  });

  test('the same plan cannot be committed twice, not even after its contract was released', () => {
    const mine = planned(fleet, wish);
    const once = commit(fleet, mine).world;
    const twice = commit(once, mine).decision;
    expect(twice).toMatchObject({
      refusal: { kind: 'plan-stale', changed: ['it was already committed as C-101'] },
    });
    const freed = release(once, c101).world;
    expect(commit(freed, mine).decision.kind).toBe('refused');
  });

  test('a handle that is not the plan’s is refused', () => {
    const mine = planned(fleet, wish);
    fleet.archive.keepPlan(mine.plan);
    const other = PlanId.parse('plan-0000000000000000');
    const { decision } = act(fleet, { kind: 'commit-plan', plan: other, planDigest: mine.digest });
    expect(planIdOf(mine.digest)).toBe(mine.id);
    expect(decision.kind).toBe('refused');
  });

  test('a plan beyond its own budget is refused, whoever made it', () => {
    const { plan } = planned(fleet, wish);
    const forged = { ...plan, demand: { ...plan.demand, budget: { totalMicroEur: 1 } } };
    const planDigest = fleet.archive.keepPlan(forged);
    const { decision } = act(fleet, { kind: 'commit-plan', plan: planIdOf(planDigest), planDigest });
    expect(decision.kind).toBe('refused');
  });
});

describe('releasing a contract', () => {
  const held = take(fleet, wish);
  test('frees what it held from that instant on, and charges for started seconds', () => {
    const atMs = t0 + hourMs;
    const { decision, world: after } = release(held, c101, { atMs });
    expect(decision).toEqual({
      kind: 'contract-released',
      contract: 'C-101',
      atMs,
      usedMicroEur: 8 * 2_000_000,
    });
    const window = { earliestStartMs: atMs, durationS: 3600 };
    const both = demand('2×8 H100', { where: ['fra1'], window });
    expect(ask(held, both, { atMs }).kind).toBe('refused');
    expect(ask(after, both, { atMs }).kind).toBe('planned');
  });

  test('before its start frees all of it and costs nothing', () => {
    const later = take(
      fleet,
      demand('1×8 H100', { window: { earliestStartMs: t0 + hourMs, durationS: 3600 } }),
    );
    const { decision, world: after } = release(later, c101);
    expect(decision).toMatchObject({ kind: 'contract-released', usedMicroEur: 0 });
    expect(after.state.calendar.flat()).toEqual([]);
  });

  test.each([
    ['one that never was', 'C-900', t0, {}, 'contract-unknown'],
    ['one that has ended', 'C-101', t0 + 24 * hourMs, {}, 'contract-ended'],
    ['another version than expected', 'C-101', t0, { expectedVersion: 2 }, 'version-conflict'],
  ] as const)('%s is refused', (_, id, atMs, more, kind) => {
    const contract: ContractId = ContractIdSchema.parse(id);
    const { decision } = act(held, { kind: 'release-contract', contract, ...more }, { atMs });
    expect(decision).toMatchObject({ kind: 'refused', refusal: { kind } });
  });

  test('twice is refused the second time', () => {
    const once = release(held, c101).world;
    expect(release(once, c101).decision).toMatchObject({ refusal: { kind: 'contract-ended' } });
  });
});

test('a plan that waits for room starts when others end, and can be committed meanwhile', () => {
  const full = take(fleet, demand('2×8 H100 5h', { where: ['fra1'] }));
  const waiting = planned(full, demand('2×8 H100', { where: ['fra1'], ...flexible(2, 12) }));
  expect(waiting.plan.placement.startMs).toBe(t0 + 5 * hourMs);
  expect(commit(full, waiting).decision.kind).toBe('contract-granted');
});

test(
  'a plan can be committed whatever is committed in other racks meanwhile, where racks share nothing',
  { timeout: 60_000 },
  () => {
    let compared = 0;
    assert(
      property(tuple(fleets, steps, demands, demands), ([drawn, todo, one, two]) => {
        const { world: now, atMs } = walk(world(...drawn.map(sharingNothing)), todo);
        const first = ask(now, inRacks(shifted(one, atMs - t0)), { atMs });
        const second = ask(now, inRacks(shifted(two, atMs - t0)), { atMs });
        if (first.kind === 'refused' || second.kind === 'refused') return;
        const racks = new Set(second.plan.placement.members.map(rackOf));
        if (first.plan.placement.members.some((member) => racks.has(rackOf(member)))) return;
        compared++;
        const between = commit(now, second, { atMs });
        const after = commit(between.world, first, { atMs });
        expect([between.decision.kind, after.decision.kind]).toEqual([
          'contract-granted',
          'contract-granted',
        ]);
      }),
      { seed, numRuns: 250 },
    );
    expect(compared).toBeGreaterThan(10);
  },
);

/** Without limits on loops, halls and sites. */
function sharingNothing(line: string | Details): string | Details {
  return typeof line === 'string' ? line : { ...line, loops: {}, halls: {}, sites: {} };
}

/** Alone in a rack at most. */
function inRacks(asked: Demand): Demand {
  return asked.isolation === 'site' ? { ...asked, isolation: 'rack' } : asked;
}

function rackOf({ node }: Member): string {
  return node.slice(0, node.lastIndexOf('/'));
}
