import { describe, expect, test } from 'vitest';

import { countedReplicas, isCounted, spreadOf } from '../../../src/core/place/survival.ts';
import { demand } from '../demand.ts';
import { type Details, world } from '../fleet.ts';
import { nodeAt, there } from './known.ts';

const surviving = (text: string, loss: string, membersLeft: number, more: object = {}) =>
  demand(text, { survive: { loss, membersLeft }, ...more });

describe('replicas that count for survival', () => {
  test.each([
    ['with GPUs', '3×1 + 2×2', 5],
    ['without GPUs, beside some with', '3×1 + load: 4×cpu1', 3],
    ['without GPUs, where none has any', 'a: 3×cpu1 + b: 4×cpu2', 7],
    ['of slices', '3×1 share:500', 3],
  ])('%s', (_, text, expected) => {
    expect(countedReplicas(demand(text))).toBe(expected);
  });

  test('of elastic parts are those that are guaranteed', () => {
    const [part] = demand('6×1').parts;
    const asked = demand('6×1', { guarantee: 'elastic', parts: [{ ...part, minCount: 2 }] });
    expect(countedReplicas(asked)).toBe(2);
    expect(spreadOf({ ...asked, survive: { loss: 'node', membersLeft: 2 } })?.limit).toBe(0);
  });

  test('are told part by part', () => {
    const asked = demand('3×1 + load: 4×cpu1');
    expect(asked.parts.map((part) => isCounted(part, asked))).toEqual([true, false]);
  });
});

describe('how many may fall together', () => {
  test.each([
    ['all but those that have to be left', 4, 3],
    ['none but itself alone', 1, 6],
    ['none at all', 7, 0],
    ['fewer than none: there never are enough', 8, -1],
  ])('%s', (_, membersLeft, limit) => {
    expect(spreadOf(surviving('7×1', 'node', membersLeft))?.limit).toBe(limit);
  });

  test('nobody says of a demand that survives nothing, or the loss of its whole site', () => {
    expect(spreadOf(demand('7×1'))).toBeUndefined();
    expect(spreadOf(surviving('7×1', 'site', 1))).toBeUndefined();
  });
});

const id = 'fra1/h1/r1/n01';

/** What becomes of the one node of a fleet. */
function fate(loss: string, details: Details = {}, rack = 'fra1/h1/r1') {
  const on = world(`${rack} 1×8 H100`, details);
  return there(spreadOf(surviving('1×1', loss, 1)), 'a spread').fateOf(nodeAt(on, `${rack}/n01`));
}

const feedsOf = (feedLimitW: object, more: object = {}): Details => ({
  racks: { 'fra1/h1/r1': { feedLimitW, ...more } },
});
const building = (limits: Readonly<Record<string, number | undefined>>): Details => ({
  feeds: Object.fromEntries(
    Object.entries(limits).map(([feed, limitW]) => [feed, limitW === undefined ? {} : { limitW }]),
  ),
});

describe('a node falls', () => {
  test('with itself, and with its rack', () => {
    expect(fate('node')).toEqual({ kind: 'falls', place: id });
    expect(fate('rack')).toEqual({ kind: 'falls', place: 'fra1/h1/r1' });
  });

  test('with a rack that nobody has recorded: unknown', () => {
    const loose = world('fra1/r1 1×8 H100', { nodes: { 'edge/n01': { gpuCount: 8, gpuModel: 'H100' } } });
    const spread = there(spreadOf(surviving('1×1', 'rack', 1)), 'a spread');
    expect(spread.fateOf(nodeAt(loose, 'edge/n01'))).toEqual({ kind: 'unknown', attribute: 'rack' });
  });

  test.each([
    ['unknown, where no feed is recorded', {}, { kind: 'unknown', attribute: 'feeds' }],
    ['with the only feed of its rack', feedsOf({ A: 9000 }), { kind: 'falls', place: 'fra1/h1/r1 feed A' }],
    ['with neither of two that carry a known load', feedsOf({ A: 9000, B: 9000 }), { kind: 'stays' }],
    [
      'with the feed of the building behind the only letter',
      { ...feedsOf({ A: 9000 }, { feeds: { A: 'fra1/fa' } }), ...building({ 'fra1/fa': 9000 }) },
      { kind: 'falls', place: 'fra1/fa' },
    ],
    [
      'with the feed of the building behind both letters',
      {
        ...feedsOf({ A: 9000, B: 9000 }, { feeds: { A: 'fra1/fa', B: 'fra1/fa' } }),
        ...building({ 'fra1/fa': 9000 }),
      },
      { kind: 'falls', place: 'fra1/fa' },
    ],
    [
      'with neither of two feeds of the building',
      {
        ...feedsOf({ A: 9000, B: 9000 }, { feeds: { A: 'fra1/fa', B: 'fra1/fb' } }),
        ...building({ 'fra1/fa': 9000, 'fra1/fb': 9000 }),
      },
      { kind: 'stays' },
    ],
    [
      'unknown, where one of two feeds of the building has no known limit',
      {
        ...feedsOf({ A: 9000, B: 9000 }, { feeds: { A: 'fra1/fa', B: 'fra1/fb' } }),
        ...building({ 'fra1/fa': 9000, 'fra1/fb': undefined }),
      },
      { kind: 'unknown', attribute: 'limitW of the feeds' },
    ],
    [
      'with neither, where only one letter names a feed of the building',
      {
        ...feedsOf({ A: 9000, B: 9000 }, { feeds: { A: 'fra1/fa' } }),
        ...building({ 'fra1/fa': 9000 }),
      },
      { kind: 'stays' },
    ],
    [
      'with the letter that it hangs on alone',
      { ...feedsOf({ A: 9000, B: 9000 }), nodes: { [id]: { feeds: ['B'] } } },
      { kind: 'falls', place: 'fra1/h1/r1 feed B' },
    ],
    [
      'unknown, where one of its letters has no known limit',
      { ...feedsOf({ A: 9000 }), nodes: { [id]: { feeds: ['A', 'B'] } } },
      { kind: 'unknown', attribute: 'feedLimitW' },
    ],
  ] satisfies [string, Details, object][])('with a feed: %s', (_, details, expected) => {
    expect(fate('feed', details)).toEqual(expected);
  });
});
