import { describe, expect, test } from 'vitest';

import { addNodes } from '../../../src/core/simulate/add.ts';
import type { NewNodes } from '../../../src/core/simulate/edit.ts';
import { Path } from '../../../src/model/id.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { type Details, hourMs, observe, t0, type World, world } from '../fleet.ts';

const line = 'fra1/h1/r1 2×8 H100 gpuw700 basew1400 leaf';
const r1 = Path.parse('fra1/h1/r1');
/** What one such node draws at full: 1400 + 8 × 700. */
const drawW = 7000;

/** A rack of two such nodes, of 8 units each where that is said. */
function fleet(facts: object = {}, more: Details = {}, units?: number): World {
  const bare = world(line, 'ams2/h1/a1 1×8 H100', { racks: { 'fra1/h1/r1': facts } }, more);
  if (units === undefined) return bare;
  return observe(bare, [fact('shape', 'fra1-h1-r1-1', { units })], { source: 'netbox' });
}

function wish({ state }: World, more: Partial<NewNodes> = {}): NewNodes {
  const like = state.fleet.nodes.find(({ id }) => id === 'fra1/h1/r1/n01');
  if (like === undefined) throw new Error('a node');
  return { site: Path.parse('fra1'), count: 3, like, shape: like.shape, fromMs: t0, ...more };
}

/** What is said of three nodes more, in parts. */
const said = (before: World, more: Partial<NewNodes> = {}) =>
  addNodes(before.state, wish(before, more)).did.split('; ');

const made = (before: World, more: Partial<NewNodes> = {}) => {
  const { state } = addNodes(before.state, wish(before, more));
  return state.fleet.nodes.filter(({ id }) => !before.state.fleet.nodeById.has(id));
};

describe('into a rack that is there', () => {
  test('as many as are asked for, where nobody has recorded units', () => {
    expect(said(fleet(), { rack: r1 })).toEqual([
      '3 of 3 nodes added',
      'rack units unchecked: not recorded',
      'rack power unchecked: not recorded',
      'rack cooling unchecked: not recorded',
    ]);
  });

  test.each([
    [
      'exactly as many as fit',
      40,
      3,
      '3 of 3 nodes added',
      '24 rack units were free in fra1/h1/r1',
      undefined,
    ],
    [
      'one too few units for the last',
      39,
      3,
      '2 of 3 nodes added',
      '23 rack units were free in fra1/h1/r1',
      'the other 1 need 1 rack like it',
    ],
    [
      'none where none fits',
      23,
      3,
      '0 of 3 nodes added',
      '7 rack units were free in fra1/h1/r1',
      'the other 3 need 2 racks like it',
    ],
    // An empty rack of 24 units holds three.
    [
      'the others in as many racks as they fill',
      24,
      9,
      '1 of 9 nodes added',
      '8 rack units were free in fra1/h1/r1',
      'the other 8 need 3 racks like it',
    ],
  ])('%s', (_, units, count, added, free, others) => {
    const notes = said(fleet({ units }, {}, 8), { rack: r1, count, units: 8 });
    expect(notes.slice(0, others === undefined ? 2 : 3)).toEqual([
      added,
      free,
      ...(others === undefined ? [] : [others]),
    ]);
    expect(notes).toHaveLength(others === undefined ? 4 : 5);
  });

  test('units of a node that nobody knows are checked by nobody', () => {
    expect(said(fleet({ units: 40 }, {}, 8), { rack: r1 })[1]).toBe('rack units unchecked: not recorded');
    expect(said(fleet({ units: 40 }), { rack: r1, units: 8 })[1]).toBe('rack units unchecked: not recorded');
  });

  test.each([
    // Two nodes draw 14 kW of what the weaker feed carries.
    ['enough for all', 14_000 + 3 * drawW, 'rack power holds them at full draw'],
    [
      'a watt too few',
      14_000 + 3 * drawW - 1,
      'rack power has 20999 W left at full draw: enough for 2 of them',
    ],
    ['none left', 14_000, 'rack power has 0 W left at full draw: enough for 0 of them'],
    ['less than none is none', 10_000, 'rack power has 0 W left at full draw: enough for 0 of them'],
  ])('power is counted at full draw: %s', (_, limitW, note) => {
    expect(said(fleet({ feedLimitW: { A: limitW, B: limitW } }), { rack: r1 })).toContain(note);
  });

  test('so is cooling', () => {
    expect(said(fleet({ coolingLimitW: 28_000 }), { rack: r1 })).toContain(
      'rack cooling has 14000 W left at full draw: enough for 2 of them',
    );
  });

  test('draws that nobody has recorded leave both unchecked', () => {
    const dark = world('fra1/h1/r1 2×8 H100', { racks: { 'fra1/h1/r1': { coolingLimitW: 28_000 } } });
    expect(said(dark, { rack: r1 })).toContain('rack cooling unchecked: not recorded');
    const other = world(line, 'fra1/h1/r1 1×8 H100', { racks: { 'fra1/h1/r1': { coolingLimitW: 28_000 } } });
    expect(said(other, { rack: r1 })).toContain('rack cooling unchecked: not recorded');
  });

  test('into a rack that nobody knows none is added', () => {
    expect(said(fleet(), { rack: Path.parse('fra1/h1/r9') })).toEqual([
      '0 of 3 nodes added',
      'fra1/h1/r9 is no rack that is recorded',
    ]);
  });

  test('they hang where the copied node hangs', () => {
    const feeds = { feedLimitW: { A: 50_000, B: 50_000 } };
    const [node] = made(fleet(feeds), { rack: r1, count: 1, units: 8 });
    expect(node).toMatchObject({
      id: 'fra1/h1/r1/new01',
      hostName: 'fra1-h1-r1-new01',
      site: 'fra1',
      hall: 'fra1/h1',
      rack: 'fra1/h1/r1',
      leaf: 'fra1/leaf-r1',
      island: undefined,
      health: 'healthy',
      schedulable: true,
      downMask: 0,
      units: 8,
    });
    expect(node?.supplies.map(({ letter }) => letter)).toEqual(['A', 'B']);
  });

  test('on a leaf only beside the node that they are like', () => {
    const [node] = made(world(line, 'fra1/h1/r2 1×8 H100'), { rack: Path.parse('fra1/h1/r2'), count: 1 });
    expect([node?.rack, node?.leaf, node?.spine]).toEqual(['fra1/h1/r2', undefined, undefined]);
  });

  test('on the feeds that the copied node names', () => {
    const own = fleet(
      { feedLimitW: { A: 50_000, B: 50_000 } },
      { nodes: { 'fra1/h1/r1/n01': { feeds: ['B'] } } },
    );
    const [node] = made(own, { rack: r1, count: 1 });
    expect([node?.supplies.map(({ letter }) => letter), node?.facts]).toEqual([['B'], { feeds: ['B'] }]);
  });
});

describe('into racks of their own', () => {
  test('like that of the copied node, each filled as far as units go', () => {
    const before = fleet({ units: 20 }, {}, 8);
    expect(said(before, { units: 8, count: 5 })).toEqual([
      '5 of 5 nodes added',
      'needs 3 racks like fra1/h1/r1, 2 nodes each',
      'rack units of the site unchecked: not recorded',
    ]);
    const nodes = made(before, { units: 8, count: 5 });
    expect(nodes.map(({ id }) => id)).toEqual([
      'fra1/h1/new-rack1/new01',
      'fra1/h1/new-rack1/new02',
      'fra1/h1/new-rack2/new01',
      'fra1/h1/new-rack2/new02',
      'fra1/h1/new-rack3/new01',
    ]);
    expect(new Set(nodes.map(({ hall }) => hall))).toEqual(new Set(['fra1/h1']));
  });

  test.each<[string, object, string]>([
    ['power', { feedLimitW: { A: 3 * drawW, B: 3 * drawW } }, 'needs 1 rack like fra1/h1/r1, 3 nodes each'],
    ['cooling', { coolingLimitW: 2 * drawW }, 'needs 2 racks like fra1/h1/r1, 2 nodes each'],
    [
      'the scarcest of them',
      { coolingLimitW: 2 * drawW, feedLimitW: { A: drawW, B: drawW }, units: 40 },
      'needs 3 racks like fra1/h1/r1, 1 nodes each',
    ],
  ])('or as far as %s goes', (_, facts, note) => {
    expect(said(fleet(facts), { units: 8 })[1]).toBe(note);
  });

  test('where the site says how many units are free, that is said beside what is needed', () => {
    const before = fleet({ units: 20 }, { sites: { fra1: { freeRackUnits: 30 } } }, 8);
    expect(said(before, { units: 8 }).at(-1)).toBe('24 rack units are needed, the site has 30 free');
    expect(said(fleet({ coolingLimitW: 99_000 }, { sites: { fra1: { freeRackUnits: 30 } } })).at(-1)).toBe(
      'rack units of the site unchecked: not recorded',
    );
  });

  test('one that is too large for such a rack is not added', () => {
    expect(said(fleet({ coolingLimitW: drawW - 1 }))).toEqual([
      '0 of 3 nodes added',
      'not one fits into a rack like fra1/h1/r1',
    ]);
  });

  test('where nothing of the rack is recorded, or there is none, they stand in no rack', () => {
    const note = 'they stand in no rack: rack units, power and cooling unchecked';
    expect(said(fleet())).toEqual(['3 of 3 nodes added', note]);
    const { like: _like, ...alone } = wish(fleet({ units: 20 }, {}, 8), { units: 8 });
    expect(addNodes(fleet({ units: 20 }, {}, 8).state, alone).did).toBe(`3 of 3 nodes added; ${note}`);
    expect(made(fleet()).map(({ id, rack, hall }) => [id, rack, hall])).toEqual([
      ['fra1/new01', undefined, undefined],
      ['fra1/new02', undefined, undefined],
      ['fra1/new03', undefined, undefined],
    ]);
  });

  test('at another site they hang on neither the loop nor the feeds of the first', () => {
    const facts = {
      units: 20,
      loop: 'fra1/cdu',
      feedLimitW: { A: 50_000, B: 50_000 },
      feeds: { A: 'fra1/f1' },
    };
    const before = fleet(facts, { loops: { 'fra1/cdu': {} } }, 8);
    const there = addNodes(before.state, wish(before, { site: Path.parse('ams2'), units: 8, count: 1 })).state
      .fleet;
    expect(there.racks.get(Path.parse('ams2/new-rack1'))).toMatchObject({
      site: 'ams2',
      facts: { units: 20, feedLimitW: facts.feedLimitW },
    });
    expect(there.racks.get(Path.parse('ams2/new-rack1'))?.facts).not.toHaveProperty('loop');
    expect(there.racks.get(Path.parse('ams2/new-rack1'))?.facts).not.toHaveProperty('feeds');
    const here = addNodes(before.state, wish(before, { units: 8, count: 1 })).state.fleet;
    expect(here.racks.get(Path.parse('fra1/h1/new-rack1'))?.facts).toEqual(
      before.state.fleet.racks.get(r1)?.facts,
    );
  });
});

describe('new nodes', () => {
  test('stand there from when they come on, and are closed until then', () => {
    const before = fleet();
    const { state } = addNodes(before.state, wish(before, { fromMs: t0 + hourMs, rack: r1, count: 1 }));
    const at = state.fleet.nodes.find(({ id }) => id.endsWith('new01'))?.index ?? -1;
    expect(state.calendar[at]?.map(({ holder, startMs, endMs }) => [holder, startMs, endMs])).toEqual([
      ['not there yet', 0, t0 + hourMs],
    ]);
  });

  test('come into the order of the ids, and holds go along with their nodes', () => {
    const before = take(fleet(), demand('1×8 H100 9h', { where: ['fra1/h1/r1/n02'] }));
    const { state } = addNodes(before.state, wish(before, { site: Path.parse('ams2') }));
    expect(state.fleet.nodes.map(({ id, index }) => `${index} ${id}`)).toEqual([
      '0 ams2/h1/a1/n01',
      '1 ams2/new01',
      '2 ams2/new02',
      '3 ams2/new03',
      '4 fra1/h1/r1/n01',
      '5 fra1/h1/r1/n02',
    ]);
    expect(state.calendar.map((holds) => holds.map(({ holder }) => holder))).toEqual([
      [],
      ['not there yet'],
      ['not there yet'],
      ['not there yet'],
      [],
      ['C-101'],
    ]);
    expect(state.fleet.sites.map(({ id, nodes }) => [id, nodes.length])).toEqual([
      ['ams2', 4],
      ['fra1', 2],
    ]);
  });

  test('go on counting where there are some already', () => {
    const before = fleet({ coolingLimitW: 2 * drawW });
    const once = addNodes(before.state, wish(before));
    const again = addNodes(once.state, wish(before)).state.fleet;
    expect([...again.racks.keys()].filter((id) => id.includes('new'))).toEqual([
      'fra1/h1/new-rack1',
      'fra1/h1/new-rack2',
      'fra1/h1/new-rack3',
      'fra1/h1/new-rack4',
    ]);
    const beside = addNodes(before.state, wish(before, { rack: r1, count: 2 })).state;
    const more = addNodes(beside, wish(before, { rack: r1, count: 1 })).state.fleet.nodes;
    expect(more.map(({ id }) => id).filter((id) => id.includes('new'))).toEqual([
      'fra1/h1/r1/new01',
      'fra1/h1/r1/new02',
      'fra1/h1/r1/new03',
    ]);
  });

  test('none leave the state as it was', () => {
    const before = fleet();
    const { state, did } = addNodes(before.state, wish(before, { rack: r1, count: 0 }));
    expect([did.split(';', 1), state.fleet.nodes.length]).toEqual([['0 of 0 nodes added'], 3]);
    expect(before.state.fleet.nodes).toHaveLength(3);
  });
});
