import type { Demand } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { Bench } from './bench.ts';
import { leastBeside } from './fabric/flows.ts';
import { onUsableLeafs } from './fabric/leafs.ts';
import { firstTransfer, mustMove } from './fabric/move.ts';
import { uplinkMbpsOf } from './fabric/uplink.ts';
import { type Free, withSizes } from './free.ts';
import { type Rooms } from './rooms.ts';
import type { StartRange } from './site.ts';
import { spreadOf } from './survival.ts';
import type { Want } from './want.ts';

/** Sites at which the demand's dataset is, or can be before the last start allowed. */
export function sitesWithData(
  state: State,
  sites: ReadonlySet<string>,
  { demand, starts }: { readonly demand: Demand; readonly starts: StartRange },
): ReadonlySet<string> {
  const { dataset } = demand;
  if (dataset === undefined) return sites;
  const inTime = state.fleet.sites.filter((site) => {
    if (!mustMove(site, demand)) return true;
    const transfer = firstTransfer(state, site, dataset, starts.transferFromMs ?? starts.earliestMs);
    return transfer !== undefined && transfer.endMs <= starts.latestMs;
  });
  return new Set(inTime.map(({ id }): string => id).filter((id) => sites.has(id)));
}

/**
 * What stays, step by step, of what is free: where it is known what is lost with what, where uplinks have the budget of
 * the part left, and where data NICs carry what one of its replicas sends. Each step takes away only what can serve
 * the part in no way at all.
 */
export function afterFabric(
  rooms: Rooms,
  demand: Demand,
  free: Free,
): readonly { readonly constraint: string; readonly free: Free }[] {
  const bench = new Bench(rooms, demand);
  const surviving = ableToSurvive(demand, free);
  const linked = withUplinks(bench, demand, surviving);
  return [
    { constraint: 'survive', free: surviving },
    { constraint: 'uplink', free: linked },
    { constraint: 'flows', free: withFlows(bench, demand, linked) },
  ];
}

function ableToSurvive(demand: Demand, free: Free): Free {
  const spread = spreadOf(demand);
  if (spread === undefined) return free;
  const isLost = (node: FleetNode) => spread.limit < 0 || spread.fateOf(node).kind === 'unknown';
  return withSizes(free, (node, _want, size) => (isLost(node) ? 0 : size));
}

function withUplinks(bench: Bench, demand: Demand, free: Free): Free {
  const usable = new Map<Want, Uint8Array>();
  for (const want of new Set(free.wants)) {
    if (uplinkMbpsOf(demand, want.part.name) === 0) continue;
    const own: FleetNode[] = [];
    const sizes = new Int32Array(bench.fabric.rooms.fleet.nodes.length);
    for (let at = 0; at < free.nodes.length; at++) {
      const node = free.nodes[at];
      if (node === undefined || free.wants[at] !== want) continue;
      own.push(node);
      sizes[node.index] = free.sizes[at] ?? 0;
    }
    const sizeOn = ({ index }: FleetNode) => sizes[index] ?? 0;
    usable.set(want, onUsableLeafs(bench, own, want, { sizeOn, needed: neededOf(want) }));
  }
  if (usable.size === 0) return free;
  return withSizes(free, (node, want, size) => (usable.get(want)?.[node.index] === 0 ? 0 : size));
}

function withFlows(bench: Bench, demand: Demand, free: Free): Free {
  if ((demand.flows ?? []).length === 0) return free;
  return withSizes(free, (node, want, size) => {
    const least = leastBeside(demand, want.part.name);
    const isLinked = least === 0 || size >= neededOf(want) || bench.fabric.left('data', node.id) >= least;
    return isLinked ? size : 0;
  });
}

/** What all replicas of a part take. */
function neededOf({ part, gpuCount }: Want): number {
  return part.count * Math.max(1, gpuCount);
}
