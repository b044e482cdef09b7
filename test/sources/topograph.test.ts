import { describe, expect, test } from 'vitest';

import type { Observation } from '../../src/model/fact.ts';
import { topograph } from '../../src/sources/topograph/topograph.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown } from './given.ts';

const captured = (name: string) => parsed(topograph, [capture(`topograph/${name}`)], { site: 'fra1' });
const read = (text: string, name = 'a.yaml') => parsed(topograph, [file(name, text)], { site: 'lab1' });

/** Which nodes share a leaf or an island: `name: n1 n2`. */
function grouped(observation: Observation, attribute: 'leaf' | 'island'): string[] {
  const nodes = [...new Set(observation.facts.flatMap((f) => (f.kind === 'node' ? [f.subject] : [])))];
  const byPlace = Map.groupBy(nodes, (node) => nodeIn(observation, node)[attribute]);
  return [...byPlace].map(([place, own]) => `${place}: ${own.length}`).toSorted();
}

function spines(observation: Observation): string[] {
  return observation.facts.flatMap((f) =>
    f.kind === 'leaf' && f.set.spine ? [`${f.subject} < ${f.set.spine}`] : [],
  );
}

const block = (domain: string) =>
  `- { switch: l1, nodes: [n1], annotations: { accelerator.topology.test/domain: ${domain} } }\n`;

describe('models', () => {
  test('NVL72 racks are link domains and leafs of 18 nodes', () => {
    const observation = captured('nvl72.yaml');
    expect(grouped(observation, 'island')).toEqual([
      'fra1/nvl-1-1: 18',
      'fra1/nvl-1-2: 18',
      'fra1/nvl-2-1: 18',
      'fra1/nvl-2-2: 18',
    ]);
    expect(grouped(observation, 'leaf')).toEqual([
      'fra1/leaf-1-1: 18',
      'fra1/leaf-1-2: 18',
      'fra1/leaf-2-1: 18',
      'fra1/leaf-2-2: 18',
    ]);
    expect(spines(observation)).toEqual([
      'fra1/leaf-1-1 < fra1/spine-1',
      'fra1/leaf-1-2 < fra1/spine-1',
      'fra1/leaf-2-1 < fra1/spine-2',
      'fra1/leaf-2-2 < fra1/spine-2',
    ]);
    expect(nodeIn(observation, 'fra1/node1118')).toEqual({
      hostName: 'node1118',
      leaf: 'fra1/leaf-1-1',
      island: 'fra1/nvl-1-1',
    });
    expect(whyUnknown(observation, 'fra1/spine-1', 'above')).toMatch(/^it hangs on `core`/);
  });

  test.each([
    ['medium.yaml', ['fra1/sw11: 2', 'fra1/sw12: 2', 'fra1/sw13: 2', 'fra1/sw14: 2']],
    ['small-tree.yaml', ['fra1/s2: 3', 'fra1/s3: 3']],
  ])('%s', (name, leafs) => {
    expect(grouped(captured(name), 'leaf')).toEqual(leafs);
  });

  test('names stay as they are where people see them', () => {
    expect(nodeIn(captured('small-tree.yaml'), 'fra1/i25').hostName).toBe('I25');
  });

  test('of the older form are read too', () => {
    const observation = read(`
switches:
- { name: s1, switches: [l1, l2] }
- { name: l1, nodes: ["n[1-2]"] }
capacity_blocks:
- { name: cb1, nvlink: nvl1, nodes: [n1] }
- { name: cb2, nodes: [n2] }
`);
    expect(nodeIn(observation, 'lab1/n1')).toEqual({ hostName: 'n1', leaf: 'lab1/l1', island: 'lab1/nvl1' });
    expect(nodeIn(observation, 'lab1/n2')).toEqual({ hostName: 'n2', leaf: 'lab1/l1' });
    expect(observation.unknown.map(({ why }) => why)).toContain(
      'the block `cb2` names no accelerator link domain',
    );
  });

  test('a leaf without nodes is there all the same', () => {
    const observation = read(
      'switches:\n  s1: { switches: [l1, l2] }\nblocks:\n- { switch: l1, nodes: [n1] }\n',
    );
    expect(spines(observation)).toEqual(['lab1/l1 < lab1/s1', 'lab1/l2 < lab1/s1']);
  });

  test('a node in two domains is in none that is known', () => {
    const observation = read(`blocks:\n${block('a')}${block('b')}`);
    expect(nodeIn(observation, 'lab1/n1').island).toBeUndefined();
    expect(whyUnknown(observation, 'lab1/n1', 'island')).toBe('it is named in several link domains: a, b');
  });

  test('a block that stands for too much is a gap', () => {
    const observation = read(
      'blocks:\n- { switch: l1, nodes: ["n[1-999999]"] }\n- { switch: l1, nodes: [m1] }\n',
    );
    expect(observation.unknown.map(({ why }) => why)).toContain(
      '`n[1-999999]` stands for more than 100000 names',
    );
    expect(nodeIn(observation, 'lab1/m1').leaf).toBe('lab1/l1');
  });
});

describe('output of the engines', () => {
  test('graph: the closest layer is the leaf', () => {
    const observation = read(
      JSON.stringify({
        instances: [
          {
            id: 'n1',
            network_layers: ['l1', 's1', 'core'],
            labels: { 'accelerator.topograph.run/domain': 'nvl1' },
          },
          { id: 'n2', network_layers: ['l2', 's1', 'core'], labels: {} },
          { id: 'n3', network_layers: [] },
        ],
      }),
      'graph.json',
    );
    expect(nodeIn(observation, 'lab1/n1')).toEqual({ hostName: 'n1', leaf: 'lab1/l1', island: 'lab1/nvl1' });
    expect(nodeIn(observation, 'lab1/n2')).toEqual({ hostName: 'n2', leaf: 'lab1/l2' });
    expect(spines(observation)).toEqual(['lab1/l1 < lab1/s1', 'lab1/l2 < lab1/s1']);
    expect(nodeIn(observation, 'lab1/n3')).toEqual({ hostName: 'n3' });
    expect(whyUnknown(observation, 'lab1/n3', 'leaf')).toBe('topograph names no switch of it');
  });

  test('blocks have the names of the domains, which stand in comments', () => {
    const observation = captured('expected.slinky-dra-block.conf');
    expect(grouped(observation, 'island').length).toBe(12);
    expect(nodeIn(observation, 'fra1/srv2108')).toEqual({ hostName: 'srv2108', island: 'fra1/nvl-2-1' });
    expect(confidenceOf(observation, 'fra1/srv2108', 'island')).toBe('stated');
  });

  test('trees have the names of the switches', () => {
    const conf = [
      '# switch.2.1=spine-1',
      'SwitchName=switch.2.1 Switches=switch.1.[1-2]',
      '# switch.1.1=leaf-1-1',
      'SwitchName=switch.1.1 Nodes=srv[1101-1102]',
      '# switch.1.2=leaf-1-2',
      'SwitchName=switch.1.2 Nodes=srv1201\n',
    ];
    const observation = read(conf.join('\n'), 'topology.conf');
    expect(nodeIn(observation, 'lab1/srv1102').leaf).toBe('lab1/leaf-1-1');
    expect(spines(observation)).toEqual(['lab1/leaf-1-1 < lab1/spine-1', 'lab1/leaf-1-2 < lab1/spine-1']);
  });
});

describe('answers of NetQ', () => {
  test('the graph gives leafs, a spine, and the ports of the nodes', () => {
    const observation = captured('topologyGraph.json');
    expect(grouped(observation, 'leaf')).toEqual(['fra1/net-unit-l1: 4', 'fra1/net-unit-l2: 4']);
    expect(spines(observation)).toEqual([
      'fra1/net-unit-l1 < fra1/net-unit-s1',
      'fra1/net-unit-l2 < fra1/net-unit-s1',
    ]);
    expect(nodeIn(observation, 'fra1/dgx-08').leaf).toBe('fra1/net-unit-l2');
    expect(observation.facts.filter(({ kind }) => kind === 'nic').length).toBe(32);
  });

  test('compute nodes give domains, GPUs and health', () => {
    expect(nodeIn(captured('computeNodes.json'), 'fra1/node2')).toEqual({
      hostName: 'node2',
      gpuCount: 4,
      island: 'fra1/3fbfc98b-7f95-4749-ab11-bd351a2aab3e',
      link: 'nvlink',
      health: 'healthy',
    });
    const odd = read(JSON.stringify([{ Name: 'n1', DomainUUID: 'd', Health: 'PURPLE' }]), 'c.json');
    expect(whyUnknown(odd, 'lab1/n1', 'health')).toBe('the health `PURPLE` is none that is known');
  });
});

test.each([
  ['example-netq.json', /is a request to topograph, not its answer/],
  ['test-block.json', /is a request to topograph, not its answer/],
])('%s is refused', (name, message) => {
  const said = refusal(() => captured(name));
  expect(said.message).toMatch(message);
  expect(said.fix).toMatch(/it may hold passwords/);
});

test.each([
  ['a: 1\n', /is not what was expected/],
  ['[]', /is not what was expected/],
  ['switches: [', /not well-formed YAML/],
  ['kind: Node\nmetadata: { name: a }\n', /looks like Kubernetes nodes/],
])('%j is refused', (text, message) => {
  expect(refusal(() => read(text)).message).toMatch(message);
});
