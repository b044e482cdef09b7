import { expect, test } from 'vitest';

import type { GpuFacts, NicFacts, Observation } from '../../src/model/fact.ts';
import { redfish } from '../../src/sources/redfish/redfish.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';
import { dump, gpu, server } from './redfish-given.ts';

const fra = { site: 'fra1' };

function deviceIn(observation: Observation, id: string): GpuFacts & NicFacts {
  return observation.facts.reduce<GpuFacts & NicFacts>(
    (set, fact) =>
      (fact.kind === 'gpu' || fact.kind === 'nic') && fact.subject === id ? { ...set, ...fact.set } : set,
    {},
  );
}

function count(observation: Observation, kind: string): number {
  return new Set(observation.facts.flatMap((fact) => (fact.kind === kind ? fact.subject : []))).size;
}

test('a rack server with both shapes of power: two words on what is allocated, and none on what it draws at most', () => {
  const seen = parsed(redfish, [capture('redfish/dmtf-public-rackmount1.json')], fra);
  expect(nodeIn(seen, 'fra1/web483')).toEqual({
    hostName: 'web483',
    serial: '437XR1138R2',
    systemUuid: '38947555-7742-3448-3784-823347823834',
    machine: 'Contoso 3500',
    health: 'degraded',
    healthReason: 'power supply `Bay1` reports Warning',
    cpuMilli: 16_000,
    memoryMib: 98_304,
    gpuCount: 0,
    units: 1,
    weightKg: 16,
    allocatedW: 1200,
    measuredW: 489,
    rack: 'fra1/web43',
    position: 12,
  });
  expect(seen.facts.flatMap((fact) => (fact.kind === 'node' ? (fact.set.allocatedW ?? []) : []))).toEqual([
    800, 1200,
  ]);
  expect(whyUnknown(seen, 'fra1/web483', 'nameplateW')).toContain('400 W');
  expect(whyUnknown(seen, 'fra1/web483', 'nameplateW')).toContain('2000 W');
  expect(whyUnknown(seen, 'fra1/web483', 'powerCapW')).toContain('500 W');
  expect(deviceIn(seen, 'fra1/web483/nic0')).toMatchObject({ mac: '12:44:6a:3b:04:11', mbps: 1000 });
  expect(count(seen, 'nic')).toBe(2);
});

test('two pairs of supplies are worth one of each; what a simulator says is assumed', () => {
  const seen = parsed(redfish, [capture('redfish/hpe-dl380a-gen11-gpu.json')], fra);
  const node = nodeIn(seen, 'fra1/ds03-worker');
  expect(node).toMatchObject({ hostName: 'DS03-worker', cpuMilli: 128_000, memoryMib: 524_288 });
  expect(node).toMatchObject({ nameplateW: 4400, measuredW: 1098, health: 'healthy' });
  expect(new Set(seen.facts.map((fact) => fact.confidence))).toEqual(new Set(['assumed']));
  expect(seen.assumptions.join()).toContain('calls itself simulated');
  expect(deviceIn(seen, 'fra1/ds03-worker/gpu0')).toEqual({
    model: 'H100-NVL-94GB',
    serial: '1790125012120',
    pciAddress: '0000:47:00.0',
    powerW: 400,
    health: 'healthy',
  });
  expect(deviceIn(seen, 'fra1/ds03-worker/nic1')).toMatchObject({
    mac: '58:a2:e1:03:96:f3',
    guid: '58a2e103000396f3',
    mbps: 100_000,
  });
  expect(count(seen, 'gpu')).toBe(2);
});

test('the tray of an NVL72: GPUs on a board that is a system of its own', () => {
  const seen = parsed(redfish, [capture('redfish/supermicro-gb300-nvl-tray.json')]);
  const id = 'unplaced/s964512x5913271';
  expect(nodeIn(seen, id)).toMatchObject({
    serial: 'S964512X5913271',
    systemUuid: '5f1cf000-643d-11f0-8000-7cc25590513a',
    cpuMilli: 144_000,
    memoryMib: 983_040,
    link: 'nvlink',
    measuredW: 1356,
    health: 'healthy',
  });
  expect(nodeIn(seen, id).nameplateW).toBeUndefined();
  expect(whyUnknown(seen, id, 'nameplateW')).toContain('from the rack');
  expect(whyUnknown(seen, id, 'hostName')).toBeDefined();
  expect(whyUnknown(seen, id, 'island')).toContain('1822825880405');
  expect(deviceIn(seen, `${id}/gpu2`)).toEqual({
    model: 'GB300',
    uuid: 'GPU-db9492f2-3d21-53cf-7e00-309c81000466',
    powerW: 1400,
    measuredW: 1005,
    health: 'healthy',
  });
  expect(whyUnknown(seen, `${id}/gpu0`, 'serial')).toContain('board');
  expect(whyUnknown(seen, `${id}/gpu0`, 'memoryMib')).toBeDefined();
  expect([count(seen, 'gpu'), count(seen, 'nic'), count(seen, 'node')]).toEqual([4, 6, 1]);
  expect(deviceIn(seen, `${id}/nic0`)).toEqual({});
});

test('single resources of one machine are read together', () => {
  const files = ['chassis', 'power', 'systems', 'thermal'].map((name) =>
    capture(`redfish/telegraf-dell_${name}.json`),
  );
  const seen = parsed(redfish, files);
  const id = 'unplaced/tpa-hostname';
  expect(nodeIn(seen, id)).toMatchObject({
    serial: 'CNIVC007CV0803',
    aliases: ['serial:CLFV7M2'],
    cpuMilli: 80_000,
  });
  expect(nodeIn(seen, id)).toMatchObject({ allocatedW: 1628, measuredW: 436 });
  expect(whyUnknown(seen, id, 'nameplateW')).toContain('750 W');
  expect(whyUnknown(seen, id, 'gpuCount')).toContain('not in the files');
  expect(withoutLines(parsed(redfish, files.toReversed()))).toEqual(withoutLines(seen));
});

const single = (name: string) => file(`${name}.json`, JSON.stringify(server(name)['/redfish/v1/Systems/1']));

test('a part of a machine alone is refused, and two machines are not mixed', () => {
  const power = capture('redfish/telegraf-dell_power.json');
  expect(refusal(() => parsed(redfish, [power])).message).toContain('no `ComputerSystem`');
  expect(refusal(() => parsed(redfish, [power], { nodes: ['a'] })).fix).toContain(
    'says nothing of what it is',
  );
  const two = [dump('a.json', server('a')), dump('b.json', server('b'))];
  expect(parsed(redfish, two, fra).facts.map(({ subject }) => subject)).toContain('fra1/b');
  expect(refusal(() => parsed(redfish, [...two, power], fra)).message).toContain('does not say to which');
  expect(parsed(redfish, [single('a'), single('b')], fra).facts.map(({ subject }) => subject)).toContain(
    'fra1/a',
  );
  const same = dump('c.json', {
    ...server('a'),
    '/redfish/v1/Chassis/1': { '@odata.type': '#Chassis.v1.Chassis', AssetTag: 'x' },
  });
  const chassis = file('d.json', JSON.stringify({ '@odata.id': '/redfish/v1/Chassis/1', AssetTag: 'y' }));
  expect(refusal(() => parsed(redfish, [same, chassis], fra)).message).toContain(
    'differs from the one in `c.json`',
  );
});

test('`--node` names one machine', () => {
  const one = dump('a.json', server('a'));
  expect(nodeIn(parsed(redfish, [one], { nodes: ['fra1/h1/r1/n1'] }), 'fra1/h1/r1/n1').hostName).toBe('a');
  expect(refusal(() => parsed(redfish, [one], { nodes: ['n1', 'n2'] })).fix).toBe('pass one `--node`');
  const nameless = dump(
    'a.json',
    server('', { SerialNumber: 'N/A', UUID: '00000000-0000-0000-0000-000000000000' }),
  );
  expect(refusal(() => parsed(redfish, [nameless])).message).toContain('which machine');
  const both = { ...server(''), ...server('b', { '@odata.id': '/redfish/v1/Systems/2' }, '2') };
  expect(refusal(() => parsed(redfish, [dump('ab.json', both)])).message).toContain(
    'neither host name nor serial',
  );
});

test.each([
  '',
  'N/A',
  'NA',
  'None',
  'To be filled by O.E.M.',
  'Default string',
  '0000000000',
  '0x0000',
  '$SERIAL',
  '0123456789',
])('the serial number `%s` is none', (serial) => {
  expect(
    nodeIn(parsed(redfish, [dump('a', server('a', { SerialNumber: serial }))], fra), 'fra1/a').serial,
  ).toBeUndefined();
});

type Supply = { readonly W?: number; readonly State?: string; readonly Health?: string };

function powered(
  supplies: readonly Supply[],
  redundancy: readonly object[] = [],
  { more = {}, other = {} }: { readonly more?: object; readonly other?: object } = {},
) {
  const path = '/redfish/v1/Chassis/1/PowerSubsystem';
  const units: Record<string, object> = {};
  for (const [index, { W, State = 'Enabled', Health = 'OK' }] of supplies.entries())
    units[`${path}/PowerSupplies/${index}`] = {
      '@odata.type': '#PowerSupply.v1_5_0.PowerSupply',
      PowerCapacityWatts: W,
      Status: { State, Health },
    };
  const subsystem = {
    '@odata.type': '#PowerSubsystem.v1_1_0.PowerSubsystem',
    PowerSupplyRedundancy: redundancy,
    ...more,
  };
  return dump('a.json', { ...server('a'), [path]: subsystem, ...units, ...other });
}

function group(mode: string, members: readonly number[], needed?: number) {
  const links = members.map((index) => ({
    '@odata.id': `/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies/${index}`,
  }));
  return {
    RedundancyType: mode,
    RedundancyGroup: links,
    ...(needed === undefined ? {} : { MinNeededInGroup: needed }),
  };
}

const six = Array.from({ length: 6 }, () => ({ W: 3000 }));
const all = [0, 1, 2, 3, 4, 5];

test.each<readonly [string, ReturnType<typeof powered>, number | undefined, string]>([
  ['one supply', powered([{ W: 800 }]), 800, ''],
  [
    'several without a word on redundancy',
    powered(six),
    undefined,
    'how many of them may fail is not stated',
  ],
  ['N+1', powered(six, [group('N+m', all, 5)]), 15_000, ''],
  ['4+2, read as four needed', powered(six, [group('N+m', all, 4)]), 12_000, ''],
  [
    '1+1, needed to be redundant',
    powered([{ W: 2200 }, { W: 2200 }], [group('Failover', [0, 1], 2)]),
    2200,
    '',
  ],
  [
    'unequal ones: the smaller stays',
    powered([{ W: 2200 }, { W: 1600 }], [group('Failover', [0, 1], 1)]),
    1600,
    '',
  ],
  ['not redundant: all of them', powered(six, [group('NotRedundant', all)]), 18_000, ''],
  ['a shared load', powered(six, [group('Sharing', all, 4)]), undefined, 'share the load'],
  ['a group that leaves one out', powered(six, [group('N+m', [0, 1, 2, 3, 4])]), undefined, 'not stated'],
  ['one of two absent', powered([{ W: 900 }, { State: 'Absent' }], [group('Failover', [0, 1], 1)]), 900, ''],
  ['a rating that is missing', powered([{ W: 900 }, {}]), undefined, 'without its rating'],
  [
    'another capacity',
    powered([{ W: 900 }], [], { more: { CapacityWatts: 1800 } }),
    undefined,
    'a capacity of 1800 W is stated',
  ],
  ['a capacity alone', powered([], [], { more: { CapacityWatts: 1800 } }), undefined, 'not listed'],
  ['sentinels', powered([{ W: 4_294_967_295 }]), undefined, 'without its rating'],
])('supplies: %s', (_, evidence, watts, why) => {
  const seen = parsed(redfish, [evidence], fra);
  expect(nodeIn(seen, 'fra1/a').nameplateW).toBe(watts);
  expect(confidenceOf(seen, 'fra1/a', 'nameplateW')).toBe(watts === undefined ? undefined : 'derived');
  expect(whyUnknown(seen, 'fra1/a', 'nameplateW') ?? '').toContain(why);
});

test('supplies that cannot have delivered what was measured are not believed', () => {
  const metrics = {
    '@odata.type': '#EnvironmentMetrics.v1_3_0.EnvironmentMetrics',
    PowerWatts: { Reading: 950.2 },
  };
  const other = { '/redfish/v1/Chassis/1/EnvironmentMetrics': metrics };
  const seen = parsed(redfish, [powered([{ W: 900 }], [], { other })], fra);
  expect(nodeIn(seen, 'fra1/a')).toMatchObject({ measuredW: 951 });
  expect(whyUnknown(seen, 'fra1/a', 'nameplateW')).toContain('951 W were measured');
});

function detector(set: object) {
  return {
    '/redfish/v1/Chassis/1/ThermalSubsystem/LeakDetection/LeakDetectors/1': {
      '@odata.type': '#LeakDetector.v1_1_0.LeakDetector',
      ...set,
    },
  };
}

test.each<readonly [string, object, string | undefined, string | undefined]>([
  ['dry', { DetectorState: 'OK', Status: { State: 'Enabled' } }, 'healthy', undefined],
  [
    'moist',
    { DetectorState: 'Warning', Status: { State: 'Enabled' } },
    'degraded',
    'leak detector `1` reports Warning',
  ],
  [
    'wet',
    { DetectorState: 'Critical', Status: { State: 'Enabled' } },
    'down',
    'leak detector `1` reports Critical',
  ],
  [
    'wet by its status alone',
    { Status: { Health: 'Critical', State: 'Enabled' } },
    'down',
    'leak detector `1` reports Critical',
  ],
])('a leak detector that is %s', (_, set, health, reason) => {
  const node = nodeIn(parsed(redfish, [dump('a', { ...server('a'), ...detector(set) })], fra), 'fra1/a');
  expect([node.health, node.healthReason]).toEqual([health, reason]);
});

test('a leak detector out of service says nothing, and that is said', () => {
  const seen = parsed(
    redfish,
    [dump('a', { ...server('a'), ...detector({ Status: { State: 'Disabled' } }) })],
    fra,
  );
  expect(whyUnknown(seen, 'fra1/a', 'health')).toContain('not in service');
});

test('detectors of a group are read too', () => {
  const leaks = {
    '@odata.type': '#LeakDetection.v1_1_0.LeakDetection',
    LeakDetectorGroups: [{ Detectors: [{ DeviceName: 'rope', DetectorState: 'Critical' }] }],
  };
  const tree = { ...server('a'), '/redfish/v1/Chassis/1/ThermalSubsystem/LeakDetection': leaks };
  expect(nodeIn(parsed(redfish, [dump('a', tree)], fra), 'fra1/a').healthReason).toBe(
    'leak detector `rope` reports Critical',
  );
});

test.each<readonly [string, object, string]>([
  ['switched off', { PowerState: 'Off' }, 'down'],
  ['critical', { Status: { Health: 'Critical' } }, 'down'],
  ['rolled up', { Status: { Health: 'OK', HealthRollup: 'Warning' } }, 'degraded'],
])('a machine that is %s', (_, set, health) => {
  expect(nodeIn(parsed(redfish, [dump('a', server('a', set))], fra), 'fra1/a').health).toBe(health);
});

test('GPUs: absent ones are none, disabled ones are down, missing ones are said', () => {
  const tree = {
    ...server('a', {}, '1', ['G1', 'G2', 'G3', 'G4']),
    ...gpu('G1', {
      Model: 'NVIDIA H100 80GB HBM3',
      MaxTDPWatts: 700,
      MemorySummary: { TotalMemorySizeMiB: 81_559 },
    }),
    ...gpu('G2', { Model: 'NVIDIA H100 80GB HBM3', Status: { State: 'Disabled' } }),
    ...gpu('G3', { Status: { State: 'Absent' } }),
  };
  const seen = parsed(redfish, [dump('a', tree)], fra);
  expect(deviceIn(seen, 'fra1/a/gpu0')).toMatchObject({
    model: 'H100-SXM-80GB',
    powerW: 700,
    memoryMib: 81_559,
  });
  expect(deviceIn(seen, 'fra1/a/gpu1')).toMatchObject({ health: 'down' });
  expect(count(seen, 'gpu')).toBe(2);
  expect(whyUnknown(seen, 'fra1/a', 'gpuCount')).toContain('1 processors are named and not in the files');
});

const h100 = (set: object) => [
  dump('a', { ...server('a', {}, '1', ['G1']), ...gpu('G1', { Model: 'NVIDIA H100 80GB HBM3', ...set }) }),
];

test('a default is assumed, said with its source, and gives way to what is stated', () => {
  const assumed = parsed(redfish, h100({}), fra);
  expect(deviceIn(assumed, 'fra1/a/gpu0').powerW).toBe(700);
  expect(confidenceOf(assumed, 'fra1/a/gpu0', 'powerW')).toBe('assumed');
  expect(assumed.assumptions).toContain(
    'a GPU `H100-SXM-80GB` is taken to draw at most 700 W: power limit in a capture of nvidia-smi',
  );
  const stated = parsed(redfish, h100({ MaxTDPWatts: 500 }), fra);
  expect(confidenceOf(stated, 'fra1/a/gpu0', 'powerW')).toBe('stated');
  expect(stated.assumptions.join()).not.toContain('is taken to draw');
});

test('MIG on: whole GPUs cannot be promised', () => {
  const mig = { Model: 'NVIDIA H100 80GB HBM3', Oem: { Nvidia: { MIGModeEnabled: true } } };
  const seen = parsed(redfish, [dump('a', { ...server('a', {}, '1', ['G1']), ...gpu('G1', mig) })], fra);
  expect(nodeIn(seen, 'fra1/a').sharing).toBe('unknown');
  expect(whyUnknown(seen, 'fra1/a', 'sharing')).toContain('MIG');
});

test('several systems of one chassis are machines of their own; guests and boards are none', () => {
  const blades = {
    ...server('a', { Links: { Chassis: [{ '@odata.id': '/redfish/v1/Chassis/1' }] } }, '1'),
    ...server('b', { Links: { Chassis: [{ '@odata.id': '/redfish/v1/Chassis/2' }] } }, '2'),
    ...server('vm', { SystemType: 'Virtual' }, '3'),
    ...server('x', { '@odata.id': '/redfish/v1/Systems/HGX_Baseboard_0' }, 'HGX_Baseboard_0'),
  };
  const seen = parsed(redfish, [dump('c', blades)], fra);
  expect(new Set(seen.facts.map(({ subject }) => subject))).toEqual(new Set(['fra1/a', 'fra1/b']));
  expect(seen.unknown.filter(({ attribute }) => attribute === 'machine').map(({ why }) => why)).toEqual([
    '`3`: a system of the type `Virtual`, not a machine in a rack',
    '`HGX_Baseboard_0`: a GPU board, and which of the systems it belongs to is not said',
  ]);
});

test('members of an expanded collection are resources', () => {
  const { '/redfish/v1/Systems/1': system } = server('a');
  const collection = {
    '@odata.id': '/redfish/v1/Systems',
    '@odata.type': '#ComputerSystemCollection.ComputerSystemCollection',
    Members: [{ '@odata.id': '/redfish/v1/Systems/1', ...Object(system) }],
  };
  expect(nodeIn(parsed(redfish, [file('s.json', JSON.stringify(collection))], fra), 'fra1/a').hostName).toBe(
    'a',
  );
});

test('names from a controller are data', () => {
  const seen = parsed(redfish, [dump('a', server('fra1/h1/../x\u{202e}', { Model: '\u{1b}[31mred' }))], fra);
  expect(seen.facts[0]?.subject).toMatch(/^fra1\/[a-z0-9.-]+$/u);
  expect(JSON.stringify(seen)).not.toMatch(/\\u001b|\u{202e}/u);
});
