import { z } from 'zod';

import { DatasetId, Path } from './id.ts';
import {
  AtMs,
  CpuMilli,
  DurationS,
  Mbps,
  MemoryMib,
  MicroEur,
  PowerW,
  PriceMicroEurPerHour,
  StorageGib,
} from './unit.ts';

const deviceIndex = z.int().min(0).max(63);

/** A part of a GPU: thousandths of its time and memory, or a MIG instance from a memory slice on. */
export const HeldSlice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('share'), gpu: deviceIndex, milli: z.int().min(1).max(999) }),
  z.strictObject({
    kind: z.literal('mig'),
    gpu: deviceIndex,
    profile: z.string().max(20),
    start: z.int().min(0).max(7).describe('first memory slice'),
  }),
]);
export type HeldSlice = z.infer<typeof HeldSlice>;

/** One replica on one node. Devices are numbers on that node: GPU 3 of `fra1/h1/r11/n02` is `fra1/h1/r11/n02/gpu3`. */
export const Member = z.strictObject({
  part: z.string().max(41),
  replica: z.int().min(0).max(100_000),
  node: Path,
  gpus: z.array(deviceIndex).max(72).describe('whole ones'),
  slices: z.array(HeldSlice).max(72).optional().describe('parts of GPUs, by GPU and then by start'),
  nics: z.array(deviceIndex).max(72),
  cpuMilli: CpuMilli,
  memoryMib: MemoryMib,
  storageGib: StorageGib.optional().describe('local to the node; only where it was asked for'),
  powerW: PowerW.describe('held on the rack; 0 where no figure is known'),
});
export type Member = z.infer<typeof Member>;

/** Bandwidth on one edge of a fabric: a switch's uplink, a WAN link, a storage pool, a node's data NICs. */
export const HeldBandwidth = z.strictObject({
  fabric: z.enum(['data', 'wan', 'rdma', 'storage']),
  edge: Path,
  mbps: Mbps,
});
export type HeldBandwidth = z.infer<typeof HeldBandwidth>;

/** A dataset that is copied to a site before the placement starts. The end is not included. */
export const Transfer = z.strictObject({
  dataset: DatasetId,
  from: Path.describe('the storage pool that holds it'),
  to: Path.describe('the site of the members'),
  wanLink: Path,
  mbps: Mbps.describe('constant, held on the link and on the pool'),
  startMs: AtMs,
  endMs: AtMs.describe('when the last byte has arrived'),
});
export type Transfer = z.infer<typeof Transfer>;

/** Which devices serve a demand, from when to when. The end is not included. `endMs` is absent when open-ended. */
export const Placement = z.strictObject({
  startMs: AtMs,
  endMs: AtMs.optional(),
  members: z.array(Member).min(1).max(100_000),
  spares: z.array(Member).max(10_000).optional().describe('held idle, to stand in for members that are lost'),
  bandwidth: z.array(HeldBandwidth).max(100_000).optional().describe('by fabric and then by edge'),
  transfers: z.array(Transfer).max(16).optional(),
});
export type Placement = z.infer<typeof Placement>;

/** Everything a placement holds nodes with: its members, then its spares. */
export function seatsOf({ members, spares = [] }: Pick<Placement, 'members' | 'spares'>): readonly Member[] {
  return spares.length === 0 ? members : [...members, ...spares];
}

/** How a promise stands: `guaranteed` is held and measured, `declared` is only written down. */
export const Term = z.strictObject({
  kind: z.enum([
    'devices',
    'accelerator-link',
    'alignment',
    'rdma',
    'bandwidth',
    'start-and-length',
    'survival',
    'power',
    'cooling',
    'space',
    'residency',
    'isolation',
    'price',
    'response',
  ]),
  promise: z.string().max(300),
  strength: z.enum(['guaranteed', 'declared']),
  heldAs: z.string().max(200),
  enforcedBy: z.string().max(200),
  measuredBy: z.string().max(200),
});
export type Term = z.infer<typeof Term>;

export const PriceLine = z.strictObject({
  what: z.string().max(120),
  count: z.int().min(1),
  microEurPerHour: PriceMicroEurPerHour.describe('for one'),
});
export type PriceLine = z.infer<typeof PriceLine>;

/** Reserved amount times price: one number that every replay finds again. */
export const Price = z.strictObject({
  priceBook: z.string().max(200),
  lines: z.array(PriceLine).max(64),
  microEurPerHour: MicroEur.optional().describe('absent when nobody has recorded a price'),
  durationS: DurationS.optional(),
  totalMicroEur: MicroEur.optional().describe('absent when open-ended or unpriced'),
});
export type Price = z.infer<typeof Price>;
