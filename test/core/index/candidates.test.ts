import { assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { candidatesAt } from '../../../src/core/index/candidates.ts';
import type { FleetSite } from '../../../src/core/inventory/fleet.ts';
import { fitnessOf } from '../../../src/core/place/fitness.ts';
import type { Speed } from '../../../src/core/place/merit.ts';
import type { NodeSet } from '../../../src/core/place/node-set.ts';
import { combinations, type Want } from '../../../src/core/place/want.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { demands, seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';

/** Nodes that differ in all that a demand can ask for. */
const { fleet } = world(
  'fra1/h1/r1 3×8 H100 nvlink rdma leaf cpu16 mem64 gpuw700 basew800 gpumem80 numa2 roots2 disk60',
  'fra1/h1/r2 2×4 H100 nolink nordma cpu8 mem32 gpumem40',
  'fra1/h2/r3 2×8 A100 xgmi link600 rdma cpu16 mem64',
  'fra1/h2/r4 1×2 H100 nvlink link900 rdma leaf',
  'fra1/r5 1 cpu32',
  'ams2/h1/a1 2×8 H100 nvlink rdma cpu16',
  {
    nodes: { 'fra1/h1/r1/n02': { schedulable: false }, 'fra1/h2/r3/n01': { sharing: 'mps' } },
    gpus: { 'fra1/h1/r1/n03/gpu1': { health: 'down' } },
  },
).state;
const site = siteAt('fra1');

function siteAt(id: string): FleetSite {
  const found = fleet.sites.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no site \`${id}\``);
  return found;
}

function firstWant(asked: Demand): Want {
  const [[want] = []] = combinations(asked, fleet.models);
  if (want === undefined) throw new Error('a demand has a part');
  return want;
}

function idsFor(text: string, more: object = {}, floor?: Speed): readonly string[] {
  const asked = demand(text, more);
  const how = { demand: asked, ...(floor === undefined ? {} : { floor }) };
  return candidatesAt(fleet, site, firstWant(asked), how).nodes.map(({ id }) => id.replace('fra1/', ''));
}

test('they are the nodes that a scan finds fit, whatever was asked for before', () => {
  const seen = { some: 0, none: 0, all: 0 };
  assert(
    property(demands, (asked) => {
      for (const wants of combinations(asked, fleet.models))
        for (const want of wants)
          for (const one of fleet.sites) {
            const expected = one.nodes.filter((node) => fitnessOf(node, want, asked).kind === 'fits');
            expect(candidatesAt(fleet, one, want, { demand: asked }).nodes).toEqual(expected);
            if (expected.length === 0) seen.none++;
            else seen[expected.length === one.nodes.length ? 'all' : 'some']++;
          }
    }),
    { seed, numRuns: 150 },
  );
  expect(Math.min(seen.some, seen.none, seen.all)).toBeGreaterThan(30);
});

describe('the nodes that could serve a want, whatever the calendar says', () => {
  test.each<readonly [string, object, readonly string[]]>([
    ['1×8 H100', {}, ['h1/r1/n01']],
    ['1×4 H100', {}, ['h1/r1/n01', 'h1/r1/n03', 'h1/r2/n01', 'h1/r2/n02']],
    ['1×4 H100', { where: ['fra1/h1/r2'] }, ['h1/r2/n01', 'h1/r2/n02']],
    ['1×4 H100', { avoid: ['fra1/h1/r2'] }, ['h1/r1/n01', 'h1/r1/n03']],
    ['1×4 H100', { where: ['fra1/h1'], avoid: ['fra1/h1/r1'] }, ['h1/r2/n01', 'h1/r2/n02']],
    ['1×4 H100', { where: ['fra1/h2'] }, []],
    ['1×4 H100', { where: ['ams2'] }, []],
    ['1×4 H100 nvlink', {}, ['h1/r1/n01', 'h1/r1/n03']],
    ['1×4 H100 gpumem60', {}, ['h1/r1/n01', 'h1/r1/n03']],
    ['1×2 H100 rdma', {}, ['h1/r1/n01', 'h1/r1/n03', 'h2/r4/n01']],
    ['1×8 A100', {}, ['h2/r3/n02']],
    ['1×cpu20', {}, ['r5/n01']],
    ['1×1 H100 disk10', {}, ['h1/r1/n01', 'h1/r1/n03']],
    ['1×1 H100', { powerCapW: 9000 }, ['h1/r1/n01', 'h1/r1/n03']],
  ])('%s %o', (text, more, expected) => {
    expect(idsFor(text, more)).toEqual(expected);
    expect(idsFor(text, more)).toEqual(expected);
  });

  test('a part that says where it is to be stands nowhere else', () => {
    expect(idsFor('1×4 H100 at:fra1/h1/r2')).toEqual(['h1/r2/n01', 'h1/r2/n02']);
    expect(idsFor('1×4 H100 at:fra1/h1/r2', { avoid: ['fra1/h1/r2/n01'] })).toEqual(['h1/r2/n02']);
    expect(idsFor('1×4 H100 at:fra1/h1/r2', { where: ['fra1/h1/r1'] })).toEqual([]);
    expect(idsFor('1×4 H100')).toHaveLength(4);
  });

  test('a floor leaves out slower ones, and those whose speed nobody knows', () => {
    const fast = { linkMbps: 900_000, nicMbps: undefined };
    expect(idsFor('1×2 H100', {}, fast)).toEqual(['h2/r4/n01']);
    expect(idsFor('1×2 A100', {}, { linkMbps: 600_000, nicMbps: undefined })).toEqual(['h2/r3/n02']);
    expect(idsFor('1×2 A100', {}, fast)).toEqual([]);
    expect(idsFor('1×1 H100', {}, fast)).toEqual(['h2/r4/n01']);
    expect(idsFor('1×2 H100')).toHaveLength(5);
  });

  test('a floor means nothing for what has no GPUs', () => {
    const fast = { linkMbps: 900_000, nicMbps: 900_000 };
    expect(idsFor('1×cpu20', {}, fast)).toEqual(['r5/n01']);
  });
});

function setFor(text: string, more: object = {}): NodeSet {
  const asked = demand(text, more);
  return candidatesAt(fleet, site, firstWant(asked), { demand: asked });
}

describe('sets of nodes are remembered', () => {
  test('for the same want, whenever and by whomever it is asked for', () => {
    const found = setFor('1×4 H100');
    expect(setFor('1×4 H100')).toBe(found);
    expect(setFor('1×4 H100 9h', { tenant: 'globex', isolation: 'node' })).toBe(found);
    expect(setFor('7×4 H100')).toBe(found);
  });

  test('also where another want has the same nodes: what is found out about them serves both', () => {
    expect(setFor('1×4 H100 nvlink')).toBe(setFor('1×4 H100 gpumem60'));
    expect(setFor('1×4 H100 nvlink')).not.toBe(setFor('1×4 H100'));
  });

  test('ninety-six of a site at most: those not asked for longest are found out anew', () => {
    const lone = setFor('1×cpu20');
    for (let count = 0; count < 120; count++) {
      setFor('1×1 H100', { avoid: [`fra1/h9/r${count}`] });
    }
    expect(setFor('1×cpu20')).not.toBe(lone);
    expect(setFor('1×cpu20').nodes).toEqual(lone.nodes);
  });
});
