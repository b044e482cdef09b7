import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { converge } from '../../../src/engines/converge.ts';
import { compileCluster } from '../../../src/engines/k0rdent/compile.ts';
import { kubernetesEngine, rehearse } from '../../../src/engines/kubernetes/engine.ts';
import { type Kubectl, kubectlOf } from '../../../src/engines/kubernetes/kubectl.ts';
import { ContractId } from '../../../src/model/id.ts';
import { demand } from '../../core/demand.ts';
import { t0 } from '../../core/fleet.ts';
import { placement } from '../../core/placement.ts';
import { ControlPlane, controlPlaneMissing } from './control-plane.ts';
import { objects, subject } from './given.ts';

const folder = 'test/data/kubernetes-api/crds';
const Stored = z.object({
  spec: z.looseObject({ group: z.string(), names: z.looseObject({ plural: z.string() }) }),
});
const id = ContractId.parse('C-106');
const hosts = ['fra1-h1-r-n01', 'fra1-h1-r-n02'];
const given = subject(
  demand('2×8 H100 24h within:rack', { isolation: 'node' }),
  placement(24, 'train 0 fra1/h1/r/n01 gpu0-7 cpu128 mem1024', 'train 1 fra1/h1/r/n02 gpu0-7 cpu128 mem1024'),
);
const missing = controlPlaneMissing();
const timeout = 180_000;

/** The definitions as they are stored: without descriptions, the stored version alone. */
const definitions = readdirSync(folder).map((file) => {
  const { spec } = Stored.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  const metadata = { name: `${spec.names.plural}.${spec.group}` };
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec };
});

// Only where somebody has the programs: they are in no package registry.
describe.skipIf(missing !== undefined)(
  `a real kube-apiserver and etcd${missing === undefined ? '' : ` (${missing})`}`,
  { timeout },
  () => {
    let home: string;
    let plane: ControlPlane;
    let kubectl: Kubectl;

    beforeAll(async () => {
      home = mkdtempSync(join(tmpdir(), 'berth-plane-'));
      plane = await ControlPlane.start(home);
      const path = `${process.env['KUBEBUILDER_ASSETS']}:${process.env['PATH']}`;
      kubectl = kubectlOf({ env: { PATH: path, HOME: home, KUBECONFIG: plane.kubeconfig } });
      await plane.until(async () => (await kubectl(['get', '--raw', '/readyz'])).kind === 'done');
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kcm-system' } };
      const nodes = hosts.map((name) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } }));
      const items = [...definitions, namespace, ...nodes];
      const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
      for (const [args, input] of [
        [['apply', '--server-side', '-f', '-'], list],
        [['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'], ''],
      ] as const) {
        const said = await kubectl(args, input);
        if (said.kind !== 'done') throw new Error(`kubectl ${args.join(' ')}: ${said.why}`);
      }
    }, timeout);
    afterAll(async () => {
      await plane.stop();
      rmSync(home, { recursive: true });
    }, timeout);

    test('takes every object of a contract, reads it back as it was compiled, and takes it again unchanged', async () => {
      const handOver = { subject: id, objects: [...objects(given, { image: 'me/train:1' })] };
      const engine = kubernetesEngine(kubectl);
      expect(await converge(engine, handOver, () => t0)).toMatchObject({ result: 'kept', differences: [] });
      expect(await converge(engine, handOver, () => t0)).toMatchObject({ result: 'kept', steps: [] });
      const judged = await rehearse(kubectl, handOver.objects, t0);
      expect(judged.filter(({ answer }) => answer.kind !== 'done')).toEqual([]);
    });

    test('takes the objects of a cluster of k0rdent in a dry run, and keeps none', async () => {
      const made = compileCluster(given, {
        template: 'aws-gpu-1-0-0',
        identity: 'AWSClusterStaticIdentity/aws-eu',
        services: 'kueue-0-19',
      });
      const asked = made.kind === 'compiled' ? made.objects : [];
      expect(asked.length).toBeGreaterThan(2);
      const judged = await rehearse(kubectl, asked, t0);
      expect(judged.filter(({ answer }) => answer.kind !== 'done')).toEqual([]);
      const said = await kubectl(['get', 'clusterdeployments.k0rdent.mirantis.com', '-A', '-o', 'name']);
      expect(said).toEqual({ kind: 'done', stdout: '' });
    });

    test('refuses a field that its schema does not know, and a value that breaks a rule', async () => {
      const flavor = {
        apiVersion: 'kueue.x-k8s.io/v1beta2',
        kind: 'ResourceFlavor',
        metadata: { name: 'wrong' },
      };
      for (const spec of [{ nodeLabel: {} }, { topologyName: 't', nodeLabels: {} }]) {
        const text = JSON.stringify({ ...flavor, spec });
        expect(await kubectl(['apply', '--server-side', '-f', '-'], text)).toMatchObject({ kind: 'refused' });
      }
    });
  },
);

test('the stored definitions are whole enough to be installed: a name, a scope, one stored version each', () => {
  const Whole = z.looseObject({
    metadata: z.object({ name: z.string().regex(/^[a-z]+\.[a-z0-9.-]+$/u) }),
    spec: z.looseObject({
      scope: z.enum(['Namespaced', 'Cluster']),
      names: z.looseObject({ kind: z.string(), plural: z.string() }),
      versions: z.tuple([
        z.looseObject({
          name: z.string(),
          served: z.literal(true),
          storage: z.literal(true),
          schema: z.looseObject({}),
        }),
      ]),
    }),
  });
  expect(definitions.length).toBeGreaterThan(15);
  for (const definition of definitions) Whole.parse(definition);
});

test.each([
  [undefined, 'names no folder'],
  ['', 'names no folder'],
  ['/nonexistent', 'no etcd, kube-apiserver, kubectl in KUBEBUILDER_ASSETS'],
])('without its programs, by KUBEBUILDER_ASSETS=%s, it says what is missing', (value, why) => {
  const before = process.env['KUBEBUILDER_ASSETS'];
  if (value === undefined) Reflect.deleteProperty(process.env, 'KUBEBUILDER_ASSETS');
  else process.env['KUBEBUILDER_ASSETS'] = value;
  expect(controlPlaneMissing()).toContain(why);
  if (before === undefined) Reflect.deleteProperty(process.env, 'KUBEBUILDER_ASSETS');
  else process.env['KUBEBUILDER_ASSETS'] = before;
});
