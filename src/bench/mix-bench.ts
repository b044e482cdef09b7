import type { Base } from '../core/packing/bases.ts';
import type { PolicyName } from '../core/packing/policies.ts';
import { publishedNames } from '../core/packing/published.ts';
import type { Shape } from '../core/packing/shape.ts';
import { drawArrivals } from './arrivals.ts';
import { drawMix, mixFamilies } from './mix-draw.ts';
import { nodesOfFleet, sumOfFleet } from './mix-fleets.ts';
import { type Mix, mixes, mixList } from './mixes.ts';
import { Random } from './random.ts';
import { type Replay, replay } from './replay.ts';

/** Percent of the GPUs requested at which policies are compared. */
export const mixColumns = [90, 95, 100, 110, 120, 130] as const;

/** The default policy and its rivals; the one that saves power needs to know what GPUs draw. */
const compared = ['default', ...publishedNames] as const;

/** Points that count as level. */
const levelPoints = 0.2;

/** Percent of the GPUs in use by column, to hundredths; columns that no request fell on are left out. */
type Alloc = Readonly<Record<string, number>>;

type MixVerdict = 'ahead' | 'level' | 'behind';

export type MixResult = {
  readonly mix: string;
  readonly nodeCount: number;
  /** Of the first order. */
  readonly requestCount: number;
  /** What the default policy was built on, in the first order. */
  readonly base: Base;
  readonly alloc: Readonly<Record<(typeof compared)[number], Alloc>>;
  /** The best of the published policies at each point, whichever that is there. */
  readonly best: Alloc;
  /** By how many points the default policy is ahead of that; negative where it is behind. */
  readonly ahead: Alloc;
  /** The least of them. */
  readonly worst: number;
  /** Behind by more than 0.2 points somewhere; or nowhere, and ahead by more than that somewhere; or neither. */
  readonly verdict: MixVerdict;
};

type MixSummary = Readonly<Record<MixVerdict, number>> & { readonly worst: number };

export type MixOptions = {
  readonly seed: number;
  /** Random mixes beside the named ones. */
  readonly count: number;
  /** Only mixes with this in their name. */
  readonly only?: string;
  /** Each figure is the mean over so many orders of arrival: in one, a single large request that just fails is a verdict. */
  readonly orders?: number;
};

/** Every policy on every mix that was asked for. The same seed gives the same figures everywhere. */
export function* benchMixes({ seed, count, only = '', orders = 1 }: MixOptions): Generator<MixResult, void> {
  for (const { mix, random } of mixesFor(seed, count))
    if (mix.name.includes(only)) yield benchMix(mix, mixList(mix, random), seed, orders);
}

/**
 * The named mixes and so many random ones, each family in turn; with the numbers that each draws its requests from.
 * A greater count only adds mixes.
 */
export function* mixesFor(
  seed: number,
  count: number,
): Generator<{ readonly mix: Mix; readonly random: Random }, void> {
  for (const mix of mixes) yield { mix, random: new Random(seed) };
  for (let index = 0; index < count; index++) {
    const [random, family] = [new Random(mixSeed(seed, index)), mixFamilies[index % mixFamilies.length]];
    if (family !== undefined) yield { mix: drawMix(family, random), random };
  }
}

export function summaryOf(results: readonly MixResult[]): MixSummary {
  const count = (verdict: MixVerdict) => results.filter((result) => result.verdict === verdict).length;
  return {
    ahead: count('ahead'),
    level: count('level'),
    behind: count('behind'),
    worst: results.reduce((least, { worst }) => Math.min(least, worst), 0),
  };
}

function benchMix(mix: Mix, list: readonly Shape[], seed: number, orders: number): MixResult {
  const runs = Array.from({ length: orders }, (_, order) => benchOrder(mix, list, orderSeed(seed, order)));
  const [first] = runs;
  const columns = mixColumns.filter((column) =>
    runs.every(({ replays }) => replays.get('fgd')?.allocation.has(column)),
  );
  const byColumn = (hundredths: (column: number) => number): Alloc =>
    Object.fromEntries(columns.map((column) => [String(column), hundredths(column) / 100]));
  const use = (policy: PolicyName, column: number) =>
    meanOf(runs.map(({ replays }) => replays.get(policy)?.allocation.get(column) ?? 0));
  const best = (column: number) => Math.max(...publishedNames.map((name) => use(name, column)));
  const ahead = (column: number) => use('default', column) - best(column);
  const differences = columns.map((column) => ahead(column) / 100);
  return {
    mix: mix.name,
    nodeCount: sumOfFleet(mix.fleet).nodeCount,
    requestCount: first?.requestCount ?? 0,
    base: first?.replays.get('default')?.base ?? { name: 'fgd' },
    alloc: {
      default: byColumn((column) => use('default', column)),
      fgd: byColumn((column) => use('fgd', column)),
      bestfit: byColumn((column) => use('bestfit', column)),
      packing: byColumn((column) => use('packing', column)),
      clustering: byColumn((column) => use('clustering', column)),
      dotprod: byColumn((column) => use('dotprod', column)),
    },
    best: byColumn(best),
    ahead: byColumn(ahead),
    worst: differences.reduce((least, difference) => Math.min(least, difference), differences[0] ?? 0),
    verdict: verdictOf(differences),
  };
}

type OrderRun = {
  readonly requestCount: number;
  readonly replays: ReadonlyMap<PolicyName, Replay>;
};

/** Every policy on one order of arrivals, with ranks of the nodes of its own. */
function benchOrder(mix: Mix, list: readonly Shape[], seed: number): OrderRun {
  const { pods, nodePerm } = drawArrivals(list, sumOfFleet(mix.fleet), seed);
  const scenario = { nodes: nodesOfFleet(mix.fleet, nodePerm), list, arrivals: pods };
  return {
    requestCount: pods.length,
    replays: new Map(compared.map((policy) => [policy, replay(scenario, { policy })])),
  };
}

/** Rounded, halves up. */
function meanOf(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return Math.floor((2 * sum + values.length) / (2 * Math.max(1, values.length)));
}

function verdictOf(differences: readonly number[]): MixVerdict {
  if (Math.min(...differences) < -levelPoints) return 'behind';
  return Math.max(...differences) > levelPoints ? 'ahead' : 'level';
}

/** The first order is that of the seed itself. */
export function orderSeed(seed: number, order: number): number {
  return (seed ^ Math.imul(order, 0x85eb_ca6b)) >>> 0;
}

/** Seeds of one bench share no random mix with those of the next seeds. */
function mixSeed(seed: number, index: number): number {
  return Math.imul(seed + 1, 0x9e37_79b1) ^ Math.imul(index + 1, 0x85eb_ca6b);
}
