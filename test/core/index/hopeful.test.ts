import { assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Calendar } from '../../../src/core/calendar/calendar.ts';
import { candidatesAt } from '../../../src/core/index/candidates.ts';
import { domainsKnown } from '../../../src/core/index/domains.ts';
import { levelOf, packedOf } from '../../../src/core/index/packed.ts';
import { endsIn, hopefulIn } from '../../../src/core/index/starts.ts';
import { type Sought, sweepOf } from '../../../src/core/index/sweep.ts';
import { sizeOf, without } from '../../../src/core/mask.ts';
import type { Domain } from '../../../src/core/place/domain.ts';
import { layoutOf } from '../../../src/core/place/layout.ts';
import { NodeSet } from '../../../src/core/place/node-set.ts';
import { combinations, type Want } from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { calendarOf, type Drawn, drawnHolds } from './drawn-holds.ts';

/** Two racks, of which the second has larger and smaller nodes, and one of which the rack has none that fit. */
const { fleet } = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 2×2 H100', 'fra1/h1/r3 1×4 A100').state;
const [site] = fleet.sites;
if (site === undefined) throw new Error('the fleet has a site');
const at = site;
const racks = domainsKnown('site', 'rack', site.nodes);
const horizon = 40;

function wantOf(text: string): Want {
  const [[want] = []] = combinations(demand(text), ['H100']);
  if (want === undefined) throw new Error('a demand has a part');
  return want;
}

function soughtFor(calendar: Calendar, want: Want, lengthMs: number, toMs = horizon): Sought {
  const tenant = packedOf({ fleet, calendar }).tenantNumber('acme');
  return {
    want,
    asker: { tenant, level: levelOf('shared') },
    starts: { fromMs: 0, toMs },
    lengthMs,
    layout: layoutOf(fleet),
    mostW: () => 0,
  };
}

/** `r1 0..20` for each domain and run of starts; stretches that touch are one run. */
function hopeful(calendar: Calendar, text: string, lengthMs: number): readonly string[] {
  const want = wantOf(text);
  const fitting = candidatesAt(fleet, at, want, { demand: demand(text) });
  const sought = soughtFor(calendar, want, lengthMs, 20);
  const runs: { name: string; fromMs: number; toMs: number }[] = [];
  for (const { domain, starts } of hopefulIn(packedOf({ fleet, calendar }), racks, fitting, sought)) {
    const name = domain.id.slice(-2);
    const last = runs.at(-1);
    if (last?.name === name && last.toMs + 1 === starts.fromMs) last.toMs = starts.toMs;
    else runs.push({ name, ...starts });
  }
  return runs.map(({ name, fromMs, toMs }) => `${name} ${fromMs}..${toMs}`);
}

/** GPUs of a node held from an instant up to another. */
function drawn(node: number, gpus: number, from: number, to: number): Drawn {
  return { node, gpus, from, length: to - from, who: 'globex', alone: 'shared' };
}

describe('domains with the starts at which all replicas may fit', () => {
  test.each<readonly [string, readonly Drawn[], string, readonly string[]]>([
    ['nothing is held', [], '2×2 H100', ['r1 0..20', 'r2 0..20']],
    ['too many for one of them at any time', [], '3×2 H100', ['r1 0..20']],
    ['too many for all at any time', [], '5×2 H100', []],
    ['too large for one of them', [], '1×4 H100', ['r1 0..20']],
    ['apart, so that each node counts once', [], '2×2 H100 apart:node', ['r1 0..20', 'r2 0..20']],
    ['apart, one more than there are nodes', [], '3×1 H100 apart:node', []],
    ['one node is taken in the middle', [drawn(0, 0b1111, 8, 12)], '3×2 H100', ['r1 0..5', 'r1 12..20']],
    ['one of two nodes is enough meanwhile', [drawn(0, 0b1111, 8, 12)], '2×2 H100', ['r1 0..20', 'r2 0..20']],
    [
      'two nodes are taken one after the other',
      [drawn(0, 0b1111, 4, 8), drawn(1, 0b1111, 8, 12)],
      '4×2 H100',
      ['r1 0..1', 'r1 12..20'],
    ],
    [
      'what is free on two nodes together',
      [drawn(0, 0b11, 4, 8), drawn(1, 0b11, 0, 30)],
      '2×2 H100',
      ['r1 0..20', 'r2 0..20'],
    ],
    [
      'one GPU less than is needed',
      [drawn(0, 0b111, 4, 8), drawn(1, 0b11, 0, 30)],
      '2×2 H100',
      ['r1 0..1', 'r1 8..20', 'r2 0..20'],
    ],
  ])('for three moments: %s', (_, holds, text, expected) => {
    expect(hopeful(calendarOf(5, holds), text, 3)).toEqual(expected);
  });

  test('are those of a scan over every start', () => {
    const seen = { open: 0, shut: 0 };
    assert(
      property(
        drawnHolds(4, 24),
        constantFrom('1×4 H100', '2×2 H100', '5×1 H100', '3×2 H100', '2×1 H100 apart:node'),
        constantFrom(1, 3, 9, Infinity),
        (all, text, lengthMs) => {
          const calendar = calendarOf(
            5,
            all.map((one) => ({ ...one, alone: 'shared', who: one.who === 'nobody' ? 'acme' : one.who })),
          );
          const want = wantOf(text);
          const fitting = candidatesAt(fleet, at, want, { demand: demand(text) });
          const packed = packedOf({ fleet, calendar });
          const found = hopefulIn(packed, racks, fitting, soughtFor(calendar, want, lengthMs));
          const starts = found.flatMap(({ domain, starts: { fromMs, toMs } }) =>
            Array.from({ length: toMs - fromMs + 1 }, (_, on) => `${domain.id} ${fromMs + on}`),
          );
          const expected = racks.flatMap((rack) =>
            Array.from({ length: horizon + 1 }, (_, start) => start)
              .filter(
                (start) => replicasAt(calendar, rack, want, { startMs: start, lengthMs }) >= want.part.count,
              )
              .map((start) => `${rack.id} ${start}`),
          );
          expect(starts).toEqual(expected);
          seen.open += expected.length;
          seen.shut += 2 * (horizon + 1) - expected.length;
        },
      ),
      { seed, numRuns: 200 },
    );
    expect(Math.min(seen.open, seen.shut)).toBeGreaterThan(1000);
  });
});

/** Replicas that the nodes of a rack could take at a start, each for itself. */
function replicasAt(
  calendar: Calendar,
  { nodes }: Domain,
  { gpuCount, part }: Want,
  { startMs, lengthMs }: { readonly startMs: number; readonly lengthMs: number },
): number {
  return nodes
    .filter(({ shape }) => shape.models.some(({ model }) => model === 'H100'))
    .map(({ index, shape }) => {
      const taken = (calendar[index] ?? [])
        .filter((hold) => hold.startMs < startMs + lengthMs && hold.endMs > startMs)
        .reduce((mask, { gpus }) => mask | gpus, 0);
      const free = sizeOf(without((1 << shape.gpus.length) - 1, taken));
      return Math.min(Math.floor(free / gpuCount), part.apart === undefined ? Infinity : 1);
    })
    .reduce((sum, replicas) => sum + replicas, 0);
}

describe('what was swept is remembered', () => {
  const calendar = calendarOf(5, [drawn(0, 0b11, 4, 8)]);
  const nodes = new NodeSet(fleet.nodes);
  const want = wantOf('2×2 H100');

  test('for the same question about the same nodes', () => {
    const packed = packedOf({ fleet, calendar });
    const sought = soughtFor(calendar, want, 3);
    const sweep = sweepOf(packed, nodes, sought);
    expect(sweepOf(packed, nodes, { ...sought })).toBe(sweep);
    expect(sweepOf(packed, new NodeSet(fleet.nodes), sought)).not.toBe(sweep);
  });

  test.each<readonly [string, Partial<Sought>]>([
    ['another length', { lengthMs: 4 }],
    ['an earlier first start', { starts: { fromMs: -1, toMs: horizon } }],
    ['a later last start', { starts: { fromMs: 0, toMs: horizon + 1 } }],
    ['another tenant', { asker: { tenant: 7, level: 0 } }],
    ['another isolation', { asker: { tenant: -2, level: 1 } }],
    ['another number of GPUs', { want: wantOf('2×1 H100') }],
    ['fewer replicas than a node has room for', { want: wantOf('1×2 H100') }],
    ['replicas apart', { want: wantOf('2×2 H100 apart:node') }],
    ['other cores', { want: wantOf('2×2 H100 cpu4') }],
  ])('but not for %s', (_, other) => {
    const packed = packedOf({ fleet, calendar });
    const sought = soughtFor(calendar, want, 3);
    expect(sweepOf(packed, nodes, { ...sought, ...other })).not.toBe(sweepOf(packed, nodes, sought));
  });

  test('nor once something else is held', () => {
    const sought = soughtFor(calendar, want, 3);
    const sweep = sweepOf(packedOf({ fleet, calendar }), nodes, sought);
    const next = calendarOf(5, [drawn(0, 0b11, 4, 9)]);
    expect(sweepOf(packedOf({ fleet, calendar: next }), nodes, sought)).not.toBe(sweep);
  });

  test('a dozen at most: the one not asked for longest is swept anew', () => {
    const packed = packedOf({ fleet, calendar });
    const sweepFor = (lengthMs: number) => sweepOf(packed, nodes, soughtFor(calendar, want, lengthMs));
    const sweeps = Array.from({ length: 12 }, (_, on) => sweepFor(10 + on));
    expect(sweepFor(10)).toBe(sweeps[0]);
    sweepFor(99);
    expect(sweepFor(10)).toBe(sweeps[0]);
    expect(sweepFor(12)).toBe(sweeps[2]);
    expect(sweepFor(11)).not.toBe(sweeps[1]);
  });
});

describe('the instants of a stretch at which something ends', () => {
  const calendar = calendarOf(5, [
    drawn(0, 1, 0, 4),
    drawn(0, 2, 3, 8),
    drawn(1, 1, 1, 8),
    drawn(1, 2, 9, 12),
    drawn(3, 1, 0, 6),
  ]);

  test.each([
    [[0, 1], 0, 20, [4, 8, 12]],
    [[0, 1], 4, 12, [4, 8, 12]],
    [[0, 1], 5, 11, [8]],
    [[0, 1], 8, 8, [8]],
    [[0, 1], 9, 11, []],
    [[3], 0, 20, [6]],
    [[3, 1, 0], 0, 20, [4, 6, 8, 12]],
    [[], 0, 20, []],
  ])('on nodes %j from %i to %i: %j', (nodes, fromMs, toMs, expected) => {
    expect(endsIn(packedOf({ fleet, calendar }), nodes, { fromMs, toMs })).toEqual(expected);
  });

  test('come in order, each once, whatever is held', () => {
    assert(
      property(
        drawnHolds(5, 30),
        integer({ min: 0, max: 30 }),
        integer({ min: 0, max: 20 }),
        (all, fromMs, length) => {
          const held = calendarOf(5, all);
          const toMs = fromMs + length;
          const ends = held.flat().map(({ endMs }) => endMs);
          const expected = Array.from({ length: length + 1 }, (_, on) => fromMs + on).filter((on) =>
            ends.includes(on),
          );
          expect(endsIn(packedOf({ fleet, calendar: held }), [4, 2, 0, 1, 3], { fromMs, toMs })).toEqual(
            expected,
          );
        },
      ),
      { seed, numRuns: 150 },
    );
  });
});
