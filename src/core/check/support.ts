import type { Demand, Part, ReplicaNeed, TopologyLevel } from '../../model/demand.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken } from './audit.ts';

/** The levels at which this version can hold something together or apart. */
const levels: ReadonlySet<TopologyLevel> = new Set<TopologyLevel>(['site', 'hall', 'leaf', 'rack', 'node']);

/** What a demand asks for that no promise of this version covers. A wish that nobody holds is not granted. */
export function* supported({ demand }: Audit): Generator<Violation> {
  for (const feature of [...inDemand(demand), ...demand.parts.flatMap((part) => [...inPart(part)])])
    yield broken('not-supported', feature);
}

function* inDemand(demand: Demand): Generator<string> {
  if ((demand.flows ?? []).length > 0) yield `${demand.flows?.length} flows between parts`;
  if (demand.guarantee === 'elastic' && demand.survive !== undefined)
    yield 'survival of what may shrink: `survive` with guarantee `elastic`';
  if (demand.together !== undefined && !levels.has(demand.together)) yield `together: ${demand.together}`;
}

function* inPart({ name, each, within, apart }: Part): Generator<string> {
  const of = `part \`${name}\``;
  if (each.gpus?.slice !== undefined) yield* ofSlices(each).map((feature) => `${of}: ${feature}`);
  if (each.align !== undefined && each.gpus === undefined) yield `${of}: alignment without GPUs`;
  if ((each.rdma?.uplinkMbps ?? 0) > 0) yield `${of}: ${each.rdma?.uplinkMbps} Mbit/s of uplink`;
  if ((each.rdma?.nicsPerGpu ?? 1) > 1) yield `${of}: ${each.rdma?.nicsPerGpu} NICs for each GPU`;
  if (each.rdma !== undefined && each.gpus === undefined) yield `${of}: RDMA without GPUs`;
  if (within !== undefined && !levels.has(within)) yield `${of}: within one ${within}`;
  if (apart !== undefined && !levels.has(apart)) yield `${of}: apart by ${apart}`;
}

/** Slices have no link and no rail, and are not aligned. */
function ofSlices({ gpus, rdma, align }: ReplicaNeed): string[] {
  const linked = gpus?.link !== undefined || gpus?.linkMbps !== undefined;
  return [
    ...(linked ? ['a link between slices'] : []),
    ...(rdma === undefined ? [] : ['RDMA for slices']),
    ...(align === undefined ? [] : [`slices aligned by ${align}`]),
  ];
}
