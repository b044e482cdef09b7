import type { GpuNeed, ReplicaNeed } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { Violation } from '../given.ts';
import type { FleetNode, NodeShape } from '../inventory/fleet.ts';
import { type Audit, broken, hasBit, named, type Seat } from './audit.ts';
import { touched } from './slice-parts.ts';

/** GPUs, their link and their NICs are of the kind that was asked for. What nobody has recorded is not of it. */
export function* hardware({ demand, seats }: Audit): Generator<Violation> {
  for (const seat of seats) {
    const { gpus, rdma } = seat.part?.each ?? {};
    if (gpus !== undefined) {
      yield* model(seat, gpus);
      yield* gpuMemory(seat, gpus);
      yield* acceleratorLink(seat, gpus);
    }
    if (rdma !== undefined) {
      if (gpus !== undefined && gpus.slice === undefined && (rdma.nicsPerGpu ?? 1) === 1)
        yield* rdmaRails(seat, rdma);
    } else if (seat.member.nics.length > 0)
      yield broken('rdma', `${named(seat.member)} holds NICs ${seat.member.nics.join(' ')}, asked for none`);
  }
  for (const part of demand.parts)
    yield* oneModel(
      part.name,
      seats.filter((seat) => seat.part === part),
    );
}

function* oneModel(part: string, seats: readonly Seat[]): Generator<Violation> {
  const found = new Set(
    seats.flatMap(({ member, node }) =>
      touched(member).flatMap((index) => node.shape.gpus[index]?.model ?? []),
    ),
  );
  if (found.size > 1)
    yield broken('gpu-model', `\`${part}\` mixes ${[...found].toSorted(compareText).join(', ')}`);
}

function* model({ member, node }: Seat, { models }: GpuNeed): Generator<Violation> {
  for (const index of known(member, node.shape)) {
    const found = node.shape.gpus[index]?.model;
    if (found === undefined)
      yield broken('gpu-model', `${named(member)}: the model of GPU ${index} is not recorded`);
    else if (models !== undefined && !models.some((wish) => isOfModel(found, wish)))
      yield broken('gpu-model', `${named(member)}: GPU ${index} is ${found}, asked for ${models.join(', ')}`);
  }
}

/** `H100` means every H100; `H100-SXM-80GB` means that one. */
function isOfModel(found: string, wish: string): boolean {
  const [name, wanted] = [found.toLowerCase(), wish.toLowerCase()];
  return name === wanted || name.startsWith(`${wanted}-`);
}

/** Of whole GPUs; what a slice has is another figure. */
function* gpuMemory({ member, node }: Seat, { memoryMib = 0, slice }: GpuNeed): Generator<Violation> {
  if (memoryMib === 0 || slice !== undefined) return;
  for (const index of known(member, node.shape)) {
    const found = node.shape.gpus[index]?.memoryMib;
    if (found === undefined || found < memoryMib)
      yield broken(
        'gpu-memory',
        `${named(member)}: GPU ${index} has ${found ?? 'unknown'} MiB, asked for ${memoryMib}`,
      );
  }
}

/** Asking for link bandwidth asks for a link. */
function* acceleratorLink({ member, node }: Seat, need: GpuNeed): Generator<Violation> {
  if (need.link === undefined && need.linkMbps === undefined) return;
  const { link, linkMbps, islands } = node.shape;
  const wish = need.link ?? 'any';
  const joined = link === 'nvlink' || link === 'xgmi';
  if (wish === 'any' ? !joined : link !== wish)
    yield broken('accelerator-link', `${named(member)}: the link is ${link}, asked for ${wish}`);
  const gpus = touched(member);
  if (!islands.some((island) => gpus.every((index) => hasBit(island, index))))
    yield broken('accelerator-link', `${named(member)}: no link domain has GPUs ${gpus.join(' ')}`);
  if (need.linkMbps !== undefined && (linkMbps === undefined || linkMbps < need.linkMbps))
    yield broken(
      'accelerator-link',
      `${named(member)}: the link has ${linkMbps ?? 'unknown'} Mbit/s, asked for ${need.linkMbps}`,
    );
}

function* rdmaRails(
  { member, node }: Seat,
  { nicMbps }: NonNullable<ReplicaNeed['rdma']>,
): Generator<Violation> {
  const { shape } = node;
  if (shape.rdma !== 'yes') yield broken('rdma', `${named(member)}: RDMA on this node: ${shape.rdma}`);
  const due = railsOf(member, node);
  if (due.join() !== member.nics.join())
    yield broken(
      'rdma',
      `${named(member)}: holds NICs [${member.nics.join(' ')}], its rails are [${due.join(' ')}]`,
    );
  if (nicMbps === undefined) return;
  for (const index of known(member, shape)) {
    const rail = shape.railOf[index];
    const found = rail === undefined ? undefined : shape.nics[rail]?.mbps;
    if (found === undefined || found < nicMbps)
      yield broken(
        'rdma',
        `${named(member)}: the NIC of GPU ${index} has ${found ?? 'unknown'} Mbit/s, asked for ${nicMbps}`,
      );
  }
}

function railsOf(member: Member, { shape }: FleetNode): readonly number[] {
  const rails = new Set(member.gpus.flatMap((index) => shape.railOf[index] ?? []));
  return [...rails].toSorted((a, b) => a - b);
}

/** Numbers that the node does not have are reported where devices are listed. */
function known(member: Member, { gpus }: NodeShape): readonly number[] {
  return touched(member).filter((index) => index < gpus.length);
}
