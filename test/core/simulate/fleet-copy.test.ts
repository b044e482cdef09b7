import { describe, expect, test } from 'vitest';

import { withMoreNodes, withNodes, withRacks, withSite } from '../../../src/core/simulate/fleet-copy.ts';
import { SiteFacts } from '../../../src/model/fact.ts';
import { Path } from '../../../src/model/id.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';

const { state } = world('ams2/h1/a1 1×4 A100', 'fra1/h1/r1 2×4 H100', {
  racks: { 'fra1/h1/r1': { feedLimitW: { A: 9000, B: 9000 } } },
  nodes: { 'fra1/h1/r1/n02': { feeds: ['A'] } },
});
const { fleet } = state;
const [first, second, third] = fleet.nodes;
if (first === undefined || second === undefined || third === undefined) throw new Error('three nodes');
const rack = fleet.racks.get(Path.parse('fra1/h1/r1'));
if (rack === undefined) throw new Error('a rack');

describe('a fleet with other nodes', () => {
  const copy = withNodes(fleet, [{ ...second, health: 'down' }]);

  test('has them wherever nodes are listed, and all others as they were', () => {
    expect(copy.nodes.map(({ health }) => health === 'down')).toEqual([false, true, false]);
    expect(copy.nodes[1]?.index).toBe(second.index);
    expect(copy.nodeById.get(second.id)).toBe(copy.nodes[1]);
    expect(copy.sites.map(({ nodes }) => nodes)).toEqual([[copy.nodes[0]], [copy.nodes[1], copy.nodes[2]]]);
    expect([copy.nodes[0], copy.nodes[2]]).toEqual([first, third]);
  });

  test('leaves the fleet that it is of alone; with none it is that fleet', () => {
    expect(fleet.nodes[1]).toBe(second);
    expect(fleet.nodeById.get(second.id)).toBe(second);
    expect(withNodes(fleet, [])).toBe(fleet);
  });

  test('has the models of its nodes, each once and in order', () => {
    const bare = { ...first, shape: { ...first.shape, models: [] } };
    expect([fleet.models, withNodes(fleet, [bare]).models]).toEqual([['A100', 'H100'], ['H100']]);
  });
});

describe('a fleet with another rack', () => {
  test('has its nodes hang on the feeds of that one, or on those that they name', () => {
    const copy = withRacks(fleet, [{ ...rack, facts: { feedLimitW: { C: 5000 } } }]);
    expect(
      copy.nodes.map(({ supplies }) => supplies.map(({ letter, limitW }) => `${letter} ${limitW}`)),
    ).toEqual([[], ['C 5000'], ['A undefined']]);
    expect(copy.racks.get(rack.id)?.facts.feedLimitW).toEqual({ C: 5000 });
    expect(fleet.racks.get(rack.id)).toBe(rack);
  });

  test('has a new one in the order of the ids', () => {
    const copy = withRacks(fleet, [{ ...rack, id: Path.parse('fra1/h1/r0') }]);
    expect([...copy.racks.keys()]).toEqual(['ams2/h1/a1', 'fra1/h1/r0', 'fra1/h1/r1']);
    expect(copy.nodes).toEqual(fleet.nodes);
    expect(withRacks(fleet, [])).toBe(fleet);
  });
});

test('another site is changed alone', () => {
  const copy = withSite(fleet, Path.parse('fra1'), (site) => ({
    ...site,
    facts: SiteFacts.parse({ country: 'DE' }),
  }));
  expect(copy.sites.map(({ facts }) => facts)).toEqual([{}, { country: 'DE' }]);
  expect(copy.sites[0]).toBe(fleet.sites[0]);
  expect(
    withSite(fleet, Path.parse('par1'), () => {
      throw new Error('nobody');
    }).sites,
  ).toEqual(fleet.sites);
});

const fresh = (id: string) => ({
  ...second,
  index: -1,
  id: Path.parse(id),
  hostName: id.replaceAll('/', '-'),
});

describe('a state with more nodes', () => {
  const held = take({ ...world('ams2/h1/a1 1×4 A100', 'fra1/h1/r1 2×4 H100') }, demand('2×4 H100 9h')).state;

  test('numbers them all anew in the order of their ids, and moves what is held along', () => {
    const more = withMoreNodes(held, [fresh('fra1/h1/r1/n01a'), fresh('fra1/a')]);
    expect(more.fleet.nodes.map(({ index, id }) => `${index} ${id}`)).toEqual([
      '0 ams2/h1/a1/n01',
      '1 fra1/a',
      '2 fra1/h1/r1/n01',
      '3 fra1/h1/r1/n01a',
      '4 fra1/h1/r1/n02',
    ]);
    expect(more.calendar.map((holds) => holds.map(({ holder }) => holder))).toEqual([
      [],
      [],
      ['C-101'],
      [],
      ['C-101'],
    ]);
    expect(more.fleet.sites.map(({ nodes }) => nodes.length)).toEqual([1, 4]);
  });

  test('leaves the state that it is of alone; with none it is that state', () => {
    expect(held.fleet.nodes.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(withMoreNodes(held, [])).toBe(held);
  });
});
