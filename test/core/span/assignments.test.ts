import { array, assert, constantFrom, integer, option, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { FleetSite } from '../../../src/core/inventory/fleet.ts';
import { assignmentsOf, type Choice } from '../../../src/core/place/span/assignments.ts';
import { companiesOf, type Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type World, world } from '../fleet.ts';

type Link = readonly [from: string, to: string, mbps: number, latencyMs: number];

/** Sites of one node, joined by some links. */
function fleetOf(sites: readonly string[], links: readonly Link[] = []): World {
  return world(...sites.map((site) => `${site}/r1 1×8 H100`), {
    wanLinks: Object.fromEntries(
      links.map(([from, to, mbps, latencyMs], at) => [`${from}/wan-${at}`, { from, to, mbps, latencyMs }]),
    ),
  });
}

function siteOf({ state }: World, id: string): FleetSite {
  const site = state.fleet.sites.find((one) => one.id === id);
  if (site === undefined) throw new Error(`no site ${id}`);
  return site;
}

/** The companies of a demand, each with its sites, the best first: `b a`. */
function choices(on: World, asked: Demand, ...sites: readonly string[]): readonly Choice[] {
  return companiesOf(asked).map((parts, at) => ({
    parts,
    sites: (sites[at] ?? '')
      .split(' ')
      .filter((id) => id !== '')
      .map((id) => siteOf(on, id)),
  }));
}

function found(on: World, asked: Demand, ...sites: readonly string[]) {
  const { all, ...flags } = assignmentsOf(on.state.fleet, asked, choices(on, asked, ...sites));
  return { ways: all.map((way) => way.map(({ id }) => id).join(' ')), ...flags };
}

const fully = { isCut: false, lacksLinks: false };
const abc = ['a', 'b', 'c'] as const;
const two = 'one: 1×1 at:a|b|c + two: 1×1 at:a|b|c';
const flow = (from: string, to: string, mbps: number, latencyMs?: number) => ({
  from,
  to,
  mbps,
  ...(latencyMs === undefined ? {} : { latencyMs }),
});

describe('the ways to give each company a site', () => {
  test('are all of them, in the order of the ids and not in that of how good they are', () => {
    expect(found(fleetOf(abc), demand(two), 'c a', 'b a')).toEqual({
      ways: ['a a', 'a b', 'c a', 'c b'],
      ...fully,
    });
  });

  test('are as many as the product of the sites, the last company changing first', () => {
    const asked = demand(`${two} + three: 1×1 at:a|b`);
    const { ways } = found(fleetOf(abc), asked, 'a b c', 'a b', 'b a');
    expect(ways).toHaveLength(3 * 2 * 2);
    expect(ways.slice(0, 3)).toEqual(['a a a', 'a a b', 'a b a']);
    expect(ways).toEqual(ways.toSorted());
  });

  test('are none where a company has no site', () => {
    expect(found(fleetOf(abc), demand(two), 'a b', '')).toEqual({ ways: [], ...fully });
  });
});

const flowing = (...flows: readonly object[]) => demand(two, { flows });

describe('flows between companies', () => {
  const on = fleetOf(abc, [
    ['a', 'b', 100, 5],
    ['c', 'b', 10, 1],
  ]);

  test.each<[string, Demand, readonly string[]]>([
    [
      'that need a link rule out sites without one',
      flowing(flow('one', 'two', 1)),
      ['a a', 'a b', 'b a', 'b b', 'b c', 'c b', 'c c'],
    ],
    [
      'that need more than a link has, in one direction or both',
      flowing(flow('one', 'two', 6), flow('two', 'one', 5)),
      ['a a', 'a b', 'b a', 'b b', 'c c'],
    ],
    [
      'exactly what a link has',
      flowing(flow('one', 'two', 5), flow('two', 'one', 5)),
      ['a a', 'a b', 'b a', 'b b', 'b c', 'c b', 'c c'],
    ],
    ['that are to be near', flowing(flow('one', 'two', 1, 4)), ['a a', 'b b', 'b c', 'c b', 'c c']],
    [
      'of nothing, not near: anywhere',
      flowing(flow('one', 'two', 0)),
      ['a a', 'a b', 'a c', 'b a', 'b b', 'b c', 'c a', 'c b', 'c c'],
    ],
  ])('%s', (_, asked, ways) => {
    expect(found(on, asked, 'a b c', 'a b c').ways).toEqual(ways);
  });

  test('leave none, and say that links are what is lacking', () => {
    expect(found(on, flowing(flow('one', 'two', 101)), 'a', 'b c')).toEqual({
      ways: [],
      isCut: false,
      lacksLinks: true,
    });
  });

  test('are of the parts, whatever company those are in', () => {
    const asked = demand('one: 1×1 at:a + two: 1×1 + three: 1×1', { flows: [flow('one', 'three', 50)] });
    expect(found(on, asked, 'a', 'a b c').ways).toEqual(['a a', 'a b']);
  });
});

const losing = (text: string, membersLeft: number, more: object = {}) =>
  demand(text, { survive: { loss: 'site', membersLeft }, ...more });

describe('the loss of a site', () => {
  const uneven = 'one: 1×1 at:a|b|c + two: 3×1 at:a|b|c';

  test.each<[string, Demand, readonly string[]]>([
    ['leaves those elsewhere', losing(uneven, 1), ['a b', 'b a']],
    ['takes the larger company', losing(uneven, 2), []],
    [
      'counts each guaranteed replica of an elastic part, not its extras',
      losing(uneven, 1, {
        guarantee: 'elastic',
        parts: demand(uneven).parts.map((part) => (part.name === 'two' ? { ...part, minCount: 1 } : part)),
      }),
      ['a b', 'b a'],
    ],
    ['counts no part without GPUs beside some with', losing('one: 1×1 at:a|b + two: 3×cpu1 at:a|b', 1), []],
    [
      'counts parts without GPUs where nobody has any',
      losing('one: 1×cpu1 at:a|b + two: 1×cpu1 at:a|b', 1),
      ['a b', 'b a'],
    ],
  ])('%s', (_, asked, ways) => {
    const answer = found(fleetOf(abc), asked, 'a b', 'a b');
    expect(answer).toEqual({ ways, ...fully });
  });

  test('adds up the companies at one site', () => {
    const asked = losing('one: 1×1 at:a|b + two: 1×1 at:a|b + three: 1×1 at:a|b', 2);
    expect(found(fleetOf(abc), asked, 'a', 'a b', 'a b').ways).toEqual([]);
    expect(found(fleetOf(abc), asked, 'a', 'b', 'c').ways).toEqual(['a b c']);
  });

  test('takes nothing of a company that does not count, wherever it stands', () => {
    const asked = losing('one: 1×1 at:a + two: 1×1 at:b + three: 5×cpu1 at:a|b', 1);
    expect(found(fleetOf(abc), asked, 'a', 'b', 'a b').ways).toEqual(['a b a', 'a b b']);
  });

  test('is not asked of the sites where a node or rack is to be survived', () => {
    const asked = demand(uneven, { survive: { loss: 'rack', membersLeft: 4 } });
    expect(found(fleetOf(abc), asked, 'a', 'a').ways).toEqual(['a a']);
  });
});

describe('more ways than are searched', () => {
  const names = Array.from({ length: 24 }, (_, at) => `s${String(at).padStart(2, '0')}`);
  const many = fleetOf(names);
  const pair = demand('one: 1×1 at:a + two: 1×1 at:b');
  const backwards = names.toReversed().join(' ');

  test('24 × 21 = 504 ways are all searched', () => {
    const { ways, isCut } = found(many, pair, backwards, names.slice(0, 21).join(' '));
    expect([ways.length, isCut]).toEqual([504, false]);
  });

  test('exactly 512 are', () => {
    const eight = names.slice(0, 8).join(' ');
    const asked = demand('one: 1×1 at:a + two: 1×1 at:b + three: 1×1 at:c');
    expect(found(many, asked, eight, eight, eight)).toMatchObject({ isCut: false });
    expect(found(many, asked, eight, eight, eight).ways).toHaveLength(512);
  });

  test('of 24 × 24 the worst sites are left out in turn, the first company’s first', () => {
    const { ways, isCut } = found(many, pair, backwards, names.join(' '));
    // 23 × 24 = 552 and 23 × 23 = 529 are too many, 22 × 23 = 506 are not.
    expect([ways.length, isCut]).toEqual([506, true]);
    const sites = (at: number) => [...new Set(ways.map((way) => way.split(' ')[at] ?? ''))].toSorted();
    expect(sites(0)).toEqual(names.slice(2));
    expect(sites(1)).toEqual(names.slice(0, 23));
  });

  test('whoever has most to choose from gives up sites, others keep theirs', () => {
    const asked = demand('one: 1×1 at:a + two: 1×1 at:b + three: 1×1 at:c');
    const { ways, isCut } = found(many, asked, 's00 s01 s02 s03 s04', names.join(' '), 's00 s01 s02 s03 s04');
    // 5 × 5 × 20 = 500 is the most that 24 may be cut to.
    expect([ways.length, isCut]).toEqual([500, true]);
  });
});

const links = array(
  tuple(constantFrom(...abc), constantFrom(...abc), integer({ min: 1, max: 5 }), integer({ min: 1, max: 5 })),
  { maxLength: 4 },
);
const drawn = record({
  links,
  flows: array(
    tuple(
      constantFrom('one', 'two', 'three'),
      constantFrom('one', 'two', 'three'),
      integer({ min: 0, max: 4 }),
      option(integer({ min: 1, max: 5 })),
    ),
    { maxLength: 3 },
  ),
  left: option(integer({ min: 1, max: 2 })),
});

test('whatever joins the sites and flows, a way is there while it is linked and loses no more than it may', () => {
  let seen = 0;
  assert(
    property(drawn, ({ links: joined, flows, left }) => {
      const on = fleetOf(abc, joined);
      const asked = demand(`${two} + three: 1×1 at:a|b|c`, {
        flows: flows.map(([from, to, mbps, latencyMs]) => flow(from, to, mbps, latencyMs ?? undefined)),
        ...(left === null ? {} : { survive: { loss: 'site', membersLeft: left } }),
      });
      const names = ['one', 'two', 'three'];
      const isLinked = (sites: readonly string[]) => {
        const at = (part: string) => sites[names.indexOf(part)] ?? '';
        return abc.every((a) =>
          abc.every((b) => {
            if (a >= b) return true;
            const own = flows.filter(([from, to]) => [at(from), at(to)].toSorted().join('') === a + b);
            const mbps = own.reduce((sum, [, , of]) => sum + of, 0);
            const near = Math.min(...own.map(([, , , latencyMs]) => latencyMs ?? Infinity));
            if (mbps === 0 && near === Infinity) return true;
            return joined.some(
              ([from, to, has, latencyMs]) =>
                [from, to].toSorted().join('') === a + b && has >= mbps && latencyMs <= near,
            );
          }),
        );
      };
      const lasts = (sites: readonly string[]) =>
        left === null || abc.every((lost) => sites.filter((site) => site !== lost).length >= left);
      const all = abc.flatMap((a) => abc.flatMap((b) => abc.map((c) => [a, b, c])));
      const lasting = all.filter(lasts);
      const expected = lasting.filter(isLinked).map((sites) => sites.join(' '));
      seen += Number(expected.length > 0 && expected.length < lasting.length);
      expect(found(on, asked, 'a b c', 'b c a', 'c a b')).toEqual({
        ways: expected,
        isCut: false,
        lacksLinks: expected.length === 0 && lasting.length > 0,
      });
    }),
    { seed, numRuns: 120 },
  );
  expect(seen).toBeGreaterThan(30);
});
