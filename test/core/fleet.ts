import { type Archive, applyAll, emptyState, type Stamp, type State } from '../../src/core/state.ts';
import { Actor } from '../../src/model/actor.ts';
import { digestOf } from '../../src/model/canonical.ts';
import type { Event } from '../../src/model/event.ts';
import type { Fact, Observation, SourceName } from '../../src/model/fact.ts';
import type { Digest, Path } from '../../src/model/id.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { PolicyVerdict, SiteVerdict } from '../../src/model/policy.ts';
import { Tenant } from '../../src/model/tenant.ts';
import { fact, nodeCountOf, rackFacts } from './fleet-text.ts';

export const hourMs = 3_600_000;

/** Wed 25 Nov 2026, 10:00 in Berlin. */
export const t0 = Date.UTC(2026, 10, 25, 9);

/** A state and what a ledger would hold about how it came about. */
export type World = {
  readonly state: State;
  readonly archive: MemoryArchive;
  readonly entries: readonly { readonly events: readonly Event[]; readonly stamp: Stamp }[];
};

/** What the racks' lines do not say, by path. */
export type Details = {
  readonly sites?: Readonly<Record<string, object>>;
  readonly halls?: Readonly<Record<string, object>>;
  readonly loops?: Readonly<Record<string, object>>;
  readonly feeds?: Readonly<Record<string, object>>;
  readonly racks?: Readonly<Record<string, object>>;
  readonly nodes?: Readonly<Record<string, object>>;
  readonly gpus?: Readonly<Record<string, object>>;
  readonly nics?: Readonly<Record<string, object>>;
  readonly pools?: Readonly<Record<string, object>>;
  readonly leafs?: Readonly<Record<string, object>>;
  readonly spines?: Readonly<Record<string, object>>;
  readonly wanLinks?: Readonly<Record<string, object>>;
  /** Added to `acme` and `globex`, which are always there and have no rules of their own. */
  readonly tenants?: readonly { readonly id: string; readonly rules?: object }[];
};

/** A fleet, one line a rack (see `rackFacts`), with whatever else is known about it. */
export function world(...lines: readonly (string | Details)[]): World {
  const racks = lines.flatMap((line) => (typeof line === 'string' ? [line] : []));
  const details = lines.flatMap((line) => (typeof line === 'string' ? [] : [line]));
  const tenants = [{ id: 'acme' }, { id: 'globex' }, ...details.flatMap((more) => more.tenants ?? [])];
  const facts = [...racksFacts(racks), ...details.flatMap(detailFacts)];
  return observe(tenants.reduce(register, nothingYet()), facts);
}

/** One more import. */
export function observe(
  before: World,
  facts: readonly Fact[],
  { source = 'inventory', observedAtMs = t0 }: { source?: SourceName; observedAtMs?: number } = {},
): World {
  const observation: Observation = {
    schema: 'berth/observation/1',
    source,
    observedAtMs,
    evidence: [],
    assumptions: [],
    facts: [...facts],
    unknown: [],
  };
  const digest = before.archive.keepObservation(observation);
  return enter(before, [{ kind: 'observation-recorded', observation: digest }], t0);
}

/** Folds the events of one ledger entry. */
export function enter(before: World, events: readonly Event[], atMs: number): World {
  const stamp = { seq: before.state.seq + 1, atMs, actor: Actor.parse({ principal: 'person:ada' }) };
  return {
    state: applyAll(before.state, events, stamp, before.archive),
    archive: before.archive,
    entries: [...before.entries, { events, stamp }],
  };
}

/** The same answer of the rules for every site, but for those named. */
export function verdictAll(
  { fleet }: State,
  answer: SiteVerdict['answer'],
  except: Readonly<Record<string, SiteVerdict['answer']>> = {},
): PolicyVerdict {
  const sites = fleet.sites.map(({ id }) => verdictOf(id, except[id] ?? answer));
  return { policy: digestOf('rules for tests'), packs: ['test/1'], sites };
}

/** The facts of all racks. Lines for one place go on counting its nodes. */
function racksFacts(lines: readonly string[]): Fact[] {
  const next = new Map<string, number>();
  return lines.flatMap((line) => {
    const place = line.split(/\s+/, 1).join();
    const first = next.get(place) ?? 1;
    next.set(place, first + nodeCountOf(line));
    return rackFacts(line, first);
  });
}

/** Large things by digest, kept in memory. Content-addressed: worlds may share one. */
class MemoryArchive implements Archive {
  readonly #observations = new Map<Digest, Observation>();
  readonly #plans = new Map<Digest, Plan>();

  keepObservation(observation: Observation): Digest {
    return keep(this.#observations, observation);
  }

  keepPlan(plan: Plan): Digest {
    return keep(this.#plans, plan);
  }

  observation(digest: Digest): Observation {
    return found(this.#observations.get(digest), digest);
  }

  plan(digest: Digest): Plan {
    return found(this.#plans.get(digest), digest);
  }
}

function nothingYet(): World {
  return { state: emptyState, archive: new MemoryArchive(), entries: [] };
}

function register(before: World, { id, rules = {} }: { id: string; rules?: object }): World {
  const tenant = Tenant.parse({ id, name: id, zone: 'Europe/Berlin', rules });
  return enter(before, [{ kind: 'tenant-registered', tenant }], t0);
}

function detailFacts(more: Details): Fact[] {
  const { sites, halls, loops, feeds, racks, nodes, gpus, nics, pools, leafs, spines, wanLinks } = more;
  return [
    ...all('site', sites),
    ...all('hall', halls),
    ...all('loop', loops),
    ...all('feed', feeds),
    ...all('rack', racks),
    ...all('node', nodes),
    ...all('gpu', gpus),
    ...all('nic', nics),
    ...all('storage-pool', pools),
    ...all('leaf', leafs),
    ...all('spine', spines),
    ...all('wan-link', wanLinks),
  ];
}

function all(kind: Fact['kind'], sets: Readonly<Record<string, object>> = {}): Fact[] {
  return Object.entries(sets).map(([subject, set]) => fact(kind, subject, set));
}

function verdictOf(site: Path, answer: SiteVerdict['answer']): SiteVerdict {
  if (answer === 'allowed') return { site, answer, hits: [] };
  const effect = answer === 'forbidden' ? 'forbid' : 'fact-missing';
  const hit = {
    rule: 'test-rule',
    article: 'Art. 1',
    effect,
    why: 'the test says so',
    fix: 'ask it',
  } as const;
  return { site, answer, hits: [hit] };
}

function keep<T>(shelf: Map<Digest, T>, value: T): Digest {
  const digest = digestOf(value);
  shelf.set(digest, value);
  return digest;
}

function found<T>(value: T | undefined, digest: Digest): T {
  if (value === undefined) throw new Error(`nobody kept \`${digest}\``);
  return value;
}
