import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { onTestFinished } from 'vitest';

import type { Caller, Control } from '../../src/control/control.ts';
import { createControl } from '../../src/control/create.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import type { ChangeResult } from '../../src/model/deed-view.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { BerthError, type ErrorDetail } from '../../src/model/error.ts';
import { type Fact, Observation } from '../../src/model/fact.ts';
import { IdemKey, PrincipalId, TenantId } from '../../src/model/id.ts';
import type { PlanResult, PlanView } from '../../src/model/plan-view.ts';
import { inventory } from '../../src/sources/inventory/inventory.ts';
import { builtInTemplates } from '../../src/templates/built-in.ts';
import { demoHome } from '../cli/run.ts';

/** Entries of the demo world: the first grant, of C-101, and the last entry, the grant of C-105. */
export const firstGrant = 8;
export const lastEntry = 26;

/** The clock of the demo world. */
export const nowMs = Date.parse('2026-11-25T10:00:00+01:00');

/** A control on a ledger of the demo world, with a clock that the test sets. */
export type Desk = {
  readonly control: Control;
  readonly ledger: Ledger;
  readonly home: string;
  readonly clock: { atMs: number };
};

/** Opens the demo world, its own copy unless `home` says which. */
export async function openDesk(home?: string, more: { approvalPage?: string } = {}): Promise<Desk> {
  const folder = home ?? (await demoHome());
  const ledger = await openSqliteLedger(join(folder, 'ledger.db'));
  onTestFinished(() => ledger.close());
  const clock = { atMs: nowMs };
  const control = createControl({
    ledger,
    clock: { kind: 'set', nowMs: () => clock.atMs },
    templates: builtInTemplates,
    ...more,
  });
  return { control, ledger, home: folder, clock };
}

export const operator: Caller = { principal: PrincipalId.parse('person:ada'), client: 'test' };

/** Somebody who may act for these tenants only. */
export function limitedTo(...tenants: readonly string[]): Caller {
  return { ...operator, tenants: tenants.map((id) => TenantId.parse(id)) };
}

export function key(text: string): IdemKey {
  return IdemKey.parse(text);
}

type Wish = {
  readonly tenant?: string;
  readonly nodes?: number;
  readonly gpus?: number;
  readonly models?: readonly string[];
  readonly where?: readonly string[];
  readonly start?: string;
  readonly hours?: number;
  readonly rules?: object;
};

/** A demand for whole nodes: one day from the demo's now on, for globex, in rack r12, unless said otherwise. */
export function wish({
  tenant = 'globex',
  nodes = 1,
  gpus = 8,
  models = ['H100'],
  where = ['fra1/h1/r12'],
  start = '2026-11-26T00:00:00Z',
  hours = 24,
  rules,
}: Wish = {}): DemandRequest {
  return DemandRequest.parse({
    tenant,
    parts: [{ name: 'train', count: nodes, each: { gpus: { count: gpus, models } } }],
    where,
    window: { earliestStart: start, durationS: hours * 3600 },
    ...(rules === undefined ? {} : { rules }),
  });
}

/** The plan for a demand; the test fails where there is none. */
export async function planned(
  { control }: Pick<Desk, 'control'>,
  demand: DemandRequest,
  caller = operator,
): Promise<PlanView> {
  return thePlan(await control.plan(caller, demand));
}

export function thePlan(result: Pick<PlanResult, 'plan' | 'refusal'>): PlanView {
  if (result.plan === undefined) throw new Error(`no plan: ${result.refusal?.summary ?? ''}`);
  return result.plan;
}

/** Plans and commits in one go. */
export async function committed(
  desk: Pick<Desk, 'control'>,
  demand: DemandRequest,
  idemKey: string,
  caller = operator,
): Promise<ChangeResult> {
  // An agent sees no further than its mandates; what it tries beyond them starts from somebody else's plan.
  const { id } = await planned(desk, demand, caller.principal.startsWith('agent:') ? operator : caller);
  return desk.control.commit(caller, { plan: id, idemKey: key(idemKey) });
}

/** The nodes of a plan. */
export function nodesOf(plan: PlanView | undefined): readonly string[] {
  return (plan?.parts ?? []).flatMap((part) => part.members.map(({ node }) => node));
}

type NodeChange = Extract<Fact, { kind: 'node' }>['set'];
type SiteChange = Extract<Fact, { kind: 'site' }>['set'];

/** The demo's inventory told again at its now, with some facts about nodes and sites changed. */
export function retold(
  changes: Readonly<Record<string, NodeChange & SiteChange>>,
  observedAtMs = nowMs,
): Observation {
  const observation = inventory.parse([{ file: 'four-sites.yaml', bytes: readFileSync(worldFile) }], {
    observedAtMs,
  });
  return Observation.parse({
    ...observation,
    facts: observation.facts.map((fact) => ({ ...fact, set: { ...fact.set, ...changes[fact.subject] } })),
  });
}

export const worldFile = fileURLToPath(new URL('../../evals/worlds/four-sites.yaml', import.meta.url));

/** The detail of the `BerthError` that the promise rejects with. Anything else fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<ErrorDetail> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof BerthError) return error.detail;
    throw error;
  }
  throw new Error('a rejection was expected');
}
