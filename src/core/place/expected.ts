import type { Contract } from '../../model/contract.ts';
import type { Member, Placement } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import { portionOf, sizeOfSlice } from '../calendar/slices.ts';
import { kindsOf } from '../index/kinds.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { spread } from '../packing/draws.ts';
import { type Shape, shapeKey, wholeGpuMilli } from '../packing/shape.ts';
import { type AskedShape, type Target, targetOfCounted } from '../packing/target.ts';
import type { Shelf } from '../shelf.ts';
import { milliOf } from './stock.ts';
import { modelsFor } from './want.ts';

/** So many of the contracts that were granted last are looked at. */
const contractsMax = 1024;

/** Of a contract so many members count at most: one large gang is not all that anybody will ask for. */
const membersMax = 8;

/** While fewer requests than these are known, what is expected of a fleet that nobody has used yet fills up. */
const priorCount = 64;

/**
 * What is expected to be asked for: what the contracts granted last hold, those included that have ended since, each
 * replica as one request. It moves on with every eighth of the contracts, so that scores stay put for a while. While
 * fewer than 64 requests are known, requests that nobody has made fill up to that: for all of a node, half of it, a
 * quarter and so on down to one GPU, each as often as the others, of every kind of node in the proportion of its GPUs,
 * with the GPUs' share of the node's cores and memory; of nodes that are set up for shares, for half and a quarter of a GPU.
 */
export function expectedOf(fleet: Fleet, contracts: Shelf<Contract>): Target {
  const byShelf = answers.get(fleet) ?? new WeakMap<Shelf<Contract>, Target>();
  answers.set(fleet, byShelf);
  const known = byShelf.get(contracts) ?? expectedAfter(fleet, contracts);
  byShelf.set(contracts, known);
  return known;
}

/** Neither a fleet nor a shelf of contracts ever changes. */
const answers = new WeakMap<Fleet, WeakMap<Shelf<Contract>, Target>>();

/** The target that is kept where the next contract does not count yet: what is remembered about it serves on. */
function expectedAfter(fleet: Fleet, contracts: Shelf<Contract>): Target {
  const placements = lately(contracts);
  const known = targets.get(fleet) ?? [];
  targets.set(fleet, known);
  const found = known.find((one) => isSame(one.placements, placements));
  if (found !== undefined) return found.target;
  const made = { placements, target: madeOf(fleet, contracts, placements.length) };
  known.unshift(made);
  known.length = Math.min(known.length, keptMax);
  return made.target;
}

type Made = { readonly placements: readonly Placement[]; readonly target: Target };

/** For so many histories of contracts a target is kept; states are asked about in turns. */
const keptMax = 4;

const targets = new WeakMap<Fleet, Made[]>();

/** How many contracts count, of so many: all of the first sixteen, then up to the last whole eighth of a doubling. */
function countedOf(count: number): number {
  let step = 1;
  while (step * 16 <= count) step *= 2;
  return count - (count % step);
}

function lately(contracts: Shelf<Contract>): readonly Placement[] {
  const to = countedOf(contracts.size);
  const placements: Placement[] = [];
  for (let at = Math.max(0, to - contractsMax); at < to; at++) {
    const contract = contracts.at(at);
    if (contract !== undefined) placements.push(contract.placement);
  }
  return placements;
}

function isSame(a: readonly Placement[], b: readonly Placement[]): boolean {
  return a.length === b.length && a.every((placement, at) => placement === b[at]);
}

function madeOf(fleet: Fleet, contracts: Shelf<Contract>, count: number): Target {
  const to = countedOf(contracts.size);
  const counts = new Map<string, AskedShape>();
  const add = ({ key, shape }: Request, more: number) =>
    counts.set(key, { ...shape, count: (counts.get(key)?.count ?? 0) + more });
  let requests = 0;
  for (let at = to - count; at < to; at++) {
    const contract = contracts.at(at);
    for (const request of contract === undefined ? [] : requestsOf(fleet, contract)) {
      add(request, 1);
      requests++;
    }
  }
  for (const request of spread(priorOf(fleet), Math.max(0, priorCount - requests), 0)) add(request, 1);
  return targetOfCounted([...counts.values()]);
}

type Request = { readonly key: string; readonly shape: Shape };

/** Neither fleets nor placements change. */
const known = new WeakMap<Fleet, WeakMap<Placement, readonly Request[]>>();

function requestsOf(fleet: Fleet, contract: Contract): readonly Request[] {
  const byPlacement = known.get(fleet) ?? new WeakMap<Placement, readonly Request[]>();
  known.set(fleet, byPlacement);
  const { placement } = contract;
  const before = byPlacement.get(placement);
  if (before !== undefined) return before;
  const { members } = placement;
  const some = spread(members, Math.min(members.length, membersMax), 0);
  const requests = some.flatMap((member) => shapesOf(fleet, contract, member)).map(keyed);
  byPlacement.set(placement, requests);
  return requests;
}

function keyed(shape: Shape): Request {
  return { key: shapeKey(shape), shape };
}

/** What a member holds; each slice as a request of its own, an instance of MIG as its part of the GPU's memory. */
function shapesOf(fleet: Fleet, { demand }: Contract, member: Member): readonly Shape[] {
  const part = demand.parts.find(({ name }) => name === member.part);
  const able = part?.each.gpus === undefined ? [] : modelsFor(part, fleet.models);
  const models = able.length === fleet.models.length ? [] : able;
  const { gpus, slices = [], cpuMilli, memoryMib } = member;
  if (slices.length === 0)
    return [
      { cpuMilli, memoryMib, gpuCount: gpus.length, gpuMilli: gpus.length === 0 ? 0 : wholeGpuMilli, models },
    ];
  const node = fleet.nodeById.get(member.node);
  return slices.map((slice) => {
    const { part: milli, of } = sizeOfSlice(node?.shape.gpus[slice.gpu] ?? {}, slice);
    return {
      cpuMilli: Math.floor(cpuMilli / slices.length),
      memoryMib: Math.floor(memoryMib / slices.length),
      gpuCount: 1,
      gpuMilli: Math.max(1, Math.floor((milli * wholeGpuMilli) / of)),
      models,
    };
  });
}

const priors = new WeakMap<Fleet, readonly Request[]>();

/** What nobody has asked for yet: 64 requests where there are GPUs. Kinds weigh by their GPUs, in sixtieths for sizes. */
function priorOf(fleet: Fleet): readonly Request[] {
  const before = priors.get(fleet);
  if (before !== undefined) return before;
  const { examples, of } = kindsOf(fleet);
  const counts = examples.map(() => 0);
  for (const kind of of) counts[kind] = (counts[kind] ?? 0) + 1;
  const weights = new Map<string, Weighed>();
  for (const [kind, node] of examples.entries()) {
    const sizes = sizesOf(node);
    const gpus = node.shape.gpus.length * (counts[kind] ?? 0);
    for (const request of sizes.map(keyed)) {
      const weight = (weights.get(request.key)?.weight ?? 0) + Math.floor((gpus * 60) / sizes.length);
      weights.set(request.key, { request, weight });
    }
  }
  const weighed = [...weights.values()].toSorted((a, b) => compareText(a.request.key, b.request.key));
  const requests = apportioned(weighed);
  priors.set(fleet, requests);
  return requests;
}

type Weighed = { readonly request: Request; readonly weight: number };

/** So many requests that each has its share, and rounding favours nobody for long. */
function apportioned(weighed: readonly Weighed[]): readonly Request[] {
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0);
  const requests: Request[] = [];
  let passed = 0;
  for (const { request, weight } of weighed) {
    passed += weight;
    while (requests.length < Math.floor((priorCount * passed) / total)) requests.push(request);
  }
  return requests;
}

/** All of a node's GPUs, half of them, and so on down to one; halves and quarters of GPUs that are set up for shares. */
function sizesOf(node: FleetNode): readonly Shape[] {
  const all = node.shape.gpus.length;
  const whole = milliOf(node.shape);
  if (whole === 0) return [];
  if (whole < wholeGpuMilli) return [500, 250].map((milli) => shapeOn(node, 1, milli));
  const shapes: Shape[] = [];
  for (let gpuCount = all; gpuCount >= 1; gpuCount = Math.floor(gpuCount / 2))
    shapes.push(shapeOn(node, gpuCount, wholeGpuMilli));
  return shapes;
}

/** GPUs of a node, with as much of its cores and memory as they are of its GPUs. */
function shapeOn({ shape }: FleetNode, gpuCount: number, gpuMilli: number): Shape {
  const share = { part: gpuCount * gpuMilli, of: shape.gpus.length * wholeGpuMilli };
  return {
    cpuMilli: portionOf(shape.cpuMilli ?? 0, share),
    memoryMib: portionOf(shape.memoryMib ?? 0, share),
    gpuCount,
    gpuMilli,
    models: [],
  };
}
