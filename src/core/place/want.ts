import { alignmentOf, type Demand, type Part } from '../../model/demand.ts';
import { compareText } from '../../model/text.ts';
import { type Fraction, portionOf } from '../calendar/slices.ts';
import type { FleetNode, NodeShape } from '../inventory/fleet.ts';
import { both, firstBits, type Mask, maskOf } from '../mask.ts';
import { shareOfNode, sliceableGpus } from './sliceable.ts';

/** A part of a demand with its GPU model settled: what one attempt tries to place. */
export type Want = {
  readonly part: Part;
  /** GPUs of one replica, or slices where it asks for slices; 0 for CPU parts. */
  readonly gpuCount: number;
  readonly model: string | undefined;
  /** Only GPUs on these rails. */
  readonly rails?: ReadonlySet<number>;
  /** Only these GPUs, on the one node that is looked at. */
  readonly only?: Mask;
};

/** A part as the search reads it: its replicas are aligned where the part or the gang is kept inside a node. */
export function wantedPart(part: Part, demand: Demand): Part {
  const align = alignmentOf(part, demand);
  return align === part.each.align || align === undefined ? part : { ...part, each: { ...part.each, align } };
}

/** Its replicas ask for parts of GPUs instead of whole ones. */
export function isSliced({ part }: Want): boolean {
  return part.each.gpus?.slice !== undefined;
}

/** At most so many ways to settle the models of several parts are tried; asked for fewer models, all are. */
const combinationLimit = 256;

/** Whether a wish such as `H100` means this model: the same name, or its family, in any case. */
export function meansModel(wish: string, model: string): boolean {
  const asked = wish.toLowerCase();
  const known = model.toLowerCase();
  return known === asked || known.startsWith(`${asked}-`);
}

/** The models of `known` that a part may run on. */
export function modelsFor(part: Part, known: readonly string[]): readonly string[] {
  const wishes = part.each.gpus?.models;
  return wishes === undefined
    ? known
    : known.filter((model) => wishes.some((wish) => meansModel(wish, model)));
}

/** Every way to settle one model for each GPU part, in the order of the names. */
export function combinations(demand: Demand, known: readonly string[]): readonly (readonly Want[])[] {
  let ways: (readonly Want[])[] = [[]];
  for (const asked of demand.parts) {
    const part = wantedPart(asked, demand);
    const gpuCount = part.each.gpus?.count ?? 0;
    const models = gpuCount === 0 ? [undefined] : modelsFor(part, known);
    ways = ways
      .flatMap((way) => models.map((model) => [...way, { part, gpuCount, model }]))
      .slice(0, combinationLimit);
  }
  return ways;
}

/** Whole GPUs, then slices, then CPU parts, large replicas before small ones: what is hard to place goes first. */
export function hardestFirst(wants: readonly Want[]): readonly Want[] {
  return wants.toSorted(
    (a, b) =>
      rankOf(a) - rankOf(b) ||
      sliceSize(b) - sliceSize(a) ||
      b.gpuCount - a.gpuCount ||
      (b.part.each.cpuMilli ?? 0) - (a.part.each.cpuMilli ?? 0) ||
      compareText(a.part.name, b.part.name),
  );
}

function rankOf(want: Want): number {
  if (want.gpuCount === 0) return 2;
  return isSliced(want) ? 1 : 0;
}

/** Gigabytes of an instance by its name, thousandths of a share. The two are never on one GPU at one time. */
function sliceSize({ part }: Want): number {
  const slice = part.each.gpus?.slice;
  if (slice === undefined) return 0;
  return slice.kind === 'share' ? slice.milli : Number(/\.([0-9]+)gb/.exec(slice.profile)?.[1] ?? 0);
}

/** GPUs of the node that the want may use at all, whoever holds them. */
export function usableGpus({ shape, downMask }: FleetNode, want: Want): Mask {
  const byShape = usable.get(want) ?? new Map<NodeShape, Mask>();
  if (byShape.size === 0) usable.set(want, byShape);
  const known = byShape.get(shape) ?? fittingGpus(shape, want);
  byShape.set(shape, known);
  return (known & ~downMask & (want.only ?? -1)) >>> 0;
}

/** Neither wants nor shapes change, and nodes share their shapes. */
const usable = new WeakMap<Want, Map<NodeShape, Mask>>();

function fittingGpus(shape: NodeShape, want: Want): Mask {
  const need = want.part.each.gpus;
  if (need?.slice !== undefined) return sliceableGpus(shape, need, want.model);
  const memoryMib = need?.memoryMib ?? 0;
  const found = shape.models.find(({ model }) => model === want.model);
  if (found === undefined) return 0;
  const large = shape.gpus.flatMap((gpu, index) => ((gpu.memoryMib ?? 0) >= memoryMib ? [index] : []));
  return both(both(found.mask, maskOf(large)), onRails(shape, want));
}

function onRails(shape: NodeShape, { rails }: Want): Mask {
  if (rails === undefined) return firstBits(32);
  return maskOf(
    shape.railOf.flatMap((nic, gpu) => {
      const rail = nic === undefined ? undefined : shape.nics[nic]?.rail;
      return rail !== undefined && rails.has(rail) ? [gpu] : [];
    }),
  );
}

/** What one replica holds of what can be divided. */
export type Beside = { readonly cpuMilli: number; readonly memoryMib: number; readonly storageGib: number };

/**
 * CPU and memory are what it asks for, else its GPUs' share of the node, of which a slice has the part that it is
 * of its GPU; local storage only what it asks for.
 */
export function heldBesideGpus(node: FleetNode, want: Want): Beside {
  const { each } = want.part;
  const share = shareOfNode(node, each.gpus, want.model);
  return {
    cpuMilli: each.cpuMilli ?? shareOf(node.shape.cpuMilli, share),
    memoryMib: each.memoryMib ?? shareOf(node.shape.memoryMib, share),
    storageGib: each.storageGib ?? 0,
  };
}

function shareOf(total: number | undefined, share: Fraction): number {
  return total === undefined ? 0 : portionOf(total, share);
}
