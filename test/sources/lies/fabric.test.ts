import { describe, expect, test } from 'vitest';

import type { Observation } from '../../../src/model/fact.ts';
import { slurm } from '../../../src/sources/slurm/slurm.ts';
import { ask } from '../../core/acts.ts';
import { demand } from '../../core/demand.ts';
import { nodesOf, outcome } from '../../core/fabric/ask.ts';
import { observe, world } from '../../core/fleet.ts';
import { capture, file, nodeIn, parsed, refusal, whyUnknown } from '../given.ts';

const captured = (...names: readonly string[]) =>
  parsed(
    slurm,
    names.map((name) => capture(`slurm/berthtest-busy/${name}`)),
    { site: 'fra1' },
  );

/** What the planner says when this is all that anybody has told. */
function planned(observation: Observation, text: string, more: object = {}) {
  const before = observe(world(), observation.facts, { source: 'slurm' });
  return ask(before, demand(text, more));
}

const on = (node: string) => ({ where: [`fra1/${node}`] });

const counted = (allocated: string) =>
  `NodeName=n1 Arch=x86_64 Gres=gpu:h100:8 State=MIXED\n   CfgTRES=cpu=8,gres/gpu=8\n   AllocTRES=${allocated}\n\n`;

const countedNode = (allocated: string) =>
  parsed(slurm, [file('n.txt', counted(allocated))], { site: 'fra1' });

describe('lie 30: a node whose GPUs are all taken is MIXED', () => {
  test.each(['scontrol-d-show-node.txt', 'sinfo.json'])(
    'lie 30: %s is read for who holds GPUs, not for the state',
    (name) => {
      const observation = captured(name);
      expect(whyUnknown(observation, 'fra1/h100-01', 'sharing')).toBe(
        'jobs that Berth did not place hold 8 of 8 GPUs (the state is MIXED); until when is not said',
      );
      expect(whyUnknown(observation, 'fra1/h100-02', 'sharing')).toBe(
        'jobs that Berth did not place hold 3 of 8 GPUs (the state is MIXED); until when is not said',
      );
      expect(whyUnknown(observation, 'fra1/h100-03', 'sharing')).toBeUndefined();
      expect(nodeIn(observation, 'fra1/h100-01')).toMatchObject({
        gpuCount: 8,
        health: 'healthy',
        sharing: 'unknown',
      });
    },
  );

  test('lie 30: a listing that does not count what jobs hold is said to be blind', () => {
    const observation = captured('scontrol-show-node.txt');
    expect(whyUnknown(observation, 'fra1/h100-01', 'sharing')).toBe(
      'the state is MIXED, which does not say how many of 8 GPUs jobs hold: `scontrol -d show node` and `sinfo --json` do',
    );
  });

  test.each(['scontrol-d-show-node.txt', 'scontrol-show-node.txt', 'sinfo.json'])(
    'lie 30: %s: no work is placed on GPUs that jobs hold',
    (name) => {
      const observation = captured(name);
      expect(outcome(planned(observation, '1×8 H100 1h', on('h100-01')))).toEqual(['missing sharing']);
      expect(outcome(planned(observation, '1×1 H100 1h', on('h100-02')))).toEqual(['missing sharing']);
      expect(nodesOf(planned(observation, '1×8 H100 1h'))).toEqual(['fra1/h100-03']);
    },
  );

  test('lie 30: where TRES count GPUs, the state is not needed', () => {
    expect(nodeIn(countedNode('cpu=4'), 'fra1/n1').sharing).toBeUndefined();
    expect(nodesOf(planned(countedNode('cpu=4'), '1×8 H100 1h'))).toEqual(['fra1/n1']);
    expect(nodeIn(countedNode('cpu=4,gres/gpu=2'), 'fra1/n1').sharing).toBe('unknown');
    expect(outcome(planned(countedNode('cpu=4,gres/gpu:h100=2'), '1×8 H100 1h'))).toEqual([
      'missing sharing',
    ]);
  });
});

describe('lie 30: a host name that several nodes have names none of them', () => {
  test('lie 30: the report says so', () => {
    const observation = captured('scontrol-d-show-node.txt');
    expect(observation.unknown.find(({ attribute }) => attribute === 'hostName')?.why).toBe(
      '6 nodes have the host name `localhost` (which `sinfo -o %n` prints): nodes are told apart by NodeName alone',
    );
    expect(nodeIn(observation, 'fra1/h100-02')).toMatchObject({ hostName: 'h100-02' });
    expect(nodeIn(observation, 'fra1/h100-02').aliases).toBeUndefined();
  });

  test('lie 30: the table of `sinfo -o %n` is refused, with what to hand in', () => {
    const { message, fix } = refusal(() => captured('sinfo-table.txt'));
    expect(message).toMatch(/`%n` is the host and not the node/);
    expect(fix).toMatch(/scontrol -d show node/);
  });

  test('lie 30: six nodes are six machines to the planner', () => {
    const idle = 'Arch=x86_64 NodeHostName=localhost Gres=gpu:h100:8 State=IDLE\n\n';
    const read = parsed(slurm, [file('n.txt', [1, 2, 3].map((n) => `NodeName=n${n} ${idle}`).join(''))], {
      site: 'fra1',
    });
    expect(nodesOf(planned(read, '3×8 H100 apart:node 1h'))).toEqual(['fra1/n1', 'fra1/n2', 'fra1/n3']);
    expect(planned(read, '4×8 H100 apart:node 1h').kind).toBe('refused');
  });
});

describe('lie 31: gres.conf with only Count= for devices that no daemon found', () => {
  const reason = /^configured are 8, but the daemon found 0: gres\/gpu count reported lower than configured$/;

  test.each([
    ['scontrol-d-show-node.txt'],
    ['sinfo.json'],
    ['scontrol-show-node.txt', 'gres.conf', 'slurm.conf'],
  ])('lie 31: %s: the count is not known, and why', (...names) => {
    const observation = captured(...names);
    const set = nodeIn(observation, 'fra1/h100-05');
    expect(set.gpuCount).toBeUndefined();
    expect(whyUnknown(observation, 'fra1/h100-05', 'gpuCount')).toMatch(reason);
    expect(set).toMatchObject({ health: 'down', schedulable: false });
    expect(observation.facts.filter(({ subject }) => subject.startsWith('fra1/h100-05/'))).toEqual([]);
  });

  test('lie 31: files alone do not prove that the devices are there', () => {
    const both = captured('slurm.conf', 'gres.conf');
    expect(nodeIn(both, 'fra1/h100-05').gpuCount).toBeUndefined();
    expect(whyUnknown(both, 'fra1/h100-05', 'gpuCount')).toBe(
      'gres.conf has only Count=8 without device files: nobody says that the devices are there',
    );
    expect(whyUnknown(captured('gres.conf'), 'fra1/h100-05', 'gpuCount')).toMatch(/only Count=8/);
    expect(nodeIn(both, 'fra1/h100-04').gpuCount).toBe(8);
  });

  test.each([
    ['what scontrol shows', ['scontrol-d-show-node.txt']],
    ['configuration files', ['slurm.conf', 'gres.conf']],
    ['both', ['slurm.conf', 'gres.conf', 'scontrol-d-show-node.txt']],
  ])('lie 31: from %s nothing is placed on such a node', (_, names) => {
    const answer = planned(captured(...names), '1×8 H100 1h', on('h100-05'));
    expect(answer.kind).toBe('refused');
    expect(nodesOf(answer)).toEqual([]);
  });

  test('lie 31: a node that the controller took with its Count= is believed', () => {
    const seen = 'NodeName=h100-05 Arch=x86_64 Gres=gpu:h100:8 GresUsed=gpu:h100:0 State=IDLE\n\n';
    const observation = parsed(slurm, [capture('slurm/berthtest-busy/gres.conf'), file('n.txt', seen)], {
      site: 'fra1',
    });
    expect(nodesOf(planned(observation, '1×8 H100 1h', on('h100-05')))).toEqual(['fra1/h100-05']);
  });
});
