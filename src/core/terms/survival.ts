import { type Demand, guaranteedCount } from '../../model/demand.ts';
import { siteOf } from '../../model/id.ts';
import { type Member, type Placement, type Term } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { Fleet } from '../inventory/fleet.ts';
import { isCounted, spreadOf } from '../place/survival.ts';

/** What is left after a loss, by spreading or by spares, and where those are. */
export function survival(fleet: Fleet, demand: Demand, placement: Placement): Term[] {
  const { survive, parts } = demand;
  if (survive === undefined) return [];
  const firm = new Map(
    parts.filter((part) => isCounted(part, demand)).map((part) => [part.name, guaranteedCount(part)]),
  );
  const counted = placement.members.filter(({ part, replica }) => replica < (firm.get(part) ?? 0));
  const replicas = counted.length;
  const spares = placement.spares ?? [];
  const seats = [...counted, ...spares];
  const most = mostLost(fleet, demand, seats);
  const left = Math.min(replicas, seats.length - most);
  const how = spares.length === 0 ? 'by spreading' : `with ${spareCount(spares)}`;
  const idle = (placement.bandwidth ?? []).length === 0 ? '' : '; bandwidth is held for members only';
  const held =
    spares.length === 0
      ? `at most ${most} replicas on one ${survive.loss}; no spare is reserved`
      : `${spareCount(spares)} ${placesOf(spares)}; at most ${most} of ${seats.length} on one ${survive.loss}${idle}`;
  return [
    {
      kind: 'survival',
      promise: `${how}: the loss of any one ${survive.loss} leaves at least ${left} of ${replicas}${demand.guarantee === 'elastic' ? ' guaranteed' : ''} replicas, asked for ${survive.membersLeft}`,
      strength: 'guaranteed',
      heldAs: held.slice(0, 200),
      enforcedBy:
        spares.length === 0
          ? 'choice of nodes'
          : 'choice of nodes; spares are held in the calendar as replicas are',
      measuredBy: 'places in the inventory',
    },
  ];
}

/** The most replicas and spares that one loss takes. What hangs on several feeds is not lost with one. */
function mostLost(fleet: Fleet, demand: Demand, seats: readonly Member[]): number {
  const spread = spreadOf(demand);
  const places = seats.flatMap(({ node: id }): string[] => {
    const node = fleet.nodeById.get(id);
    if (node === undefined) return [];
    const fate = spread?.fateOf(node) ?? { kind: 'falls', place: node.site };
    return fate.kind === 'falls' ? [fate.place] : [];
  });
  const groups = Map.groupBy(places, (place) => place).values();
  return Math.max(0, ...groups.map(({ length }) => length));
}

function spareCount({ length }: readonly Member[]): string {
  return length === 1 ? '1 spare' : `${length} spares`;
}

/** `of train on fra1/h1/r2/n01`, or at its site where there are many. */
function placesOf(spares: readonly Member[]): string {
  const part = [...new Set(spares.map((spare) => spare.part))].join(', ');
  const nodes = [...new Set(spares.map(({ node }) => node))].toSorted(compareText);
  const sites = [...new Set(nodes.map(siteOf))].join(', ');
  return nodes.length > 3
    ? `of ${part} on ${nodes.length} nodes at ${sites}`
    : `of ${part} on ${nodes.join(', ')}`;
}
