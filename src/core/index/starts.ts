import type { FleetNode } from '../inventory/fleet.ts';
import { sizeOf } from '../mask.ts';
import type { Domain } from '../place/domain.ts';
import type { NodeSet } from '../place/node-set.ts';
import type { PowerLimit } from '../place/power.ts';
import { usableGpus, type Want } from '../place/want.ts';
import { addFreeStarts, type Stretch, type Stretches } from './free-starts.ts';
import { withoutOverloads } from './overloads.ts';
import type { Packed } from './packed.ts';

/** A domain with a stretch of starts at which it may have room. */
export type Hopeful = { readonly domain: Domain; readonly starts: Stretch };

type Asked = {
  readonly want: Want;
  /** Nodes that could serve a replica, whatever the calendar says. */
  readonly fitting: NodeSet;
  /** Limits on a few nodes each that the node draws on. */
  readonly limitsOn: (node: FleetNode) => readonly PowerLimit[];
  readonly starts: Stretch;
  readonly lengthMs: number;
};

/**
 * The domains with the stretches of starts at which they have enough free GPUs for all replicas of a want, for the
 * whole length: outside of them the want cannot be placed there, whatever else is asked for.
 */
export function hopefulIn(packed: Packed, domains: readonly Domain[], asked: Asked): readonly Hopeful[] {
  return domains.flatMap((domain) =>
    stretchesIn(packed, fittingIn(domain, asked.fitting), asked).map((starts) => ({ domain, starts })),
  );
}

/** Every instant of a stretch at which something ends on one of these nodes, in order, each once. */
export function endsIn(
  packed: Packed,
  nodes: readonly number[],
  { fromMs, toMs }: Stretch,
): readonly number[] {
  const { first, count, ends } = packed;
  const found: number[] = [];
  for (const node of nodes) {
    const from = first[node] ?? 0;
    const to = from + (count[node] ?? 0);
    for (let at = from; at < to; at++) {
      const endMs = ends[at] ?? 0;
      if (endMs >= fromMs && endMs <= toMs) found.push(endMs);
    }
  }
  return [...new Set(Float64Array.from(found).toSorted())];
}

/** Neither domains nor what fits a want changes, so the nodes that are both are found out once. */
const known = new WeakMap<NodeSet, WeakMap<Domain, readonly FleetNode[]>>();

function fittingIn(domain: Domain, fitting: NodeSet): readonly FleetNode[] {
  const byDomain = known.get(fitting) ?? new WeakMap<Domain, readonly FleetNode[]>();
  known.set(fitting, byDomain);
  const nodes = byDomain.get(domain) ?? domain.nodes.filter((node) => fitting.has(node));
  byDomain.set(domain, nodes);
  return nodes;
}

function stretchesIn(packed: Packed, nodes: readonly FleetNode[], asked: Asked): readonly Stretch[] {
  const { part } = asked.want;
  const found: Stretches = { froms: [], tos: [] };
  for (const node of nodes) addHopeful(packed, node, asked, found);
  if (found.froms.length < part.count) return [];
  return withAtLeast(
    part.count,
    Float64Array.from(found.froms).toSorted(),
    Float64Array.from(found.tos).toSorted(),
  );
}

function addHopeful(packed: Packed, node: FleetNode, asked: Asked, found: Stretches): void {
  const { want, lengthMs } = asked;
  const { count, apart } = want.part;
  const usable = usableGpus(node, want);
  const most = Math.min(apart === undefined ? count : 1, Math.floor(sizeOf(usable) / want.gpuCount));
  for (let replicas = 1; replicas <= most; replicas++) {
    const free: Stretches = { froms: [], tos: [] };
    addFreeStarts(packed, { ...asked, node: node.index, usable, gpuCount: replicas * want.gpuCount }, free);
    if (free.froms.length === 0) return;
    const limits = asked.limitsOn(node);
    const { froms, tos } = withoutOverloads(packed, { node, want, limits, lengthMs }, free);
    for (const fromMs of froms) found.froms.push(fromMs);
    for (const toMs of tos) found.tos.push(toMs);
  }
}

/** Where at least `count` of some stretches overlap. */
function withAtLeast(count: number, froms: Float64Array, tos: Float64Array): Stretch[] {
  const found: Stretch[] = [];
  let open = 0;
  let fromMs = 0;
  for (let from = 0, to = 0; to < tos.length;) {
    const nextFromMs = froms[from] ?? Infinity;
    const nextToMs = tos[to] ?? Infinity;
    if (nextFromMs <= nextToMs) {
      from++;
      if (++open === count) fromMs = nextFromMs;
    } else {
      to++;
      if (open-- === count) found.push({ fromMs, toMs: nextToMs });
    }
  }
  return found;
}
