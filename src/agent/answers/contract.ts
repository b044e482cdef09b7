import { ContractDetail, ContractList, type ContractView } from '../../model/contract-view.ts';
import { ContractState } from '../../model/contract.ts';
import { ChangeResult } from '../../model/deed-view.ts';
import { type PlanView } from '../../model/plan-view.ts';
import { VerifyResult } from '../../model/verify-view.ts';
import { unknownPlaces } from '../blockers.ts';
import type { Problem } from '../frame.ts';
import { forgetRequest, pointedAt } from '../memory.ts';
import { stretchOf } from '../moment.ts';
import { rawOf } from '../normalise.ts';
import { spansOf } from '../reading.ts';
import {
  contractWords,
  euros,
  listed,
  period,
  planWords,
  plural,
  priceOf,
  refusalReply,
  sentence,
} from '../reply.ts';
import { innermost, resolvePlaces } from '../slots/place.ts';
import type { SpanOf } from '../spans/span.ts';
import { type Answer, answered, asking, type Talk, unreadOf, using } from './answer.ts';
import { extremeIn, extremeReply, extremeWords, inOrderOf } from './extreme.ts';
import { outcomeOf } from './request.ts';

/** Contracts of a team, in a state, at a place. */
export async function listContracts(talk: Talk): Promise<Answer> {
  const { reading } = talk;
  const spans = spansOf(reading, 'place');
  const { places, problems } = resolvePlaces(reading, spans, spans);
  const open = [...problems, ...unknownPlaces(talk)];
  if (open.length > 0) return asking(talk, open, 'To list contracts I need to know');
  const guarantee = guaranteeIn(talk);
  const state = stateIn(talk, guarantee);
  const [tenant] = spansOf(reading, 'tenant');
  const withins = innermost(places).map(({ path }) => ({ within: path }));
  const contracts = new Map<string, ContractList['contracts'][number]>();
  let list: ContractList | undefined;
  for (const within of withins.length === 0 ? [{}] : withins) {
    const args = {
      ...within,
      ...(tenant === undefined ? {} : { tenant: tenant.tenant }),
      ...(state === undefined ? {} : { state }),
      limit: 200,
    };
    list = await talk.calls.ask('contract_search', args, ContractList);
    for (const contract of list.contracts) contracts.set(contract.id, contract);
  }
  const models = spansOf(reading, 'model').flatMap((span) => span.models);
  const extreme = extremeIn(reading.line.text);
  const fitting = [...contracts.values()].filter(
    (contract) =>
      isOfModel(contract, models) &&
      isInTime(contract, talk) &&
      (guarantee === undefined || contract.guarantee === guarantee) &&
      ((guarantee ?? extreme) === undefined || isLive(contract)),
  );
  const found = extreme === undefined ? fitting : inOrderOf(extreme, fitting);
  const gpus = found.reduce((sum, { gpuCount }) => sum + gpuCount, 0);
  talk.memory.list = { kind: 'contracts', ids: found.map(({ id }) => id) };
  const reply =
    extreme !== undefined
      ? extremeReply(extreme, found)
      : found.length === 0
        ? 'No contract fits that.'
        : `${plural(found.length, 'contract')} with ${plural(gpus, 'GPU')}: ${listed(found.map(contractWords), 6)}.`;
  const shown =
    list === undefined
      ? []
      : [{ kind: 'contracts' as const, list: { ...list, contracts: [...found], total: found.length } }];
  return answered(
    talk,
    reply,
    shown,
    using(
      ['place', 'tenant', 'gpus', 'model', ...(asksEnd(talk) ? ['time'] : [])],
      ['guarantee', ...(extreme === undefined ? [] : ['objective'])],
    ),
    new RegExp(
      `\\b(?:${ContractState.options.join('|')}|end|ends|ending|expir\\w*|finish\\w*|everything|pays?|paying)\\b${extreme === undefined ? '' : `|${extremeWords.source}`}`,
      'gu',
    ),
  );
}

/** `which contracts can be preempted` asks for a guarantee, not for what has happened to them. */
function guaranteeIn({ reading }: Talk): ContractView['guarantee'] | undefined {
  const said = spansOf(reading, 'trait').flatMap(({ trait, negative }) =>
    trait.slot === 'guarantee' && negative !== true ? [trait.value] : [],
  );
  return said.length === 1 ? said[0] : undefined;
}

function stateIn(
  { reading: { line } }: Talk,
  guarantee: string | undefined,
): ContractView['state'] | undefined {
  const state = ContractState.options.find((one) => new RegExp(`\\b${one}\\b`, 'u').test(line.text));
  return state === 'preempted' && guarantee !== undefined ? undefined : state;
}

function isLive({ state }: ContractView): boolean {
  return state === 'granted' || state === 'bound' || state === 'active';
}

function isOfModel({ gpuModel }: ContractView, models: readonly string[]): boolean {
  return models.length === 0 || (gpuModel !== undefined && models.includes(gpuModel));
}

/** `contracts ending this week`, `contracts that expire before Friday`. */
function isInTime({ endMs }: ContractView, talk: Talk): boolean {
  const [time] = asksEnd(talk) ? spansOf(talk.reading, 'time') : [];
  const stretch = time === undefined ? undefined : stretchOf(time.moment, talk.zone);
  if (time === undefined || stretch === undefined) return true;
  if (endMs === undefined) return false;
  const [fromMs, toMs] = [stretch.start.toMillis(), stretch.end.toMillis()];
  if (time.role === 'deadline') return endMs <= fromMs;
  return time.role === 'earliest' ? endMs >= fromMs : endMs >= fromMs && endMs <= toMs;
}

function asksEnd({ reading }: Talk): boolean {
  return /\b(?:end|ends|ending|expir\w*|runs? out|finish\w*)\b/u.test(reading.line.text);
}

/** One contract with what was promised. */
export async function showContract(talk: Talk, id = meantContract(talk)): Promise<Answer> {
  if (id === undefined) return asking(talk, [whichContract(talk)], 'I need to know');
  const detail = await talk.calls.ask('contract_get', { contract: id }, ContractDetail);
  talk.memory.contract = detail.contract;
  const { contract } = detail;
  const reply = `${contractWords(contract)} runs ${period(contract)}, ${priceOf(contract)}${rateWords(talk, contract)}.`;
  return answered(
    talk,
    reply,
    [{ kind: 'contract', detail }],
    using(['contract', 'tenant', 'gpus', 'number']),
    /\b(?:contract|booking|reservation|cost|costs|price|total|(?:per|an?|each|every) (?:hour|day|week)|hourly|daily|weekly)\b/gu,
  );
}

/** What it costs by the hour, day or week, where the question says which. */
function rateWords({ reading }: Talk, { price: { microEurPerHour } }: ContractView): string {
  const [, unit, adverb] =
    /\b(?:per|an?|each|every) (hour|day|week)\b|\b(hour|dai|week)ly\b/u.exec(reading.line.text) ?? [];
  const hours = { hour: 1, day: 24, dai: 24, week: 168 }[unit ?? adverb ?? ''];
  if (hours === undefined || microEurPerHour === undefined) return '';
  return `, ${euros(microEurPerHour * hours)} ${unit === undefined ? `${adverb === 'dai' ? 'dai' : adverb}ly` : `a ${unit}`}`;
}

/** Shows what would be released and asks; the next yes does it. */
export async function askRelease(talk: Talk): Promise<Answer> {
  const named = [...new Set(spansOf(talk.reading, 'contract').map(({ contract }) => contract))];
  if (named.length > 1)
    return asking(
      talk,
      [{ slot: 'contract', text: `which contract first: ${named.join(' or ')}`, suggestions: named }],
      'I release one contract at a time and need to know',
    );
  const id = meantContract(talk) ?? (await onlyOneMeant(talk));
  if (id === undefined) return asking(talk, [whichContract(talk)], 'To release it I need to know');
  const denied = talk.reading.line.text.match(/\b(?:not|never|don't|except|unless|without)\b/u);
  if (denied !== null)
    return asking(
      talk,
      [{ slot: 'exception', text: `what \`${denied[0]}\` excludes`, suggestions: [] }],
      'Before releasing anything I need to know',
    );
  const detail = await talk.calls.ask('contract_get', { contract: id }, ContractDetail);
  const { contract } = detail;
  const limits = releaseLimits(talk, contract, named.length > 0);
  if (limits.length > 0) return asking(talk, limits, 'Before releasing anything I need to know');
  forgetRequest(talk.memory);
  talk.memory.contract = contract;
  talk.memory.release = { contract: contract.id, version: contract.version };
  const text = releaseQuestion(contract);
  return {
    outcome: 'needs_input',
    reply: text,
    shown: [{ kind: 'contract', detail }],
    question: { text, missing: [{ slot: 'confirm', suggestions: ['yes', 'no'] }] },
    unread: unreadOf(
      talk,
      (span) =>
        span.kind === 'contract' ||
        span.kind === 'gpus' ||
        (span.kind === 'tenant' && span.tenant === contract.tenant),
      /\b(?:release|undo|first|second|third|last)\b/gu,
    ),
  };
}

export function releaseQuestion(contract: ContractView): string {
  return `Release ${contractWords(contract)}, which runs ${period(contract)}? Its GPUs become free at once and this cannot be taken back. Say "yes" or "no".`;
}

function isNow({ moment: { day, time } }: SpanOf<'time'>): boolean {
  return day.kind === 'now' || (day.kind === 'offset' && day.days === 0 && time === undefined);
}

/** A release is of the whole contract and takes effect at once: a part or a later moment is asked about. */
function releaseLimits({ reading }: Talk, { gpuCount }: ContractView, isNamed: boolean): readonly Problem[] {
  const later = spansOf(reading, 'time').filter((span) => !isNow(span));
  const parts = [
    ...spansOf(reading, 'fraction'),
    ...spansOf(reading, 'slice'),
    ...(isNamed ? spansOf(reading, 'number') : []),
    ...spansOf(reading, 'amount').filter(
      ({ amount }) => amount.shape !== 'total' || amount.gpus !== gpuCount,
    ),
  ];
  return [...later, ...parts].map((span) => ({
    slot: 'exception',
    text: `whether all of it may end now: \`${rawOf(reading.line, span)}\` cannot be kept`,
    suggestions: [],
  }));
}

/** Does the release that was asked about. The key comes from the contract and its version: a retry is the same act. */
export async function releaseNow(
  talk: Pick<Talk, 'calls' | 'memory'>,
  release: { contract: string; version: number },
): Promise<Answer> {
  const args = {
    contract: release.contract,
    idempotencyKey: `chat-release-${release.contract}-v${release.version}`,
    expectedVersion: release.version,
  };
  const change = await talk.calls.ask('contract_release', args, ChangeResult);
  delete talk.memory.release;
  delete talk.memory.committed;
  const shown = [{ kind: 'change' as const, change }];
  if (change.decision === 'pending_approval') return pending(change, shown);
  if (change.decision === 'rejected') return rejected(change, shown);
  const reply = `${release.contract} is released; its GPUs are free.${entryWords(change)}`;
  return {
    outcome: 'answered',
    reply,
    shown,
    ...(change.contract === undefined ? {} : { contract: change.contract }),
    unread: [],
  };
}

/** Commits a plan. The key comes from the plan: saying yes twice is one contract. */
export async function commit(
  talk: Pick<Talk, 'calls' | 'memory'>,
  plan: Pick<PlanView, 'id'>,
): Promise<Answer> {
  const { memory } = talk;
  const change = await talk.calls.ask(
    'contract_commit',
    { plan: plan.id, idempotencyKey: `chat-${plan.id}` },
    ChangeResult,
  );
  const shown = [{ kind: 'change' as const, change }];
  const done = change.decision === 'committed' || change.decision === 'changed';
  if (done && change.contract !== undefined) {
    if (memory.frame !== undefined) memory.lastFrame = memory.frame;
    forgetRequest(memory);
    memory.contract = change.contract;
    memory.committed = change.contract.id;
    const again = change.replayed ? ' It had been committed before; nothing was done twice.' : '';
    const reply = `Committed as ${contractWords(change.contract)}, ${period(change.contract)}, ${priceOf(change.contract)}.${again}${entryWords(change)}`;
    return { outcome: 'committed', reply, shown, contract: change.contract, unread: [] };
  }
  delete memory.plan;
  if (change.decision === 'pending_approval') {
    forgetRequest(memory);
    return pending(change, shown);
  }
  if (change.freshPlan === undefined) return rejected(change, shown);
  memory.plan = change.freshPlan;
  const fresh = change.freshPlan;
  const reply = `The fleet has changed since this was planned. A fresh plan fits: ${planWords(fresh)} ${period(fresh)}, ${priceOf(fresh)}. Say "yes" to commit ${fresh.id}.`;
  return {
    outcome: 'stale',
    reply,
    shown: [...shown, { kind: 'plan', plan: fresh }],
    plan: fresh,
    unread: [],
  };
}

/** Checks the ledger from its first entry. */
export async function verify(talk: Talk): Promise<Answer> {
  const verification = await talk.calls.ask('ledger_verify', {}, VerifyResult);
  const bad = verification.checks.filter(({ ok }) => !ok).map(({ check, note }) => `${check} (${note})`);
  const reply = verification.ok
    ? `The ledger holds: ${plural(verification.entries, 'entry').replace(/entrys$/u, 'entries')}, ${plural(verification.checks.length, 'check')} passed, head ${verification.head.slice(0, 19)}.`
    : `The ledger does NOT hold: ${listed(bad)}.`;
  return answered(talk, reply, [{ kind: 'verification', verification }], () => false);
}

/**
 * `cancel the reservation of acme in fra1`: the contract that fits, if it is the only one. Where there are several they
 * are what the next line can point at.
 */
async function onlyOneMeant(talk: Talk): Promise<string | undefined> {
  const { reading, memory } = talk;
  const [tenant] = spansOf(reading, 'tenant');
  const spans = spansOf(reading, 'place').filter(({ negative }) => negative !== true);
  const [place, ...others] = innermost(resolvePlaces(reading, spans, spans).places);
  if (tenant === undefined || others.length > 0 || endsEach.test(reading.line.text)) return undefined;
  const within = place === undefined ? {} : { within: place.path };
  const list = await talk.calls.ask(
    'contract_search',
    { ...within, tenant: tenant.tenant, limit: 200 },
    ContractList,
  );
  const models = spansOf(reading, 'model').flatMap((span) => span.models);
  const fitting = list.contracts.filter((contract) => isLive(contract) && isOfModel(contract, models));
  memory.list = { kind: 'contracts', ids: fitting.map(({ id }) => id) };
  return fitting.length === 1 ? fitting[0]?.id : undefined;
}

/** Several at once are never one. */
const endsEach = /\b(?:all|everything|every|each|both|any|contracts|reservations|bookings|leases)\b/u;

/** The contract named, pointed at in the last list, or talked about. */
export function meantContract(talk: Talk): string | undefined {
  const [named] = spansOf(talk.reading, 'contract');
  if (named !== undefined) return named.contract;
  const { text } = talk.reading.line;
  const { list } = talk.memory;
  const index = list?.kind === 'contracts' ? pointedAt(text, list.ids.length) : undefined;
  if (index !== undefined) return list?.ids[index];
  if (/^\W*undo\b/u.test(text)) return talk.memory.committed;
  return /\b(?:it|that|this)\b/u.test(text) ? talk.memory.contract?.id : undefined;
}

/** Nobody's contract is guessed. */
export function askWhichContract(talk: Talk, lead: string): Answer {
  return asking(talk, [whichContract(talk)], lead);
}

function whichContract(talk: Talk) {
  const { list } = talk.memory;
  return {
    slot: 'contract',
    text: 'which contract',
    suggestions: list?.kind === 'contracts' ? list.ids.slice(0, 8) : [],
  };
}

/** It waits for a person: who may decide, until when, and what that person types. */
function pending({ approval, next }: ChangeResult, shown: Answer['shown']): Answer {
  const outcome = 'pending_approval';
  if (approval === undefined) return { outcome, reply: sentence(next), shown, unread: [] };
  const { id, summary, why, mayDecide, expires, heldUntil, command, persons } = approval;
  const held = heldUntil === undefined ? 'Nothing is held for it' : `Its capacity is held until ${heldUntil}`;
  const who = `${persons === 1 ? 'one' : 'two'} of ${listed(mayDecide, 4, 'or')}`;
  const reply = `Not yet: ${id} waits for a person. ${sentence(summary)} Why: ${listed(why, 3)}. It takes ${who}, until ${expires}: \`${command}\` at a terminal. ${held}.`;
  return { outcome, reply, shown, unread: [] };
}

function rejected(change: ChangeResult, shown: Answer['shown']): Answer {
  const { refusal } = change;
  if (refusal === undefined)
    return { outcome: 'infeasible', reply: sentence(change.next), shown, unread: [] };
  return {
    outcome: outcomeOf(refusal),
    reply: `${refusalReply(refusal)} ${sentence(change.next)}`,
    shown,
    unread: [],
  };
}

function entryWords({ entry }: ChangeResult): string {
  return entry === undefined ? '' : ` Ledger entry ${entry.seq}.`;
}
