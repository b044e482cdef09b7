import type { Actor } from '../../model/actor.ts';
import { isAgent } from '../../model/authority.ts';
import type { Command } from '../../model/command.ts';
import type { Outcome } from '../../model/decision.ts';
import type { Event } from '../../model/event.ts';
import type { MandateId, RunId } from '../../model/id.ts';
import type { Refusal } from '../../model/refusal.ts';
import type { Acting, ActVerdict, CommandGiven } from '../given.ts';
import { refuse } from '../refuse.ts';
import { costOf, noSuchRun, ownRun, runFaults } from '../run/limits.ts';
import type { State } from '../state.ts';
import { type Act, actOf } from './act.ts';
import { isParkable, maySpeak, park, spokenOf, waitingFor } from './approvals.ts';
import type { Approval } from './authority.ts';
import { budgetEvents } from './budget.ts';
import { type Besides, faultsOf, mandateFor } from './mandates.ts';
import { tooFast } from './pace.ts';
import { principalStopped, stopHit } from './stops.ts';

/** Carries a command out, whoever gives it. */
type CarryOut = (state: State, given: CommandGiven, command: Command) => Outcome;

export type Governed = CommandGiven & { readonly by: Acting };

/**
 * Asks who gives a command before it is carried out: stops, rules, for agents a mandate and its pace, and then how much
 * say people have in it. A yes is a yes only when all of them say so; what needs a person waits for one.
 */
export function govern(state: State, given: Governed, command: Command, carryOut: CarryOut): Outcome {
  const { actor, verdict } = given.by;
  const act = actOf(state, command, given);
  const barred = barrierOf(state, { actor, verdict, act });
  if (isAgent(actor.principal)) return governAgent(state, given, { command, act, barred }, carryOut);
  if (barred !== undefined) return refuse(barred);
  if (command.kind === 'approve-plan') return approve(state, given, command, carryOut);
  if (command.kind === 'reject-plan') return reject(state, given, command);
  return carryOrPark(state, given, { command, act, actor, verdict }, carryOut);
}

type Asking = { readonly actor: Actor; readonly verdict: ActVerdict; readonly act: Act };

/** A stop or a rule in the way. To stop and to resume only a stop of the caller itself is in the way. */
function barrierOf({ authority }: State, { actor, verdict, act }: Asking): Refusal | undefined {
  const stop =
    act.action === 'stop' ? principalStopped(authority, actor) : stopHit(authority, actor, act.tenant);
  if (stop !== undefined) return stop;
  if (verdict.answer === 'allowed') return undefined;
  return { kind: 'not-authorised', principal: actor.principal, action: act.action, hits: [...verdict.hits] };
}

type AgentAct = { readonly command: Command; readonly act: Act; readonly barred: Refusal | undefined };

/** Every command of an agent that has a mandate is an entry, also a refused one; only its pace is refused silently. */
function governAgent(
  state: State,
  given: Governed,
  { command, act, barred }: AgentAct,
  carryOut: CarryOut,
): Outcome {
  const { authority } = state;
  const { actor, verdict } = given.by;
  const before = isParkable(command) ? waitingFor(state, { actor, command, atMs: given.atMs }) : undefined;
  const besides = { ...besidesOf(command), ...(before === undefined ? {} : { approval: before }) };
  const asked = { act, atMs: given.atMs, besides };
  const spendMicroEur = before === undefined ? costOf(state, command, act) : 0;
  const { mandate, faults } =
    actor.run === undefined
      ? mandateFor(authority, actor.principal, asked)
      : inRun(state, actor, { ...asked, costMicroEur: spendMicroEur });
  const record = mandate === undefined ? undefined : authority.mandates.get(mandate);
  const outside: Refusal | undefined =
    faults.length === 0
      ? undefined
      : {
          kind: 'outside-mandate',
          principal: actor.principal,
          ...inMandate(mandate),
          faults: faults.slice(0, 32),
        };
  const refusal = barred ?? outside;
  if (mandate === undefined || record === undefined) return refuse(refusal ?? noMandate(actor));
  const request = act.request();
  const fast = tooFast(record, request, given.atMs);
  if (fast !== undefined) return refuse(fast);
  const outcome =
    refusal === undefined
      ? carryOrPark(state, given, { command, act, actor, verdict, mandate }, carryOut)
      : refuse(refusal);
  const used: Event[] = [
    { kind: 'mandate-used', mandate, request },
    ...usedRun(actor, outcome, spendMicroEur),
  ];
  return { ...outcome, events: [...used, ...outcome.events] };
}

/** In a run only its own mandate counts, whatever others the agent has, and the limits of the run besides. */
function inRun(
  state: State,
  actor: Actor & { readonly run?: RunId | undefined },
  asked: Parameters<typeof faultsOf>[2] & { readonly costMicroEur: number | undefined },
): ReturnType<typeof mandateFor> {
  const run = ownRun(state, actor);
  if (run === undefined) return { faults: actor.run === undefined ? [] : [noSuchRun(actor.run)] };
  const { mandate } = run;
  return { mandate, faults: [...runFaults(run, asked), ...faultsOf(state.authority, mandate, asked)] };
}

/** A deed stands in its run, also one that was refused on record, which costs nothing. */
function usedRun({ run }: Actor, { decision }: Outcome, spendMicroEur: number | undefined): readonly Event[] {
  if (run === undefined) return [];
  return [{ kind: 'run-used', run, spendMicroEur: decision.kind === 'refused' ? 0 : (spendMicroEur ?? 0) }];
}

function noMandate({ principal }: Actor): Refusal {
  const fault = { limit: 'mandate' as const, asked: principal, left: 'no mandate was granted to it' };
  return { kind: 'outside-mandate', principal, faults: [fault] };
}

function besidesOf(command: Command): Besides {
  return 'contract' in command ? { contract: command.contract } : {};
}

type Wanted = Asking & { readonly command: Command; readonly mandate?: MandateId };

function carryOrPark(state: State, given: Governed, wanted: Wanted, carryOut: CarryOut): Outcome {
  const { command, act, actor, verdict, mandate } = wanted;
  const done = carryOut(state, given, command);
  if (done.decision.kind === 'refused') return done;
  if (isParkable(command) && needsPerson(verdict, actor)) {
    const { tier, why } = verdict;
    return park(state, given, { command, actor, act, tier, why, ...inMandate(mandate) });
  }
  return settled(state, given, done, { act, ...inMandate(mandate) });
}

/**
 * Tier 2 is the requester's own yes, which a person who acts by hand has given by acting, and one who was asked in a
 * form by answering it. An agent answers no form for a person.
 */
function needsPerson({ tier }: ActVerdict, { principal, byHand, confirmed }: Actor): boolean {
  const ownYes = byHand === true || (confirmed === 'form' && !isAgent(principal));
  return tier >= 3 || (tier === 2 && !ownYes);
}

function settled(
  state: State,
  { atMs }: CommandGiven,
  { decision, events }: Outcome,
  under: { readonly act: Act; readonly mandate?: MandateId },
): Outcome {
  return { decision, events: [...events, ...budgetEvents(state, events, { ...under, atMs })] };
}

function inMandate(mandate: MandateId | undefined): { mandate?: MandateId } {
  return mandate === undefined ? {} : { mandate };
}

type Of<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/** A yes. The last one that was missing does what was asked for, in the name of whoever asked, if all of it still holds. */
function approve(state: State, given: Governed, command: Of<'approve-plan'>, carryOut: CarryOut): Outcome {
  const spoken = spokenOf(state, command, given.atMs);
  if ('refusal' in spoken) return refuse(spoken.refusal);
  const { approval } = spoken;
  const { signedAtMs, publicKey } = command;
  const deaf = maySpeak(state, approval, { ...given.by, publicKey, signedAtMs, atMs: given.atMs }, true);
  if (deaf !== undefined) return refuse(deaf);
  const by = given.by.actor.principal;
  const said: Event = { kind: 'approval-given', approval: approval.id, by, signedAtMs };
  const missing = personsNow(given.by.parked, approval) - approval.voices.length - 1;
  if (missing > 0)
    return { decision: { kind: 'approval-counted', approval: approval.id, missing }, events: [said] };
  const done = carryOutParked(state, given, approval, carryOut);
  if (done.decision.kind === 'refused') return done;
  return { decision: done.decision, events: [said, ...done.events, usedUp(approval, done)] };
}

/** The rules may want more people by now than when it was asked for; never fewer. */
function personsNow(parked: ActVerdict | undefined, { persons }: Approval): number {
  return parked !== undefined && parked.tier >= 4 ? 2 : persons;
}

function usedUp({ id }: Approval, { events }: Outcome): Event {
  const granted = events.find((event) => event.kind === 'contract-granted');
  return {
    kind: 'approval-used',
    approval: id,
    ...(granted === undefined ? {} : { contract: granted.contract }),
  };
}

/** The parked command by whoever asked for it, asked everything again on the state as it is now. */
function carryOutParked(state: State, given: Governed, approval: Approval, carryOut: CarryOut): Outcome {
  const { command, requestedBy: actor, mandate } = approval;
  const { parked: verdict } = given.by;
  if (verdict === undefined) throw new Error('a parked command needs the verdict on whoever asked for it');
  const act = actOf(state, command, given);
  const barred = barrierOf(state, { actor, verdict, act });
  if (barred !== undefined) return refuse(barred);
  const besides = { ...besidesOf(command), approval };
  const faults =
    mandate === undefined ? [] : faultsOf(state.authority, mandate, { act, atMs: given.atMs, besides });
  if (faults.length > 0)
    return refuse({
      kind: 'outside-mandate',
      principal: actor.principal,
      ...inMandate(mandate),
      faults: faults.slice(0, 32),
    });
  const done = carryOut(state, given, command);
  if (done.decision.kind === 'refused') return done;
  const events = done.events.map((event) =>
    event.kind === 'contract-granted' ? { ...event, approval: approval.id } : event,
  );
  return settled(state, given, { ...done, events }, { act, ...inMandate(mandate) });
}

/** A no, which gives up what was held meanwhile. Whoever asked may take it back so. */
function reject(state: State, given: Governed, command: Of<'reject-plan'>): Outcome {
  const spoken = spokenOf(state, command, given.atMs);
  if ('refusal' in spoken) return refuse(spoken.refusal);
  const { approval } = spoken;
  const { signedAtMs, publicKey, reason, plan } = command;
  const deaf = maySpeak(state, approval, { ...given.by, publicKey, signedAtMs, atMs: given.atMs }, false);
  if (deaf !== undefined) return refuse(deaf);
  const by = given.by.actor.principal;
  const isHeld = plan !== undefined && state.leases.has(plan);
  return {
    decision: { kind: 'approval-rejected', approval: approval.id },
    events: [
      { kind: 'approval-rejected', approval: approval.id, by, signedAtMs, reason },
      ...(isHeld ? [{ kind: 'hold-dropped' as const, plan }] : []),
    ],
  };
}
