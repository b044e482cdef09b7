import { type Demand, isInNode } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import { byKind } from '../index/kinds.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { type Mask, maskOf } from '../mask.ts';
import { Judge, type Judgement, type Taking } from '../packing/judge.ts';
import { wholeGpuMilli } from '../packing/shape.ts';
import type { Target } from '../packing/target.ts';
import type { Domain } from './domain.ts';
import { expectedOf } from './expected.ts';
import { uplinkMbpsOf } from './fabric/uplink.ts';
import type { Candidates } from './fill.ts';
import type { Rooms } from './rooms.ts';
import { Leftovers, scarcityAt, stockOf } from './stock.ts';
import { heldBesideGpus, isSliced, usableGpus, type Want } from './want.ts';

/** How well a node suits a gang that stands on it whole. Of several the one that is better by `suitOrder` is taken. */
export type Suit = Judgement & {
  readonly node: FleetNode;
  /** What slices of MIG spoil; 0 for everything else. */
  readonly wear: number;
};

type Asked = { readonly demand: Demand; readonly wants: readonly Want[]; readonly candidates: Candidates };

/** Instances of MIG first by what they spoil, then by the points; of equals the first node of the fleet. */
export function suitOrder(a: Suit, b: Suit): number {
  return a.wear - b.wear || b.score - a.score || a.node.index - b.node.index;
}

/**
 * How the default packing policy judges nodes for a gang that one node can hold: whole GPUs of one model, one share of
 * a GPU, or instances of MIG, with parts without GPUs beside them. Nothing where something else decides: a fabric, a
 * loss to survive, a place inside a node, other tenants kept away, or that the tightest place is asked for.
 */
export function packingOf(
  rooms: Rooms,
  asked: Asked & { readonly isExhaustive?: boolean },
): Packing | undefined {
  const gpus = takenGpus(asked.wants);
  if (gpus === undefined || rooms.ignoring !== '' || !decidesAlone(asked)) return undefined;
  return new Packing(rooms, asked, gpus);
}

function decidesAlone({ demand, wants }: Asked): boolean {
  const { objective, isolation = 'shared', survive, flows = [], together } = demand;
  if (objective === 'tightest' || isolation !== 'shared' || survive !== undefined) return false;
  if (flows.length > 0 || isInNode(together)) return false;
  return wants.every(
    ({ part }) => part.apart === undefined && !isInNode(part.within) && uplinkMbpsOf(demand, part.name) === 0,
  );
}

type Gpus = Pick<Taking, 'gpuCount' | 'gpuMilli'> & {
  readonly want: Want | undefined;
  readonly isMig: boolean;
};

/** GPUs that all replicas take together; nothing where they are of several models or several shares. */
function takenGpus(wants: readonly Want[]): Gpus | undefined {
  const [want, ...others] = wants.filter(({ gpuCount }) => gpuCount > 0);
  if (want === undefined) return { want, gpuCount: 0, gpuMilli: 0, isMig: false };
  const slice = want.part.each.gpus?.slice;
  if (slice !== undefined) {
    if (others.length > 0) return undefined;
    if (slice.kind === 'mig') return { want, gpuCount: 0, gpuMilli: wholeGpuMilli, isMig: true };
    const isOne = want.gpuCount === 1 && want.part.count === 1;
    return isOne ? { want, gpuCount: 1, gpuMilli: slice.milli, isMig: false } : undefined;
  }
  if (others.some((other) => other.model !== want.model || isSliced(other))) return undefined;
  const gpuCount = [want, ...others].reduce((sum, one) => sum + one.gpuCount * one.part.count, 0);
  return { want, gpuCount, gpuMilli: wholeGpuMilli, isMig: false };
}

/** What one search found out about nodes, each judged once. */
export class Packing {
  readonly #rooms: Rooms;
  readonly #asked: Asked & { readonly isExhaustive?: boolean };
  readonly #gpus: Gpus;
  readonly #judge: Judge;
  readonly #leftovers: Leftovers;
  readonly #modelCosts = new Map<number, number>();
  readonly #besideOn: (node: FleetNode) => Pick<Taking, 'cpuMilli' | 'memoryMib'>;
  readonly #model: number | undefined;
  readonly #suits: (Suit | 'none' | undefined)[] = [];

  constructor(rooms: Rooms, asked: Asked & { readonly isExhaustive?: boolean }, gpus: Gpus) {
    const { state, span } = rooms;
    this.#rooms = rooms;
    this.#asked = asked;
    this.#gpus = gpus;
    this.#judge = judgeOf(state.fleet, expectedOf(state.fleet, state.contracts));
    this.#leftovers = new Leftovers(state, span, asked.isExhaustive === true);
    this.#besideOn = byKind(state.fleet, (node) => besideAll(node, asked.wants));
    const { models } = stockOf(state.fleet);
    this.#model = gpus.want === undefined ? undefined : models.indexOf(gpus.want.model ?? '');
  }

  /** Whether nodes can be judged before anything is put there: what instances of MIG take is known afterwards. */
  get isKnownBefore(): boolean {
    return !this.#gpus.isMig;
  }

  /** Nothing where the node has not so much left. */
  suitOf(node: FleetNode): Suit | undefined {
    const known = (this.#suits[node.index] ??= this.#judged(node, this.#gpus.gpuCount, 0) ?? 'none');
    return known === 'none' ? undefined : known;
  }

  /** Of the one node that all members of a found gang stand on. */
  suitWith(node: FleetNode, members: readonly Member[], wear: number): Suit | undefined {
    if (!this.#gpus.isMig) return this.suitOf(node);
    const { wholeGpus } = this.#leftovers.of(node, this.#model);
    const touched = members.flatMap(({ slices = [] }) => slices.map(({ gpu }) => gpu));
    const room = this.#rooms.of(node);
    const opened = new Set(touched.filter((gpu) => ((room.gpus >>> gpu) & 1) === 1)).size;
    return this.#judged(node, Math.min(opened, wholeGpus), wear);
  }

  hasRoomOn({ nodes: [node] }: Domain): boolean {
    return node !== undefined && this.suitOf(node) !== undefined;
  }

  /** The domains of one node each from the one that suits best on; those that have not so much left come last. */
  *bestFirst(domains: readonly Domain[]): Generator<Domain, void> {
    const scores = Float64Array.from(domains, ({ nodes: [node] }) =>
      node === undefined ? -Infinity : (this.suitOf(node)?.score ?? -Infinity),
    );
    // Mostly the best is taken, so the others are not sorted before somebody asks for them.
    let best = 0;
    for (let at = 1; at < scores.length; at++) if ((scores[at] ?? 0) > (scores[best] ?? 0)) best = at;
    const first = domains[best];
    if (first !== undefined) yield first;
    const order = Uint32Array.from(scores.keys()).toSorted(
      (a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b,
    );
    for (const at of order) {
      const domain = domains[at];
      if (domain !== undefined && at !== best) yield domain;
    }
  }

  /** All nodes that could serve every part, let the tenant in and have so much left, in the order of the fleet. */
  *suits(candidates: Candidates): Generator<Suit, void> {
    const [first, ...others] = this.#asked.wants.map((want) => candidates.get(want));
    for (const node of first?.nodes ?? []) {
      if (!others.every((nodes) => nodes?.has(node) === true)) continue;
      const suit = this.#rooms.letIn(node, this.#asked.demand) ? this.suitOf(node) : undefined;
      if (suit !== undefined) yield suit;
    }
  }

  /** The gang with its share on the GPU that the policy takes; as it is where no GPU is chosen so. */
  withGpu(node: FleetNode): Pick<Asked, 'wants' | 'candidates'> | undefined {
    const { want, gpuMilli } = this.#gpus;
    if (want === undefined || this.#gpus.isMig || gpuMilli === wholeGpuMilli) return undefined;
    const { align, rdma, gpus } = want.part.each;
    if (align !== undefined || rdma !== undefined || gpus?.link !== undefined) return undefined;
    const gpu = this.#bestGpu(node, want);
    if (gpu === undefined) return undefined;
    const swap = (one: Want) => (one === want ? { ...want, only: maskOf([gpu]) } : one);
    const swapped = this.#asked.wants.map((one) => [one, swap(one)] as const);
    return {
      wants: swapped.map(([, as]) => as),
      candidates: new Map(
        swapped.flatMap(([one, as]) => {
          const nodes = this.#asked.candidates.get(one);
          return nodes === undefined ? [] : [[as, nodes] as const];
        }),
      ),
    };
  }

  #bestGpu(node: FleetNode, want: Want): number | undefined {
    const model = this.#model ?? 0;
    const usable: Mask = usableGpus(node, want);
    const idle = this.#leftovers
      .idleOn(node, model)
      .map((milli, gpu) => (((usable >>> gpu) & 1) === 1 ? milli : 0));
    const best = this.#judge.bestGpus(this.#leftovers.of(node, model), idle, this.#takingOn(node, 1));
    // Grades are coarse: of equals the GPU with least left, so that others stay whole.
    const least = Math.min(...best.map((gpu) => idle[gpu] ?? 0));
    return best.find((gpu) => idle[gpu] === least);
  }

  #judged(node: FleetNode, gpuCount: number, wear: number): Suit | undefined {
    const left = this.#leftovers.of(node, this.#model);
    const found = this.#judge.judge(left, this.#takingOn(node, gpuCount));
    return found === undefined
      ? undefined
      : { ...found, score: found.score - this.#modelCost(left.model), node, wear };
  }

  #takingOn(node: FleetNode, gpuCount: number): Taking {
    return { ...this.#besideOn(node), gpuCount, gpuMilli: gpuCount === 0 ? 0 : this.#gpus.gpuMilli };
  }

  #modelCost(model: number): number {
    const known = this.#modelCosts.get(model);
    if (known !== undefined) return known;
    const { state, span } = this.#rooms;
    const gpuCount = this.#gpus.want === undefined ? 0 : 1;
    const scarcity = scarcityAt(state, span.startMs, {
      withCores: gpuCount === 0,
      isPlain: this.#asked.isExhaustive === true,
    });
    const cost = this.#judge.modelCost(model, gpuCount, scarcity);
    this.#modelCosts.set(model, cost);
    return cost;
  }
}

/** Cores and memory of all replicas on one node. */
function besideAll(node: FleetNode, wants: readonly Want[]): Pick<Taking, 'cpuMilli' | 'memoryMib'> {
  let [cpuMilli, memoryMib] = [0, 0];
  for (const want of wants) {
    const beside = heldBesideGpus(node, want);
    cpuMilli += beside.cpuMilli * want.part.count;
    memoryMib += beside.memoryMib * want.part.count;
  }
  return { cpuMilli, memoryMib };
}

/** What a judge remembers serves all searches that expect the same. */
const judges = new WeakMap<Target, Judge>();

function judgeOf(fleet: Fleet, target: Target): Judge {
  const known = judges.get(target) ?? new Judge(stockOf(fleet), target);
  judges.set(target, known);
  return known;
}
