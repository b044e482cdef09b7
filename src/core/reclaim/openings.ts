import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import { seatsOf } from '../../model/placement.ts';
import { tenuresOf } from '../calendar/holding.ts';
import { packedOf } from '../index/packed.ts';
import type { FleetNode, NodeShape } from '../inventory/fleet.ts';
import { type Mask, maskOf, sizeOf, without } from '../mask.ts';
import { endOf, type StartRange } from '../place/site.ts';
import { modelsFor } from '../place/want.ts';
import type { State } from '../state.ts';
import type { Victim } from './victim.ts';

/** GPUs of one node that the same candidates stand on: free as soon as all of those are gone. */
type Opening = { readonly blockers: readonly number[]; readonly gpuCount: number };

/** What may go, and where it stands. */
export class Standing {
  /** Of contracts that go whole. */
  readonly #position: ReadonlyMap<string, number>;
  /** Of extras, by contract and node: for each GPU. */
  readonly #extras: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly #nodes: ReadonlySet<Path>;

  constructor(candidates: readonly Victim[]) {
    this.#position = new Map(
      candidates.flatMap(({ contract, extra }, at): [string, number][] =>
        extra === undefined ? [[contract.id, at]] : [],
      ),
    );
    this.#extras = extrasOn(candidates);
    this.#nodes = new Set(candidates.flatMap(nodesOf));
  }

  isOn({ id }: FleetNode): boolean {
    return this.#nodes.has(id);
  }

  /** Where what holds a GPU of a node stands in the list of candidates; -1 for everybody else. */
  positionOf(holder: string, { id }: FleetNode, gpu: number): number {
    return this.#position.get(holder) ?? this.#extras.get(`${holder} ${id}`)?.get(gpu) ?? -1;
  }
}

function nodesOf({ contract, extra }: Victim): readonly Path[] {
  if (extra !== undefined) return [extra.node];
  return tenuresOf(contract).flatMap(({ holding }) => seatsOf(holding.placement).map(({ node }) => node));
}

function extrasOn(candidates: readonly Victim[]): ReadonlyMap<string, ReadonlyMap<number, number>> {
  const positions = new Map<string, Map<number, number>>();
  for (const [at, { contract, extra }] of candidates.entries()) {
    if (extra === undefined) continue;
    const key = `${contract.id} ${extra.node}`;
    const known = positions.get(key) ?? new Map<number, number>();
    for (const gpu of extra.gpus) known.set(gpu, at);
    positions.set(key, known);
  }
  return positions;
}

/**
 * How many whole GPUs of a place a demand could have at best, by which candidates are gone. Only counts: a set that
 * opens enough may still not do, one that does not cannot.
 */
export class Openings {
  /** Of the nodes that some candidate stands on. */
  readonly #nodes: readonly (readonly Opening[])[];
  /** Free GPUs of the other nodes, node by node, those that have any. */
  readonly #free: readonly number[];
  readonly #needs: readonly { readonly gpus: number; readonly count: number }[];

  constructor(
    state: State,
    nodes: readonly FleetNode[],
    asked: { readonly demand: Demand; readonly starts: StartRange; readonly standing: Standing },
  ) {
    this.#needs = wholeGpuNeeds(asked.demand);
    const models = wantedModels(asked.demand, state.fleet.models);
    const looked = this.#needs.length === 0 ? [] : nodes;
    const [stoodOn, others] = [
      looked.filter((node) => asked.standing.isOn(node)),
      looked.filter((node) => !asked.standing.isOn(node)),
    ];
    this.#nodes = stoodOn.map((node) => openingsOf(state, node, { ...asked, models }));
    this.#free = freeOn(state, others, { ...asked, models });
  }

  /** Whether there could be room once these candidates are gone. */
  couldFit(isGone: (candidate: number) => boolean): boolean {
    const opened = this.#nodes.map((openings) =>
      openings.reduce((sum, { blockers, gpuCount }) => (blockers.every(isGone) ? sum + gpuCount : sum), 0),
    );
    const free = [...this.#free, ...opened];
    const total = this.#needs.reduce((sum, { gpus, count }) => sum + gpus * count, 0);
    return (
      totalOf(free) >= total &&
      this.#needs.every(({ gpus, count }) => totalOf(free.map((here) => Math.floor(here / gpus))) >= count)
    );
  }

  /** GPUs that are missing while every candidate is there. */
  get missing(): number {
    const total = this.#needs.reduce((all, { gpus, count }) => all + gpus * count, 0);
    const open = this.#nodes.flat().filter(({ blockers }) => blockers.length === 0);
    return Math.max(0, total - totalOf(this.#free) - totalOf(open.map(({ gpuCount }) => gpuCount)));
  }

  /** GPUs that a candidate stands on, alone or with others: no more than these can its end open. */
  opensAtMost(candidate: number): number {
    const standing = this.#nodes.flat().filter(({ blockers }) => blockers.includes(candidate));
    return totalOf(standing.map(({ gpuCount }) => gpuCount));
  }
}

type Asked = {
  readonly demand: Demand;
  readonly starts: StartRange;
  readonly models: ReadonlySet<string>;
};

/** What nobody holds on nodes where no candidate stands, whichever start is taken. */
function freeOn(
  state: State,
  nodes: readonly FleetNode[],
  { demand, starts, models }: Asked,
): readonly number[] {
  const window = packedOf(state).window({
    startMs: starts.latestMs,
    endMs: endOf(starts.earliestMs, demand),
  });
  const wanted = new Map<NodeShape, Mask>();
  const free: number[] = [];
  for (const { index, shape, downMask } of nodes) {
    const mask = wanted.get(shape) ?? modelMask(shape, models);
    wanted.set(shape, mask);
    const count = sizeOf(without(mask, (window.takenOn(index) | downMask) >>> 0));
    if (count > 0) free.push(count);
  }
  return free;
}

/** GPUs of a shape that are of one of these models, or of one that nobody has recorded. */
export function modelMask({ gpus }: NodeShape, models: ReadonlySet<string>): Mask {
  return maskOf(gpus.flatMap(({ model }, gpu) => (model === undefined || models.has(model) ? [gpu] : [])));
}

function openingsOf(
  state: State,
  node: FleetNode,
  { demand, starts, standing: candidates, models }: Asked & { readonly standing: Standing },
): readonly Opening[] {
  const firstEndMs = endOf(starts.earliestMs, demand);
  // A hold closes a GPU for good only when it overlaps the window whichever start is taken.
  const holds = (state.calendar[node.index] ?? []).filter(
    (hold) => hold.startMs < firstEndMs && hold.endMs > starts.latestMs,
  );
  const counted = new Map<string, { blockers: number[]; gpuCount: number }>();
  for (const [gpu, { model }] of node.shape.gpus.entries()) {
    if (model !== undefined && !models.has(model)) continue;
    const standing = holds.filter((hold) => ((hold.gpus >>> gpu) & 1) === 1);
    const blockers = [...new Set(standing.map((hold) => candidates.positionOf(hold.holder, node, gpu)))];
    if (blockers.includes(-1) || ((node.downMask >>> gpu) & 1) === 1) continue;
    const key = blockers.toSorted((a, b) => a - b).join();
    const entry = counted.get(key) ?? { blockers, gpuCount: 0 };
    entry.gpuCount++;
    counted.set(key, entry);
  }
  return [...counted.values()];
}

/** What an elastic demand can do with is less than it asks for: nothing is counted on there. */
export function wholeGpuNeeds({ guarantee, parts }: Demand): readonly { gpus: number; count: number }[] {
  if (guarantee === 'elastic') return [];
  return parts.flatMap(({ count, each }) =>
    each.gpus === undefined || each.gpus.slice !== undefined ? [] : [{ gpus: each.gpus.count, count }],
  );
}

/** Models that some part of a demand may run on. */
export function wantedModels({ parts }: Demand, known: readonly string[]): ReadonlySet<string> {
  return new Set(parts.flatMap((part) => (part.each.gpus === undefined ? [] : [...modelsFor(part, known)])));
}

function totalOf(amounts: readonly number[]): number {
  return amounts.reduce((all, amount) => all + amount, 0);
}
