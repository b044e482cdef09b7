import { array, assert, integer, property, subarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { domainsOn } from '../../../src/core/place/domain.ts';
import { NodeSet, unionOf } from '../../../src/core/place/node-set.ts';
import { seed } from '../arbitrary.ts';
import { world } from '../fleet.ts';
import { nodesAt, there } from './known.ts';

const fleet = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 3×8 H100', 'fra1/h2/r3 1×8 H100');
const { nodes } = fleet.state.fleet;
const racks = domainsOn('rack', nodes);

const idsOf = (some: readonly FleetNode[]) => some.map(({ id }) => id.replace('fra1/', ''));

describe('a set of nodes', () => {
  test('knows its own, and neither those before its first, nor after its last, nor in between', () => {
    const set = new NodeSet(nodesAt(fleet, 'r1/n02', 'r2/n02'));
    expect(nodes.filter((node) => set.has(node)).map(({ id }) => id)).toEqual([
      'fra1/h1/r1/n02',
      'fra1/h1/r2/n02',
    ]);
    expect(set.size).toBe(2);
  });

  test('of no nodes has none', () => {
    const set = new NodeSet([]);
    expect(nodes.some((node) => set.has(node))).toBe(false);
    expect([set.size, set.inDomains(racks).size]).toEqual([0, 0]);
  });

  test.each([
    ['the same nodes', ['r1/n01', 'r2/n01'], true],
    ['one less', ['r1/n01'], false],
    ['one more', ['r1/n01', 'r2/n01', 'r2/n02'], false],
    ['as many, but others', ['r1/n01', 'r2/n02'], false],
    ['as many, of which the first is another', ['r1/n02', 'r2/n01'], false],
  ])('is compared with %s', (_, tails, expected) => {
    const set = new NodeSet(nodesAt(fleet, 'r1/n01', 'r2/n01'));
    expect(set.equals(new NodeSet(nodesAt(fleet, ...tails)))).toBe(expected);
  });

  test('keeps what stands in one domain, and is asked for it only once', () => {
    const set = new NodeSet(nodesAt(fleet, 'r1/n02', 'r2/n01', 'r2/n03'));
    const second = there(racks[1], 'rack r2');
    expect(idsOf(set.inDomains([second]).nodes)).toEqual(['h1/r2/n01', 'h1/r2/n03']);
    expect(set.inDomains([second])).toBe(set.inDomains([second]));
  });

  test('keeps what stands in several domains in the order of the fleet, whatever theirs is', () => {
    const set = new NodeSet(nodes);
    expect(idsOf(set.inDomains([...racks].toReversed()).nodes)).toEqual(idsOf(nodes));
    expect(idsOf(set.inDomains([]).nodes)).toEqual([]);
  });
});

const some = subarray([...nodes]);

test('sets of nodes are sets of their ids', () => {
  assert(
    property(some, some, (own, others) => {
      const [set, other] = [new NodeSet(own), new NodeSet(others)];
      const ids = new Set(own.map(({ id }) => id));
      for (const node of nodes) expect(set.has(node)).toBe(ids.has(node.id));
      expect(set.size).toBe(ids.size);
      expect(set.equals(other)).toBe(ids.symmetricDifference(new Set(others.map(({ id }) => id))).size === 0);
    }),
    { seed, numRuns: 100 },
  );
});

test('a union has each node once, in the order of the fleet, and no order of its sets matters', () => {
  assert(
    property(array(some, { maxLength: 4 }), integer({ min: 0, max: 3 }), (all, turn) => {
      const sets = all.map((own) => new NodeSet(own));
      const expected = nodes.filter((node) => all.some((own) => own.includes(node)));
      expect(unionOf(sets)).toEqual(expected);
      expect(unionOf([...sets.slice(turn), ...sets.slice(0, turn)])).toEqual(expected);
    }),
    { seed, numRuns: 100 },
  );
});
