import { describe, expect, test } from 'vitest';

import type { LeafFacts, Observation } from '../../src/model/fact.ts';
import { slurm } from '../../src/sources/slurm/slurm.ts';
import { capture, confidenceOf, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const read = (...lines: readonly string[]) =>
  parsed(slurm, [file('topology.conf', `${lines.join('\n')}\n`)], { site: 'lab1' });

function leafIn(observation: Observation, id: string): LeafFacts {
  return observation.facts.reduce<LeafFacts>(
    (set, fact) => (fact.kind === 'leaf' && fact.subject === id ? { ...set, ...fact.set } : set),
    {},
  );
}

const kinds = (observation: Observation, kind: string) => [
  ...new Set(observation.facts.flatMap((fact) => (fact.kind === kind ? [fact.subject] : []))),
];

describe('a tree', () => {
  test('gives each node its leaf and each leaf its spine', () => {
    const observation = parsed(slurm, [capture('slurm/berthtest-22.05/topology.conf')], { site: 'fra1' });
    expect(nodeIn(observation, 'fra1/h100-03')).toEqual({ hostName: 'h100-03', leaf: 'fra1/leaf2' });
    expect(kinds(observation, 'leaf')).toEqual(['fra1/leaf1', 'fra1/leaf2', 'fra1/leaf3', 'fra1/leaf4']);
    expect(leafIn(observation, 'fra1/leaf4')).toEqual({ spine: 'fra1/spine1' });
    expect(kinds(observation, 'spine')).toEqual(['fra1/spine1']);
    expect(observation.unknown.map(({ why }) => why)).toEqual([
      'Slurm gives no Mbit/s of a switch; its LinkSpeed is relative',
    ]);
  });

  test('scontrol, which lists all nodes of all levels, says the same as the file', () => {
    const shown = parsed(slurm, [capture('slurm/berthtest-22.05/scontrol-show-topology.txt')], {
      site: 'fra1',
    });
    const written = parsed(slurm, [capture('slurm/berthtest-22.05/topology.conf')], { site: 'fra1' });
    expect(withoutLines(shown)).toEqual(withoutLines(written));
  });

  test('levels above the spines are lost, and that is said', () => {
    const observation = read(
      'SwitchName=l1 Nodes=n1',
      'SwitchName=l2 Nodes=n2',
      'SwitchName=s1 Switches=l1',
      'SwitchName=s2 Switches=l2',
      'SwitchName=core Switches=s[1-2]',
    );
    expect(kinds(observation, 'spine')).toEqual(['lab1/s1', 'lab1/s2']);
    expect(whyUnknown(observation, 'lab1/s1', 'above')).toMatch(
      /^it hangs on `core`: levels above the spine/,
    );
  });

  test('a node on two switches has no leaf', () => {
    const observation = read('SwitchName=l1 Nodes=n[1-2]', 'SwitchName=l2 Nodes=n[2-3]');
    expect(nodeIn(observation, 'lab1/n2')).toEqual({ hostName: 'n2' });
    expect(whyUnknown(observation, 'lab1/n2', 'leaf')).toBe('it hangs on 2 switches: `l1`, `l2`');
    expect(nodeIn(observation, 'lab1/n1').leaf).toBe('lab1/l1');
  });

  test('leafs with several switches above them in common have one spine', () => {
    const lines = [
      'SwitchName=l1 Nodes=n1',
      'SwitchName=l2 Nodes=n2',
      'SwitchName=l3 Nodes=n3',
      'SwitchName=b Switches=l1,l2',
      'SwitchName=a Switches=l2',
      'SwitchName=c Switches=l3',
    ];
    const observation = read(...lines);
    expect(['l1', 'l2', 'l3'].map((leaf) => leafIn(observation, `lab1/${leaf}`).spine)).toEqual([
      'lab1/a.and-1-more',
      'lab1/a.and-1-more',
      'lab1/c',
    ]);
    expect(confidenceOf(observation, 'lab1/l1', 'spine')).toBe('derived');
    expect(withoutLines(read(...lines.toReversed()))).toEqual(withoutLines(observation));
  });

  test('switches that stand above each other in a circle end', () => {
    const observation = read('SwitchName=a Switches=b Nodes=n1', 'SwitchName=b Switches=a');
    expect(nodeIn(observation, 'lab1/n1').leaf).toBe('lab1/a');
  });
});

const nodes = (type: string) => `NodeName=n[1-4] CPUs=8 Gres=gpu:${type}:4`;

describe('blocks', () => {
  const blocks = ['BlockName=b1 Nodes=n[1-2]', 'BlockName=b2 Nodes=n[3-4]', 'BlockSizes=2,4'];

  test('of unknown GPUs are taken for link domains, as an assumption', () => {
    const observation = read(...blocks);
    expect(nodeIn(observation, 'lab1/n3').island).toBe('lab1/b2');
    expect(confidenceOf(observation, 'lab1/n3', 'island')).toBe('assumed');
    expect(observation.assumptions).toEqual([
      'a block of Slurm is read as one accelerator link domain, as in an NVL72 rack',
    ]);
  });

  test('of rack-scale GPUs are link domains', () => {
    const observation = read(nodes('gb200'), ...blocks);
    expect(nodeIn(observation, 'lab1/n1').island).toBe('lab1/b1');
    expect(confidenceOf(observation, 'lab1/n1', 'island')).toBe('derived');
    expect(observation.assumptions).not.toContain(expect.stringContaining('block'));
  });

  test('of other GPUs are none', () => {
    const observation = read(nodes('h100'), ...blocks);
    expect(nodeIn(observation, 'lab1/n1').island).toBeUndefined();
    expect(observation.unknown.find(({ attribute }) => attribute === 'island')?.why).toBe(
      'the block `b1` is no link domain for `n1`, `n2`: their GPUs are not joined across nodes',
    );
  });
});

describe('topology.yaml', () => {
  const yaml = `---
- topology: other
  tree:
    switches:
      - { switch: x, nodes: "n[1-4]" }
- topology: main
  cluster_default: true
  tree:
    switches:
      - { switch: root, children: "s[1-2]" }
      - { switch: s1, nodes: "n[1-2]" }
      - { switch: s2, nodes: "n[3-4]" }
- topology: racks
  block:
    block_sizes: [2]
    blocks:
      - { block: b1, nodes: "n[1-2]" }
- topology: plain
  flat: true
`;
  const observation = parsed(slurm, [file('topology.yaml', yaml)], { site: 'lab1' });

  test('gives leafs of the default tree and domains of the blocks', () => {
    expect(nodeIn(observation, 'lab1/n2')).toEqual({ hostName: 'n2', leaf: 'lab1/s1', island: 'lab1/b1' });
    expect(nodeIn(observation, 'lab1/n3')).toEqual({ hostName: 'n3', leaf: 'lab1/s2' });
    expect(leafIn(observation, 'lab1/s1')).toEqual({ spine: 'lab1/root' });
  });

  test('names the topologies that are not read', () => {
    expect(observation.unknown.map(({ why }) => why)).toEqual([
      'the topology `other` is not read: another one of its kind counts',
      'the topology `plain` is not read: it is no tree and has no blocks',
      'Slurm gives no Mbit/s of a switch; its LinkSpeed is relative',
    ]);
  });

  test('that is none is refused', () => {
    expect(refusal(() => parsed(slurm, [file('t.yaml', '- topology: [a]\n')])).message).toMatch(
      /`t.yaml` is not what was expected/,
    );
  });
});
