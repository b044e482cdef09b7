import { parse } from 'yaml';
import { z } from 'zod';

import type { Ledger } from '../ledger/port.ts';
import { MandateWish, Principal, RegisteredModel, Team } from '../model/authority.ts';
import { DemandRequest } from '../model/demand.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Observation } from '../model/fact.ts';
import { IdemKey, PrincipalId } from '../model/id.ts';
import { Tenant } from '../model/tenant.ts';
import { clockAt } from './clock.ts';
import type { Caller, Control } from './control.ts';
import { createControl } from './create.ts';
import { demoKeyOf } from './demo-key.ts';
import type { Recordable } from './recording.ts';
import { type Ballot, publicKeyOf, signBallot } from './signatures.ts';
import { RecordedFacts, recordedFacts } from './world-facts.ts';

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
  facts: z.array(RecordedFacts).max(200).default([]),
  history: z
    .array(
      z.strictObject({
        at: instant,
        as: PrincipalId,
        onBehalfOf: PrincipalId.optional(),
        model: z.string().max(120).optional(),
        key: IdemKey,
        commit: z.strictObject({ demand: DemandRequest }),
        approved: z
          .strictObject({ at: instant, by: PrincipalId })
          .optional()
          .describe('who said yes, with a public demo key'),
      }),
    )
    .max(1000),
  authority: z
    .strictObject({
      from: instant.describe('when it was recorded'),
      teams: z.array(Team).max(100).default([]),
      principals: z.array(Principal).max(1000).default([]),
      demoKeys: z
        .array(PrincipalId)
        .max(100)
        .default([])
        .describe('whose keys everybody has: for demos only'),
      models: z.array(RegisteredModel).max(100).default([]),
      mandates: z
        .array(MandateWish.omit({ expiresAtMs: true }).extend({ expires: instant }))
        .max(100)
        .default([]),
    })
    .optional()
    .describe('who may do what'),
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
  if (last !== undefined && (await isDone(ledger, last))) return;
  const first = world.history[0]?.at ?? world.clock;
  const opening = createControl({ ledger, clock: clockAt(first, 'history') });
  for (const tenant of world.tenants) await opening.registerTenant(operator, tenant);
  await opening.importObservation(operator, observation, false);
  for (const [at, facts] of recordedFacts(world.facts).entries()) {
    const idemKey = IdemKey.parse(`world:facts:${at + 1}`);
    const { refusal } = await opening.recordFacts(operator, { facts, idemKey });
    if (refusal !== undefined) throw new Error(`facts of the world cannot be recorded: ${refusal.summary}`);
  }
  const { authority } = world;
  const fromMs = authority === undefined ? Infinity : clockAt(authority.from, 'from').nowMs();
  const isBefore = ({ at }: Step) => clockAt(at, 'history').nowMs() < fromMs;
  for (const step of world.history.filter(isBefore)) await playStep(ledger, step);
  if (authority !== undefined) await playAuthority(ledger, authority);
  for (const step of world.history.filter((other) => !isBefore(other))) await playStep(ledger, step);
}

const operator: Caller = {
  principal: PrincipalId.parse('person:operator'),
  client: 'berth-init',
  byHand: true,
};

type WorldAuthority = NonNullable<World['authority']>;

async function playAuthority(ledger: Ledger, authority: WorldAuthority): Promise<void> {
  const control = createControl({ ledger, clock: clockAt(authority.from, 'from') });
  for (const [command, name] of openingRecords(authority)) {
    const idemKey = IdemKey.parse(`world:${command.kind}:${name}`);
    const { refusal } = await control.recordAuthority(operator, { command, idemKey });
    if (refusal !== undefined)
      throw new Error(`\`${name}\` of the world cannot be recorded: ${refusal.summary}`);
  }
}

/** Who may do what, each record with a name of its own. Sponsors and teams come before who needs them. */
function* openingRecords(authority: WorldAuthority): Generator<readonly [Recordable, string]> {
  for (const team of authority.teams) yield [{ kind: 'register-team', team }, team.id];
  const people = authority.principals.filter(({ kind }) => kind === 'person');
  const agents = authority.principals.filter(({ kind }) => kind === 'agent');
  for (const principal of [...people, ...agents])
    yield [{ kind: 'register-principal', principal }, principal.id];
  for (const principal of authority.demoKeys) {
    const publicKey = publicKeyOf(demoKeyOf(principal));
    yield [{ kind: 'register-key', principal, publicKey }, principal];
  }
  for (const model of authority.models) yield [{ kind: 'register-model', model }, model.name];
  for (const [at, { expires, ...limits }] of authority.mandates.entries()) {
    const expiresAtMs = clockAt(expires, 'expires').nowMs();
    yield [{ kind: 'grant-mandate', wish: { ...limits, expiresAtMs } }, `mandate-${at + 1}`];
  }
}

type Step = World['history'][number];

/** Whether the step was done; one that waits for its yes is not. */
async function isDone(ledger: Ledger, step: Step): Promise<boolean> {
  const { tenant } = step.commit.demand;
  const asked = await askedBefore(ledger, step);
  if (asked === undefined || asked.decision.kind !== 'approval-requested') return asked !== undefined;
  const key = IdemKey.parse(`approve-${asked.decision.approval}`);
  const { approved } = step;
  return (
    approved !== undefined &&
    (await ledger.findByIdemKey({ tenant, principal: approved.by, key })) !== undefined
  );
}

async function askedBefore(ledger: Ledger, { as, key, commit }: Step): Promise<Entry | undefined> {
  return ledger.findByIdemKey({ tenant: commit.demand.tenant, principal: as, key });
}

/** How often other processes may come in between before a step is given up. */
const attemptLimit = 16;

/** Plays a step, unless it was played. Another process may play the same step between our plan and our commit. */
async function playStep(ledger: Ledger, step: Step): Promise<void> {
  await askOnce(ledger, step);
  if (step.approved !== undefined) await sayYes(ledger, step, step.approved);
}

/** The yes that a step waited for, with the public key of a demo. */
async function sayYes(
  ledger: Ledger,
  { as: by, key }: Step,
  approved: NonNullable<Step['approved']>,
): Promise<void> {
  const control = createControl({ ledger, clock: clockAt(approved.at, 'history') });
  const { approvals } = await control.approvals(operator, { all: false, by });
  const [open] = approvals;
  if (open === undefined) return;
  const secret = demoKeyOf(approved.by);
  const signer = { publicKey: publicKeyOf(secret), sign: (ballot: Ballot) => signBallot(secret, ballot) };
  const caller: Caller = { principal: approved.by, client: 'berth-init', byHand: true };
  const { refusal } = await control.decideApproval(caller, { approval: open.id, yes: true, signer });
  if (refusal !== undefined)
    throw new Error(`the step \`${key}\` of the world was not approved: ${refusal.summary}`);
}

async function askOnce(ledger: Ledger, step: Step): Promise<void> {
  const control = createControl({ ledger, clock: clockAt(step.at, 'history') });
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    if ((await askedBefore(ledger, step)) !== undefined) return;
    try {
      await tryStep(control, step);
    } catch (error) {
      if ((await askedBefore(ledger, step)) === undefined) throw error;
    }
  }
  throw new Error(`the step \`${step.key}\` of the world cannot be committed`);
}

async function tryStep(control: Control, step: Step): Promise<void> {
  const caller: Caller = {
    principal: step.as,
    client: 'berth-init',
    ...(step.onBehalfOf === undefined ? {} : { onBehalfOf: step.onBehalfOf }),
    ...(step.model === undefined ? {} : { model: step.model }),
    ...(step.as.startsWith('person:') ? { byHand: true as const } : {}),
  };
  const planned = await control.plan(caller, step.commit.demand);
  if (planned.plan === undefined) {
    throw new Error(
      `the step \`${step.key}\` of the world cannot be planned: ${planned.refusal?.summary ?? ''}`,
    );
  }
  const { refusal } = await control.commit(caller, { plan: planned.plan.id, idemKey: step.key });
  if (refusal !== undefined)
    throw new Error(`the step \`${step.key}\` of the world was refused: ${refusal.summary}`);
}
