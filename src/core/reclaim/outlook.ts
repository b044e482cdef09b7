import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import { seatsOf } from '../../model/placement.ts';
import { tenuresOf } from '../calendar/holding.ts';
import { domainsKnown } from '../index/domains.ts';
import { byKind } from '../index/kinds.ts';
import { packedOf } from '../index/packed.ts';
import { partitionOf } from '../index/partition.ts';
import type { Span } from '../index/window.ts';
import type { FleetSite } from '../inventory/fleet.ts';
import { sizeOf, without } from '../mask.ts';
import type { State } from '../state.ts';
import { modelMask, wantedModels, wholeGpuNeeds } from './openings.ts';

type Asked = { readonly demand: Demand; readonly span: Span };

/**
 * What the places that a demand must not leave could open for it by count alone: a quick no, never a wrong one. Knows
 * nothing of demands for anything but whole GPUs, nor of fleets on which slices are held: there it hopes.
 */
export class Outlook {
  readonly #wanted: number;
  readonly #places: readonly Places[];

  constructor(state: State, sites: readonly FleetSite[], asked: Asked) {
    const needs = wholeGpuNeeds(asked.demand);
    const isKnown = needs.length > 0 && !packedOf(state).isSliced;
    this.#wanted = isKnown ? needs.reduce((sum, { gpus, count }) => sum + gpus * count, 0) : 0;
    this.#places = isKnown ? sites.map((site) => placesAt(state, site, asked)) : [];
  }

  /** Whether some place has enough GPUs, whoever holds them. */
  get isLargeEnough(): boolean {
    return this.#wanted === 0 || this.#places.some(({ all }) => all.some((gpus) => gpus >= this.#wanted));
  }

  /** Whether some place could have enough GPUs free once some contracts are gone from wherever they stand. */
  couldOpen(movers: readonly Contract[]): boolean {
    const opened = movers.reduce((sum, mover) => sum + everHeldBy(mover), 0);
    if (this.#wanted === 0) return true;
    return this.#places.some(({ all, free }) =>
      all.some((gpus, at) => gpus >= this.#wanted && (free[at] ?? 0) + opened >= this.#wanted),
    );
  }
}

type Places = {
  /** By place: GPUs of models that are asked for. */
  readonly all: Int32Array;
  /** Those of them that nobody holds. */
  readonly free: Int32Array;
};

function placesAt(state: State, { nodes }: FleetSite, { demand, span }: Asked): Places {
  const limit = demand.together ?? 'site';
  const domains = domainsKnown(limit, limit, nodes);
  const { of } = partitionOf(domains);
  const models = wantedModels(demand, state.fleet.models);
  const maskOn = byKind(state.fleet, ({ shape, downMask }) => without(modelMask(shape, models), downMask));
  const window = packedOf(state).window(span);
  const all = new Int32Array(domains.length);
  const free = new Int32Array(domains.length);
  for (const node of nodes) {
    const at = of[node.index] ?? -1;
    const mask = at < 0 ? 0 : maskOn(node);
    if (mask === 0) continue;
    all[at] = (all[at] ?? 0) + sizeOf(mask);
    free[at] = (free[at] ?? 0) + sizeOf(without(mask, window.takenOn(node.index)));
  }
  return { all, free };
}

/** GPUs of all placements that a contract has held or holds: a change that has not begun leaves two at a time. */
function everHeldBy(contract: Contract): number {
  const seats = tenuresOf(contract).flatMap(({ holding }) => seatsOf(holding.placement));
  return seats.reduce((sum, { gpus }) => sum + gpus.length, 0);
}
