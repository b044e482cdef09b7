import { describe, expect, test } from 'vitest';

import type { NicFacts, Observation } from '../../src/model/fact.ts';
import { ibnetdiscover } from '../../src/sources/ibnetdiscover/ibnetdiscover.ts';
import { mbpsOf } from '../../src/sources/ibnetdiscover/text.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const read = (text: string, name = 'fabric.txt') =>
  parsed(ibnetdiscover, [file(name, text)], { site: 'lab1' });

function nicIn(observation: Observation, id: string): NicFacts {
  return observation.facts.reduce<NicFacts>(
    (set, fact) => (fact.kind === 'nic' && fact.subject === id ? { ...set, ...fact.set } : set),
    {},
  );
}

const edgesIn = (observation: Observation) =>
  observation.facts.flatMap(({ kind, subject, set }) =>
    kind === 'leaf' || kind === 'spine' ? [{ subject, ...set }] : [],
  );

type Row = { readonly kind: 'H' | 'S'; readonly peer: string; readonly port: number };

const guidOf = (name: string) => Buffer.from(name.padEnd(8, '.')).toString('hex').slice(0, 16);

/** One block of ibnetdiscover: a line for the device, then one for each of its ports. */
function block(kind: 'Switch' | 'Ca', name: string, rows: readonly Row[], speed: string): string {
  const called = kind === 'Switch' ? `MF0;${name}:MQM9700/U1` : name;
  const own = kind === 'Ca' ? `(${guidOf(name)})` : '';
  const ports = rows.map((row, at) => {
    const guid = guidOf(row.peer);
    const behind = row.kind === 'H' ? `(${guid})` : '';
    const words = row.kind === 'S' ? `MF0;${row.peer}:MQM9700/U1` : row.peer;
    return `[${at + 1}]${own}\t"${row.kind}-${guid}"[${row.port}]${behind}\t\t# "${words}" lid 1 ${speed}`;
  });
  const letter = kind === 'Switch' ? 'S' : 'H';
  return [
    `${kind}\t${rows.length} "${letter}-${guidOf(name)}"\t\t# "${called}" lid 1 lmc 0`,
    ...ports,
    '',
  ].join('\n');
}

/** A fabric in short: `l1: n1.mlx5_0 n2.mlx5_0 | s1 s2` is a switch with two ports of machines and two of switches. */
function fabric(
  lines: readonly string[],
  { adapters = true, speed = '4xNDR' }: { readonly adapters?: boolean; readonly speed?: string } = {},
): string {
  const switches = lines.map((line) => {
    const [name = '', rest = ''] = line.split(': ');
    const [hosts = '', peers = ''] = rest.split('|').map((words) => words.trim());
    const ends = [
      ...(hosts === '' ? [] : hosts.split(' ').map((host) => ['H', host.replace('.', ' ')] as const)),
      ...(peers === '' ? [] : peers.split(' ').map((peer) => ['S', peer] as const)),
    ];
    return { name, ends };
  });
  const cards = new Map<string, Row[]>();
  const texts = switches.map(({ name, ends }) => {
    const rows = ends.map(([kind, peer], at): Row => {
      if (kind === 'S')
        return { kind, peer, port: farPort(switches, peer, { name, nth: mentions(ends, peer, at) }) };
      const card = cards.get(peer) ?? [];
      cards.set(peer, [...card, { kind: 'S', peer: name, port: at + 1 }]);
      return { kind, peer, port: card.length + 1 };
    });
    return block('Switch', name, rows, speed);
  });
  const own = adapters ? [...cards].map(([name, rows]) => block('Ca', name, rows, speed)) : [];
  return `# Topology file\n${[...texts, ...own].join('\n')}\n`;
}

function mentions(ends: readonly (readonly [string, string])[], peer: string, before: number): number {
  return ends.slice(0, before).filter(([, name]) => name === peer).length;
}

/** Cables between switches have a port at either end: the nth mention of a pair is its nth cable. */
function farPort(
  switches: readonly { readonly name: string; readonly ends: readonly (readonly [string, string])[] }[],
  far: string,
  { name, nth }: { readonly name: string; readonly nth: number },
): number {
  const { ends = [] } = switches.find((own) => own.name === far) ?? {};
  const ports = ends.flatMap(([, peer], at) => (peer === name ? [at + 1] : []));
  return ports[nth] ?? 60 + nth;
}

describe('a fabric', () => {
  const lines = [
    'l1: n1.mlx5_0 n2.mlx5_0 | s1 s1 s2',
    'l2: n3.mlx5_0 | s1 s2',
    's1:  | l1 l1 l2 c1',
    's2:  | l1 l2',
  ];

  test('gives leafs, their uplinks, one spine for all switches above, and what stands above it', () => {
    const observation = read(fabric(lines));
    expect(edgesIn(observation)).toEqual([
      { subject: 'lab1/l1', uplinkMbps: 1_200_000, spine: 'lab1/s1.and-1-more' },
      { subject: 'lab1/l2', uplinkMbps: 800_000, spine: 'lab1/s1.and-1-more' },
      { subject: 'lab1/s1.and-1-more' },
    ]);
    expect(nodeIn(observation, 'lab1/n3')).toEqual({ hostName: 'n3', leaf: 'lab1/l2' });
    expect(confidenceOf(observation, 'lab1/n3', 'leaf')).toBe('derived');
    expect(nicIn(observation, 'lab1/n1/nic0')).toMatchObject({
      name: 'mlx5_0',
      kind: 'infiniband',
      rdma: true,
      mbps: 400_000,
      leaf: 'lab1/l1',
    });
    expect(whyUnknown(observation, 'lab1/s1.and-1-more', 'above')).toMatch(/^it hangs on `c1`/);
  });

  test('listed in another order is the same', () => {
    const blocks = fabric(lines).split('\n\n');
    const shuffled = `${blocks.toReversed().join('\n\n')}\n\n`;
    expect(withoutLines(read(shuffled))).toEqual(withoutLines(read(fabric(lines))));
  });

  test('a spine has uplinks where all of its switches have', () => {
    const observation = read(fabric(['l1: n1.mlx5_0 | s1', 's1:  | l1 c1 c1']));
    expect(edgesIn(observation)).toContainEqual({ subject: 'lab1/s1', uplinkMbps: 800_000 });
  });

  test('ports on several leafs have their own, and the node has none', () => {
    const observation = read(fabric(['l1: n1.mlx5_0 n2.mlx5_0', 'l2: n1.mlx5_10 n2.mlx5_2']));
    expect([0, 1].map((number) => nicIn(observation, `lab1/n1/nic${number}`).leaf)).toEqual([
      'lab1/l1',
      'lab1/l2',
    ]);
    expect(nicIn(observation, 'lab1/n1/nic1').name).toBe('mlx5_10');
    expect(nodeIn(observation, 'lab1/n1').leaf).toBeUndefined();
    expect(whyUnknown(observation, 'lab1/n1', 'leaf')).toBe(
      'its ports hang on 2 switches: `l1`, `l2`; each NIC has its own',
    );
  });

  test('both ports of one card are two NICs', () => {
    const observation = read(fabric(['l1: n1.mlx5_0', 'l2: n1.mlx5_0']));
    expect([0, 1].map((number) => nicIn(observation, `lab1/n1/nic${number}`).name)).toEqual([
      'mlx5_0',
      'mlx5_0/2',
    ]);
  });

  test('without its adapters may hide ports: the leaf is an assumption', () => {
    const observation = read(fabric(['l1: n1.mlx5_5 | s1'], { adapters: false }));
    expect(nodeIn(observation, 'lab1/n1').leaf).toBe('lab1/l1');
    expect(confidenceOf(observation, 'lab1/n1', 'leaf')).toBe('assumed');
    expect(whyUnknown(observation, 'lab1/n1', 'leaf')).toMatch(/^only `mlx5_5` is seen/);
  });

  test('cut inside a block has no uplinks for it', () => {
    const text = fabric(['l1: n1.mlx5_0 | s1 s1'], { adapters: false }).trimEnd();
    const observation = read(text);
    expect(edgesIn(observation)[0]).toEqual({ subject: 'lab1/l1', spine: 'lab1/s1' });
    expect(observation.unknown.map(({ why }) => why)).toContain(
      'the block of `l1` is cut: not all of its links are known',
    );
  });

  test('switches with machines that are cabled to each other are of one level', () => {
    const observation = read(fabric(['l1: n1.mlx5_0 | l2', 'l2: n2.mlx5_0 | l1']));
    expect(edgesIn(observation)).toEqual([{ subject: 'lab1/l1' }, { subject: 'lab1/l2' }]);
    expect(observation.unknown.map(({ why }) => why)).toContain(
      '`l1` is cabled to `l2` of its own level: which stands above is not said',
    );
  });

  test('chips of one name stay apart', () => {
    const text = fabric(['l1: n1.mlx5_0', 'l2: n2.mlx5_0']).replaceAll('MF0;l2:', 'MF0;l1:');
    const observation = read(text);
    expect(nodeIn(observation, 'lab1/n1').leaf).not.toBe(nodeIn(observation, 'lab1/n2').leaf);
  });

  test('a link whose speed cannot be read leaves the uplinks open', () => {
    const observation = read(fabric(['l1: n1.mlx5_0 | s1'], { speed: '4xABC' }));
    expect(edgesIn(observation)[0]).toEqual({ subject: 'lab1/l1', spine: 'lab1/s1' });
    expect(whyUnknown(observation, 'lab1/n1/nic0', 'mbps')).toBe(
      'width and speed of the link cannot be read',
    );
  });
});

test.each([
  ['4xNDR', 400_000],
  ['2xNDR', 200_000],
  ['4xXDR', 800_000],
  ['4xHDR', 200_000],
  ['2xHDR', 100_000],
  ['4xEDR', 100_000],
  ['4xFDR', 56_000],
  ['4xFDR10', 40_000],
  ['4xQDR', 40_000],
  ['1xSDR', 2500],
  ['12xDDR', 60_000],
  ['5xNDR', undefined],
  ['4xZDR', undefined],
])('%s', (text, mbps) => {
  expect(mbpsOf(`"x" lid 1 ${text}`)).toBe(mbps);
});

describe('captures', () => {
  test('one leaf of a real fabric: 17 machines, 16 uplinks to eight spines', () => {
    const observation = parsed(ibnetdiscover, [capture('infiniband/ibnetdiscover-excerpt.out')], {
      site: 'fra1',
    });
    expect(edgesIn(observation)).toEqual([
      {
        subject: 'fra1/a09-p1-ibleaf-04-04',
        uplinkMbps: 6_400_000,
        spine: 'fra1/a10-p1-ibspine-02.and-7-more',
      },
      { subject: 'fra1/a10-p1-ibspine-02.and-7-more' },
    ]);
    expect(observation.facts.filter(({ kind }) => kind === 'nic').length).toBe(17);
    expect(nicIn(observation, 'fra1/a08-p1-dgx-04-c17/nic0')).toEqual({
      name: 'mlx5_5',
      guid: 'e09d7303007a5a68',
      kind: 'infiniband',
      rdma: true,
      mbps: 400_000,
      leaf: 'fra1/a09-p1-ibleaf-04-04',
    });
    expect(observation.unknown.find(({ attribute }) => attribute === 'aggregation node')?.why).toBe(
      '`Mellanox Technologies Aggregation Node` on port 65 of `A09-P1-IBLEAF-04-04` names no machine and device',
    );
  });

  test('an adapter without a cable: the machine is there, its leaf is not known', () => {
    const observation = parsed(ibnetdiscover, [capture('infiniband/ibnetdiscover-one-ca.out')], {
      site: 'fra1',
    });
    expect(observation.facts.map(({ set }) => set)).toEqual([{ hostName: 'dgx-gb200-n01-c1' }]);
    expect(whyUnknown(observation, 'fra1/dgx-gb200-n01-c1', 'nic')).toBe(
      'its adapter `HCA-1` has no link to a switch in the file',
    );
  });

  test('sysfs of one machine', () => {
    const observation = parsed(ibnetdiscover, [capture('infiniband/sys-class-infiniband-h100.tsv')], {
      site: 'fra1',
      nodes: ['n01'],
    });
    const nics = Array.from({ length: 10 }, (_, number) => nicIn(observation, `fra1/n01/nic${number}`));
    expect(nics.map(({ name }) => name).join(' ')).toBe(
      'mlx5_0 mlx5_1 mlx5_4 mlx5_5 mlx5_6 mlx5_7 mlx5_8 mlx5_9 mlx5_bond_0 ',
    );
    expect(nics[2]).toEqual({
      name: 'mlx5_4',
      kind: 'infiniband',
      rdma: true,
      mbps: 400_000,
      health: 'healthy',
    });
    expect(nics[8]).toMatchObject({ kind: 'roce', mbps: 200_000 });
  });
});

const sysfs = (...words: readonly string[]) =>
  parsed(ibnetdiscover, [file('ib.txt', `${words.join('\n')}\n`)], { nodes: ['lab1/n1'] });

describe('sysfs', () => {
  test('as grep prints it, with a port that is down', () => {
    const observation = sysfs(
      '/sys/class/infiniband/mlx5_0/ports/1/rate:2.5 Gb/sec (1X SDR)',
      '/sys/class/infiniband/mlx5_0/ports/1/state:1: DOWN',
      '/sys/class/infiniband/mlx5_0/ports/1/phys_state:3: Disabled',
      '/sys/class/infiniband/mlx5_0/ports/1/link_layer:InfiniBand',
    );
    expect(nicIn(observation, 'lab1/n1/nic0')).toEqual({
      name: 'mlx5_0',
      kind: 'infiniband',
      rdma: true,
      mbps: 2500,
      health: 'down',
      healthReason: 'port is 1: DOWN (3: Disabled)',
    });
  });

  test('what is not there is not said', () => {
    const observation = sysfs('mlx5_0/ports/1/state\t4: ACT');
    expect(nicIn(observation, 'lab1/n1/nic0')).toEqual({ name: 'mlx5_0', rdma: true });
    expect(whyUnknown(observation, 'lab1/n1/nic0', 'mbps')).toBe('the rate is not said');
  });

  test('of no machine is refused', () => {
    expect(refusal(() => read('mlx5_0/ports/1/rate\t400 Gb/sec (4X NDR)\n')).message).toMatch(
      /does not say which machine it was read on/,
    );
  });
});

test.each([
  ['hello\n', /is not what was expected/],
  ['vendid=0x2c9\n', /is not what was expected/],
  ['NodeName=a CPUs=1\n', /looks like output or configuration of Slurm/],
])('%j is refused', (text, message) => {
  expect(refusal(() => read(text)).message).toMatch(message);
});
