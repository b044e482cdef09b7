import { describe, expect, test } from 'vitest';

import { forkOf } from '../../../src/core/simulate/fork.ts';
import { repricedBy } from '../../../src/core/simulate/prices.ts';
import { Path } from '../../../src/model/id.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { anywhere, run } from './edits.ts';

const racks = ['fra1/h1/r1 2×8 H100', 'ams2/h1/a1 2×8 H100'];

function fleet(fra1: object, ams2: object, ...lines: readonly string[]): World {
  return world(...(lines.length === 0 ? racks : lines), {
    sites: { fra1: { gpuPrices: fra1 }, ams2: { gpuPrices: ams2 } },
  });
}

/** New prices of an H100, by site. */
function prices(of: Readonly<Record<string, number>>) {
  const list = Object.entries(of).map(([site, microEurPerHour]) => ({
    site: Path.parse(site),
    model: 'H100',
    microEurPerHour,
  }));
  return { kind: 'price', prices: list } as const;
}

/** `C-101 agreed 16 list 24 cheapest ams2 8`, of contracts that are told of. */
function told(now: World, of: Readonly<Record<string, number>>): readonly string[] {
  return run(now, [prices(of)]).prices.map(
    ({ contract, agreedMicroEurPerHour, listMicroEurPerHour, cheapest }) => {
      const elsewhere =
        cheapest === undefined ? '' : ` cheapest ${cheapest.site} ${cheapest.microEurPerHour}`;
      return `${contract.id} agreed ${agreedMicroEurPerHour} list ${listMicroEurPerHour}${elsewhere}`;
    },
  );
}

const held = take(fleet({ H100: 2 }, { H100: 3 }), demand('1×8 H100 24h'));

const judge = (now: World['state']) => verdictAll(now, 'allowed', { ams2: 'forbidden' });

describe('new prices', () => {
  test.each<[string, Readonly<Record<string, number>>, readonly string[]]>([
    ['dearer there', { ams2: 4 }, []],
    ['cheaper here', { fra1: 1 }, ['C-101 agreed 16 list 8']],
    ['as dear here as there: the contract stays where it is', { ams2: 2 }, []],
    ['dearer here than there', { fra1: 4 }, ['C-101 agreed 16 list 32 cheapest ams2 24']],
    ['cheaper there than here', { ams2: 1 }, ['C-101 agreed 16 list 16 cheapest ams2 8']],
    ['dearer here, still the cheapest', { fra1: 3, ams2: 4 }, ['C-101 agreed 16 list 24']],
    ['both', { fra1: 5, ams2: 6 }, ['C-101 agreed 16 list 40']],
    ['of a site that nobody uses', { ams2: 9 }, []],
    ['the same again', { fra1: 2, ams2: 3 }, []],
  ])('%s', (_, of, expected) => {
    expect(told(held, of)).toEqual(expected);
  });

  test('a site that was the cheapest before is said again where the list price changes', () => {
    const away = take(fleet({ H100: 2 }, { H100: 3 }), demand('1×8 H100 24h', { where: ['ams2'] }));
    expect(told(away, { fra1: 1 })).toEqual([]);
    expect(told(away, { ams2: 5 })).toEqual(['C-101 agreed 24 list 40 cheapest fra1 16']);
  });

  test('its own place is free for a contract, a full site is no cheaper one', () => {
    const full = take(held, demand('2×8 H100 24h', { tenant: 'globex', where: ['ams2'] }));
    expect(told(full, { ams2: 1 })).toEqual(['C-102 agreed 48 list 16']);
    expect(told(full, { fra1: 4 })).toEqual(['C-101 agreed 16 list 32']);
  });

  test('where nobody has recorded a price there is none', () => {
    const unpriced = take(fleet({}, {}), demand('1×8 H100 24h', { where: ['fra1'] }));
    expect(told(unpriced, { ams2: 1 })).toEqual(['C-101 agreed undefined list undefined cheapest ams2 8']);
    expect(told(unpriced, { fra1: 1 })).toEqual(['C-101 agreed undefined list 8']);
  });

  test('rules are asked where it would be cheaper', () => {
    const { state } = held;
    const after = forkOf(state, [prices({ ams2: 1 })]).state;
    expect(repricedBy({ before: state, after }, [...state.contracts], t0, judge)).toEqual([]);
    expect(repricedBy({ before: state, after }, [...state.contracts], t0, anywhere)).toHaveLength(1);
  });

  test('a contract on a node that is gone has no list price', () => {
    const now = granted(
      fleet({ H100: 2 }, { H100: 3 }),
      demand('1×8 H100 24h'),
      placement(24, 'train 0 fra1/h1/r1/n09 gpu0-7'),
    );
    expect(told(now, { fra1: 1 })).toEqual([]);
    expect(told(now, { ams2: 1 })).toEqual(['C-101 agreed undefined list undefined cheapest ams2 8']);
  });

  test('all contracts that hold something are looked at, and how many is said', () => {
    const two = take(held, demand('1×8 H100 24h', { tenant: 'globex' }));
    expect(run(two, [prices({ fra1: 9 })]).priced).toBe(2);
    expect(told(two, { fra1: 9 })).toEqual([
      'C-101 agreed 16 list 72 cheapest ams2 24',
      'C-102 agreed 16 list 72 cheapest ams2 24',
    ]);
    expect(run(two, []).priced).toBe(0);
  });
});
