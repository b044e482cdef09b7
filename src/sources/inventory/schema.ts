import { z } from 'zod';

import {
  FeedFacts,
  GpuFacts,
  HallFacts,
  LoopFacts,
  NicFacts,
  NodeFacts,
  RackFacts,
  ShapeFacts,
  SiteFacts,
  SpineFacts,
  StoragePoolFacts,
} from '../../model/fact.ts';
import { DatasetId } from '../../model/id.ts';
import { AtMs, LatencyMs, Mbps, StorageGib } from '../../model/unit.ts';

/** One segment of a path: the name of a site, hall, rack, loop, leaf or pool inside what holds it. */
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'a name is lower-case letters, digits, `.`, `_` and `-`, at most 40');

const model = NodeFacts.shape.gpuModel.unwrap();

const instant = z.iso
  .datetime({ offset: true, error: 'a date is ISO 8601 with offset, such as `2029-05-31T00:00:00+02:00`' })
  .refine((text) => AtMs.safeParse(Date.parse(text)).success, 'a date lies between 1970 and 2199');

const eur = z
  .number()
  .min(0)
  .max(1_000_000)
  .refine((value) => microEurOf(value) !== undefined, 'a price has at most six decimals');

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(10_000)], {
  error: 'names are one name, a range such as `n01..n04`, or a list of both',
});

/** Euros as written (`2.95`) in micro-euros, exactly: by their digits, not by multiplying a float. */
export function microEurOf(value: number): number | undefined {
  const match = /^(\d{1,7})(?:\.(\d{1,6}))?$/.exec(String(value));
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  return Number(whole) * 1_000_000 + Number(fraction.padEnd(6, '0'));
}

/** What tells one card from the next, or changes from day to day, nobody writes down for a shape. */
const individual = { pciAddress: true, health: true, healthReason: true } as const;

const Gpu = GpuFacts.omit({ ...individual, uuid: true, serial: true, measuredW: true });
const Nic = NicFacts.omit({ ...individual, name: true, guid: true, mac: true, leaf: true });

const Shape = ShapeFacts.omit({ gpus: true, nics: true }).extend({
  machine: NodeFacts.shape.machine,
  gpu: Gpu.optional().describe('what all GPUs of the shape have in common'),
  gpus: z.array(Gpu).max(32).optional().describe('one entry for each GPU, in the order of their numbers'),
  gpuCount: z.int().min(1).max(32).optional().describe('instead of `gpus`, where their places are not known'),
  nic: Nic.optional().describe('what all NICs of the shape have in common'),
  nics: z.array(Nic).max(64).optional(),
});

/** What single NICs of a node hang on where its rails go to leafs of their own. */
const NodeNic = z.strictObject({ leaf: name.optional() });

const Nodes = NodeFacts.omit({
  hostName: true,
  aliases: true,
  serial: true,
  systemUuid: true,
  rack: true,
  measuredW: true,
  healthReason: true,
  leaf: true,
  island: true,
  warrantyUntilMs: true,
  endOfLifeMs: true,
}).extend({
  names: names.describe('`n01`, `n01..n04`, or a list of both'),
  prefix: z
    .string()
    .max(120)
    .optional()
    .describe('host names are this and the name; without it site, rack and name joined by `-`'),
  leaf: name.optional(),
  aliases: z
    .record(name, NodeFacts.shape.aliases.unwrap())
    .optional()
    .describe(
      'by name of the node: other host names of the machine, or `serial:…`, `uuid:…`, `gpu:…`; settles which it is',
    ),
  nics: z
    .array(NodeNic)
    .max(32)
    .optional()
    .describe('one entry for each NIC in the order of their numbers, where they hang on several leafs'),
  island: name
    .optional()
    .describe('the accelerator link domain that the nodes of the group share with others'),
  warrantyUntil: instant.optional(),
  endOfLife: instant.optional(),
});

const Rack = RackFacts.omit({ loop: true, feeds: true }).extend({
  loop: name.optional(),
  feeds: z
    .record(z.string().regex(/^[A-Z]$/, 'a feed of a rack is one capital letter'), name)
    .optional()
    .describe('the feed of the building behind each letter'),
  nodes: z.array(Nodes).max(10_000).optional(),
});

const Leaf = z.strictObject({ uplinkMbps: Mbps.optional(), spine: name.optional() });

const fabric = {
  feeds: z.record(name, FeedFacts).optional().describe('power feeds of the building'),
  loops: z.record(name, LoopFacts).optional(),
  spines: z.record(name, SpineFacts).optional(),
  leafs: z.record(name, Leaf).optional(),
  racks: z.record(name, Rack).optional(),
};

const Hall = HallFacts.extend(fabric);

const Certificate = z.strictObject({ scheme: z.string().min(1).max(200), validUntil: instant });
const Dataset = z.strictObject({ id: DatasetId, sizeGib: StorageGib });
const Pool = StoragePoolFacts.extend({ datasets: z.array(Dataset).max(1000).optional() });

const Site = SiteFacts.omit({ certificates: true, gpuPrices: true, cpuPriceMicroEurPerHour: true }).extend({
  ...fabric,
  certificates: z.array(Certificate).max(32).optional(),
  gpuPricesEurPerHour: z.record(model, eur).optional().describe('one GPU for one hour'),
  cpuPriceEurPerHour: eur.optional().describe('one core for one hour, for parts without GPUs'),
  storage: z.record(name, Pool).optional(),
  halls: z.record(name, Hall).optional(),
  nodes: z.array(Nodes).max(10_000).optional().describe('nodes of which neither hall nor rack is known'),
});

const WanLink = z.strictObject({
  from: name,
  to: name,
  mbps: Mbps.optional(),
  latencyMs: LatencyMs.optional(),
});

/**
 * An inventory as people write it: `schema: berth/inventory/1`. Units are the last word of a key, as in facts;
 * prices are euros an hour with up to six decimals; dates are ISO 8601 with offset; every key is optional unless
 * named here. Unknown keys are errors.
 *
 * ```yaml
 * schema: berth/inventory/1
 * shapes:
 *   hgx-h100:
 *     cpuMilli: 224000
 *     memoryMib: 2097152
 *     link: nvlink
 *     gpu: { model: H100-SXM-80GB, memoryMib: 81559, powerW: 700, island: 0 }
 *     gpus:
 *       - { numaNode: 0, pcieSwitch: 0 }
 *       - { numaNode: 1, pcieSwitch: 1 }
 *     nic: { kind: infiniband, mbps: 400000, rdma: true }
 *     nics:
 *       - { rail: 0, numaNode: 0, pcieSwitch: 0 }
 *       - { rail: 1, numaNode: 1, pcieSwitch: 1 }
 * sites:
 *   fra1:
 *     country: DE
 *     gpuPricesEurPerHour: { H100-SXM-80GB: 2.95 }
 *     halls:
 *       h1:
 *         feeds: { feed-a: { limitW: 400000 }, feed-b: { limitW: 400000 } }
 *         loops: { cdu1: { coolingLimitW: 200000 } }
 *         spines: { spine1: { uplinkMbps: 25600000 } }
 *         leafs: { leaf1: { uplinkMbps: 12800000, spine: spine1 } }
 *         racks:
 *           r11:
 *             feedLimitW: { A: 44300, B: 44300 }
 *             feeds: { A: feed-a, B: feed-b }
 *             loop: cdu1
 *             nodes:
 *               - { names: n01..n04, shape: hgx-h100, leaf: leaf1, warrantyUntil: 2029-05-31T00:00:00+02:00 }
 * wan:
 *   - { from: fra1, to: ams2, mbps: 400000, latencyMs: 8 }
 * ```
 *
 * Gives `fra1/h1/r11/n01` to `n04` with the host names `fra1-r11-n01` to `fra1-r11-n04`. Racks may also stand
 * directly in a site, and nodes too. Loops, feeds, leafs and spines are named where they are used and looked up in the
 * hall and then in the site; a spine that nobody defines is one of the place of its leaf. Nodes hang on all
 * feeds of their rack, or on those of `feeds: [A]`; `island: nvl1` joins nodes of one rack, hall or site.
 * `aliases: { n01: [dgx-01, 'serial:1660323000123'] }` says what other sources call the machine, and settles it
 * where they contradict each other.
 */
export const InventoryDocument = z.strictObject({
  schema: z.literal('berth/inventory/1'),
  shapes: z.record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/), Shape).optional(),
  sites: z.record(name, Site),
  wan: z.array(WanLink).max(10_000).optional(),
});
export type InventoryDocument = z.infer<typeof InventoryDocument>;

export type SiteEntry = z.infer<typeof Site>;
export type HallEntry = z.infer<typeof Hall>;
export type PoolEntry = z.infer<typeof Pool>;
export type RackEntry = z.infer<typeof Rack>;
export type NodesEntry = z.infer<typeof Nodes>;
export type ShapeEntry = z.infer<typeof Shape>;
export type FabricEntry = Pick<SiteEntry, 'feeds' | 'loops' | 'spines' | 'leafs' | 'racks'>;

/** The keys that may stand in each part of the document, by the key under which the part stands. */
export const keysByPart: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    '': InventoryDocument,
    shapes: Shape,
    gpu: Gpu,
    gpus: Gpu,
    nic: Nic,
    nics: Nic,
    sites: Site,
    halls: Hall,
    racks: Rack,
    nodes: Nodes,
    feeds: FeedFacts,
    loops: LoopFacts,
    spines: SpineFacts,
    leafs: Leaf,
    storage: Pool,
    datasets: Dataset,
    certificates: Certificate,
    wan: WanLink,
  }).map(([part, schema]) => [part, Object.keys(schema.shape)]),
);
