import { describe, expect, onTestFinished, test } from 'vitest';

import type { Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import type { Engine } from '../../src/engines/port.ts';
import { slurmCompiler } from '../../src/engines/slurm/engine.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { EngineName, EngineObject } from '../../src/model/binding.ts';
import { ChangeRequest } from '../../src/model/change.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { ContractId, TenantId } from '../../src/model/id.ts';
import { inventory } from '../../src/sources/inventory/inventory.ts';
import { key, limitedTo, operator, rejection, thePlan } from '../control/desk.ts';
import { subjectOf } from './lab.ts';

const startMs = Date.UTC(2026, 10, 25, 9);

function inventoryText(engines: Readonly<Record<'lab' | 'cloud', string | undefined>>): string {
  const site = (id: 'lab' | 'cloud', rack: string) => `
  ${id}:
    country: DE
    zone: Europe/Berlin
${engines[id] === undefined ? '' : `    engine: ${engines[id]}\n`}    racks:
      ${rack}: { nodes: [{ names: n01..n02, shape: hgx, health: healthy, schedulable: true }] }`;
  return `
schema: berth/inventory/1
shapes:
  hgx: { cpuMilli: 224000, memoryMib: 2000000, gpu: { model: H100-SXM-80GB, memoryMib: 81559 }, gpuCount: 8 }
sites:${site('lab', 'r1')}${site('cloud', 'c1')}
`;
}

/** An engine in memory that holds what it is told; Slurm's compiler under the engine's own name. */
function engineCalled(name: string): {
  readonly engine: Engine;
  readonly objects: Map<string, EngineObject>;
} {
  const objects = new Map<string, EngineObject>();
  const engine: Engine = {
    ...slurmCompiler,
    name: EngineName.parse(name),
    probe: () => Promise.resolve({ answers: true, text: 'fake', options: {} }),
    read: ({ id }) =>
      Promise.resolve({
        kind: 'read',
        objects: [...objects.values()].filter(({ key: own }) => own.includes(id)),
      }),
    apply: (step) => {
      if (step.act === 'remove') objects.delete(step.key);
      else {
        const body = { ...step.wanted.body, isWhole: true, unusable: [] };
        objects.set(step.key, EngineObject.parse({ key: step.key, body }));
      }
      return Promise.resolve({ kind: 'done' });
    },
  };
  return { engine, objects };
}

type Both = { readonly control: Control; readonly contract: ContractId; readonly clock: { atMs: number } };

/** A contract with its members in one site and its spare in the other. */
async function granted(engines: Parameters<typeof inventoryText>[0]): Promise<Both> {
  const clock = { atMs: startMs };
  const control = createControl({
    ledger: openMemoryLedger(),
    clock: { kind: 'set', nowMs: () => clock.atMs },
  });
  onTestFinished(() => control.close());
  await control.registerTenant(operator, {
    id: TenantId.parse('acme'),
    name: 'Acme',
    zone: 'Europe/Berlin',
    rules: {},
  });
  const bytes = new TextEncoder().encode(inventoryText(engines));
  const told = inventory.parse([{ file: 'two.yaml', bytes }], { observedAtMs: startMs });
  await control.importObservation(operator, told, false);
  const demand = DemandRequest.parse({
    tenant: 'acme',
    parts: [{ name: 'serve', count: 1, each: { gpus: { count: 8 } } }],
    where: ['lab', 'cloud'],
    survive: { loss: 'site', membersLeft: 1 },
    window: { earliestStart: '2026-11-25T09:00:00Z', durationS: 86_400 },
  });
  const plan = thePlan(await control.plan(operator, demand));
  const { contract } = await control.commit(operator, { plan: plan.id, idemKey: key('grant-two-1') });
  return { control, contract: ContractId.parse(contract?.id), clock };
}

async function stateOf({ control, contract }: Both): Promise<string> {
  return (await control.contract(operator, contract)).contract.state;
}

describe('a contract that stands at two sites', () => {
  test('goes to the engines that are recorded of them, each with its site', async () => {
    const both = await granted({ lab: 'slurm', cloud: 'kubernetes' });
    const subject = subjectOf(both.contract);
    expect(await both.control.engineShares(operator, subject)).toEqual({
      kind: 'known',
      shares: [
        { engine: 'kubernetes', places: ['cloud'] },
        { engine: 'slurm', places: ['lab'] },
      ],
    });
    const one = await granted({ lab: 'slurm', cloud: 'slurm' });
    expect(await one.control.engineShares(operator, subject)).toEqual({
      kind: 'known',
      shares: [{ engine: 'slurm', places: ['cloud', 'lab'] }],
    });
  });

  test('and to none that nobody recorded, and is nobody else’s to ask about', async () => {
    const { control, contract } = await granted({ lab: 'slurm', cloud: undefined });
    expect(await control.engineShares(operator, subjectOf(contract))).toEqual({
      kind: 'unsaid',
      sites: ['cloud'],
    });
    const other = await rejection(control.engineShares(limitedTo('globex'), subjectOf(contract)));
    expect(other.code).toBe('NOT_FOUND');
    const none = await rejection(control.engineShares(operator, subjectOf('C-999')));
    expect(none.code).toBe('NOT_FOUND');
  });

  test('is active only when both hold their part, and each holds its own nodes alone', async () => {
    const both = await granted({ lab: 'slurm', cloud: 'other' });
    const [slurm, other] = [engineCalled('slurm'), engineCalled('other')];
    const subject = subjectOf(both.contract);
    const options = { users: 'ada' };
    await both.control.bind(operator, { subject, places: ['lab'], options }, slurm.engine);
    expect(await stateOf(both)).toBe('granted');
    const done = await both.control.bind(operator, { subject, places: ['cloud'], options }, other.engine);
    expect(await stateOf(both)).toBe('active');
    const nodes = [slurm, other].map(({ objects }) => [...objects.values()].map(({ body }) => body['nodes']));
    const members = (await both.control.contract(operator, both.contract)).contract.sites;
    expect(members).toEqual(['cloud', 'lab']);
    expect(nodes).toEqual([[['lab-r1-n01']], [['cloud-c1-n01']]]);
    const standby = (await both.control.planBinding(operator, { subject }, slurm.engine)).notes.concat(
      done.notes,
    );
    expect(standby.filter((note) => note.startsWith('only spares stand here'))).toHaveLength(1);
  });

  test('and when it moves off one of them, is taken away there and stays in the other', async () => {
    const both = await granted({ lab: 'slurm', cloud: 'other' });
    const [slurm, other] = [engineCalled('slurm'), engineCalled('other')];
    const subject = subjectOf(both.contract);
    const options = { users: 'ada' };
    await both.control.bind(operator, { subject, places: ['lab'], options }, slurm.engine);
    await both.control.bind(operator, { subject, places: ['cloud'], options }, other.engine);
    const { parts } = await both.control.contract(operator, both.contract);
    const from = parts[0]?.members[0]?.node.split('/', 1).join() ?? '';
    const [left, kept] = from === 'lab' ? [slurm, other] : [other, slurm];
    both.clock.atMs += 3_600_000;
    const demand = DemandRequest.parse({
      tenant: 'acme',
      parts: [{ name: 'serve', count: 1, each: { gpus: { count: 8 } } }],
      where: [from === 'lab' ? 'cloud' : 'lab'],
      window: { earliestStart: '2026-11-25T10:00:00Z', durationS: 82_800 },
    });
    const change = ChangeRequest.parse({ demand });
    const plan = thePlan(await both.control.planChange(operator, { contract: both.contract, change }));
    await both.control.commit(operator, { plan: plan.id, idemKey: key('move-off-1') });
    both.clock.atMs += 60_000;
    const due = (await both.control.bindings(operator)).bindings.map(({ engine, due: why }) => [engine, why]);
    expect(due).toEqual([
      ['slurm', 'it was changed'],
      ['other', 'it was changed'],
    ]);
    for (const { engine } of [slurm, other]) {
      const done = await both.control.bind(operator, { subject }, engine);
      expect([engine.name, done.refusal, done.account?.result]).toEqual([engine.name, undefined, 'kept']);
    }
    expect(left.objects.size).toBe(0);
    expect(kept.objects.size).toBe(1);
    expect(await stateOf(both)).toBe('active');
    expect((await both.control.verify()).ok).toBe(true);
  });
});
