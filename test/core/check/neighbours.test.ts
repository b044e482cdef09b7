import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { neighbours } from '../../../src/core/check/neighbours.ts';
import type { Isolation } from '../../../src/model/demand.ts';
import { Path } from '../../../src/model/id.ts';
import { act } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { during, saidBy } from './findings.ts';

/** Two nodes of one rack, one of another, two that stand in no recorded rack, and one at another site. */
const nodes = [
  'fra1/h1/r1/n01',
  'fra1/h1/r1/n02',
  'fra1/h1/r2/n01',
  'fra1/n08',
  'fra1/n09',
  'ams2/h1/a1/n01',
] as const;
const fleet = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 1×8 H100', 'ams2/h1/a1 1×8 H100', {
  nodes: Object.fromEntries(['fra1/n08', 'fra1/n09'].map((id) => [id, { gpuModel: 'H100', gpuCount: 8 }])),
});

type Other = {
  readonly at: number;
  readonly tenant: string;
  readonly isolation: Isolation;
  readonly fromH: number;
  readonly hours: number;
};

function moveIn(before: World, { at, tenant, isolation, fromH, hours }: Other): World {
  const held = during(placement(1, `load 0 ${nodes[at]} cpu0`), fromH, fromH + hours);
  return granted(before, demand('load: 1×cpu0', { tenant, isolation }), held);
}

/** What is said to one replica of `acme` on a node, which wants to be alone or not, from hour 4 to hour 8. */
function said(on: World, at: number, isolation: Isolation = 'shared'): readonly string[] {
  const held = during(placement(1, `train 0 ${nodes[at]} gpu0`), 4, 8);
  return saidBy(neighbours, on, demand('1×1 H100', { isolation }), held).map((line) =>
    line.replace(`isolation: \`train\` 0 on ${nodes[at]}: `, ''),
  );
}

const other = (at: number, isolation: Isolation, tenant = 'globex'): Other => ({
  at,
  tenant,
  isolation,
  fromH: 4,
  hours: 4,
});
const until = `until ${t0 + 8 * hourMs}`;

describe('who wants to be alone', () => {
  test.each<readonly [Isolation, number, number, string | undefined]>([
    ['node', 0, 0, 'it'],
    ['node', 0, 1, undefined],
    ['rack', 0, 0, 'rack fra1/h1/r1'],
    ['rack', 0, 1, 'rack fra1/h1/r1'],
    ['rack', 0, 2, undefined],
    ['rack', 0, 3, undefined],
    ['site', 0, 2, 'site fra1'],
    ['site', 0, 3, 'site fra1'],
    ['site', 0, 5, undefined],
    ['shared', 0, 0, undefined],
    ['site', 3, 4, 'site fra1'],
  ])('in its %s, on node %i with another on node %i', (isolation, own, theirs, place) => {
    const expected = place === undefined ? [] : [`C-101 of another tenant holds ${place} ${until}`];
    expect(said(moveIn(fleet, other(theirs, 'shared')), own, isolation)).toEqual(expected);
    expect(said(moveIn(fleet, other(theirs, 'shared', 'acme')), own, isolation)).toEqual([]);
  });

  test('in a rack that nobody has recorded has none to be alone in, nor shares it with other such nodes', () => {
    expect(said(fleet, 3, 'rack')).toEqual(['its rack is not recorded']);
    expect(said(moveIn(fleet, other(4, 'shared')), 3, 'rack')).toEqual(['its rack is not recorded']);
    expect(said(moveIn(fleet, other(3, 'shared')), 3, 'rack')).toEqual([
      'its rack is not recorded',
      `C-101 of another tenant holds it ${until}`,
    ]);
  });
});

describe('where another tenant is alone', () => {
  test.each<readonly [Isolation, number, number, string | undefined]>([
    ['node', 0, 0, 'the node'],
    ['node', 1, 0, undefined],
    ['rack', 0, 0, 'rack fra1/h1/r1'],
    ['rack', 1, 0, 'rack fra1/h1/r1'],
    ['rack', 2, 0, undefined],
    ['rack', 4, 3, undefined],
    ['rack', 3, 3, 'the node'],
    ['site', 2, 0, 'site fra1'],
    ['site', 4, 0, 'site fra1'],
    ['site', 5, 0, undefined],
  ])('in its %s, nobody else comes to node %i, with it on node %i', (isolation, own, theirs, place) => {
    const expected = place === undefined ? [] : [`C-101 holds ${place} alone ${until}`];
    expect(said(moveIn(fleet, other(theirs, isolation)), own)).toEqual(expected);
    expect(said(moveIn(fleet, other(theirs, isolation, 'acme')), own)).toEqual([]);
  });

  test('both are said where both want to be alone', () => {
    expect(said(moveIn(fleet, other(1, 'rack')), 0, 'site')).toEqual([
      `C-101 of another tenant holds site fra1 ${until}`,
      `C-101 holds rack fra1/h1/r1 alone ${until}`,
    ]);
  });

  test('and what has no end is said to have none', () => {
    const forever = placement(undefined, `load 0 ${nodes[1]} cpu0`);
    const on = granted(fleet, demand('load: 1×cpu0', { tenant: 'globex', isolation: 'rack' }), forever);
    expect(said(on, 0)).toEqual(['C-101 holds rack fra1/h1/r1 alone without end']);
  });
});

/** The calendar with holds of one contract on the first node, each alone in its own way. */
function holding(...alone: readonly Isolation[]): World {
  const { calendar } = moveIn(fleet, other(0, 'shared')).state;
  const cut = calendar.map((holds) =>
    holds.flatMap((hold) => alone.map((level) => ({ ...hold, alone: level }))),
  );
  return { ...fleet, state: { ...fleet.state, calendar: cut } };
}

describe('of one contract on one node', () => {
  test('many holds are said once', () => {
    expect(said(holding('node', 'node'), 0)).toEqual([`C-101 holds the node alone ${until}`]);
  });

  test('but once for each level at which it is alone, whichever comes first', () => {
    for (const levels of [
      ['shared', 'node'],
      ['node', 'shared'],
    ] as const)
      expect(said(holding(...levels), 0)).toEqual([`C-101 holds the node alone ${until}`]);
    expect(said(holding('node', 'rack'), 0)).toEqual([
      `C-101 holds the node alone ${until}`,
      `C-101 holds rack fra1/h1/r1 alone ${until}`,
    ]);
  });
});

test('what is closed for maintenance belongs to no tenant', () => {
  const place = Path.parse(nodes[1]);
  const window = { fromMs: t0 + hourMs, toMs: t0 + 9 * hourMs, reason: 'disks' };
  const closed = act(fleet, { kind: 'start-maintenance', place, ...window }).world;
  expect(closed.state.calendar.flat()).toHaveLength(1);
  expect(said(closed, 0, 'site')).toEqual([]);
  expect(said(closed, 1, 'site')).toEqual([]);
});

const levels = ['shared', 'node', 'rack', 'site'] as const;
const drawn = record({
  at: integer({ min: 0, max: nodes.length - 1 }),
  tenant: constantFrom('acme', 'globex', 'initech'),
  isolation: constantFrom('shared', ...levels),
  fromH: integer({ min: 0, max: 9 }),
  hours: integer({ min: 1, max: 4 }),
});

/** By their paths: two nodes are in one place of a level. */
function together(level: Isolation, one: number, two: number): boolean {
  const [a, b] = [(nodes[one] ?? '').split('/'), (nodes[two] ?? '').split('/')];
  if (one === two) return level !== 'shared';
  if (level === 'site') return a[0] === b[0];
  return level === 'rack' && a.length > 2 && a.slice(0, -1).join() === b.slice(0, -1).join();
}

test('whoever is there: as many faults as pairs of strangers that one of them does not want', () => {
  let found = 0;
  const tenants = [{ id: 'initech' }];
  const empty = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 1×8 H100', 'ams2/h1/a1 1×8 H100', {
    tenants,
    nodes: Object.fromEntries(['fra1/n08', 'fra1/n09'].map((id) => [id, { gpuModel: 'H100', gpuCount: 8 }])),
  });
  assert(
    property(array(drawn, { maxLength: 6 }), constantFrom(...levels), (others, asked) => {
      const on = others.reduce(moveIn, empty);
      for (const own of nodes.keys()) {
        const strangers = others.filter(
          ({ tenant, fromH, hours }) => tenant !== 'acme' && fromH < 8 && fromH + hours > 4,
        );
        const unwanted = strangers.filter(({ at }) => together(asked, own, at)).length;
        const unwilling = strangers.filter(({ at, isolation }) => together(isolation, own, at)).length;
        const rackless = asked === 'rack' && own >= 3 && own < 5 ? 1 : 0;
        expect(said(on, own, asked)).toHaveLength(unwanted + unwilling + rackless);
        found += unwanted + unwilling;
      }
    }),
    { seed, numRuns: 50 },
  );
  expect(found).toBeGreaterThan(100);
});
