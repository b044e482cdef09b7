import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import { digestState } from '../../../src/core/digest.ts';
import type { Edit } from '../../../src/core/simulate/edit.ts';
import { forkOf } from '../../../src/core/simulate/fork.ts';
import { SiteFacts } from '../../../src/model/fact.ts';
import { Path, TenantId } from '../../../src/model/id.ts';
import { DataRules } from '../../../src/model/tenant.ts';
import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, type World, world } from '../fleet.ts';
import { losable, lose } from './edits.ts';

const pool = (...datasets: readonly string[]) => ({ datasets: datasets.map((id) => ({ id, sizeGib: 1 })) });

const fleet = world('fra1/h1/r1 2×8 H100 rdma leaf', 'fra1/h1/r2 1×4 H100', 'ams2/h1/a1 1×8 H100', {
  sites: { fra1: { country: 'DE', gpuPrices: { H100: 3, A100: 2 } }, ams2: { gpuPrices: { H100: 4 } } },
  racks: {
    'fra1/h1/r1': {
      feedLimitW: { A: 9000, B: 9000 },
      feeds: { A: 'fra1/f1', B: 'fra1/f2' },
      loop: 'fra1/cdu',
    },
    'fra1/h1/r2': { feedLimitW: { A: 9000 }, feeds: { A: 'fra1/f1' } },
  },
  loops: { 'fra1/cdu': {} },
  leafs: { 'fra1/leaf-r1': { spine: 'fra1/s1' } },
  pools: { 'fra1/p1': pool('web', 'code'), 'fra1/p2': pool('code'), 'ams2/p1': pool('web') },
  wanLinks: { 'fra1/ams2': { from: 'fra1', to: 'ams2', mbps: 1000 } },
});
const fra1 = Path.parse('fra1');

const maintain = (place: string): Edit => ({
  kind: 'maintain',
  places: [losable(place)],
  fromMs: t0,
  untilMs: t0 + hourMs,
});
const cordon = (place: string): Edit => ({
  kind: 'cordon',
  places: [losable(place)],
  fromMs: t0,
  untilMs: t0 + hourMs,
});
const price = (site: string, model: string, microEurPerHour: number): Edit => ({
  kind: 'price',
  prices: [{ site: Path.parse(site), model, microEurPerHour }],
});
const rule = (tenant: string, rules: object): Edit => ({
  kind: 'rule',
  tenant: TenantId.parse(tenant),
  rules: DataRules.parse(rules),
});
const site = (facts: object): Edit => ({ kind: 'site', site: fra1, facts: SiteFacts.parse(facts) });
const grow: Edit = { kind: 'grow', demand: demand('1×1 H100'), times: 3, everyMs: 0 };

describe('what an edit did, in words', () => {
  test.each<[Edit, string]>([
    [lose(['fra1']), 'fra1: 3 nodes with 20 GPUs'],
    [lose(['fra1/h1/r2/n01']), 'fra1/h1/r2/n01: 1 node with 4 GPUs'],
    [lose(['nowhere']), 'nowhere: 0 nodes with 0 GPUs'],
    [lose(['fra1/h1/r2', 'ams2']), 'fra1/h1/r2: 1 node with 4 GPUs; ams2: 1 node with 8 GPUs'],
    [lose(['loop fra1/cdu']), 'fra1/cdu: 2 nodes with 16 GPUs'],
    [lose(['gpu fra1/h1/r1/n02/7']), 'fra1/h1/r1/n02/gpu7'],
    [lose(['nic fra1/h1/r1/n02/0']), 'fra1/h1/r1/n02/nic0'],
    [lose(['leaf fra1/leaf-r1']), 'fra1/leaf-r1: RDMA of 2 nodes, usable without it'],
    [lose(['spine fra1/s1']), 'fra1/s1: RDMA of 2 nodes, usable without it'],
    [lose(['feed fra1/f1']), 'fra1/f1: 1 node on it alone; 1 of 2 racks with another feed'],
    [lose(['feed fra1/f2']), 'fra1/f2: 0 nodes on it alone; 1 of 1 rack with another feed'],
    [
      lose(['rack-feed fra1/h1/r2/A']),
      'fra1/h1/r2/feed-a: 1 node on it alone; 0 of 1 rack with another feed',
    ],
    [
      lose(['rack-feed fra1/h9/r9/A']),
      'fra1/h9/r9/feed-a: 0 nodes on it alone; 0 of 1 rack with another feed',
    ],
    [lose(['storage-pool fra1/p1']), 'fra1/p1: 2 datasets'],
    [lose(['storage-pool fra1/p2']), 'fra1/p2: 1 dataset'],
    [lose(['storage-pool fra1/p9']), 'fra1/p9: 0 datasets'],
    [lose(['wan-link fra1/ams2']), 'fra1/ams2: what holds bandwidth on it'],
    [maintain('fra1/h1/r2'), 'fra1/h1/r2: 1 node with 4 GPUs'],
    [cordon('fra1/h1/r2'), 'fra1/h1/r2: 1 node with 4 GPUs'],
    [price('fra1', 'H100', 9), 'H100 at fra1'],
    [rule('acme', {}), 'the rules of acme are narrower'],
    [site({ country: 'FR', operatorSeat: 'US' }), 'country, operatorSeat of fra1 changed'],
    [grow, '3 more demands of acme'],
  ])('%j', (edit, words) => {
    expect(forkOf(fleet.state, [edit]).did).toEqual([words]);
  });

  test('stands in the order of the edits, new nodes among them', () => {
    const [like] = fleet.state.fleet.nodes;
    if (like === undefined) throw new Error('a node');
    const add: Edit = { kind: 'add', nodes: { site: fra1, count: 1, like, shape: like.shape, fromMs: t0 } };
    const { did } = forkOf(fleet.state, [grow, add, lose(['ams2'])]);
    expect(did.map((words) => words.split(' ', 1).join())).toEqual(['3', '1', 'ams2:']);
  });

  test('RDMA of nodes with a bare number of NICs is counted with that of the others', () => {
    const counted = observe(fleet, [
      fact('node', 'fra1/h1/r2/n01', { rdmaNicCount: 4, leaf: 'fra1/leaf-r1', shape: 'fra1-h1-r2-1' }),
    ]);
    expect(forkOf(counted.state, [lose(['leaf fra1/leaf-r1'])]).did).toEqual([
      'fra1/leaf-r1: RDMA of 3 nodes, usable without it',
    ]);
  });
});

const rules = (tenant: string) =>
  [...forkOf(fleet.state, [rule(tenant, { countries: ['FR'] })]).state.tenants.values()].map(
    (known) => known.rules,
  );

const datasets = (...pools: readonly string[]) =>
  forkOf(fleet.state, [lose(pools.map((id) => `storage-pool ${id}`))]).state.fleet.sites.map(
    ({ id, datasets: held }) => [id, [...held].toSorted()],
  );

describe('the copy', () => {
  const every: readonly Edit[] = [
    lose([
      'fra1/h1/r1',
      'feed fra1/f1',
      'storage-pool fra1/p1',
      'wan-link fra1/ams2',
      'leaf fra1/leaf-r1',
      'gpu ams2/h1/a1/n01/0',
    ]),
    maintain('ams2'),
    cordon('fra1'),
    price('fra1', 'H100', 9),
    rule('acme', { countries: ['FR'] }),
    site({ country: 'FR' }),
    grow,
  ];

  test('has all edits, and the state that it is of has none', () => {
    const taken = take(fleet, demand('2×8 H100 9h'));
    const [before, siteBefore] = [
      digestState(taken.state),
      taken.state.fleet.sites.map(({ facts }) => ({ ...facts })),
    ];
    const fork = forkOf(taken.state, every);
    expect(digestState(taken.state)).toBe(before);
    expect(taken.state.fleet.sites.map(({ facts }) => facts)).toEqual(siteBefore);
    expect(fork.state.calendar).not.toEqual(taken.state.calendar);
    expect(fork.state.fleet).not.toBe(taken.state.fleet);
  });

  test('of no edits is the state', () => {
    const fork = forkOf(fleet.state, []);
    expect([fork.did, fork.reaches, fork.closures, fork.cordons]).toEqual([[], [], [], []]);
    expect(fork.state.fleet.nodes).toBe(fleet.state.fleet.nodes);
    expect(fork.state.calendar).toBe(fleet.state.calendar);
  });

  test('of a lost pool has its site without the datasets that no other pool there holds', () => {
    expect(datasets('fra1/p2')).toEqual([
      ['ams2', ['web']],
      ['fra1', ['code', 'web']],
    ]);
    expect(datasets('fra1/p1')).toEqual([
      ['ams2', ['web']],
      ['fra1', ['code']],
    ]);
    expect(datasets('fra1/p1', 'fra1/p2')).toEqual([
      ['ams2', ['web']],
      ['fra1', []],
    ]);
    expect(datasets('ams2/p1')).toEqual([
      ['ams2', []],
      ['fra1', ['code', 'web']],
    ]);
  });

  test('of lost pools and links has neither', () => {
    const { pools, wanLinks } = forkOf(fleet.state, [lose(['storage-pool fra1/p1', 'wan-link fra1/ams2'])])
      .state.fleet;
    expect([[...pools.keys()], [...wanLinks.keys()]]).toEqual([['ams2/p1', 'fra1/p2'], []]);
  });

  test('of prices has those and keeps the others, the last one said of a model', () => {
    const priced = forkOf(fleet.state, [
      price('fra1', 'H100', 9),
      price('fra1', 'H100', 8),
      price('ams2', 'A100', 1),
    ]);
    expect(priced.state.fleet.sites.map(({ facts }) => facts.gpuPrices)).toEqual([
      { H100: 4, A100: 1 },
      { H100: 8, A100: 2 },
    ]);
  });

  test('of site facts has those and keeps the others', () => {
    const [, changed] = forkOf(fleet.state, [site({ operatorSeat: 'US' })]).state.fleet.sites;
    expect(changed?.facts).toMatchObject({ country: 'DE', operatorSeat: 'US', gpuPrices: { H100: 3 } });
  });

  test('of rules has them for that tenant; of a tenant that nobody knows nothing changes', () => {
    expect(rules('acme')).toEqual([{ countries: ['FR'] }, {}]);
    expect(rules('initech')).toEqual([{}, {}]);
  });

  test('a cordon closes nothing on it yet, and is kept for later', () => {
    const fork = forkOf(fleet.state, [cordon('fra1/h1/r2')]);
    expect(fork.state.calendar).toBe(fleet.state.calendar);
    expect(fork.closures).toEqual([]);
    expect(fork.cordons).toEqual([
      { node: 'fra1/h1/r2/n01', cause: 'cordon', fromMs: t0, untilMs: t0 + hourMs },
    ]);
  });

  test('losses and maintenance say what they are in the calendar', () => {
    const { state } = forkOf(fleet.state, [lose(['fra1/h1/r2']), maintain('ams2')]);
    expect(
      state.calendar
        .flat()
        .map(({ holder }) => holder)
        .toSorted(),
    ).toEqual(['an outage', 'maintenance']);
  });
});

const spans = (edit: Edit) =>
  forkOf(fleet.state, [edit]).reaches.map(({ fromMs, untilMs }) => [fromMs, untilMs]);

const touched = (now: World, edit: Edit) =>
  forkOf(now.state, [edit]).reaches.map(({ touches }) =>
    [...now.state.contracts].filter(touches).map(({ id }) => id),
  );

describe('whom an edit can touch', () => {
  const held = take(
    take(fleet, demand('1×8 H100 9h', { where: ['fra1/h1/r1/n01'] })),
    demand('1×4 H100 9h', { tenant: 'globex', where: ['fra1/h1/r2'] }),
  );

  test.each<[string, Edit, readonly (readonly string[])[]]>([
    ['each place its own', lose(['fra1/h1/r1', 'fra1/h1/r2']), [['C-101'], ['C-102']]],
    ['a site all on it', lose(['fra1']), [['C-101', 'C-102']]],
    ['nobody elsewhere', lose(['ams2', 'fra1/h1/r1/n02']), [[], []]],
    ['a loop', lose(['loop fra1/cdu']), [['C-101']]],
    [
      'a device whoever is on its node',
      lose(['gpu fra1/h1/r1/n01/7', 'nic fra1/h1/r1/n02/7']),
      [['C-101'], []],
    ],
    ['a leaf those on its nodes', lose(['leaf fra1/leaf-r1']), [['C-101']]],
    ['a spine those on its nodes', lose(['spine fra1/s1']), [['C-101']]],
    ['a feed those in its racks', lose(['feed fra1/f1', 'feed fra1/f2']), [['C-101', 'C-102'], ['C-101']]],
    ['a feed of a rack those in it', lose(['rack-feed fra1/h1/r2/A']), [['C-102']]],
    [
      'a pool all at its site',
      lose(['storage-pool fra1/p1', 'storage-pool ams2/p1']),
      [['C-101', 'C-102'], []],
    ],
    ['a link those that hold bandwidth on it', lose(['wan-link fra1/ams2']), [[]]],
    ['maintenance like a loss', maintain('fra1/h1/r2'), [['C-102']]],
    ['rules their tenant', rule('globex', {}), [['C-102']]],
    ['facts those at the site', site({ country: 'FR' }), [['C-101', 'C-102']]],
    ['a cordon nobody', cordon('fra1'), []],
    ['prices nobody', price('fra1', 'H100', 9), []],
    ['growth nobody', grow, []],
  ])('%s', (_, edit, expected) => {
    expect(touched(held, edit)).toEqual(expected);
  });

  test('a spare is touched as a member is', () => {
    const spared = take(
      fleet,
      demand('1×8 H100 9h', { survive: { loss: 'node', membersLeft: 1 }, where: ['fra1/h1/r1'] }),
    );
    expect(touched(spared, lose(['fra1/h1/r1/n01', 'fra1/h1/r1/n02']))).toEqual([['C-101'], ['C-101']]);
  });

  test('data that comes over a link is touched by it', () => {
    const now = held.state.contracts.at(0);
    if (now === undefined) throw new Error('a contract');
    const edge = Path.parse('fra1/ams2');
    const wired = {
      ...now,
      placement: { ...now.placement, bandwidth: [{ fabric: 'wan' as const, edge, mbps: 10 }] },
    };
    const [link, other] = forkOf(fleet.state, [lose(['wan-link fra1/ams2', 'wan-link fra1/par1'])]).reaches;
    expect([link?.touches(wired), link?.touches(now), other?.touches(wired)]).toEqual([true, false, false]);
  });

  test('losses reach as long as they last, rules and facts always', () => {
    expect(spans(lose(['fra1'], t0 + hourMs, t0 + 2 * hourMs))).toEqual([[t0 + hourMs, t0 + 2 * hourMs]]);
    expect([spans(rule('acme', {})), spans(site({ country: 'FR' }))]).toEqual([[[0, never]], [[0, never]]]);
  });
});
