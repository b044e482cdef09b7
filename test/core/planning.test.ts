import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Demand, Part } from '../../src/model/demand.ts';
import type { ContractId } from '../../src/model/id.ts';
import type { Refusal } from '../../src/model/refusal.ts';
import { ask, release } from './acts.ts';
import { demands, fleets, seed, type Step, steps } from './arbitrary.ts';
import { fact } from './fleet-text.ts';
import { type Details, hourMs, observe, t0, verdictAll, type World, world } from './fleet.ts';
import { type Run, shifted, walk } from './walk.ts';

const runs = (numRuns: number) => ({ seed, numRuns });

/** A fleet on which people have been at work for a while, and something that is asked of it then. */
const asked = tuple(fleets, steps, demands);

type Asked = Run & { readonly demand: Demand };

function situation([fleet, todo, demand]: [readonly (string | Details)[], readonly Step[], Demand]): Asked {
  const run = walk(world(...fleet), todo);
  return { ...run, demand: shifted(demand, run.atMs - t0) };
}

/** The numbers with which a refusal says what was missing. */
function reasons(refusal: Refusal): readonly unknown[] {
  if (refusal.kind === 'no-capacity')
    return [...refusal.constraints, ...(refusal.nearest === undefined ? [] : [refusal.nearest])];
  if (refusal.kind === 'fact-missing') return refusal.facts.filter(({ subjectCount }) => subjectCount > 0);
  if (refusal.kind === 'not-supported') return [refusal.feature];
  if (refusal.kind === 'demand-impossible') return [refusal.why];
  return refusal.kind === 'model-unknown' ? refusal.asked : [];
}

describe('a plan', { timeout: 60_000 }, () => {
  test('passes the auditor at the state it was made on', () => {
    let plans = 0;
    assert(
      property(asked, (drawn) => {
        const { world: now, atMs, demand } = situation(drawn);
        const answer = ask(now, demand, { atMs });
        if (answer.kind === 'refused') return;
        plans++;
        const found = check(now.state, demand, verdictAll(now.state, 'allowed'), answer.plan.placement);
        expect(found).toEqual([]);
      }),
      runs(250),
    );
    expect(plans).toBeGreaterThan(60);
  });

  test('uses only sites that the rules allow', () => {
    const answers = constantFrom('allowed' as const, 'forbidden' as const, 'fact-missing' as const);
    assert(
      property(asked, answers, answers, (drawn, fra1, ams2) => {
        const { world: now, atMs, demand } = situation(drawn);
        const verdict = verdictAll(now.state, 'allowed', { fra1, ams2 });
        const closed = verdict.sites.filter(({ answer }) => answer !== 'allowed').map(({ site }) => site);
        const answer = ask(now, demand, { atMs, verdict });
        const members = answer.kind === 'planned' ? answer.plan.placement.members : [];
        const used = new Set(members.map(({ node }) => node.split('/', 1).join()));
        expect(closed.filter((site) => used.has(site))).toEqual([]);
      }),
      runs(150),
    );
  });

  test('stays the same when an empty site is added', () => {
    assert(
      property(asked, constantFrom('aaa', 'zzz'), (drawn, name) => {
        const { world: now, atMs, demand } = situation(drawn);
        const before = ask(now, demand, { atMs });
        const after = ask(observe(now, [fact('site', name, { country: 'DE' })]), demand, { atMs });
        expect(after.kind).toBe(before.kind);
        expect(placementOf(after)).toEqual(placementOf(before));
      }),
      runs(100),
    );
  });

  test('does not depend on the order in which facts were told', () => {
    assert(
      property(fleets, demands, integer(), (fleet, demand, salt) => {
        const told = world(...fleet);
        const [observation] = told.entries.flatMap(({ events }) =>
          events.flatMap((event) => (event.kind === 'observation-recorded' ? [event.observation] : [])),
        );
        const facts = observation === undefined ? [] : told.archive.observation(observation).facts;
        const mixed = observe(world(), shuffled(facts, salt));
        expect(mixed.state.fleet).toEqual(told.state.fleet);
        const [a, b] = [ask(told, demand), ask(mixed, demand)];
        expect({ ...b, ...withoutInputs(b) }).toEqual({ ...a, ...withoutInputs(a) });
      }),
      runs(60),
    );
  });

  test('is what it was before, once what came between is released', () => {
    assert(
      property(asked, demands, (drawn, other) => {
        const { demand, ...run } = situation(drawn);
        const between = walk(run.world, [
          { kind: 'take', demand: shifted(other, run.atMs - t0), waitH: 0 },
        ]).world;
        const { size } = run.world.state.contracts;
        const after =
          between.state.contracts.size === size
            ? between
            : release(between, contractAt(between, size), { atMs: run.atMs }).world;
        expect(placementOf(ask(after, demand, run))).toEqual(placementOf(ask(run.world, demand, run)));
      }),
      runs(100),
    );
  });
});

describe('a refusal', { timeout: 60_000 }, () => {
  test('has at least one reason with numbers', () => {
    let refusals = 0;
    assert(
      property(asked, (drawn) => {
        const { world: now, atMs, demand } = situation(drawn);
        const answer = ask(now, demand, { atMs });
        if (answer.kind === 'planned') return;
        refusals++;
        expect(reasons(answer.refusal)).not.toEqual([]);
      }),
      runs(120),
    );
    expect(refusals).toBeGreaterThan(25);
  });

  test('offers only changes that fit when they are asked for, at the start and price it says', () => {
    let offers = 0;
    assert(
      property(asked, (drawn) => {
        const { world: now, atMs, demand } = situation(drawn);
        const answer = ask(now, demand, { atMs });
        if (answer.kind === 'planned' || answer.refusal.kind !== 'no-capacity') return;
        const asItStands = answer.refusal.relaxations.filter(({ moves }) => moves === undefined);
        for (const { demand: relaxed, startMs, totalMicroEur } of asItStands) {
          offers++;
          const again = ask(now, relaxed, { atMs });
          expect(again.kind === 'planned' ? again.plan.placement.startMs : again.refusal).toBe(startMs);
          expect(again.kind === 'planned' ? again.plan.price.totalMicroEur : NaN).toBe(totalMicroEur);
        }
      }),
      runs(150),
    );
    expect(offers).toBeGreaterThan(20);
  });
});

describe('the best answer, compared with every other one', { timeout: 60_000 }, () => {
  test('the soonest start is the first hour at which the demand fits', () => {
    assert(
      property(asked, (drawn) => {
        const { world: now, atMs, demand: wish } = situation(drawn);
        const demand: Demand = { ...wish, objective: 'soonest' };
        const { earliestStartMs, latestStartMs = earliestStartMs, ...window } = demand.window;
        const hours = Array.from(
          { length: (latestStartMs - earliestStartMs) / hourMs + 1 },
          (_, at) => earliestStartMs + at * hourMs,
        );
        const first = hours.find((hour) => {
          const fixed = { ...demand, window: { ...window, earliestStartMs: hour } };
          return ask(now, fixed, { atMs }).kind === 'planned';
        });
        expect(placementOf(ask(now, demand, { atMs }))?.startMs).toBe(first);
      }),
      runs(80),
    );
  });

  test('the cheapest plan costs what the cheapest of all sites and models costs', () => {
    assert(
      property(asked, (drawn) => {
        const { demand, ...run } = situation(drawn);
        const price = hourly(run, { ...demand, objective: 'cheapest' });
        const prices = alternatives(run, demand).map((other) => hourly(run, other));
        expect(price).toBe(Math.min(...prices));
      }),
      runs(80),
    );
  });

  test('a demand with a budget fits whenever some site and model fits within it, whatever is preferred', () => {
    const eur = 1_000_000;
    const limits = integer({ min: 1, max: 20 });
    const objectives = constantFrom('soonest' as const, 'tightest' as const);
    assert(
      property(asked, limits, objectives, (drawn, limit, objective) => {
        const { demand: wish, ...run } = situation(drawn);
        const budget = { microEurPerDay: limit * 24 * eur };
        const demand: Demand = { ...wish, parts: wish.parts.map(anyModel), budget, objective };
        const affordable = alternatives(run, demand).some((other) => hourly(run, other) !== Infinity);
        expect(ask(run.world, demand, run).kind).toBe(affordable ? 'planned' : 'refused');
      }),
      runs(150),
    );
  });
});

/** The same demand for one site and one model of each part at a time. */
function alternatives({ world: { state } }: Run, demand: Demand): readonly Demand[] {
  let ways: readonly Demand[] = [{ ...demand, parts: [] }];
  for (const part of demand.parts) {
    const settled =
      part.each.gpus === undefined ? [part] : state.fleet.models.flatMap((model) => ofModel(part, model));
    ways = ways.flatMap((way) => settled.map((one): Demand => ({ ...way, parts: [...way.parts, one] })));
  }
  return ways.flatMap((way) => state.fleet.sites.map(({ id }): Demand => ({ ...way, where: [id] })));
}

/** The part on this model only, if it would run on it. */
function ofModel(part: Part, model: string): Part[] {
  const { gpus } = part.each;
  if (gpus === undefined || gpus.models?.includes(model) === false) return [];
  return [{ ...part, each: { ...part.each, gpus: { ...gpus, models: [model] } } }];
}

function anyModel(part: Part): Part {
  if (part.each.gpus === undefined) return part;
  const { models: _models, ...gpus } = part.each.gpus;
  return { ...part, each: { ...part.each, gpus } };
}

/** What the plan costs an hour; infinitely much where there is none, or no price. */
function hourly({ world: now, atMs }: Run, demand: Demand): number {
  const answer = ask(now, demand, { atMs });
  return (answer.kind === 'planned' ? answer.plan.price.microEurPerHour : undefined) ?? Infinity;
}

function placementOf(answer: ReturnType<typeof ask>) {
  return answer.kind === 'planned' ? answer.plan.placement : undefined;
}

/** All that an answer says, but for the digests of what it was computed from. */
function withoutInputs(answer: ReturnType<typeof ask>) {
  if (answer.kind === 'refused') return { inputs: undefined };
  return { id: undefined, digest: undefined, plan: { ...answer.plan, inputs: undefined } };
}

function contractAt({ state }: World, at: number): ContractId {
  const contract = state.contracts.at(at);
  if (contract === undefined) throw new RangeError(`no contract ${at}`);
  return contract.id;
}

/** Another order of the same things, decided by a number. */
function shuffled<T>(things: readonly T[], salt: number): T[] {
  const keyed = things.map((thing, at) => ({ thing, key: Math.imul(at + 1, salt | 1) ^ (salt >>> 3) }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ thing }) => thing);
}
