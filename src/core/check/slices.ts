import type { GpuNeed } from '../../model/demand.ts';
import type { GpuFacts } from '../../model/fact.ts';
import type { HeldSlice } from '../../model/placement.ts';
import { heldWords, sliceWords } from '../../model/slice.ts';
import type { Hold } from '../calendar/calendar.ts';
import type { Violation } from '../given.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Audit, broken, hasBit, named, type Seat, until } from './audit.ts';
import { instanceOf, mayStart } from './mig-rules.ts';
import { factsOf, memoryOf } from './slice-parts.ts';

type SliceNeed = NonNullable<GpuNeed['slice']>;

/** Every replica has the slices it asked for, nothing else, in order; its shares are on different GPUs. */
export function* slicesListed({ seats }: Audit): Generator<Violation> {
  for (const { member, part } of seats) {
    const { slices = [] } = member;
    const need = part?.each.gpus?.slice;
    const wanted = need === undefined ? 0 : (part?.each.gpus?.count ?? 0);
    if (part !== undefined && slices.length !== wanted)
      yield broken('slice-count', `${named(member)} has ${slices.length} slices, asked for ${wanted}`);
    for (const slice of slices)
      if (need !== undefined && !isAsked(slice, need))
        yield broken('slice', `${named(member)}: ${heldWords(slice)}, asked for ${sliceWords(need)}`);
    if (slices.some((slice, at) => at > 0 && !isBefore(slices[at - 1], slice)))
      yield broken('slice-list', `${named(member)}: ${slices.map(heldWords).join(', ')} are not in order`);
  }
}

/** Each slice is one that its GPU can give: the GPU works, its node shares it in this way, the start is legal. */
export function* slicesLegal({ seats }: Audit): Generator<Violation> {
  for (const seat of seats) {
    const { member, node, part } = seat;
    for (const slice of member.slices ?? []) {
      const who = `${named(member)}: ${heldWords(slice)}`;
      if (slice.gpu >= node.shape.gpus.length)
        yield broken('device-known', `${who}: the node has ${node.shape.gpus.length} GPUs`);
      else yield* legal(who, slice, node);
      if (hasBit(node.downMask, slice.gpu)) yield broken('gpu-health', `${who}: the GPU is down`);
      yield* largeEnough(who, slice, { node, need: part?.each.gpus });
    }
  }
}

/**
 * At every instant a GPU is whole, shared by at most a thousand thousandths, or cut into instances that do not
 * overlap and of which at most one has the media engines: inside the placement and with what others hold.
 */
export function* slicesApart(audit: Audit): Generator<Violation> {
  for (const [node, seats] of Map.groupBy(audit.seats, (seat) => seat.node)) {
    if (!seats.some(hasSlices)) continue;
    const gpus = new Set(seats.flatMap(({ member }) => [...member.gpus, ...slicedBy(member)]));
    for (const gpu of [...gpus].toSorted((a, b) => a - b)) yield* oneMode(audit, node, { gpu, seats });
  }
}

/** Where neither a seat nor what others hold beside it has slices, all GPUs are whole. */
function hasSlices({ member, holds }: Seat): boolean {
  return member.slices !== undefined || holds.some(({ slices }) => slices !== undefined);
}

function* oneMode(
  audit: Audit,
  node: FleetNode,
  { gpu, seats }: { readonly gpu: number; readonly seats: readonly Seat[] },
): Generator<Violation> {
  const own = seats.flatMap(({ member }) =>
    (member.slices ?? []).filter((slice) => slice.gpu === gpu).map((slice) => ({ slice, by: named(member) })),
  );
  const holds = [...new Set(seats.flatMap((seat) => seat.holds))];
  const held = holds.flatMap((hold) =>
    (hold.slices ?? [])
      .filter((slice) => slice.gpu === gpu)
      .map((slice) => ({ slice, by: inWords(hold), hold })),
  );
  const path = `${node.id}/gpu${gpu}`;
  const isWhole = seats.some(({ member }) => member.gpus.includes(gpu));
  for (const { slice, by } of isWhole ? [...own, ...held] : [])
    yield broken('gpu-mode', `${path} is promised whole, but ${by} has ${heldWords(slice)}`);
  for (const hold of own.length === 0 ? [] : holds.filter((entry) => hasBit(entry.gpus, gpu)))
    yield broken('gpu-mode', `${path} is held whole by ${inWords(hold)}`);
  yield* pairs(path, node.shape.gpus[gpu] ?? {}, own, held);
  yield* thousandths(audit, path, own, held);
}

type Claim = { readonly slice: HeldSlice; readonly by: string };

/** Two slices that exist at one time: our own among each other, and each of ours with each that others hold. */
function* pairs(
  path: string,
  gpu: GpuFacts,
  own: readonly Claim[],
  held: readonly Claim[],
): Generator<Violation> {
  for (const [at, one] of own.entries())
    for (const other of [...own.slice(at + 1), ...held]) {
      const clash = clashOf(gpu, one.slice, other.slice);
      if (clash !== undefined)
        yield broken(
          clash,
          `${path}: ${one.by} has ${heldWords(one.slice)}, ${other.by} ${heldWords(other.slice)}`,
        );
    }
}

/** What keeps two slices from being on one GPU at one time. Thousandths are added up elsewhere. */
function clashOf(gpu: GpuFacts, a: HeldSlice, b: HeldSlice): string | undefined {
  if (a.kind !== b.kind) return 'gpu-mode';
  if (a.kind === 'share' || b.kind === 'share') return undefined;
  const [one, other] = [spanOf(gpu, a), spanOf(gpu, b)];
  if (one.from < other.to && other.from < one.to) return 'mig-overlap';
  return one.media && other.media ? 'mig-media' : undefined;
}

/** What the GPU cannot give as its facts stand takes all of it. */
function spanOf(gpu: GpuFacts, { profile, start }: Extract<HeldSlice, { kind: 'mig' }>) {
  const found = instanceOf(gpu, profile);
  if (found === undefined) return { from: 0, to: 8, media: true };
  return { from: start, to: start + found.memory, media: found.media };
}

function* thousandths(
  { startMs, endMs }: Audit,
  path: string,
  own: readonly Claim[],
  held: readonly (Claim & { readonly hold: Hold })[],
): Generator<Violation> {
  const asked = own.reduce((sum, { slice }) => sum + milliOf(slice), 0);
  if (asked === 0) return;
  const instants = [startMs, ...held.map(({ hold }) => hold.startMs)].filter(
    (at) => at >= startMs && at < endMs,
  );
  const heldAt = (at: number) =>
    held
      .filter(({ hold }) => hold.startMs <= at && at < hold.endMs)
      .reduce((sum, { slice }) => sum + milliOf(slice), 0);
  const most = Math.max(...instants.map(heldAt));
  if (asked + most > 1000)
    yield broken('gpu-share', `${path}: held by others ${most}/1000, asked for ${asked}, limit 1000`);
}

function* legal(who: string, slice: HeldSlice, node: FleetNode): Generator<Violation> {
  const { sharing } = node.shape;
  const modes: readonly string[] =
    slice.kind === 'share' ? ['none', 'time-slicing', 'mps'] : ['none', 'mig-single', 'mig-mixed'];
  if (!modes.includes(sharing)) yield broken('gpu-sharing', `${who}: the node's sharing is ${sharing}`);
  if (slice.kind === 'share') return;
  const gpu = factsOf(node, slice);
  if (gpu.migCapable !== true && (sharing === 'none' || gpu.migCapable === false))
    yield broken(
      'mig-capable',
      `${who}: MIG is ${gpu.migCapable === false ? 'not possible' : 'not recorded'}`,
    );
  if (sharing === 'mig-single' && gpu.migProfile !== slice.profile)
    yield broken('mig-profile', `${who}: the node is cut into ${gpu.migProfile ?? 'unknown profiles'} only`);
  const found = instanceOf(gpu, slice.profile);
  if (found === undefined)
    yield broken('mig-profile', `${who}: ${gpu.model ?? 'a GPU of unknown model'} is not known to have it`);
  else if (!mayStart(found, slice.start)) yield broken('mig-start', `${who} begins where none may begin`);
}

function* largeEnough(
  who: string,
  slice: HeldSlice,
  { node, need }: { readonly node: FleetNode; readonly need: GpuNeed | undefined },
): Generator<Violation> {
  const { memoryMib: wanted = 0 } = need ?? {};
  const found = memoryOf(factsOf(node, slice), slice);
  if (wanted > 0 && (found === undefined || found < wanted))
    yield broken('gpu-memory', `${who} has ${found ?? 'unknown'} MiB, asked for ${wanted}`);
}

function isAsked(slice: HeldSlice, need: SliceNeed): boolean {
  if (slice.kind === 'share') return need.kind === 'share' && slice.milli === need.milli;
  return need.kind === 'mig' && slice.profile === need.profile;
}

/** By GPU, and on one GPU by start. A second share of one GPU comes nowhere. */
function isBefore(a: HeldSlice | undefined, b: HeldSlice): boolean {
  if (a === undefined || a.gpu !== b.gpu) return a === undefined || a.gpu < b.gpu;
  return a.kind === 'mig' && b.kind === 'mig' && a.start < b.start;
}

function slicedBy({ slices = [] }: { readonly slices?: readonly HeldSlice[] | undefined }): number[] {
  return slices.map(({ gpu }) => gpu);
}

function milliOf(slice: HeldSlice): number {
  return slice.kind === 'share' ? slice.milli : 0;
}

function inWords({ holder, startMs, endMs }: Hold): string {
  return `${holder} from ${startMs} ${until(endMs)}`;
}
