import { followedObservation, type Standing } from '../core/observe/follow.ts';
import { observeContract } from '../core/observe/observe.ts';
import { watchOf } from '../core/observe/watch.ts';
import { contractOf, type State } from '../core/state.ts';
import { digestOf } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import { type Contract, isStanding } from '../model/contract.ts';
import type { Decision, Outcome } from '../model/decision.ts';
import type { Observed } from '../model/finding.ts';
import { type ContractId, IdemKey } from '../model/id.ts';
import { Measurement, type Watch } from '../model/measurement.ts';
import type { ObservationResult } from '../model/observation-result.ts';
import { mayActFor, requireOperator } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { requestHash } from './once.ts';
import { remediesFor } from './remedying.ts';
import { verdictFor } from './ruling.ts';
import { observedView } from './views/observed-view.ts';
import { zoneOf } from './views/plan-view.ts';
import { refusalView } from './views/refusal-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';

/** What is to be measured now: of one contract, or of all that run. */
export async function watches(door: Door, caller: Caller, id?: ContractId): Promise<readonly Watch[]> {
  const { state, nowMs } = await door.moment();
  const asked = id === undefined ? [...state.contracts] : [contractFor(state, caller, id)];
  const running = asked.filter(
    (contract) =>
      mayActFor(caller, contract.tenant) &&
      (id !== undefined || (isStanding(contract, nowMs) && contract.placement.startMs <= nowMs)),
  );
  return running.map((contract) => watchOf(state, contract, nowMs));
}

/**
 * Judges what was measured of a contract. With `record` it goes through the door, if it is news: other results than those
 * that were recorded last. Where a promise is broken, plans are offered that would mend it.
 */
export async function observe(
  door: Door,
  caller: Caller,
  { measurement, record }: { readonly measurement: Measurement; readonly record: boolean },
): Promise<ObservationResult> {
  requireOperator(caller, 'look after contracts');
  const checked = Measurement.parse(measurement);
  const moment = await door.moment();
  const contract = contractFor(moment.state, caller, checked.contract);
  const command = {
    kind: 'observe-contract',
    contract: contract.id,
    measurement: digestOf(checked),
  } as const;
  const verdict = verdictFor(moment.state, contract.demand, moment.nowMs);
  const given = { atMs: moment.nowMs, archive: door.library, verdict, measurement: checked };
  const outcome = observeContract(moment.state, given, command);
  if (record && isNews(moment.state, contract, outcome)) {
    await door.library.keepMeasurement(checked);
    return recorded(door, caller, { command, contract, moment });
  }
  return shown(door, caller, { outcome, contract, moment });
}

/** Whether anything came out otherwise than it was recorded last. Refusals are answered by the door. */
function isNews({ observed }: State, { id }: Contract, { decision, events }: Outcome): boolean {
  if (decision.kind !== 'contract-observed') return true;
  const [event] = events;
  const before = observed.get(id)?.last;
  if (event?.kind !== 'contract-observed' || before === undefined) return true;
  return before.version !== event.version || resultsOf(before) !== resultsOf(event);
}

function resultsOf({ findings }: Pick<Observed, 'findings'>): string {
  return findings.map(({ term, result }) => `${term} ${result}`).join();
}

type Asked = { readonly contract: Contract; readonly moment: Moment };

async function recorded(
  door: Door,
  caller: Caller,
  { command, contract, moment }: Asked & { readonly command: Extract<Command, { kind: 'observe-contract' }> },
): Promise<ObservationResult> {
  const hash = requestHash(command.kind, command);
  const short = command.measurement.slice('sha256:'.length, 'sha256:'.length + 16);
  const key = IdemKey.parse(`observe:${contract.id}:${short}:after-${moment.head.seq}`);
  const passed = await door.pass(caller, command, { key, tenant: contract.tenant, hash });
  door.library.forgetMeasurement(command.measurement);
  if (passed.kind === 'refused') return rejected(passed.moment, contract, passed.decision);
  const { state } = passed.moment;
  const { decision, seq, digest } = passed.entry;
  const standing = state.observed.get(contract.id);
  if (standing === undefined) throw new Error(`entry ${seq} looked at nothing`);
  return {
    snapshot: snapshotOf(passed.moment, zoneOf(state, contract.demand)),
    decision: wordOf(decision),
    observed: observedView(state, contract, standing),
    isRecorded: true,
    entry: { seq, digest },
    remedies: await remediesIn(door, caller, { contract, moment: passed.moment, standing }),
  };
}

/** The same without an entry. */
async function shown(
  door: Door,
  caller: Caller,
  { outcome, contract, moment }: Asked & { readonly outcome: Outcome },
): Promise<ObservationResult> {
  const { decision, events } = outcome;
  if (decision.kind === 'refused') return rejected(moment, contract, decision);
  let observed: ReadonlyMap<ContractId, Standing> = moment.state.observed;
  for (const event of events)
    if (
      event.kind === 'contract-observed' ||
      event.kind === 'contract-breached' ||
      event.kind === 'contract-restored'
    )
      observed = followedObservation(observed, event);
  const standing = observed.get(contract.id);
  if (standing === undefined) throw new Error(`${contract.id} was looked at without a finding`);
  return {
    snapshot: snapshotOf(moment, zoneOf(moment.state, contract.demand)),
    decision: wordOf(decision),
    observed: observedView(moment.state, contract, standing),
    isRecorded: false,
    remedies: await remediesIn(door, caller, { contract, moment, standing }),
  };
}

async function remediesIn(
  door: Door,
  caller: Caller,
  { contract, moment, standing: { breach } }: Asked & { readonly standing: Standing },
): Promise<ObservationResult['remedies']> {
  const now = contractOf(moment.state, contract.id) ?? contract;
  return breach === undefined ? [] : remediesFor(door, caller, { moment, contract: now, breach });
}

function rejected(
  moment: Moment,
  { demand }: Contract,
  { refusal }: Extract<Decision, { kind: 'refused' }>,
): ObservationResult {
  const zone = zoneOf(moment.state, demand);
  return {
    snapshot: snapshotOf(moment, zone),
    decision: 'rejected',
    refusal: refusalView(refusal, undefined, zone),
    isRecorded: false,
    remedies: [],
  };
}

function wordOf({ kind }: Decision): ObservationResult['decision'] {
  if (kind === 'contract-breached') return 'breached';
  return kind === 'contract-restored' ? 'restored' : 'observed';
}
