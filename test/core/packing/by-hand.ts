import type { Fleet } from '../../../src/core/packing/fleet.ts';
import type { NodeCapacity } from '../../../src/core/packing/nodes.ts';
import type { Shape } from '../../../src/core/packing/shape.ts';

/** A node as one would keep it on paper: what is left of everything, GPU by GPU, and what runs there. */
export type PaperNode = {
  readonly id: string;
  readonly model: string;
  cpuMilli: number;
  memoryMib: number;
  /** Thousandths left of each GPU. */
  readonly gpus: number[];
  /** GPU requests that run there: `share`, or how many whole GPUs. */
  readonly kinds: string[];
};

export type PaperSeat = { readonly node: PaperNode; readonly gpus: readonly number[]; readonly shape: Shape };

/** In the order in which ties are decided: by rank, then by id. */
export function onPaper(nodes: readonly NodeCapacity[]): PaperNode[] {
  return nodes
    .toSorted((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1))
    .map(({ id, model, cpuMilli, memoryMib, gpuCount }) => ({
      id,
      model,
      cpuMilli,
      memoryMib,
      gpus: Array.from({ length: gpuCount }, () => 1000),
      kinds: [],
    }));
}

/** A numbered node of a fleet, copied onto paper. What runs there cannot be read off it and is left out. */
export function copied({ nodes }: Fleet, node: number): PaperNode {
  return {
    id: nodes.ids[node] ?? '',
    model: nodes.models[nodes.modelOf[node] ?? 0] ?? '',
    cpuMilli: nodes.cpuLeft[node] ?? 0,
    memoryMib: nodes.memoryLeft[node] ?? 0,
    gpus: Array.from(nodes.gpuLeft.slice(nodes.gpuStart[node], nodes.gpuStart[node + 1])),
    kinds: [],
  };
}

export function isShare({ gpuCount, gpuMilli }: Shape): boolean {
  return gpuCount === 1 && gpuMilli < 1000;
}

export function kindOf(shape: Shape): string {
  return isShare(shape) ? 'share' : `${shape.gpuCount} whole`;
}

/** GPUs on each of which the request could take what it asks of one. */
export function roomyOn(node: PaperNode, shape: Shape): number[] {
  return node.gpus.flatMap((left, gpu) => (left >= shape.gpuMilli ? [gpu] : []));
}

export function fitsOn(node: PaperNode, shape: Shape): boolean {
  if (node.cpuMilli < shape.cpuMilli || node.memoryMib < shape.memoryMib) return false;
  if (shape.gpuCount === 0) return true;
  if (shape.models.length > 0 && !shape.models.includes(node.model)) return false;
  return roomyOn(node, shape).length >= shape.gpuCount;
}

export function takeOn(node: PaperNode, shape: Shape, gpus: readonly number[]): PaperSeat {
  node.cpuMilli -= shape.cpuMilli;
  node.memoryMib -= shape.memoryMib;
  for (const gpu of gpus) node.gpus[gpu] = (node.gpus[gpu] ?? 0) - shape.gpuMilli;
  if (gpus.length > 0) node.kinds.push(kindOf(shape));
  return { node, gpus, shape };
}

export function giveBack({ node, gpus, shape }: PaperSeat): void {
  node.cpuMilli += shape.cpuMilli;
  node.memoryMib += shape.memoryMib;
  for (const gpu of gpus) node.gpus[gpu] = (node.gpus[gpu] ?? 0) + shape.gpuMilli;
  if (gpus.length > 0) node.kinds.splice(node.kinds.indexOf(kindOf(shape)), 1);
}

/** The same node with the request on these GPUs. */
export function after(node: PaperNode, shape: Shape, gpus: readonly number[]): PaperNode {
  const trial = { ...node, gpus: [...node.gpus], kinds: [...node.kinds] };
  takeOn(trial, shape, gpus);
  return trial;
}

export function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
