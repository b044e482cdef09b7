import type { State } from '../core/state.ts';
import type { AuditEntry, AuditList } from '../model/audit.ts';
import type { Entry } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import { ContractId } from '../model/id.ts';
import type { Plan } from '../model/plan.ts';
import type { Refusal } from '../model/refusal.ts';
import { mayActFor } from './caller.ts';
import type { AuditFilter, Caller } from './control.ts';
import type { Door } from './door.ts';
import { planNamedIn } from './library.ts';
import { refusalView } from './views/refusal-view.ts';
import { snapshotOf } from './views/snapshot.ts';
import { asideOf, inWords, wordsIn } from './words.ts';
import { isoIn } from './zone.ts';

/** How many entries are read at a time, backwards. */
const batch = 500;

/** Entries that the caller may see, newest first. The cursor names the entry where the last page ended. */
export async function audit(door: Door, caller: Caller, filter: AuditFilter): Promise<AuditList> {
  const moment = await door.moment();
  const found: AuditEntry[] = [];
  let nextCursor: string | undefined;
  for await (const entry of backwards(door, cursorSeq(filter.cursor) ?? moment.head.seq + 1)) {
    if (entry.atMs < (filter.fromMs ?? 0)) break;
    if (!isMeant(entry, caller, filter)) continue;
    if (found.length === filter.limit) {
      nextCursor = `before-${(found.at(-1)?.seq ?? 0).toString()}`;
      break;
    }
    found.push(await auditEntry(door, moment.state, entry));
  }
  return {
    snapshot: snapshotOf(moment),
    entries: found,
    ...(nextCursor === undefined ? {} : { nextCursor }),
    truncated: nextCursor !== undefined,
  };
}

/** The contract that an entry made or was about. */
function contractIn({ decision, command }: Entry): ContractId | undefined {
  if ('contract' in decision) return decision.contract;
  if (command.kind === 'bind' || command.kind === 'report-binding')
    return ContractId.safeParse(command.subject).data;
  return 'contract' in command ? command.contract : undefined;
}

async function* backwards(door: Door, before: number): AsyncGenerator<Entry> {
  for (let end = before - 1; end > 0; end -= batch) {
    const from = Math.max(0, end - batch);
    yield* (await door.ledger.read(from, end - from)).toReversed();
  }
}

/** Who acts for some tenants sees their entries only; what concerns everybody is the operator's. */
function isMeant(entry: Entry, caller: Caller, filter: AuditFilter): boolean {
  const { tenant, actor, atMs } = entry;
  const isSeen = caller.tenants === undefined || (tenant !== undefined && mayActFor(caller, tenant));
  return (
    isSeen &&
    atMs < (filter.toMs ?? Infinity) &&
    (filter.tenant === undefined || tenant === filter.tenant) &&
    (filter.contract === undefined || contractIn(entry) === filter.contract) &&
    (filter.principal === undefined ||
      [actor.principal, actor.onBehalfOf].some((one) => one === filter.principal))
  );
}

async function auditEntry(door: Door, state: State, entry: Entry): Promise<AuditEntry> {
  const { seq, digest, atMs, clock, tenant, actor, command, decision, inputs } = entry;
  const named = planNamedIn(command);
  const plan = named === undefined ? undefined : await door.library.fetchPlan(named);
  const zone = (tenant === undefined ? undefined : state.tenants.get(tenant)?.zone) ?? 'UTC';
  const contract = contractIn(entry);
  const words = await wordsIn(door.ledger, command);
  const why = words ?? breachIn(entry) ?? plan?.demand.purpose;
  return {
    seq,
    digest,
    atMs,
    at: isoIn(atMs, zone),
    clock,
    ...(tenant === undefined ? {} : { tenant }),
    actor,
    command: command.kind,
    ...(contract === undefined ? {} : { contract }),
    ...('plan' in command ? { plan: command.plan } : {}),
    ...(why === undefined ? {} : { why }),
    ...(words === undefined && asideOf(command) !== undefined ? { isErased: true } : {}),
    decision: decision.kind,
    ...(decision.kind === 'refused' ? { refusal: await refusalOf(door, decision.refusal, zone) } : {}),
    policy: inputs.policy,
    rules: plan === undefined ? rulesTold(decision) : rulesOf(plan),
    core: inputs.core,
  };
}

/** Which terms were found broken, or kept again; the numbers stand with the contract. */
function breachIn({ events }: Entry): string | undefined {
  for (const event of events) {
    if (event.kind === 'contract-breached') return `${event.terms.join(', ')} broken`;
    if (event.kind === 'contract-restored') return `${event.terms.join(', ')} kept again`;
  }
  return undefined;
}

/** The rules that closed sites to a plan, each once, in the order of their names. */
function rulesOf({ verdict }: Plan): AuditEntry['rules'] {
  const hits = verdict.sites.flatMap((site) => site.hits);
  return [...Map.groupBy(hits, ({ rule, effect }) => `${rule} ${effect}`)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, same]) =>
      same.slice(0, 1).map(({ rule, article, effect }) => ({ rule, article, effect, sites: same.length })),
    );
}

async function refusalOf(door: Door, refusal: Refusal, zone: string): Promise<string> {
  return refusalView(await inWords(door.ledger, refusal), undefined, zone).summary.slice(0, 400);
}

/** The rules that a refusal names: those about who asks are about no site. */
function rulesTold(decision: Entry['decision']): AuditEntry['rules'] {
  if (decision.kind !== 'refused') return [];
  const { refusal } = decision;
  if (refusal.kind === 'rules-stand')
    return refusal.rules.map(({ rule, article, effect, sites }) => ({
      rule,
      article,
      effect,
      sites: sites.length,
    }));
  if (refusal.kind !== 'not-authorised') return [];
  return refusal.hits.map(({ rule, article, effect }) => ({ rule, article, effect, sites: 0 }));
}

function cursorSeq(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const seq = /^before-([1-9][0-9]{0,14})$/.exec(cursor)?.[1];
  if (seq !== undefined) return Number(seq);
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cursor.slice(0, 40)}\` is not a cursor of this list`,
    fix: 'pass `nextCursor` of the last answer unchanged, or leave `cursor` out',
    field: 'cursor',
  });
}
