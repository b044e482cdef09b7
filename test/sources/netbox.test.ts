import { expect, test } from 'vitest';
import { z } from 'zod';

import type { Observation } from '../../src/model/fact.ts';
import { tableOf } from '../../src/sources/netbox/export.ts';
import { netbox } from '../../src/sources/netbox/netbox.ts';
import { speedOf } from '../../src/sources/netbox/nic.ts';
import { feedW } from '../../src/sources/netbox/place.ts';
import { missingFrom, weightKgOf } from '../../src/sources/netbox/type.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const Rows = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));
type Row = Readonly<Record<string, unknown>>;
type Tables = Readonly<Record<string, readonly Row[]>>;

const site = capture('netbox-site/made-up-site.json');

/** The tables of the made-up site, to be changed. */
function tables(): Record<string, Row[]> {
  return Rows.parse(JSON.parse(new TextDecoder().decode(site.bytes)));
}

function exported(content: object) {
  return file('export.json', JSON.stringify(content));
}

function rackIn(observation: Observation, id: string) {
  return observation.facts.find((fact) => fact.kind === 'rack' && fact.subject === id)?.set;
}

function nicIn(observation: Observation, id: string) {
  return observation.facts.find((fact) => fact.kind === 'nic' && fact.subject === id)?.set;
}

/** The tables with rows of one of them changed. */
function changed(table: string, change: (row: Row) => object, of: Tables = tables()): Tables {
  return { ...of, [table]: (of[table] ?? []).map((row) => ({ ...row, ...change(row) })) };
}

function read(content: Tables) {
  return parsed(netbox, [exported(content)]);
}

const h1 = 'fra1/b2/h1';

test('a site: racks with their feeds, machines with their place, power and leafs', () => {
  const seen = parsed(netbox, [site]);
  expect(rackIn(seen, `${h1}/r11`)).toEqual({
    units: 48,
    maxWeightKg: 1400,
    feedLimitW: { A: 10_198, B: 10_198 },
    feeds: { A: 'fra1/b2/pp-a', B: 'fra1/b2/pp-b' },
  });
  expect(rackIn(seen, `${h1}/r13`)).toMatchObject({ feedLimitW: { A: 5888 }, maxWeightKg: 1361 });
  expect(whyUnknown(seen, `${h1}/r13`, 'feedLimitW')).toContain('`R13-B` is `planned`');
  expect(nodeIn(seen, `${h1}/r11/fra1-r11-dgx1`)).toEqual({
    hostName: 'fra1-r11-dgx1',
    serial: '1500000001',
    machine: 'NVIDIA DGX A100 640GB',
    rack: `${h1}/r11`,
    position: 1,
    units: 6,
    allocatedW: 1172,
    feeds: ['A', 'B'],
    nameplateW: 6500,
  });
  expect(confidenceOf(seen, `${h1}/r11/fra1-r11-dgx1`, 'nameplateW')).toBe('assumed');
  expect(nodeIn(seen, `${h1}/r13/fra1-r13-gpu1`)).toMatchObject({
    nameplateW: 1400,
    allocatedW: 900,
    feeds: ['A'],
  });
  expect(confidenceOf(seen, `${h1}/r13/fra1-r13-gpu1`, 'nameplateW')).toBe('stated');
  expect(nodeIn(seen, `${h1}/r13/fra1-r13-gpu3`)).toMatchObject({
    health: 'down',
    healthReason: 'failed in NetBox',
  });
  expect(nicIn(seen, `${h1}/r11/fra1-r11-dgx1/nic1`)).toEqual({
    name: 'ibp13s0',
    kind: 'infiniband',
    mbps: 200_000,
    rdma: true,
    leaf: 'fra1/fra1-leaf2',
  });
  expect(nodeIn(seen, `${h1}/r12/fra1-r12-mi1`).leaf).toBe('fra1/fra1-leaf1');
  expect(seen.facts.find((fact) => fact.kind === 'leaf')?.set).toEqual({
    uplinkMbps: 800_000,
    spine: 'fra1/fra1-spine1',
  });
  expect(seen.facts.find((fact) => fact.kind === 'site')?.set).toEqual({
    name: 'Frankfurt 1',
    aliases: ['FR-7', 'fra1', 'Hessen'],
    zone: 'Europe/Berlin',
  });
  expect(seen.facts.every(({ origin }) => origin.line !== undefined)).toBe(true);
});

test('what Berth does not hold is said: reservations, tenants, planned devices, unknown roles', () => {
  const seen = parsed(netbox, [site]);
  const said = seen.unknown.map(({ attribute, why }) => `${attribute}: ${why}`).join('\n');
  expect(whyUnknown(seen, `${h1}/r12`, 'reservedUnits')).toContain('30, 31, 32, 33');
  expect(whyUnknown(seen, `${h1}/r12`, 'reservedUnits')).toContain('`Acme`');
  expect(said).toContain('tenant: 1 devices belong to tenant `Acme`');
  expect(said).toContain('machine: `fra1-r13-gpu2` is `planned`');
  expect(said).toContain('role: 1 devices with the role `patch panel');
  expect(said).toContain('feeds: 2 of 6 power ports lead to no feed');
  expect(whyUnknown(seen, 'fra1', 'country')).toContain('no field');
  expect(seen.facts.some(({ subject }) => subject.includes('gpu2') && subject.includes('r13'))).toBe(false);
});

test('a rack that is numbered from the top, or from another unit', () => {
  const seen = parsed(netbox, [site]);
  expect(nodeIn(seen, `${h1}/r12/fra1-r12-mi1`)).toMatchObject({ position: 22, units: 8 });
  const shifted = read(changed('racks', () => ({ starting_unit: 11, desc_units: false })));
  expect(nodeIn(shifted, `${h1}/r12/fra1-r12-mi1`).position).toBe(10);
  expect(whyUnknown(shifted, `${h1}/r11/fra1-r11-dgx1`, 'position')).toContain('position 1');
});

test('modules are GPUs, with a default for what they draw', () => {
  const seen = parsed(netbox, [site]);
  const gpus = seen.facts.filter((fact) => fact.kind === 'gpu' && fact.subject.endsWith('gpu7'));
  expect(gpus.map(({ set, confidence }) => [set, confidence])).toEqual([
    [{ model: 'MI300X-192GB', serial: '692200008' }, 'derived'],
    [{ powerW: 750 }, 'assumed'],
  ]);
  expect(seen.assumptions).toContain(
    'a GPU `MI300X-192GB` is taken to draw at most 750 W: secondary sources',
  );
});

test('the same facts from pages of the REST API, from GraphQL, and in any order', () => {
  const facts = withoutLines(parsed(netbox, [site]));
  const pages = Object.entries(tables()).map(([name, rows]) =>
    file(`${name}.json`, JSON.stringify({ count: rows.length, next: null, previous: null, results: rows })),
  );
  expect(withoutLines(parsed(netbox, pages.toReversed()))).toEqual(facts);
  const reversed = Object.entries(tables()).map(([name, rows]) => [name, rows.toReversed()] as const);
  expect(withoutLines(read(Object.fromEntries(reversed.toReversed())))).toEqual(facts);
  const keyed = Object.entries(tables()).map(([name, rows]) => [`dcim/${name}`, { results: rows }] as const);
  expect(withoutLines(parsed(netbox, [exported(Object.fromEntries(keyed))]))).toEqual(facts);
  expect(withoutLines(parsed(netbox, [exported({ data: graphql(tables()) })]))).toEqual(facts);
});

/** As GraphQL answers: ids as text, choices as names of their enumeration, tables as `power_feed_list`. */
function graphql(of: Tables): object {
  const plain = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    if ('value' in value && 'label' in value) return plain(value.value);
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) => {
        if (key === 'url' || key === 'display') return [];
        if (/^(?:id|object_id)$/u.test(key)) return [[key, String(inner)]];
        return [[key, key === 'status' ? `STATUS_${String(plain(inner)).toUpperCase()}` : plain(inner)]];
      }),
    );
  };
  return Object.fromEntries(
    Object.entries(of).map(([name, rows]) => [
      `${name.replaceAll('-', '_').replace(/s$/u, '')}_list`,
      rows.map(plain),
    ]),
  );
}

test('endpoints that NetBox has traced count before cables', () => {
  const { cables: _, ...rest } = tables();
  const none = parsed(netbox, [exported(rest)]);
  expect(nodeIn(none, `${h1}/r11/fra1-r11-dgx1`).feeds).toBeUndefined();
  expect(nicIn(none, `${h1}/r11/fra1-r11-dgx1/nic0`)).not.toHaveProperty('leaf');
  const far = {
    id: 999,
    url: '/api/dcim/interfaces/999/',
    device: { id: 3, name: 'fra1-leaf1' },
    name: 'P0.0',
  };
  const traced = (reachable: boolean) =>
    changed(
      'interfaces',
      ({ name }) =>
        name === 'ibp12s0'
          ? {
              connected_endpoints: [far],
              connected_endpoints_type: 'dcim.interface',
              connected_endpoints_reachable: reachable,
            }
          : {},
      rest,
    );
  expect(nicIn(read(traced(true)), `${h1}/r11/fra1-r11-dgx1/nic0`)).toMatchObject({
    leaf: 'fra1/fra1-leaf1',
  });
  expect(nicIn(read(traced(false)), `${h1}/r11/fra1-r11-dgx1/nic0`)).not.toHaveProperty('leaf');
});

test('planned cables join nothing, and a feed finds its rack by the strip it ends in', () => {
  const planned = read(changed('cables', () => ({ status: { value: 'planned', label: 'Planned' } })));
  expect(nodeIn(planned, `${h1}/r11/fra1-r11-dgx1`).feeds).toBeUndefined();
  expect(whyUnknown(planned, `${h1}/r11/fra1-r11-dgx1`, 'feeds')).toContain('2 of 2');
  const rackless = changed('power-feeds', ({ name }) => (name === 'R11-A' ? { rack: null } : {}));
  expect(rackIn(read(rackless), `${h1}/r11`)).toMatchObject({ feedLimitW: { A: 10_198, B: 10_198 } });
  const lost = read(
    changed('power-feeds', ({ name }) => (name === 'R11-A' ? { rack: null } : {}), {
      ...tables(),
      cables: [],
    }),
  );
  expect(lost.unknown.map(({ why }) => why)).toContain(
    'power feed `R11-A` names no rack, and no cable leads to one',
  );
  expect(rackIn(lost, `${h1}/r11`)).toMatchObject({ feedLimitW: { B: 10_198 } });
});

function rackWith(...feeds: readonly object[]) {
  const base = {
    power_panel: { id: 1, name: 'P' },
    rack: { id: 1 },
    status: 'active',
    voltage: 230,
    amperage: 10,
    max_utilization: 100,
    phase: 'single-phase',
    type: 'primary',
  };
  return read({
    sites: [{ id: 1, slug: 's1', name: 's1' }],
    racks: [{ id: 1, name: 'r1', site: { id: 1 }, u_height: 42 }],
    'power-feeds': feeds.map((feed, index) => ({
      id: index + 1,
      name: `feed ${index + 1}`,
      ...base,
      ...feed,
    })),
  });
}

const other = { power_panel: { id: 2, name: 'Q' } };

test.each<readonly [string, readonly object[], object]>([
  ['two primary feeds of one panel carry side by side', [{}, {}], { A: 4600 }],
  ['two panels fail apart', [{}, other], { A: 2300, B: 2300 }],
  ['a redundant feed adds nothing', [{}, { ...other, type: 'redundant' }], { A: 2300, B: 2300 }],
  ['nor does one of the same panel', [{}, { type: 'redundant' }], { A: 2300 }],
  ['primary feeds come first', [{ ...other, type: 'redundant' }, {}], { A: 2300, B: 2300 }],
  ['letters of their names', [{ name: 'R1-B' }, { ...other, name: 'R1-A' }], { A: 2300, B: 2300 }],
  ['a feed without amperage has no limit', [{ amperage: null }, other], { B: 2300 }],
  ['a failed feed carries nothing', [{ status: 'failed' }, other], { A: 2300 }],
])('power feeds: %s', (_, feeds, limits) => {
  expect(rackIn(rackWith(...feeds), 's1/r1')).toMatchObject({ feedLimitW: limits });
});

test('primary and redundant feeds of one panel are said to fall together', () => {
  const seen = rackWith({}, { type: 'redundant' });
  expect(whyUnknown(seen, 's1/r1', 'feedLimitW')).toContain('fall together');
  expect(seen.assumptions.join()).toContain('adds them up');
  expect(rackIn(rackWith({ name: 'x-B' }, { ...other, name: 'x-A' }), 's1/r1')).toMatchObject({
    feeds: { A: 's1/q', B: 's1/p' },
  });
});

test.each<readonly [object, number | undefined]>([
  [{ voltage: 230, amperage: 32, max_utilization: 80, phase: 'three-phase' }, 10_198],
  [{ voltage: 230, amperage: 32, max_utilization: 80, phase: { value: 'single-phase' } }, 5888],
  [{ voltage: -48, amperage: 100, max_utilization: 100, supply: 'dc' }, 4800],
  [{ voltage: 400, amperage: 63, max_utilization: 80, phase: 'PHASE_3PHASE' }, 34_917],
  [{ voltage: 230, amperage: 1, max_utilization: 1 }, 2],
  [{ voltage: 0, amperage: 32, max_utilization: 80 }, undefined],
  [{ voltage: 230, amperage: 32 }, undefined],
  [{ voltage: 230, amperage: 32, max_utilization: 101 }, undefined],
  [{ voltage: 230, amperage: 1.5, max_utilization: 80 }, undefined],
])('watts of the feed %j', (feed, watts) => {
  expect(feedW(feed)).toBe(watts);
});

test.each<readonly [object, number | undefined]>([
  [{ type: { value: '400gbase-x-osfp' } }, 400_000],
  [{ type: '2.5gbase-t' }, 2500],
  [{ type: '100base-tx' }, 100],
  [{ type: 'infiniband-ndr' }, undefined],
  [{ type: 'infiniband-hdr', speed: 200_000_000 }, 200_000],
  [{ type: '400gbase-x-osfp', speed: 100_000_000 }, 100_000],
])('speed of %j', (port, mbps) => {
  expect(speedOf(port)).toBe(mbps);
});

test.each<readonly [object, number | undefined]>([
  [{ weight: 271.5, weight_unit: 'lb' }, 124],
  [{ weight: 14.8, weight_unit: { value: 'kg' } }, 15],
  [{ weight: 1200, weight_unit: 'g' }, 2],
  [{ weight: 16, weight_unit: 'oz' }, 1],
  [{ weight: 3, weight_unit: 'stone' }, undefined],
  [{ weight: 0 }, undefined],
])('weight of %j', (type, kg) => {
  expect(weightKgOf(type)).toBe(kg);
});

test.each([
  [['P0.0', 'P0.1', 'P1.0', 'P1.1'], []],
  [
    Array.from({ length: 32 }, (_, a) => [`P${a}.0`, `P${a}.1`])
      .flat()
      .filter((name) => name !== 'P22.1'),
    ['P22.1'],
  ],
  [['eth0', 'eth1', 'eth3'], []],
  [['Ethernet1/1', 'Ethernet1/2', 'Ethernet1/4'], []],
  [['P0.0', 'P5.7'], []],
])('missing from a row: %j', (names, missing) => {
  expect(missingFrom(names)).toEqual(missing);
});

test.each([
  ['https://n.example/api/dcim/power-feeds/12/', 'powerfeed'],
  ['/api/dcim/device-types/?limit=5', 'devicetype'],
  ['power_feed_list', 'powerfeed'],
  ['dcim.powerport', 'powerport'],
  ['PowerOutletType', 'poweroutlet'],
  ['DeviceTypeType', 'devicetype'],
  ['devices', 'device'],
])('%s is the table %s', (name, table) => {
  expect(tableOf(name)).toBe(table);
});

const library: readonly (readonly [string, string, object])[] = [
  ['AP8886.yaml', 'apc-ap8886', {}],
  ['Nvidia-DGX-A100.yaml', 'nvidia-dgx-a100-640gb', { units: 6 }],
  ['Nvidia-DGX-Spark.yaml', 'nvidia-dgx-spark', { nameplateW: 240 }],
  ['Nvidia-QM9700.yaml', 'nvidia-qm9700', { units: 1 }],
  ['PowerEdge-R750.yml', 'dell-poweredge-r750', { units: 2 }],
  ['ThinkSystem-SR650.yaml', 'lenovo-thinksystem-sr650', { units: 2 }],
  ['Supermicro-AS-8125GS-TNMR2.yml', 'supermicro-as-8125gs-tnmr2', { units: 8 }],
];

test.each(library)('%s of the library is the shape `%s`', (name, slug, set) => {
  const seen = parsed(netbox, [capture(`netbox/${name}`)]);
  expect(
    seen.facts.filter(({ confidence }) => confidence === 'stated').map((fact) => [fact.subject, fact.set]),
  ).toEqual([[slug, set]]);
});

test('a power strip is no machine', () => {
  expect(whyUnknown(parsed(netbox, [capture('netbox/AP8941.yaml')]), 'apc-ap8941', 'shape')).toContain(
    'power strip',
  );
});

test('a type of the library tells of devices what the export leaves out', () => {
  const bare = changed('device-types', () => ({ comments: '' }));
  const seen = parsed(netbox, [
    exported(bare),
    capture('netbox/Nvidia-DGX-A100.yaml'),
    capture('netbox/Supermicro-ARS-121GL-NB3-LCC-R1.yaml'),
  ]);
  expect(whyUnknown(seen, `${h1}/r11/fra1-r11-dgx1`, 'nameplateW')).toContain('its own text says 6500 W');
  expect(whyUnknown(seen, `${h1}/r12/fra1-r12-tray1`, 'nameplateW')).toContain('is_powered: false');
});

test('pages that are missing, objects that differ, and devices that are called the same', () => {
  const rows = tables()['devices'] ?? [];
  const short = parsed(netbox, [exported({ count: rows.length + 7, next: 'x', results: rows })], {
    site: 'fra1',
  });
  expect(
    whyUnknown(
      { ...short, unknown: short.unknown.map((gap) => ({ ...gap, subject: short.facts[0]?.subject })) },
      short.facts[0]?.subject ?? '',
      'device',
    ),
  ).toContain('the other pages are missing');
  const edited = exported(changed('devices', () => ({ serial: 'x' })));
  expect(refusal(() => parsed(netbox, [site, edited])).message).toContain(
    'differs from the one in `made-up-site.json`',
  );
  expect(withoutLines(parsed(netbox, [site, site]))).toEqual(withoutLines(parsed(netbox, [site])));
  const twins = read(
    changed('devices', ({ name }) =>
      name === 'fra1-r11-dgx2' ? { name: 'FRA1-r11-dgx1', rack: { id: 2 } } : {},
    ),
  );
  expect(nodeIn(twins, `${h1}/r11/fra1-r11-dgx1`).hostName).toBeUndefined();
  expect(whyUnknown(twins, `${h1}/r12/fra1-r11-dgx1`, 'hostName')).toContain('several devices');
});

test('`--site` names the only site; of several it cannot', () => {
  const seen = parsed(netbox, [site], { site: 'frankfurt' });
  expect(nodeIn(seen, 'frankfurt/b2/h1/r11/fra1-r11-dgx1').hostName).toBe('fra1-r11-dgx1');
  const two = { ...tables(), sites: [...(tables()['sites'] ?? []), { id: 2, name: 'B', slug: 'b' }] };
  expect(refusal(() => parsed(netbox, [exported(two)], { site: 'x1' })).message).toContain('has 2 sites');
});

test('what is neither is refused with what it looks like', () => {
  expect(refusal(() => parsed(netbox, [capture('kubernetes/seen-nodes-a.yaml')])).message).toContain(
    'Kubernetes nodes',
  );
  expect(refusal(() => parsed(netbox, [file('x.yaml', 'a: 1\n')])).message).toContain(
    'not what was expected',
  );
  expect(
    refusal(() => parsed(netbox, [file('x.yaml', 'model: a\n---\nmanufacturer: b\nmodel: c\n')])).message,
  ).toContain('no device types');
  expect(refusal(() => parsed(netbox, [file('x.yaml', 'a: [1\n')])).message).toContain('`x.yaml` line');
});
