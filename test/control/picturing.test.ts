import { describe, expect, test } from 'vitest';

import { nearnessOf } from '../../src/control/pictures/nearness.ts';
import type { Sight } from '../../src/control/pictures/placed-node.ts';
import { picturesOf } from '../../src/control/picturing.ts';
import type { NodeShape } from '../../src/core/inventory/fleet.ts';
import type { State } from '../../src/core/state.ts';
import { BerthError, type ErrorDetail } from '../../src/model/error.ts';
import { MaintenanceId, Path } from '../../src/model/id.ts';
import type { RackPicture } from '../../src/model/picture-view.ts';
import { pictured, pictureOf, sightOf, treeIn } from '../chat/pictured.ts';
import { demand } from '../core/demand.ts';
import { enter, hourMs, t0, type World, world } from '../core/fleet.ts';
import { granted, placement } from '../core/placement.ts';
import { limitedTo, openDesk, operator, rejection } from './desk.ts';

/** What a place shows when nobody says which view: kinds and ids. */
function shows(state: State, of: string): string[] {
  return picturesOf(sightOf(state), { of }).map(({ kind, id }) => `${kind} ${id}`);
}

/** What was wrong with the wish for a picture. */
function refusal(wish: Parameters<typeof picturesOf>[1]): ErrorDetail {
  try {
    picturesOf(sightOf(pictured), wish);
  } catch (error) {
    if (error instanceof BerthError) return error.detail;
    throw error;
  }
  throw new Error('a refusal was expected');
}

const feedRack = (more: object, nodes: Readonly<Record<string, object>> = {}) =>
  world('fra1/h1/r1 3×8 H100', { racks: { 'fra1/h1/r1': more }, nodes });

const loaded = (before: World): World =>
  granted(
    before,
    demand('3×8 H100 24h'),
    placement(24, ...[1, 2, 3].map((at) => `train ${at} fra1/h1/r1/n0${at} gpu0-7 nic 6000W`)),
  );

const feeds = (before: World): string[] =>
  pictureOf(sightOf(loaded(before).state), 'r1', 'rack').feeds.map(
    ({ letter, heldW, worstW, worstWithout }) => `${letter} ${heldW} ${worstW} ${worstWithout ?? '-'}`,
  );

const positions = (units: number | undefined, nodes: readonly object[]): RackPicture => {
  const state = world(`fra1/h1/r1 ${nodes.length}×8 H100`, {
    racks: { 'fra1/h1/r1': units === undefined ? {} : { units } },
    nodes: Object.fromEntries(nodes.map((node, at) => [`fra1/h1/r1/n0${at + 1}`, node])),
  }).state;
  return pictureOf(sightOf(state), 'r1', 'rack');
};

const spots = (gpus: readonly object[], nics: readonly object[], islands: readonly number[] = []) => {
  const shape = pictured.fleet.nodes[0]?.shape;
  if (shape === undefined) throw new Error('no node');
  const { gpus: between, nics: beside } = nearnessOf({ ...shape, gpus, nics, islands } satisfies NodeShape);
  return [between[0]?.[1], ...beside.map((row) => row[0])];
};

const marks = (sight: Sight, of: string): string =>
  pictureOf(sight, of, 'node')
    .node.seats.map(({ use, heldBy }) => [use, ...heldBy].join(' '))
    .join(', ');

describe('what a place shows', () => {
  test.each([
    ['fra1', ['fabric fra1']],
    ['h1', ['fabric fra1/h1']],
    ['r1', ['rack fra1/h1/r1']],
    ['fra1-h1-r1-n02', ['node fra1/h1/r1/n02']],
    ['leaf-r1', ['fabric fra1/leaf-r1']],
    ['fra1/spine1', ['fabric fra1/spine1']],
    ['nvlink', ['island fra1/h1/nvl1/nvlink']],
  ])('%s', (of, expected) => {
    expect(shows(pictured, of)).toEqual(expected);
  });

  test('racks where no leaf is known, nodes where not even racks are', () => {
    expect(shows(world('fra1/h1/r1 1×8 H100').state, 'fra1')).toEqual(['rack fra1/h1/r1']);
    const bare = world({ sites: { lab: {} }, nodes: { 'lab/n01': { gpuCount: 2 } } });
    expect(shows(bare.state, 'lab')).toEqual(['node lab/n01']);
  });

  test('a leaf shows itself alone, though its nodes hang on others too', () => {
    const rails = world('fra1/h1/r1 2×2 H100 rdma', {
      leafs: { 'fra1/l0': {}, 'fra1/l1': {} },
      nics: {
        'fra1/h1/r1/n01/nic0': { leaf: 'fra1/l0' },
        'fra1/h1/r1/n01/nic1': { leaf: 'fra1/l1' },
        'fra1/h1/r1/n02/nic0': { leaf: 'fra1/l0' },
      },
    }).state;
    const leafs = (of: string) =>
      pictureOf(sightOf(rails), of, 'fabric').leafs.map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map((node) => `${node.id.slice(-3)} ${node.rails.join()}`).join(', ')}`,
      );
    expect(leafs('l1')).toEqual(['fra1/l1: n01 1']);
    expect(leafs('fra1')).toEqual(['fra1/l0: n01 0, n02 0', 'fra1/l1: n01 1']);
  });

  test.each([
    [{ of: 'r99' }, 'NOT_FOUND', 'no place is called `r99`'],
    [{ of: 'lef-r1' }, 'NOT_FOUND', 'no place is called `lef-r1`'],
    [{ of: 'n01' }, 'INVALID_INPUT', '`n01` could be 2 places'],
    [{ of: 'r1', view: 'island' }, 'INVALID_INPUT', 'no link domain over nodes is recorded in `fra1/h1/r1`'],
  ] as const)('%j is refused with %s', (wish, code, message) => {
    expect(refusal(wish)).toMatchObject({ code, message });
  });

  test('a leaf that was misspelt is suggested', () => {
    expect(refusal({ of: 'fra1/leaf-r11' })).toMatchObject({ didYouMean: 'fra1/leaf-r1' });
  });

  test('more pictures than anybody reads are refused', () => {
    const many = world('fra1/h1/r1 101×8 H100').state;
    expect(() => picturesOf(sightOf(many), { of: 'r1', view: 'node' })).toThrow('101 pictures are more than');
  });
});

describe('the load of feeds', () => {
  test.each<[string, object, Readonly<Record<string, object>>, readonly string[]]>([
    ['one feed carries everything', { feedLimitW: { A: 9000 } }, {}, ['A 18000 18000 -']],
    [
      'two share it, and each takes all when the other is lost',
      { feedLimitW: { A: 1, B: 1 } },
      {},
      ['A 9000 18000 B', 'B 9000 18000 A'],
    ],
    [
      'three share by thirds',
      { feedLimitW: { A: 1, B: 1, C: 1 } },
      {},
      ['A 6000 9000 B', 'B 6000 9000 A', 'C 6000 9000 A'],
    ],
    [
      'a node on one feed alone draws nothing from the other',
      { feedLimitW: { A: 1, B: 1 } },
      { 'fra1/h1/r1/n01': { feeds: ['A'] } },
      ['A 12000 18000 B', 'B 6000 12000 A'],
    ],
    [
      'letters of one feed of the building are lost together',
      { feeds: { A: 'fra1/f', B: 'fra1/f', C: 'fra1/g' } },
      {},
      ['A 6000 9000 C', 'B 6000 9000 C', 'C 6000 18000 A+B'],
    ],
    [
      'a feed nothing hangs on carries nothing',
      { feedLimitW: { A: 1, B: 1 } },
      Object.fromEntries([1, 2, 3].map((at) => [`fra1/h1/r1/n0${at}`, { feeds: ['A'] }])),
      ['A 18000 18000 -', 'B 0 0 -'],
    ],
  ])('%s', (_what, more, nodes, expected) => {
    expect(feeds(feedRack(more, nodes))).toEqual(expected);
  });
});

describe('positions', () => {
  test.each<[string, number | undefined, readonly object[], readonly string[]]>([
    [
      'that touch are fine',
      8,
      [
        { position: 1, units: 4 },
        { position: 5, units: 4 },
      ],
      [],
    ],
    [
      'that overlap are said',
      8,
      [
        { position: 1, units: 4 },
        { position: 4, units: 4 },
      ],
      ['fra1/h1/r1/n02 units 4 to 7 are also those of fra1/h1/r1/n01'],
    ],
    [
      'above the rack are said',
      8,
      [{ position: 8, units: 2 }],
      ["fra1/h1/r1/n01 unit 9 is above the rack's 8"],
    ],
    [
      'count as one unit without a height',
      undefined,
      [{ position: 3 }, { position: 3 }],
      ['fra1/h1/r1/n02 units 3 to 3 are also those of fra1/h1/r1/n01'],
    ],
    ['that nobody recorded cannot be wrong', 2, [{ units: 4 }, { units: 4 }], []],
  ])('%s', (_what, units, nodes, expected) => {
    expect(positions(units, nodes).misplaced.map(({ node, why }) => `${node} ${why}`)).toEqual(expected);
  });

  test('order the rack from the top down, and what is unknown is said', () => {
    const rack = positions(20, [{ position: 1, units: 4 }, { units: 2 }, { position: 9, units: 4 }]);
    expect(rack.nodes.map(({ id }) => id.slice(-3))).toEqual(['n03', 'n01', 'n02']);
    expect(rack.freeUnits).toBe(10);
    expect(rack.unknown).toContain('the position of 1 of 3 nodes');
    expect(positions(20, [{ position: 1 }]).freeUnits).toBeUndefined();
  });
});

describe('nearness', () => {
  test.each<[string, object, object, string]>([
    ['one switch', { numaNode: 0, pcieSwitch: 3 }, { numaNode: 0, pcieSwitch: 3 }, 'switch'],
    ['one root, other switches', { pcieRoot: 1, pcieSwitch: 3 }, { pcieRoot: 1, pcieSwitch: 4 }, 'root'],
    ['one NUMA node, other roots', { numaNode: 1, pcieRoot: 1 }, { numaNode: 1, pcieRoot: 2 }, 'numa'],
    ['two NUMA nodes', { numaNode: 0 }, { numaNode: 1 }, 'across'],
    ['one NUMA node, and no more is known', { numaNode: 0 }, { numaNode: 0, pcieRoot: 1 }, 'numa'],
    ['other roots, and no NUMA node is known', { pcieRoot: 1 }, { pcieRoot: 2 }, 'unknown'],
    ['nothing known', {}, {}, 'unknown'],
    ['nothing known of the one', { numaNode: 0, pcieRoot: 1 }, {}, 'unknown'],
  ])('%s', (_what, one, other, expected) => {
    expect(spots([one, other], [other])).toEqual([expected, expected]);
    expect(spots([other, one], [one])).toEqual([expected, expected]);
  });

  test('a link is nearer than any switch, for GPUs alone', () => {
    const same = { numaNode: 0, pcieSwitch: 0 };
    expect(spots([same, same], [same], [0b11])).toEqual(['link', 'switch']);
    expect(spots([same, same], [same], [0b01, 0b10])).toEqual(['switch', 'switch']);
  });
});

describe('what GPUs are doing', () => {
  test('whole ones, slices and free ones, by whom', () => {
    const before = world('fra1/h1/r1 1×4 H100 mig');
    const held = granted(
      before,
      demand('1×1 H100 24h'),
      placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1 nic 700W 2:500'),
    );
    expect(marks(sightOf(held.state), 'fra1/h1/r1/n01')).toBe('held C-101, held C-101, part C-101, free');
    expect(marks(sightOf(held.state, { caller: limitedTo('globex') }), 'fra1/h1/r1/n01')).toBe(
      'held, held, part, free',
    );
    const later = { fromMs: t0 + 24 * hourMs, toMs: t0 + 25 * hourMs };
    expect(marks(sightOf(held.state, { span: later }), 'fra1/h1/r1/n01')).toBe('free, free, free, free');
    const across = { fromMs: t0 + 23 * hourMs, toMs: t0 + 25 * hourMs };
    expect(marks(sightOf(held.state, { span: across }), 'fra1/h1/r1/n01')).toContain('held C-101');
  });

  test('what a limited caller sees of holders are its own', () => {
    const sight = sightOf(pictured, { caller: limitedTo('acme') });
    expect(pictureOf(sight, 'r1', 'rack').holders).toEqual([{ id: 'C-101', tenant: 'acme', gpuCount: 8 }]);
    const [row] = treeIn(sight, { within: 'fra1' }).rows;
    expect(row?.heldBy).toEqual(['C-101']);
    expect(JSON.stringify(picturesOf(sight, { of: 'fra1' }))).not.toContain('C-102');
  });

  test('closed, cordoned, down and shared ones', () => {
    const before = world('fra1/h1/r1 1×2 H100', 'fra1/h1/r2 1×2 H100 shared', {
      nodes: { 'fra1/h1/r1/n01': {} },
    });
    const closed = enter(
      before,
      [
        {
          kind: 'maintenance-scheduled',
          id: MaintenanceId.parse('MW-1'),
          place: Path.parse('fra1/h1/r1'),
          fromMs: t0,
          toMs: t0 + hourMs,
          reason: 'firmware',
        },
      ],
      t0,
    );
    expect(marks(sightOf(closed.state, { caller: limitedTo() }), 'fra1/h1/r1/n01')).toBe(
      'closed MW-1, closed MW-1',
    );
    expect(marks(sightOf(closed.state), 'fra1/h1/r2/n01')).toBe('unpromised, unpromised');
    const ailing = world('fra1/h1/r1 2×2 H100', {
      nodes: { 'fra1/h1/r1/n01': { schedulable: false }, 'fra1/h1/r1/n02': { health: 'down' } },
      gpus: { 'fra1/h1/r1/n01/gpu1': { health: 'down' } },
    });
    expect(marks(sightOf(ailing.state), 'fra1/h1/r1/n01')).toBe('cordoned, down');
    expect(marks(sightOf(ailing.state), 'fra1/h1/r1/n02')).toBe('down, down');
  });
});

test('watts are kept apart by what they are, and the largest counts', () => {
  const { state } = world('fra1/h1/r1 1×8 H100 gpuw700 basew1000', {
    nodes: { 'fra1/h1/r1/n01': { nameplateW: 6000, allocatedW: 5000, measuredW: 7000 } },
  });
  expect(pictureOf(sightOf(state), 'fra1/h1/r1/n01', 'node').node.power).toEqual({
    heldW: 0,
    mostW: 7000,
    nameplateW: 6000,
    allocatedW: 5000,
    measuredW: 7000,
  });
  const none = world('fra1/h1/r1 1×8 H100 gpuw700').state;
  expect(pictureOf(sightOf(none), 'fra1/h1/r1/n01', 'node').node.power).toEqual({
    heldW: 0,
    mostW: 5600,
  });
  const nothing = world('fra1/h1/r1 1×8 H100').state;
  expect(pictureOf(sightOf(nothing), 'fra1/h1/r1/n01', 'node').node.power).toEqual({ heldW: 0 });
  expect(treeIn(sightOf(nothing)).rows[0]?.power).toEqual({ heldW: 0 });
});

test('uplinks show the most that is held at one time of the window', () => {
  const before = world('fra1/h1/r1 2×8 H100 leaf', { leafs: { 'fra1/leaf-r1': { uplinkMbps: 900 } } });
  const held = [
    [1, 300],
    [2, 500],
  ].reduce(
    (so, [hours = 1, mbps]) =>
      granted(so, demand('1×1 H100'), {
        ...placement(hours, `train 0 fra1/h1/r1/n0${hours} gpu0 nic 0W`),
        bandwidth: [{ fabric: 'rdma', edge: Path.parse('fra1/leaf-r1'), mbps: mbps ?? 0 }],
      }),
    before,
  ).state;
  const uplink = (fromH: number, toH: number) =>
    pictureOf(
      sightOf(held, { span: { fromMs: t0 + fromH * hourMs, toMs: t0 + toH * hourMs } }),
      'leaf-r1',
      'fabric',
    ).leafs[0]?.uplink;
  expect(uplink(0, 1)).toEqual({ limitMbps: 900, heldMbps: 800 });
  expect(uplink(1, 2)).toEqual({ limitMbps: 900, heldMbps: 500 });
  expect(uplink(0, 9)).toEqual({ limitMbps: 900, heldMbps: 800 });
  expect(uplink(2, 3)).toEqual({ limitMbps: 900, heldMbps: 0 });
});

describe('through the door', () => {
  test('a picture of the past shows what was held then', async () => {
    const { control } = await openDesk();
    const at = async (iso: string) => {
      const { pictures } = await control.pictures(operator, { of: 'r12', fromMs: Date.parse(iso) });
      return pictures[0]?.holders.map(({ id }) => id);
    };
    expect(await at('2026-11-25T10:00:00+01:00')).toEqual(['C-102']);
    expect(await at('2026-01-01T00:00:00Z')).toEqual([]);
  });

  test('a window that ends before it begins is refused', async () => {
    const { control } = await openDesk();
    const error = await rejection(control.tree(operator, { fromMs: 5, toMs: 5 }));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', field: 'to' });
  });

  test('the tree of the demo world adds up to its summary', async () => {
    const { control } = await openDesk();
    const { sites } = await control.summary(operator, { racks: false });
    const { rows } = await control.tree(operator, { depth: 1 });
    expect(rows.map(({ id, gpus, nodeCount }) => ({ id, gpus, nodeCount }))).toEqual(
      sites.map(({ id, gpus, nodeCount }) => ({ id, gpus, nodeCount })),
    );
  });
});
