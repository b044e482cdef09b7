import { z } from 'zod';

import { ContractId, Digest, Path } from './id.ts';
import { AtMs, DurationS } from './unit.ts';

/**
 * What is measured of a contract. `*-fault`: 1 where a window shows the fault, 0 where it shows none. Watts are the
 * most of a window, `gpu-busy` its mean in thousandths, `rdma-down` how many ports of a node are not active,
 * `response-ms` the worst answer of the query that the demand names. Of a node's data NICs, both directions together:
 * `data-link-mbps` is the least that their links carry, and `data-used-mbps` the most that went over them, whosever it was.
 */
export const Quantity = z.enum([
  'gpu-fault',
  'link-fault',
  'brake-fault',
  'heat-fault',
  'gpu-watts',
  'gpu-busy',
  'node-watts',
  'rdma-down',
  'response-ms',
  'data-link-mbps',
  'data-used-mbps',
]);
export type Quantity = z.infer<typeof Quantity>;

/** One quantity of one device, node or contract over the windows, oldest first; nothing where no sample fell. */
export const Series = z.strictObject({
  of: z.union([Path, ContractId]),
  quantity: Quantity,
  values: z.array(z.int().min(0).nullable()).min(1).max(60),
  why: z.string().max(200).optional().describe('what the last fault was'),
});
export type Series = z.infer<typeof Series>;

/** Where values come from: what was asked, of whom, and the bytes that were answered. */
export const Evidence = z.strictObject({
  source: z.string().max(300).describe('file, or host and path'),
  query: z.string().max(2000).optional(),
  digest: Digest,
  sampleCount: z.int().min(0),
});
export type Evidence = z.infer<typeof Evidence>;

/** What was measured of one contract until an instant: complete, so that whoever judges it needs nothing else. */
export const Measurement = z.strictObject({
  schema: z.literal('berth/measurement/1'),
  contract: ContractId,
  version: z.int().min(1).describe('of the contract, whose devices were looked at'),
  untilMs: AtMs.describe('end of the last window'),
  windowS: DurationS,
  windowCount: z.int().min(1).max(60),
  series: z.array(Series).max(400_000),
  evidence: z.array(Evidence).max(1000),
});
export type Measurement = z.infer<typeof Measurement>;

/** A node of a contract, as metrics name it. */
export type WatchedNode = {
  readonly id: Path;
  readonly hostName: string;
  readonly gpus: readonly WatchedGpu[];
  /** Names of the RDMA NICs held there, where the inventory knows them; nothing where it does not know them all. */
  readonly rdma?: readonly string[];
  /** Names of all its data NICs, where flows are held on them and the inventory knows them all. */
  readonly data?: readonly string[];
  /** Whether all that draws power in it serves the contract, so that its whole draw is the contract's. */
  readonly isWhole: boolean;
};

export type WatchedGpu = { readonly id: Path; readonly number: number; readonly uuid?: string };

/** What is to be looked at of a contract, and in which windows. */
export type Watch = Pick<Measurement, 'contract' | 'version' | 'untilMs' | 'windowS' | 'windowCount'> & {
  readonly nodes: readonly WatchedNode[];
  /** The query for the application's response, which answers in seconds. */
  readonly response?: string;
};
