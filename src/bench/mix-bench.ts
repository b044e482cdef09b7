import { type PolicyName, policyNames } from '../core/packing/policies.ts';
import { drawArrivals } from './arrivals.ts';
import { type Mix, mixes, mixGpuMilli, mixList, mixNodeCount, mixNodes } from './mixes.ts';
import { replay } from './replay.ts';

/** Percent of the GPUs requested at which policies are compared. */
export const mixColumns = [90, 95, 100, 130] as const;

/** Percent of the GPUs in use by column, to hundredths. */
type Alloc = Readonly<Record<string, number>>;

export type MixResult = {
  readonly mix: string;
  /** The published policy that the default one was built on. */
  readonly base: string;
  readonly alloc: Readonly<Record<PolicyName, Alloc>>;
  /** The best of the published policies. */
  readonly best: Alloc;
  /** By how many points the default policy is ahead of that; negative where it is behind. */
  readonly ahead: Alloc;
};

/** Every policy on every made-up mix, mix by mix. The same seed gives the same figures everywhere. */
export function* benchMixes(seed: number): Generator<MixResult, void> {
  for (const mix of mixes) yield benchMix(mix, seed);
}

function benchMix(mix: Mix, seed: number): MixResult {
  const list = mixList(mix, seed);
  const { pods, nodePerm } = drawArrivals(list, { gpuMilli: mixGpuMilli, nodeCount: mixNodeCount }, seed);
  const scenario = { nodes: mixNodes(nodePerm), list, arrivals: pods };
  let base = '';
  const run = (policy: PolicyName): Map<number, number> => {
    const result = replay(scenario, { policy });
    if (policy === 'default') base = result.base.name;
    return new Map(result.allocation);
  };
  const uses = new Map(policyNames.map((policy) => [policy, run(policy)]));
  const use = (policy: PolicyName, column: number) => uses.get(policy)?.get(column) ?? 0;
  const best = (column: number) =>
    Math.max(...policyNames.filter((name) => name !== 'default').map((name) => use(name, column)));
  return {
    mix: mix.name,
    base,
    alloc: {
      default: byColumn((column) => use('default', column)),
      fgd: byColumn((column) => use('fgd', column)),
      bestfit: byColumn((column) => use('bestfit', column)),
      packing: byColumn((column) => use('packing', column)),
      clustering: byColumn((column) => use('clustering', column)),
      dotprod: byColumn((column) => use('dotprod', column)),
    },
    best: byColumn(best),
    ahead: byColumn((column) => use('default', column) - best(column)),
  };
}

function byColumn(hundredths: (column: number) => number): Alloc {
  return Object.fromEntries(mixColumns.map((column) => [String(column), hundredths(column) / 100]));
}
