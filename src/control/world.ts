import { parse } from 'yaml';
import { z } from 'zod';

import type { Ledger } from '../ledger/port.ts';
import { DemandRequest } from '../model/demand.ts';
import { BerthError } from '../model/error.ts';
import type { Observation } from '../model/fact.ts';
import { IdemKey, PrincipalId } from '../model/id.ts';
import { Tenant } from '../model/tenant.ts';
import { clockAt } from './clock.ts';
import type { Caller, Control } from './control.ts';
import { createControl } from './create.ts';

const instant = z.iso.datetime({ offset: true });

/** A demo or test world: a fleet, its tenants, and what was committed there before its clock. */
export const World = z.strictObject({
  schema: z.literal('berth/world/1'),
  name: z.string().regex(/^[a-z0-9-]{1,40}$/),
  clock: instant,
  zone: z.string().max(64),
  firstContract: z.int().min(1).optional(),
  inventory: z.unknown(),
  tenants: z.array(Tenant).max(100),
  history: z
    .array(
      z.strictObject({
        at: instant,
        as: PrincipalId,
        onBehalfOf: PrincipalId.optional(),
        key: IdemKey,
        commit: z.strictObject({ demand: DemandRequest }),
      }),
    )
    .max(1000),
});
export type World = z.infer<typeof World>;

/** Reads a world from YAML text. Throws INVALID_INPUT that names the key at fault. */
export function readWorld(text: string, file: string): World {
  const parsed = World.safeParse(parse(text, { maxAliasCount: 0 }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${file}\` is not a world: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unknown fault'}`,
    fix: 'correct that key; `evals/worlds/four-sites.yaml` is an example',
  });
}

/**
 * Plays a world through the one door, each step at its own time: tenants, the observed fleet, then every
 * commit of its history. Each step has a key, so playing a world twice, or from two processes at once, plays
 * it once.
 */
export async function playWorld(ledger: Ledger, world: World, observation: Observation): Promise<void> {
  const last = world.history.at(-1);
  if (last !== undefined && (await isPlayed(ledger, last))) return;
  const first = world.history[0]?.at ?? world.clock;
  const operator: Caller = { principal: PrincipalId.parse('person:operator'), client: 'berth-init' };
  const opening = createControl({ ledger, clock: clockAt(first, 'history') });
  for (const tenant of world.tenants) await opening.registerTenant(operator, tenant);
  await opening.importObservation(operator, observation, false);
  for (const step of world.history) await playStep(ledger, step);
}

type Step = World['history'][number];

async function isPlayed(ledger: Ledger, { as, key, commit }: Step): Promise<boolean> {
  const { tenant } = commit.demand;
  return (await ledger.findByIdemKey({ tenant, principal: as, key })) !== undefined;
}

/** How often other processes may come in between before a step is given up. */
const attemptLimit = 16;

/** Plays a step, unless it was played. Another process may play the same step between our plan and our commit. */
async function playStep(ledger: Ledger, step: Step): Promise<void> {
  const control = createControl({ ledger, clock: clockAt(step.at, 'history') });
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    if (await isPlayed(ledger, step)) return;
    try {
      await tryStep(control, step);
    } catch (error) {
      if (!(await isPlayed(ledger, step))) throw error;
    }
  }
  throw new Error(`the step \`${step.key}\` of the world cannot be committed`);
}

async function tryStep(control: Control, step: Step): Promise<void> {
  const caller: Caller = {
    principal: step.as,
    client: 'berth-init',
    ...(step.onBehalfOf === undefined ? {} : { onBehalfOf: step.onBehalfOf }),
  };
  const planned = await control.plan(caller, step.commit.demand);
  if (planned.plan === undefined) {
    throw new Error(
      `the step \`${step.key}\` of the world cannot be planned: ${planned.refusal?.summary ?? ''}`,
    );
  }
  await control.commit(caller, { plan: planned.plan.id, idemKey: step.key });
}
