import type { FleetNode } from '../core/inventory/fleet.ts';
import { firstBits, indexesOf, type Mask, sizeOf } from '../core/mask.ts';
import { powerOf } from '../core/place/power.ts';
import { heldBesideGpus, type Want } from '../core/place/want.ts';
import { inputsOf } from '../core/plan.ts';
import { priceOf } from '../core/price.ts';
import { type Archive, applyAll, nextContract, type State } from '../core/state.ts';
import { termsOf } from '../core/terms/terms.ts';
import { Demand } from '../model/demand.ts';
import type { Member } from '../model/placement.ts';
import { identify, type Plan } from '../model/plan.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { dayMs, hourS } from '../model/unit.ts';
import { benchActor, fleetStartMs, tenantIds } from './fleets.ts';
import { Random } from './random.ts';
import { allowAll } from './verdict.ts';

/** How far ahead a made-up fleet is booked. */
const bookedMs = 90 * dayMs;
const hourMs = hourS * 1000;
const slotMs = 300_000;

export type Booked = {
  readonly state: State;
  readonly contractCount: number;
  /** Replicas that hold something on a node from one instant to another. */
  readonly bookingCount: number;
};

/**
 * Books `part` per cent of the leafs of a fleet for 90 days: gangs of whole nodes and single GPUs side by side, one
 * after the other with short and long gaps; about 40 bookings a node. Every contract is granted by the fold that
 * a ledger uses, from a plan with its own demand, price and terms. Yields the bookings so far now and then.
 */
export function* book(empty: State, seed: number, part = 100): Generator<number, Booked> {
  const random = new Random(seed ^ 0x0b00_c5ed);
  const verdict = allowAll(empty);
  let state = empty;
  let bookingCount = 0;
  for (const lane of lanesOf(empty, random, part)) {
    for (const span of spansOf(random)) {
      state = grant(state, planFor(empty, { lane, span, verdict, random }));
      bookingCount += lane.nodes.length;
    }
    yield bookingCount;
  }
  return { state, contractCount: state.contracts.size, bookingCount };
}

/** Commits a plan to the state at `atMs`, as the fold of its entry does: what ended a day before may be forgotten. */
export function grant(state: State, plan: Plan, atMs = plan.plannedAtMs): State {
  const { id, digest } = identify(plan);
  const archive: Archive = {
    plan: () => plan,
    observation: () => {
      throw new Error('a grant reads no observation');
    },
  };
  const contract = nextContract(state);
  const stamp = { seq: state.seq + 1, atMs, actor: benchActor };
  return applyAll(
    state,
    [{ kind: 'contract-granted', contract, plan: id, planDigest: digest }],
    stamp,
    archive,
  );
}

/** GPUs of one or several nodes that are booked together again and again. */
type Lane = { readonly nodes: readonly FleetNode[]; readonly gpus: Mask };

function* lanesOf({ fleet }: State, random: Random, part: number): Generator<Lane> {
  for (const leaf of Map.groupBy(fleet.nodes, (node) => node.leaf).values()) {
    if (random.below(100) >= part) continue;
    const racks = Map.groupBy(leaf, (node) => node.rack);
    yield* cut(
      [...racks].flatMap(([rack, nodes]) =>
        poweredIn(nodes, rack === undefined ? undefined : fleet.racks.get(rack)?.powerLimitW),
      ),
      random,
    );
  }
}

/** Healthy nodes, as many as the rack can feed together. */
function poweredIn(nodes: readonly FleetNode[], limitW = Infinity): readonly FleetNode[] {
  let leftW = limitW;
  return nodes.filter((node) => {
    if (!node.schedulable || node.downMask !== 0) return false;
    const powerW = powerOf(node, node.shape.gpus.length, node.shape.cpuMilli ?? 0);
    if (powerW > leftW) return false;
    leftW -= powerW;
    return true;
  });
}

/** Gangs of up to 16 nodes of one shape; some single nodes are booked GPU by GPU. */
function* cut(nodes: readonly FleetNode[], random: Random): Generator<Lane> {
  for (let at = 0; at < nodes.length;) {
    const size = random.pick([
      [1, 3],
      [2, 2],
      [4, 4],
      [8, 4],
      [16, 3],
    ] as const);
    const first = nodes[at];
    const gang = nodes.slice(at, at + size).filter((node) => node.shape === first?.shape);
    at += gang.length;
    const gpuCount = first?.shape.gpus.length ?? 0;
    if (gang.length > 1 || random.below(2) === 0) yield { nodes: gang, gpus: firstBits(gpuCount) };
    else yield* shares(gang, gpuCount);
  }
}

/** Half of the GPUs, a quarter, and the rest one by one. */
function* shares(nodes: readonly FleetNode[], gpuCount: number): Generator<Lane> {
  const half = Math.floor(gpuCount / 2);
  const quarter = Math.floor(gpuCount / 4);
  yield { nodes, gpus: firstBits(half) };
  yield { nodes, gpus: (firstBits(quarter) << half) >>> 0 };
  for (let gpu = half + quarter; gpu < gpuCount; gpu++) yield { nodes, gpus: (1 << gpu) >>> 0 };
}

type Span = { readonly startMs: number; readonly hours: number };

function* spansOf(random: Random): Generator<Span> {
  let atMs = fleetStartMs + random.below(576) * slotMs;
  while (atMs < fleetStartMs + bookedMs) {
    const hours = random.pick([
      [6, 3],
      [12, 4],
      [24, 5],
      [48, 5],
      [72, 3],
      [168, 1],
    ] as const);
    yield { startMs: atMs, hours };
    const gap = random.pick([
      [0, 8],
      [12, 4],
      [96, 3],
      [288, 2],
      [900, 1],
    ] as const);
    atMs += hours * hourMs + gap * slotMs;
  }
}

function planFor(
  state: State,
  {
    lane,
    span,
    verdict,
    random,
  }: {
    readonly lane: Lane;
    readonly span: Span;
    readonly verdict: PolicyVerdict;
    readonly random: Random;
  },
): Plan {
  const demand = demandFor(lane, span, random);
  const placement = {
    startMs: span.startMs,
    endMs: span.startMs + span.hours * hourMs,
    members: lane.nodes.map((node, replica) => memberOn(node, replica, lane, demand)),
  };
  const price = priceOf(state.fleet, placement, demand.window.durationS);
  return {
    schema: 'berth/plan/1',
    demand,
    placement,
    price,
    terms: [...termsOf(state.fleet, demand, placement, price)],
    verdict,
    report: { constraints: [], sites: [] },
    assumptions: [],
    unchecked: [],
    inputs: inputsOf(state, verdict),
    plannedAtMs: fleetStartMs,
    expiresAtMs: fleetStartMs + hourMs,
  };
}

function demandFor({ nodes, gpus }: Lane, { startMs, hours }: Span, random: Random): Demand {
  const [node] = nodes;
  const model = node?.shape.models[0]?.model;
  const rails = nodes.length > 1 && node?.shape.rdma === 'yes';
  return Demand.parse({
    tenant: tenantIds[random.below(tenantIds.length)],
    parts: [
      {
        name: 'train',
        count: nodes.length,
        each: {
          gpus: { count: sizeOf(gpus), ...(model === undefined ? {} : { models: [model] }) },
          ...(rails ? { rdma: {} } : {}),
        },
      },
    ],
    window: { earliestStartMs: startMs, durationS: hours * hourS },
  });
}

function memberOn(node: FleetNode, replica: number, { gpus }: Lane, { parts: [part] }: Demand): Member {
  if (part === undefined) throw new Error('a booking has a part');
  const want: Want = { part, gpuCount: sizeOf(gpus), model: node.shape.models[0]?.model };
  const { cpuMilli, memoryMib } = heldBesideGpus(node, want);
  const held = indexesOf(gpus);
  return {
    part: part.name,
    replica,
    node: node.id,
    gpus: held,
    nics: part.each.rdma === undefined ? [] : held,
    cpuMilli,
    memoryMib,
    powerW: powerOf(node, want.gpuCount, cpuMilli),
  };
}
