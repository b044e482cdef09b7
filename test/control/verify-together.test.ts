import { expect, test } from 'vitest';

import type { Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { Observation, type Fact } from '../../src/model/fact.ts';
import { ContractId } from '../../src/model/id.ts';
import type { PlanView } from '../../src/model/plan-view.ts';
import { Tenant } from '../../src/model/tenant.ts';
import { fact, rackFacts } from '../core/fleet-text.ts';
import { key, nowMs, operator, thePlan } from './desk.ts';

const hourMs = 3_600_000;
const racks = ['fra1/h1/r1', 'fra1/h1/r2', 'ams2/h1/a1'];

/** Two nodes a rack, a leaf each, GPUs that can be cut, data at one site and a link to the other. */
const facts: readonly Fact[] = [
  ...racks.flatMap((rack) => [
    ...rackFacts(`${rack} 2×2 H100-SXM-80GB mig nvlink rdma leaf cpu16 mem64 gpumem80`, 1),
    ...['n01', 'n02'].map((node) =>
      fact('nic', `${rack}/${node}/nic2`, { kind: 'ethernet', rdma: false, mbps: 100_000 }),
    ),
  ]),
  ...['fra1/leaf-r1', 'fra1/leaf-r2', 'ams2/leaf-a1'].map((leaf) =>
    fact('leaf', leaf, { uplinkMbps: 400_000, spine: `${leaf.split('/')[0]}/s` }),
  ),
  ...['fra1/s', 'ams2/s'].map((spine) => fact('spine', spine, { uplinkMbps: 400_000 })),
  fact('site', 'fra1', { country: 'DE', gpuPrices: { 'H100-SXM-80GB': 1_000_000 } }),
  fact('site', 'ams2', { country: 'NL', gpuPrices: { 'H100-SXM-80GB': 1_000_000 } }),
  fact('storage-pool', 'fra1/nvme', { mbps: 100_000, datasets: [{ id: 'corpus', sizeGib: 1000 }] }),
  fact('wan-link', 'fra1/wan', { from: 'fra1', to: 'ams2', mbps: 100_000 }),
];

function seen(told: readonly Fact[], observedAtMs = nowMs): Observation {
  const nothing = { evidence: [], assumptions: [], unknown: [] };
  return Observation.parse({
    schema: 'berth/observation/1',
    source: 'inventory',
    observedAtMs,
    facts: told,
    ...nothing,
  });
}

async function opened() {
  const clock = { atMs: nowMs };
  const control = createControl({
    ledger: openMemoryLedger(),
    clock: { kind: 'set', nowMs: () => clock.atMs },
  });
  for (const id of ['acme', 'globex'])
    await control.registerTenant(operator, Tenant.parse({ id, name: id, zone: 'Europe/Berlin' }));
  await control.importObservation(operator, seen(facts), false);
  return { control, clock };
}

type Part = {
  readonly count: number;
  readonly gpus?: object;
  readonly rdma?: object;
  readonly cpuMilli?: number;
};

function wish(parts: Readonly<Record<string, Part>>, more: object = {}, hours = 24): DemandRequest {
  return DemandRequest.parse({
    tenant: 'acme',
    parts: Object.entries(parts).map(([name, { count, ...each }]) => ({ name, count, each })),
    window: { earliestStart: new Date(nowMs).toISOString(), durationS: hours * 3600 },
    ...more,
  });
}

async function taken(control: Control, plan: PlanView): Promise<void> {
  const result = await control.commit(operator, { plan: plan.id, idemKey: key(`commit-${plan.id}`) });
  expect(result.refusal).toBeUndefined();
}

async function take(control: Control, demand: DemandRequest): Promise<PlanView> {
  const plan = thePlan(await control.plan(operator, demand));
  await taken(control, plan);
  return plan;
}

async function change(control: Control, number: number, to: Parameters<Control['planChange']>[1]['change']) {
  const contract = ContractId.parse(`C-${number}`);
  const plan = thePlan(await control.planChange(operator, { contract, change: to }));
  await taken(control, plan);
}

async function verified(control: Control) {
  const { ok, checks } = await control.verify();
  return { ok, failed: checks.filter((check) => !check.ok) };
}

const sound = { ok: true, failed: [] };
const whole = { count: 2, gpus: { count: 2 } };

test('a ledger in which one contract ended for another is sound, at once and after both have changed', async () => {
  const { control, clock } = await opened();
  await take(
    control,
    wish(
      { train: { count: 6, gpus: { count: 1 } } },
      { tenant: 'globex', guarantee: 'preemptible', where: ['fra1'] },
    ),
  );
  await take(
    control,
    wish({ train: { ...whole, count: 2 } }, { tenant: 'globex', guarantee: 'preemptible', where: ['ams2'] }),
  );
  const plan = await take(
    control,
    wish({ train: { ...whole, count: 3 } }, { mayPreempt: true, where: ['fra1'] }),
  );
  expect(plan.preempts).toEqual(['C-101']);
  expect(await verified(control)).toEqual(sound);
  clock.atMs += hourMs;
  await change(control, 103, { extendS: 7200 });
  await control.release(operator, { contract: ContractId.parse('C-102'), idemKey: key('release-2') });
  expect(await verified(control)).toEqual(sound);
});

test.each<readonly [string, DemandRequest, Parameters<Control['planChange']>[1]['change']]>([
  ['spares', wish({ train: whole }, { survive: { loss: 'node', membersLeft: 2 } }), { extendS: 3600 }],
  [
    'spares and fewer replicas',
    wish({ train: whole }, { survive: { loss: 'node', membersLeft: 1 } }),
    { replicas: { train: 3 } },
  ],
  [
    'slices',
    wish({ train: { count: 3, gpus: { count: 1, slice: { kind: 'mig', profile: '3g.40gb' } } } }),
    { replicas: { train: 2 } },
  ],
  [
    'shares',
    wish({ train: { count: 2, gpus: { count: 1, slice: { kind: 'share', milli: 400 } } } }),
    { avoid: ['fra1/h1/r1/n01', 'ams2/h1/a1/n01'] },
  ],
  [
    'bandwidth',
    wish({ train: { count: 3, gpus: { count: 2 }, rdma: { uplinkMbps: 50_000 } } }),
    { extendS: 3600 },
  ],
  [
    'flows',
    wish(
      { load: { count: 1, cpuMilli: 2000 }, train: whole },
      { flows: [{ from: 'load', to: 'train', mbps: 1001 }] },
    ),
    { replicas: { train: 1 } },
  ],
  [
    'a transfer',
    wish(
      { train: whole },
      {
        dataset: 'corpus',
        where: ['ams2'],
        window: { earliestStart: new Date(nowMs + 9 * hourMs).toISOString(), durationS: 7200 },
      },
    ),
    { until: new Date(nowMs + 15 * hourMs).toISOString() },
  ],
])('%s: taken, changed, seen anew and released, and sound after each', async (_, demand, to) => {
  const { control, clock } = await opened();
  await take(control, demand);
  expect(await verified(control)).toEqual(sound);
  clock.atMs += hourMs / 2;
  await change(control, 101, to);
  expect(await verified(control)).toEqual(sound);
  const lost = [...facts, fact('node', 'fra1/h1/r2/n02', { schedulable: false })];
  await control.importObservation(operator, seen(lost, clock.atMs), false);
  await change(control, 101, { openEnded: true });
  await control.release(operator, { contract: ContractId.parse('C-101'), idemKey: key('release') });
  expect(await verified(control)).toEqual(sound);
  // All of it is free again.
  await take(
    control,
    wish(
      { train: { ...whole, count: 3 } },
      { window: { earliestStart: new Date(clock.atMs).toISOString(), durationS: 3600 } },
    ),
  );
  expect(await verified(control)).toEqual(sound);
});
