import { describe, expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import type { Refusal } from '../../../src/model/refusal.ts';
import { ask, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { hourMs, t0, verdictAll, world, type World } from '../fleet.ts';

const eur = 1_000_000;

const fleet = world('fra1/h1/r1 2×4 H100 cpu16 mem64', 'ams2/a1 1×4 H100 cpu16 mem64', {
  sites: { fra1: { gpuPrices: { H100: 2 * eur } }, ams2: { gpuPrices: { H100: 3 * eur } } },
});

function refusal(on: World, asked: Demand, verdict = verdictAll(on.state, 'allowed')): Refusal {
  const answer = ask(on, asked, { verdict });
  if (answer.kind === 'planned') throw new Error('it was planned');
  return answer.refusal;
}

describe('what nobody has to search for', () => {
  test.each([
    [
      'an unknown tenant before anything else',
      '1×1 B200',
      { tenant: 'nobody', where: ['mars'] },
      'tenant-unknown',
    ],
    [
      'what is not supported before what contradicts itself',
      '3×cpu1 within:numa',
      { survive: { loss: 'node', membersLeft: 9 } },
      'not-supported',
    ],
    [
      'more survivors than replicas before places',
      '2×1',
      { where: ['mars'], survive: { loss: 'node', membersLeft: 3 } },
      'demand-impossible',
    ],
    [
      'a place before flows',
      '1×1',
      { where: ['mars'], flows: [{ from: 'x', to: 'train', mbps: 1 }] },
      'place-unknown',
    ],
    ['flows before models', '1×1 B200', { flows: [{ from: 'x', to: 'train', mbps: 1 }] }, 'flow-unknown'],
    [
      'a model before the window',
      '1×1 B200',
      { window: { earliestStartMs: t0 - 9 * hourMs } },
      'model-unknown',
    ],
    [
      'the window before any search',
      '9×9',
      { window: { earliestStartMs: t0 - 9 * hourMs } },
      'window-impossible',
    ],
  ])('%s', (_, text, more, kind) => {
    expect(refusal(fleet, demand(text, more)).kind).toBe(kind);
  });

  test('names all tenants in order, and all unknown places of the demand, its parts and what it avoids', () => {
    expect(refusal(fleet, demand('1×1', { tenant: 'nobody' }))).toEqual({
      kind: 'tenant-unknown',
      tenant: 'nobody',
      known: ['acme', 'globex'],
    });
    const asked = demand('1×1 at:venus + 1×1 at:fra1/h1/r1', {
      where: ['mars', 'fra1'],
      avoid: ['moon', 'ams2/a1'],
      together: 'site',
    });
    expect(refusal(fleet, asked)).toEqual({ kind: 'place-unknown', asked: ['mars', 'venus', 'moon'] });
  });

  test('says how many replicas count, and that none can be left beyond them', () => {
    const asked = demand('2×1 + load: 5×cpu1', { survive: { loss: 'node', membersLeft: 3 } });
    const found = refusal(fleet, asked);
    expect(found).toMatchObject({ kind: 'demand-impossible', field: 'survive.membersLeft' });
    expect('why' in found && found.why).toMatch(/^3 replicas cannot be left of the 2 that count/);
    expect(ask(fleet, demand('2×1', { survive: { loss: 'node', membersLeft: 2 } })).kind).toBe('planned');
  });

  test('names the ends of flows that are none, beside those there are', () => {
    const flows = [
      { from: 'x', to: 'train', mbps: 1 },
      { from: 'train', to: 'y', mbps: 1 },
    ];
    expect(refusal(fleet, demand('1×1', { flows }))).toMatchObject({
      kind: 'flow-unknown',
      asked: ['x', 'y'],
    });
  });
});

describe('a budget that nothing keeps', () => {
  test.each([
    ['the total of the cheapest site', { totalMicroEur: 15 * eur }, 'total', 15 * eur, 16 * eur],
    ['the day of the cheapest site', { microEurPerDay: 24 * eur }, 'day', 24 * eur, 4 * 2 * 24 * eur],
    [
      'the day, where the total is kept',
      { totalMicroEur: 16 * eur, microEurPerDay: eur },
      'day',
      eur,
      192 * eur,
    ],
    ['the total, where both are not', { totalMicroEur: eur, microEurPerDay: eur }, 'total', eur, 16 * eur],
    ['nothing to spend', { microEurPerDay: 0 }, 'day', 0, 192 * eur],
  ] as const)('is held against %s', (_, budget, basis, limitMicroEur, lowestMicroEur) => {
    expect(refusal(fleet, demand('1×4 2h', { budget }))).toMatchObject({
      kind: 'over-budget',
      basis,
      limitMicroEur,
      lowestMicroEur,
    });
  });

  test('is not held against a site whose price nobody knows: that fact is missing, at so many sites', () => {
    const dark = world('fra1/r1 1×4 H100', 'ams2/a1 1×4 H100', 'osl1/o1 1×2 H100');
    expect(refusal(dark, demand('1×4', { budget: { microEurPerDay: 1 } }))).toMatchObject({
      kind: 'fact-missing',
      facts: [{ attribute: 'gpuPrices', subjectCount: 2 }],
    });
  });

  test('is held against the lowest price there is, where another site has none', () => {
    const half = world('aaa/r1 1×4 H100', 'bbb/r1 1×4 H100', { sites: { bbb: { gpuPrices: { H100: 5 } } } });
    expect(refusal(half, demand('1×4', { budget: { microEurPerDay: 1 } }))).toMatchObject({
      kind: 'over-budget',
      lowestMicroEur: 4 * 5 * 24,
    });
  });
});

/** `country` is missing, `country=DE` is known. */
function factOf(text: string) {
  const [name = '', value] = text.split('=');
  return { fact: name, source: 'inventory', ...(value === undefined ? {} : { value }) };
}

const hits = (...facts: readonly string[]) => [
  {
    rule: 'residency',
    article: 'Art. 1',
    effect: 'fact-missing' as const,
    why: 'nobody says where it is',
    fix: 'record it',
    ...(facts.length === 0 ? {} : { facts: facts.map(factOf) }),
  },
];

const lacking = (bySite: Readonly<Record<string, readonly string[]>>) => {
  const verdict = verdictAll(fleet.state, 'fact-missing');
  return {
    ...verdict,
    sites: verdict.sites.map((one) => ({ ...one, hits: hits(...(bySite[one.site] ?? [])) })),
  };
};

describe('where every site is closed', () => {
  test('facts that are missing are told once each, with how many sites lack them', () => {
    expect(
      refusal(
        fleet,
        demand('1×1'),
        lacking({ ams2: ['country', 'zone=UTC'], fra1: ['country', 'operator'] }),
      ),
    ).toMatchObject({
      kind: 'fact-missing',
      facts: [
        { attribute: 'country', subjectCount: 2, example: 'ams2', fix: 'record it' },
        { attribute: 'operator', subjectCount: 1, example: 'fra1', fix: 'record it' },
      ],
    });
  });

  test('a rule that names no fact is told by why it asks', () => {
    expect(refusal(fleet, demand('1×1'), lacking({}))).toMatchObject({
      facts: [{ attribute: 'nobody says where it is', subjectCount: 2, example: 'ams2', fix: 'record it' }],
    });
  });

  test('a latency that nobody has recorded is such a fact, without any rule', () => {
    expect(refusal(fleet, demand('1×1', { latencyMsByRegion: { rome: 9 } }))).toMatchObject({
      kind: 'fact-missing',
      facts: [
        {
          attribute: 'the latency to `rome` is not recorded',
          subjectCount: 2,
          fix: 'import a source that states it',
        },
      ],
    });
  });

  test('a fact that is missing somewhere is told before what is forbidden elsewhere', () => {
    const verdict = verdictAll(fleet.state, 'forbidden', { fra1: 'fact-missing' });
    expect(refusal(fleet, demand('1×1'), verdict)).toMatchObject({
      kind: 'fact-missing',
      facts: [{ example: 'fra1' }],
    });
  });

  test('rules that forbid are told once, however many sites they close', () => {
    const found = refusal(fleet, demand('1×1'), verdictAll(fleet.state, 'forbidden'));
    expect(found).toMatchObject({ kind: 'policy-denied', sites: ['ams2', 'fra1'] });
    expect(found.kind === 'policy-denied' ? found.hits.map(({ rule }) => rule) : []).toEqual(['test-rule']);
  });

  test('one that is forbidden is enough, where there is no other', () => {
    const asked = demand('1×1', { where: ['fra1'] });
    const found = refusal(fleet, asked, verdictAll(fleet.state, 'forbidden'));
    expect(found).toMatchObject({ kind: 'policy-denied', sites: ['fra1'] });
  });

  test('by data that is nowhere, it is capacity that is missing', () => {
    expect(refusal(fleet, demand('1×1', { dataset: 'songs' }))).toMatchObject({ kind: 'no-capacity' });
    expect(refusal(fleet, demand('1×1', { dataset: 'songs' }))).not.toHaveProperty('nearest');
  });
});

const nearest = (on: World, asked: Demand) => {
  const found = refusal(on, asked);
  return found.kind === 'no-capacity' ? found.nearest : found.kind;
};

describe('the nearest miss', () => {
  test('is at the site where most replicas fit', () => {
    expect(nearest(fleet, demand('3×4 H100'))).toEqual({
      place: 'fra1/h1/r1',
      startMs: t0,
      replicasWanted: 3,
      replicasFit: 2,
      binding: 'inventory',
    });
  });

  test('of sites where as many fit is where time may lift the obstacle', () => {
    const held = take(fleet, demand('1×1 5h', { where: ['fra1/h1/r1/n01'] }));
    expect(nearest(held, demand('2×4 1h'))).toMatchObject({
      place: 'fra1/h1/r1/n02',
      binding: 'free-over-window',
    });
    expect(nearest(held, demand('2×4 1h', { where: ['ams2'] }))).toMatchObject({ binding: 'inventory' });
  });

  test('of sites that miss it alike is at the first by id', () => {
    const alike = world('bbb/r1 1×4 H100', 'aaa/r1 1×4 H100');
    expect(nearest(alike, demand('2×4'))).toMatchObject({ place: 'aaa/r1/n01', replicasFit: 1 });
  });

  test('counts what is guaranteed', () => {
    const [part] = demand('9×4').parts;
    const asked = demand('9×4', { guarantee: 'elastic', parts: [{ ...part, minCount: 3 }] });
    expect(nearest(fleet, asked)).toMatchObject({ replicasWanted: 3, replicasFit: 2 });
  });

  test('is told of the earliest start, though a later one was allowed', () => {
    const held = take(fleet, demand('2×4 50h', { where: ['fra1'] }));
    const asked = demand('2×4', { where: ['fra1'], ...flexible(1, 9) });
    expect(nearest(held, asked)).toMatchObject({ startMs: t0, binding: 'free-over-window' });
  });
});

/** Two racks of one node, each with a leaf of its own, and what else there is. */
function leafs(facts: object, ...more: readonly string[]): World {
  return world('fra1/r1 1×4 H100 rdma leaf', 'fra1/r2 1×4 H100 rdma leaf', ...more, {
    leafs: { 'fra1/leaf-r1': facts, 'fra1/leaf-r2': facts },
  });
}

describe('facts that are missing where hardware would do', () => {
  test('a link that nobody has recorded anywhere', () => {
    expect(refusal(fleet, demand('1×4 nvlink'))).toMatchObject({
      kind: 'fact-missing',
      facts: [{ attribute: 'link' }],
    });
  });

  test('not where some node has it and is merely taken', () => {
    const half = world('fra1/r1 1×4 H100 nvlink', 'fra1/r2 1×4 H100');
    const held = take(half, demand('1×4 nvlink'));
    expect(refusal(held, demand('1×4 nvlink'))).toMatchObject({
      kind: 'no-capacity',
      nearest: { binding: 'free-over-window' },
    });
  });

  test('uplinks that nobody has recorded, where those are what is in the way', () => {
    const asked = withRdma('2×4 rdma', { uplinkMbps: 100 });
    expect(refusal(leafs({}), asked)).toMatchObject({
      kind: 'fact-missing',
      facts: [{ attribute: 'uplinkMbps', subjectCount: 2 }],
    });
    expect(refusal(leafs({ uplinkMbps: 99 }), asked)).toMatchObject({
      kind: 'no-capacity',
      nearest: { binding: 'uplink' },
    });
    expect(ask(leafs({ uplinkMbps: 100 }), asked).kind).toBe('planned');
    // Another site that is too small anyway changes nothing; one that is merely full might do with time.
    const small = leafs({}, 'osl1/o1 1×2 H100 rdma leaf');
    expect(refusal(small, asked)).toMatchObject({ kind: 'fact-missing' });
    const large = leafs({}, 'osl1/o1 2×4 H100 rdma leaf');
    const full = take(large, demand('1×4 5h', { where: ['osl1'] }));
    expect(refusal(full, { ...asked, window: { ...asked.window, durationS: 3600 } })).toMatchObject({
      kind: 'no-capacity',
    });
  });
});
