import type { FactKind, SourceName } from '../../model/fact.ts';
import { compareText } from '../../model/text.ts';
import type { Claim } from './claims.ts';

/**
 * Whom to believe when sources differ. Everything that decides it stands in this file:
 *
 * 1. What changes by the hour (`volatile`) is believed as long as its source's word lives (`liveMs`). An older word
 *    yields to any that still lives, whoever says it; of several that are too old the newest counts.
 * 2. What was stated or derived comes before what was assumed.
 * 3. Of health, of whether a node may be used, and of measured watts the worst word counts (`worstFirst`): who does not
 *    see a fault has not refuted it, and a smaller measurement does not take back a larger one.
 * 4. A word about a machine comes before what its shape says of all of its kind.
 * 5. Else the more trusted source, by the attribute's own order (`ownOrder`) or the general one (`trust`); then the
 *    newer observation, then the later line of the same file.
 *
 * Age is counted to the newest observation of the whole inventory, never to a clock: the same claims give the same
 * fleet. What was not used is kept and shown: `berth inventory conflicts|provenance`.
 */
export function orderFor(
  { kind, attribute }: { readonly kind: FactKind; readonly attribute: string },
  claims: readonly Claim[],
  newestMs: number,
): readonly Claim[] {
  const order = orderOf(kind, attribute);
  const badness = worstFirst.get(attribute);
  const isDated = volatile.has(attribute);
  return ordered(claims, (a, b) => {
    const age = isDated ? byAge(a, b, newestMs) : 0;
    return age || byConfidence(a, b) || byBadness(a, b, badness) || byTrust(a, b, order);
  });
}

/** The general order, for attributes that `isSpecial` does not name. */
export function byPrecedence(claims: readonly Claim[]): readonly Claim[] {
  return claims.length < 2 ? claims : ordered(claims, (a, b) => byConfidence(a, b) || byTrust(a, b, rankOf));
}

/** Whether an attribute has rules of its own. */
export function isSpecial(kind: FactKind, attribute: string): boolean {
  return volatile.has(attribute) || ownOrder.has(`${kind} ${attribute}`);
}

/** Whether a word about something volatile is older than its source's words live. */
export function isStale(claim: Claim, attribute: string, nowMs: number): boolean {
  return volatile.has(attribute) && isTooOld(claim, nowMs);
}

/** Measurements differ by nature, and names and labels add to each other: who says others does not contradict. */
export function mayDiffer(attribute: string): boolean {
  return attribute === 'measuredW' || attribute === 'aliases' || attribute === 'labels';
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What changes without anybody building or buying something. */
const volatile: ReadonlySet<string> = new Set(['health', 'healthReason', 'measuredW', 'schedulable']);

/**
 * How long a source's word about what is volatile lives. A scrape lives for some missed scrapes, a look at a machine for
 * an hour, a survey of the fabric for a day. What an operator wrote lives until it is written otherwise.
 */
const liveMs: Readonly<Partial<Record<SourceName, number>>> = {
  prometheus: 15 * minuteMs,
  'nvidia-smi': hourMs,
  'rocm-smi': hourMs,
  redfish: hourMs,
  kubernetes: hourMs,
  dra: hourMs,
  slurm: hourMs,
  topograph: 24 * hourMs,
  ibnetdiscover: 24 * hourMs,
  netbox: 24 * hourMs,
  cloud: 24 * hourMs,
};

/**
 * The general order, most trusted first: what an operator wrote down on purpose before what a tool saw; tools that look
 * at the hardware before those that repeat a label.
 */
const trust: readonly SourceName[] = [
  'inventory',
  'hwloc',
  'nccl',
  'nvidia-smi',
  'rocm-smi',
  'redfish',
  'dra',
  'slurm',
  'kubernetes',
  'topograph',
  'ibnetdiscover',
  'netbox',
  'prometheus',
  'cloud',
  'openb',
];

/** Who knows best where the general order is wrong; the rest follows in the general order. */
const orders: readonly {
  readonly what: readonly `${FactKind} ${string}`[];
  readonly first: readonly SourceName[];
}[] = [
  // Watts: the operator, then who meters and who books them, before labels.
  {
    what: [
      'node basePowerW',
      'node gpuPowerW',
      'node nameplateW',
      'node allocatedW',
      'gpu powerW',
      'rack feedLimitW',
      'feed limitW',
    ],
    first: ['inventory', 'redfish', 'nvidia-smi', 'rocm-smi', 'netbox'],
  },
  // The fabric: who walks it, before who was told about it.
  {
    what: [
      'node leaf',
      'node island',
      'nic leaf',
      'nic guid',
      'leaf spine',
      'leaf uplinkMbps',
      'spine uplinkMbps',
    ],
    first: ['inventory', 'ibnetdiscover', 'topograph', 'slurm'],
  },
  // What a scheduler will hand out, before what the machine has.
  {
    what: ['node cpuMilli', 'node memoryMib', 'node storageGib'],
    first: ['inventory', 'slurm', 'kubernetes'],
  },
  // Where things stand and who owns them: the books of the data centre.
  {
    what: [
      'node rack',
      'node position',
      'node units',
      'node weightKg',
      'node machine',
      'node warrantyUntilMs',
      'node endOfLifeMs',
      'rack units',
      'rack feeds',
    ],
    first: ['inventory', 'netbox', 'redfish'],
  },
];

/** Larger is worse, of claims about one subject. */
const worstFirst: ReadonlyMap<string, (claim: Claim) => number> = new Map([
  ['health', healthBadness],
  ['healthReason', healthBadness],
  ['schedulable', ({ fact }) => (fact.kind === 'node' && fact.set.schedulable === false ? 1 : 0)],
  ['measuredW', ({ fact }) => ('measuredW' in fact.set ? (fact.set.measuredW ?? 0) : 0)],
]);

function healthBadness({ fact }: Claim): number {
  const health = 'health' in fact.set ? fact.set.health : undefined;
  return health === undefined ? 0 : ['healthy', 'degraded', 'down'].indexOf(health) + 1;
}

type RankOf = (source: SourceName) => number;

function rankOf(source: SourceName): number {
  return trust.indexOf(source);
}

const ownOrder: ReadonlyMap<string, RankOf> = new Map(
  orders.flatMap(({ what, first }) => {
    const rank: RankOf = (source) => {
      const at = first.indexOf(source);
      return at < 0 ? first.length + rankOf(source) : at;
    };
    return what.map((attribute): [string, RankOf] => [attribute, rank]);
  }),
);

function orderOf(kind: FactKind, attribute: string): RankOf {
  return ownOrder.get(`${kind} ${attribute}`) ?? rankOf;
}

/** Where nothing else decides, what was said later comes first. */
function ordered(claims: readonly Claim[], compare: (a: Claim, b: Claim) => number): readonly Claim[] {
  return claims
    .map((claim, order) => ({ claim, order }))
    .toSorted((a, b) => byAim(a.claim, b.claim) || compare(a.claim, b.claim) || b.order - a.order)
    .map(({ claim }) => claim);
}

/** A word about the machine before one about all of its shape. */
function byAim(a: Claim, b: Claim): number {
  return Number(a.isOfShape ?? false) - Number(b.isOfShape ?? false);
}

function isTooOld({ source, observedAtMs }: Claim, nowMs: number): boolean {
  const limit = liveMs[source];
  return limit !== undefined && nowMs - observedAtMs > limit;
}

/** A word that lives before one that is too old; of those that are too old, the newer one. */
function byAge(a: Claim, b: Claim, newestMs: number): number {
  const isOld = isTooOld(a, newestMs);
  return Number(isOld) - Number(isTooOld(b, newestMs)) || (isOld ? b.observedAtMs - a.observedAtMs : 0);
}

function byConfidence(a: Claim, b: Claim): number {
  return Number(a.confidence === 'assumed') - Number(b.confidence === 'assumed');
}

function byBadness(a: Claim, b: Claim, badness: ((claim: Claim) => number) | undefined): number {
  return badness === undefined ? 0 : badness(b) - badness(a);
}

function byTrust(a: Claim, b: Claim, rank: RankOf): number {
  return (
    rank(a.source) - rank(b.source) || b.observedAtMs - a.observedAtMs || compareText(a.source, b.source)
  );
}
