import { describe, expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import type { Placement } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { lines, only, promised } from './promised.ts';

const fleet = world('fra1/h1/r1 4×8 H100', 'fra1/h1/r2 4×8 H100', 'ams1/h1/r1 4×8 H100');

/** Replicas of one GPU at nodes such as `fra1/h1/r1/n01`, spares after a `+`; GPUs are numbered over all. */
function at(...nodes: readonly string[]): Placement {
  const seats = nodes.map((word, seat) => {
    const [spare, node] = word.startsWith('+') ? ['+ ', word.slice(1)] : ['', word];
    return `${spare}train ${seat} ${node} gpu${seat % 8}`;
  });
  return placement(24, ...seats);
}

const surviving = (text: string, loss: string, membersLeft: number, more: object = {}) =>
  demand(text, { survive: { loss, membersLeft }, ...more });

/** `by spreading: 2 of 4` and what is held: what is left of the replicas by the term's own words. */
function left(on: World, asked: Demand, held: Placement): string {
  const { promise } = only(promised(on, asked, held), 'survival');
  return promise.replace(/: the loss of any one \S+ leaves at least/, ':').replace(/,? ?replicas, .*$/, '');
}

const [n1, n2, n3, n4] = ['n01', 'n02', 'n03', 'n04'].map((node) => `fra1/h1/r1/${node}`);
const [m1, m2] = ['n01', 'n02'].map((node) => `fra1/h1/r2/${node}`);
const away = 'ams1/h1/r1/n01';
const nodes = (...all: readonly (string | undefined)[]) => at(...all.flatMap((node) => node ?? []));

test('nobody asked to survive: nothing is promised', () => {
  expect(lines(promised(fleet, demand('2×1 24h'), nodes(n1, n2)), 'survival')).toEqual([]);
});

describe('what the worst loss leaves', () => {
  test.each<[string, Demand, Placement, string]>([
    ['all on one node: nothing', surviving('4×1', 'node', 1), nodes(n1, n1, n1, n1), 'by spreading: 0 of 4'],
    ['evenly over two nodes', surviving('4×1', 'node', 1), nodes(n1, n1, n2, n2), 'by spreading: 2 of 4'],
    [
      'unevenly: the fullest node counts',
      surviving('4×1', 'node', 1),
      nodes(n1, n2, n2, n2),
      'by spreading: 1 of 4',
    ],
    ['each alone', surviving('4×1', 'node', 3), nodes(n1, n2, n3, n4), 'by spreading: 3 of 4'],
    ['two nodes of one rack', surviving('4×1', 'rack', 1), nodes(n1, n2, m1, m1), 'by spreading: 2 of 4'],
    ['one rack holds most', surviving('4×1', 'rack', 1), nodes(n1, n2, n3, m1), 'by spreading: 1 of 4'],
    [
      'a spare elsewhere stands in',
      surviving('2×1', 'node', 2),
      nodes(n1, n2, `+${n3}`),
      'with 1 spare: 2 of 2',
    ],
    [
      'a spare on the node that is lost is lost, too',
      surviving('2×1', 'node', 1),
      nodes(n1, n2, `+${n1}`),
      'with 1 spare: 1 of 2',
    ],
    [
      'never more than there were, however many spares',
      surviving('1×1', 'node', 1),
      nodes(n1, `+${n2}`, `+${n3}`),
      'with 2 spares: 1 of 1',
    ],
    [
      'a spare at another site stands in for nobody here',
      surviving('2×1', 'node', 1),
      nodes(n1, n1, `+${away}`),
      'with 1 spare: 0 of 2',
    ],
    [
      'replicas at other sites are left anyway',
      surviving('3×1', 'node', 1),
      nodes(n1, n1, away),
      'by spreading: 1 of 3',
    ],
    [
      'the loss of a site: spares of any site stand in',
      surviving('2×1', 'site', 2),
      nodes(n1, n2, `+${away}`, '+ams1/h1/r1/n02'),
      'with 2 spares: 2 of 2',
    ],
    [
      'the loss of a site with too few spares elsewhere',
      surviving('2×1', 'site', 1),
      nodes(n1, n2, `+${away}`),
      'with 1 spare: 1 of 2',
    ],
    ['the loss of the only site', surviving('2×1', 'site', 1), nodes(n1, m1), 'by spreading: 0 of 2'],
    [
      'the loss of one of two sites',
      surviving('3×1', 'site', 1),
      nodes(n1, n2, away),
      'by spreading: 1 of 3',
    ],
  ])('%s', (_, asked, held, expected) => {
    expect(left(fleet, asked, held)).toBe(expected);
  });

  test('parts without GPUs do not count beside others with some', () => {
    const held = placement(
      24,
      'train 0 fra1/h1/r1/n01 gpu0',
      'train 1 fra1/h1/r1/n02 gpu0',
      ...[0, 1, 2].map((replica) => `load ${replica} fra1/h1/r1/n01 cpu1`),
    );
    expect(left(fleet, surviving('train: 2×1 + load: 3×cpu1', 'node', 1), held)).toBe('by spreading: 1 of 2');
  });

  test('parts without GPUs count where nobody has any', () => {
    const held = placement(24, 'load 0 fra1/h1/r1/n01 cpu1', 'load 1 fra1/h1/r1/n02 cpu1');
    expect(left(fleet, surviving('load: 2×cpu1', 'node', 1), held)).toBe('by spreading: 1 of 2');
  });

  test('extras of an elastic part neither survive nor are missed', () => {
    const parts = demand('4×1').parts.map((part) => ({ ...part, minCount: 2 }));
    const asked = surviving('4×1', 'node', 1, { parts, guarantee: 'elastic' });
    expect(only(promised(fleet, asked, nodes(n1, n2, n2, n2)), 'survival').promise).toBe(
      'by spreading: the loss of any one node leaves at least 1 of 2 guaranteed replicas, asked for 1',
    );
  });
});

const feeds = (limit: (rack: string) => object): Details => ({
  racks: { 'fra1/h1/r1': limit('r1'), 'fra1/h1/r2': limit('r2') },
});

describe('the loss of a feed', () => {
  test('takes nobody who hangs on several that are known to carry the rest', () => {
    const on = world(
      'fra1/h1/r1 2×8 H100',
      'fra1/h1/r2 2×8 H100',
      feeds(() => ({ feedLimitW: { A: 9, B: 9 } })),
    );
    expect(left(on, surviving('2×1', 'feed', 2), nodes(n1, n1))).toBe('by spreading: 2 of 2');
    expect(only(promised(on, surviving('2×1', 'feed', 2), nodes(n1, n1)), 'survival').heldAs).toBe(
      'at most 0 replicas on one feed; no spare is reserved',
    );
  });

  test('takes all who hang on that one alone', () => {
    const on = world(
      'fra1/h1/r1 2×8 H100',
      'fra1/h1/r2 2×8 H100',
      feeds(() => ({ feedLimitW: { A: 9 } })),
    );
    expect(left(on, surviving('3×1', 'feed', 1), nodes(n1, n2, m1))).toBe('by spreading: 1 of 3');
  });
});

/** How it is held, and how it is enforced. */
function heldBy(asked: Demand, seats: Placement): readonly string[] {
  const { heldAs, enforcedBy } = only(promised(fleet, asked, seats), 'survival');
  return [heldAs, enforcedBy];
}

describe('how survival is held', () => {
  test('by spreading: the most on one place, and that no spare is reserved', () => {
    expect(heldBy(surviving('3×1', 'node', 1), nodes(n1, n2, n2))).toEqual([
      'at most 2 replicas on one node; no spare is reserved',
      'choice of nodes',
    ]);
  });

  test('by one spare, and where it is', () => {
    expect(heldBy(surviving('2×1', 'node', 2), nodes(n1, n2, `+${n3}`))).toEqual([
      '1 spare of train on fra1/h1/r1/n03; at most 1 of 3 on one node',
      'choice of nodes; spares are held in the calendar as replicas are',
    ]);
  });

  test('spares of two parts on two nodes: in the order of the nodes, each once', () => {
    const seats = placement(
      24,
      'a 0 fra1/h1/r1/n01 gpu0',
      'b 0 fra1/h1/r1/n01 gpu1',
      '+ b 1 fra1/h1/r1/n03 gpu0',
      '+ a 1 fra1/h1/r1/n02 gpu0',
      '+ a 2 fra1/h1/r1/n03 gpu1',
    );
    expect(heldBy(surviving('a: 1×1 + b: 1×1', 'node', 1), seats)[0]).toBe(
      '3 spares of b, a on fra1/h1/r1/n02, fra1/h1/r1/n03; at most 2 of 5 on one node',
    );
  });

  test.each([
    ['three nodes are named', [n2, n3, n4], 'on fra1/h1/r1/n02, fra1/h1/r1/n03, fra1/h1/r1/n04;'],
    ['four are counted, with their sites', [n2, n3, m2, away], 'on 4 nodes at ams1, fra1;'],
  ])('%s', (_, spares, words) => {
    const seats = nodes(n1, ...spares.map((node) => `+${node}`));
    expect(heldBy(surviving('1×1', 'node', 1), seats)[0]).toContain(words);
  });

  test('bandwidth is said to be held for members only, where any is held', () => {
    const bandwidth = placement(24, 'a 0 fra1/h1/r1/n01 gpu0');
    const seats = nodes(n1, n2, `+${n3}`);
    const [node] = bandwidth.members.map((member) => member.node);
    if (node === undefined) throw new Error('no member');
    const flowing: Placement = { ...seats, bandwidth: [{ fabric: 'data', edge: node, mbps: 5 }] };
    expect(heldBy(surviving('2×1', 'node', 2), flowing)[0]).toBe(
      '1 spare of train on fra1/h1/r1/n03; at most 1 of 3 on one node; bandwidth is held for members only',
    );
  });

  test('a long list of names is cut, not refused', () => {
    const row = `fra1/${'h'.repeat(45)}/r1`;
    const far = world(`${row} 4×8 H100`);
    const seats = at(`${row}/n01`, ...['n02', 'n03', 'n04'].map((node) => `+${row}/${node}`));
    const { heldAs } = only(promised(far, surviving('1×1', 'node', 1), seats), 'survival');
    expect(heldAs).toHaveLength(200);
  });
});
