import { describe, expect, test } from 'vitest';

import { domainsKnown } from '../../../src/core/index/domains.ts';
import { emptyRoom } from '../../../src/core/index/empty-room.ts';
import { byKind, kindsOf } from '../../../src/core/index/kinds.ts';
import { partitionOf } from '../../../src/core/index/partition.ts';
import { racksOf } from '../../../src/core/index/racks.ts';
import { isUnindexed } from '../../../src/core/index/unindexed.ts';
import { domainsInside } from '../../../src/core/place/domain.ts';
import { demand } from '../demand.ts';
import { type Details, world } from '../fleet.ts';

const rack = 'fra1/h1/r1 2×4 H100 rdma cpu16 mem64';
const [n1, n2] = ['fra1/h1/r1/n01', 'fra1/h1/r1/n02'];

/** Whether the two nodes of the rack are of one kind, with what more is known of them. */
function areAlike(...more: readonly Details[]): boolean {
  const [one, other] = kindsOf(world(rack, ...more).state.fleet).of;
  return one === other;
}

describe('no demand can tell nodes apart', () => {
  test.each<readonly [string, Details]>([
    ['of which nothing more is known', {}],
    ['by their host names', { nodes: { [n1]: { hostName: 'a' }, [n2]: { hostName: 'b' } } }],
    ['by the leafs they hang on', { nodes: { [n1]: { leaf: 'fra1/l1' }, [n2]: { leaf: 'fra1/l2' } } }],
    ['by the islands they are in', { nodes: { [n1]: { island: 'fra1/i1' }, [n2]: { island: 'fra1/i2' } } }],
    [
      'by the end of their warranty',
      { nodes: { [n1]: { warrantyUntilMs: 1 }, [n2]: { warrantyUntilMs: 2 } } },
    ],
    ['by their end of life', { nodes: { [n1]: { endOfLifeMs: 1 } } }],
    ['by their labels', { nodes: { [n1]: { labels: { team: 'a' } } } }],
    ['by health that is the same', { nodes: { [n1]: { health: 'healthy' }, [n2]: { health: 'healthy' } } }],
    [
      'by the same GPU being down',
      { gpus: { [`${n1}/gpu2`]: { health: 'down' }, [`${n2}/gpu2`]: { health: 'down' } } },
    ],
  ])('%s', (_, more) => {
    expect(areAlike(more)).toBe(true);
  });
});

describe('a demand may tell nodes apart', () => {
  test.each<readonly [string, Details]>([
    ['one of which takes no new work', { nodes: { [n1]: { schedulable: false } } }],
    ['one of which is degraded', { nodes: { [n1]: { health: 'degraded' } } }],
    ['one of which has a GPU down', { gpus: { [`${n1}/gpu2`]: { health: 'down' } } }],
    [
      'of which different GPUs are down',
      { gpus: { [`${n1}/gpu2`]: { health: 'down' }, [`${n2}/gpu3`]: { health: 'down' } } },
    ],
    ['one of which has a NIC down', { nics: { [`${n1}/nic2`]: { health: 'down' } } }],
    [
      'of which different NICs are down',
      { nics: { [`${n1}/nic1`]: { health: 'down' }, [`${n2}/nic2`]: { health: 'down' } } },
    ],
    ['of only one of which the leaf is known', { nodes: { [n1]: { leaf: 'fra1/l1' } } }],
    ['of only one of which the island is known', { nodes: { [n1]: { island: 'fra1/i1' } } }],
    [
      'of only one of whose leafs the spine is known',
      {
        nodes: { [n1]: { leaf: 'fra1/l1' }, [n2]: { leaf: 'fra1/l2' } },
        leafs: { 'fra1/l1': { spine: 'fra1/s1' }, 'fra1/l2': {} },
      },
    ],
    ['one of which has more cores', { nodes: { [n1]: { cpuMilli: 32_000 } } }],
    ['one of which draws more', { nodes: { [n1]: { gpuPowerW: 700 } } }],
    ['one of which is shared', { nodes: { [n1]: { sharing: 'mps' } } }],
    ['one of which is another machine', { nodes: { [n1]: { machine: 'X9' } } }],
    ['one of which hangs on one feed only', { nodes: { [n1]: { feeds: ['A'] } } }],
    ['one of which has a larger GPU', { gpus: { [`${n1}/gpu0`]: { memoryMib: 90_000 } } }],
  ])('%s', (_, more) => {
    expect(areAlike(more)).toBe(false);
  });

  test('one of which stands in no rack', () => {
    const { fleet } = world('fra1/h1/r1 1×4 H100', 'fra1 1×4 H100').state;
    expect(fleet.nodes.map(({ rack: own }) => own === undefined)).toContain(true);
    expect(kindsOf(fleet).examples).toHaveLength(2);
  });
});

describe('kinds', () => {
  const { fleet } = world(rack, 'fra1/h1/r2 3×8 A100', 'ams1/h1/r1 1×8 A100', {
    nodes: { [n2]: { schedulable: false } },
  }).state;

  test('are numbered as they come, each with the first node of it for example', () => {
    const { of, examples } = kindsOf(fleet);
    // In the order of ids: one of Amsterdam, the two of the first rack, and three whose shape has another name.
    expect([...of]).toEqual([0, 1, 2, 3, 3, 3]);
    expect(examples.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(kindsOf(fleet)).toBe(kindsOf(fleet));
  });

  test('are asked once each, and what is said stands for all nodes of one', () => {
    const asked: string[] = [];
    const say = byKind(fleet, ({ id }) => {
      asked.push(id);
      return asked.length;
    });
    const said = fleet.nodes.map(say);
    expect(fleet.nodes.map(say)).toEqual(said);
    expect(asked).toEqual(kindsOf(fleet).examples.map(({ id }) => id));
    expect(said.map((number) => number - 1)).toEqual([...kindsOf(fleet).of]);
  });

  test('have one empty room each: all healthy GPUs, all cores, nothing taken', () => {
    const rooms = fleet.nodes.map((node) => emptyRoom(fleet, node));
    expect(new Set(rooms).size).toBe(4);
    expect(rooms[3]).toBe(rooms[5]);
    expect(rooms[1]).toEqual({
      gpus: 0b1111,
      partly: new Map(),
      nicsTaken: new Set(),
      cpuMilli: 16_000,
      memoryMib: 64 * 1024,
      storageGib: 0,
      aligned: [],
    });
  });
});

describe('places are numbered once', () => {
  const { fleet } = world('fra1/h1/r1 2×4 H100', 'fra1/h2/r2 1×4 H100', 'fra1 1×4 H100').state;

  test('the domains inside a level are those of a scan, and the same array each time', () => {
    for (const level of ['node', 'rack', 'hall', 'site'] as const) {
      const known = domainsKnown('site', level, fleet.nodes);
      expect(known).toEqual(domainsInside('site', level, fleet.nodes));
      expect(domainsKnown('site', level, fleet.nodes)).toBe(known);
      expect(domainsKnown(level, level, fleet.nodes)).toEqual(domainsInside(level, level, fleet.nodes));
    }
    expect(domainsKnown('hall', 'rack', fleet.nodes)).not.toBe(domainsKnown('site', 'rack', fleet.nodes));
  });

  test('a node in no rack is in no domain of racks', () => {
    const racks = domainsKnown('site', 'rack', fleet.nodes);
    const { of } = partitionOf(racks);
    const names = fleet.nodes.map(({ index }) => racks[of[index] ?? -1]?.id);
    expect(names).toEqual(fleet.nodes.map(({ rack: own }) => own));
    expect(partitionOf(racks)).toBe(partitionOf(racks));
    expect(partitionOf([]).of).toHaveLength(0);
  });

  test('nor has it a rack', () => {
    const { all, of } = racksOf(fleet);
    expect(all.map(({ nodes }) => nodes.length)).toEqual([2, 1]);
    expect(fleet.nodes.map(({ index }) => all[of[index] ?? -1]?.id)).toEqual(
      fleet.nodes.map(({ rack: own }) => own),
    );
  });
});

function limitNamesOf(...lines: readonly (string | Details)[]): readonly (readonly string[])[] {
  return racksOf(world(...lines).state.fleet).all.map(({ limits }) => limits.map(({ name }) => name));
}

describe('limits of a rack', () => {
  test('are those that all of its nodes draw on', () => {
    const feeds = { racks: { 'fra1/h1/r1': { feedLimitW: { A: 4000, B: 4000 }, coolingLimitW: 3000 } } };
    expect(limitNamesOf(rack, feeds)).toEqual([['rack-power', 'rack-cooling']]);
    expect(limitNamesOf(rack, feeds, { nodes: { [n1]: { feeds: ['A'] } } })).toEqual([
      ['rack-power', 'rack-cooling'],
    ]);
    expect(limitNamesOf(rack, feeds, { nodes: { [n1]: { feeds: ['A'] }, [n2]: { feeds: ['B'] } } })).toEqual([
      ['rack-cooling'],
    ]);
  });

  test('are those on sixteen nodes or fewer', () => {
    const cooled = {
      racks: { 'fra1/h1/r1': { coolingLimitW: 3000 } },
      halls: { 'fra1/h1': { powerBudgetW: 9000 } },
    };
    expect(limitNamesOf('fra1/h1/r1 16×1 H100', cooled)).toEqual([['rack-cooling', 'hall-power']]);
    expect(limitNamesOf('fra1/h1/r1 17×1 H100', cooled)).toEqual([[]]);
    expect(limitNamesOf('fra1/h1/r1 16×1 H100', 'fra1/h1/r2 1×1 H100', cooled)).toEqual([
      ['rack-cooling'],
      [],
    ]);
  });
});

describe('a demand that the index has no bound for is scanned', () => {
  test.each([
    ['2×8 H100', {}, false],
    ['2×8 H100 rdma within:rack together:rack', {}, false],
    ['2×8 H100 apart:node', {}, false],
    ['2×8 H100', { flows: [] }, false],
    ['2×8 H100', { where: ['fra1'], avoid: ['ams1'], isolation: 'site' }, false],
    ['2×8 H100 together:node', {}, false],
    ['2×8 H100 together:numa', {}, true],
    ['2×8 H100 within:numa', {}, true],
    ['2×8 H100 apart:pcie-root', {}, true],
    ['2×8 H100', { survive: { loss: 'node', membersLeft: 1 } }, true],
    ['1×1 H100 share:250', {}, true],
    ['1×1 mig:1g.10gb', {}, true],
    ['1×8 H100 + load: 1×cpu4 at:fra1', {}, true],
    ['load: 1×cpu4 + train: 1×8 H100', { flows: [{ from: 'load', to: 'train', mbps: 100 }] }, true],
  ])('%s %o: %s', (text, more, expected) => {
    expect(isUnindexed(demand(text, more))).toBe(expected);
  });
});
