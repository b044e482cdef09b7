import type { Demand, Part } from '../../model/demand.ts';
import { compareText } from '../../model/text.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Mask, maskOf } from '../mask.ts';

/** A part of a demand with its GPU model settled: what one attempt tries to place. */
export type Want = {
  readonly part: Part;
  /** GPUs of one replica; 0 for CPU parts. */
  readonly gpuCount: number;
  readonly model: string | undefined;
};

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
  for (const part of demand.parts) {
    const gpuCount = part.each.gpus?.count ?? 0;
    const models = gpuCount === 0 ? [undefined] : modelsFor(part, known);
    ways = ways
      .flatMap((way) => models.map((model) => [...way, { part, gpuCount, model }]))
      .slice(0, combinationLimit);
  }
  return ways;
}

/** GPU parts first, large replicas before small ones: what is hard to place goes first. */
export function hardestFirst(wants: readonly Want[]): readonly Want[] {
  return wants.toSorted(
    (a, b) =>
      b.gpuCount - a.gpuCount ||
      (b.part.each.cpuMilli ?? 0) - (a.part.each.cpuMilli ?? 0) ||
      compareText(a.part.name, b.part.name),
  );
}

/** GPUs of the node that the want may use at all, whoever holds them. */
export function usableGpus(node: FleetNode, want: Want): Mask {
  const { shape } = node;
  const memoryMib = want.part.each.gpus?.memoryMib ?? 0;
  const found = shape.models.find(({ model }) => model === want.model);
  if (found === undefined) return 0;
  const large = shape.gpus.flatMap((gpu, index) => ((gpu.memoryMib ?? 0) >= memoryMib ? [index] : []));
  return (found.mask & maskOf(large) & ~node.downMask) >>> 0;
}

/** What one replica holds of what can be divided. */
export type Beside = { readonly cpuMilli: number; readonly memoryMib: number; readonly storageGib: number };

/** CPU and memory are what it asks for, else its GPUs' share of the node; local storage only what it asks for. */
export function heldBesideGpus(node: FleetNode, want: Want): Beside {
  const { each } = want.part;
  return {
    cpuMilli: each.cpuMilli ?? shareOf(node.shape.cpuMilli, want.gpuCount, node.shape.gpus.length),
    memoryMib: each.memoryMib ?? shareOf(node.shape.memoryMib, want.gpuCount, node.shape.gpus.length),
    storageGib: each.storageGib ?? 0,
  };
}

function shareOf(total: number | undefined, gpuCount: number, gpuTotal: number): number {
  return total === undefined || gpuTotal === 0 ? 0 : Math.floor((total * gpuCount) / gpuTotal);
}
