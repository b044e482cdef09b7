import { type Demand, guaranteedCount, isInNode, type Part, type TopologyLevel } from '../../model/demand.ts';
import type { Member, Placement } from '../../model/placement.ts';
import { never } from '../calendar/calendar.ts';
import { withHolding } from '../calendar/holding.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { priceOf } from '../price.ts';
import type { State } from '../state.ts';
import { withinBudget } from './budget.ts';
import { placeOn } from './domain.ts';
import { bandwidthOf } from './fabric/bandwidth.ts';
import { EdgeRooms } from './fabric/edge-rooms.ts';
import { placedBy } from './fitness.ts';
import { type Candidate, type Question, type Solved, type Unsolved } from './solve.ts';

/** What the extras are looked for with: the search itself, over any state. */
export type Search = (state: State, asked: Question) => Solved | Unsolved;

/**
 * Gives an elastic demand that survives a loss its extras, one part after the other, beside the guaranteed replicas and
 * spares that stand already: those alone survive, so that where an extra is does not matter to them. An uplink budget is
 * laid out anew over all that stand. What is kept together inside a node gets none: its place was chosen as large as the
 * guaranteed replicas need it.
 */
export function withExtras(state: State, search: Search, asked: Question, base: Candidate): Candidate {
  return asked.demand.parts.reduce((found, part) => {
    if (!mayGrow(part, asked.demand)) return found;
    const grown = (count: number) => grownBy(state, search, { asked, found, part }, count);
    const most = part.count - guaranteedCount(part);
    const all = grown(most);
    if (all !== undefined) return all;
    let best = found;
    let [fits, fails] = [0, most];
    while (fails - fits > 1) {
      const middle = Math.floor((fits + fails) / 2);
      const more = grown(middle);
      if (more === undefined) fails = middle;
      else [best, fits] = [more, middle];
    }
    return best;
  }, base);
}

function mayGrow({ count, minCount = count, within }: Part, { together }: Demand): boolean {
  return minCount < count && ![within, together].some(isInNode);
}

type Growth = { readonly asked: Question; readonly found: Candidate; readonly part: Part };

/** The same with so many more replicas of the part; nothing where they, or their flows or price, do not fit. */
function grownBy(
  state: State,
  search: Search,
  { asked, found, part }: Growth,
  count: number,
): Candidate | undefined {
  const places = placesFor(state, { asked, found, part });
  for (const nodes of [besideLeafs(state, { asked, found, part }, places), places]) {
    const grown =
      nodes.length === 0 ? undefined : grownOn(state, search, { asked, found, part }, { nodes, count });
    if (grown !== undefined) return grown;
  }
  return undefined;
}

/** Those on the leafs where the part stands already, where it has a budget beyond them; nothing where it has none. */
function besideLeafs(
  { fleet }: State,
  { found, part }: Growth,
  places: readonly FleetNode[],
): readonly FleetNode[] {
  if ((part.each.rdma?.uplinkMbps ?? 0) === 0) return [];
  const own = found.members.filter((member) => member.part === part.name);
  const leafs = new Set(own.map(({ node }) => fleet.nodeById.get(node)?.leaf));
  return places.filter(({ leaf }) => leaf !== undefined && leafs.has(leaf));
}

function grownOn(
  state: State,
  search: Search,
  { asked, found, part }: Growth,
  { nodes, count }: { readonly nodes: readonly FleetNode[]; readonly count: number },
): Candidate | undefined {
  const { demand } = asked;
  const where = nodes.map(({ id }) => id);
  const placement = placementOf(demand, found);
  const taken = withHolding(state, { id: 'what is guaranteed', tenant: demand.tenant, demand, placement });
  const wish = { ...alone(state, { asked, found, part }, count), where };
  const starts = { earliestMs: found.startMs, latestMs: found.startMs };
  const more = search(taken, { ...asked, demand: wish, starts, isTrial: true });
  if (more.kind === 'unsolved') return undefined;
  const extras = more.best.members.map((member) => ({
    ...member,
    replica: member.replica + guaranteedCount(part),
  }));
  const members = inOrder([...found.members, ...extras], demand);
  const rooms = new EdgeRooms(state, { startMs: found.startMs, endMs: placement.endMs ?? never });
  const bandwidth = bandwidthOf(rooms, demand, members);
  const price = priceOf(state.fleet, { members, spares: found.spares }, demand.window.durationS);
  if (bandwidth === undefined || !withinBudget(price, demand)) return undefined;
  return { ...found, members, bandwidth, price };
}

/** Replicas of one part, asked for by themselves, on the model that the others of the part have. */
function alone({ fleet }: State, { asked, found, part }: Growth, count: number): Demand {
  const {
    together: _together,
    survive: _survive,
    flows: _flows,
    budget: _budget,
    dataset: _dataset,
    ...demand
  } = asked.demand;
  const { powerCapW, guarantee: _guarantee, ...rest } = demand;
  const { within: _within, minCount: _minCount, ...one } = part;
  const [first] = found.members.filter((member) => member.part === part.name);
  const gpu = first?.gpus[0] ?? first?.slices?.[0]?.gpu ?? -1;
  const model = first === undefined ? undefined : fleet.nodeById.get(first.node)?.shape.gpus[gpu]?.model;
  const gpus =
    one.each.gpus === undefined || model === undefined ? {} : { gpus: { ...one.each.gpus, models: [model] } };
  const { uplinkMbps: _uplinkMbps, ...rdma } = one.each.rdma ?? {};
  const wired = one.each.rdma === undefined ? {} : { rdma };
  const usedW = seatsIn(found).reduce((sum, { powerW }) => sum + powerW, 0);
  return {
    ...rest,
    parts: [{ ...one, count, each: { ...one.each, ...gpus, ...wired } }],
    ...(powerCapW === undefined ? {} : { powerCapW: Math.max(0, powerCapW - usedW) }),
  };
}

/** Whether a node has all others with it in one place of a level. */
function isBeside(node: FleetNode, others: readonly FleetNode[], level: TopologyLevel): boolean {
  return others.every((other) => placeOn(level, other) === placeOn(level, node));
}

/** Nodes on which extras of a part may stand, as the gang and the part are kept together or apart. */
function placesFor({ fleet }: State, { asked: { demand }, found, part }: Growth): readonly FleetNode[] {
  const nodesOf = (members: readonly Member[]) =>
    members.flatMap(({ node }) => fleet.nodeById.get(node) ?? []);
  const own = nodesOf(seatsIn(found).filter((member) => member.part === part.name));
  const isShared = (node: FleetNode, level: TopologyLevel) =>
    own.some((other) => placeOn(level, other) === placeOn(level, node));
  const gang = nodesOf(found.members);
  const isPlaced = placedBy(demand, part);
  return found.site.nodes.filter(
    (node) =>
      isPlaced(node) &&
      isBeside(node, gang, demand.together ?? 'site') &&
      isBeside(
        node,
        nodesOf(found.members.filter((member) => member.part === part.name)),
        part.within ?? 'site',
      ) &&
      (part.apart === undefined || !isShared(node, part.apart)),
  );
}

function placementOf({ window: { durationS } }: Demand, { startMs, members, spares }: Candidate): Placement {
  const endMs = durationS === undefined ? {} : { endMs: startMs + durationS * 1000 };
  return { startMs, ...endMs, members: [...members], spares: [...spares] };
}

function seatsIn({ members, spares }: Candidate): readonly Member[] {
  return [...members, ...spares];
}

function inOrder(members: readonly Member[], { parts }: Demand): readonly Member[] {
  const order = new Map(parts.map(({ name }, index) => [name, index]));
  return members.toSorted(
    (a, b) => (order.get(a.part) ?? 0) - (order.get(b.part) ?? 0) || a.replica - b.replica,
  );
}
