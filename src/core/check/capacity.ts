import type { Hold } from '../calendar.ts';
import type { Violation } from '../given.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Audit, broken, holdsIn, named, type Seat } from './audit.ts';

/** Every member holds what was asked for, or its GPUs' share of the node, and enough watts to use it. */
export function* shares({ seats }: Audit): Generator<Violation> {
  for (const { member, part, node } of seats) {
    if (part === undefined) continue;
    const { gpus, cpuMilli, memoryMib } = part.each;
    const cpu = cpuMilli ?? shareOf(node, node.shape.cpuMilli, gpus?.count);
    if (member.cpuMilli !== cpu)
      yield broken('cpu-share', `${named(member)} holds ${member.cpuMilli} mCPU, it is due ${cpu}`);
    const memory = memoryMib ?? shareOf(node, node.shape.memoryMib, gpus?.count);
    if (member.memoryMib !== memory)
      yield broken('memory-share', `${named(member)} holds ${member.memoryMib} MiB, it is due ${memory}`);
    const power = drawOf(node, member.gpus.length, member.cpuMilli);
    if (member.powerW < power)
      yield broken('member-power', `${named(member)} holds ${member.powerW} W, it may draw ${power}`);
  }
}

/** At every instant of the window the CPU and memory held on a node are within what the node has. */
export function* nodeCapacity(audit: Audit): Generator<Violation> {
  for (const seats of Map.groupBy(audit.seats, (seat) => seat.node).values()) {
    const [first] = seats;
    if (first === undefined) continue;
    const { node, holds } = first;
    const cpu = { asked: sum(seats, 'cpuMilli'), held: peak(audit, holds, 'cpuMilli') };
    yield* within('cpu', `${node.id}: mCPU`, node.shape.cpuMilli, cpu);
    const memory = { asked: sum(seats, 'memoryMib'), held: peak(audit, holds, 'memoryMib') };
    yield* within('memory', `${node.id}: MiB`, node.shape.memoryMib, memory);
  }
}

/** At every instant of the window the watts held in a rack are within what its feeds and cooling carry. */
export function* rackPower(audit: Audit): Generator<Violation> {
  const { state, startMs, endMs } = audit;
  for (const [id, seats] of Map.groupBy(audit.seats, (seat) => seat.node.rack)) {
    const rack = id === undefined ? undefined : state.fleet.racks.get(id);
    if (rack === undefined) continue;
    const holds = state.fleet.nodes
      .filter((node) => node.rack === rack.id)
      .flatMap((node) => holdsIn(state, node, startMs, endMs));
    const power = { asked: sum(seats, 'powerW'), held: peak(audit, holds, 'powerW') };
    if (rack.powerLimitW !== undefined) yield* within('rack-power', `${id}: W`, rack.powerLimitW, power);
    if (rack.coolingLimitW !== undefined)
      yield* within('rack-cooling', `${id}: W`, rack.coolingLimitW, power);
  }
}

type Amount = 'cpuMilli' | 'memoryMib' | 'powerW';

function* within(
  constraint: string,
  what: string,
  limit: number | undefined,
  { asked, held }: { asked: number; held: number },
): Generator<Violation> {
  if (limit === undefined && asked > 0) yield broken(constraint, `${what} unknown, asked for ${asked}`);
  if (limit !== undefined && held + asked > limit)
    yield broken(constraint, `${what} held by others ${held}, asked for ${asked}, limit ${limit}`);
}

function shareOf(node: FleetNode, total: number | undefined, gpuCount: number | undefined): number {
  const all = node.shape.gpus.length;
  if (total === undefined || gpuCount === undefined || all === 0) return 0;
  return Math.floor((total * gpuCount) / all);
}

/** The most a replica may draw: its GPUs, and of the rest of the node the larger of its CPU and GPU fractions. */
function drawOf({ shape }: FleetNode, gpuCount: number, cpuMilli: number): number {
  const base = shape.basePowerW ?? 0;
  const ofCpu = partOf(base, cpuMilli, shape.cpuMilli ?? 0);
  const ofGpus = partOf(base, gpuCount, shape.gpus.length);
  return gpuCount * (shape.gpuPowerW ?? 0) + Math.max(ofCpu, ofGpus);
}

/** `amount × part / whole`, rounded up; nothing of an unknown whole. The product may pass 2^53. */
function partOf(amount: number, part: number, whole: number): number {
  if (whole === 0) return 0;
  const product = BigInt(amount) * BigInt(part);
  return Number((product + BigInt(whole) - 1n) / BigInt(whole));
}

function sum(seats: readonly Seat[], amount: Amount): number {
  return seats.reduce((total, { member }) => total + member[amount], 0);
}

/** The most that is held at one instant of the window. All changes of one instant count together. */
function peak({ startMs }: Audit, holds: readonly Hold[], amount: Amount): number {
  const changes = new Map<number, number>();
  const change = (atMs: number, by: number) => changes.set(atMs, (changes.get(atMs) ?? 0) + by);
  for (const hold of holds) {
    change(Math.max(hold.startMs, startMs), hold[amount]);
    change(hold.endMs, -hold[amount]);
  }
  let level = 0;
  let highest = 0;
  for (const [, by] of [...changes].toSorted(([a], [b]) => a - b)) {
    level += by;
    highest = Math.max(highest, level);
  }
  return highest;
}
