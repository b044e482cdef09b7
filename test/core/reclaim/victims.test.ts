import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { givenUp } from '../../../src/core/calendar/holding.ts';
import { check } from '../../../src/core/check.ts';
import { trialOf } from '../../../src/core/life/trial.ts';
import { solve } from '../../../src/core/place/solve.ts';
import { startRange } from '../../../src/core/place/start-range.ts';
import { lossOf } from '../../../src/core/reclaim/loss.ts';
import { endedOf } from '../../../src/core/reclaim/victim.ts';
import { preemptionFor } from '../../../src/core/reclaim/victims.ts';
import { contractOf, type State } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import { identify } from '../../../src/model/plan.ts';
import { ask, commit, planned, take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand, flexible } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { shifted } from '../walk.ts';

const mayPreempt = { mayPreempt: true };

function preempted({ state }: World, wish: Demand, shielded: readonly string[] = []) {
  const range = startRange(wish, t0);
  if (range.kind === 'refused') throw new Error('no start is left');
  const guarded = new Set(shielded.map((id) => ContractId.parse(id)));
  return preemptionFor(state, verdictAll(state, 'allowed'), {
    demand: wish,
    starts: range.starts,
    protected: guarded,
  });
}

function victims(now: World, wish: Demand, shielded: readonly string[] = []): readonly string[] {
  return (
    preempted(now, wish, shielded)
      ?.victims.map(({ contract }) => contract.id)
      .toSorted() ?? []
  );
}

/** Contracts in lines: `preemptible 24h r1/n01 gpu0-3`, in the order of their numbers from C-101 on. */
function holding(fleet: World, ...lines: readonly string[]): World {
  return lines.reduce((before, line) => {
    const [guarantee = '', length = '', ...where] = line.split(' ');
    const hours = length === 'open' ? undefined : Number.parseInt(length, 10);
    const spans = hours === undefined ? {} : { durationS: hours * 3600 };
    const wish = demand('1×1 H100', {
      tenant: 'globex',
      guarantee,
      window: { earliestStartMs: t0, ...spans },
    });
    return granted(before, wish, placement(hours, `train 0 fra1/h1/${where.join(' ')}`));
  }, fleet);
}

describe('whom a demand may end', () => {
  const racks = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 2×8 H100');
  const full = holding(
    racks,
    'preemptible 24h r1/n01 gpu0-7',
    'reserved 24h r1/n02 gpu0-7',
    'preemptible 48h r2/n01 gpu0-7',
    'preemptible 12h r2/n02 gpu0-7',
  );

  test.each([
    ['the least GPU-seconds', '1×8 H100 1h', ['C-104']],
    ['a whole gang, wherever it may be', '2×8 H100 1h', ['C-101', 'C-104']],
    ['a whole gang in one rack, not two halves in two', '2×8 H100 1h together:rack', ['C-103', 'C-104']],
    ['nobody, where reserved contracts stand in the way', '4×8 H100 1h', []],
    ['nobody, where it would be too large in any case', '5×8 H100 1h', []],
  ])('%s', (_, text, expected) => {
    expect(victims(full, demand(text))).toEqual(expected);
  });

  test('nobody for a demand that is preemptible itself', () => {
    expect(victims(full, demand('1×8 H100 1h', { guarantee: 'preemptible' }))).toEqual([]);
  });

  test('not those that somebody shields', () => {
    expect(victims(full, demand('1×8 H100 1h'), ['C-104'])).toEqual(['C-101']);
    expect(victims(full, demand('2×8 H100 1h together:rack'), ['C-104'])).toEqual([]);
  });

  test('fewer contracts before more, the younger before the older, one with an end before one without', () => {
    const node = world('fra1/h1/r1 3×4 H100');
    const split = holding(
      node,
      'preemptible 8h r1/n01 gpu0-1',
      'preemptible 8h r1/n01 gpu2-3',
      'preemptible 8h r1/n02 gpu0-3',
      'preemptible 8h r1/n03 gpu0-3',
    );
    expect(victims(split, demand('1×4 H100 1h'))).toEqual(['C-104']);
    const open = holding(
      node,
      'preemptible open r1/n01 gpu0-3',
      'preemptible 900h r1/n02 gpu0-3',
      'reserved 9h r1/n03 gpu0-3',
    );
    expect(victims(open, demand('1×4 H100 1h'))).toEqual(['C-102']);
  });

  test('nobody, where waiting as long as the demand allows is enough', () => {
    const later = demand('1×8 H100', flexible(1, 12));
    expect(ask(full, { ...later, mayPreempt: true })).toMatchObject({ kind: 'planned' });
    expect(planned(full, { ...later, mayPreempt: true }).plan.preempts).toBeUndefined();
  });

  test('who keeps others out or draws the power, where that is what is missing', () => {
    const alone = world('fra1/h1/r1 2×8 H100', { tenants: [{ id: 'initech' }] });
    const closed = take(
      alone,
      demand('1×1 H100 9h', { tenant: 'globex', guarantee: 'preemptible', isolation: 'rack' }),
    );
    expect(victims(closed, demand('1×1 H100 1h'))).toEqual(['C-101']);
    const powered = world('fra1/h1/r1 2×8 H100 gpuw700 basew800', {
      sites: { fra1: { powerBudgetW: 7000 } },
    });
    const drawn = take(powered, demand('1×8 H100 9h', { tenant: 'globex', guarantee: 'preemptible' }));
    expect(victims(drawn, demand('1×8 H100 1h'))).toEqual(['C-101']);
  });

  test('in a place with more candidates than are tried out, still nobody for nothing', () => {
    const many = holding(
      world('fra1/h1/r1 5×8 H100'),
      ...Array.from(
        { length: 40 },
        (_, at) => `preemptible ${9 + (at % 7)}h r1/n0${1 + (at >> 3)} gpu${at % 8}`,
      ),
    );
    const found = preempted(many, demand('2×8 H100 1h'));
    expect(found?.victims).toHaveLength(16);
    expect(found?.candidates).toHaveLength(40);
    const one = preempted(many, demand('1×8 H100 1h'));
    expect(new Set(one?.victims.map(({ contract: { placement: held } }) => held.members[0]?.node)).size).toBe(
      1,
    );
  });
});

describe('a plan that ends others', () => {
  const busy = holding(
    world('fra1/h1/r1 1×8 H100'),
    'preemptible 24h r1/n01 gpu0-3',
    'preemptible 5h r1/n01 gpu4-7',
  );
  const wish = demand('1×4 H100 1h');

  test('says whom it ends, what they lose and why; without leave it is a refusal that offers it', () => {
    const { plan } = planned(busy, { ...wish, ...mayPreempt });
    expect(plan.preempts).toEqual(['C-102']);
    expect(plan.report.preempts).toEqual([
      {
        contract: 'C-102',
        gpuCount: 4,
        gpuSecondsLost: 72_000,
        why: 'the least loss that makes room, out of 2 preemptible contracts in fra1',
      },
    ]);
    const answer = ask(busy, wish);
    const offers =
      answer.kind === 'refused' && answer.refusal.kind === 'no-capacity' ? answer.refusal.relaxations : [];
    expect(offers.at(-1)).toMatchObject({
      change: 'ends preemptible C-102 (4 GPUs, 5 hours left)',
      demand: { mayPreempt: true },
      startMs: t0,
    });
  });

  test('passes the auditor on the state without them, and only there', () => {
    const { plan, id } = planned(busy, { ...wish, ...mayPreempt });
    const verdict = verdictAll(busy.state, 'allowed');
    const trial = trialOf(busy.state, { id, plan, atMs: t0 });
    expect(check(trial, plan.demand, verdict, plan.placement)).toEqual([]);
    expect(check(busy.state, plan.demand, verdict, plan.placement)).not.toEqual([]);
  });

  test('is granted, and they end when it begins', () => {
    const { world: after, decision } = commit(busy, planned(busy, { ...wish, ...mayPreempt }));
    expect(decision).toMatchObject({ kind: 'contract-granted', contract: 'C-103', preempts: ['C-102'] });
    expect(contractOf(after.state, ContractId.parse('C-102'))).toMatchObject({
      preemptedAtMs: t0,
      preemptedBy: 'C-103',
    });
    expect(victims(after, demand('1×8 H100 1h'))).toEqual([]);
  });

  const onlyOne = ['C-102'];
  test.each([
    ['that the demand does not allow', { demand: wish }, onlyOne, 'preempts: the demand does not allow it'],
    ['twice', {}, ['C-102', 'C-102'], 'it preempts a contract twice'],
    ['that nobody has', {}, ['C-102', 'C-199'], 'preempts: C-199 does not exist'],
    ['for nothing', {}, ['C-101', 'C-102'], 'preempts: C-101 is not in the way'],
  ])('is refused at commit with an end %s', (_, wrong, ids, note) => {
    const { plan } = planned(busy, { ...wish, ...mayPreempt });
    const forged = { ...plan, ...wrong, preempts: ids.map((id) => ContractId.parse(id)) };
    const { decision } = commit(busy, { kind: 'planned', ...identify(forged), plan: forged });
    const stale =
      decision.kind === 'refused' && decision.refusal.kind === 'plan-stale' ? decision.refusal.changed : [];
    expect(stale).toContain(note);
  });
});

/** The sum of losses and the number of the cheapest sufficient set, found by trying all of them. */
function exhaustive({ fleet, ...state }: State, wish: Demand): { cost: bigint; count: number } | undefined {
  const now: State = { ...state, fleet };
  const range = startRange(wish, t0);
  if (range.kind === 'refused') return undefined;
  const { starts } = range;
  const preemptible = [...now.contracts].filter(({ demand: own }) => own.guarantee === 'preemptible');
  let best: { cost: bigint; count: number } | undefined;
  for (let mask = 1; mask < 2 ** preemptible.length; mask++) {
    const chosen = preemptible.filter((_, at) => (mask >> at) & 1);
    if (!fits(givenUp(now, chosen, starts.earliestMs), wish)) continue;
    const cost = chosen.reduce((sum, one) => sum + lossOf(one, starts.earliestMs), 0n);
    const found = { cost, count: chosen.length };
    if (best === undefined || cost < best.cost || (cost === best.cost && found.count < best.count))
      best = found;
  }
  return best;
}

function fits(state: State, wish: Demand): boolean {
  const range = startRange(wish, t0);
  if (range.kind === 'refused') return false;
  const asked = { demand: wish, starts: range.starts, isTrial: true };
  return solve(state, verdictAll(state, 'allowed'), asked).kind === 'solved';
}

function costOf(chosen: readonly Contract[], fromMs: number): bigint {
  return chosen.reduce((sum, one) => sum + lossOf(one, fromMs), 0n);
}

const shape = tuple(
  constantFrom('1×1', '1×2', '2×1', '2×2', '1×4'),
  constantFrom('', 'together:rack', 'apart:node', 'within:rack', 'link'),
  constantFrom('1h', '6h', ''),
).map((words) => words.filter((word) => word !== '').join(' '));

const tinyFleet = tuple(
  constantFrom(
    'fra1/h1/r1 2×4 H100 nvlink',
    'fra1/h1/r1 1×4 H100 nvlink island2',
    'fra1/h1/r1 2×2 H100 nvlink',
  ),
  constantFrom('fra1/h1/r2 1×4 H100 nvlink', 'fra1/h2/r2 2×2 H100 nvlink', 'ams2/h1/r1 1×4 H100 nvlink'),
);
const holders = tuple(
  ...Array.from({ length: 7 }, () =>
    tuple(shape, constantFrom('preemptible', 'preemptible', 'reserved'), integer({ min: 0, max: 3 })),
  ),
);

type Holder = readonly [text: string, guarantee: string, waitH: number];

/** The fleet once everybody in turn has taken what there was room for. */
function occupied(fleet: World, wishes: readonly Holder[]): World {
  return wishes.reduce((now, [text, guarantee, waitH]) => {
    const wish = shifted(demand(text, { tenant: 'globex', guarantee }), waitH * hourMs);
    return ask(now, wish).kind === 'planned' ? take(now, wish) : now;
  }, fleet);
}

describe('on tiny fleets', { timeout: 120_000 }, () => {
  test('the set is as cheap as the cheapest of all sets, none is reserved, and everyone is needed', () => {
    let found = 0;
    assert(
      property(tinyFleet, holders, shape, integer({ min: 0, max: 8 }), (racks, before, text, hours) => {
        const now = occupied(world(...racks), before);
        const base = demand(text);
        const latest = hours < 6 ? {} : { latestStartMs: t0 + (hours - 5) * hourMs };
        const wish = { ...base, window: { ...base.window, ...latest } };
        if (fits(now.state, wish)) return;
        const answer = preempted(now, wish);
        const best = exhaustive(now.state, wish);
        expect(answer === undefined).toBe(best === undefined);
        if (answer === undefined || best === undefined) return;
        found++;
        const ended = endedOf(answer.victims);
        expect({ cost: costOf(ended, t0), count: answer.victims.length }).toEqual(best);
        expect(ended.every((victim) => victim.demand.guarantee === 'preemptible')).toBe(true);
        for (const victim of ended) {
          const others = ended.filter((other) => other !== victim);
          expect(fits(givenUp(now.state, others, t0), wish)).toBe(false);
        }
      }),
      { seed, numRuns: 300 },
    );
    expect(found).toBeGreaterThan(60);
  });
});

const richFleet = tuple(
  constantFrom(
    'fra1/h1/r1 2×4 H100 nvlink rdma numa2 cpu8 mem64 gpuw700 basew800',
    'fra1/h1/r1 1×4 H100 nvlink island2 cpu4 mem64',
  ),
  constantFrom('fra1/h1/r2 1×4 H100 rdma cpu8 mem16', 'ams2/h1/r1 2×2 A100 nvlink numa2 cpu8 mem64'),
  constantFrom({}, { halls: { 'fra1/h1': { powerBudgetW: 5000 } } }),
);
const richWish = tuple(
  shape,
  constantFrom('', '', 'rdma', 'align:numa', 'cpu2 mem4', '+ load: 2×cpu3 mem2'),
  constantFrom<object>(
    {},
    {},
    { isolation: 'node' },
    { isolation: 'rack' },
    { survive: { loss: 'node', membersLeft: 1 } },
    { powerCapW: 2500 },
    { objective: 'soonest' },
  ),
).map(([text, more, extra]) => demand(`${text} ${more}`.trim(), extra));

describe('on fleets where more than GPUs is scarce', { timeout: 120_000 }, () => {
  test('a plan that ends others passes both audits, and the offer in a refusal gives such a plan', () => {
    const counted = { plans: 0, offers: 0, needless: 0 };
    assert(
      property(richFleet, holders, richWish, (fleet, before, wish) => {
        const now = occupied(world(...fleet), before);
        const refused = ask(now, wish);
        const answer = ask(now, { ...wish, ...mayPreempt });
        if (answer.kind === 'refused') return;
        const { plan } = answer;
        if (refused.kind === 'planned') {
          if (plan.preempts !== undefined) counted.needless++;
          return;
        }
        counted.plans++;
        const trial = trialOf(now.state, { id: answer.id, plan, atMs: t0 });
        expect(check(trial, plan.demand, plan.verdict, plan.placement)).toEqual([]);
        expect(commit(now, answer).decision.kind).toBe('contract-granted');
        const offers = refused.refusal.kind === 'no-capacity' ? refused.refusal.relaxations : [];
        for (const offer of offers.filter(({ demand: own }) => own.mayPreempt === true)) {
          counted.offers++;
          const again = ask(now, offer.demand);
          expect(again.kind === 'planned' ? again.plan.placement.startMs : again.refusal).toBe(offer.startMs);
        }
      }),
      { seed, numRuns: 300 },
    );
    expect(counted.plans).toBeGreaterThan(60);
    expect(counted.offers).toBe(counted.plans);
    expect(counted.needless).toBe(0);
  });
});
