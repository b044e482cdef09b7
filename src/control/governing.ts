import type { State } from '../core/state.ts';
import type { Command } from '../model/command.ts';
import { dayOf, dayText } from '../model/day.ts';
import { BerthError } from '../model/error.ts';
import {
  type FactSubject,
  type GovernanceFact,
  type Signed,
  tenantOfSubject,
} from '../model/governance-fact.ts';
import type { FactList, FactView, GovernanceResult, OverrideView } from '../model/governance-view.ts';
import type { IdemKey, OverrideId } from '../model/id.ts';
import type { OverrideWish } from '../model/override.ts';
import { cleanText, compareText } from '../model/text.ts';
import { mayActFor, requireOperator, requireTenant } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door, Passed } from './door.ts';
import { reasoned } from './once.ts';
import { refusalView } from './views/refusal-view.ts';
import { snapshotOf } from './views/snapshot.ts';

/** Records what somebody vouches for: all of the facts or none. What is about no single tenant is the operator's. */
export async function recordFacts(
  door: Door,
  caller: Caller,
  request: { readonly facts: readonly GovernanceFact[]; readonly idemKey: IdemKey },
): Promise<GovernanceResult> {
  for (const { subject } of request.facts) requireSubject(caller, subject);
  return passed(door, caller, { kind: 'record-facts', facts: [...request.facts] }, request.idemKey);
}

/** Takes a recorded fact back: from now on it counts as missing. */
export async function retractFact(
  door: Door,
  caller: Caller,
  request: {
    readonly subject: FactSubject;
    readonly attribute: string;
    readonly reason: string;
    readonly idemKey: IdemKey;
  },
): Promise<GovernanceResult> {
  const { idemKey, ...asked } = request;
  requireSubject(caller, asked.subject);
  const command: Command = { kind: 'retract-fact', ...asked, reason: cleanText(asked.reason, 300) };
  return passed(door, caller, command, idemKey);
}

/** Sets a rule aside for one tenant. The caller asks for it, `second` has signed it. Never for an agent. */
export async function overrideRule(
  door: Door,
  caller: Caller,
  request: { readonly wish: OverrideWish; readonly second: Signed; readonly idemKey: IdemKey },
): Promise<GovernanceResult> {
  const { wish, second, idemKey } = request;
  requireTenant(caller, wish.tenant);
  if (wish.requestedBy !== caller.principal)
    throw new BerthError({
      code: 'FORBIDDEN',
      message: `the override was asked for by ${wish.requestedBy}, not by ${caller.principal}`,
      fix: 'the person who asked for it runs the command',
    });
  return passed(door, caller, { kind: 'override-rule', wish, second }, idemKey);
}

/** Lets a rule bind again that was set aside. */
export async function liftOverride(
  door: Door,
  caller: Caller,
  request: { readonly id: OverrideId; readonly reason: string; readonly idemKey: IdemKey },
): Promise<GovernanceResult> {
  const { state } = await door.moment();
  const override = state.governance.overrides.get(request.id);
  if (override !== undefined) requireTenant(caller, override.tenant);
  const reason = cleanText(request.reason, 300);
  return passed(door, caller, { kind: 'lift-override', id: request.id, reason }, request.idemKey);
}

/** Recorded facts and overrides that the caller may see, by subject. Expired ones too, and said so. */
export async function listFacts(
  door: Door,
  caller: Caller,
  { about }: { readonly about?: string },
): Promise<FactList> {
  const moment = await door.moment();
  const { facts, overrides } = moment.state.governance;
  const shown = [...facts.values()]
    .flatMap((known) => [...known.values()])
    .filter(({ subject }) => maySee(caller, subject))
    .filter(({ subject, attribute }) => about === undefined || `${subject} ${attribute}`.includes(about))
    .toSorted((a, b) => compareText(a.subject, b.subject) || compareText(a.attribute, b.attribute));
  return {
    snapshot: snapshotOf(moment),
    facts: shown.map((fact) => factView(fact, moment.nowMs)),
    overrides: [...overrides.values()]
      .filter(({ tenant }) => mayActFor(caller, tenant))
      .map((override) => overrideView(override, moment.nowMs)),
  };
}

async function passed(door: Door, caller: Caller, command: Command, key: IdemKey): Promise<GovernanceResult> {
  const request = { key, tenant: undefined, ...reasoned('governance', command) };
  const found = await door.pass(caller, command, request);
  return resultOf(found);
}

function resultOf(found: Passed): GovernanceResult {
  const snapshot = snapshotOf(found.moment);
  if (found.kind === 'refused') {
    const refusal = refusalView(found.decision.refusal, undefined, 'UTC');
    return { snapshot, decision: 'rejected', replayed: false, refusal, next: 'nothing was recorded' };
  }
  const { decision, seq, digest } = found.entry;
  const id =
    decision.kind === 'rule-overridden' || decision.kind === 'override-lifted' ? { id: decision.id } : {};
  return {
    snapshot,
    decision: 'recorded',
    replayed: found.kind === 'replayed',
    entry: { seq, digest },
    ...id,
    next: 'plans that are made from now on count with it',
  };
}

function factView(fact: GovernanceFact, nowMs: number): FactView {
  const { subject, attribute, value, assertedBy, evidence, evidenceName, signed } = fact;
  return {
    subject,
    attribute,
    value,
    assertedBy,
    evidence,
    ...(evidenceName === undefined ? {} : { evidenceName }),
    ...(signed === undefined ? {} : { signedBy: signed.by }),
    assertedOn: dayText(dayOf(fact.assertedAtMs)),
    expiresOn: dayText(dayOf(fact.expiresAtMs)),
    state: fact.expiresAtMs <= nowMs ? 'expired' : 'in-force',
  };
}

function overrideView(
  { id, rule, tenant, site, reason, requestedBy, second, expiresAtMs, liftedAtMs }: OverrideOf,
  nowMs: number,
): OverrideView {
  return {
    id,
    rule,
    tenant,
    ...(site === undefined ? {} : { site }),
    reason,
    requestedBy,
    secondedBy: second.by,
    expiresOn: dayText(dayOf(expiresAtMs)),
    state: liftedAtMs !== undefined ? 'lifted' : expiresAtMs <= nowMs ? 'expired' : 'in-force',
  };
}

type OverrideOf = State['governance']['overrides'] extends ReadonlyMap<OverrideId, infer O> ? O : never;

function maySee(caller: Caller, subject: FactSubject): boolean {
  const tenant = tenantOfSubject(subject);
  return tenant === undefined || mayActFor(caller, tenant);
}

function requireSubject(caller: Caller, subject: FactSubject): void {
  const tenant = tenantOfSubject(subject);
  if (tenant === undefined) requireOperator(caller, `record or retract facts about ${subject}`);
  else requireTenant(caller, tenant);
}
