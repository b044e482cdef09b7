import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import type { Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import type { Answer, Engine } from '../../src/engines/port.ts';
import { slurmCompiler } from '../../src/engines/slurm/engine.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { EngineName, EngineObject } from '../../src/model/binding.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { ContractId, TenantId } from '../../src/model/id.ts';
import { inventory } from '../../src/sources/inventory/inventory.ts';
import { newFolder, type Ran, start } from '../cli/run.ts';
import { key, operator, thePlan } from '../control/desk.ts';
import { ApiServer } from './kubernetes/api-server.ts';
import { subjectOf } from './lab.ts';
import { SlurmHere, slurmMissing } from './slurm-here.ts';

const inventoryText = `
schema: berth/inventory/1
shapes:
  hgx:
    cpuMilli: 224000
    memoryMib: 2000000
    numaNodes: 2
    gpu: { model: H100-SXM-80GB, memoryMib: 81559, powerW: 700 }
    gpuCount: 8
    nics: [{ kind: ethernet, mbps: 100000, rdma: false }]
sites:
  lab:
    kind: datacentre
    engine: slurm
    racks: { r1: { nodes: [{ names: n01..n04, shape: hgx, health: healthy, schedulable: true }] } }
  cloud:
    kind: cloud
    engine: kubernetes:cloud
    racks: { r1: { nodes: [{ names: n01..n02, shape: hgx, health: healthy, schedulable: true }] } }
  edge:
    kind: edge
    engine: kubernetes:edge
    racks: { r1: { nodes: [{ names: n01..n02, shape: hgx, health: healthy, schedulable: true }] } }
wan:
  - { from: lab, to: cloud, mbps: 10000, latencyMs: 20 }
  - { from: lab, to: edge, mbps: 1000, latencyMs: 5 }
`;

type Grant = { readonly control: Control; readonly contract: ContractId; readonly clock: { atMs: number } };

/** One contract at three sites, from now on. */
async function granted(ledger: Ledger, atMs: number): Promise<Grant> {
  const clock = { atMs };
  const control = createControl({ ledger, clock: { kind: 'system', nowMs: () => clock.atMs } });
  onTestFinished(() => control.close());
  const tenant = { id: TenantId.parse('acme'), name: 'Acme', zone: 'Europe/Berlin', rules: {} };
  await control.registerTenant(operator, tenant);
  const bytes = new TextEncoder().encode(inventoryText);
  const told = inventory.parse([{ file: 'three.yaml', bytes }], { observedAtMs: atMs });
  await control.importObservation(operator, told, false);
  const demand = DemandRequest.parse({
    tenant: 'acme',
    parts: [
      { name: 'train', count: 1, each: { gpus: { count: 8 } }, siteKind: 'datacentre' },
      { name: 'evaluate', count: 1, each: { gpus: { count: 2 } }, where: ['cloud'] },
      { name: 'answer', count: 2, each: { gpus: { count: 1 } }, siteKind: 'edge' },
    ],
    flows: [{ from: 'train', to: 'answer', mbps: 500, latencyMs: 10 }],
    window: { earliestStart: new Date(atMs).toISOString(), durationS: 86_400 },
  });
  const plan = thePlan(await control.plan(operator, demand));
  const { contract } = await control.commit(operator, { plan: plan.id, idemKey: key('grant-three-1') });
  return { control, contract: ContractId.parse(contract?.id), clock };
}

const Body = z.looseObject({ coresPerNode: z.int().optional() });

/** An engine in memory that holds what it is told, as long as it is up. */
function engineCalled(name: string) {
  const objects = new Map<string, EngineObject>();
  const health = { isUp: true };
  const down = { kind: 'unreachable', why: 'the test says so' } as const;
  const engine: Engine = {
    ...slurmCompiler,
    name: EngineName.parse(name),
    probe: () => Promise.resolve({ answers: health.isUp, text: 'fake', options: {} }),
    read: ({ id }) =>
      Promise.resolve(
        health.isUp
          ? { kind: 'read', objects: [...objects.values()].filter(({ key: own }) => own.includes(id)) }
          : down,
      ),
    apply: (step): Promise<Answer> => {
      if (!health.isUp) return Promise.resolve(down);
      if (step.act === 'remove') objects.delete(step.key);
      else {
        const { coresPerNode, ...wanted } = Body.parse(step.wanted.body);
        const cores =
          coresPerNode === undefined ? { isWhole: true } : { isWhole: false, coreCount: coresPerNode };
        const body = { ...wanted, ...cores, unusable: [] };
        objects.set(step.key, EngineObject.parse({ key: step.key, body }));
      }
      return Promise.resolve({ kind: 'done' });
    },
  };
  return { engine, objects, health };
}

async function standing({ control, contract }: Grant) {
  const { contract: view, engines = [] } = await control.contract(operator, contract);
  return [
    view.state,
    ...engines.map(({ engine, places, state }) => `${engine} at ${places.join()}: ${state}`),
  ];
}

describe('a contract over three sites', () => {
  test('goes to the engine of each with its part alone; one that is down stops no other', async () => {
    const grant = await granted(openMemoryLedger(), Date.UTC(2026, 10, 25, 9));
    const { control, contract, clock } = grant;
    const subject = subjectOf(contract);
    const shares = await control.engineShares(operator, subject);
    if (shares.kind !== 'known') throw new Error('an engine is not recorded');
    expect(shares.shares).toEqual([
      { engine: 'kubernetes:cloud', places: ['cloud'] },
      { engine: 'kubernetes:edge', places: ['edge'] },
      { engine: 'slurm', places: ['lab'] },
    ]);
    const fakes = new Map(shares.shares.map(({ engine }) => [engine, engineCalled(engine)] as const));
    const edge = fakes.get(EngineName.parse('kubernetes:edge'));
    if (edge === undefined) throw new Error('no edge');
    edge.health.isUp = false;
    for (const { engine, places } of shares.shares) {
      const fake = fakes.get(engine);
      if (fake === undefined) throw new Error(engine);
      await control.bind(operator, { subject, places, options: { users: 'ada' } }, fake.engine);
    }
    expect(await standing(grant)).toEqual([
      'granted',
      'kubernetes:cloud at cloud: kept',
      'kubernetes:edge at edge: open',
      'slurm at lab: kept',
    ]);
    edge.health.isUp = true;
    clock.atMs += 60_000;
    const due = (await control.bindings(operator)).bindings.filter((one) => one.due !== undefined);
    expect(due.map(({ engine, due: why }) => `${engine}: ${why}`)).toEqual([
      'kubernetes:edge: it is to be tried again',
    ]);
    await control.bind(operator, { subject }, edge.engine);
    expect((await standing(grant))[0]).toBe('active');
    const nodes = [...fakes.values()].flatMap(({ objects }) =>
      [...objects.values()].map(({ body }) => z.array(z.string()).parse(body['nodes']).join()),
    );
    expect(nodes).toEqual(['cloud-r1-n01', 'edge-r1-n01', 'lab-r1-n01']);
    await control.release(operator, { contract, idemKey: key('release-three-1') });
    for (const { engine } of fakes.values()) await control.bind(operator, { subject }, engine);
    expect([...fakes.values()].map(({ objects }) => objects.size)).toEqual([0, 0, 0]);
    expect(await standing(grant)).toEqual([
      'released',
      'kubernetes:cloud at cloud: taken-away',
      'kubernetes:edge at edge: taken-away',
      'slurm at lab: taken-away',
    ]);
    expect((await control.verify()).ok).toBe(true);
  });
});

const missing = [
  slurmMissing(),
  spawnSync('kubectl', ['version', '--client']).status === 0 ? undefined : 'no kubectl here',
].flatMap((word) => word ?? []);

describe.skipIf(missing.length > 0)(
  `a real Slurm and two clusters by the real kubectl${missing.length === 0 ? '' : ` (${missing.join('; ')})`}`,
  { timeout: 240_000 },
  () => {
    const servers = { cloud: new ApiServer(), edge: new ApiServer() };
    let slurm: SlurmHere;
    let env: Readonly<Record<string, string>>;

    beforeAll(async () => {
      slurm = await SlurmHere.start();
      const folder = newFolder();
      const urls = { cloud: await servers.cloud.start(), edge: await servers.edge.start() };
      for (const site of ['cloud', 'edge'] as const)
        for (const number of [1, 2]) servers[site].put(nodeCalled(`${site}-r1-n0${number}`));
      writeFileSync(join(folder, 'config'), kubeconfig(urls));
      env = {
        ...slurm.env,
        HOME: folder,
        PATH: `${shimIn(folder)}:${slurm.env['PATH'] ?? ''}`,
        KUBECONFIG: join(folder, 'config'),
        BERTH_NOW: '',
      };
    }, 60_000);
    afterAll(async () => {
      await slurm.stop();
      await servers.cloud.stop();
      await servers.edge.stop();
    }, 30_000);

    test('hold one contract: killed again and again, then caught up, observed as one, and taken away everywhere', async () => {
      const home = newFolder();
      const grant = await granted(await openSqliteLedger(join(home, 'ledger.db')), Date.now());
      const { contract, clock } = grant;
      const run = (...args: readonly string[]): Promise<Ran> => start(args, { home, env }).ended;
      const handOver = ['bind', contract, '--option', 'slurm:users=root', '--apply', '--json'];
      const killed: boolean[] = [];
      for (let waitMs = 600; killed.at(-1) !== false && waitMs < 60_000; waitMs += 900) {
        const { process: berth, ended } = start(handOver, { home, env });
        const timer = setTimeout(() => berth.kill('SIGKILL'), waitMs);
        const { code, stderr } = await ended;
        clearTimeout(timer);
        expect([stderr, code === 0 || code === null]).toEqual(['', true]);
        killed.push(code === null);
        expect((await slurm.reservations()).length).toBeLessThan(2);
      }
      expect(killed.slice(-2)).toEqual([true, false]);
      clock.atMs = Date.now();
      expect(await standing(grant)).toEqual([
        'active',
        'kubernetes:cloud at cloud: kept',
        'kubernetes:edge at edge: kept',
        'slurm at lab: kept',
      ]);
      expect(await slurm.reservations()).toEqual([`berth_${contract}`]);
      expect(queuesIn(servers.cloud)).toEqual([`berth-${contract.toLowerCase()}`]);
      expect(queuesIn(servers.edge)).toEqual([`berth-${contract.toLowerCase()}`]);
      expect(heldNodes(servers.cloud)).toEqual(['cloud-r1-n01']);
      expect(heldNodes(servers.edge)).toEqual(['edge-r1-n01']);

      // Only windows in which it holds its devices are its own.
      const laterMs = clock.atMs + 600_000;
      const file = join(home, 'sites.prom');
      writeFileSync(file, metrics(laterMs));
      const looked = await start(['observe', contract, '--file', file, '--json'], {
        home,
        env: { ...env, BERTH_NOW: new Date(laterMs).toISOString() },
      }).ended;
      const { observations } = Observations.parse(JSON.parse(looked.stdout));
      const [found] = observations.map(({ observed }) =>
        observed.terms.find(({ kind }) => kind === 'devices'),
      );
      expect(found?.result).toBe('broken');
      expect(found?.delivered).toContain('edge/r1/n01/gpu0');

      expect((await run('release', contract, '--key', 'release-real-1')).code).toBe(0);
      expect((await run('bind', '--due', '--apply')).code).toBe(0);
      expect(await slurm.reservations()).toEqual([]);
      expect([queuesIn(servers.cloud), queuesIn(servers.edge)]).toEqual([[], []]);
      expect((await run('ledger', 'verify')).code).toBe(0);
    });
  },
);

const Observations = z.object({
  observations: z.array(
    z.object({
      observed: z.object({
        terms: z.array(z.object({ kind: z.string(), result: z.string(), delivered: z.string() })),
      }),
    }),
  ),
});

function nodeCalled(name: string) {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} };
}

/** The user's kubectl, which does not ask this small server for its schemas. */
function shimIn(folder: string): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const real = spawnSync('sh', ['-c', 'command -v kubectl']).stdout.toString().trim();
  const text = `#!/bin/sh\ncase " $* " in *" apply "*) exec ${real} "$@" --validate=false ;; esac\nexec ${real} "$@"\n`;
  writeFileSync(join(bin, 'kubectl'), text, { mode: 0o755 });
  return bin;
}

function kubeconfig(urls: Readonly<Record<string, string>>): string {
  const named = Object.entries(urls);
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: named.map(([name, server]) => ({ name, cluster: { server } })),
    users: [{ name: 'test', user: {} }],
    contexts: named.map(([name]) => ({ name, context: { cluster: name, user: 'test' } })),
  });
}

function queuesIn({ objects }: ApiServer): readonly string[] {
  return [...objects.keys()]
    .filter((name) => name.includes('clusterqueues'))
    .map((name) => name.split(/[\s/]/u).at(-1) ?? '');
}

/** Nodes that carry a contract's mark. */
function heldNodes({ objects }: ApiServer): readonly string[] {
  return [...objects.values()].flatMap(({ object }) => {
    const { kind, metadata } = z
      .object({ kind: z.string(), metadata: z.object({ name: z.string(), labels: z.unknown().optional() }) })
      .parse(object);
    return kind === 'Node' && JSON.stringify(metadata.labels ?? {}).includes('berth') ? [metadata.name] : [];
  });
}

/** A GPU at the edge that fell off the bus, and healthy ones elsewhere, over the last minutes. */
function metrics(nowMs: number): string {
  const atS = Math.floor(nowMs / 1000);
  const lines = [
    ['edge-r1-n01', 79],
    ['cloud-r1-n01', 0],
    ['lab-r1-n01', 0],
  ].flatMap(([host, xid]) =>
    [0, 1, 2, 3, 4].map(
      (back) => `DCGM_FI_DEV_XID_ERRORS{gpu="0",Hostname="${host}"} ${xid} ${atS - (4 - back) * 60}`,
    ),
  );
  return `${lines.join('\n')}\n# EOF\n`;
}
