import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  closuresOf,
  lettersOf,
  type Loss,
  railsOn,
  shrunkenRacks,
  uncountedOn,
} from '../../../src/core/simulate/losses.ts';
import { seed } from '../arbitrary.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, type World, world } from '../fleet.ts';
import { losable } from './edits.ts';

/** A loss in words, in hours from `t0`: `rack-feed fra1/h1/r1/A`, 2, 5. */
function loss(text: string, from = 0, until = 24): Loss {
  return {
    what: losable(text),
    cause: 'an outage',
    fromMs: t0 + from * hourMs,
    untilMs: t0 + until * hourMs,
  };
}

/** `r1/n01 2-5`, and single devices after it. */
function falls({ state }: World, ...losses: readonly Loss[]): readonly string[] {
  return closuresOf(state.fleet, losses).map(({ node, fromMs, untilMs, gpus, nics }) => {
    const devices = `${gpus === undefined ? '' : ` gpus ${gpus}`}${nics === undefined ? '' : ` nics ${nics.join()}`}`;
    return `${node.slice(-6)} ${(fromMs - t0) / hourMs}-${(untilMs - t0) / hourMs}${devices}`;
  });
}

const halls = world(
  'fra1/h1/r1 2×4 H100',
  'fra1/h1/r2 1×4 H100',
  'fra1/h2/r3 1×4 H100',
  'ams2/h1/a1 1×4 H100',
  {
    loops: { 'fra1/cdu': {}, 'fra1/other': {} },
    racks: {
      'fra1/h1/r1': { loop: 'fra1/cdu' },
      'fra1/h2/r3': { loop: 'fra1/cdu' },
      'fra1/h1/r2': { loop: 'fra1/other' },
    },
  },
);

describe('what falls with a place or a loop', () => {
  test.each([
    ['fra1/h1/r1/n02', ['r1/n02 0-24']],
    ['fra1/h1/r1', ['r1/n01 0-24', 'r1/n02 0-24']],
    ['fra1/h1', ['r1/n01 0-24', 'r1/n02 0-24', 'r2/n01 0-24']],
    ['fra1', ['r1/n01 0-24', 'r1/n02 0-24', 'r2/n01 0-24', 'r3/n01 0-24']],
    ['ams2', ['a1/n01 0-24']],
    ['nowhere', []],
    ['fra1/h1/r', []],
    ['loop fra1/cdu', ['r1/n01 0-24', 'r1/n02 0-24', 'r3/n01 0-24']],
    ['loop fra1/other', ['r2/n01 0-24']],
    ['loop fra1/none', []],
    ['gpu fra1/h1/r1/n02/3', ['r1/n02 0-24 gpus 8']],
    ['nic fra1/h1/r1/n02/3', ['r1/n02 0-24 nics 3']],
    ['wan-link fra1/link', []],
    ['storage-pool fra1/pool', []],
  ])('%s', (text, expected) => {
    expect(falls(halls, loss(text))).toEqual(expected);
  });

  test('closures stand by node, then by begin, then by end, whatever the order of the losses', () => {
    const losses = [loss('fra1/h1/r1/n02', 5, 9), loss('fra1/h1/r1', 5, 7), loss('fra1/h1/r1/n01', 2, 3)];
    const expected = ['r1/n01 2-3', 'r1/n01 5-7', 'r1/n02 5-7', 'r1/n02 5-9'];
    expect(falls(halls, ...losses)).toEqual(expected);
    expect(falls(halls, ...losses.toReversed())).toEqual(expected);
  });
});

const line = (name: string) => `fra1/h1/${name} 1×2 H100 rdma leaf`;

describe('what hangs on leafs and spines', () => {
  const leafs = {
    'fra1/leaf-r1': { spine: 'fra1/s1' },
    'fra1/leaf-r2': { spine: 'fra1/s1' },
    'fra1/leaf-r3': { spine: 'fra1/s2' },
  };
  const fleet = world(line('r1'), line('r2'), line('r3'), { leafs });

  test.each([
    ['leaf fra1/leaf-r1', ['r1/n01 0-24 nics 0,1']],
    ['leaf fra1/none', []],
    ['spine fra1/s1', ['r1/n01 0-24 nics 0,1', 'r2/n01 0-24 nics 0,1']],
    ['spine fra1/s2', ['r3/n01 0-24 nics 0,1']],
    ['spine fra1/leaf-r1', []],
  ])('%s', (text, expected) => {
    expect(falls(fleet, loss(text))).toEqual(expected);
  });

  test('NICs that name a leaf of their own fall with that one, and those without RDMA with none', () => {
    const shape = {
      gpus: [{ model: 'H100' }, { model: 'H100' }],
      nics: [
        { rdma: true, leaf: 'fra1/leaf-r2' },
        { rdma: true },
        { rdma: false, leaf: 'fra1/leaf-r1' },
        { kind: 'ethernet' },
      ],
    };
    const own = observe(fleet, [
      fact('shape', 'own', shape),
      fact('node', 'fra1/h1/r1/n02', { shape: 'own', leaf: 'fra1/leaf-r1' }),
    ]);
    const node = own.state.fleet.nodes.find(({ id }) => id === 'fra1/h1/r1/n02');
    if (node === undefined) throw new Error('a node');
    expect(railsOn(own.state.fleet, node, losable('leaf fra1/leaf-r1'))).toEqual([1]);
    expect(railsOn(own.state.fleet, node, losable('leaf fra1/leaf-r2'))).toEqual([0]);
    expect(railsOn(own.state.fleet, node, losable('spine fra1/s1'))).toEqual([0, 1]);
    expect(railsOn(own.state.fleet, node, losable('fra1/h1/r1'))).toEqual([]);
  });

  test('where only the number of NICs is recorded, no rail can be closed, and the node is named', () => {
    const counted = observe(world('fra1/h1/r1 2×2 H100', 'fra1/h1/r2 1×2 H100 nordma', { leafs }), [
      fact('node', 'fra1/h1/r1/n01', { rdmaNicCount: 2, leaf: 'fra1/leaf-r1', shape: 'fra1-h1-r1-1' }),
      fact('node', 'fra1/h1/r1/n02', { rdmaNicCount: 2, leaf: 'fra1/leaf-r3', shape: 'fra1-h1-r1-1' }),
      fact('node', 'fra1/h1/r2/n01', { leaf: 'fra1/leaf-r1', shape: 'fra1-h1-r2-1' }),
    ]);
    const named = (text: string) =>
      uncountedOn(counted.state.fleet, losable(text)).map(({ id }) => id.slice(-6));
    expect(named('leaf fra1/leaf-r1')).toEqual(['r1/n01']);
    expect(named('spine fra1/s1')).toEqual(['r1/n01']);
    expect(named('spine fra1/s2')).toEqual(['r1/n02']);
    expect(named('fra1/h1/r1')).toEqual([]);
    expect(uncountedOn(fleet.state.fleet, losable('leaf fra1/leaf-r1'))).toEqual([]);
    expect(falls(counted, loss('leaf fra1/leaf-r1'))).toEqual([]);
  });
});

/** A rack of three nodes on feeds A, B and C, of which the first two are the building's; n02 and n03 have their own. */
const fed = (nodes: Record<string, object> = {}, facts: object = {}) =>
  world('fra1/h1/r1 3×2 H100', 'fra1/h1/r2 1×2 H100', {
    racks: {
      'fra1/h1/r1': {
        feedLimitW: { A: 5000, B: 5000, C: 5000 },
        feeds: { A: 'fra1/f1', B: 'fra1/f2' },
        ...facts,
      },
      'fra1/h1/r2': { feedLimitW: { A: 5000 }, feeds: { A: 'fra1/f1' } },
    },
    nodes,
  });

describe('what falls with feeds', () => {
  const own = { 'fra1/h1/r1/n02': { feeds: ['A'] }, 'fra1/h1/r1/n03': { feeds: ['A', 'B'] } };

  test('nothing, as long as one feed is left', () => {
    expect(falls(fed(), loss('rack-feed fra1/h1/r1/A'), loss('rack-feed fra1/h1/r1/B'))).toEqual([]);
  });

  test('a node all of whose feeds are gone', () => {
    expect(falls(fed(own), loss('rack-feed fra1/h1/r1/A'))).toEqual(['r1/n02 0-24']);
    expect(falls(fed(own), loss('rack-feed fra1/h1/r1/A'), loss('rack-feed fra1/h1/r1/B'))).toEqual([
      'r1/n02 0-24',
      'r1/n03 0-24',
    ]);
    const all = ['A', 'B', 'C'].map((letter) => loss(`rack-feed fra1/h1/r1/${letter}`));
    expect(falls(fed(own), ...all)).toEqual(['r1/n01 0-24', 'r1/n02 0-24', 'r1/n03 0-24']);
  });

  test('a feed of the building takes its letter of every rack', () => {
    expect(falls(fed(own), loss('feed fra1/f1'))).toEqual(['r1/n02 0-24', 'r2/n01 0-24']);
    expect(falls(fed(own), loss('feed fra1/f9'))).toEqual([]);
    expect(falls(fed(own), loss('rack-feed fra1/h1/r2/A'))).toEqual(['r2/n01 0-24']);
    expect(falls(fed(own), loss('rack-feed fra1/h1/r2/B'))).toEqual([]);
  });

  test('only while all of them are gone at once', () => {
    const turns = [loss('rack-feed fra1/h1/r1/A', 0, 10), loss('feed fra1/f2', 4, 12)];
    expect(falls(fed({ 'fra1/h1/r1/n03': { feeds: ['A', 'B'] } }), ...turns)).toEqual(['r1/n03 4-10']);
    const touching = [loss('rack-feed fra1/h1/r1/A', 0, 4), loss('feed fra1/f2', 4, 12)];
    expect(falls(fed({ 'fra1/h1/r1/n03': { feeds: ['A', 'B'] } }), ...touching)).toEqual([]);
  });

  test('spans that touch are one, spans with a gap are two', () => {
    const node = { 'fra1/h1/r1/n02': { feeds: ['A'] } };
    expect(
      falls(fed(node), loss('rack-feed fra1/h1/r1/A', 0, 4), loss('rack-feed fra1/h1/r1/A', 4, 6)),
    ).toEqual(['r1/n02 0-6']);
    expect(
      falls(fed(node), loss('rack-feed fra1/h1/r1/A', 0, 4), loss('rack-feed fra1/h1/r1/A', 5, 6)),
    ).toEqual(['r1/n02 0-4', 'r1/n02 5-6']);
    expect(falls(fed(node), loss('rack-feed fra1/h1/r1/A', 0, 6), loss('feed fra1/f1', 2, 3))).toEqual([
      'r1/n02 0-6',
      'r2/n01 2-3',
    ]);
  });

  test('a rack that names no feeds falls with none', () => {
    expect(falls(world('fra1/h1/r1 1×2 H100'), loss('rack-feed fra1/h1/r1/A'))).toEqual([]);
  });

  test('letters of a rack are those of its limits and of its feeds, each once, in order', () => {
    const rack = [...fed().state.fleet.racks.values()][0];
    if (rack === undefined) throw new Error('a rack');
    expect(lettersOf(rack)).toEqual(['A', 'B', 'C']);
    expect(lettersOf({ ...rack, facts: { feedLimitW: { C: 1, A: 1 }, feeds: {} } })).toEqual(['A', 'C']);
    expect(lettersOf({ ...rack, facts: {} })).toEqual([]);
  });

  test('hour by hour a node is dark exactly while every one of its feeds is gone', () => {
    const outages = array(
      record({
        letter: constantFrom('A', 'B', 'C'),
        from: integer({ min: 0, max: 9 }),
        hours: integer({ min: 0, max: 6 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    const nodes = { ...own, 'fra1/h1/r1/n01': { feeds: ['B', 'C'] } };
    const letters = new Map([
      ['r1/n01', 'BC'],
      ['r1/n02', 'A'],
      ['r1/n03', 'AB'],
    ]);
    const now = fed(nodes);
    let dark = 0;
    assert(
      property(outages, (drawn) => {
        const losses = drawn.map(({ letter, from, hours }) =>
          loss(`rack-feed fra1/h1/r1/${letter}`, from, from + hours),
        );
        const found = closuresOf(now.state.fleet, losses);
        for (const [name, hangsOn] of letters) {
          const spans = found.filter(({ node }) => node.endsWith(name));
          for (let hour = 0; hour < 16; hour++) {
            const atMs = t0 + hour * hourMs;
            const isDark = hangsOn
              .split('')
              .every((letter) =>
                drawn.some(
                  (outage) =>
                    outage.letter === letter && outage.from <= hour && hour < outage.from + outage.hours,
                ),
              );
            dark += Number(isDark);
            expect(spans.filter(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs)).toHaveLength(
              isDark ? 1 : 0,
            );
          }
          expect(
            spans.every(
              ({ untilMs }, at) => spans[at + 1] === undefined || untilMs < (spans[at + 1]?.fromMs ?? 0),
            ),
          ).toBe(true);
        }
      }),
      { seed, numRuns: 80 },
    );
    expect(dark).toBeGreaterThan(100);
  });
});

/** Watts of r1, where they are less than before. */
const left = (now: World, ...losses: readonly Loss[]) =>
  shrunkenRacks(now.state.fleet, losses).map(({ id, powerLimitW, facts }) => [
    id.slice(-2),
    powerLimitW,
    facts.feedLimitW,
  ]);

describe('what a rack can still carry', () => {
  test('as much as before with one of three lost: the limit allows for that', () => {
    expect(left(fed(), loss('rack-feed fra1/h1/r1/A'))).toEqual([]);
  });

  test('what the third alone carries with two of them lost at one time', () => {
    expect(left(fed(), loss('rack-feed fra1/h1/r1/A'), loss('feed fra1/f2'))).toEqual([
      ['r1', 5000, { C: 5000 }],
    ]);
    expect(left(fed(), loss('rack-feed fra1/h1/r1/B'), loss('rack-feed fra1/h1/r1/C'))).toEqual([
      ['r1', 5000, { A: 5000 }],
    ]);
  });

  test('counted at the worst time: one after the other takes nothing', () => {
    expect(left(fed(), loss('rack-feed fra1/h1/r1/A', 0, 4), loss('feed fra1/f2', 4, 9))).toEqual([]);
    expect(left(fed(), loss('rack-feed fra1/h1/r1/A', 0, 4.5), loss('feed fra1/f2', 4, 9))).toEqual([
      ['r1', 5000, { C: 5000 }],
    ]);
  });

  test('the weakest of those that are left counts for each', () => {
    const facts = { feedLimitW: { A: 9000, B: 9000, C: 4000 } };
    // Two of 4000 survive the loss of any one; without A there are B and C, of which C limits both.
    expect(left(fed({}, facts), loss('rack-feed fra1/h1/r1/A'))).toEqual([]);
    expect(left(fed({}, facts), loss('rack-feed fra1/h1/r1/A'), loss('feed fra1/f2'))).toEqual([
      ['r1', 4000, { C: 4000 }],
    ]);
    // Four allow for 12 kW; of the two that are left D carries 4000, so both carry 8000.
    const four = { feedLimitW: { A: 9000, B: 9000, C: 9000, D: 4000 } };
    expect(left(fed({}, four), loss('rack-feed fra1/h1/r1/A'), loss('feed fra1/f2'))).toEqual([
      ['r1', 8000, { C: 8000 }],
    ]);
    // Never more than before, although either of the others carries 9000.
    expect(left(fed({}, facts), loss('rack-feed fra1/h1/r1/C'), loss('feed fra1/f2'))).toEqual([]);
  });

  test('the first letter that is left stands for all that are left', () => {
    const facts = { feedLimitW: { A: 5000, B: 5000, C: 5000, D: 5000 } };
    expect(left(fed({}, facts), loss('rack-feed fra1/h1/r1/A'), loss('feed fra1/f2'))).toEqual([
      ['r1', 10_000, { C: 10_000 }],
    ]);
    expect(left(fed({}, facts), loss('rack-feed fra1/h1/r1/C'), loss('rack-feed fra1/h1/r1/D'))).toEqual([
      ['r1', 10_000, { A: 10_000 }],
    ]);
  });

  test('a rack whose last feed is gone keeps its limit: its nodes are out', () => {
    expect(left(fed(), loss('rack-feed fra1/h1/r2/A'))).toEqual([]);
  });

  test('a rack without limits, or with nodes that name their feeds, stays as it is', () => {
    const both = [loss('rack-feed fra1/h1/r1/A'), loss('feed fra1/f2')];
    const unlimited = world('fra1/h1/r1 1×2 H100', {
      racks: { 'fra1/h1/r1': { feeds: { A: 'fra1/f1', B: 'fra1/f2' } } },
    });
    expect(left(unlimited, ...both)).toEqual([]);
    expect(left(fed({ 'fra1/h1/r1/n02': { feeds: ['A', 'C'] } }), ...both)).toEqual([]);
  });

  test('the feed of the building behind what is left stays behind it', () => {
    const [rack] = shrunkenRacks(fed().state.fleet, [loss('feed fra1/f2'), loss('rack-feed fra1/h1/r1/C')]);
    expect(rack?.facts.feeds).toEqual({ A: 'fra1/f1' });
    const [other] = shrunkenRacks(fed().state.fleet, [loss('feed fra1/f1'), loss('feed fra1/f2')]);
    expect(other?.facts).not.toHaveProperty('feeds');
  });
});
