import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { check } from '../../../src/core/check.ts';
import { withShrunk } from '../../../src/core/life/shrink.ts';
import { trialOf } from '../../../src/core/life/trial.ts';
import { solve } from '../../../src/core/place/solve.ts';
import { startRange } from '../../../src/core/place/start-range.ts';
import { lossOf, lossOfSeat } from '../../../src/core/reclaim/loss.ts';
import { verdictOfStay } from '../../../src/core/reclaim/movable.ts';
import { endedOf, shrunkOf, victimLoss } from '../../../src/core/reclaim/victim.ts';
import { preemptionFor } from '../../../src/core/reclaim/victims.ts';
import { applyAll, contractOf, emptyState, type State } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { type Demand, guaranteedCount } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import { identify, type Plan } from '../../../src/model/plan.ts';
import { ask, change, commit, lease, planned, release, take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

const id = (number: number) => ContractId.parse(`C-${number}`);
const mayPreempt = { mayPreempt: true };

function elastic(text: string, least: readonly number[], more: object = {}): Demand {
  const fixed = demand(text, { tenant: 'globex', guarantee: 'elastic', ...more });
  return {
    ...fixed,
    parts: fixed.parts.map((part, at) => {
      const minCount = least[at];
      return minCount === undefined ? part : { ...part, minCount };
    }),
  };
}

/** What a demand takes: `C-101 train 2` for what a contract is left with, `C-102` for one that ends. */
function taken(now: World, wish: Demand): readonly string[] {
  const range = startRange(wish, t0);
  if (range.kind === 'refused') throw new Error('no start is left');
  const verdict = verdictAll(now.state, 'allowed');
  const found = preemptionFor(now.state, verdict, { demand: wish, starts: range.starts });
  if (found === undefined) return ['nothing'];
  return [
    ...endedOf(found.victims).map((contract): string => contract.id),
    ...shrunkOf(found.victims).flatMap(({ contract, left }) =>
      left.map(({ part, count }) => `${contract.id} ${part} ${count}`),
    ),
  ];
}

const onNode = (node: string) => demand('1×4 H100 1h', { where: [`fra1/h1/r1/${node}`] });

const fleet = world('fra1/h1/r1 4×4 H100', {
  sites: { fra1: { gpuPrices: { H100: 1_000_000 } } },
});

describe('extras of an elastic contract', () => {
  const full = take(fleet, elastic('4×4 H100 24h', [1]));

  test.each([
    ['as few as will do, the last first', '1×4 H100 1h', ['C-101 train 3']],
    ['more where it takes more', '2×4 H100 1h', ['C-101 train 2']],
    ['all of them', '3×4 H100 1h', ['C-101 train 1']],
    ['but nothing that is guaranteed', '4×4 H100 1h', ['nothing']],
  ])('are taken: %s', (_, text, expected) => {
    expect(taken(full, demand(text))).toEqual(expected);
  });

  test('of a place that is wanted only with all that have higher numbers', () => {
    const stands = contractOf(full.state, id(101))?.placement.members.map(({ node }) => node.slice(-3));
    expect(stands).toEqual(['n01', 'n02', 'n03', 'n04']);
    expect(taken(full, onNode('n04'))).toEqual(['C-101 train 3']);
    expect(taken(full, onNode('n02'))).toEqual(['C-101 train 1']);
    expect(taken(full, onNode('n01'))).toEqual(['nothing']);
  });

  test('go before a preemptible contract that would lose more, and after one that would lose less', () => {
    const half = take(fleet, elastic('2×4 H100 24h', [1]));
    const dear = take(half, demand('2×4 H100 48h', { tenant: 'globex', guarantee: 'preemptible' }));
    expect(taken(dear, demand('1×4 H100 1h'))).toEqual(['C-101 train 1']);
    const cheap = take(half, demand('2×4 H100 2h', { tenant: 'globex', guarantee: 'preemptible' }));
    expect(taken(cheap, demand('1×4 H100 1h'))).toEqual(['C-102']);
    expect(taken(cheap, demand('3×4 H100 1h'))).toEqual(['C-102', 'C-101 train 1']);
  });

  test('of each part for itself', () => {
    const two = take(fleet, elastic('2×4 H100 24h + eval: 2×4 H100', [1, 2]));
    expect(taken(two, demand('1×4 H100 1h'))).toEqual(['C-101 train 1']);
    expect(taken(two, demand('2×4 H100 1h'))).toEqual(['nothing']);
  });

  test('are not taken for what is preemptible itself, and by an elastic demand only for what it is guaranteed', () => {
    expect(taken(full, demand('1×4 H100 1h', { guarantee: 'preemptible' }))).toEqual(['nothing']);
    expect(taken(full, elastic('3×4 H100 1h', [1]))).toEqual(['C-101 train 3']);
  });

  test('stay where a change of their contract is still to take over', () => {
    const changed = change(full, id(101), {
      demand: {
        ...elastic('4×4 H100 4h', [1]),
        window: { earliestStartMs: t0 + 20 * hourMs, durationS: 4 * 3600 },
      },
    });
    expect(contractOf(changed.state, id(101))?.earlier).toHaveLength(1);
    expect(taken(changed, demand('1×4 H100 1h'))).toEqual(['nothing']);
  });
});

describe('a plan that takes extras', () => {
  const full = take(fleet, elastic('4×4 H100 24h', [1]));
  const wish = { ...demand('1×4 H100 6h'), ...mayPreempt };

  test('says whose, how many, what they lose and why; a refusal offers it', () => {
    const { plan } = planned(full, wish);
    expect(plan.preempts).toBeUndefined();
    expect(plan.shrinks).toEqual([{ contract: 'C-101', left: [{ part: 'train', count: 3 }] }]);
    expect(plan.report.preempts).toEqual([
      {
        contract: 'C-101',
        extras: 1,
        gpuCount: 4,
        gpuSecondsLost: 4 * 86_400,
        why: 'the least loss that makes room, out of 3 extras in fra1',
      },
    ]);
    const answer = ask(full, demand('1×4 H100 6h'));
    const offers =
      answer.kind === 'refused' && answer.refusal.kind === 'no-capacity' ? answer.refusal.relaxations : [];
    expect(offers.at(-1)).toMatchObject({
      change: 'takes 1 extra of elastic C-101 (4 GPUs, 24 hours left)',
      demand: { mayPreempt: true },
    });
  });

  test('is granted, and the contract stands with the rest at the price of the rest', () => {
    const { world: after, decision } = commit(full, planned(full, wish));
    expect(decision).toMatchObject({ kind: 'contract-granted', contract: 'C-102', shrinks: ['C-101'] });
    const rest = contractOf(after.state, id(101));
    expect(rest).toMatchObject({ version: 2, price: { microEurPerHour: 12_000_000, durationS: 86_400 } });
    expect(rest?.placement.members.map(({ replica }) => replica)).toEqual([0, 1, 2]);
    expect(rest?.earlier).toMatchObject([{ version: 1, untilMs: t0 }]);
    expect(rest?.terms.map(({ promise }) => promise)).toContain(
      '8 GPUs on 2 nodes more (train 1 to 2), until a guaranteed contract needs them',
    );
    expect(taken(after, demand('1×4 H100 1h', { where: ['fra1/h1/r1/n04'] }))).toEqual(['nothing']);
  });

  test('takes them from its start on, and up to a second earlier', () => {
    const atMs = t0 + 5 * hourMs + 300;
    const later = { ...wish, window: { earliestStartMs: atMs, durationS: 3600 } };
    const { world: after } = commit(full, planned(full, later, { atMs }), { atMs });
    const rest = contractOf(after.state, id(101));
    expect(rest?.placement).toMatchObject({ startMs: t0 + 5 * hourMs, endMs: t0 + 24 * hourMs });
    expect(rest?.demand.window).toEqual({ earliestStartMs: t0 + 5 * hourMs, durationS: 19 * 3600 });
    const other = after.state.calendar[3]?.map(({ holder, startMs, endMs }) => [
      holder,
      startMs - t0,
      endMs - t0,
    ]);
    expect(other).toContainEqual(['C-101', 0, 5 * hourMs]);
  });

  test('folds to the same state from the same entries', () => {
    const { world: after } = commit(full, planned(full, wish));
    const again = after.entries.reduce(
      (state, { events, stamp }) => applyAll(state, events, stamp, after.archive),
      emptyState,
    );
    expect(again.calendarDigest).toBe(after.state.calendarDigest);
    expect(contractOf(again, id(101))).toEqual(contractOf(after.state, id(101)));
  });

  test('leaves a contract that can be changed, shrunk again and released', () => {
    const once = commit(full, planned(full, wish)).world;
    const twice = commit(once, planned(once, wish)).world;
    expect(contractOf(twice.state, id(101))?.placement.members).toHaveLength(2);
    const gone = release(twice, id(101));
    expect(gone.decision.kind).toBe('contract-released');
    expect(
      gone.world.state.calendar
        .flat()
        .map(({ holder }) => holder)
        .toSorted(),
    ).toEqual(['C-102', 'C-103']);
    const freed = release(once, id(102)).world;
    expect(
      contractOf(change(freed, id(101), { replicas: { train: 4 } }).state, id(101))?.placement.members,
    ).toHaveLength(4);
  });

  const made = planned(full, wish);
  const left = (count: number, part = 'train', contract = 101) => ({
    contract: id(contract),
    left: [{ part, count }],
  });
  test.each<[string, Partial<Plan>, string]>([
    ['what is guaranteed', { shrinks: [left(0)] }, 'shrinks: C-101 keeps 1 replicas of `train`'],
    ['more than is in the way', { shrinks: [left(2)] }, 'shrinks: `train` 2 of C-101 is not in the way'],
    ['what it has not', { shrinks: [left(4)] }, 'shrinks: C-101 has no more than 4 replicas of `train`'],
    ['of a part that there is not', { shrinks: [left(1, 'eval')] }, 'shrinks: C-101 has no part `eval`'],
    ['of nobody', { shrinks: [left(3), left(3, 'train', 199)] }, 'shrinks: C-199 does not exist'],
    ['twice', { shrinks: [left(3), left(3)] }, 'it preempts a contract twice'],
    ['without leave', { demand: demand('1×4 H100 6h') }, 'preempts: the demand does not allow it'],
    ['and ends the contract instead', { shrinks: [], preempts: [id(101)] }, 'preempts: C-101 is elastic'],
  ])('is refused at commit where it takes %s', (_, wrong, note) => {
    const forged = { ...made.plan, ...wrong };
    const { decision } = commit(full, { kind: 'planned', ...identify(forged), plan: forged });
    const stale =
      decision.kind === 'refused' && decision.refusal.kind === 'plan-stale' ? decision.refusal.changed : [];
    expect(stale).toContain(note);
  });

  test('does not shrink what is reserved or preemptible', () => {
    const others = granted(
      granted(
        fleet,
        demand('2×4 H100 9h'),
        placement(9, 'train 0 fra1/h1/r1/n01 gpu0-3', 'train 1 fra1/h1/r1/n02 gpu0-3'),
      ),
      demand('2×4 H100 9h', { guarantee: 'preemptible' }),
      placement(9, 'train 0 fra1/h1/r1/n03 gpu0-3', 'train 1 fra1/h1/r1/n04 gpu0-3'),
    );
    const stay = planned(others, { ...demand('1×4 H100 1h'), ...mayPreempt });
    expect(stay.plan.preempts).toEqual(['C-102']);
    for (const number of [101, 102]) {
      const forged = { ...stay.plan, preempts: [id(102)], shrinks: [left(1, 'train', number)] };
      const { decision } = commit(others, { kind: 'planned', ...identify(forged), plan: forged });
      expect(JSON.stringify(decision)).toContain(
        `shrinks: C-${number} is ${number === 101 ? 'reserved' : 'preemptible'}`,
      );
    }
  });

  test('is not held by a lease', () => {
    const { decision } = lease(full, made, 1);
    expect(decision).toMatchObject({ kind: 'refused', refusal: { kind: 'not-supported' } });
  });
});

describe('what is left of a contract', () => {
  test('holds its flows anew, spread over the members that are left', () => {
    const wired = world('fra1/h1/r1 4×4 H100 nordma');
    const wish = elastic('3×4 H100 + load: 1×4 H100', [1, 1], {
      flows: [{ from: 'train', to: 'load', mbps: 9000 }],
      window: { earliestStartMs: t0, durationS: 36_000 },
    });
    const full = take(wired, wish);
    expect(
      contractOf(full.state, id(101))
        ?.placement.bandwidth?.map(({ mbps }) => mbps)
        .toSorted(),
    ).toEqual([3000, 3000, 3000, 9000]);
    const { world: after } = commit(full, planned(full, { ...demand('1×4 H100 6h'), ...mayPreempt }));
    const rest = contractOf(after.state, id(101));
    expect(rest?.placement.bandwidth?.map(({ mbps }) => mbps).toSorted()).toEqual([4500, 4500, 9000]);
    expect(faultsOfRest(after.state, rest)).toEqual([]);
  });
});

function faultsOfRest(state: State, contract: Contract | undefined) {
  if (contract === undefined) throw new Error('no such contract');
  const without = givenUp(state, [contract], contract.placement.startMs);
  return check(without, contract.demand, verdictOfStay(contract), contract.placement);
}

/** The least loss of all that may be taken together, found by trying every end and every number of extras. */
function exhaustive(now: State, wish: Demand): { cost: bigint; count: number } | undefined {
  const ways = [...now.contracts].map((contract) => waysOf(contract));
  let best: { cost: bigint; count: number } | undefined;
  const tryAll = (at: number, chosen: readonly Way[]): void => {
    const own = ways[at];
    if (own !== undefined) {
      for (const way of own) tryAll(at + 1, [...chosen, way]);
      return;
    }
    const found = chosen.reduce((sum, way) => ({ cost: sum.cost + way.cost, count: sum.count + way.count }), {
      cost: 0n,
      count: 0,
    });
    const isBetter =
      best === undefined || found.cost < best.cost || (found.cost === best.cost && found.count < best.count);
    if (found.count === 0 || !isBetter) return;
    const freed = givenUp(
      now,
      chosen.flatMap(({ ends = [] }) => ends),
      t0,
    );
    const state = withShrunk(
      freed,
      chosen.flatMap(({ shrinks = [] }) => shrinks),
      t0,
    );
    if (state !== undefined && fits(state, wish)) best = found;
  };
  tryAll(0, []);
  return best;
}

type Way = {
  readonly cost: bigint;
  readonly count: number;
  readonly ends?: readonly Contract[];
  readonly shrinks?: readonly { contract: Contract; left: { part: string; count: number }[] }[];
};

/** Of one contract: nothing, its end, or so many of the extras of its first part. */
function waysOf(contract: Contract): readonly Way[] {
  const none = { cost: 0n, count: 0 };
  if (contract.demand.guarantee === 'preemptible')
    return [none, { cost: lossOf(contract, t0), count: 1, ends: [contract] }];
  const [part] = contract.demand.parts;
  if (contract.demand.guarantee !== 'elastic' || part === undefined) return [none];
  const members = contract.placement.members.filter((member) => member.part === part.name);
  const [first] = members;
  const extras = members.length - guaranteedCount(part);
  return Array.from({ length: extras + 1 }, (_, lost) =>
    lost === 0 || first === undefined
      ? none
      : {
          cost: lossOfSeat(contract, first, t0) * BigInt(lost),
          count: lost,
          shrinks: [{ contract, left: [{ part: part.name, count: members.length - lost }] }],
        },
  );
}

function fits(state: State, wish: Demand): boolean {
  const range = startRange(wish, t0);
  if (range.kind === 'refused') return false;
  const asked = { demand: wish, starts: range.starts, isTrial: true };
  return solve(state, verdictAll(state, 'allowed'), asked).kind === 'solved';
}

const tinyFleet = tuple(
  constantFrom('fra1/h1/r1 2×4 H100 nvlink', 'fra1/h1/r1 3×2 H100 nvlink'),
  constantFrom('fra1/h1/r2 1×4 H100 nvlink', 'ams2/h1/r1 1×4 H100 nvlink'),
);
const holder = tuple(
  constantFrom('1×1', '2×1', '2×2', '3×1', '4×1', '3×2', '1×4'),
  constantFrom('', 'apart:node', 'link'),
  constantFrom(1, 5, 9, 30),
  constantFrom('elastic', 'elastic', 'preemptible', 'reserved'),
);
const asked = tuple(
  constantFrom('1×1', '1×2', '2×1', '2×2', '1×4'),
  constantFrom('', 'together:rack', 'apart:node'),
);

describe('on tiny fleets', { timeout: 120_000 }, () => {
  test('what is taken is as cheap as the cheapest of all ways, and all of it is needed', () => {
    const seen = { found: 0, withExtras: 0, mixed: 0 };
    assert(
      property(
        tinyFleet,
        tuple(holder, holder, holder, holder),
        asked,
        integer({ min: 1, max: 9 }),
        (racks, before, text, hours) => {
          const now = before.reduce(
            (on, [size, more, length, guarantee]) => {
              const words = `${size} ${more} ${length}h`.replace(/ +/, ' ');
              const wish =
                guarantee === 'elastic'
                  ? elastic(words, [1])
                  : demand(words, { tenant: 'globex', guarantee });
              return ask(on, wish).kind === 'planned' ? take(on, wish) : on;
            },
            world(...racks),
          );
          const wish = demand(`${text.join(' ')} ${hours}h`.replace(/ +/, ' '));
          if (fits(now.state, wish)) return;
          const verdict = verdictAll(now.state, 'allowed');
          const range = { earliestMs: t0, latestMs: t0 };
          const answer = preemptionFor(now.state, verdict, { demand: wish, starts: range });
          const best = exhaustive(now.state, wish);
          expect(answer === undefined).toBe(best === undefined);
          if (answer === undefined || best === undefined) return;
          const cost = answer.victims.reduce((sum, victim) => sum + victimLoss(victim, t0), 0n);
          expect({ cost, count: answer.victims.length }).toEqual(best);
          seen.found++;
          const [ended, shrunken] = [endedOf(answer.victims).length, shrunkOf(answer.victims).length];
          if (shrunken > 0) seen.withExtras++;
          if (shrunken > 0 && ended > 0) seen.mixed++;
          const made = planned(now, { ...wish, ...mayPreempt });
          const trial = trialOf(now.state, { id: made.id, plan: made.plan, atMs: t0 });
          expect(check(trial, made.plan.demand, verdict, made.plan.placement)).toEqual([]);
          const { world: after, decision } = commit(now, made);
          expect(decision.kind).toBe('contract-granted');
          const standing = [...after.state.contracts].filter((one) => one.preemptedAtMs === undefined);
          expect(standing.flatMap((contract) => faultsOfRest(after.state, contract))).toEqual([]);
        },
      ),
      { seed, numRuns: 400 },
    );
    expect(seen.found).toBeGreaterThan(100);
    expect(seen.withExtras).toBeGreaterThan(60);
    expect(seen.mixed).toBeGreaterThan(5);
  });
});
