import type { Demand, Part } from '../../../model/demand.ts';
import { isWithin } from '../../../model/id.ts';
import type { State } from '../../state.ts';

/** The demand without uplink budgets; nothing when it has none. */
export function withoutUplinks(demand: Demand): Demand | undefined {
  return demand.parts.some(isBudgeted) ? { ...demand, parts: demand.parts.map(unbudgeted) } : undefined;
}

/** The demand without flows; nothing when it has none. */
export function withoutFlows({ flows, ...demand }: Demand): Demand | undefined {
  return (flows ?? []).length === 0 ? undefined : demand;
}

/** When bandwidth of these sites becomes free again, for a demand that needs any. */
export function edgeEnds(
  { bandwidth }: State,
  sites: ReadonlySet<string>,
  demand: Demand,
): readonly number[] {
  if (withoutUplinks(demand) === undefined && withoutFlows(demand) === undefined) return [];
  return [...bandwidth].flatMap(([key, holds]) => {
    const edge = key.slice(key.indexOf(' ') + 1);
    return [...sites].some((site) => isWithin(edge, site)) ? holds.map(({ endMs }) => endMs) : [];
  });
}

function isBudgeted({ each }: Part): boolean {
  return (each.rdma?.uplinkMbps ?? 0) > 0;
}

function unbudgeted({ each, ...part }: Part): Part {
  if (each.rdma === undefined) return { ...part, each };
  const { uplinkMbps: _uplinkMbps, ...rdma } = each.rdma;
  return { ...part, each: { ...each, rdma } };
}
