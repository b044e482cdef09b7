import { onTestFinished } from 'vitest';

import type { Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { Subject } from '../../src/model/binding.ts';
import { ChangeRequest } from '../../src/model/change.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { ContractId, TenantId } from '../../src/model/id.ts';
import { inventory } from '../../src/sources/inventory/inventory.ts';
import { key, operator, thePlan } from '../control/desk.ts';

/** Four nodes as `SlurmHere` has them, on two leafs. */
const inventoryText = `
schema: berth/inventory/1
shapes:
  hgx:
    cpuMilli: 224000
    memoryMib: 2000000
    numaNodes: 2
    link: nvlink
    gpu: { model: H100-SXM-80GB, memoryMib: 81559, powerW: 700 }
    gpuCount: 8
sites:
  lab:
    country: DE
    zone: Europe/Berlin
    leafs: { leaf1: {}, leaf2: {} }
    racks:
      r1:
        nodes:
          - { names: n01..n02, shape: hgx, leaf: leaf1, health: healthy, schedulable: true }
          - { names: n03..n04, shape: hgx, leaf: leaf2, health: healthy, schedulable: true }
`;

/** A ledger that knows the cluster and one tenant, by a clock that the test may push on. */
export type Lab = {
  readonly control: Control;
  readonly ledger: Ledger;
  readonly clock: { nowMs: () => number };
  /** Grants nodes of the rack from now on, and says which contract it is. */
  readonly granted: (wish: LabWish) => Promise<ContractId>;
  readonly key: typeof key;
  readonly changed: (contract: ContractId, change: object) => Promise<void>;
};

type LabWish = {
  readonly nodes?: number;
  readonly on?: readonly string[];
  readonly gpus?: number;
  readonly cpus?: number;
  readonly hours?: number;
  readonly inHours?: number;
};

export async function openLab(ledger: Ledger = openMemoryLedger()): Promise<Lab> {
  const clock = { nowMs: () => Date.now() };
  const control = createControl({ ledger, clock: { kind: 'system', nowMs: () => clock.nowMs() } });
  onTestFinished(() => control.close());
  await control.registerTenant(operator, {
    id: TenantId.parse('acme'),
    name: 'Acme',
    zone: 'Europe/Berlin',
    rules: {},
  });
  const bytes = new TextEncoder().encode(inventoryText);
  const told = inventory.parse([{ file: 'lab.yaml', bytes }], { observedAtMs: clock.nowMs() });
  await control.importObservation(operator, told, false);
  let made = 0;
  const granted = async (wish: LabWish): Promise<ContractId> => {
    const plan = thePlan(await control.plan(operator, demandOf(wish, clock.nowMs())));
    const idemKey = key(`lab-grant-${made++}`);
    const { contract } = await control.commit(operator, { plan: plan.id, idemKey });
    return ContractId.parse(contract?.id);
  };
  const changed = async (contract: ContractId, change: object): Promise<void> => {
    const plan = thePlan(
      await control.planChange(operator, { contract, change: ChangeRequest.parse(change) }),
    );
    await control.commit(operator, { plan: plan.id, idemKey: key(`lab-change-${made++}`) });
  };
  return { control, ledger, clock, granted, changed, key };
}

function demandOf({ nodes = 1, on, gpus = 8, cpus = 0, hours = 2, inHours = 0 }: LabWish, nowMs: number) {
  return DemandRequest.parse({
    tenant: 'acme',
    parts: [
      {
        name: 'train',
        count: nodes,
        each: { gpus: { count: gpus, models: ['H100'] }, ...(cpus === 0 ? {} : { cpuMilli: cpus * 1000 }) },
      },
    ],
    where: on === undefined ? ['lab'] : on.map((node) => `lab/r1/${node}`),
    window: {
      earliestStart: new Date(nowMs + inHours * 3_600_000).toISOString(),
      durationS: hours * 3600,
    },
  });
}

export const subjectOf = (id: string): Subject => Subject.parse(id);
