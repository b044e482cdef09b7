import type { GpuFacts } from '../../model/fact.ts';
import type { HeldSlice } from '../../model/placement.ts';
import type { Room } from '../calendar/calendar.ts';
import { type MigClass, migClassOf, profileOf, slotOf } from '../calendar/mig.ts';
import { type SliceNeed, type SliceUse, withSlice } from '../calendar/slices.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, type Mask, maskOf, sizeOf, without } from '../mask.ts';
import { migLayoutOf } from './mig-layout.ts';
import { usableGpus, type Want } from './want.ts';

/** What is left of a node's GPUs: those free whole, and what slices leave of others. */
export type GpusLeft = Pick<Room, 'gpus' | 'partly'>;

/** The slices of one replica, what they leave, and what they spoil. */
export type SliceChoice = {
  readonly slices: readonly HeldSlice[];
  readonly left: GpusLeft;
  readonly wear: number;
};

/**
 * What a slice spoils, smaller being better: first GPUs that were free whole, then idle ones that are set up for
 * slices already, then room of the same GPU (MIG) or thousandths that stay over (shares).
 */
const wholeWear = 1_000_000_000;
const idleWear = 1_000_000;

type One = { readonly slice: HeldSlice; readonly wear: number; readonly rank: number };

/**
 * The slices of one replica, put down one after the other where each spoils least; nothing when they do not fit.
 * Shares of a replica lie on different GPUs, as a second share of one GPU is no second device; its MIG instances
 * may lie on one. For a single slice this is exact: it finds a place whenever there is one. With groups all of them come
 * from the GPUs of one, which spoils least.
 */
export function chooseSlices(
  node: FleetNode,
  want: Want,
  before: GpusLeft,
  groups?: readonly Mask[],
): SliceChoice | undefined {
  const usable = usableGpus(node, want);
  if (groups === undefined) return slicesOn(node, want, before, usable);
  let best: SliceChoice | undefined;
  for (const group of groups) {
    const found = slicesOn(node, want, before, both(usable, group));
    if (found !== undefined && (best === undefined || found.wear < best.wear)) best = found;
  }
  return best;
}

function slicesOn(node: FleetNode, want: Want, before: GpusLeft, usable: Mask): SliceChoice | undefined {
  const need = want.part.each.gpus?.slice;
  if (need === undefined) return undefined;
  let left = before;
  let wear = 0;
  let candidates = usable;
  const slices: HeldSlice[] = [];
  while (slices.length < want.gpuCount) {
    const best = cheapest(node, need, { left, candidates });
    if (best === undefined) return undefined;
    slices.push(best.slice);
    wear += best.wear;
    left = taking(node, left, best.slice);
    if (need.kind === 'share') candidates = without(candidates, maskOf([best.slice.gpu]));
  }
  return { slices: slices.toSorted(byGpuAndStart), left, wear };
}

/** How many more slices the GPUs of a node hold, each GPU by itself. Replicas that ask for several may need more. */
export function slicesIn(node: FleetNode, want: Want, left: GpusLeft): number {
  const need = want.part.each.gpus?.slice;
  if (need === undefined) return 0;
  return roomyGpus(node, usableGpus(node, want), left).reduce(
    (sum, { gpu, use }) => sum + countOn(node.shape.gpus[gpu] ?? {}, need, use),
    0,
  );
}

/**
 * How many replicas a node's GPUs hold, where counting slices tells: instances may lie anywhere, and slots of one
 * profile never overlap. Nothing where replicas have several shares, which need different GPUs, or are aligned.
 */
export function replicasIn(node: FleetNode, want: Want, left: GpusLeft): number | undefined {
  if (want.part.each.align !== undefined) return undefined;
  const isCountable = want.part.each.gpus?.slice?.kind === 'mig' || want.gpuCount === 1;
  return isCountable ? Math.floor(slicesIn(node, want, left) / want.gpuCount) : undefined;
}

function cheapest(
  node: FleetNode,
  need: SliceNeed,
  { left, candidates }: { readonly left: GpusLeft; readonly candidates: Mask },
): One | undefined {
  let best: One | undefined;
  for (const { gpu, use } of roomyGpus(node, candidates, left)) {
    const found = placed(node.shape.gpus[gpu] ?? {}, gpu, { need, use });
    if (found === undefined) continue;
    const opening = use === undefined ? openingWear(node, gpu, need) : 0;
    const rank = use === undefined ? neighboursLeft(node, gpu, left.gpus) : found.room;
    const one = { slice: found.slice, wear: found.wear + opening, rank };
    if (best === undefined || one.wear < best.wear || (one.wear === best.wear && one.rank < best.rank))
      best = one;
  }
  return best;
}

/** Where on a GPU a slice would lie, what that spoils of it, and what room was there. */
function placed(
  facts: GpuFacts,
  gpu: number,
  { need, use }: { readonly need: SliceNeed; readonly use: SliceUse | undefined },
): { readonly slice: HeldSlice; readonly wear: number; readonly room: number } | undefined {
  if (countOn(facts, need, use) === 0) return undefined;
  if (need.kind === 'share') {
    const room = 1000 - (use?.milli ?? 0);
    return { slice: { kind: 'share', gpu, milli: need.milli }, wear: room - need.milli, room };
  }
  const migClass = classOf(facts);
  const profile = profileOf(facts, need.profile);
  if (migClass === undefined || profile === undefined) return undefined;
  const { start: starts, worth } = migLayoutOf(migClass);
  const taken = use?.mig ?? 0;
  const start = starts.get(need.profile)?.[taken] ?? -1;
  if (start < 0) return undefined;
  const room = worth[taken] ?? 0;
  const wear = room - (worth[taken | slotOf(profile, start)] ?? 0);
  return { slice: { kind: 'mig', gpu, profile: need.profile, start }, wear, room };
}

/** How many more such slices a GPU holds. One that is in another mode at some time in the window holds none. */
function countOn(facts: GpuFacts, need: SliceNeed, use: SliceUse | undefined): number {
  if (need.kind === 'share')
    return (use?.mig ?? 0) !== 0 ? 0 : Math.floor((1000 - (use?.milli ?? 0)) / need.milli);
  const migClass = classOf(facts);
  const profile = profileOf(facts, need.profile);
  if (migClass === undefined || profile === undefined || (use?.milli ?? 0) > 0) return 0;
  if (profile.media && use?.hasMedia === true) return 0;
  return migLayoutOf(migClass).count.get(need.profile)?.[use?.mig ?? 0] ?? 0;
}

function classOf(facts: GpuFacts): MigClass | undefined {
  const found = migClassOf(facts);
  return found === 'unknown' ? undefined : found;
}

/** Changing the mode of a GPU needs it empty and drained, so one that is set up for slices is opened first. */
function openingWear({ shape }: FleetNode, gpu: number, need: SliceNeed): number {
  const isCut = shape.gpus[gpu]?.migProfile !== undefined || shape.whole === 'no';
  const isSetUp = need.kind === 'mig' ? isCut : shape.whole === 'no';
  return isSetUp ? idleWear : wholeWear;
}

/** Free GPUs beside this one in its link domain and NUMA node: where fewest are left, fewest are spoilt. */
function neighboursLeft({ shape }: FleetNode, gpu: number, free: Mask): number {
  const own = maskOf([gpu]);
  const beside = (groups: readonly Mask[]) =>
    sizeOf(both(groups.find((group) => both(group, own) !== 0) ?? free, free));
  return beside(shape.islands) * 64 + beside(shape.numa);
}

/** GPUs that are free whole or partly, in order of their numbers; those held whole are in neither. */
function roomyGpus(
  { shape }: FleetNode,
  candidates: Mask,
  { gpus, partly }: GpusLeft,
): readonly { readonly gpu: number; readonly use: SliceUse | undefined }[] {
  return shape.gpus.flatMap((_, gpu) => {
    if (((candidates >>> gpu) & 1) === 0) return [];
    const use = partly.get(gpu);
    return use === undefined && ((gpus >>> gpu) & 1) === 0 ? [] : [{ gpu, use }];
  });
}

function taking(node: FleetNode, { gpus, partly }: GpusLeft, slice: HeldSlice): GpusLeft {
  const use = withSlice(node.shape.gpus[slice.gpu] ?? {}, partly.get(slice.gpu), slice);
  return { gpus: without(gpus, maskOf([slice.gpu])), partly: new Map(partly).set(slice.gpu, use) };
}

function byGpuAndStart(a: HeldSlice, b: HeldSlice): number {
  return a.gpu - b.gpu || startOf(a) - startOf(b);
}

function startOf(slice: HeldSlice): number {
  return slice.kind === 'mig' ? slice.start : 0;
}
