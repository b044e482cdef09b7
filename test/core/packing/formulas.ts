import type { Shape } from '../../../src/core/packing/shape.ts';
import type { Target } from '../../../src/core/packing/target.ts';
import { after, fitsOn, isShare, kindOf, type PaperNode, roomyOn, sumOf } from './by-hand.ts';

/**
 * The policies of Weng et al. (USENIX ATC 2023) as their papers and plug-ins state them, in fractions and without any
 * table: what every answer of the fast ones is held against.
 */
type Formula = {
  readonly score: (node: PaperNode, shape: Shape, target: Target) => number;
  readonly gpus: (node: PaperNode, shape: Shape, target: Target) => readonly number[];
};

/** The largest node of the published experiments, by which CPUs and GPUs are measured. */
const cpuMost = 128_000;
const gpuMost = 8000;

export const formulas: Readonly<Record<'bestfit' | 'dotprod' | 'packing' | 'clustering' | 'fgd', Formula>> = {
  bestfit: { score: bestFit, gpus: tightest },
  dotprod: { score: dotProduct, gpus: tightest },
  packing: { score: packing, gpus: tightest },
  clustering: { score: clustering, gpus: tightest },
  fgd: {
    score: (node, shape, target) => gradeOf(lessened(node, shape, target), target),
    gpus: leastFragmented,
  },
};

/** trunc(100 × (1 − mean of what is left over of CPUs and GPUs)), not below 0. */
function bestFit(node: PaperNode, shape: Shape): number {
  const cpuOver = node.cpuMilli - shape.cpuMilli;
  const gpuOver = sumOf(node.gpus) - shape.gpuCount * shape.gpuMilli;
  return hundredths(cpuOver * gpuMost + gpuOver * cpuMost, 2 * cpuMost * gpuMost);
}

/** trunc(100 × (1 − mean of the products of what is free and what is asked for)), not below 0. */
function dotProduct(node: PaperNode, shape: Shape): number {
  const cpus = BigInt(node.cpuMilli) * BigInt(shape.cpuMilli) * BigInt(gpuMost) ** 2n;
  const gpus = BigInt(sumOf(node.gpus)) * BigInt(shape.gpuCount * shape.gpuMilli) * BigInt(cpuMost) ** 2n;
  return hundredths(cpus + gpus, 2n * BigInt(cpuMost) ** 2n * BigInt(gpuMost) ** 2n);
}

/** trunc(100 × (1 − above / below)) for fractions that may pass 1, in whole numbers. */
function hundredths(above: number | bigint, below: number | bigint): number {
  const [top, bottom] = [BigInt(above), BigInt(below)];
  return top >= bottom ? 0 : Number((100n * (bottom - top)) / bottom);
}

/** A GPU in use, then an idle GPU of a node in use, then an idle node, the smaller the better. */
function packing(node: PaperNode, shape: Shape): number {
  if (shape.gpuCount === 0) return 0;
  const idle = node.gpus.filter((left) => left === 1000).length;
  if (idle === node.gpus.length) return Math.max(33 - idle, idle);
  const inUse = node.gpus.filter((left) => left < 1000 && left >= shape.gpuMilli);
  if (!isShare(shape) || inUse.length === 0) return Math.max(50 - shape.gpuCount, 33);
  return 100 - Math.floor(Math.min(...inUse) / 100);
}

/** A quarter for how much of eight GPUs is used, and quarters for the company: only its kind, among others, nobody. */
function clustering(node: PaperNode, shape: Shape): number {
  if (shape.gpuCount === 0) return 0;
  const kinds = new Set(node.kinds);
  const among = kinds.size === 0 ? 25 : 0;
  const company = kinds.has(kindOf(shape)) ? (kinds.size === 1 ? 75 : 50) : among;
  return Math.floor(Math.max(0, (gpuMost - sumOf(node.gpus)) / gpuMost) * 25) + company;
}

/** A share on the fullest GPU that holds it, whole GPUs from the first. */
function tightest(node: PaperNode, shape: Shape): readonly number[] {
  const roomy = roomyOn(node, shape);
  if (!isShare(shape)) return roomy.slice(0, shape.gpuCount);
  return roomy.toSorted((a, b) => (node.gpus[a] ?? 0) - (node.gpus[b] ?? 0) || a - b).slice(0, 1);
}

/**
 * F of the paper, times the requests of the target: of every request's view of the node, what is idle on GPUs too small
 * for it, or all that is idle where it does not fit at all, or asks for no GPU.
 */
export function fragmented(node: PaperNode, { shapes }: Target): number {
  return sumOf(
    shapes.map((shape) => {
      const canRun = shape.gpuCount > 0 && fitsOn(node, { ...shape, memoryMib: 0 });
      const useless = node.gpus.filter((left) => !canRun || left < shape.gpuMilli);
      return shape.count * sumOf(useless);
    }),
  );
}

/** By how much the request lessens the fragments; a share where that is most. */
export function lessened(node: PaperNode, shape: Shape, target: Target): number {
  if (isShare(shape))
    return Math.max(...roomyOn(node, shape).map((gpu) => lessenedOn(node, shape, target, gpu)));
  return fragmented(node, target) - fragmented(after(node, shape, tightest(node, shape)), target);
}

/** The same of a share on this GPU. */
export function lessenedOn(node: PaperNode, shape: Shape, target: Target, gpu: number): number {
  return fragmented(node, target) - fragmented(after(node, shape, [gpu]), target);
}

/** trunc(100 × sigmoid(gradient in GPUs)): a half for 0, else irrational, and never all of it. */
export function gradeOf(gradient: number, { countTotal }: Pick<Target, 'countTotal'>): number {
  if (gradient === 0) return 50;
  return Math.min(99, Math.floor(100 / (1 + Math.exp(-gradient / (1000 * countTotal)))));
}

/** A share on the first GPU with the best grade, whole GPUs from the first. */
function leastFragmented(node: PaperNode, shape: Shape, target: Target): readonly number[] {
  if (!isShare(shape)) return tightest(node, shape);
  const graded = roomyOn(node, shape).map((gpu) => ({
    gpu,
    grade: gradeOf(lessenedOn(node, shape, target, gpu), target),
  }));
  const best = Math.max(...graded.map(({ grade }) => grade));
  return graded
    .filter(({ grade }) => grade === best)
    .map(({ gpu }) => gpu)
    .slice(0, 1);
}
