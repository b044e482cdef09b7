import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import { seatsOf } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { tenuresOf } from '../calendar/holding.ts';
import type { Fleet, FleetSite } from '../inventory/fleet.ts';
import { modelsAt } from '../place/each-site.ts';
import { withoutFlows, withoutUplinks } from '../place/fabric/demand.ts';
import { layoutOf } from '../place/layout.ts';
import { splitSites } from '../place/open-sites.ts';
import { couldFit, type StartRange } from '../place/site.ts';
import { canSolve } from '../place/solve.ts';
import { combinations } from '../place/want.ts';
import type { State } from '../state.ts';

type Asked = { readonly demand: Demand; readonly starts: StartRange; readonly isPlain: boolean };

/**
 * Whether moves could make room for a demand at one start: a quick no, never a wrong one. What contracts leave changes
 * their own sites alone, so a site that had no room before and that nobody leaves has none now; the others are looked
 * at by count. A scan hopes for everything.
 */
export class Prospect {
  readonly #state: State;
  readonly #verdict: PolicyVerdict;
  readonly #asked: Asked;
  readonly #open: readonly FleetSite[];
  #hadRoom: boolean | undefined;

  constructor(state: State, verdict: PolicyVerdict, asked: Asked) {
    this.#state = state;
    this.#verdict = verdict;
    this.#asked = asked;
    this.#open = splitSites(state, asked.demand, verdict).open;
  }

  /** `cleared` is the state that some contracts have left. */
  isLeft(cleared: State, movers: readonly Contract[]): boolean {
    const { demand, isPlain } = this.#asked;
    if (isPlain || reachesBeyondSites(cleared.fleet, demand) || this.#isRoomBefore()) return true;
    const sites = sitesLeft(cleared, movers);
    return this.#open.some((site) => sites.has(site.id) && this.#couldFit(cleared, site));
  }

  #couldFit(cleared: State, site: FleetSite): boolean {
    return combinations(this.#asked.demand, modelsAt(site)).some((wants) =>
      couldFit(cleared, site, { ...this.#asked, wants }),
    );
  }

  #isRoomBefore(): boolean {
    return (this.#hadRoom ??= canSolve(this.#state, this.#verdict, this.#asked));
  }
}

/** Data moves between sites, spares may stand on other ones, and nobody says where a leaf or a feed ends. */
function reachesBeyondSites(fleet: Fleet, demand: Demand): boolean {
  const isBound = demand.dataset === undefined && demand.survive === undefined;
  const isLinked = withoutUplinks(demand) !== undefined || withoutFlows(demand) !== undefined;
  return !isBound || isLinked || sharesAcrossSites(fleet);
}

/** A fleet never changes, so it is looked through once. */
const known = new WeakMap<Fleet, boolean>();

/** Whether nodes of several sites draw on one limit or stand in one rack. */
function sharesAcrossSites(fleet: Fleet): boolean {
  const { limits, racks } = layoutOf(fleet);
  const groups = [...limits.map(({ nodes }) => nodes), ...racks.values()];
  const isShared =
    known.get(fleet) ?? groups.some((nodes) => nodes.some(({ site }) => site !== nodes[0]?.site));
  known.set(fleet, isShared);
  return isShared;
}

/** Sites on which contracts held anything at any time. */
function sitesLeft({ fleet }: State, movers: readonly Contract[]): ReadonlySet<Path> {
  const seats = movers.flatMap(tenuresOf).flatMap(({ holding }) => seatsOf(holding.placement));
  return new Set(seats.flatMap(({ node }) => fleet.nodeById.get(node)?.site ?? []));
}
