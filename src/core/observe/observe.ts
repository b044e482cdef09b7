import type { Command } from '../../model/command.ts';
import { isStanding } from '../../model/contract.ts';
import type { Contract } from '../../model/contract.ts';
import type { Decision, Outcome } from '../../model/decision.ts';
import type { Event } from '../../model/event.ts';
import type { Finding, Observed } from '../../model/finding.ts';
import type { Measurement } from '../../model/measurement.ts';
import type { Refusal } from '../../model/refusal.ts';
import type { CommandGiven } from '../given.ts';
import { endedBy } from '../life/commit.ts';
import { refuse } from '../refuse.ts';
import { contractOf, type State } from '../state.ts';
import { busyMilli } from './by-metrics.ts';
import { findingsOf, termNames } from './judge.ts';
import { Lens } from './lens.ts';
import { windowCount, windowS } from './windows.ts';

type Observe = Extract<Command, { kind: 'observe-contract' }>;

/** Compares what a contract promises with what was measured of it, and says where a promise was broken or is kept again. */
export function observeContract(state: State, given: CommandGiven, command: Observe): Outcome {
  const { atMs, measurement } = given;
  if (measurement === undefined) throw new Error('a contract is looked at without a measurement');
  const contract = contractOf(state, command.contract);
  if (contract === undefined) return refuse({ kind: 'contract-unknown', contract: command.contract });
  if (!isStanding(contract, atMs)) return refuse(endedBy(contract, atMs));
  const no = unusable(state, contract, { measurement, atMs });
  if (no !== undefined) return refuse({ kind: 'observation-refused', contract: contract.id, ...no });
  const observed = judged(state, contract, { given, command, measurement });
  return outcomeOf(state, contract, observed);
}

function unusable(
  { observed }: State,
  { id, version, placement }: Contract,
  { measurement, atMs }: { readonly measurement: Measurement; readonly atMs: number },
): Pick<Extract<Refusal, { kind: 'observation-refused' }>, 'why' | 'note'> | undefined {
  const { untilMs } = measurement;
  if (measurement.contract !== id)
    return { why: 'other-contract', note: `it was of ${measurement.contract}` };
  if (measurement.version !== version)
    return { why: 'other-version', note: `it was of version ${measurement.version}, not ${version}` };
  if (measurement.windowS !== windowS || measurement.windowCount !== windowCount)
    return { why: 'other-windows', note: `${windowCount} windows of ${windowS} s are looked at` };
  if (untilMs > atMs) return { why: 'future', note: 'it ends in the future' };
  if (atMs - untilMs > windowCount * windowS * 1000)
    return { why: 'too-old', note: `it is older than its ${windowCount} windows are long` };
  if (untilMs < (observed.get(id)?.last.untilMs ?? 0))
    return { why: 'not-newer', note: 'a later measurement was recorded already' };
  return placement.startMs > untilMs ? { why: 'not-begun', note: 'the contract had not begun' } : undefined;
}

type Judged = { readonly given: CommandGiven; readonly command: Observe; readonly measurement: Measurement };

function judged(state: State, contract: Contract, { given, command, measurement }: Judged): Observed {
  const { atMs, verdict } = given;
  const last = state.observed.get(contract.id)?.last.findings ?? [];
  const broken = new Set(last.flatMap(({ term, result }) => (result === 'broken' ? [term] : [])));
  for (const term of state.observed.get(contract.id)?.breach?.terms ?? []) broken.add(term);
  const findings = findingsOf(state, {
    contract,
    measurement,
    broken,
    atMs,
    ...(verdict === undefined ? {} : { verdict }),
  });
  const busy = busyMilli(contract, new Lens(measurement, contract.placement.startMs));
  return {
    version: contract.version,
    measurement: command.measurement,
    atMs,
    untilMs: measurement.untilMs,
    findings: [...findings],
    ...(busy === undefined ? {} : { busyMilli: busy }),
  };
}

/** A breach begins with the first guaranteed term that is broken and ends when none is: what is not known ends nothing. */
function outcomeOf(state: State, contract: Contract, observed: Observed): Outcome {
  const { id } = contract;
  const before = state.observed.get(id)?.breach;
  const firm = new Set(
    termNames(contract.terms).flatMap(({ term, name }) => (term.strength === 'guaranteed' ? [name] : [])),
  );
  const now = new Map(observed.findings.map((finding) => [finding.term, finding]));
  const broken = observed.findings.filter(({ term, result }) => result === 'broken' && firm.has(term));
  const fresh = broken.filter(({ term }) => before?.terms.includes(term) !== true);
  const open = (before?.terms ?? []).filter((term) => now.get(term)?.result === 'not-measured');
  const events: Event[] = [{ kind: 'contract-observed', contract: id, ...observed }];
  const { measurement, atMs } = observed;
  if (fresh.length > 0)
    events.push({ kind: 'contract-breached', contract: id, measurement, atMs, ...breachOf(fresh) });
  const isRestored = before !== undefined && broken.length === 0 && open.length === 0;
  if (isRestored)
    events.push({
      kind: 'contract-restored',
      contract: id,
      measurement,
      atMs,
      terms: [...before.terms],
      sinceMs: before.sinceMs,
    });
  return { decision: decisionOf(observed, id, { isBroken: fresh.length > 0, isRestored }), events };
}

function breachOf(findings: readonly Finding[]): {
  terms: string[];
  places: Finding['places'] & object;
  why: string;
} {
  const places = [...new Set(findings.flatMap((finding) => finding.places ?? []))].slice(0, 16);
  const why = findings.map(({ term, delivered }) => `${term}: ${delivered}`).join('; ');
  return { terms: findings.map(({ term }) => term), places, why: why.slice(0, 300) };
}

function decisionOf(
  { findings, measurement }: Observed,
  contract: Contract['id'],
  { isBroken, isRestored }: { readonly isBroken: boolean; readonly isRestored: boolean },
): Decision {
  const count = (result: Finding['result']) => findings.filter((finding) => finding.result === result).length;
  const kind = isBroken ? 'contract-breached' : isRestored ? 'contract-restored' : 'contract-observed';
  const counts = { kept: count('kept'), broken: count('broken'), unmeasured: count('not-measured') };
  return { kind, contract, measurement, ...counts };
}
