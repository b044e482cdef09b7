import { assert, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { nextContract } from '../../src/core/state.ts';
import type { Demand } from '../../src/model/demand.ts';
import type { PlanAnswer } from '../../src/model/plan.ts';
import { ask, commit, release } from './acts.ts';
import { demands, fleets, seed } from './arbitrary.ts';
import { type Details, t0, type World, world } from './fleet.ts';

type Fleet = readonly (string | Details)[];

/** A fleet with some demands already served, so that there is something in the way. */
function busy(fleet: Fleet, before: readonly Demand[]): World {
  let now = world(...fleet);
  for (const wish of before) {
    const answer = ask(now, wish);
    if (answer.kind === 'planned') now = commit(now, answer).world;
  }
  return now;
}

/** The fleet with every path in it renamed. */
function renamed(fleet: Fleet, name: (text: string) => string): Fleet {
  return fleet.map((line) => (typeof line === 'string' ? name(line) : renamedDetails(line, name)));
}

function renamedDetails(details: Details, name: (text: string) => string): Details {
  const places = (sets: Readonly<Record<string, object>> = {}) =>
    Object.fromEntries(
      Object.entries(sets).map(([path, set]) => {
        const { loop } = { loop: undefined, ...set };
        return [name(path), typeof loop === 'string' ? { ...set, loop: name(loop) } : set];
      }),
    );
  const { sites, halls, loops, racks, nodes, gpus } = details;
  return {
    sites: places(sites),
    halls: places(halls),
    loops: places(loops),
    racks: places(racks),
    nodes: places(nodes),
    gpus: places(gpus),
  };
}

/** New words for sites and racks, found by the whole word. */
function naming(words: Readonly<Record<string, string>>): (text: string) => string {
  const pattern = new RegExp(`\\b(?:${Object.keys(words).join('|')})\\b`, 'g');
  return (text) => text.replaceAll(pattern, (word) => words[word] ?? word);
}

function placementOf(answer: PlanAnswer): unknown {
  return answer.kind === 'planned'
    ? { ...answer.plan.placement, price: answer.plan.price.totalMicroEur }
    : answer.kind;
}

const four = tuple(demands, demands, demands, demands);

describe('what must not matter', { timeout: 120_000 }, () => {
  test('names that keep their order change nothing but the names', () => {
    const name = naming({ ams2: 'bbb', edge: 'ccc', fra1: 'ddd', r1: 's1', r2: 's2', r3: 's3', a1: 'q1' });
    let plans = 0;
    assert(
      property(fleets, four, (fleet, [one, two, three, wish]) => {
        const [old, now] = [fleet, renamed(fleet, name)].map((lines) =>
          ask(busy(lines, [one, two, three]), wish),
        );
        if (old === undefined || now === undefined) throw new Error('nothing was asked');
        plans += Number(old.kind === 'planned');
        expect(JSON.stringify(placementOf(now))).toBe(name(JSON.stringify(placementOf(old))));
      }),
      { seed, numRuns: 150 },
    );
    expect(plans).toBeGreaterThan(30);
  });

  test('names in another order leave what fits into an empty fleet as it is', () => {
    const name = naming({ ams2: 'zzz', edge: 'yyy', fra1: 'aaa', r1: 't9', r2: 's8', r3: 'b7', a1: 'c1' });
    let plans = 0;
    assert(
      property(fleets, demands, (fleet, wish) => {
        const old = ask(world(...fleet), wish);
        plans += Number(old.kind === 'planned');
        expect(ask(world(...renamed(fleet, name)), wish).kind).toBe(old.kind);
      }),
      { seed, numRuns: 250 },
    );
    expect(plans).toBeGreaterThan(60);
  });

  test('a node that is of no use to anybody changes no plan', () => {
    let plans = 0;
    assert(
      property(fleets, four, (fleet, [one, two, three, wish]) => {
        const old = ask(busy(fleet, [one, two, three]), wish);
        if (old.kind === 'refused') return;
        plans++;
        const more = ask(busy([...fleet, 'fra1/h9/zz 1×0'], [one, two, three]), wish);
        expect(placementOf(more)).toEqual(placementOf(old));
      }),
      { seed, numRuns: 150 },
    );
    expect(plans).toBeGreaterThan(30);
  });

  test('every rack twice never turns a yes into a no', () => {
    let plans = 0;
    assert(
      property(fleets, four, (fleet, [one, two, three, wish]) => {
        const now = busy(fleet, [one, two, three]);
        if (ask(now, wish).kind === 'refused') return;
        plans++;
        const twins = fleet.flatMap((line) => (typeof line === 'string' ? [line.replace(' ', 'b ')] : []));
        const larger = busy([...fleet, ...twins], []);
        let grown = larger;
        for (const contract of now.state.contracts) {
          const { demand, placement } = contract;
          const where = [...new Set(placement.members.map(({ node }) => node))];
          const again = ask(grown, {
            ...demand,
            where,
            window: { ...demand.window, earliestStartMs: placement.startMs },
          });
          if (again.kind === 'planned') grown = commit(grown, again).world;
        }
        expect(ask(grown, wish).kind).toBe('planned');
      }),
      { seed, numRuns: 150 },
    );
    expect(plans).toBeGreaterThan(30);
  });

  test('what is released is free again, exactly', () => {
    let grants = 0;
    assert(
      property(fleets, four, (fleet, [one, two, three, wish]) => {
        const before = busy(fleet, [one, two]);
        const answer = ask(before, three);
        if (answer.kind === 'refused') return;
        grants++;
        const id = nextContract(before.state);
        const after = release(commit(before, answer).world, id, { atMs: t0 }).world;
        expect(after.state.calendar).toEqual(before.state.calendar);
        expect(placementOf(ask(after, wish))).toEqual(placementOf(ask(before, wish)));
      }),
      { seed, numRuns: 120 },
    );
    expect(grants).toBeGreaterThan(30);
  });
});
