import { describe, expect, test } from 'vitest';

import type { Edit } from '../../../src/core/simulate/edit.ts';
import { SiteFacts } from '../../../src/model/fact.ts';
import { Path, TenantId } from '../../../src/model/id.ts';
import { DataRules } from '../../../src/model/tenant.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { byRules, losable, lose, nodesAfter, outcomes, run } from './edits.ts';

const fra1 = Path.parse('fra1');
const acme = TenantId.parse('acme');

describe('rules and facts of sites', () => {
  const sites = {
    fra1: { country: 'DE', operatorSeat: 'DE', gpuPrices: { H100: 3_000_000 } },
    iad3: { country: 'US', operatorSeat: 'US', gpuPrices: { H100: 2_000_000 } },
  };
  const fleet = world('fra1/h1/r1 1×8 H100', 'iad3/h1/c1 2×8 H100', { sites });
  const abroad = take(take(fleet, demand('1×8 H100 24h')), demand('1×8 H100 24h', { tenant: 'globex' }));

  test('a narrower rule moves who breaks it, and nobody else', () => {
    const done = run(abroad, [rule({ countries: ['DE'] })], { judge: byRules });
    expect(outcomes(done)).toEqual(['C-101 moves whole']);
    expect(nodesAfter(done, 'C-101')).toEqual(['fra1/h1/r1/n01']);
    expect(done.affected[0]).toMatchObject({
      broken: ['policy'],
      wasMicroEurPerHour: 16_000_000,
      isMicroEurPerHour: 24_000_000,
    });
  });

  test('where no site is left the rules are what binds', () => {
    const done = run(abroad, [rule({ countries: ['FR'] })], { judge: byRules });
    expect(outcomes(done)).toEqual(['C-101 stuck policy']);
    expect(done.bottleneck).toEqual({ binding: 'policy', count: 1 });
  });

  test('a rule that holds already changes nothing', () => {
    expect(run(abroad, [rule({ excludeCountries: ['FR'] })], { judge: byRules }).unaffected).toBe(2);
  });

  test('another seat of the operator counts for tenants that ask for seats', () => {
    const ruled = world('fra1/h1/r1 1×8 H100', 'ams2/h1/a1 1×8 H100', {
      sites: { fra1: { operatorSeat: 'DE' }, ams2: { operatorSeat: 'NL' } },
      tenants: [{ id: 'bank', rules: { operatorSeats: ['DE', 'NL'] } }],
    });
    const taken = take(ruled, demand('1×8 H100 24h', { tenant: 'bank', where: ['fra1', 'ams2'] }));
    const site = taken.state.contracts.at(0)?.placement.members[0]?.node.split('/')[0];
    const edit: Edit = {
      kind: 'site',
      site: Path.parse(site),
      facts: SiteFacts.parse({ operatorSeat: 'US' }),
    };
    expect(outcomes(run(taken, [edit], { judge: byRules }))).toEqual(['C-101 moves whole']);
  });
});

describe('prices', () => {
  const held = take(priced(2_000_000, 3_000_000), demand('1×8 H100 24h'));

  test('what was agreed stays; the list price and the cheapest site change', () => {
    const done = run(held, [price(4_000_000)]);
    expect(done.affected).toEqual([]);
    expect(done.prices).toMatchObject([
      {
        contract: { id: 'C-101' },
        agreedMicroEurPerHour: 16_000_000,
        listMicroEurPerHour: 32_000_000,
        cheapest: { site: 'ams2', microEurPerHour: 24_000_000 },
      },
    ]);
  });

  test('a price that stays the same changes nothing', () => {
    expect(run(held, [price(2_000_000)]).prices).toEqual([]);
  });

  test('elsewhere cheaper is said of contracts that run at another site', () => {
    const away = take(priced(5_000_000, 3_000_000), demand('1×8 H100 24h'));
    expect(run(away, [price(1_000_000)]).prices).toMatchObject([
      { listMicroEurPerHour: 24_000_000, cheapest: { site: 'fra1', microEurPerHour: 8_000_000 } },
    ]);
  });
});

describe('more demands', () => {
  const fleet = world('fra1/h1/r1 3×8 H100', { sites: { fra1: { gpuPrices: { H100: 1_000_000 } } } });

  test('as many as fit at once, and what stops the next', () => {
    const { growth } = run(fleet, [grow('1×8 H100 24h', 10)]);
    expect(growth).toMatchObject([
      {
        fit: 3,
        first: { number: 4, startMs: t0, binding: 'free-over-window' },
        sites: [{ site: 'fra1', count: 3 }],
        totalMicroEur: 3 * 8 * 24 * 1_000_000,
      },
    ]);
  });

  test('one a day for two days never fills three nodes', () => {
    expect(run(fleet, [grow('1×8 H100 48h', 30, 24)]).growth).toMatchObject([{ fit: 30 }]);
  });

  test('demands that come back find room again after one that did not', () => {
    const { growth } = run(fleet, [grow('2×8 H100 30h', 6, 24)]);
    expect(growth[0]?.fit).toBe(3);
    expect(growth[0]?.first?.number).toBe(2);
  });

  test('they come after the losses, and after who has to move', () => {
    const taken = take(fleet, demand('1×8 H100 24h'));
    const node = taken.state.contracts.at(0)?.placement.members[0]?.node ?? '';
    const done = run(taken, [grow('1×8 H100 24h', 9), lose([node])]);
    expect(outcomes(done)).toEqual(['C-101 moves whole']);
    expect(done.growth[0]?.fit).toBe(1);
  });
});

describe('cordons and maintenance', () => {
  const fleet = world('fra1/h1/r1 2×8 H100');
  const held = take(fleet, demand('1×8 H100 24h', { where: ['fra1/h1/r1/n01'] }));

  test.each([
    ['cordon', [], 1],
    ['maintain', ['C-101 moves elsewhere'], 1],
  ] as const)('%s', (kind, moved, unaffectedOrMoved) => {
    const done = run(held, [closing(kind, 'fra1/h1/r1/n01')]);
    expect(outcomes(done)).toEqual(moved);
    expect(done.unaffected + done.affected.length).toBe(unaffectedOrMoved);
  });

  test('a cordon keeps out what is new', () => {
    const edits: Edit[] = [
      closing('cordon', 'fra1/h1/r1/n02'),
      { kind: 'grow', demand: demand('1×8 H100 24h'), times: 2, everyMs: 0 },
    ];
    expect(run(held, edits).growth[0]?.fit).toBe(0);
  });
});

describe('new nodes', () => {
  const racks = {
    'fra1/h1/r1': { units: 20, feedLimitW: { A: 20_000, B: 20_000 }, coolingLimitW: 30_000 },
    'fra1/h1/r2': { units: 12 },
  };
  const line = 'fra1/h1/r1 2×8 H100 gpuw700 basew1400 cpu64 mem512';
  const fleet = (): World => world(line, 'fra1/h1/r2 1×8 H100 gpuw700 basew1400', { racks });
  const more = grow('1×8 H100 24h', 20);
  const r1 = Path.parse('fra1/h1/r1');

  test('they take work from when they stand there, not before', () => {
    const before = fleet();
    const late = add(before, { rack: r1, fromMs: t0 + 48 * hourMs });
    expect(run(before, [late, more]).growth[0]?.fit).toBe(3);
    expect(
      run(before, [
        late,
        {
          ...more,
          demand: demand('1×8 H100 9h', {
            window: { earliestStartMs: t0 + 48 * hourMs, durationS: 9 * 3600 },
          }),
        },
      ]).growth[0]?.fit,
    ).toBe(3);
    expect(run(before, [add(before, {}), more]).growth[0]?.fit).toBe(6);
  });

  test('the rack says what power and cooling allow, and what nobody knows', () => {
    const before = fleet();
    expect(run(before, [add(before, { rack: r1 })]).did).toEqual([
      '3 of 3 nodes added; rack units unchecked: not recorded; rack power has 6000 W left at full draw: enough for 0 of them; rack cooling has 16000 W left at full draw: enough for 2 of them',
    ]);
  });

  test('without a rack they need racks like the one that is copied', () => {
    const before = fleet();
    const done = run(before, [add(before, { units: 8 }, 5)]);
    expect(done.did[0]).toContain('5 of 5 nodes added; needs 3 racks like fra1/h1/r1, 2 nodes each');
    expect(
      done.state.fleet.nodes.filter(({ id }) => id.includes('new-rack')).map(({ rack }) => rack),
    ).toEqual([
      'fra1/h1/new-rack1',
      'fra1/h1/new-rack1',
      'fra1/h1/new-rack2',
      'fra1/h1/new-rack2',
      'fra1/h1/new-rack3',
    ]);
  });

  test('one that is larger than a rack is not added', () => {
    const before = fleet();
    expect(run(before, [add(before, { units: 40 })]).did).toEqual([
      '0 of 3 nodes added; not one fits into a rack like fra1/h1/r1',
    ]);
  });

  test('two lists of new nodes do not get into each other’s way', () => {
    const before = fleet();
    const done = run(before, [add(before, { rack: r1 }, 2), add(before, { rack: r1 }, 2)]);
    expect(done.state.fleet.nodes).toHaveLength(7);
    expect(done.state.fleet.nodes.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

function rule(rules: object): Edit {
  return { kind: 'rule', tenant: acme, rules: DataRules.parse(rules) };
}

function priced(fra: number, ams: number): World {
  return world('fra1/h1/r1 2×8 H100', 'ams2/h1/a1 2×8 H100', {
    sites: { fra1: { gpuPrices: { H100: fra } }, ams2: { gpuPrices: { H100: ams } } },
  });
}

/** Of an H100 at fra1. */
function price(microEurPerHour: number): Edit {
  return { kind: 'price', prices: [{ site: fra1, model: 'H100', microEurPerHour }] };
}

function grow(text: string, times: number, everyH = 0): Extract<Edit, { kind: 'grow' }> {
  return { kind: 'grow', demand: demand(text), times, everyMs: everyH * hourMs };
}

function closing(kind: 'cordon' | 'maintain', place: string): Edit {
  return { kind, places: [losable(place)], fromMs: t0 + hourMs, untilMs: t0 + 2 * hourMs };
}

/** Nodes like the first of the fleet. */
function add({ state }: World, more: object, count = 3): Edit {
  const [node] = state.fleet.nodes;
  if (node === undefined) throw new Error('no node');
  return { kind: 'add', nodes: { site: fra1, count, like: node, shape: node.shape, fromMs: t0, ...more } };
}
