import type { Contract } from '../../model/contract.ts';
import { type Demand, guaranteedCount, type Part } from '../../model/demand.ts';
import { type Path, siteOf } from '../../model/id.ts';
import { type HeldSlice, type Member, seatsOf } from '../../model/placement.ts';
import { standsIn } from '../../model/standing.ts';
import { type Hold, never } from '../calendar/calendar.ts';
import { givenUp } from '../calendar/holding.ts';
import { portionUp, sizeOfSlice } from '../calendar/slices.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { indexesOf, sizeOf } from '../mask.ts';
import { placeOn } from '../place/domain.ts';
import { fitnessOf } from '../place/fitness.ts';
import { Neighbours } from '../place/neighbours.ts';
import { countedReplicas, isCounted, spreadOf } from '../place/survival.ts';
import { wantedPart } from '../place/want.ts';
import type { State } from '../state.ts';
import { holdersOn } from './holders.ts';
import { type Rest, restOf, whyItStays } from './movable.ts';

/** What can be held of a node, at one time. GPUs are counted in thousandths where slices of them are held, else whole. */
type Amounts = { readonly gpus: number; readonly cpuMilli: number; readonly memoryMib: number };

type ProblemNode = {
  readonly node: FleetNode;
  /** What is there for members that may move, in each period. */
  readonly room: readonly Amounts[];
  /** It is one of those wanted, and nothing stands on it that has to stay. */
  readonly mayBeFreed: boolean;
};

/** A member that may move. */
export type Mover = { readonly rest: Rest; readonly member: Member };

/** Members that are interchangeable for the count: equal amounts, equal times, equal places to go. */
export type Kind = Amounts & {
  readonly movers: readonly Mover[];
  /** By position of the node: how many stand there now. */
  readonly standing: readonly number[];
  /** Positions of the nodes that they may stand on. */
  readonly targets: ReadonlySet<number>;
  /** Periods in which they hold what they hold. */
  readonly periods: ReadonlySet<number>;
  /** The most of them that one node may hold. */
  readonly mostOnNode: number;
  /** What moving one costs: its GPUs; a member without any counts as one. */
  readonly cost: number;
};

/** Seats that fall together when one place is lost: no more of them than may be missed. */
export type Group = {
  /** Positions of kinds, and of the nodes in the place. */
  readonly kinds: readonly number[];
  readonly nodes: readonly number[];
  readonly most: number;
};

/** Which nodes are to be empty, what stands on them, and where it could go. Everything in whole numbers. */
export type Problem = {
  readonly nodes: readonly ProblemNode[];
  readonly kinds: readonly Kind[];
  readonly groups: readonly Group[];
  /** So many nodes are to be empty in the end, those that are so already among them. */
  readonly wanted: number;
};

export type Wish = {
  readonly within?: Path;
  /** So many whole nodes; without it all of the place. */
  readonly free?: number;
  readonly atMs: number;
  /** Pairs of a member and a node that were tried and do not go together. */
  readonly refused?: ReadonlySet<string>;
};

/** The problem of emptying nodes from `atMs` on for good. Nodes are those of the sites of the place, or all. */
export function problemOf(state: State, wish: Wish): Problem {
  const { within, atMs } = wish;
  const nodes = state.fleet.nodes.filter(({ site }) => within === undefined || site === siteOf(within));
  const wanted = nodes.filter((node) => isWanted(node, within));
  const holders = holdersOn(state, nodes, { fromMs: atMs, toMs: never });
  const positions = new Map(nodes.map(({ id }, position) => [id, position]));
  const movers = holders.flatMap((contract) => moversOf(state, contract, { atMs, at: positions }));
  const moving = new Set<string>(movers.map(({ rest }) => rest.contract.id));
  const scale = hasSlices(state, nodes, atMs) ? 1000 : 1;
  const open = opennessOf(givenUp(state, [...new Set(movers.map(({ rest }) => rest.contract))], atMs));
  const periods = periodsOf(state, nodes, atMs);
  const kinds = kindsOf(movers, {
    nodes,
    positions,
    periods,
    scale,
    open,
    refused: wish.refused ?? new Set(),
  });
  return {
    nodes: nodes.map((node) =>
      problemNode(state, node, { periods, moving, atMs, scale, wanted: wanted.includes(node) }),
    ),
    kinds,
    groups: groupsOf(kinds, nodes),
    wanted: wish.free ?? wanted.length,
  };
}

/** How a pair that does not go together is written down. */
export function pairOf({ rest: { contract }, member }: Mover, node: Path): string {
  return `${contract.id} ${member.part} ${member.replica} ${node}`;
}

function isWanted(node: FleetNode, within: Path | undefined): boolean {
  const inPlace = within === undefined || standsIn(node, within);
  return inPlace && node.schedulable && node.health !== 'down' && node.shape.gpus.length > 0;
}

/** Seats of contracts that can go one by one: what they keep to as a whole the auditor sees after each step. */
function moversOf(
  state: State,
  contract: Contract,
  { atMs, at }: { readonly atMs: number; readonly at: ReadonlyMap<Path, number> },
): readonly Mover[] {
  const rest = whyStuck(state, contract, atMs) === undefined ? restOf(contract, atMs) : undefined;
  if (rest === undefined) return [];
  return seatsOf(contract.placement).flatMap((member) => (at.has(member.node) ? [{ rest, member }] : []));
}

/** Why no seat of a contract is moved by itself, in words about it; nothing where that may be. */
function whyStuck({ fleet }: State, contract: Contract, atMs: number): string | undefined {
  const { demand, placement } = contract;
  const apart = demand.parts.find((part) => part.apart !== undefined && part.apart !== 'node')?.apart;
  const isKnown = seatsOf(placement).every(({ node }) => fleet.nodeById.has(node));
  return (
    whyItStays(contract, atMs) ??
    (apart === undefined ? undefined : `keeps its replicas apart by ${apart}`) ??
    (isKnown ? undefined : 'stands on a node that the inventory no longer has') ??
    (restOf(contract, atMs) === undefined ? 'is over within a second' : undefined)
  );
}

/** Contracts that keep the wanted nodes from being emptied, with the reason for each, by number. */
export function stuckOn(
  state: State,
  { within, atMs }: Wish,
): readonly { contract: Contract; why: string }[] {
  const wanted = state.fleet.nodes.filter((node) => isWanted(node, within));
  return holdersOn(state, wanted, { fromMs: atMs, toMs: never }).flatMap((contract) => {
    const why = whyStuck(state, contract, atMs);
    return why === undefined ? [] : [{ contract, why }];
  });
}

/** Starts of holds: load only grows there. Instants at which no more is held than at another are left out. */
function periodsOf(state: State, nodes: readonly FleetNode[], atMs: number): readonly number[] {
  const holds = nodes.flatMap((node) => state.calendar[node.index] ?? []).filter(({ endMs }) => endMs > atMs);
  const starts = [...new Set(holds.map(({ startMs }) => Math.max(startMs, atMs)))].toSorted((a, b) => a - b);
  // Until something ends, every later start only adds to what is held.
  return starts.filter((start, at) => {
    const next = starts[at + 1];
    return (
      next === undefined ||
      holds.some(({ startMs, endMs }) => startMs <= start && endMs > start && endMs <= next)
    );
  });
}

function problemNode(
  state: State,
  node: FleetNode,
  {
    periods,
    moving,
    atMs,
    scale,
    wanted,
  }: {
    readonly periods: readonly number[];
    readonly moving: ReadonlySet<string>;
    readonly atMs: number;
    readonly scale: number;
    readonly wanted: boolean;
  },
): ProblemNode {
  const fixed = (state.calendar[node.index] ?? []).filter(
    (hold) => hold.endMs > atMs && !moving.has(hold.holder),
  );
  const { cpuMilli = 0, memoryMib = 0, gpus } = node.shape;
  const usable = gpus.length - sizeOf(node.downMask);
  return {
    node,
    mayBeFreed: wanted && fixed.length === 0,
    room: periods.map((atPeriodMs) => {
      const held = fixed.filter(({ startMs, endMs }) => startMs <= atPeriodMs && endMs > atPeriodMs);
      return {
        gpus: (usable - healthyGpus(node, held)) * scale - slicesHeld(node, held, scale),
        cpuMilli: cpuMilli - held.reduce((sum, hold) => sum + hold.cpuMilli, 0),
        memoryMib: memoryMib - held.reduce((sum, hold) => sum + hold.memoryMib, 0),
      };
    }),
  };
}

/** GPUs that are held and not down: those that are down are taken off already. */
function healthyGpus(node: FleetNode, held: readonly Hold[]): number {
  const taken = held.reduce((mask, { gpus }) => mask | gpus, 0) >>> 0;
  return indexesOf(taken).filter((gpu) => ((node.downMask >>> gpu) & 1) === 0).length;
}

/** Of GPUs that nobody has whole, in thousandths; nothing where GPUs are counted whole. */
function slicesHeld(node: FleetNode, held: readonly Hold[], scale: number): number {
  return scale === 1
    ? 0
    : sizeOfSlices(
        node,
        held.flatMap(({ slices = [] }) => slices),
      );
}

function sizeOfSlices({ shape, downMask }: FleetNode, slices: readonly HeldSlice[]): number {
  return slices
    .filter(({ gpu }) => ((downMask >>> gpu) & 1) === 0)
    .reduce((sum, slice) => sum + portionUp(1000, sizeOfSlice(shape.gpus[slice.gpu] ?? {}, slice)), 0);
}

function hasSlices(state: State, nodes: readonly FleetNode[], atMs: number): boolean {
  const holds = nodes.flatMap((node) => state.calendar[node.index] ?? []);
  return holds.some(({ slices, endMs }) => slices !== undefined && endMs > atMs);
}

type Openness = (rest: Rest, node: FleetNode) => boolean;

/** Whether a contract may come to a node as far as those are concerned who stay: in a state without those who move. */
function opennessOf(staying: State): Openness {
  const known = new Map<string, Neighbours>();
  return ({ demand, placement: { startMs, endMs = never } }, node) => {
    const span = `${startMs} ${endMs}`;
    const neighbours = known.get(span) ?? new Neighbours(staying, { startMs, endMs });
    known.set(span, neighbours);
    return neighbours.letIn(node, demand.tenant, demand.isolation);
  };
}

type Scene = {
  readonly nodes: readonly FleetNode[];
  readonly positions: ReadonlyMap<Path, number>;
  readonly periods: readonly number[];
  readonly scale: number;
  readonly open: Openness;
  readonly refused: ReadonlySet<string>;
};

function kindsOf(movers: readonly Mover[], scene: Scene): readonly Kind[] {
  const byKey = new Map<string, { mover: Mover; targets: readonly number[] }[]>();
  for (const mover of movers) {
    const targets = targetsOf(mover, scene);
    const key = [...keyOf(mover, scene), targets.join()].join(' ');
    byKey.set(key, [...(byKey.get(key) ?? []), { mover, targets }]);
  }
  return [...byKey.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined
      ? []
      : [
          kindOf(
            first,
            same.map(({ mover }) => mover),
            scene,
          ),
        ];
  });
}

function keyOf(
  { rest, member }: Mover,
  { nodes, positions, periods, scale }: Scene,
): readonly (string | number)[] {
  const isAlike = mostTogether({ rest, member }) === Infinity && !isGrouped({ rest, member });
  const alone = isAlike ? '' : `${rest.contract.id}/${member.part}/${isMissed({ rest, member })}`;
  const times = [...activeIn(rest, periods)].join(',');
  const gpus = gpusOf(member, nodes[positions.get(member.node) ?? -1], scale);
  return [gpus, member.cpuMilli, member.memoryMib, times, alone];
}

function kindOf(
  { mover, targets }: { readonly mover: Mover; readonly targets: readonly number[] },
  movers: readonly Mover[],
  { nodes, positions, periods, scale }: Scene,
): Kind {
  const { member, rest } = mover;
  const standing = nodes.map(() => 0);
  for (const { member: other } of movers) {
    const at = positions.get(other.node);
    if (at !== undefined) standing[at] = (standing[at] ?? 0) + 1;
  }
  return {
    movers,
    standing,
    targets: new Set(targets),
    periods: activeIn(rest, periods),
    gpus: gpusOf(member, nodes[positions.get(member.node) ?? -1], scale),
    cpuMilli: member.cpuMilli,
    memoryMib: member.memoryMib,
    mostOnNode: Math.min(movers.length, mostTogether(mover)),
    cost: Math.max(1, member.gpus.length),
  };
}

/** How many replicas of its part may share a node: one that is apart, as many as may be lost where it survives that. */
function mostTogether(mover: Mover): number {
  const { demand } = mover.rest;
  if (partOf(demand, mover.member)?.apart !== undefined) return 1;
  return demand.survive?.loss === 'node' && isMissed(mover) ? Math.max(1, mostLost(mover.rest)) : Infinity;
}

/** How many seats of a contract may fall together: those that are left have to be enough. */
function mostLost({ demand, placement: { spares = [] } }: Rest): number {
  return countedReplicas(demand) + spares.length - (demand.survive?.membersLeft ?? 0);
}

/** Whether a seat counts for survival: extras do not, nor replicas without GPUs beside such as have some. */
function isMissed({ rest: { demand, placement }, member }: Mover): boolean {
  const part = partOf(demand, member);
  if (part === undefined || !isCounted(part, demand)) return false;
  return member.replica < guaranteedCount(part) || (placement.spares ?? []).includes(member);
}

/** Whether a mover belongs to a group: its contract is to survive the loss of more than a node. */
function isGrouped(mover: Mover): boolean {
  const loss = mover.rest.demand.survive?.loss;
  return (loss === 'rack' || loss === 'feed') && isMissed(mover);
}

/** Of each contract that is to survive the loss of a rack or feed, the seats in each. No fewer than stand there now. */
function groupsOf(kinds: readonly Kind[], nodes: readonly FleetNode[]): readonly Group[] {
  const grouped = kinds.flatMap(({ movers: [first], standing }, at) =>
    first !== undefined && isGrouped(first) ? [{ at, standing, rest: first.rest }] : [],
  );
  return [...Map.groupBy(grouped, ({ rest }) => rest.contract.id).values()].flatMap((own) => {
    const [first] = own;
    const spread = first === undefined ? undefined : spreadOf(first.rest.demand);
    if (first === undefined || spread === undefined) return [];
    const fates = nodes.map((node, at) => ({ at, fate: spread.fateOf(node) }));
    const places = Map.groupBy(fates, ({ fate }) => (fate.kind === 'falls' ? fate.place : undefined));
    places.delete(undefined);
    return [...places.values()].map((inside): Group => {
      const positions = inside.map(({ at }) => at);
      const now = own.reduce((sum, { standing }) => sum + sumAt(standing, positions), 0);
      return { kinds: own.map(({ at }) => at), nodes: positions, most: Math.max(now, mostLost(first.rest)) };
    });
  });
}

/** What a row of counts comes to at some positions. */
export function sumAt(row: readonly number[] | undefined, positions: readonly number[]): number {
  return positions.reduce((sum, at) => sum + (row?.[at] ?? 0), 0);
}

/** Whole GPUs and slices of a member, in the unit in which GPUs are counted. */
function gpusOf({ gpus, slices = [] }: Member, node: FleetNode | undefined, scale: number): number {
  return gpus.length * scale + (node === undefined ? 0 : sizeOfSlices(node, slices));
}

function activeIn(
  { placement: { startMs, endMs = never } }: Rest,
  periods: readonly number[],
): ReadonlySet<number> {
  return new Set(periods.flatMap((atMs, period) => (startMs <= atMs && atMs < endMs ? [period] : [])));
}

/** The nodes that could serve a member as its own does: the same model, inside every domain its gang keeps to. */
function targetsOf(mover: Mover, { nodes, positions, refused, open }: Scene): readonly number[] {
  const { rest, member } = mover;
  const own = nodes[positions.get(member.node) ?? -1];
  const part = partOf(rest.demand, member);
  if (own === undefined || part === undefined) return [];
  const gpu = member.gpus[0] ?? member.slices?.[0]?.gpu;
  const model = gpu === undefined ? undefined : own.shape.gpus[gpu]?.model;
  const want = { part: wantedPart(part, rest.demand), gpuCount: part.each.gpus?.count ?? 0, model };
  const levels = [rest.demand.together, part.within].flatMap((level) => level ?? []);
  return nodes.flatMap((node, position) => {
    if (node === own) return [position];
    const isNear =
      node.site === own.site && levels.every((level) => placeOn(level, node) === placeOn(level, own));
    if (!isNear || refused.has(pairOf(mover, node.id)) || !open(rest, node)) return [];
    if (isGrouped(mover) && spreadOf(rest.demand)?.fateOf(node).kind === 'unknown') return [];
    return fitnessOf(node, want, rest.demand).kind === 'fits' ? [position] : [];
  });
}

function partOf({ parts }: Demand, { part: name }: Member): Part | undefined {
  return parts.find((part) => part.name === name);
}
