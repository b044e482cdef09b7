import { describe, expect, test } from 'vitest';

import { inventory } from '../../src/sources/inventory/inventory.ts';
import { file, parsed, refusal } from './given.ts';

const text = `schema: berth/inventory/1
sites:
  fra1:
    feeds: { grid: { limitW: 900000 } }
    spines: { s0: { uplinkMbps: 5000 } }
    racks:
      loose:
        feeds: { A: grid }
    halls:
      h1:
        feeds: { feed-a: { limitW: 400000 }, feed-b: {} }
        spines: { s1: { uplinkMbps: 25600000 } }
        leafs:
          leaf1: { uplinkMbps: 1, spine: s1 }
          leaf2: { spine: s0 }
          leaf3: { spine: s9 }
        racks:
          r1:
            feedLimitW: { A: 44300, B: 44300 }
            feeds: { A: feed-a, B: grid }
            nodes:
              - { names: n01..n02, leaf: leaf1, island: nvl1 }
              - { names: n03, feeds: [B], nics: [{ leaf: leaf1 }, {}, { leaf: leaf2 }] }
    nodes:
      - { names: e1, island: pair }
`;

const read = (changed: string) => parsed(inventory, [file('i.yaml', changed)]);
const seen = read(text);

function setOf(kind: string, subject: string, from = seen) {
  return from.facts.find((fact) => fact.kind === kind && fact.subject === subject)?.set;
}

describe('what the building shares', () => {
  test('stands in a hall or at a site, and is found by name from the inside out', () => {
    expect(setOf('feed', 'fra1/h1/feed-a')).toEqual({ limitW: 400_000 });
    expect(setOf('feed', 'fra1/h1/feed-b')).toEqual({});
    expect(setOf('rack', 'fra1/h1/r1')).toEqual({
      feedLimitW: { A: 44_300, B: 44_300 },
      feeds: { A: 'fra1/h1/feed-a', B: 'fra1/grid' },
    });
    expect(setOf('rack', 'fra1/loose')).toEqual({ feeds: { A: 'fra1/grid' } });
  });

  test('names of a hall hide those of its site', () => {
    const hidden = read(text.replace('feed-b: {}', 'grid: { limitW: 1 }'));
    expect(setOf('rack', 'fra1/h1/r1', hidden)).toMatchObject({ feeds: { B: 'fra1/h1/grid' } });
  });

  test('includes spines, also those of which only the name is known', () => {
    expect(setOf('spine', 'fra1/h1/s1')).toEqual({ uplinkMbps: 25_600_000 });
    expect(['leaf1', 'leaf2', 'leaf3'].map((leaf) => setOf('leaf', `fra1/h1/${leaf}`))).toEqual([
      { uplinkMbps: 1, spine: 'fra1/h1/s1' },
      { spine: 'fra1/s0' },
      { spine: 'fra1/h1/s9' },
    ]);
  });
});

describe('what nodes hang on', () => {
  test('is their own feeds, the leafs of single NICs, and an island of the place around them', () => {
    expect(setOf('node', 'fra1/h1/r1/n02')).toMatchObject({
      leaf: 'fra1/h1/leaf1',
      island: 'fra1/h1/r1/nvl1',
    });
    expect(setOf('node', 'fra1/e1')).toMatchObject({ island: 'fra1/pair' });
    expect(setOf('node', 'fra1/h1/r1/n03')).toEqual({ hostName: 'fra1-r1-n03', feeds: ['B'] });
    expect(setOf('nic', 'fra1/h1/r1/n03/nic0')).toEqual({ leaf: 'fra1/h1/leaf1' });
    expect(setOf('nic', 'fra1/h1/r1/n03/nic1')).toBe(undefined);
    expect(setOf('nic', 'fra1/h1/r1/n03/nic2')).toEqual({ leaf: 'fra1/h1/leaf2' });
  });
});

describe('slips are told with their line', () => {
  test.each([
    ['B: grid }', 'B: gird }', 'line 20: unknown feed `gird`', 'define it under `feeds` of the hall or site'],
    ['A: feed-a, B', 'a: feed-a, B', 'line 20: `sites.fra1.halls.h1.racks.r1.feeds', 'correct the value'],
    [
      'feeds: [B]',
      'feeds: [C]',
      'line 23: unknown feed `C`',
      'the rack has A, B; add it to its `feeds` or `feedLimitW`',
    ],
    ['feeds: [B]', 'feeds: []', 'line 23: ', 'correct the value'],
    ['feeds: [B]', 'feeds: [b]', 'line 23: ', 'correct the value'],
    [
      '{ leaf: leaf2 }]',
      '{ leaf: leaf7 }]',
      'line 23: unknown leaf `leaf7`',
      'define it under `leafs` of the hall or site',
    ],
    ['{ leaf: leaf2 }]', '{ leafs: leaf2 }]', 'line 23: unknown key `leafs`', ''],
    ['feed-b: {}', 'feed-b: { limit: 1 }', 'line 11: unknown key `limit`', 'did you mean `limitW`?'],
    ['feed-b: {}', 'Feed-b: {}', 'line 11: ', ''],
    [
      'feed-b: {}',
      'leaf1: {}',
      'line 14: place `fra1/h1/leaf1` is already in',
      'give one of them another name',
    ],
    ['{ uplinkMbps: 25600000 }', '{ uplinkMbps: -1 }', 'line 12: ', 'correct the value'],
    ['island: nvl1', 'island: a/b', 'line 22: ', 'correct the value'],
    ['{ limitW: 900000 }', '900000', 'line 4: ', 'correct the value'],
  ])('%s → %s', (from, to, message, fix) => {
    expect(text).toContain(from);
    const found = refusal(() => read(text.replace(from, to)));
    expect(found.message.replace(/^`i.yaml` /, '')).toContain(message);
    expect(found.fix).toContain(fix);
  });
});
