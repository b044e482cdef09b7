import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { GpuFacts, NicFacts, Observation } from '../../src/model/fact.ts';
import { nccl } from '../../src/sources/nccl/nccl.ts';
import type { Evidence } from '../../src/sources/source.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';
import { factCount } from './robust.ts';

const m1 = 'unplaced/m1';
const read = (evidence: Evidence) => parsed(nccl, [evidence], { nodes: ['m1'] });
const seen = (name: string) => read(capture(`nccl-topo/${name}`));

/** All attributes of the devices of one kind on `m1`, by their number. */
function devices(observation: Observation, kind: 'gpu' | 'nic'): readonly (GpuFacts & NicFacts)[] {
  const found: (GpuFacts & NicFacts)[] = [];
  for (const fact of observation.facts) {
    if (fact.kind !== kind || !fact.subject.startsWith(`${m1}/`)) continue;
    const number = Number(/(\d+)$/u.exec(fact.subject)?.[1]);
    found[number] = { ...found[number], ...fact.set };
  }
  return found;
}

function column(
  observation: Observation,
  kind: 'gpu' | 'nic',
  attribute: keyof (GpuFacts & NicFacts),
): unknown[] {
  return devices(observation, kind).map((device) => device[attribute]);
}

/** A `pci` element. */
function pci(busid: string, pciClass: string, ...children: readonly string[]): string {
  return `<pci busid="${busid}" class="${pciClass}">${children.join('\n')}</pci>`;
}

/** A GPU with its links: `0000:02:00.0*2` for two links to that GPU, `switch*6` to an NVSwitch. */
function gpu(busid: string, links = '', chip = 'sm="80"'): string {
  const elements = links
    .split(' ')
    .filter((link) => link !== '')
    .map((link) => {
      const [target = '', count = ''] = link.split('*');
      const isSwitch = target === 'switch';
      const end = isSwitch ? 'fffffff:ffff:ff' : target;
      return `<nvlink target="${end}" count="${count}" tclass="${isSwitch ? '0x068000' : '0x030200'}"/>`;
    });
  return pci(busid, '0x030200', `<gpu dev="0" ${chip} rank="0" gdr="1">${elements.join('')}</gpu>`);
}

function system(cpus: readonly string[], attributes = 'version="1"'): Evidence {
  return file('t.xml', `<system ${attributes}>\n${cpus.join('\n')}\n</system>`);
}

const cpu = (numa: string, ...children: readonly string[]) =>
  `<cpu numaid="${numa}">${children.join('\n')}</cpu>`;

const net = (attributes: string) => `<nic><net ${attributes}/></nic>`;
const nic = (pciClass: string, ...children: readonly string[]) =>
  devices(read(system([cpu('0', pci('0000:01:00.0', pciClass, ...children))])), 'nic')[0];
const onSwitch = (...below: readonly string[]) => pci('0000:00:01.0', '0x060400', ...below);

describe('captures of real machines and of clouds', () => {
  test('MI300X with ConnectX-7: a switch for each pair of GPU and NIC, all GPUs linked', () => {
    const topology = seen('topo_8p_940.xml');
    expect(nodeIn(topology, m1)).toEqual({ link: 'xgmi', linkMbps: 7_168_000 });
    expect(
      devices(topology, 'gpu').map(({ model, numaNode, pcieSwitch, island }) => [
        model,
        numaNode,
        pcieSwitch,
        island,
      ]),
    ).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((index) => ['MI300X-192GB', index < 4 ? 0 : 1, index, 0]));
    expect(devices(topology, 'nic')[4]).toEqual({
      name: 'mlx5_4',
      kind: 'infiniband',
      rdma: true,
      mbps: 400_000,
      rail: 4,
      numaNode: 1,
      pcieSwitch: 4,
      pciAddress: '0000:9a:00.0',
    });
    expect(topology.assumptions).toContain('the PCI device 1002:74a1 is read as MI300X-192GB');
    expect(confidenceOf(topology, `${m1}/gpu0`, 'pciAddress')).toBe('stated');
    expect(confidenceOf(topology, `${m1}/gpu0`, 'pcieSwitch')).toBe('derived');
  });

  test.each([
    ['topo_4p3l_n4.xml', [0, 1, 0, 0, 1, 1, 1, 0]],
    ['topo_8p_rome_n4_1.xml', [0, 0, 0, 0, 1, 1, 1, 1]],
  ])('%s: two islands of four, and links whose speed nobody knows', (name, islands) => {
    const topology = seen(name);
    expect(column(topology, 'gpu', 'island')).toEqual(islands);
    expect(nodeIn(topology, m1)).toEqual({ link: 'xgmi' });
    expect(whyUnknown(topology, m1, 'linkMbps')).toMatch(/the speed of one/u);
    expect(column(topology, 'nic', 'rail')).toEqual([undefined]);
  });

  test('AWS p4d: two GPUs and one EFA on each switch', () => {
    const topology = seen('aws-p4d-8xA100.xml');
    expect(column(topology, 'gpu', 'pcieSwitch')).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(column(topology, 'gpu', 'numaNode')).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(
      devices(topology, 'nic').map(({ pcieSwitch, rail, rdma, kind }) => [pcieSwitch, rail, rdma, kind]),
    ).toEqual([0, 1, 2, 3].map((index) => [index, 2 * index, true, 'ethernet']));
    expect(whyUnknown(topology, m1, 'link')).toMatch(/names no links/u);
    expect(whyUnknown(topology, `${m1}/gpu0`, 'model')).toBe(
      'NCCL names no product, only PCI device 10de:20b0',
    );
    expect(whyUnknown(topology, `${m1}/nic0`, 'mbps')).toBe('the file gives no speed');
  });

  test('Azure ND A100 v4: what the virtual machine hides, in the order of its addresses', () => {
    const topology = seen('azure-ndv4-8xA100.xml');
    expect(column(topology, 'gpu', 'numaNode')).toEqual([1, 1, 0, 0, 3, 3, 2, 2]);
    expect(column(topology, 'nic', 'numaNode')).toEqual([1, 1, 0, 0, 3, 3, 2, 2]);
    expect(column(topology, 'nic', 'rail')).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('Azure NDv2: no switches, one NIC that is the rail of no GPU', () => {
    const topology = seen('azure-ndv2-8xV100.xml');
    expect(column(topology, 'gpu', 'pcieSwitch')).toEqual(Array.from({ length: 8 }));
    expect(devices(topology, 'nic')).toEqual([
      { kind: 'infiniband', rdma: true, numaNode: 0, pciAddress: '0101:00:00.0' },
    ]);
  });

  test('MI50 without links: four GPUs and a NIC on each switch', () => {
    const topology = seen('topo_8p_pcie_2nic.xml');
    expect(column(topology, 'gpu', 'pcieSwitch')).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect(column(topology, 'nic', 'rail')).toEqual([0, 4]);
    expect(nodeIn(topology, m1)).toEqual({});
  });

  test.each(['gpuCount', 'numaNodes', 'pcieRoot'])('%s is never known from such a file', (attribute) => {
    expect(whyUnknown(seen('topo_8p_940.xml'), m1, attribute)).toMatch(/^NCCL writes down/u);
  });
});

describe('which machine', () => {
  const evidence = capture('nccl-topo/azure-ndv2-8xV100.xml');

  test('a file names none', () => {
    expect(refusal(() => nccl.parse([evidence], { observedAtMs: 0 })).message).toBe(
      '`azure-ndv2-8xV100.xml` does not say which machine it was read on',
    );
  });

  test('several machines of one type get the same facts, each once', () => {
    const both = parsed(nccl, [evidence], { nodes: ['a', 'b', 'a'], site: 'az1' });
    const of = (node: string) =>
      withoutLines(both)
        .filter(({ subject }) => subject.startsWith(`az1/${node}`))
        .map(({ subject, ...fact }) => ({ ...fact, subject: subject.replace(`az1/${node}`, '') }));
    expect(of('a')).toHaveLength(11);
    expect(of('b')).toEqual(of('a'));
    expect(both.facts).toHaveLength(22);
    expect(both.unknown.filter(({ subject }) => subject === 'az1/b')).toHaveLength(4);
  });

  test('two files that differ cannot be about one machine', () => {
    const files = [evidence, capture('nccl-topo/azure-ndv4-8xA100.xml')];
    expect(refusal(() => parsed(nccl, files, { nodes: ['a'] })).message).toMatch(
      /says something else about/u,
    );
    expect(parsed(nccl, [evidence, evidence], { nodes: ['a'] }).facts).toHaveLength(11);
  });

  test('machines that one job used together are refused', () => {
    const text =
      '<system version="1"><cpu numaid="0" host_hash="0x1"/><cpu numaid="0" host_hash="0x2"/></system>';
    expect(refusal(() => read(file('t.xml', text))).message).toMatch(/holds 2 machines/u);
    expect(factCount(nccl, file('t.xml', text.replace('0x2', '0x1')), { nodes: ['m1'] })).toBe(1);
  });
});

describe('links', () => {
  const [a, b, c] = ['0000:01:00.0', '0000:02:00.0', '0000:03:00.0'];

  test.each([
    ['a pair and one alone', [`${b}*4`, `${a}*4`, ''], [0, 0, 1], undefined],
    ['a pair', [`${b}*4`, `${a}*4`], [0, 0], 1_600_000],
    ['said by one end only', [`${b}*4`, ''], [0, 0], undefined],
    ['through switches', ['switch*12', 'switch*12', 'switch*12'], [0, 0, 0], 4_800_000],
    ['one of them with fewer links', ['switch*12', 'switch*10'], [0, 0], 4_000_000],
    ['to a GPU that the job did not use', ['0000:09:00.0*4', '0000:09:00.0*4'], [0, 1], 1_600_000],
    ['a chain', [`${b}*2`, `${a}*2 ${c}*2`, `${b}*2`], [0, 0, 1], 800_000],
  ])('%s', (_, links, islands, linkMbps) => {
    const gpus = links.map((text, index) => gpu([a, b, c][index] ?? '', text));
    const topology = read(system([cpu('0', ...gpus)]));
    expect(column(topology, 'gpu', 'island')).toEqual(islands);
    expect(nodeIn(topology, m1)).toEqual({ link: 'nvlink', ...(linkMbps === undefined ? {} : { linkMbps }) });
  });

  test('links of POWER to the CPU join no GPUs', () => {
    const toCpu = gpu(a, `${b}*3`).replaceAll('0x030200"/>', '0x060400"/>');
    const topology = read(system([cpu('0', toCpu, gpu(b, ''))]));
    expect(nodeIn(topology, m1)).toEqual({});
    expect(whyUnknown(topology, m1, 'link')).toMatch(/names no links/u);
  });

  test.each([
    ['sm="90"', 18, 7_200_000],
    ['sm="100"', 18, 14_400_000],
    ['sm="70"', 6, 2_400_000],
    ['sm="86"', 4, undefined],
    ['', 4, undefined],
  ])('the speed of %s with %i links', (chip, count, linkMbps) => {
    const gpus = [a, b].map((address) => gpu(address, `switch*${count}`, chip));
    const topology = read(system([cpu('0', ...gpus)]));
    expect(nodeIn(topology, m1).linkMbps).toBe(linkMbps);
    expect(whyUnknown(topology, m1, 'linkMbps') === undefined).toBe(linkMbps !== undefined);
  });

  test('GPUs that say nothing beside some that do', () => {
    const topology = read(system([cpu('0', gpu(a, 'switch*12'), pci(b, '0x030200'))]));
    expect(whyUnknown(topology, m1, 'link')).toBe('only some of the GPUs say what they are linked to');
    expect(column(topology, 'gpu', 'island')).toEqual([undefined, undefined]);
  });
});

describe('devices', () => {
  test.each([
    ['RoCE', '0x020000', 'name="mlx5_0" speed="100000" gdr="1"', { kind: 'roce', rdma: true, mbps: 100_000 }],
    ['a socket', '0x020000', 'name="eth0" speed="25000" gdr="0"', { kind: 'ethernet', mbps: 25_000 }],
    ['InfiniBand', '0x020700', 'name="mlx5_0" speed="-1"', { kind: 'infiniband', rdma: true }],
    ['a class nobody knows', '0x028000', 'name="hsn0" speed="0" gdr="1"', { rdma: true }],
  ])('%s', (_, pciClass, attributes, expected) => {
    const { name, numaNode, pciAddress, ...rest } = nic(pciClass, net(attributes)) ?? {};
    expect([name, numaNode, pciAddress]).toEqual([
      /name="([^"]+)"/u.exec(attributes)?.[1],
      0,
      '0000:01:00.0',
    ]);
    expect(rest).toEqual(expected);
  });

  test('a port listed again for collectives is one; a second port is left open', () => {
    const nets =
      '<nic><net name="mlx5_0" speed="1" gdr="1"/><net name="mlx5_0" coll="1"/><net name="mlx5_1"/></nic>';
    const topology = read(system([cpu('0', pci('0000:01:00.0', '0x020700', nets))]));
    expect(column(topology, 'nic', 'name')).toEqual(['mlx5_0']);
    expect(whyUnknown(topology, `${m1}/nic0`, 'ports')).toMatch(/^1 more ports/u);
  });

  test('a NIC that is no PCI device, and a NUMA node that nobody gave', () => {
    const topology = read(system([cpu('-1', net('name="eth0" speed="10000"'))]));
    expect(devices(topology, 'nic')).toEqual([{ name: 'eth0', mbps: 10_000 }]);
    expect(whyUnknown(topology, `${m1}/nic0`, 'numaNode')).toMatch(/no NUMA node/u);
    expect(whyUnknown(topology, `${m1}/nic0`, 'pciAddress')).toMatch(/gives none/u);
  });

  test('a device that is none of them is named', () => {
    const topology = read(system([cpu('0', pci('0000:01:00.0', '0x010802'))]));
    expect(whyUnknown(topology, m1, 'devices')).toBe(
      'the device 0000:01:00.0 of class `0108` is neither GPU, NIC nor switch',
    );
  });

  test('addresses without a function, as older versions write them', () => {
    expect(column(read(system([cpu('0', gpu('0000:1B:00'))])), 'gpu', 'pciAddress')).toEqual([
      '0000:1b:00.0',
    ]);
  });

  test('more GPUs than a node can have', () => {
    const many = Array.from({ length: 40 }, (_, index) => gpu(`0000:${(16 + index).toString(16)}:00.0`));
    const topology = read(system([cpu('0', ...many)]));
    expect(devices(topology, 'gpu')).toHaveLength(32);
    expect(topology.unknown.map(({ why }) => why)).toContain('40 GPUs; only the first 32 are read');
  });
});

describe('files that are no such thing', () => {
  test.each([
    ['<system><cpu numaid="0"/></system>', /of version ``; Berth reads 1 and 2/u],
    ['<system version="3"><cpu numaid="0"/></system>', /of version `3`/u],
    ['<graphs version="1"/>', /is not what was expected/u],
    ['<topology version="2.0"/>', /looks like hwloc XML/u],
    ['<!DOCTYPE system [<!ENTITY a "x">]><system version="1">&a;</system>', /entity/iu],
  ])('%s', (text, message) => {
    expect(refusal(() => read(file('t.xml', text))).message).toMatch(message);
  });
});

test('the order of devices changes nothing', () => {
  const [a, b] = [gpu('0000:01:00.0', 'switch*2'), gpu('0000:02:00.0', 'switch*2')];
  const nics = ['0000:03:00.0', '0000:04:00.0'].map((address) => pci(address, '0x020700'));
  const there = read(system([cpu('0', onSwitch(a, ...nics)), cpu('1', b)]));
  const back = read(system([cpu('1', b), cpu('0', onSwitch(...nics.toReversed(), a))]));
  expect(withoutLines(back)).toEqual(withoutLines(there));
});

test.each(['azure-ndv2-8xV100.xml', 'topo_4p3l_n4.xml'])(
  '%s cut at any byte is refused, never half read',
  (name) => {
    const { bytes } = capture(`nccl-topo/${name}`);
    const whole = new TextDecoder().decode(bytes).lastIndexOf('>') + 1;
    for (let end = 0; end < whole; end += 3)
      expect(factCount(nccl, file('cut.xml', bytes.slice(0, end)), { nodes: ['m1'] })).toBeUndefined();
  },
);

const oddValue = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e9',
    '0x030200',
    '0x060400',
    '0000:01:00.0',
    'ffff:ff:ff.f',
    '99999999999',
    '\u{202e}',
  ),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[<&"\p{Cc}]/gu, '')),
);
const oddElement = (children: fc.Arbitrary<readonly string[]>): fc.Arbitrary<string> =>
  fc
    .record({
      name: fc.constantFrom('cpu', 'pci', 'gpu', 'nic', 'net', 'nvlink', 'xgmi', 'other'),
      attributes: fc.dictionary(
        fc.constantFrom(
          'busid',
          'class',
          'vendor',
          'device',
          'numaid',
          'target',
          'count',
          'tclass',
          'name',
          'speed',
          'sm',
        ),
        oddValue,
      ),
      children,
    })
    .map(({ name, attributes, children: below }) => {
      const words = Object.entries(attributes).map(([key, value]) => `${key}="${value}"`);
      return `<${name} ${words.join(' ')}>${below.join('')}</${name}>`;
    });
const oddTree = [1, 2, 3].reduce(
  (below) => oddElement(fc.array(below, { maxLength: 3 })),
  oddElement(fc.constant([])),
);

test('odd values in every place are read or refused', () => {
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(oddTree, { maxLength: 4 }), (elements) => {
      const facts = factCount(nccl, system([cpu('0', ...elements), ...elements]), { nodes: ['m1'] });
      outcomes[facts === undefined ? 'refused' : 'read'] += 1;
    }),
    { seed: 20_261_122, numRuns: 300 },
  );
  expect(outcomes).toEqual({ read: 300, refused: 0 });
});
