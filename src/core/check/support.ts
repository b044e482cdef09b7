import type { Demand, Part, ReplicaNeed } from '../../model/demand.ts';
import type { Violation } from '../given.ts';
import { type Audit, broken } from './audit.ts';
import { spansSites } from './companies.ts';

/** What a demand asks for that no promise of this version covers. A wish that nobody holds is not granted. */
export function* supported({ demand }: Audit): Generator<Violation> {
  for (const feature of [
    ...inDemand(demand),
    ...demand.parts.flatMap((part) => [...inPart(part, demand.together)]),
  ])
    yield broken('not-supported', feature);
}

function* inDemand(demand: Demand): Generator<string> {
  if ((demand.flows ?? []).some(({ from, to }) => from === 'dataset' && to === 'dataset'))
    yield 'a flow from the dataset to itself';
  if (demand.guarantee === 'elastic' && demand.survive !== undefined && spansSites(demand))
    yield 'to survive a loss over several sites with extras';
}

function* inPart({ name, each, within, apart }: Part, gang: Demand['together']): Generator<string> {
  const of = `part \`${name}\``;
  yield* ofSlices(each).map((feature) => `${of}: ${feature}`);
  const levels = [each.align, within, apart, gang].filter(
    (level) => level === 'numa' || level === 'pcie-root',
  );
  if (levels.length > 0 && each.gpus === undefined) yield `${of}: aligned by ${levels[0]} without GPUs`;
  if ((each.rdma?.nicsPerGpu ?? 1) > 1 && each.gpus === undefined)
    yield `${of}: ${each.rdma?.nicsPerGpu} NICs for each GPU, without GPUs`;
}

/** MIG instances have no link to each other; the speed of a link is that of whole GPUs. */
function ofSlices({ gpus }: ReplicaNeed): string[] {
  const { slice, link, linkMbps } = gpus ?? {};
  return [
    ...(slice?.kind === 'mig' && link !== undefined ? ['a link between MIG instances'] : []),
    ...(slice !== undefined && linkMbps !== undefined ? ['a link speed for slices'] : []),
  ];
}
