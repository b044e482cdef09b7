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
  const { most, left } = worstLoss(fleet, demand, { counted, spares });
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

type Seats = { readonly counted: readonly Member[]; readonly spares: readonly Member[] };

/**
 * The most replicas and spares that one loss takes, and the fewest replicas that one leaves: all at other sites, and at
 * its own as many as seats there are left for. What hangs on several feeds is not lost with one. For the loss of a
 * site, spares of any site stand in.
 */
function worstLoss(
  fleet: Fleet,
  demand: Demand,
  { counted, spares }: Seats,
): { readonly most: number; readonly left: number } {
  const isSiteLost = demand.survive?.loss === 'site';
  const seats = [...counted, ...spares];
  const losses = [...Map.groupBy(seats, (seat) => placeOf(fleet, demand, seat))].flatMap(([place, lost]) => {
    const [first] = lost;
    if (place === undefined || first === undefined) return [];
    const isNear = ({ node }: Member) => isSiteLost || siteOf(node) === siteOf(first.node);
    const near = counted.filter(isNear);
    const own = Math.min(near.length, seats.filter(isNear).length - lost.length);
    return [{ lost: lost.length, left: counted.length - near.length + own }];
  });
  return {
    most: Math.max(0, ...losses.map(({ lost }) => lost)),
    left: Math.min(counted.length, ...losses.map(({ left }) => left)),
  };
}

/** What a seat falls with; nothing where no single loss takes it. */
function placeOf(fleet: Fleet, demand: Demand, { node: id }: Member): string | undefined {
  const node = fleet.nodeById.get(id);
  if (node === undefined) return undefined;
  const fate = spreadOf(demand)?.fateOf(node) ?? { kind: 'falls', place: node.site };
  return fate.kind === 'falls' ? fate.place : undefined;
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
