import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { check } from '../../../src/core/check.ts';
import { planChangeTo } from '../../../src/core/life/change.ts';
import { replan } from '../../../src/core/life/replan.ts';
import { movesAsPlans } from '../../../src/core/reclaim/offers.ts';
import { canonicalJson } from '../../../src/model/canonical.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { type ContractId, Path } from '../../../src/model/id.ts';
import { type Member, seatsOf } from '../../../src/model/placement.ts';
import { identify, Plan } from '../../../src/model/plan.ts';
import { applyChange, take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';

const rules = (state: World['state']) => verdictAll(state, 'allowed');
const given = { atMs: t0 + hourMs, judge: rules };

/** The contract of a number, with some of its seats on other nodes: `train 0` to `n03`. */
function moved(
  now: World,
  id: string,
  goals: Readonly<Record<string, string>>,
): { contract: ContractId; seats: Member[] } {
  const contract = contractOf(now, id);
  const seats = seatsOf(contract.placement).map((seat) => {
    const node = goals[`${seat.part} ${seat.replica}`];
    return node === undefined ? seat : { ...seat, node: Path.parse(`fra1/h1/r1/${node}`) };
  });
  return { contract: contract.id, seats };
}

function contractOf(now: World, id: string): Contract {
  const found = [...now.state.contracts].find((contract) => contract.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

/** Where a contract stands: `train 0 n01:0-3`. */
function stands(now: World, id: string): readonly string[] {
  return seatsOf(contractOf(now, id).placement).map(
    ({ part, replica, node, gpus, slices = [] }) =>
      `${part} ${replica} ${node.slice(-3)}:${[...gpus, ...slices.map(({ gpu }) => `${gpu}s`)].join()}`,
  );
}

function commitAll(before: World, plans: readonly (Plan | undefined)[]): World {
  return plans.reduce<World>((now, plan) => {
    if (plan === undefined) return now;
    const { world: after, decision } = applyChange(
      now,
      { kind: 'planned', ...identify(plan), plan },
      { atMs: given.atMs },
    );
    expect(decision.kind).toBe('contract-changed');
    return after;
  }, before);
}

const four = world('fra1/h1/r1 4×4 H100 nvlink rdma numa2 cpu32 mem64');

describe('moves as plans', () => {
  test('one that holds as things stand moves only what it names', () => {
    const now = take(take(four, demand('2×2 H100 24h')), demand('1×2 H100 24h', { tenant: 'globex' }));
    const [offer] = movesAsPlans(now.state, [moved(now, 'C-101', { 'train 1': 'n03' })], given);
    const after = commitAll(now, [offer?.plan]);
    expect(stands(now, 'C-101')).toEqual(['train 0 n01:0,1', 'train 1 n01:2,3']);
    expect(stands(after, 'C-101')).toEqual(['train 0 n01:0,1', 'train 1 n03:2,3']);
    expect(contractOf(after, 'C-101')).toMatchObject({
      version: 2,
      demand: { window: { durationS: 23 * 3600 } },
    });
    expect(offer?.plan?.changes).toMatchObject({
      contract: 'C-101',
      version: 1,
      moves: [{ part: 'train', replica: 1, node: 'fra1/h1/r1/n03', gpus: [2, 3] }],
    });
    expect(offer?.plan?.report.sites[0]?.why).toBe('it stays where it is: 1 stays, 1 moves');
  });

  test('is what its schema says, and a replay makes it again', () => {
    const now = take(four, demand('2×1 H100 rdma align:numa 24h'));
    const [offer] = movesAsPlans(now.state, [moved(now, 'C-101', { 'train 0': 'n02' })], given);
    if (offer?.plan === undefined) throw new Error('it moves');
    expect(Plan.parse(offer.plan)).toEqual(offer.plan);
    const again = replan(now.state, { atMs: given.atMs, verdict: rules(now.state) }, offer.plan);
    expect(canonicalJson(again)).toBe(
      canonicalJson({ kind: 'planned', ...identify(offer.plan), plan: offer.plan }),
    );
  });

  test('follow each other: what the first leaves is not taken into account, what it takes is', () => {
    const now = ['1×4 H100 24h', '1×4 H100 24h', '1×4 H100 24h'].reduce(
      (before, text) => take(before, demand(text)),
      four,
    );
    const offers = movesAsPlans(
      now.state,
      [
        moved(now, 'C-101', { 'train 0': 'n04' }),
        moved(now, 'C-102', { 'train 0': 'n01' }),
        moved(now, 'C-103', { 'train 0': 'n04' }),
      ],
      given,
    );
    expect(offers.map(({ plan }) => plan !== undefined)).toEqual([true, false, false]);
    const after = commitAll(
      now,
      offers.map(({ plan }) => plan),
    );
    const [second] = movesAsPlans(after.state, [moved(after, 'C-102', { 'train 0': 'n01' })], given);
    expect(stands(commitAll(after, [second?.plan]), 'C-102')).toEqual(['train 0 n01:0,1,2,3']);
  });

  test.each([
    ['what keeps together', '2×2 H100 together:node 24h', { 'train 0': 'n02' }, false],
    [
      'what keeps together, all of it',
      '2×2 H100 together:node 24h',
      { 'train 0': 'n02', 'train 1': 'n02' },
      true,
    ],
    ['what keeps apart', '2×2 H100 apart:node 24h', { 'train 0': 'n02' }, false],
    ['what keeps apart, both', '2×2 H100 apart:node 24h', { 'train 0': 'n03', 'train 1': 'n04' }, true],
    ['under one NUMA node', '2×1 H100 within:numa 24h', { 'train 0': 'n02' }, false],
    ['under one NUMA node, both', '2×1 H100 within:numa 24h', { 'train 0': 'n02', 'train 1': 'n02' }, true],
    ['slices', '2×1 share:500 24h', { 'train 0': 'n02' }, true],
    ['slices with a NIC', '1×1 share:500 rdma align:numa 24h', { 'train 0': 'n03' }, true],
    ['CPU parts', '1×1 H100 + load: 1×cpu4 24h', { 'load 0': 'n03' }, true],
    ['where it was already', '1×1 H100 24h', { 'train 0': 'n01' }, false],
    ['to a node that is not there', '1×1 H100 24h', { 'train 0': 'n09' }, false],
  ])('of %s: %s to %j', (_, text, goals, isOffered) => {
    const now = take(four, demand(text));
    const [offer] = movesAsPlans(now.state, [moved(now, 'C-101', goals)], given);
    expect(offer?.plan !== undefined).toBe(isOffered);
    const nodes = stands(commitAll(now, [offer?.plan]), 'C-101');
    for (const [seat, node] of Object.entries(goals))
      expect(nodes.some((line) => line.startsWith(`${seat} ${node}:`))).toBe(isOffered || node === 'n01');
  });

  test('of what survives a loss, and of its spare', () => {
    const now = take(four, demand('2×2 H100 24h', { survive: { loss: 'node', membersLeft: 2 } }));
    expect(stands(now, 'C-101')).toEqual(['train 0 n01:0,1', 'train 1 n02:0,1', 'train 2 n03:0,1']);
    const offer = (goals: Readonly<Record<string, string>>) =>
      movesAsPlans(now.state, [moved(now, 'C-101', goals)], given)[0]?.plan;
    expect(offer({ 'train 0': 'n02' })).toBeUndefined();
    expect(offer({ 'train 2': 'n01' })).toBeUndefined();
    expect(stands(commitAll(now, [offer({ 'train 2': 'n04' })]), 'C-101')).toEqual([
      'train 0 n01:0,1',
      'train 1 n02:0,1',
      'train 2 n04:0,1',
    ]);
    expect(stands(commitAll(now, [offer({ 'train 1': 'n04' })]), 'C-101')).toEqual([
      'train 0 n01:0,1',
      'train 1 n04:0,1',
      'train 2 n03:0,1',
    ]);
  });

  test('of what wants to be alone, and beside it', () => {
    const now = take(
      take(four, demand('1×2 H100 24h', { isolation: 'node' })),
      demand('1×2 H100 24h', { tenant: 'globex' }),
    );
    const [onto, free, beside] = [
      [moved(now, 'C-101', { 'train 0': 'n02' })],
      [moved(now, 'C-101', { 'train 0': 'n03' })],
      [moved(now, 'C-102', { 'train 0': 'n01' })],
    ].map((wanted) => movesAsPlans(now.state, wanted, given)[0]?.plan);
    expect([onto, beside]).toEqual([undefined, undefined]);
    expect(stands(commitAll(now, [free]), 'C-101')).toEqual(['train 0 n03:0,1']);
  });

  test('that would cost more are not offered', () => {
    const mixed = world('fra1/h1/r1 1×4 H100', 'fra1/h1/r1 1×4 A100', {
      sites: { fra1: { gpuPrices: { H100: 1, A100: 2 } } },
    });
    const now = take(mixed, demand('1×2 24h'));
    expect(movesAsPlans(now.state, [moved(now, 'C-101', { 'train 0': 'n02' })], given)).toEqual([
      { contract: 'C-101' },
    ]);
  });

  test('of a contract that has ended, or of a seat that it has not, are refused', () => {
    const now = take(four, demand('1×2 H100 1h'));
    const wanted = [moved(now, 'C-101', { 'train 0': 'n02' })];
    expect(movesAsPlans(now.state, wanted, { ...given, atMs: t0 + 2 * hourMs })).toEqual([
      { contract: 'C-101' },
    ]);
    const contract = contractOf(now, 'C-101');
    const answer = planChangeTo(
      now.state,
      { atMs: t0, verdict: rules(now.state) },
      {
        contract: contract.id,
        demand: contract.demand,
        moves: seatsOf(contract.placement).map((seat) => ({ ...seat, replica: 1 })),
      },
    );
    expect(answer).toMatchObject({ kind: 'refused', refusal: { kind: 'no-capacity', conflict: ['moves'] } });
  });

  test('before it begins a contract moves from its start on', () => {
    const window = { earliestStartMs: t0 + 9 * hourMs, durationS: 3600 };
    const now = take(four, demand('1×2 H100', { window }));
    const [offer] = movesAsPlans(now.state, [moved(now, 'C-101', { 'train 0': 'n02' })], given);
    expect(offer?.plan?.placement).toMatchObject({ startMs: t0 + 9 * hourMs, endMs: t0 + 10 * hourMs });
    expect(stands(commitAll(now, [offer?.plan]), 'C-101')).toEqual(['train 0 n02:0,1']);
  });
});

describe('on a busy rack', { timeout: 60_000 }, () => {
  const wish = record({
    text: constantFrom(
      '1×1 H100',
      '1×2 H100',
      '2×1 H100 apart:node',
      '1×1 share:500',
      '2×2 H100 nvlink',
      '1×1 H100 rdma align:numa',
    ),
    tenant: constantFrom('acme', 'globex'),
    isolation: constantFrom('shared', 'shared', 'shared', 'node'),
  });
  const goal = record({
    contract: integer({ min: 0, max: 5 }),
    seat: integer({ min: 0, max: 1 }),
    node: integer({ min: 1, max: 4 }),
  });

  test('whatever moves are wanted, all plans can be committed in their order, and every contract then stands rightly', () => {
    let plans = 0;
    assert(
      property(
        array(wish, { minLength: 2, maxLength: 6 }),
        array(goal, { minLength: 1, maxLength: 5 }),
        (wishes, goals) => {
          const now = wishes.reduce((before, { text, ...more }) => {
            try {
              return take(before, demand(`${text} 24h`, more));
            } catch {
              return before;
            }
          }, four);
          const contracts = [...now.state.contracts];
          const wanted = [...Map.groupBy(goals, ({ contract }) => contract % contracts.length)].flatMap(
            ([at, own]) => {
              const contract = contracts[at];
              if (contract === undefined) return [];
              const names = seatsOf(contract.placement).map(({ part, replica }) => `${part} ${replica}`);
              return [
                moved(
                  now,
                  contract.id,
                  Object.fromEntries(
                    own.map(({ seat, node }) => [names[seat % names.length] ?? '', `n0${node}`]),
                  ),
                ),
              ];
            },
          );
          const offers = movesAsPlans(now.state, wanted, given);
          const after = commitAll(
            now,
            offers.map(({ plan }) => plan),
          );
          plans += offers.filter(({ plan }) => plan !== undefined).length;
          for (const contract of after.state.contracts) {
            const { placement } = contract;
            const window = {
              earliestStartMs: placement.startMs,
              durationS: ((placement.endMs ?? 0) - placement.startMs) / 1000,
            };
            const without = givenUp(after.state, [contract], placement.startMs);
            expect(check(without, { ...contract.demand, window }, rules(after.state), placement)).toEqual([]);
          }
          for (const [at, { plan }] of offers.entries()) {
            if (plan === undefined) continue;
            const [goalOf, found] = [wanted[at]?.seats ?? [], seatsOf(plan.placement)];
            expect(found.map(({ part, replica, node }) => [part, replica, node])).toEqual(
              goalOf.map(({ part, replica, node }) => [part, replica, node]),
            );
          }
        },
      ),
      { seed, numRuns: 120 },
    );
    expect(plans).toBeGreaterThan(60);
  });
});
