import type { Violation } from '../given.ts';
import type { FleetNode, FleetRack } from '../inventory/fleet.ts';
import { type Audit, broken, holdsIn, named } from './audit.ts';
import { hangsOn, letterLimits, rackLimitW } from './feeds.ts';
import { peak, sum, within } from './level.ts';
import { runningOf } from './running.ts';
import { touched } from './slice-parts.ts';
import { isAt, type Place, standing } from './standing.ts';

/**
 * At every instant of the window the watts held in a rack, on a feed of the building, on a cooling loop, in a hall
 * and at a site are within what was recorded for it. Each is asked for itself, whatever the others leave; PUE is
 * applied to none. A feed of the building carries all that hangs on it, as if every other feed were lost.
 */
export function* power(audit: Audit): Generator<Violation> {
  const { racks, feeds, loops, halls, sites } = audit.state.fleet;
  for (const id of new Set(audit.seats.map(({ node }) => node.rack)))
    if (id !== undefined) yield* inRack(audit, racks.get(id));
  for (const [id, { limitW }] of feeds) {
    const isThere = (node: FleetNode) => hangsOn(racks, node).some(({ building }) => building === id);
    yield* held(audit, 'feed-power', { kind: 'feed', id, isThere }, limitW);
  }
  for (const [id, loop] of loops) {
    const isThere = ({ rack }: FleetNode) => rack !== undefined && racks.get(rack)?.facts.loop === id;
    yield* held(audit, 'loop-cooling', { kind: 'loop', id, isThere }, loop.coolingLimitW);
  }
  for (const [id, { powerBudgetW, coolingLimitW }] of halls) {
    const hall: Place = { kind: 'hall', id, isThere: (node) => isAt(node, id) };
    yield* held(audit, 'hall-power', hall, powerBudgetW);
    yield* held(audit, 'hall-cooling', hall, coolingLimitW);
  }
  for (const { id, facts } of sites)
    yield* held(
      audit,
      'site-power',
      { kind: 'site', id, isThere: (node) => node.site === id },
      facts.powerBudgetW,
    );
}

function* inRack(audit: Audit, rack: FleetRack | undefined): Generator<Violation> {
  if (rack === undefined) return;
  const place: Place = { kind: 'rack', id: rack.id, isThere: (node) => node.rack === rack.id };
  if (standing(audit.state.fleet, place).some(({ facts }) => facts.feeds !== undefined))
    yield* letterLimits(audit, rack);
  else yield* held(audit, 'rack-power', place, rackLimitW(rack));
  yield* held(audit, 'rack-cooling', place, rack.coolingLimitW);
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
  place: Place,
  limitW: number | undefined,
): Generator<Violation> {
  if (limitW === undefined) return;
  const seats = audit.seats.filter(({ node }) => place.isThere(node));
  if (seats.length === 0) return;
  const around = standing(audit.state.fleet, place);
  const asked = sum(seats, 'powerW');
  if (atMostIn(audit, around) + asked <= limitW) return;
  const holds = around.flatMap((node) => holdsIn(audit.state, node, audit.startMs, audit.endMs));
  yield* within(constraint, `${place.id}: W`, limitW, { asked, held: peak(audit, holds, 'powerW') });
}

/** Of so many nodes the watts are summed anew for every audit; of more, the sums are kept up. */
const fewNodes = 16;

/** No less than the most watts that these nodes hold at one instant of the window. */
function atMostIn(audit: Audit, nodes: readonly FleetNode[]): number {
  if (nodes.length <= fewNodes) return sumIn(audit, nodes);
  return runningOf(audit.state).load(nodes).atMostW(audit.startMs, audit.endMs);
}

/** Watts of everything held at some time of the window, as if all of it were held at once. */
function sumIn({ state, startMs, endMs }: Audit, nodes: readonly FleetNode[]): number {
  let watts = 0;
  for (const { index } of nodes)
    for (const hold of state.calendar[index] ?? [])
      if (hold.startMs < endMs && startMs < hold.endMs) watts += hold.powerW;
  return watts;
}
