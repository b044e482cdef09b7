import { compareText } from '../../model/text.ts';
import { scrambled } from './draws.ts';
import { gpuMilliOf, type Shape, shapeKey } from './shape.ts';
import type { Target } from './target.ts';

/** Every shape costs time for all nodes: of more than so many a sample stands for the rest. */
const shapeCountMax = 128;

/** Samples of which the best is kept. */
const sampleCount = 32;

/**
 * The requests that were asked for, similar ones next to each other. Of too many shapes a sample, another for each
 * `take`: one request stands for a run of similar ones, as often as the run is long, so that of every kind there
 * are as many; and of several samples that one is kept which asks for GPUs, CPUs and memory most nearly as all do.
 * What a sample asks too much or too little of a scarce resource would hide what the policies make of it.
 */
export function poolOf(asked: Target['asked'], take: number): readonly Shape[] {
  const ordered = asked
    .toSorted(byKind)
    .flatMap(({ count, ...shape }) => Array.from({ length: count }, () => shape));
  if (asked.length <= shapeCountMax) return ordered;
  const runs = runsOf(ordered);
  const goal = sumsOf(ordered);
  let nearest = { pool: ordered, apart: Infinity };
  for (let sample = 0; sample < sampleCount; sample++) {
    const pool = sampleOf(runs, take * sampleCount + sample);
    const apart = apartBy(sumsOf(pool), goal);
    if (apart < nearest.apart) nearest = { pool, apart };
  }
  return nearest.pool;
}

/** Runs of requests for the same number of GPUs of the same models; each kind has its share of the runs. */
function runsOf(ordered: readonly Shape[]): Shape[][] {
  const byModels = [...Map.groupBy(ordered, (shape) => `${shape.gpuCount} ${modelsOf(shape)}`).values()];
  const kinds = byModels.length > shapeCountMax / 2 ? [ordered] : byModels;
  const spare = shapeCountMax - kinds.length;
  return kinds.flatMap((kind) => cut(kind, 1 + Math.floor((spare * kind.length) / ordered.length)));
}

/** In so many parts of about the same length. */
function cut(items: readonly Shape[], count: number): Shape[][] {
  const parts = Math.min(count, items.length);
  const from = (part: number) => Math.floor((part * items.length) / parts);
  return Array.from({ length: parts }, (_, part) => items.slice(from(part), from(part + 1)));
}

function sampleOf(runs: readonly (readonly Shape[])[], salt: number): Shape[] {
  return runs.flatMap((run, number) => run.map(() => run[scrambled(number, salt) % run.length] ?? nothing));
}

const nothing: Shape = { cpuMilli: 0, memoryMib: 0, gpuCount: 0, gpuMilli: 0, models: [] };

type Sums = readonly number[];

function sumsOf(shapes: readonly Shape[]): Sums {
  const sum = (of: (shape: Shape) => number) => shapes.reduce((total, shape) => total + of(shape), 0);
  return [sum(gpuMilliOf), sum(({ cpuMilli }) => cpuMilli), sum(({ memoryMib }) => memoryMib)];
}

/** By how many millionths of the goal the sums miss it, all together. */
function apartBy(sums: Sums, goal: Sums): number {
  const missed = goal.map((wanted, index) => {
    const apart = BigInt(Math.abs((sums[index] ?? 0) - wanted));
    return Number((apart * 1_000_000n) / BigInt(Math.max(1, wanted)));
  });
  return missed.reduce((sum, millionths) => sum + millionths, 0);
}

function byKind(a: Shape, b: Shape): number {
  return (
    a.gpuCount - b.gpuCount ||
    compareText(modelsOf(a), modelsOf(b)) ||
    a.gpuMilli - b.gpuMilli ||
    a.cpuMilli - b.cpuMilli ||
    compareText(shapeKey(a), shapeKey(b))
  );
}

function modelsOf({ models }: Shape): string {
  return models.toSorted(compareText).join('|');
}
