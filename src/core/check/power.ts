import { isWithin } from '../../model/id.ts';
import type { Violation } from '../given.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Audit, broken, holdsIn, named } from './audit.ts';
import { hangsOn, letterLimits, rackLimitW } from './feeds.ts';
import { peak, sum, within } from './level.ts';
import { touched } from './slice-parts.ts';
import { standing } from './standing.ts';

/**
 * At every instant of the window the watts held in a rack, on a feed of the building, on a cooling loop, in a hall
 * and at a site are within what was recorded for it. Each is asked for itself, whatever the others leave; PUE is
 * applied to none. A feed of the building carries all that hangs on it, as if every other feed were lost.
 */
export function* power(audit: Audit): Generator<Violation> {
  const { racks, feeds, loops, halls, sites } = audit.state.fleet;
  for (const id of new Set(audit.seats.flatMap(({ node }) => node.rack ?? []))) {
    const rack = racks.get(id);
    if (rack === undefined) continue;
    const inRack = (node: FleetNode) => node.rack === rack.id;
    if (standing(audit.state.fleet, `rack ${id}`, inRack).some(({ facts }) => facts.feeds !== undefined))
      yield* letterLimits(audit, rack);
    else yield* held(audit, 'rack-power', rack.id, rackLimitW(rack), inRack);
    yield* held(audit, 'rack-cooling', rack.id, rack.coolingLimitW, inRack);
  }
  for (const [id, { limitW }] of feeds) {
    const onFeed = (node: FleetNode) => hangsOn(racks, node).some(({ building }) => building === id);
    yield* held(audit, 'feed-power', id, limitW, onFeed);
  }
  for (const [id, loop] of loops) {
    const onLoop = ({ rack }: FleetNode) => rack !== undefined && racks.get(rack)?.facts.loop === id;
    yield* held(audit, 'loop-cooling', id, loop.coolingLimitW, onLoop);
  }
  for (const [id, hall] of halls) {
    const inHall = (node: FleetNode) => isWithin(node.id, id);
    yield* held(audit, 'hall-power', id, hall.powerBudgetW, inHall);
    yield* held(audit, 'hall-cooling', id, hall.coolingLimitW, inHall);
  }
  for (const { id, facts } of sites)
    yield* held(audit, 'site-power', id, facts.powerBudgetW, (node) => node.site === id);
}

/** The gang as a whole holds no more than its cap, and what each member may draw is known. */
export function* powerCap({ demand: { powerCapW }, seats }: Audit): Generator<Violation> {
  if (powerCapW === undefined) return;
  const powerW = sum(seats, 'powerW');
  if (powerW > powerCapW) yield broken('power-cap', `the gang holds ${powerW} W, at most ${powerCapW}`);
  for (const { member, node } of seats) {
    const { basePowerW, gpuPowerW } = node.shape;
    if (basePowerW === undefined || (touched(member).length > 0 && gpuPowerW === undefined))
      yield broken('power-cap', `${named(member)}: what it may draw is not recorded`);
  }
}

function* held(
  audit: Audit,
  constraint: string,
  place: string,
  limitW: number | undefined,
  isThere: (node: FleetNode) => boolean,
): Generator<Violation> {
  if (limitW === undefined) return;
  const seats = audit.seats.filter(({ node }) => isThere(node));
  if (seats.length === 0) return;
  const around = standing(audit.state.fleet, `${constraint} ${place}`, isThere);
  if (sumIn(audit, around) + sum(seats, 'powerW') <= limitW) return;
  const holds = around.flatMap((node) => holdsIn(audit.state, node, audit.startMs, audit.endMs));
  yield* within(constraint, `${place}: W`, limitW, {
    asked: sum(seats, 'powerW'),
    held: peak(audit, holds, 'powerW'),
  });
}

/** Watts of everything held at some time of the window, as if all of it were held at once: never less than the peak. */
function sumIn({ state, startMs, endMs }: Audit, nodes: readonly FleetNode[]): number {
  let watts = 0;
  for (const { index } of nodes)
    for (const hold of state.calendar[index] ?? [])
      if (hold.startMs < endMs && startMs < hold.endMs) watts += hold.powerW;
  return watts;
}
