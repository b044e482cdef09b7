import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { converge } from '../../../src/engines/converge.ts';
import { compileCluster } from '../../../src/engines/k0rdent/compile.ts';
import { k0rdentEngine } from '../../../src/engines/k0rdent/engine.ts';
import { kubernetesEngine } from '../../../src/engines/kubernetes/engine.ts';
import { type Kubectl, kubectlOf } from '../../../src/engines/kubernetes/kubectl.ts';
import type { EngineOptions } from '../../../src/engines/port.ts';
import { ContractId } from '../../../src/model/id.ts';
import { demand } from '../../core/demand.ts';
import { t0 } from '../../core/fleet.ts';
import { placement } from '../../core/placement.ts';
import { ApiServer } from '../kubernetes/api-server.ts';
import { configFor, unvalidated } from '../kubernetes/clients.ts';
import { objects as kubernetesObjects, subject } from '../kubernetes/given.ts';
import { faultsOf } from '../kubernetes/schemas.ts';

const timeout = 60_000;
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const id = ContractId.parse('C-106');
const given = subject(
  demand('2×8 H100 24h'),
  placement(24, 'train 0 iad3/r/n01 gpu0-7 cpu1 mem1', 'train 1 iad3/r/n02 gpu0-7 cpu1 mem1'),
);
const options = {
  template: 'aws-gpu-1-0-0',
  identity: 'AWSClusterStaticIdentity/aws-eu',
  services: 'kueue-0-19',
};
const deploy = { ...options, 'dry-run': 'false' };
const apiVersion = 'k0rdent.mirantis.com/v1beta1';
const namespace = 'kcm-system';
const at = '2026-11-25T09:00:00Z';

function condition(type: string, status: string, reason = 'Succeeded', message = '') {
  return { type, status, reason, message, lastTransitionTime: at };
}

let server: ApiServer;
let home: string;
let kubectl: Kubectl;

beforeEach(async () => {
  server = new ApiServer();
  home = mkdtempSync(join(tmpdir(), 'berth-k0rdent-'));
  const file = join(home, 'config');
  writeFileSync(file, configFor(await server.start()));
  kubectl = unvalidated(kubectlOf({ env: { PATH: process.env['PATH'], HOME: home, KUBECONFIG: file } }));
  server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  template('aws-gpu-1-0-0');
  put('ClusterTemplateChain', {
    metadata: { name: 'gpu', namespace },
    spec: { supportedTemplates: [{ name: 'aws-gpu-1-0-0' }, { name: 'aws-gpu-1-1-0' }] },
    status: { valid: true },
  });
});

afterEach(async () => {
  await server.stop();
  rmSync(home, { recursive: true });
});

/** As k0rdent or its operators would write it: held against its schema, unknown fields refused. */
function put(kind: string, rest: object): void {
  const object = { apiVersion, kind, ...rest };
  expect(faultsOf(object)).toEqual([]);
  server.put(object, 'kcm');
}

function template(name: string, status: object = { valid: true }): void {
  const helm = { chartRef: { kind: 'HelmChart', name } };
  put('ClusterTemplate', { metadata: { name, namespace }, spec: { helm }, status });
}

const Stored = z.looseObject({ metadata: z.looseObject({}) });

/** What k0rdent says of an object of the contract. */
function said(resource: string, status: object): void {
  const isCluster = resource === 'multiclusterservices';
  const object = Stored.parse(server.get(resource, isCluster ? undefined : namespace, 'berth-c-106'));
  const { generation: _generation, ...metadata } = object.metadata;
  expect(faultsOf({ ...object, metadata, status })).toEqual([]);
  server.put({ ...object, status }, 'berth');
}

function allReady(): void {
  said('credentials', { ready: true, conditions: [condition('CredentialReady', 'True')] });
  said('clusterdeployments', {
    conditions: [condition('TemplateReady', 'True'), condition('Ready', 'True')],
  });
  const cluster = { deployed: true, regional: false, name: 'berth-c-106', namespace };
  said('multiclusterservices', { matchingClusters: [cluster], conditions: [condition('Ready', 'True')] });
}

async function bound(chosen: EngineOptions) {
  const made = compileCluster(given, chosen);
  if (made.kind === 'unfit') throw new Error(made.why);
  return converge(k0rdentEngine(kubectl), { subject: id, objects: [...made.objects] }, () => t0);
}

describe.runIf(hasKubectl)('a site without a cluster, by the real kubectl', { timeout }, () => {
  test('is tried, deployed and kept, each once k0rdent says so; a second time nothing is written', async () => {
    const tried = await bound(options);
    expect(tried.steps.map(({ answer }) => answer)).toEqual(['done', 'done', 'done']);
    expect(tried.result).toBe('differs');
    expect(tried.differences).toEqual([
      '16-credentials.k0rdent.mirantis.com/kcm-system/berth-c-106: k0rdent has said nothing of it yet',
      '17-clusterdeployments.k0rdent.mirantis.com/kcm-system/berth-c-106: k0rdent has said nothing of it yet',
      '18-multiclusterservices.k0rdent.mirantis.com/berth-c-106: k0rdent has said nothing of it yet',
    ]);
    allReady();
    const checked = await bound(options);
    expect([checked.result, checked.differences.map((line) => line.split(': ')[1])]).toEqual([
      'differs',
      ['a dry run in which k0rdent found no fault'],
    ]);
    expect(await bound(deploy)).toMatchObject({ result: 'kept', differences: [] });
    expect(server.get('clusterdeployments', namespace, 'berth-c-106')).toMatchObject({
      spec: { dryRun: false, template: 'aws-gpu-1-0-0', credential: 'berth-c-106' },
    });
    const count = server.writes.length;
    expect(await bound(deploy)).toMatchObject({ result: 'kept', steps: [] });
    expect(server.writes).toHaveLength(count);
  });

  test('is not deployed untried, nor while its dry run has a fault', async () => {
    const rash = await bound(deploy);
    expect(rash.result).toBe('refused');
    expect(rash.steps.at(-1)?.why).toContain('it was not tried');
    expect(server.get('clusterdeployments', namespace, 'berth-c-106')).toBeUndefined();
    await bound(options);
    const early = await bound(deploy);
    expect(early.steps.at(-1)?.why).toContain('k0rdent has said nothing of it yet');
    said('clusterdeployments', {
      conditions: [
        condition('HelmChartReady', 'False', 'Failed', 'values: workersNumber has to be a string'),
        condition('Ready', 'False', 'Failed', 'values: workersNumber has to be a string'),
      ],
    });
    const faulty = await bound(deploy);
    expect(faulty.steps.at(-1)?.why).toContain(
      'its dry run is not over: HelmChartReady is False: Failed, values: workersNumber',
    );
    expect(server.get('clusterdeployments', namespace, 'berth-c-106')).toMatchObject({
      spec: { dryRun: true },
    });
  });

  test.each([
    ['mine-0-1', undefined, 'it is not there; approved are aws-gpu-1-0-0'],
    ['mine-0-1', { valid: true }, 'no ClusterTemplateChain there names it; approved are aws-gpu-1-0-0'],
    [
      'aws-gpu-1-1-0',
      { valid: false, validationError: 'no such chart\u001B[31m' },
      'it is not valid, no such chart[31m; approved are aws-gpu-1-0-0',
    ],
  ])('of the template %s in state %j is refused, and says which are approved', async (name, status, why) => {
    if (status !== undefined) template(name, status);
    const refused = await bound({ ...options, template: name });
    expect(refused.result).toBe('refused');
    // Without what cannot be shown, which is marked where it stood.
    expect(refused.steps.at(-1)?.why?.replaceAll(/[^ -~]/gu, '')).toBe(
      `\`${name}\` is no approved ClusterTemplate of kcm-system: ${why}`,
    );
    expect(server.get('clusterdeployments', namespace, 'berth-c-106')).toBeUndefined();
    const made = compileCluster(given, { ...options, template: name });
    const objects = made.kind === 'compiled' ? made.objects : [];
    const judged = await k0rdentEngine(kubectl).rehearse?.(objects, t0);
    expect(judged?.map(({ answer }) => answer.kind)).toEqual(['done', 'refused', 'done']);
  });

  test('in a region: it has to be there and ready, and the cluster has to end up in it', async () => {
    const inRegion = { ...options, region: 'eu' };
    expect((await bound(inRegion)).steps[0]?.why).toContain('"eu" not found');
    const spec = { kubeConfig: { name: 'eu-kubeconfig', key: 'value' } };
    put('Region', {
      metadata: { name: 'eu' },
      spec,
      status: { conditions: [condition('Ready', 'False', 'Failed', 'no route')] },
    });
    expect((await bound(inRegion)).steps[0]?.why).toBe('the Region `eu` is not ready: no route');
    put('Region', { metadata: { name: 'eu' }, spec, status: { conditions: [condition('Ready', 'True')] } });
    await bound(inRegion);
    expect(server.get('credentials', namespace, 'berth-c-106')).toMatchObject({ spec: { region: 'eu' } });
    allReady();
    said('clusterdeployments', { region: 'us', conditions: [condition('Ready', 'True')] });
    const elsewhere = await bound({ ...inRegion, 'dry-run': 'false' });
    expect(elsewhere.steps.at(-1)?.why).toContain('it is in region us, wanted region eu');
  });

  test.each([
    [
      { conditions: [condition('Ready', 'Unknown', 'Progressing', 'waiting')] },
      'Ready is Unknown: Progressing, waiting',
    ],
    [
      {
        conditions: [
          condition('CAPIClusterSummary', 'False', 'NotReady', '1 of 2 machines'),
          condition('Ready', 'False', 'Failed', 'x'),
        ],
      },
      'CAPIClusterSummary is False: NotReady, 1 of 2 machines',
    ],
    [
      { conditions: [condition('Paused', 'True', 'Paused', 'by Ada'), condition('Ready', 'True')] },
      'it is paused: Paused, by Ada',
    ],
    [{ conditions: [condition('TemplateReady', 'True')] }, 'k0rdent does not say yet whether it is ready'],
  ])('a cluster of which k0rdent says %j is not kept', async (status, line) => {
    await bound(options);
    allReady();
    await bound(deploy);
    said('clusterdeployments', status);
    const count = server.writes.length;
    const read = await bound(deploy);
    expect([read.result, read.differences]).toEqual([
      'differs',
      [`17-clusterdeployments.k0rdent.mirantis.com/kcm-system/berth-c-106: ${line}`],
    ]);
    expect(server.writes).toHaveLength(count);
  });

  test('services count where they are deployed', async () => {
    await bound(options);
    allReady();
    await bound(deploy);
    const service = { name: 'kueue-0-19', namespace, template: 'kueue-0-19', type: 'Helm', state: 'Failed' };
    said('multiclusterservices', {
      matchingClusters: [
        { deployed: false, regional: false, name: 'berth-c-106', namespace, message: 'later' },
      ],
      services: [{ ...service, lastStateTransitionTime: at, failureMessage: 'no chart' }],
      conditions: [condition('Ready', 'True')],
    });
    const read = await bound(deploy);
    expect(read.differences[0]).toContain(
      'not deployed in kcm-system/berth-c-106: later; kueue-0-19 is Failed: no chart',
    );
    said('multiclusterservices', { conditions: [condition('Ready', 'True')] });
    expect((await bound(deploy)).differences[0]).toContain('no cluster carries the id of the contract');
  });

  test('ends with the services first and the credential last, and is gone once it is gone', async () => {
    await bound(options);
    server.writes.length = 0;
    const ended = await converge(k0rdentEngine(kubectl), { subject: id, objects: [] }, () => t0);
    expect(ended).toMatchObject({ result: 'kept' });
    expect(server.writes.map((line) => line.split('/').at(-2))).toEqual([
      'multiclusterservices',
      'clusterdeployments',
      'credentials',
    ]);
  });

  test('the engine of the cluster, asked in the same place, leaves it alone, and it leaves that alone', async () => {
    await bound(options);
    for (const name of ['iad3-r-n01', 'iad3-r-n02'])
      server.put({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
    const objects = [...kubernetesObjects(given)];
    const done = await converge(kubernetesEngine(kubectl), { subject: id, objects }, () => t0);
    expect(done).toMatchObject({ result: 'kept' });
    expect(done.steps.filter(({ act }) => act === 'remove')).toEqual([]);
    await converge(kubernetesEngine(kubectl), { subject: id, objects: [] }, () => t0);
    expect(server.get('clusterdeployments', namespace, 'berth-c-106')).toBeDefined();
    expect((await bound(options)).steps.filter(({ act }) => act === 'remove')).toEqual([]);
  });

  test('a cluster without k0rdent is said to be one', async () => {
    const made = compileCluster(given, options);
    const objects = made.kind === 'compiled' ? [...made.objects] : [];
    expect(await converge(k0rdentEngine(withoutK0rdent), { subject: id, objects }, () => t0)).toMatchObject({
      result: 'unreadable',
      differences: ['this cluster knows none of its kinds'],
    });
  });
});

/** What stands in the object of all, and what k0rdent has made of it. */
function shared(accessRules: readonly object[]): void {
  const status = { current: accessRules };
  put('AccessManagement', { metadata: { name: 'kcm' }, spec: { accessRules }, status });
}
function rules(): unknown {
  return Access.parse(server.get('accessmanagements', undefined, 'kcm')).spec.accessRules;
}
/** k0rdent carries out what stands there. */
function carriedOut(more: object = {}): void {
  const object = Access.parse(server.get('accessmanagements', undefined, 'kcm'));
  server.put({ ...object, status: { current: object.spec.accessRules, ...more } }, 'kcm');
}

describe.runIf(hasKubectl)('who may use the credential', { timeout }, () => {
  const wish = { ...options, 'tenant-namespace': 'acme' };
  const rule = { targetNamespaces: { list: ['acme'] }, credentials: ['berth-c-106'] };
  const theirs = {
    targetNamespaces: { list: ['lab'] },
    credentials: ['lab-aws'],
    clusterTemplateChains: ['gpu'],
  };
  const key = '19-accessmanagements.k0rdent.mirantis.com/kcm/berth-c-106';

  function about(lines: readonly string[]): readonly string[] {
    return lines.filter((line) => line.startsWith(key)).map((line) => line.slice(key.length + 2));
  }

  test('is one rule beside those of others, kept once k0rdent carries it out, and taken out with the contract', async () => {
    shared([theirs]);
    const made = await bound(wish);
    expect(made.steps.at(-1)).toEqual({ act: 'create', key, answer: 'done' });
    expect(rules()).toEqual([theirs, rule]);
    expect(about(made.differences)).toEqual(['k0rdent does not carry the rule out yet']);
    const count = server.writes.length;
    expect(about((await bound(wish)).differences)).toEqual(['k0rdent does not carry the rule out yet']);
    expect(server.writes).toHaveLength(count);
    carriedOut();
    expect(about((await bound(wish)).differences)).toEqual([]);
    const ended = await converge(k0rdentEngine(kubectl), { subject: id, objects: [] }, () => t0);
    expect(ended).toMatchObject({ result: 'kept' });
    expect(ended.steps[0]).toMatchObject({ act: 'remove', key });
    expect(Access.parse(server.get('accessmanagements', undefined, 'kcm'))).toMatchObject({
      metadata: { annotations: {} },
      spec: { accessRules: [theirs] },
    });
    expect([...server.objects.keys()].join(' ')).not.toContain('berth-c-106');
  });

  test('of another namespace is changed in its place', async () => {
    shared([theirs]);
    await bound(wish);
    await bound({ ...options, 'tenant-namespace': 'acme-2' });
    expect(rules()).toEqual([theirs, { ...rule, targetNamespaces: { list: ['acme-2'] } }]);
  });

  test('is written into an object without rules, and is not where k0rdent has made none', async () => {
    const none = await bound(wish);
    expect(none.steps.at(-1)?.why).toBe('there is no AccessManagement `kcm`, which k0rdent makes');
    put('AccessManagement', { metadata: { name: 'kcm' } });
    expect((await bound(wish)).steps.at(-1)).toEqual({ act: 'create', key, answer: 'done' });
    expect(rules()).toEqual([rule]);
  });

  test('survives what others write between reading and writing, and so do theirs', async () => {
    shared([theirs]);
    await bound(options);
    const second = { ...theirs, credentials: ['lab-gcp'] };
    server.meanwhile = () => shared([second, theirs]);
    expect((await bound(wish)).steps.at(-1)).toEqual({ act: 'create', key, answer: 'done' });
    expect(rules()).toEqual([second, theirs, rule]);
    server.meanwhile = () =>
      server.put({
        ...Access.parse(server.get('accessmanagements', undefined, 'kcm')),
        spec: { accessRules: [rule, second, theirs] },
      });
    await converge(k0rdentEngine(kubectl), { subject: id, objects: [] }, () => t0);
    expect(rules()).toEqual([second, theirs]);
  });

  test('is refused after three changes by others in a row, and nothing of theirs is lost', async () => {
    shared([theirs]);
    await bound(options);
    let count = 0;
    const again = () => {
      count += 1;
      shared([theirs, { ...theirs, credentials: [`lab-${count}`] }]);
      server.meanwhile = again;
    };
    server.meanwhile = again;
    const busy = await bound(wish);
    expect(busy.steps.at(-1)).toMatchObject({ act: 'create', key, answer: 'refused' });
    expect(count).toBe(3);
    expect(rules()).toEqual([theirs, { ...theirs, credentials: ['lab-3'] }]);
  });

  test.each([
    ['a wider one', { targetNamespaces: { list: ['acme', 'lab'] }, credentials: ['berth-c-106'] }],
    [
      'one by labels',
      { targetNamespaces: { stringSelector: 'a=b' }, credentials: ['berth-c-106', 'lab-aws'] },
    ],
  ])('is not written over that of somebody else: %s is said, and stays', async (_what, other) => {
    shared([theirs, other]);
    const refused = await bound(wish);
    expect(refused.result).toBe('refused');
    expect(refused.steps.at(-1)?.why).toContain(
      "somebody else's spec.accessRules[1] of kcm names `berth-c-106`",
    );
    expect(about(refused.differences).join(' ')).toContain(
      "spec.accessRules[1] is not Berth's and names it too",
    );
    const ended = await converge(k0rdentEngine(kubectl), { subject: id, objects: [] }, () => t0);
    expect(ended.result).toBe('refused');
    expect(rules()).toEqual([theirs, other]);
  });

  test('that was changed by hand is somebody else’s from then on', async () => {
    shared([]);
    await bound(wish);
    const wider = { ...rule, clusterTemplateChains: ['gpu'] };
    const object = Access.parse(server.get('accessmanagements', undefined, 'kcm'));
    server.put({ ...object, spec: { accessRules: [wider] } });
    expect((await bound(wish)).result).toBe('refused');
    expect(rules()).toEqual([wider]);
  });

  test('is kept where somebody else has written the very same, and left to them', async () => {
    shared([rule]);
    const same = await bound(wish);
    expect(about(same.differences)).toEqual([]);
    expect(same.steps.map((step) => step.key)).not.toContain(key);
  });

  test('has k0rdent’s own errors as differences, and is judged without being written', async () => {
    shared([theirs]);
    const compiled = compileCluster(given, wish);
    const objects = compiled.kind === 'compiled' ? compiled.objects : [];
    const judged = await k0rdentEngine(kubectl).rehearse?.(objects, t0);
    expect(judged?.at(-1)).toEqual({ key, answer: { kind: 'done' } });
    expect(rules()).toEqual([theirs]);
    await bound(wish);
    carriedOut({ error: 'namespaces "acme" not found\u001B[31m' });
    expect(about((await bound(wish)).differences)[0]).toContain('namespaces "acme" not found');
  });

  test('is not asked about where it may not be read, and that is said', async () => {
    expect(await converge(k0rdentEngine(forbidding), { subject: id, objects: [] }, () => t0)).toMatchObject({
      result: 'unreadable',
      differences: ['accessmanagements "kcm" is forbidden'],
    });
  });
});

describe.runIf(hasKubectl)('a Region of the contract’s own', { timeout }, () => {
  const wish = { ...options, 'region-kubeconfig': 'fra1-kubeconfig' };

  test('is made first, waited for, and goes last', async () => {
    const begun = await bound(wish);
    expect(begun.steps.map(({ key, answer }) => [key.split('.')[0], answer])).toEqual([
      ['15-regions', 'done'],
      ['16-credentials', 'refused'],
    ]);
    expect(begun.steps[1]?.why).toBe('the Region `berth-c-106` is not ready: k0rdent has not said so');
    expect(begun.differences[0]).toContain(
      '15-regions.k0rdent.mirantis.com/berth-c-106: k0rdent has said nothing',
    );
    const region = Stored.parse(server.get('regions', undefined, 'berth-c-106'));
    server.put({ ...region, status: { conditions: [condition('Ready', 'True')] } }, 'berth');
    const made = await bound(wish);
    expect(made.steps.map(({ answer }) => answer)).toEqual(['done', 'done', 'done']);
    expect(server.get('credentials', namespace, 'berth-c-106')).toMatchObject({
      spec: { region: 'berth-c-106' },
    });
    server.writes.length = 0;
    await converge(k0rdentEngine(kubectl), { subject: id, objects: [] }, () => t0);
    expect(server.writes.map((line) => line.split('/').at(-2)).at(-1)).toBe('regions');
    expect(server.get('regions', undefined, 'berth-c-106')).toBeUndefined();
  });

  test('need not be there for its dry run', async () => {
    const made = compileCluster(given, wish);
    const objects = made.kind === 'compiled' ? made.objects : [];
    const judged = await k0rdentEngine(kubectl).rehearse?.(objects, t0);
    expect(judged?.map(({ answer }) => answer.kind)).toEqual(['done', 'done', 'done', 'done']);
    expect(server.get('regions', undefined, 'berth-c-106')).toBeUndefined();
  });
});

const Access = z.looseObject({ spec: z.looseObject({ accessRules: z.array(z.unknown()) }) });

const withoutK0rdent: Kubectl = async (args, input) =>
  args[0] === 'api-resources' ? { kind: 'done', stdout: 'pods\njobs.batch\n' } : kubectl(args, input);

const forbidding: Kubectl = async (args, input) =>
  args[1]?.startsWith('accessmanagements') === true
    ? { kind: 'refused', why: 'accessmanagements "kcm" is forbidden' }
    : kubectl(args, input);
