import { array, assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cheapestFirst, placeSurviving } from '../../../src/core/place/spares.ts';
import type { State } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { Member } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { hold, holding } from './holding.ts';
import { firstWant, siteAt, there } from './known.ts';
import { crowds, gangOf, roomsFor } from './put-down.ts';
import { best } from './searching.ts';

function surviving(state: State, asked: Demand) {
  const { gang, nodes } = gangOf(state, asked, true);
  return placeSurviving(roomsFor(state, asked, true), nodes, gang);
}

/** `r1/n01×2 + r2/n01×1`: members and spares on each node, or `2 of them`. */
function put(state: State, asked: Demand): string {
  const found = surviving(state, asked);
  if (found.kind === 'partial') return `${found.fit} of them`;
  return [found.members, found.spares].flatMap((own) => (own.length === 0 ? [] : [crowds(own)])).join(' + ');
}

const numbers = (members: readonly Member[]) =>
  members.map(({ part, replica }) => `${part} ${replica}`).join(' ');

const survive = (text: string, loss: string, membersLeft: number, more: object = {}) =>
  demand(text, { survive: { loss, membersLeft }, ...more });

/** Three racks of one node with four GPUs. */
const { state } = world(
  'fra1/r1 1×4 H100 cpu16 mem64',
  'fra1/r2 1×4 H100 cpu16 mem64',
  'fra1/r3 1×4 H100 cpu16 mem64',
);
const gpus = (mask: number) => hold('globex', { gpus: mask });

describe('a gang that is to survive the loss of a node', () => {
  test.each([
    ['needs nothing more where it is spread', '4×1', 2, 'r1/n01×2 r2/n01×2'],
    ['is spread as wide as it has to be', '3×1', 2, 'r1/n01×1 r2/n01×1 r3/n01×1'],
    ['has a spare where all of it has to be left', '2×2', 2, 'r1/n01×1 r2/n01×1 + r3/n01×1'],
    ['has a spare for a single replica', '1×4', 1, 'r1/n01×1 + r2/n01×1'],
    ['has two spares where two may fall together', '4×1', 4, 'r1/n01×2 r2/n01×2 + r3/n01×2'],
    ['fits nowhere where it takes more nodes than there are', '3×4', 3, '0 of them'],
    ['fits nowhere where more have to be left than there are', '2×1', 3, '0 of them'],
  ])('%s: %s, %i left', (_, text, membersLeft, expected) => {
    expect(put(state, survive(text, 'node', membersLeft))).toBe(expected);
  });

  test('has its spares numbered after the last of its replicas', () => {
    const found = surviving(state, survive('4×1', 'node', 4));
    expect(found.kind === 'whole' ? numbers(found.members) : '').toBe('train 0 train 1 train 2 train 3');
    expect(found.kind === 'whole' ? numbers(found.spares) : '').toBe('train 4 train 5');
  });

  test('has spares of the part that stands in for all others, and of no other', () => {
    const asked = survive('small: 1×1 H100 cpu1 mem1 + large: 1×2 H100 cpu2 mem2', 'node', 2);
    const found = surviving(state, asked);
    expect(found.kind === 'whole' ? numbers(found.spares) : '').toBe('large 1');
    const other = survive('small: 1×1 H100 cpu2 mem1 + large: 1×2 H100 cpu1 mem2', 'node', 2);
    expect(surviving(state, other).kind).toBe('partial');
  });

  test('has idle spares that hold no bandwidth', () => {
    const linked = world(
      'fra1/r1 1×4 H100 nordma',
      'fra1/r2 1×4 H100 nordma',
      'fra1/r3 1×4 H100 nordma',
    ).state;
    const flows = [{ from: 'train', to: 'train', mbps: 1000 }];
    const found = surviving(linked, survive('2×2', 'node', 2, { flows }));
    const held = found.kind === 'whole' ? found.bandwidth.map(({ edge, mbps }) => `${edge} ${mbps}`) : [];
    // Two of the four pairs cross the NICs of each of the two nodes that work.
    expect(held.toSorted()).toEqual(['fra1/r1/n01 500', 'fra1/r2/n01 500']);
  });
});

describe('a gang that is to survive the loss of a rack', () => {
  const racks = world('fra1/r1 2×4 H100', 'fra1/r2 2×4 H100', 'fra1/r3 1×4 H100').state;

  test.each([
    ['stands in two', '4×4', 2, 'r1/n01×1 r1/n02×1 r2/n01×1 r2/n02×1'],
    ['stands in three', '3×4', 2, 'r1/n01×1 r2/n01×1 r3/n01×1'],
    ['has its spare in another rack than the rest', '2×4', 2, 'r1/n01×1 r2/n01×1 + r3/n01×1'],
    [
      'has two spares, so that two of five may fall',
      '3×4',
      3,
      'r1/n01×1 r1/n02×1 r2/n01×1 + r2/n02×1 r3/n01×1',
    ],
    ['fits nowhere where it takes a fourth rack', '4×4', 4, '0 of them'],
  ])('%s: %s, %i left', (_, text, membersLeft, expected) => {
    expect(put(racks, survive(text, 'rack', membersLeft))).toBe(expected);
  });

  test('cannot, kept together in one', () => {
    expect(surviving(racks, survive('2×4 together:rack', 'rack', 1)).kind).toBe('partial');
  });
});

/** `fra1: r1/n01×1 r1/n02×1 + z1/n01×1`: where all sites may be used, members and then spares. */
function chosen(now: State, text: string, membersLeft: number, more: object = {}): string {
  const found = best(now, survive(text, 'site', membersLeft, more));
  return found === undefined
    ? 'none'
    : `${found.site.id}: ${crowds(found.members)} + ${crowds(found.spares)}`;
}

describe('a gang that is to survive the loss of its site', () => {
  const three = world('fra1/r1 2×4 H100', 'osl1/o1 1×4 H100', 'zrh1/z1 1×8 H100', {
    sites: {
      fra1: { gpuPrices: { H100: 1 } },
      osl1: { gpuPrices: { H100: 3 } },
      zrh1: { gpuPrices: { H100: 2 } },
    },
  });
  test('does not without another site', () => {
    expect(put(three.state, survive('2×4', 'site', 1))).toBe('2 of them');
    expect(chosen(three.state, '2×4', 1, { where: ['fra1'] })).toBe('none');
  });

  test.each([
    ['at the cheapest other site', '2×4', 1, {}, {}, 'fra1: r1/n01×1 r1/n02×1 + z1/n01×1'],
    [
      'at the next, where that has no room',
      '2×4',
      1,
      { 'z1/n01': gpus(31) },
      {},
      'fra1: r1/n01×1 r1/n02×1 + o1/n01×1',
    ],
    [
      'as many as have to be left; of two ways that cost the same, by the closer gang',
      '2×4',
      2,
      {},
      {},
      'zrh1: z1/n01×2 + r1/n01×1 r1/n02×1',
    ],
    ['for none of more than there are', '1×4', 2, {}, {}, 'none'],
    [
      'of a gang that is kept together, which they need not be',
      '2×4 together:node',
      2,
      {},
      {},
      'zrh1: z1/n01×2 + r1/n01×1 r1/n02×1',
    ],
    ['nowhere, where nobody else has room for all of them', '2×4', 2, { 'z1/n01': gpus(1) }, {}, 'none'],
    [
      'not where its demand does not want to be',
      '2×4',
      1,
      {},
      { avoid: ['zrh1'] },
      'fra1: r1/n01×1 r1/n02×1 + o1/n01×1',
    ],
  ])('has spares %s', (_, text, membersLeft, held, more, expected) => {
    expect(chosen(holding(three.state, held), text, membersLeft, more)).toBe(expected);
  });

  test('has spares numbered after its own, under what its power cap leaves', () => {
    const drawn = world('fra1/r1 1×4 H100 gpuw500 basew1000', 'zrh1/z1 1×4 H100 gpuw500 basew1000').state;
    const capped = (powerCapW: number) => best(drawn, survive('1×4', 'site', 1, { powerCapW }));
    expect(numbers(capped(6000)?.spares ?? [])).toBe('train 1');
    expect(capped(5999)).toBeUndefined();
  });

  test('looks for spares at cheap sites first, and last at those without a price', () => {
    const some = world('fra1/r1 1×4 H100', 'osl1/o1 1×4 H100', 'zrh1/z1 1×4 H100', {
      sites: { osl1: { gpuPrices: { H100: 2 } }, zrh1: { gpuPrices: { H100: 1 } } },
    });
    const sites = some.state.fleet.sites;
    const order = (text: string) => cheapestFirst(sites, firstWant(some, demand(text))).map(({ id }) => id);
    expect(order('1×1')).toEqual(['zrh1', 'osl1', 'fra1']);
    expect(order('1×cpu1')).toEqual(['fra1', 'osl1', 'zrh1']);
  });

  test('looks by the price of cores for a part without GPUs, and by id among equals', () => {
    const cores = world('aaa/r1 1 cpu8 mem8', 'bbb/r1 1 cpu8 mem8', 'ccc/r1 1 cpu8 mem8', {
      sites: {
        aaa: { cpuPriceMicroEurPerHour: 5 },
        bbb: { cpuPriceMicroEurPerHour: 4 },
        ccc: { cpuPriceMicroEurPerHour: 4 },
      },
    });
    const sites = ['ccc', 'aaa', 'bbb'].map((id) => siteAt(cores, id));
    const [want] = [firstWant(cores, demand('1×cpu1'))];
    expect(cheapestFirst(sites, want).map(({ id }) => id)).toEqual(['bbb', 'ccc', 'aaa']);
  });
});

/** GPUs that are held of each of five nodes in three racks, and how many of how large replicas are to be left. */
const masks = array(constantFrom(0, 0, 1, 3, 7, 15), { minLength: 5, maxLength: 5 });

test('whatever is held: with spares, any loss leaves enough, and one spare fewer would not do', () => {
  const { state: five } = world('fra1/r1 2×4 H100', 'fra1/r2 2×4 H100', 'fra1/r3 1×4 H100');
  const seen = { none: 0, spread: 0, spared: 0 };
  assert(
    property(
      masks,
      integer({ min: 1, max: 4 }),
      integer({ min: 1, max: 4 }),
      constantFrom('node', 'rack'),
      (held, count, left, loss) => {
        const now = holding(
          five,
          Object.fromEntries(five.fleet.nodes.map(({ id, index }) => [id, gpus(held[index] ?? 0)])),
        );
        const found = surviving(now, survive(`${count}×1`, loss, left));
        const placeOf = ({ node }: Member) => (loss === 'node' ? node : node.slice(0, node.lastIndexOf('/')));
        // By counting: of n seats no place may have more than n - left.
        const room = Map.groupBy(five.fleet.nodes, ({ id, rack }) => (loss === 'node' ? id : (rack ?? id)));
        const free = [...room.values()].map((own) =>
          own.reduce(
            (sum, { index }) =>
              sum + there([4, 3, 2, 1, 0][[0, 1, 3, 7, 15].indexOf(held[index] ?? 0)], 'a mask'),
            0,
          ),
        );
        const holds = (seats: number) =>
          free.reduce((sum, most) => sum + Math.min(most, seats - left), 0) >= seats;
        const total =
          left > count ? undefined : Array.from({ length: left + 1 }, (_, more) => count + more).find(holds);
        expect(found.kind === 'whole' ? found.members.length + found.spares.length : undefined).toBe(total);
        const seats = found.kind === 'whole' ? [...found.members, ...found.spares] : [];
        for (const own of Map.groupBy(seats, placeOf).values())
          expect(seats.length - own.length).toBeGreaterThanOrEqual(left);
        if (total === undefined) seen.none++;
        else seen[total === count ? 'spread' : 'spared']++;
      },
    ),
    { seed, numRuns: 200 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
});
