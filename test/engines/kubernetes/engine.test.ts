import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { converge } from '../../../src/engines/converge.ts';
import { answerChecks } from '../../../src/engines/kubernetes/checks.ts';
import { kubernetesEngine, rehearse } from '../../../src/engines/kubernetes/engine.ts';
import { type Kubectl, kubectlOf } from '../../../src/engines/kubernetes/kubectl.ts';
import { Subject } from '../../../src/model/binding.ts';
import { ContractId } from '../../../src/model/id.ts';
import { openDesk, operator } from '../../control/desk.ts';
import { demand } from '../../core/demand.ts';
import { hourMs, t0 } from '../../core/fleet.ts';
import { placement } from '../../core/placement.ts';
import { ApiServer } from './api-server.ts';
import { configFor, unvalidated } from './clients.ts';
import { contract } from './contract.ts';
import { objects, subject } from './given.ts';

const timeout = 60_000;
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const id = ContractId.parse('C-106');
const given = subject(
  demand('2×8 H100 24h within:rack', { isolation: 'node' }),
  placement(24, 'train 0 fra1/h1/r/n01 gpu0-7 cpu128 mem1024', 'train 1 fra1/h1/r/n02 gpu0-7 cpu128 mem1024'),
);
const made = objects(given, { image: 'me/train:1' });
const handOver = { subject: id, objects: [...made] };
const before = () => t0 - hourMs;
const after = () => t0;

function workload(conditions: object[]) {
  return {
    apiVersion: 'kueue.x-k8s.io/v1beta2',
    kind: 'Workload',
    metadata: { name: 'job-1', namespace: 'berth-c-106' },
    spec: { podSets: [{ name: 'main', count: 1, template: { spec: { containers: [{ name: 'main' }] } } }] },
    status: {
      conditions,
      admissionChecks: [
        { name: 'berth-c-106', state: 'Pending', message: '', lastTransitionTime: '2026-11-25T09:00:00Z' },
      ],
    },
  };
}
const reserved = [
  {
    type: 'QuotaReserved',
    status: 'True',
    reason: 'x',
    message: '',
    lastTransitionTime: '2026-11-25T09:00:00Z',
  },
];
function ledger(asked: string) {
  return asked === 'C-106' ? contract() : undefined;
}
function jobMetadata(): string {
  return JSON.stringify(server.get('jobs', 'berth-c-106', 'berth-c-106')?.['metadata']);
}

let server: ApiServer;
let home: string;
let kubectl: Kubectl;

beforeEach(async () => {
  server = new ApiServer();
  home = mkdtempSync(join(tmpdir(), 'berth-kubectl-'));
  const file = join(home, 'config');
  writeFileSync(file, configFor(await server.start()));
  kubectl = unvalidated(kubectlOf({ env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: file } }));
  for (const name of ['fra1-h1-r-n01', 'fra1-h1-r-n02'])
    server.put({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { theirs: 'yes' } },
      spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
    });
});

afterEach(async () => {
  await server.stop();
  rmSync(home, { recursive: true });
});

describe.runIf(hasKubectl)('a contract handed over by the real kubectl', { timeout }, () => {
  test('stands in the cluster as it was compiled, and a second time nothing is written', async () => {
    const first = await converge(kubernetesEngine(kubectl), handOver, before);
    expect(first).toMatchObject({ result: 'kept', differences: [] });
    expect(first.steps.every(({ answer }) => answer === 'done')).toBe(true);
    expect(server.writes.every((line) => line.includes(' berth'))).toBe(true);
    const count = server.writes.length;
    expect(await converge(kubernetesEngine(kubectl), handOver, before)).toMatchObject({
      result: 'kept',
      steps: [],
    });
    expect(server.writes).toHaveLength(count);
  });

  test('keeps what others said of the nodes, and taints them when it begins, not before', async () => {
    await converge(kubernetesEngine(kubectl), handOver, before);
    expect(server.get('nodes', undefined, 'fra1-h1-r-n01')).toMatchObject({
      metadata: { labels: { theirs: 'yes', 'c-106.berth.internal/train': 'true' } },
      spec: { taints: [{ key: 'gpu' }] },
    });
    const started = await converge(kubernetesEngine(kubectl), handOver, after);
    expect(started).toMatchObject({ result: 'kept' });
    const taints = JSON.stringify(server.get('nodes', undefined, 'fra1-h1-r-n01')?.['spec']);
    expect(taints).toContain('berth.internal/tenant');
    expect(taints).toContain('"gpu"');
  });

  test('is let go by its gate when it begins', async () => {
    await converge(kubernetesEngine(kubectl), handOver, before);
    expect(jobMetadata()).toContain('kueue.x-k8s.io/admission-gated-by');
    await converge(kubernetesEngine(kubectl), handOver, after);
    expect(jobMetadata()).not.toContain('kueue.x-k8s.io/admission-gated-by');
  });

  test('is gone when it has ended, and only what is its own', async () => {
    await converge(kubernetesEngine(kubectl), handOver, after);
    server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'theirs' } });
    const ended = await converge(kubernetesEngine(kubectl), { subject: id, objects: [] }, after);
    expect(ended).toMatchObject({ result: 'kept' });
    expect([...server.objects.keys()].toSorted()).toEqual([
      'namespaces./theirs',
      'nodes./fra1-h1-r-n01',
      'nodes./fra1-h1-r-n02',
    ]);
    const node = JSON.stringify(server.get('nodes', undefined, 'fra1-h1-r-n01'));
    expect(node).not.toContain('c-106');
    expect(node).not.toContain('berth.internal/tenant');
    expect(node).toContain('theirs');
  });

  test('a field that somebody else has set is refused with their name, not taken', async () => {
    await converge(kubernetesEngine(kubectl), handOver, before);
    const queue = server.get('clusterqueues', undefined, 'berth-c-106');
    server.put({ ...queue, spec: { ...Object(queue?.['spec']), queueingStrategy: 'StrictFIFO' } }, 'ada');
    const again = await converge(kubernetesEngine(kubectl), handOver, before);
    expect(again.result).toBe('refused');
    expect(JSON.stringify(again.steps)).toMatch(/conflict.*ada/u);
    expect(server.get('clusterqueues', undefined, 'berth-c-106')).toMatchObject({
      spec: { queueingStrategy: 'StrictFIFO' },
    });
  });

  test('a node that is not there is refused and not created', async () => {
    server.objects.delete('nodes./fra1-h1-r-n02');
    expect(await converge(kubernetesEngine(kubectl), handOver, before)).toMatchObject({ result: 'refused' });
    expect(server.objects.has('nodes./fra1-h1-r-n02')).toBe(false);
  });

  test.each([1, 4, 8])(
    'a connection that breaks at write %i leaves nothing that a second attempt does not mend',
    async (at) => {
      server.letThrough = at;
      server.failNext.push(0, 0, 0, 0, 0, 0, 0, 0);
      const broken = await converge(kubernetesEngine(kubectl), handOver, before);
      expect(broken.result).not.toBe('kept');
      server.failNext.length = 0;
      expect(await converge(kubernetesEngine(kubectl), handOver, before)).toMatchObject({ result: 'kept' });
    },
  );

  test('a dry run on the server says what it would say, and keeps nothing', async () => {
    server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'berth-c-106' } });
    const there = server.objects.size;
    const answers = await rehearse(kubectl, made, t0);
    expect(answers.filter(({ answer }) => answer.kind !== 'done')).toEqual([]);
    expect(server.objects.size).toBe(there);
    expect(server.writes).toHaveLength(answers.length);
    expect(server.writes.every((line) => line.endsWith(' dry'))).toBe(true);
  });

  test('an unknown field is refused by the server', async () => {
    server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'berth-c-106' } });
    const wrong = made.map((object) =>
      object.key.includes('localqueues')
        ? { ...object, body: { ...object.body, spec: { clusterQueu: 'x' } } }
        : object,
    );
    const answers = await rehearse(kubectl, wrong, t0);
    expect(answers.filter(({ answer }) => answer.kind === 'refused').map(({ key }) => key)).toEqual([
      '10-localqueues.kueue.x-k8s.io/berth-c-106/berth-c-106',
    ]);
  });

  test('a trial lets the server judge each object, and records nothing', async () => {
    const desk = await openDesk();
    server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'berth-c-103' } });
    const head = await desk.ledger.head();
    const asked = { subject: Subject.parse('C-103'), server: true };
    const trial = await desk.control.tryBinding(operator, asked, kubernetesEngine(kubectl));
    expect(trial.judged?.length).toBeGreaterThan(5);
    expect(trial.judged?.filter(({ answer }) => answer !== 'accepted')).toEqual([]);
    expect(server.writes.every((line) => line.endsWith(' dry'))).toBe(true);
    server.failNext.push(500);
    const failed = await desk.control.tryBinding(operator, asked, kubernetesEngine(kubectl));
    expect(failed.judged?.[0]).toMatchObject({ answer: 'refused' });
    expect(await desk.ledger.head()).toEqual(head);
  });

  test('no server is unreachable, and no program too', async () => {
    const nobody = kubectlOf({ env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: '/dev/null' } });
    expect(await converge(kubernetesEngine(nobody), handOver, before)).toMatchObject({
      result: 'unreachable',
      steps: [],
    });
    const none = kubectlOf({ env: { PATH: '/nowhere' } });
    expect(await none(['version'])).toEqual({ kind: 'unreachable', why: '`kubectl` is not on the PATH' });
  });

  test('probing says which version answers', async () => {
    expect(await kubernetesEngine(kubectl).probe()).toMatchObject({
      answers: true,
      text: 'Kubernetes v1.35.0',
    });
  });
});

describe.runIf(hasKubectl)('the controller of admission checks, by the real kubectl', { timeout }, () => {
  test('asks to wait before the start, lets in at it, and says so once', async () => {
    await converge(kubernetesEngine(kubectl), handOver, before);
    server.put(workload(reserved), 'kueue');
    const early = await answerChecks(kubectl, ledger, t0 - hourMs);
    expect(early).toMatchObject({
      checks: 1,
      answered: [{ workload: 'berth-c-106/job-1', verdict: { state: 'Retry', requeueAfterSeconds: 3600 } }],
    });
    expect(server.get('admissionchecks', undefined, 'berth-c-106')).toMatchObject({
      status: { conditions: [{ type: 'Active', status: 'True' }] },
    });
    expect(await answerChecks(kubectl, ledger, t0)).toMatchObject({ answered: [{ said: { kind: 'done' } }] });
    expect(server.get('workloads', 'berth-c-106', 'job-1')).toMatchObject({
      status: {
        admissionChecks: [
          {
            state: 'Ready',
            podSetUpdates: [{ name: 'main', nodeSelector: { 'c-106.berth.internal/train': 'true' } }],
          },
        ],
      },
    });
    expect(await answerChecks(kubectl, ledger, t0)).toMatchObject({ answered: [] });
  });

  test('leaves alone what has no quota yet, and rejects what no ledger knows', async () => {
    await converge(kubernetesEngine(kubectl), handOver, before);
    server.put(workload([]), 'kueue');
    expect(await answerChecks(kubectl, ledger, t0)).toMatchObject({ answered: [] });
    server.put(workload(reserved), 'kueue');
    expect(await answerChecks(kubectl, () => undefined, t0)).toMatchObject({
      answered: [
        { verdict: { state: 'Rejected', message: 'the ledger knows no C-106' }, said: { kind: 'done' } },
      ],
    });
  });

  test('a server that is gone fails the round, and the next round goes on', async () => {
    await converge(kubernetesEngine(kubectl), handOver, before);
    server.put(workload(reserved), 'kueue');
    server.letThrough = 0;
    server.failNext.push(0, 0, 0, 0, 0, 0);
    expect(await answerChecks(kubectl, ledger, t0)).toMatchObject({ kind: 'failed' });
    server.failNext.length = 0;
    expect(await answerChecks(kubectl, ledger, t0)).toMatchObject({
      answered: [{ verdict: { state: 'Ready' }, said: { kind: 'done' } }],
    });
  });
});
