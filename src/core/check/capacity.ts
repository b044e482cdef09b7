import type { Violation } from '../given.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Audit, broken, named } from './audit.ts';
import { peak, sum, within } from './level.ts';
import { drawnParts, heldParts, type Parts } from './slice-parts.ts';

/** Every member holds what was asked for, or its GPUs' share of the node, and enough watts to use it. */
export function* shares({ seats }: Audit): Generator<Violation> {
  for (const { member, part, node } of seats) {
    if (part === undefined) continue;
    const { gpus, cpuMilli, memoryMib } = part.each;
    const due =
      gpus?.slice === undefined ? { part: BigInt(gpus?.count ?? 0), of: 1n } : heldParts(member, node);
    const cpu = cpuMilli ?? shareOf(node, node.shape.cpuMilli, due);
    if (member.cpuMilli !== cpu)
      yield broken('cpu-share', `${named(member)} holds ${member.cpuMilli} mCPU, it is due ${cpu}`);
    const memory = memoryMib ?? shareOf(node, node.shape.memoryMib, due);
    if (member.memoryMib !== memory)
      yield broken('memory-share', `${named(member)} holds ${member.memoryMib} MiB, it is due ${memory}`);
    const { storageGib: storage = 0 } = part.each;
    if ((member.storageGib ?? 0) !== storage)
      yield broken('storage', `${named(member)} holds ${member.storageGib ?? 0} GiB, it is due ${storage}`);
    const power = drawOf(node, drawnParts(member, node), member.cpuMilli);
    if (member.powerW < power)
      yield broken('member-power', `${named(member)} holds ${member.powerW} W, it may draw ${power}`);
  }
}

/** At every instant of the window the CPU, memory and storage held on a node are within what the node has. */
export function* nodeCapacity(audit: Audit): Generator<Violation> {
  for (const seats of Map.groupBy(audit.seats, (seat) => seat.node).values()) {
    const [first] = seats;
    if (first === undefined) continue;
    const { node, holds } = first;
    const cpu = { asked: sum(seats, 'cpuMilli'), held: peak(audit, holds, 'cpuMilli') };
    yield* within('cpu', `${node.id}: mCPU`, node.shape.cpuMilli, cpu);
    const memory = { asked: sum(seats, 'memoryMib'), held: peak(audit, holds, 'memoryMib') };
    yield* within('memory', `${node.id}: MiB`, node.shape.memoryMib, memory);
    const storage = { asked: sum(seats, 'storageGib'), held: peak(audit, holds, 'storageGib') };
    yield* within('storage', `${node.id}: GiB`, node.shape.storageGib, storage);
  }
}

/** A member's parts of GPUs as parts of the node, rounded down; nothing of an unknown whole. */
function shareOf(node: FleetNode, total: number | undefined, { part, of }: Parts): number {
  const all = BigInt(node.shape.gpus.length);
  return total === undefined || all === 0n ? 0 : Number((BigInt(total) * part) / (of * all));
}

/** The most a replica may draw: its GPUs, and of the rest of the node the larger of its CPU and GPU fractions. */
function drawOf(node: FleetNode, { part, of }: Parts, cpuMilli: number): number {
  const { shape } = node;
  const base = baseOf(node);
  const ofCpu = partOf(base, BigInt(cpuMilli), BigInt(shape.cpuMilli ?? 0));
  const ofGpus = partOf(base, part, of * BigInt(shape.gpus.length));
  return partOf(shape.gpuPowerW ?? 0, part, of) + Math.max(ofCpu, ofGpus);
}

/**
 * Watts of a machine without its GPUs: as recorded, and never less than what its nameplate, its allocation or a
 * measurement of the whole machine leaves beside the GPUs.
 */
function baseOf({ shape, facts }: FleetNode): number {
  const whole = Math.max(facts.nameplateW ?? 0, facts.allocatedW ?? 0, facts.measuredW ?? 0);
  return Math.max(shape.basePowerW ?? 0, whole - shape.gpus.length * (shape.gpuPowerW ?? 0));
}

/** `amount × part / whole`, rounded up; nothing of an unknown whole. */
function partOf(amount: number, part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((BigInt(amount) * part + whole - 1n) / whole);
}
