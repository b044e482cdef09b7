import {
  isAgent,
  type Mandate,
  type MandateLimits,
  type MandateWish,
  type Need,
} from '../../model/authority.ts';
import { type ContractId, isWithin, type MandateId, type Path, type PrincipalId } from '../../model/id.ts';
import type { MandateFault } from '../../model/refusal.ts';
import { compareText } from '../../model/text.ts';
import type { Act } from './act.ts';
import { type Approval, type Authority, chainOf, type MandateRecord, openApprovals } from './authority.ts';

/** The tool that an action needs; a mandate lists tools, whatever program calls. */
const toolOf: Partial<Record<Act['action'], string>> = {
  commit: 'contract_commit',
  change: 'contract_change',
  release: 'contract_release',
  hold: 'plan_hold',
  maintain: 'maintenance_start',
  bind: 'engine_bind',
};

/**
 * The part of a wish that lies inside a mandate: lists are intersected, numbers and the expiry are the smaller ones,
 * and whoever answers for the whole answers for the part. Nothing where a list would be empty.
 */
export function intersect(parent: Mandate, wish: MandateWish): MandateWish | undefined {
  const tools = common(parent.tools, wish.tools);
  const tenants = common(parent.tenants, wish.tenants);
  const sites = commonPlaces(parent.sites, wish.sites);
  if (tools.length === 0 || tenants.length === 0 || sites?.length === 0) return undefined;
  return {
    agent: wish.agent,
    sponsor: parent.sponsor,
    from: parent.id,
    tools,
    tenants,
    ...(sites === undefined ? {} : { sites }),
    ...smaller('gpus', parent, wish),
    ...smaller('gpuSeconds', parent, wish),
    ...smaller('spendMicroEur', parent, wish),
    ...smaller('blastGpus', parent, wish),
    ...smaller('commandsPerMinute', parent, wish),
    expiresAtMs: Math.min(parent.expiresAtMs, wish.expiresAtMs),
  };
}

type Amount = 'gpus' | 'gpuSeconds' | 'spendMicroEur' | 'blastGpus' | 'commandsPerMinute';

function smaller(name: Amount, parent: MandateLimits, wish: MandateLimits): Partial<MandateLimits> {
  const said = [parent[name], wish[name]].filter((value) => value !== undefined);
  return said.length === 0 ? {} : { [name]: Math.min(...said) };
}

function common<T extends string>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set(a.filter((item) => b.includes(item)))].toSorted(compareText);
}

/** Of two places one of which lies in the other, the inner one. */
function commonPlaces(a: readonly Path[] | undefined, b: readonly Path[] | undefined): Path[] | undefined {
  if (a === undefined || b === undefined)
    return a === undefined && b === undefined ? undefined : [...(a ?? b ?? [])];
  const inner = a.flatMap((one) =>
    b.flatMap((other) => (isWithin(one, other) ? [one] : isWithin(other, one) ? [other] : [])),
  );
  return [...new Set(inner)].toSorted(compareText);
}

/** Mandates that an agent was granted and that nobody took back, in the order of their numbers. */
function mandatesOf({ mandates }: Authority, agent: PrincipalId): readonly MandateRecord[] {
  return [...mandates.values()].filter(
    ({ mandate, revokedAtMs }) => mandate.agent === agent && revokedAtMs === undefined,
  );
}

/** What an act is held against besides itself: its contract, and the approval that it carries out. */
export type Besides = { readonly contract?: ContractId; readonly approval?: Approval };

/**
 * The first of an agent's mandates under which an act is inside every limit; otherwise what is wrong with the one that
 * has the fewest faults. Parked acts count as if they were done: else a queue could promise more than there is.
 */
export function mandateFor(
  authority: Authority,
  agent: PrincipalId,
  asked: { readonly act: Act; readonly atMs: number; readonly besides: Besides },
): { readonly mandate?: MandateId; readonly faults: readonly MandateFault[] } {
  let nearest: { mandate?: MandateId; faults: readonly MandateFault[] } | undefined;
  for (const { mandate } of mandatesOf(authority, agent)) {
    const faults = faultsOf(authority, mandate.id, asked);
    if (faults.length === 0) return { mandate: mandate.id, faults };
    if (nearest === undefined || faults.length < nearest.faults.length)
      nearest = { mandate: mandate.id, faults };
  }
  return nearest ?? { faults: [{ limit: 'mandate', asked: agent, left: 'no mandate was granted to it' }] };
}

/** Every limit that an act would pass, of a mandate and of those that it is part of. */
export function faultsOf(
  authority: Authority,
  id: MandateId,
  asked: { readonly act: Act; readonly atMs: number; readonly besides: Besides },
): readonly MandateFault[] {
  const chain = chainOf(authority, id);
  return chain.flatMap((record) => {
    const { id: mandate } = record.mandate;
    const used = usedOf(authority, record, asked);
    return [...scopeFaults(record, asked), ...amountFaults(record.mandate, asked.act, used)].map((fault) => {
      return { ...fault, mandate };
    });
  });
}

/** Why a mandate does not stand at all: it, or one that it is part of, was taken back or has expired. */
export function standingFaults(authority: Authority, id: MandateId, atMs: number): MandateFault[] {
  return chainOf(authority, id).flatMap((record) =>
    [...endFaults(record, 'begin', atMs)].map((fault) => ({ ...fault, mandate: record.mandate.id })),
  );
}

type Asked = { readonly act: Act; readonly atMs: number; readonly besides: Besides };
type Used = { readonly gpus: number; readonly gpuSeconds: number; readonly spendMicroEur: number };

function* endFaults(
  { mandate, revokedAtMs }: MandateRecord,
  asked: string,
  atMs: number,
): Generator<MandateFault> {
  if (revokedAtMs !== undefined) yield { limit: 'revoked', asked, left: `revoked at ${revokedAtMs}` };
  if (atMs >= mandate.expiresAtMs)
    yield { limit: 'expiry', asked, left: `expired at ${mandate.expiresAtMs}` };
}

function* scopeFaults(record: MandateRecord, { act, atMs }: Asked): Generator<MandateFault> {
  const { mandate } = record;
  yield* endFaults(record, act.action, atMs);
  const tool = toolOf[act.action];
  if (tool === undefined || !mandate.tools.includes(tool))
    yield { limit: 'tools', asked: tool ?? act.action, left: shown(mandate.tools) };
  if (act.tenant !== undefined && !mandate.tenants.includes(act.tenant))
    yield { limit: 'tenants', asked: act.tenant, left: shown(mandate.tenants) };
  const { sites } = mandate;
  const outside = act.places.filter((place) => sites?.some((site) => isWithin(place, site)) === false);
  if (outside.length > 0) yield { limit: 'sites', asked: shown(outside, 120), left: shown(sites ?? []) };
}

function* amountFaults(mandate: Mandate, { action, need }: Act, used: Used): Generator<MandateFault> {
  const { gpus, gpuSeconds, spendMicroEur, blastGpus } = mandate;
  if (blastGpus !== undefined && need.blastGpus > blastGpus)
    yield { limit: 'blast-radius', asked: `${need.blastGpus} GPUs`, left: `${blastGpus} GPUs by one act` };
  // To release frees; only what is taken is held against what is left.
  if (action === 'release' || action === 'maintain') return;
  if (gpus !== undefined && used.gpus + need.gpus > gpus)
    yield { limit: 'gpus', asked: `${need.gpus}`, left: `${Math.max(0, gpus - used.gpus)} of ${gpus}` };
  if (gpuSeconds !== undefined)
    yield* overdrawn('gpu-seconds', need.gpuSeconds, { most: gpuSeconds, used: used.gpuSeconds });
  if (spendMicroEur !== undefined)
    yield* overdrawn('spend', need.spendMicroEur, { most: spendMicroEur, used: used.spendMicroEur });
}

/** What has no bound, for want of an end or a price, fits into no budget. */
function* overdrawn(
  limit: 'gpu-seconds' | 'spend',
  asked: number | undefined,
  { most, used }: { readonly most: number; readonly used: number },
): Generator<MandateFault> {
  const left = `${Math.max(0, most - used)} of ${most}`;
  if (asked === undefined) yield { limit, asked: 'without a bound', left };
  else if (used + asked > most) yield { limit, asked: `${asked}`, left };
}

/** What a mandate has taken by now: by contracts that stand, that ended, and by acts that wait for a person. */
function usedOf(authority: Authority, record: MandateRecord, { atMs, besides }: Asked): Used {
  let { gpuSeconds, spendMicroEur } = record.settled;
  let gpus = 0;
  for (const held of record.reservations.values()) {
    if (held.contract === besides.contract) continue;
    gpus += held.endMs === undefined || held.endMs > atMs ? held.gpus : 0;
    gpuSeconds += held.gpuSeconds ?? 0;
    spendMicroEur += held.spendMicroEur ?? 0;
  }
  for (const need of parkedUnder(authority, record.mandate.id, { atMs, besides })) {
    gpus += need.gpus;
    gpuSeconds += need.gpuSeconds ?? 0;
    spendMicroEur += need.spendMicroEur ?? 0;
  }
  return { gpus, gpuSeconds, spendMicroEur };
}

function parkedUnder(
  authority: Authority,
  id: MandateId,
  { atMs, besides }: { readonly atMs: number; readonly besides: Besides },
): readonly Need[] {
  return openApprovals(authority, atMs).flatMap(({ id: approval, mandate, command, need }) => {
    if (mandate === undefined || approval === besides.approval?.id || command.kind === 'release-contract')
      return [];
    return chainOf(authority, mandate).some((record) => record.mandate.id === id) ? [need] : [];
  });
}

/** Everybody who answers for a mandate: its sponsor, and those of the mandates that it is part of. */
export function sponsorsOf(authority: Authority, id: MandateId): readonly PrincipalId[] {
  return chainOf(authority, id)
    .map(({ mandate }) => mandate.sponsor)
    .filter((sponsor) => !isAgent(sponsor));
}

function shown(words: readonly string[], most = 200): string {
  const text = words.join(', ');
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
