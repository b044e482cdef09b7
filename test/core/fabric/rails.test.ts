import { array, assert, boolean, integer, property, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';

import { hangsWhole, namesLeafs, railsUsed, uplinkDue } from '../../../src/core/place/fabric/uplink.ts';
import type { Member } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { world } from '../fleet.ts';

/** Nodes that hang whole on a leaf, one whose NICs name leafs of their own, one with a rail that nobody numbered. */
const { state } = world(
  'fra1/h1/r1 3×4 H100 nvlink rdma leaf',
  'fra1/h1/r2 3×4 H100 nvlink rdma leaf',
  'fra1/h1/r3 1×4 H100 nvlink rdma leaf',
  {
    nics: {
      'fra1/h1/r3/n01/nic0': { leaf: 'fra1/leaf-r1' },
      'fra1/h1/r3/n01/nic1': { leaf: 'fra1/leaf-r2' },
    },
  },
);
const { fleet } = state;

test('what members hold of uplinks is counted as rail by rail and member by member', () => {
  const seen = { nothing: 0, something: 0 };
  const nics = uniqueArray(integer({ min: 0, max: 3 }), { minLength: 0, maxLength: 4 });
  const seats = array(integer({ min: 0, max: fleet.nodes.length - 1 }), { minLength: 1, maxLength: 9 });
  assert(
    property(seats, array(nics, { minLength: 9, maxLength: 9 }), boolean(), (nodes, lists, isEven) => {
      const members = nodes.map((at, replica) =>
        memberOn(at, replica, (isEven ? lists[0] : lists[replica]) ?? []),
      );
      const due = uplinkDue(fleet, 1000, members);
      const counted = recount(members);
      expect(due.kind === 'known' ? new Map(due.held) : undefined).toEqual(counted);
      seen[counted.size === 0 ? 'nothing' : 'something']++;
    }),
    { seed, numRuns: 600 },
  );
  expect(Math.min(seen.nothing, seen.something)).toBeGreaterThan(50);
});

test.each([
  [[0, 1], '0 1'],
  [[3, 1], '1 3'],
  [[2], '2'],
  [[], undefined],
  [[9], undefined],
  [[40], undefined],
])('rails of NICs %j: %s', (nics, rails) => {
  const [node] = fleet.nodes;
  expect(railsUsed(node, nics)).toBe(rails);
  expect(railsUsed(node, nics)).toBe(rails);
  expect(railsUsed(undefined, nics)).toBeUndefined();
});

test('a node hangs whole on its leaf unless a NIC names one', () => {
  expect(fleet.nodes.map(hangsWhole)).toEqual([true, true, true, true, true, true, false]);
  expect(fleet.nodes.map(({ shape }) => namesLeafs(shape)).filter(Boolean)).toHaveLength(1);
});

function memberOn(at: number, replica: number, nics: readonly number[]): Member {
  const node = fleet.nodes[at];
  if (node === undefined) throw new Error('a node');
  return {
    part: 'train',
    replica,
    node: node.id,
    gpus: [0],
    nics: [...nics],
    cpuMilli: 0,
    memoryMib: 0,
    powerW: 0,
  };
}

/** The rule in words, read naively: by leaf, how many rails leave it, out of how many there are. */
function recount(members: readonly Member[]): ReadonlyMap<string, number> {
  const ports = members.flatMap(({ node: id, nics }) => {
    const node = fleet.nodes.find((one) => one.id === id);
    const hung = nics.map((nic) => ({
      id,
      rail: node?.shape.nics[nic]?.rail ?? -1,
      leaf: node?.shape.nics[nic]?.leaf ?? node?.leaf ?? '',
    }));
    return hung.length === 0 ? [{ id, rail: -1, leaf: node?.leaf ?? '' }] : hung;
  });
  const railsOn = (id: string) =>
    [...new Set(ports.filter((port) => port.id === id).map(({ rail }) => rail))]
      .toSorted((a, b) => a - b)
      .join();
  const nodes = [...new Set(ports.map(({ id }) => id))];
  if (nodes.length < 2) return new Map();
  const isAlike = !ports.some(({ rail }) => rail < 0) && new Set(nodes.map(railsOn)).size === 1;
  const byRail = Map.groupBy(ports, ({ rail }) => (isAlike ? rail : 0));
  const held = new Map<string, number>();
  for (const leaf of new Set(ports.map((port) => port.leaf))) {
    const leaving = [...byRail.values()].filter(
      (own) => own.some((port) => port.leaf === leaf) && own.some((port) => port.leaf !== leaf),
    );
    if (leaving.length > 0) held.set(leaf, Math.ceil((1000 * leaving.length) / byRail.size));
  }
  return held;
}
