import { describe, expect, test } from 'vitest';

import type { Observation } from '../../src/model/fact.ts';
import { ibnetdiscover } from '../../src/sources/ibnetdiscover/ibnetdiscover.ts';
import { slurm } from '../../src/sources/slurm/slurm.ts';
import { topograph } from '../../src/sources/topograph/topograph.ts';
import { ask } from '../core/acts.ts';
import { demand } from '../core/demand.ts';
import { nodesOf } from '../core/fabric/ask.ts';
import { observe, world, type World } from '../core/fleet.ts';
import { capture, file, parsed } from './given.ts';

/** Observations one after the other, as they would be imported. */
function imported(...observations: readonly Observation[]): World {
  return observations.reduce((before, { facts, source }) => observe(before, facts, { source }), world());
}

const configured = (line: string) => parsed(slurm, [file('slurm.conf', `${line}\n`)], { site: 'fra1' });

describe('GB200 racks of a topograph model', () => {
  const racks = imported(
    parsed(topograph, [capture('topograph/nvl72.yaml')], { site: 'fra1' }),
    configured(
      'NodeName=node[1101-1118,1201-1218,2101-2118,2201-2218] CPUs=144 RealMemory=900000 Gres=gpu:gb200:4',
    ),
  );

  test('hold 72 GPUs each: work over one link domain stays in one rack', () => {
    const nodes = nodesOf(ask(racks, demand('18×4 GB200 together:island 1h')));
    expect(nodes.length).toBe(18);
    expect(new Set(nodes.map((node) => node.slice(0, 'fra1/node11'.length)))).toEqual(
      new Set(['fra1/node11']),
    );
  });

  test('hold no more: 19 trays are not one domain, though there are 72', () => {
    const together = ask(racks, demand('19×4 GB200 together:island 1h'));
    expect(together).toMatchObject({ kind: 'refused', refusal: { kind: 'no-capacity' } });
    expect(ask(racks, demand('19×4 GB200 1h')).kind).toBe('planned');
  });

  test('two racks below one spine hold 36 trays', () => {
    const nodes = nodesOf(ask(racks, demand('36×4 GB200 together:spine 1h')));
    expect(new Set(nodes.map((node) => node.slice(0, 'fra1/node1'.length)))).toEqual(new Set(['fra1/node1']));
    expect(ask(racks, demand('37×4 GB200 together:spine 1h')).kind).toBe('refused');
  });
});

test('blocks that topograph wrote for Slurm are domains', () => {
  const fleet = imported(
    parsed(topograph, [capture('topograph/expected.slinky-dra-block.conf')], { site: 'fra1' }),
    configured('NodeName=srv[1101-1108,1201-1208] CPUs=144 Gres=gpu:gb200:4'),
  );
  const nodes = nodesOf(ask(fleet, demand('8×4 GB200 together:island 1h')));
  expect(new Set(nodes.map((node) => node.slice(0, 'fra1/srv11'.length))).size).toBe(1);
  expect(ask(fleet, demand('9×4 GB200 together:island 1h')).kind).toBe('refused');
});

test('GPUs that are not joined across nodes make no domain of a block', () => {
  const text = 'NodeName=n[1-4] CPUs=64 Gres=gpu:h100:8\nBlockName=b1 Nodes=n[1-4]\n';
  const fleet = imported(parsed(slurm, [file('slurm.conf', text)], { site: 'fra1' }));
  expect(ask(fleet, demand('2×8 H100 1h')).kind).toBe('planned');
  expect(ask(fleet, demand('2×8 H100 together:island 1h')).kind).toBe('refused');
});

describe('a leaf of a real InfiniBand fabric', () => {
  const nodes = 'a08-p1-dgx-04-c[01-17],a08-p1-dgx-09-c[01-03]';
  const fleet = imported(
    parsed(ibnetdiscover, [capture('infiniband/ibnetdiscover-excerpt.out')], { site: 'fra1' }),
    configured(`NodeName=${nodes} CPUs=224 Gres=gpu:h100:8`),
  );

  test('holds the 17 machines on it', () => {
    const used = nodesOf(ask(fleet, demand('17×8 H100 together:leaf 1h')));
    expect(used.length).toBe(17);
    expect(used.every((node) => node.startsWith('fra1/a08-p1-dgx-04-'))).toBe(true);
  });

  test('holds no more, though there are more', () => {
    expect(ask(fleet, demand('18×8 H100 together:leaf 1h')).kind).toBe('refused');
    expect(ask(fleet, demand('18×8 H100 1h')).kind).toBe('planned');
  });
});

describe('switches of Slurm', () => {
  const fleet = imported(
    parsed(
      slurm,
      ['slurm.conf', 'topology.conf'].map((name) => capture(`slurm/berthtest-22.05/${name}`)),
      { site: 'fra1' },
    ),
  );

  test('keep work over one leaf on one leaf', () => {
    const used = nodesOf(ask(fleet, demand('2×8 H100 together:leaf 1h')));
    expect([
      ['fra1/h100-01', 'fra1/h100-02'],
      ['fra1/h100-03', 'fra1/h100-04'],
    ]).toContainEqual(used.toSorted());
    expect(ask(fleet, demand('3×8 H100 together:leaf 1h')).kind).toBe('refused');
    expect(nodesOf(ask(fleet, demand('3×8 H100 together:spine 1h'))).length).toBe(3);
  });
});
