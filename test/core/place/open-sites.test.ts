import { describe, expect, test } from 'vitest';

import { reportClosed, splitSites } from '../../../src/core/place/open-sites.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { verdictAll, world, type World } from '../fleet.ts';

const fleet = world('ams2/a1 1×8 H100', 'edge/x 1×8 H100', 'fra1/h1/r1 1×8 H100', {
  sites: {
    ams2: { kind: 'datacentre', latencyMsByRegion: { paris: 9, rome: 30 } },
    edge: { kind: 'edge', latencyMsByRegion: { paris: 4 } },
    fra1: { latencyMsByRegion: { paris: 10, rome: 20 } },
  },
  pools: {
    'ams2/pool': { mbps: 1000, datasets: [{ id: 'books', sizeGib: 10 }] },
    'fra1/pool': {
      datasets: [
        { id: 'films', sizeGib: 10 },
        { id: 'books', sizeGib: 10 },
      ],
    },
  },
  wanLinks: { 'ams2/wan': { from: 'ams2', to: 'edge', mbps: 500 } },
  tenants: [{ id: 'press', rules: { datasets: ['films'] } }],
});

/** `fra1`, or `fra1 no-capacity: why`. */
function split(asked: Demand, on: World = fleet, verdict = verdictAll(on.state, 'allowed')): string[] {
  const { open, closed } = splitSites(on.state, asked, verdict);
  return [
    ...open.map(({ id }): string => id),
    ...closed.map((one) => {
      const { site, outcome, why } = reportClosed(one);
      return `${site} ${outcome}: ${why}`;
    }),
  ];
}

describe('sites that are asked for', () => {
  test.each([
    ['all, where nothing is said', {}, ['ams2', 'edge', 'fra1']],
    ['those around the places named', { where: ['fra1/h1/r1/n01', 'edge'] }, ['edge', 'fra1']],
    ['none of a place that is not there', { where: ['rome9'] }, []],
    ['not those that are avoided as a whole', { avoid: ['fra1'] }, ['ams2', 'edge']],
    ['also those of which a place is avoided', { avoid: ['fra1/h1'] }, ['ams2', 'edge', 'fra1']],
    ['not one that is both wanted and avoided', { where: ['fra1'], avoid: ['fra1'] }, []],
  ])('are %s', (_, more, expected) => {
    expect(split(demand('1×1', more))).toEqual(expected);
  });

  test('are those that every part names, where parts stay together', () => {
    expect(split(demand('1×1 at:fra1|edge + 1×1 at:edge|ams2', { together: 'site' }))).toEqual(['edge']);
    expect(split(demand('1×1 at:fra1 + 1×1', { together: 'site' }))).toEqual(['fra1']);
  });

  test('are those that some part names, where each may stand by itself', () => {
    expect(split(demand('1×1 at:fra1 + 1×1 at:ams2'))).toEqual(['ams2', 'fra1']);
  });

  test('are of the kind a part names; a site whose kind nobody has recorded lacks that fact', () => {
    const unknown = 'fra1 fact-missing: the kind of the site is not recorded';
    expect(split(demand('1×1 kind:edge', { together: 'site' }))).toEqual(['edge', unknown]);
    expect(split(demand('1×1 kind:edge + 1×1', { together: 'site' }))).toEqual(['edge', unknown]);
    expect(split(demand('1×1 kind:cloud', { together: 'site' }))).toEqual([unknown]);
    expect(split(demand('1×1 kind:edge', { together: 'site', avoid: ['fra1'] }))).toEqual(['edge']);
  });
});

describe('a site is closed', () => {
  test('by what the rules answer, and where they have no answer', () => {
    const verdict = verdictAll(fleet.state, 'allowed', { ams2: 'forbidden', edge: 'fact-missing' });
    const silent = { ...verdict, sites: verdict.sites.filter(({ site }) => site !== 'fra1') };
    expect(split(demand('1×1'), fleet, silent)).toEqual([
      'ams2 policy-denied: closed by test-rule',
      'edge fact-missing: closed by test-rule',
      'fra1 fact-missing: the rules have no answer for this site',
    ]);
  });

  test('by all rules that hit, in no more words than a line has', () => {
    const verdict = verdictAll(fleet.state, 'allowed', { fra1: 'forbidden' });
    const many = verdict.sites.map((entry) => ({
      ...entry,
      hits: entry.hits.flatMap((hit) =>
        Array.from({ length: 60 }, (_, at) => ({ ...hit, rule: `rule-${at}` })),
      ),
    }));
    const [closed] = split(demand('1×1', { where: ['fra1'] }), fleet, { ...verdict, sites: many });
    expect(closed?.startsWith('fra1 policy-denied: closed by rule-0, rule-1, rule-2,')).toBe(true);
    expect(closed?.length).toBe('fra1 policy-denied: '.length + 300);
  });

  test.each([
    ['by no limit that it keeps exactly', { paris: 10 }, ['ams2', 'edge', 'fra1']],
    [
      'by a millisecond too much',
      { paris: 9 },
      ['ams2', 'edge', 'fra1 no-capacity: 10 ms to `paris`, at most 9'],
    ],
    [
      'by a latency that nobody has recorded',
      { rome: 30 },
      ['ams2', 'fra1', 'edge fact-missing: the latency to `rome` is not recorded'],
    ],
    [
      'by the first region that does not do',
      { oslo: 1, paris: 1 },
      ['ams2', 'edge', 'fra1'].map((site) => `${site} fact-missing: the latency to \`oslo\` is not recorded`),
    ],
    [
      'by a region that is named like a property of every object',
      { constructor: 99 },
      ['ams2', 'edge', 'fra1'].map(
        (site) => `${site} fact-missing: the latency to \`constructor\` is not recorded`,
      ),
    ],
  ])('for its users: %s', (_, latencyMsByRegion, expected) => {
    expect(split(demand('1×1', { latencyMsByRegion }))).toEqual(expected);
  });

  test('by what a part says of its users, where parts stay together', () => {
    const asked = demand('1×1 + 1×1', { together: 'site' });
    const parts = asked.parts.map((part, at) =>
      at === 1 ? { ...part, latencyMsByRegion: { paris: 4 } } : part,
    );
    expect(split({ ...asked, parts })).toEqual([
      'edge',
      'ams2 no-capacity: 9 ms to `paris`, at most 4',
      'fra1 no-capacity: 10 ms to `paris`, at most 4',
    ]);
  });
});

const lacks = (site: string, ids: string) => `${site} no-capacity: no storage pool here holds ${ids}`;

describe('data', () => {
  test.each([
    ['that is there, or may be brought over a link', 'books', ['ams2', 'edge', 'fra1']],
    ['that no link brings anywhere', 'films', ['fra1', lacks('ams2', '`films`'), lacks('edge', '`films`')]],
    ['that nobody holds', 'songs', ['ams2', 'edge', 'fra1'].map((site) => lacks(site, '`songs`'))],
  ])('%s', (_, dataset, expected) => {
    expect(split(demand('1×1', { dataset }))).toEqual(expected);
  });

  test('that the rules name must be there, also where it could be brought', () => {
    const rules = { datasets: ['books'] };
    expect(split(demand('1×1', { rules }))).toEqual(['ams2', 'fra1', lacks('edge', '`books`')]);
    expect(split(demand('1×1', { rules, dataset: 'books' }))).toEqual([
      'ams2',
      'fra1',
      lacks('edge', '`books`'),
    ]);
  });

  test('of the tenant must be there as well, each named once', () => {
    const asked = demand('1×1', { tenant: 'press', rules: { datasets: ['books', 'films'] } });
    expect(split(asked)).toEqual(['fra1', lacks('ams2', '`films`'), lacks('edge', '`books`, `films`')]);
  });

  test('that flows from its pool must be there: it is read while the work runs', () => {
    const flows = [{ from: 'dataset', to: 'train', mbps: 10 }];
    expect(split(demand('1×1', { dataset: 'books', flows }))).toEqual([
      'ams2',
      'fra1',
      lacks('edge', '`books`'),
    ]);
  });

  test.each([
    ['the link', { from: 'ams2', to: 'edge' }, {}, 'the speed of WAN link ams2/wan is not recorded'],
    [
      'the pool',
      { from: 'ams2', to: 'edge', mbps: 1 },
      {},
      'the speed of storage pool ams2/pool is not recorded',
    ],
  ])('is brought at a known speed only: %s', (_, wan, pool, why) => {
    const slow = world('ams2/a1 1×8 H100', 'edge/x 1×8 H100', {
      pools: { 'ams2/pool': { ...pool, datasets: [{ id: 'books', sizeGib: 10 }] } },
      wanLinks: { 'ams2/wan': wan },
    });
    expect(split(demand('1×1', { dataset: 'books' }), slow)).toEqual(['ams2', `edge fact-missing: ${why}`]);
  });
});

describe('a demand whose parts may stand apart', () => {
  test('has a site closed only where no part may stand there', () => {
    const verdict = verdictAll(fleet.state, 'allowed', { fra1: 'forbidden' });
    expect(split(demand('1×1 at:fra1|ams2 + 1×1 at:edge'), fleet, verdict)).toEqual([
      'ams2',
      'edge',
      'fra1 policy-denied: closed by test-rule',
    ]);
  });

  test('is told once why a site is closed to several parts', () => {
    const verdict = verdictAll(fleet.state, 'forbidden');
    expect(split(demand('1×1 at:fra1 + 1×1 at:fra1'), fleet, verdict)).toEqual([
      'fra1 policy-denied: closed by test-rule',
    ]);
  });
});
