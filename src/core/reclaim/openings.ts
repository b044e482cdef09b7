import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { endOf, type StartRange } from '../place/site.ts';
import { modelsFor } from '../place/want.ts';
import type { State } from '../state.ts';

/** GPUs of one node that the same candidates stand on: free as soon as all of those are gone. */
type Opening = { readonly blockers: readonly number[]; readonly gpuCount: number };

/**
 * How many whole GPUs of a place a demand could have at best, by which candidates are gone. Only counts: a set that
 * opens enough may still not do, one that does not cannot.
 */
export class Openings {
  readonly #nodes: readonly (readonly Opening[])[];
  readonly #needs: readonly { readonly gpus: number; readonly count: number }[];

  constructor(
    state: State,
    nodes: readonly FleetNode[],
    asked: {
      readonly demand: Demand;
      readonly starts: StartRange;
      readonly candidates: readonly Contract[];
    },
  ) {
    this.#needs = wholeGpuNeeds(asked.demand);
    const position = new Map(asked.candidates.map(({ id }, index): [string, number] => [id, index]));
    const models = wantedModels(asked.demand, state.fleet.models);
    this.#nodes =
      this.#needs.length === 0
        ? []
        : nodes.map((node) => openingsOf(state, node, { ...asked, position, models }));
  }

  /** Whether there could be room once these candidates are gone. */
  couldFit(isGone: (candidate: number) => boolean): boolean {
    const free = this.#nodes.map((openings) =>
      openings.reduce((sum, { blockers, gpuCount }) => (blockers.every(isGone) ? sum + gpuCount : sum), 0),
    );
    const total = this.#needs.reduce((sum, { gpus, count }) => sum + gpus * count, 0);
    return (
      totalOf(free) >= total &&
      this.#needs.every(({ gpus, count }) => totalOf(free.map((here) => Math.floor(here / gpus))) >= count)
    );
  }

  /** GPUs that are missing while every candidate is there. */
  get missing(): number {
    const total = this.#needs.reduce((all, { gpus, count }) => all + gpus * count, 0);
    const free = this.#nodes.flat().filter(({ blockers }) => blockers.length === 0);
    return Math.max(0, total - totalOf(free.map(({ gpuCount }) => gpuCount)));
  }

  /** GPUs that a candidate stands on, alone or with others: no more than these can its end open. */
  opensAtMost(candidate: number): number {
    const standing = this.#nodes.flat().filter(({ blockers }) => blockers.includes(candidate));
    return totalOf(standing.map(({ gpuCount }) => gpuCount));
  }
}

function openingsOf(
  state: State,
  node: FleetNode,
  {
    demand,
    starts,
    position,
    models,
  }: {
    readonly demand: Demand;
    readonly starts: StartRange;
    readonly position: ReadonlyMap<string, number>;
    readonly models: ReadonlySet<string>;
  },
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
    const blockers = [...new Set(standing.map((hold) => position.get(hold.holder) ?? -1))];
    if (blockers.includes(-1) || ((node.downMask >>> gpu) & 1) === 1) continue;
    const key = blockers.toSorted((a, b) => a - b).join();
    const entry = counted.get(key) ?? { blockers, gpuCount: 0 };
    entry.gpuCount++;
    counted.set(key, entry);
  }
  return [...counted.values()];
}

/** What an elastic demand can do with is less than it asks for: nothing is counted on there. */
function wholeGpuNeeds({ guarantee, parts }: Demand): readonly { gpus: number; count: number }[] {
  if (guarantee === 'elastic') return [];
  return parts.flatMap(({ count, each }) =>
    each.gpus === undefined || each.gpus.slice !== undefined ? [] : [{ gpus: each.gpus.count, count }],
  );
}

function wantedModels({ parts }: Demand, known: readonly string[]): ReadonlySet<string> {
  return new Set(parts.flatMap((part) => (part.each.gpus === undefined ? [] : [...modelsFor(part, known)])));
}

function totalOf(amounts: readonly number[]): number {
  return amounts.reduce((all, amount) => all + amount, 0);
}
