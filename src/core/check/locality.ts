import type { Demand, ReplicaNeed } from '../../model/demand.ts';
import { compareText } from '../../model/text.ts';
import type { Hold } from '../calendar/calendar.ts';
import type { Violation } from '../given.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Audit, broken, hasBit, named, type Seat } from './audit.ts';
import { peak, sum, within } from './level.ts';
import { touched } from './slice-parts.ts';

/**
 * GPUs and NICs of a replica that asked for it, or whose part or gang is kept together or apart inside a node, are under
 * one NUMA node or PCIe root, and its cores and memory fit into that NUMA node's share beside everything else that was
 * aligned there.
 */
export function* aligned(audit: Audit): Generator<Violation> {
  const due = audit.seats.map((seat) => ({ seat, levels: levelsFor(seat, audit.demand) }));
  for (const { seat, levels } of due) for (const level of levels) yield* devicesAligned(seat, level);
  const seats = due.filter(({ levels }) => levels.size > 0).map(({ seat }) => seat);
  for (const [node, own] of Map.groupBy(seats, (seat) => seat.node)) yield* shareKept(audit, node, own);
}

type Level = NonNullable<ReplicaNeed['align']>;

function levelsFor({ part }: Seat, { together }: Demand): ReadonlySet<Level> {
  const asked = part === undefined ? [] : [part.each.align, part.within, part.apart, together];
  return new Set(asked.flatMap((level) => (level === 'numa' || level === 'pcie-root' ? [level] : [])));
}

function* devicesAligned({ member, node, part }: Seat, level: Level): Generator<Violation> {
  const { rdma, gpus: need } = part?.each ?? {};
  const attribute = level === 'numa' ? 'numaNode' : 'pcieRoot';
  const gpus = touched(member).map((index) => ({
    device: `GPU ${index}`,
    at: node.shape.gpus[index]?.[attribute],
  }));
  const rails = rdma === undefined ? [] : member.gpus.map((gpu) => ({ gpu, nic: node.shape.railOf[gpu] }));
  const ownRails = rails.map(({ gpu, nic }) => ({
    device: `the NIC of GPU ${gpu}`,
    at: nic === undefined ? undefined : node.shape.nics[nic]?.[attribute],
  }));
  const held = member.nics.map((nic) => ({ device: `NIC ${nic}`, at: node.shape.nics[nic]?.[attribute] }));
  const nics = (rdma?.nicsPerGpu ?? 1) > 1 || need?.slice !== undefined ? held : ownRails;
  const devices = [...gpus, ...nics];
  for (const { device, at } of devices)
    if (at === undefined)
      yield broken('align', `${named(member)}: the ${attribute} of ${device} is not recorded`);
  const found = [...new Set(devices.flatMap(({ at }) => at ?? []))];
  if (found.length > 1)
    yield broken(
      'align',
      `${named(member)}: its devices are of ${attribute} ${found.toSorted((a, b) => a - b).join(', ')}`,
    );
}

/** What is pinned where nobody knows may be anywhere, so it counts for every NUMA node. */
function* shareKept(audit: Audit, node: FleetNode, own: readonly Seat[]): Generator<Violation> {
  const { numaNodes, cpuMilli, memoryMib } = node.shape;
  if (numaNodes === undefined) {
    yield broken('align', `${node.id}: the number of NUMA nodes is not recorded`);
    return;
  }
  const held = own.flatMap(({ holds }) => holds).filter((hold) => hold.aligned);
  const share = (total: number | undefined) =>
    total === undefined ? undefined : Math.floor(total / numaNodes);
  const places = new Set(own.map(({ member }) => placeOf(node, touched(member))));
  for (const place of [...places].toSorted((a, b) => compareText(a, b))) {
    const isHere = (other: string) => other === place || other === unknown || place === unknown;
    const seats = own.filter(({ member }) => isHere(placeOf(node, touched(member))));
    const holds = [...new Set(held)].filter((hold) => isHere(placeOf(node, gpusOf(hold))));
    const amounts = (amount: 'cpuMilli' | 'memoryMib') => ({
      asked: sum(seats, amount),
      held: peak(audit, holds, amount),
    });
    yield* within('align', `${node.id} NUMA node ${place}: mCPU`, share(cpuMilli), amounts('cpuMilli'));
    yield* within('align', `${node.id} NUMA node ${place}: MiB`, share(memoryMib), amounts('memoryMib'));
  }
}

const unknown = 'unknown';

function placeOf({ shape }: FleetNode, gpus: readonly number[]): string {
  const found = new Set(gpus.map((index) => shape.gpus[index]?.numaNode));
  const [only] = found;
  return found.size === 1 && only !== undefined ? String(only) : unknown;
}

function gpusOf({ gpus, slices = [] }: Hold): number[] {
  const inPart = new Set(slices.map(({ gpu }) => gpu));
  return Array.from({ length: 32 }, (_, index) => index).filter(
    (index) => hasBit(gpus, index) || inPart.has(index),
  );
}
