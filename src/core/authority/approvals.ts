import type { Actor } from '../../model/actor.ts';
import { isAgent, requestersOf } from '../../model/authority.ts';
import { digestOf } from '../../model/canonical.ts';
import type { Command, ParkedCommand } from '../../model/command.ts';
import type { Outcome } from '../../model/decision.ts';
import type { Event } from '../../model/event.ts';
import { ApprovalId, type Digest, type MandateId, type PlanId, type PrincipalId } from '../../model/id.ts';
import type { PublicKey } from '../../model/key.ts';
import type { Refusal } from '../../model/refusal.ts';
import { dayMs, hourS } from '../../model/unit.ts';
import type { CommandGiven } from '../given.ts';
import { holdPlan } from '../life/lease.ts';
import { refuse } from '../refuse.ts';
import type { State } from '../state.ts';
import type { Act } from './act.ts';
import { type Approval, type Authority, approvalOf, approvalStateAt, openApprovals } from './authority.ts';
import { sponsorsOf } from './mandates.ts';
import { wordless } from './wordless.ts';

/** How long capacity is held while a person decides. */
const holdS = 4 * hourS;

/** How long a person may take where nothing is held for it. */
const patienceMs = dayMs;

/** So many acts of one principal wait at a time. */
const waitingMost = 8;

/** A sponsor may say yes to its own agent up to here, and nobody else has to. */
const sponsorLimit = { gpus: 8, spendMicroEur: 2_000_000_000 };

/** A clock that signs may differ from the door's by so much. */
const skewMs = 300_000;

/** What is parked, and why it may not be done at once. */
export type Parking = {
  readonly command: ParkedCommand;
  readonly actor: Actor;
  readonly act: Act;
  readonly tier: number;
  readonly why: readonly string[];
  readonly mandate?: MandateId;
};

/** Whether a command can wait for a person. Others are done or refused. */
export function isParkable(command: Command): command is ParkedCommand {
  const { kind } = command;
  return (
    kind === 'commit-plan' ||
    kind === 'change-contract' ||
    kind === 'release-contract' ||
    kind === 'start-maintenance'
  );
}

/** What a yes is bound to: the plan, or the command itself where there is none. */
export function boundDigest(command: ParkedCommand): Digest {
  return 'planDigest' in command ? command.planDigest : digestOf(wordless(withoutWords(command)));
}

/** What is carried out later, without words that nobody needs for it. Those of a window come to stand with the window. */
function withoutWords(command: ParkedCommand): ParkedCommand {
  if (command.kind === 'start-maintenance') return command;
  if (command.kind === 'release-contract') {
    const { reason: _reason, ...rest } = command;
    return rest;
  }
  const { purpose: _purpose, ...rest } = command;
  return rest;
}

/**
 * Lets a command wait for a person, and holds the capacity of its plan for so long where it can be held. The same wish
 * again is answered with the approval that waits already.
 */
export function park(state: State, given: CommandGiven, parking: Parking): Outcome {
  const { authority } = state;
  const digest = boundDigest(parking.command);
  const own = ownApprovals(state, parking.actor, given.atMs);
  const before = own.find((approval) => approval.digest === digest);
  if (before !== undefined) return { decision: requested(before), events: [] };
  const [oldest] = own;
  if (own.length >= waitingMost && oldest !== undefined) {
    const limit = { limit: 'open-approvals' as const, most: waitingMost, retryAtMs: oldest.expiresAtMs };
    return refuse({ kind: 'rate-limited', ...mandateIn(parking), ...limit });
  }
  const hold = heldFor(state, given, parking.command);
  if ('refusal' in hold) return refuse(hold.refusal);
  const asked = {
    approval: ApprovalId.parse(`A-${authority.approvals.size + 1}`),
    tier: parking.tier,
    persons: parking.tier >= 4 ? 2 : 1,
    expiresAtMs: hold.untilMs,
  };
  return {
    decision: {
      kind: 'approval-requested',
      ...asked,
      ...(hold.events.length === 0 ? {} : { heldUntilMs: hold.untilMs }),
    },
    events: [
      {
        kind: 'approval-requested',
        ...asked,
        command: withoutWords(parking.command),
        digest,
        ...(parking.act.tenant === undefined ? {} : { tenant: parking.act.tenant }),
        why: parking.why.slice(0, 16).map((line) => line.slice(0, 300)),
        need: parking.act.need,
        ...mandateIn(parking),
      },
      ...hold.events,
    ],
  };
}

/** The approval that waits for the same principal and the same wish already. */
export function waitingFor(
  state: State,
  asked: { readonly actor: Actor; readonly command: ParkedCommand; readonly atMs: number },
): Approval | undefined {
  const digest = boundDigest(asked.command);
  return ownApprovals(state, asked.actor, asked.atMs).find((approval) => approval.digest === digest);
}

function ownApprovals({ authority }: State, { principal }: Actor, atMs: number): readonly Approval[] {
  return openApprovals(authority, atMs).filter(({ requestedBy }) => requestedBy.principal === principal);
}

function mandateIn({ mandate }: Pick<Parking, 'mandate'>): { mandate?: MandateId } {
  return mandate === undefined ? {} : { mandate };
}

function requested({ id, tier, persons, expiresAtMs }: Approval): Outcome['decision'] {
  return { kind: 'approval-requested', approval: id, tier, persons, expiresAtMs };
}

type Hold = { readonly untilMs: number; readonly events: readonly Event[] } | { readonly refusal: Refusal };

/** The lease on a plan while it waits. What cannot be held waits without one, until its plan expires. */
function heldFor(state: State, given: CommandGiven, command: ParkedCommand): Hold {
  if (!('planDigest' in command)) return { untilMs: given.atMs + patienceMs, events: [] };
  const { plan, planDigest } = command;
  const held = state.leases.get(plan)?.untilMs ?? 0;
  if (held >= given.atMs + holdS * 1000) return { untilMs: held, events: [] };
  const { decision, events } = holdPlan(state, given, { kind: 'hold-plan', plan, planDigest, leaseS: holdS });
  if (decision.kind === 'plan-held') return { untilMs: decision.untilMs, events };
  if (decision.kind === 'refused' && decision.refusal.kind === 'not-supported')
    return { untilMs: given.archive.plan(planDigest).expiresAtMs, events: [] };
  if (decision.kind === 'refused') return { refusal: decision.refusal };
  throw new Error(`holding a plan came to \`${decision.kind}\``);
}

type Voicing = Extract<Command, { kind: 'approve-plan' | 'reject-plan' }>;

/** The approval that a person speaks about, or why nothing can be said about it any more. */
export function spokenOf(
  { authority }: State,
  command: Voicing,
  atMs: number,
): { readonly approval: Approval } | { readonly refusal: Refusal } {
  const { approval: id } = command;
  const approval = approvalOf(authority, id);
  if (approval === undefined) return { refusal: { kind: 'approval-void', approval: id, why: 'unknown' } };
  const state = approvalStateAt(approval, atMs);
  const endedMs = approval.end?.atMs ?? approval.expiresAtMs;
  if (state !== 'open')
    return { refusal: { kind: 'approval-void', approval: id, why: state, atMs: endedMs } };
  if (command.planDigest !== approval.digest || command.plan !== planOf(approval))
    return { refusal: { kind: 'approval-void', approval: id, why: 'other-digest' } };
  return { approval };
}

/** The plan that an approval is about, if it is about one. */
export function planOf({ command }: Pick<Approval, 'command'>): PlanId | undefined {
  return 'plan' in command ? command.plan : undefined;
}

type Speaker = {
  readonly actor: Actor;
  readonly signature: 'valid' | 'absent' | 'invalid';
  readonly publicKey: PublicKey | undefined;
  readonly signedAtMs: number;
  readonly atMs: number;
};

type MayNot = Extract<Refusal, { kind: 'may-not-decide' }>;

/** Why somebody's word does not count: no person, no valid signature, or a yes to what is theirs. */
export function maySpeak(
  state: State,
  approval: Approval,
  speaker: Speaker,
  isYes: boolean,
): MayNot | undefined {
  const { actor, signature, signedAtMs, atMs } = speaker;
  const { principal } = actor;
  const no = (why: MayNot['why'], note: string): MayNot => {
    return { kind: 'may-not-decide', approval: approval.id, principal, why, note };
  };
  if (isAgent(principal)) return no('no-person', 'only a person decides');
  if (actor.byHand !== true)
    return no('not-by-hand', 'a person decides at a terminal, not through a tool or an assistant');
  if (signature !== 'valid') return no('signature', `its signature is ${signature}`);
  if (
    signedAtMs > atMs + skewMs ||
    signedAtMs < approval.requestedAtMs - skewMs ||
    signedAtMs < atMs - skewMs
  )
    return no('signature', 'it was signed at another time');
  return isYes ? ownInterest(state, approval, { ...speaker, no }) : undefined;
}

function ownInterest(
  { authority }: State,
  approval: Approval,
  {
    actor: { principal },
    publicKey,
    no,
  }: Speaker & { readonly no: (why: MayNot['why'], note: string) => MayNot },
): MayNot | undefined {
  const { tier, requestedBy, mandate, need, voices } = approval;
  if (voices.some((voice) => voice.principal === principal))
    return no('twice', 'another person is still missing');
  if (tier < 3) return undefined;
  if (requestersOf(requestedBy).includes(principal))
    return no('requester', 'nobody says yes to what is asked in their name');
  if (isHandOfAnother(authority, approval, { principal, publicKey }))
    return no('key-of-another', 'whoever asked, or has said yes, had the key recorded: its owner does that');
  const sponsors = mandate === undefined ? [] : sponsorsOf(authority, mandate);
  const isSmall =
    need.blastGpus <= sponsorLimit.gpus && (need.spendMicroEur ?? Infinity) <= sponsorLimit.spendMicroEur;
  if (!sponsors.includes(principal) || (isSmall && tier < 4)) return undefined;
  return no(
    'sponsor',
    `a sponsor decides alone up to ${sponsorLimit.gpus} GPUs and ${sponsorLimit.spendMicroEur / 1_000_000} EUR`,
  );
}

/**
 * Whether one person could be two: a key that was recorded by somebody else for its owner may be in the hands of either.
 * It does not count beside the other one's wish or yes, whoever of the two speaks first.
 */
function isHandOfAnother(
  { keys }: Authority,
  { requestedBy, voices }: Approval,
  { principal, publicKey }: { readonly principal: PrincipalId; readonly publicKey: PublicKey | undefined },
): boolean {
  const by = publicKey === undefined ? undefined : keys.get(publicKey)?.by;
  const others = new Set([...requestersOf(requestedBy), ...voices.map((voice) => voice.principal)]);
  if (by !== undefined && by !== principal && others.has(by)) return true;
  return [...keys.values()].some((key) => key.by === principal && isVoice(voices, key.principal, principal));
}

function isVoice(voices: Approval['voices'], owner: PrincipalId, besides: PrincipalId): boolean {
  return owner !== besides && voices.some((voice) => voice.principal === owner);
}
