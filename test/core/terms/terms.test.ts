import { describe, expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import type { Placement, Price, Term } from '../../../src/model/placement.ts';
import { Plan } from '../../../src/model/plan.ts';
import { planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { lines, only, promised } from './promised.ts';

const racks = [
  'fra1/h1/r1 2×4 H100 nvlink link900 cpu64 mem512 gpuw400 basew400',
  'fra1/h1/r2 2×4 H100 nvlink link450 cpu64 mem512 gpuw400 basew400',
  'ams1/h1/r1 2×4 H100 nvlink cpu64 mem512',
  'fra1/h2/c1 1 cpu64 mem512',
] as const;
const fleet = world(...racks);
const plain = demand('1×4 24h');
const one = placement(24, 'train 0 fra1/h1/r1/n01 gpu0-3');

const of = (kind: Term['kind'], asked: Demand, held: Placement = one, on: World = fleet) =>
  lines(promised(on, asked, held), kind);

test('every contract promises devices, a length and a place, and nothing that nobody asked for', () => {
  expect(promised(fleet, plain, one).map(({ kind }) => kind)).toEqual([
    'devices',
    'start-and-length',
    'residency',
  ]);
});

describe('how long', () => {
  test.each<[string, number | undefined, string]>([
    ['without an end', undefined, 'from the start on, until released'],
    ['a whole hour', 3600, 'for 1 h from the start'],
    ['a week', 604_800, 'for 168 h from the start'],
    ['a second less than an hour', 3599, 'for 3599 s from the start'],
    ['a second more than an hour', 3601, 'for 3601 s from the start'],
    ['the shortest there is', 1, 'for 1 s from the start'],
  ])('%s', (_, durationS, words) => {
    const window = { earliestStartMs: 0, ...(durationS === undefined ? {} : { durationS }) };
    expect(of('start-and-length', demand('1×4', { window }))).toEqual([`guaranteed: ${words}`]);
  });
});

describe('storage local to nodes', () => {
  test('is summed over members and spares', () => {
    const held = placement(
      24,
      'train 0 fra1/h1/r1/n01 gpu0 disk100',
      'train 1 fra1/h1/r1/n02 gpu0',
      '+ train 2 fra1/h1/r2/n01 gpu0 disk25',
    );
    expect(of('space', plain, held)).toEqual(['guaranteed: 125 GiB of storage local to the nodes']);
  });

  test('is not promised where none is held', () => {
    expect(of('space', plain, placement(24, 'train 0 fra1/h1/r1/n01 gpu0 disk0'))).toEqual([]);
  });
});

const standing = (...nodes: readonly string[]) =>
  placement(
    24,
    ...nodes.map((node, at) => `train ${at} ${node}${node.includes('c1') ? ' cpu1' : ' gpu0-3'}`),
  );

describe('the link of GPUs', () => {
  const fast = 'fra1/h1/r1/n01';
  const slow = 'fra1/h1/r2/n01';
  const unknown = 'ams1/h1/r1/n01';
  const cores = 'fra1/h2/c1/n01';

  test.each<[string, string, Placement, string]>([
    [
      'the speed of the only node',
      '1×4 nvlink',
      standing(fast),
      'nvlink domain, 900 Gbit/s for each GPU by its rating',
    ],
    [
      'the slowest of several',
      '2×4 nvlink',
      standing(fast, slow),
      'nvlink domain, 450 Gbit/s for each GPU by its rating',
    ],
    ['no speed where one is unknown', '2×4 nvlink', standing(fast, unknown), 'nvlink domain'],
    [
      'nodes without GPUs have no say',
      '1×4 nvlink + load: 1×cpu1',
      standing(fast, cores),
      'nvlink domain, 900 Gbit/s for each GPU by its rating',
    ],
    ['no speed where no node has GPUs', '1×4 nvlink', standing(cores), 'nvlink domain'],
    [
      'any link',
      '1×4 link',
      standing(fast),
      'accelerator link domain, 900 Gbit/s for each GPU by its rating',
    ],
    ['of slices no speed is known', '1×2 nvlink mig:1g.10gb', standing(fast), 'nvlink domain'],
    [
      'of a later part',
      'a: 1×1 + b: 1×4 xgmi',
      standing(fast),
      'xgmi domain, 900 Gbit/s for each GPU by its rating',
    ],
  ])('%s', (_, text, held, words) => {
    expect(of('accelerator-link', demand(`${text} 24h`), held)).toEqual([
      `guaranteed: all GPUs of a replica in one ${words}`,
    ]);
  });

  test('that is no whole number of gigabits', () => {
    const odd = world('fra1/h1/r1 1×4 H100 nvlink', { nodes: { 'fra1/h1/r1/n01': { linkMbps: 1500 } } });
    expect(of('accelerator-link', demand('1×4 nvlink'), one, odd)[0]).toContain(', 1500 Mbit/s for each GPU');
  });
});

const limited = (...names: readonly string[]) =>
  world(...racks, {
    racks: Object.fromEntries(names.map((name) => [name, { feedLimitW: { A: 9000, B: 9000 } }])),
  });

describe('power', () => {
  const drawing = placement(
    24,
    'train 0 fra1/h1/r1/n01 gpu0-3 2000W',
    'train 1 fra1/h1/r2/n01 gpu0-3 2000W',
    '+ train 2 fra1/h1/r2/n02 gpu0-3 1000W',
  );

  test('of members and spares is held on their racks', () => {
    expect(of('power', plain, drawing, limited('fra1/h1/r1', 'fra1/h1/r2'))).toEqual([
      'guaranteed: 5000 W held on 2 racks',
    ]);
  });

  test('is declared where one of the racks has no recorded limit, and held by nothing', () => {
    const on = limited('fra1/h1/r1');
    expect(of('power', plain, drawing, on)).toEqual(['declared: 5000 W held on 2 racks']);
    expect(only(promised(on, plain, drawing), 'power').heldAs).toContain('nothing');
    expect(only(promised(limited('fra1/h1/r1', 'fra1/h1/r2'), plain, drawing), 'power').heldAs).toContain(
      'watts',
    );
  });

  test('of nothing is not promised', () => {
    expect(of('power', plain, one, limited('fra1/h1/r1'))).toEqual([]);
  });

  test('of one rack', () => {
    const held = placement(24, 'train 0 fra1/h1/r1/n01 gpu0 500W', 'train 1 fra1/h1/r1/n02 gpu0 1W');
    expect(of('power', plain, held, limited('fra1/h1/r1'))).toEqual(['guaranteed: 501 W held on 1 rack']);
  });

  test.each([
    ['of MIG instances is guaranteed, for hardware keeps them to it', '0:1g.10gb@0', 'guaranteed'],
    ['of shares is declared, for nothing keeps them to it', '0:250', 'declared'],
  ])('%s', (_, slice, strength) => {
    const held = placement(24, `train 0 fra1/h1/r1/n01 ${slice} 90W`);
    expect(of('power', demand('1×4 24h', { powerCapW: 100 }), held, limited('fra1/h1/r1'))).toEqual([
      `${strength}: 90 W held on 1 rack, a slice counted as its part of a GPU, rounded up`,
      `${strength}: draws at most 90 W of the 100 W it may, by the ratings of its devices`,
    ]);
  });

  test('under a cap is promised with what is drawn, also where that is nothing', () => {
    const capped = demand('1×4 24h', { powerCapW: 6000 });
    expect(of('power', capped, drawing).at(-1)).toBe(
      'guaranteed: draws at most 5000 W of the 6000 W it may, by the ratings of its devices',
    );
    expect(of('power', capped, one)).toEqual([
      'guaranteed: draws at most 0 W of the 6000 W it may, by the ratings of its devices',
    ]);
  });

  describe('above the racks', () => {
    const above: Details = {
      halls: { 'fra1/h1': { powerBudgetW: 50_000, coolingLimitW: 60_000 } },
      sites: { fra1: { powerBudgetW: 90_000 }, ams1: { powerBudgetW: 1 } },
      racks: { 'fra1/h1/r2': { loop: 'fra1/cdu' } },
      loops: { 'fra1/cdu': { coolingLimitW: 40_000 } },
    };
    const beyondRacks = (held: Placement) => {
      const terms = promised(world(...racks, above), plain, held);
      return [...lines(terms, 'power'), ...lines(terms, 'cooling')].filter((line) => line.includes('within'));
    };

    test('every place with a recorded limit is named once, in order', () => {
      expect(beyondRacks(drawing)).toEqual([
        'guaranteed: within the recorded power limits of fra1, fra1/h1',
        'guaranteed: within the recorded cooling limits of fra1/cdu, fra1/h1',
      ]);
    });

    test('only places that the devices hang on count', () => {
      expect(beyondRacks(placement(24, 'train 0 fra1/h1/r1/n01 gpu0 5W'))).toEqual([
        'guaranteed: within the recorded power limits of fra1, fra1/h1',
        'guaranteed: within the recorded cooling limits of fra1/h1',
      ]);
    });

    test('a spare that draws counts as a member does', () => {
      expect(
        beyondRacks(placement(24, 'a 0 fra1/h1/r1/n01 gpu0', '+ a 1 fra1/h1/r1/n02 gpu0 5W')),
      ).toHaveLength(2);
    });

    test('what draws nothing is within any limit, which need not be said', () => {
      expect(beyondRacks(one)).toEqual([]);
    });

    test('shares are declared', () => {
      expect(
        beyondRacks(placement(24, 'train 0 fra1/h1/r1/n01 0:250 5W')).map((line) => line.split(':')[0]),
      ).toEqual(['declared', 'declared']);
    });

    test('limits of racks alone are no limits above them', () => {
      const on = limited('fra1/h1/r1', 'fra1/h1/r2');
      expect(of('cooling', plain, drawing, on)).toEqual([]);
      expect(of('power', plain, drawing, on)).toHaveLength(1);
    });
  });
});

describe('where', () => {
  const both = placement(
    24,
    'train 0 fra1/h1/r1/n01 gpu0',
    'train 1 ams1/h1/r1/n01 gpu0',
    'train 2 fra1/h1/r2/n01 gpu0',
  );

  test.each<[string, object, Placement, string]>([
    ['one site', {}, one, 'runs at fra1 only'],
    ['two sites, each once, in the order of the devices', {}, both, 'runs at fra1, ams1 only'],
    [
      'the site of a spare counts',
      {},
      placement(24, 'a 0 fra1/h1/r1/n01 gpu0', '+ a 1 ams1/h1/r1/n01 gpu0'),
      'runs at fra1, ams1 only',
    ],
    [
      'with rules for the data',
      { rules: {} },
      one,
      'runs at fra1 only, which satisfies the recorded data rules',
    ],
  ])('%s', (_, more, held, words) => {
    expect(of('residency', demand('1×4 24h', more), held)).toEqual([`guaranteed: ${words}`]);
  });
});

describe('alone', () => {
  test.each<[string, string | undefined, readonly string[]]>([
    ['nobody asked', undefined, []],
    ['shared with others', 'shared', []],
    ['on nodes', 'node', ['nodes']],
    ['on racks', 'rack', ['racks']],
    ['at sites', 'site', ['sites']],
  ])('%s', (_, isolation, places) => {
    const asked = demand('1×4 24h', isolation === undefined ? {} : { isolation });
    const terms = promised(fleet, asked, one).filter(({ kind }) => kind === 'isolation');
    expect(terms.map(({ promise }) => promise)).toEqual(
      places.map((what) => `no other tenant on the ${what} of this contract`),
    );
    expect(terms.map(({ heldAs }) => heldAs)).toEqual(
      places.map((what) => `${what} closed to other tenants in the calendar`),
    );
  });
});

describe('the price', () => {
  const priced: Price = { priceBook: 'list 2026', lines: [], microEurPerHour: 0 };

  test('is promised by its book, also where it is nothing', () => {
    expect(lines(promised(fleet, plain, one, priced), 'price')).toEqual(['guaranteed: price book list 2026']);
  });

  test('is not promised where nobody recorded one', () => {
    expect(of('price', plain)).toEqual([]);
  });
});

test('what the application answers within is declared: nothing that a placement could hold', () => {
  const asked = demand('1×4 24h', { response: 'histogram_quantile(0.99, x) <= 250 ms' });
  const { strength, promise, heldAs, enforcedBy } = only(promised(fleet, asked, one), 'response');
  expect([strength, promise, heldAs, enforcedBy]).toEqual([
    'declared',
    'the application answers within 250 ms, by its own metric',
    'nothing',
    'nothing',
  ]);
});

describe('a contract with much to say stays within what a plan may hold', () => {
  const letters = 'abcdefghijklmnop'.split('');

  test('slices of sixteen sizes', () => {
    const on = world('fra1/h1/r1 1×8 H100 cpu64 mem64 shared');
    const text = letters.map((name, at) => `${name}: 1×1 share:${101 + at} cpu1 mem1`).join(' + ');
    const { plan } = planned(on, demand(`${text} 24h`));
    expect(Plan.parse(plan)).toEqual(plan);
    expect(only(plan.terms, 'devices').promise).toMatch(
      /^1 share of 101\/1000.*… on 1 node, for this contract alone$/u,
    );
  });

  test('sites with long names and long names of their price books', () => {
    const sites = letters.map((name) => `${name}${'x'.repeat(40)}`);
    const on = world(...sites.map((site) => `${site}/r1 1×8 H100 cpu64 mem64`), {
      sites: Object.fromEntries(
        sites.map((site) => [site, { priceBook: `${site} 2026`, gpuPrices: { H100: 1_000_000 } }]),
      ),
    });
    const text = sites.map((site, at) => `${letters[at]}: 1×1 cpu1 mem1 at:${site}`).join(' + ');
    const asked = demand(`${text} 24h`, { rules: {} });
    const { plan } = planned(on, asked);
    expect(Plan.parse(plan)).toEqual(plan);
    expect(only(plan.terms, 'residency').promise).toMatch(
      /… only, which satisfies the recorded data rules$/u,
    );
    expect(plan.price.microEurPerHour).toBe(sites.length * 1_000_000);
  });
});
