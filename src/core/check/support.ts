import type { Demand, Part, ReplicaNeed, TopologyLevel } from '../../model/demand.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken } from './audit.ts';

/** Levels inside a node, at which this version holds nothing together or apart. */
const insideNode: ReadonlySet<TopologyLevel> = new Set<TopologyLevel>(['numa', 'pcie-root']);

/** What a demand asks for that no promise of this version covers. A wish that nobody holds is not granted. */
export function* supported({ demand }: Audit): Generator<Violation> {
  for (const feature of [...inDemand(demand), ...demand.parts.flatMap((part) => [...inPart(part)])])
    yield broken('not-supported', feature);
}

function* inDemand(demand: Demand): Generator<string> {
  if ((demand.flows ?? []).some(({ from, to }) => from === 'dataset' && to === 'dataset'))
    yield 'a flow from the dataset to itself';
  if (demand.guarantee === 'elastic' && demand.survive !== undefined)
    yield 'survival of what may shrink: `survive` with guarantee `elastic`';
  if (demand.together !== undefined && insideNode.has(demand.together)) yield `together: ${demand.together}`;
}

function* inPart({ name, each, within, apart }: Part): Generator<string> {
  const of = `part \`${name}\``;
  if (each.gpus?.slice !== undefined) yield* ofSlices(each).map((feature) => `${of}: ${feature}`);
  if (each.align !== undefined && each.gpus === undefined) yield `${of}: alignment without GPUs`;
  if ((each.rdma?.nicsPerGpu ?? 1) > 1 && each.gpus === undefined)
    yield `${of}: ${each.rdma?.nicsPerGpu} NICs for each GPU, without GPUs`;
  if (within !== undefined && insideNode.has(within)) yield `${of}: within one ${within}`;
  if (apart !== undefined && insideNode.has(apart)) yield `${of}: apart by ${apart}`;
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
