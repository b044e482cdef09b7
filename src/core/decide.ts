import type { Command } from '../model/command.ts';
import { isStanding } from '../model/contract.ts';
import type { Outcome } from '../model/decision.ts';
import type { Digest } from '../model/id.ts';
import type { RunCommand } from '../model/run.ts';
import { govern } from './authority/govern.ts';
import { recordAuthority } from './authority/records.ts';
import { bind, reportBinding } from './binding/bind.ts';
import type { CommandGiven } from './given.ts';
import { liftOverride, overrideRule, recordFacts, retractFact } from './governance/record.ts';
import { denyWaiver } from './governance/waiver.ts';
import { changeContract, commitPlan, endedBy, versionMoved } from './life/commit.ts';
import { lapse } from './life/lapse.ts';
import { dropHold, holdPlan } from './life/lease.ts';
import { cancelMaintenance, startMaintenance } from './life/maintenance.ts';
import { usedMicroEur } from './life/used.ts';
import { observeContract } from './observe/observe.ts';
import { refuse } from './refuse.ts';
import { keepJournal } from './run/journal.ts';
import { contractOf, type State } from './state.ts';
import { addTemplate } from './template/add.ts';

/**
 * The one function that decides. Pure: same state, same arguments, same bytes. A yes carries the events that
 * make it true; a no carries its reasons and no events. Throws only where the caller broke the contract of
 * this function (a commit without a verdict, a digest that the archive does not hold).
 */
export function decide(before: State, given: CommandGiven, command: Command): Outcome {
  const state = lapse(before, given.atMs);
  const { by } = given;
  // A journal says what was done elsewhere, and by whom; only its own agent keeps it.
  if (by !== undefined && isJournal(command))
    return keepJournal(state, { actor: by.actor, atMs: given.atMs }, command);
  // The answer is no to everybody, so nobody's right to ask is in question, and everybody's no is recorded.
  return by === undefined || command.kind === 'waive-rules'
    ? carryOut(state, given, command)
    : govern(state, { ...given, by }, command, carryOut);
}

function isJournal(command: Command): command is RunCommand {
  const { kind } = command;
  return kind === 'begin-run' || kind === 'note-run' || kind === 'end-run';
}

/** The decision itself, whoever gives the command. */
function carryOut(state: State, given: CommandGiven, command: Command): Outcome {
  switch (command.kind) {
    case 'register-tenant':
      return {
        decision: { kind: 'tenant-registered', tenant: command.tenant.id },
        events: [{ kind: 'tenant-registered', tenant: command.tenant }],
      };
    case 'record-observation':
      return recordObservation(given, command.observation);
    case 'commit-plan':
      return commitPlan(state, given, command);
    case 'release-contract':
      return releaseContract(state, given, command);
    case 'change-contract':
      return changeContract(state, given, command);
    case 'hold-plan':
      return holdPlan(state, given, command);
    case 'drop-hold':
      return dropHold(state, command);
    case 'start-maintenance':
      return startMaintenance(state, given, command);
    case 'cancel-maintenance':
      return cancelMaintenance(state, given, command);
    case 'record-facts':
      return recordFacts(state, given, command);
    case 'retract-fact':
      return retractFact(state, command);
    case 'override-rule':
      return overrideRule(state, given, command);
    case 'lift-override':
      return liftOverride(state, given, command);
    case 'waive-rules':
      return denyWaiver(state, given, command);
    case 'add-template':
      return addTemplate(state, command);
    case 'erase-asides':
      return {
        decision: { ...command, kind: 'asides-erased' },
        events: [{ ...command, kind: 'asides-erased' }],
      };
    case 'bind':
      return bind(state, given, command);
    case 'report-binding':
      return reportBinding(state, given, command);
    case 'observe-contract':
      return observeContract(state, given, command);
    case 'approve-plan':
    case 'reject-plan':
    case 'begin-run':
    case 'note-run':
    case 'end-run':
      return refuse({ kind: 'not-supported', feature: `the command \`${command.kind}\`` });
    case 'register-team':
    case 'register-principal':
    case 'register-key':
    case 'revoke-key':
    case 'grant-mandate':
    case 'revoke-mandate':
    case 'stop':
    case 'resume':
    case 'register-model':
    case 'register-tools':
      return recordAuthority(state, given.atMs, command);
    default:
      return command satisfies never;
  }
}

function recordObservation({ archive }: CommandGiven, observation: Digest): Outcome {
  const { facts } = archive.observation(observation);
  const subjects = new Set(facts.map((fact) => `${fact.kind} ${fact.subject}`));
  return {
    decision: { kind: 'observation-recorded', observation, subjectCount: subjects.size },
    events: [{ kind: 'observation-recorded', observation }],
  };
}

function releaseContract(
  state: State,
  { atMs }: CommandGiven,
  command: Extract<Command, { kind: 'release-contract' }>,
): Outcome {
  const contract = contractOf(state, command.contract);
  if (contract === undefined) return refuse({ kind: 'contract-unknown', contract: command.contract });
  const moved = versionMoved(contract, command.expectedVersion);
  if (moved !== undefined) return refuse(moved);
  if (!isStanding(contract, atMs)) return refuse(endedBy(contract, atMs));
  return {
    decision: {
      kind: 'contract-released',
      contract: contract.id,
      atMs,
      usedMicroEur: usedMicroEur(contract, atMs),
    },
    events: [{ kind: 'contract-released', contract: contract.id, atMs }],
  };
}
