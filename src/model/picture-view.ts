import { z } from 'zod';

import { Health, LinkKind } from './fact.ts';
import { Path, TenantId } from './id.ts';
import { GpuCounts } from './inventory-view.ts';
import { Snapshot } from './view.ts';

/**
 * What pictures of the inventory are drawn from: a rack, a node, a fabric, an island. A picture adds nothing to its
 * view, so the JSON says all that the picture shows.
 */
const iso = z.string().max(40);
const count = z.int().min(0);
const holders = z
  .array(z.string())
  .describe('contracts, held plans and maintenance windows, of those the caller may see');

/**
 * What a GPU is doing in the window: `part` has slices on it, `closed` is shut for maintenance, `cordoned` and
 * `unpromised` are held by nobody and given to nobody, the latter because it is shared or partitioned.
 */
export const GpuUse = z.enum(['free', 'held', 'part', 'closed', 'down', 'cordoned', 'unpromised']);
export type GpuUse = z.infer<typeof GpuUse>;

const Seat = z.object({ index: count, use: GpuUse, heldBy: holders });
export type Seat = z.infer<typeof Seat>;

const Watts = z.object({
  heldW: count.describe('promised, at most at one time in the window'),
  mostW: count
    .optional()
    .describe('the largest figure that is known of it: of its parts together, or one of those below'),
  nameplateW: count.optional(),
  allocatedW: count.optional(),
  measuredW: count.optional(),
});
export type Watts = z.infer<typeof Watts>;

export const PlacedNode = z.object({
  id: Path,
  hostName: z.string(),
  machine: z.string().optional(),
  gpuModels: z.array(z.string()),
  gpus: GpuCounts,
  seats: z.array(Seat),
  heldBy: holders,
  power: Watts,
  feeds: z.array(z.string()).describe('the letters of the feeds of its rack that it hangs on'),
  units: count.optional(),
  position: count.optional().describe('its lowest rack unit, counted from the floor'),
  health: Health.or(z.literal('unknown')),
  healthReason: z.string().optional(),
  schedulable: z.boolean(),
});
export type PlacedNode = z.infer<typeof PlacedNode>;

/** Who holds something in the picture, and how many of its GPUs, whole or in part. */
const Holder = z.object({ id: z.string(), tenant: TenantId.optional(), gpuCount: count });
export type Holder = z.infer<typeof Holder>;

const common = {
  id: Path,
  gpus: GpuCounts,
  holders: z.array(Holder),
  unknown: z.array(z.string()).describe('what nobody has recorded, and the picture therefore lacks'),
};

const Feed = z.object({
  letter: z.string(),
  feed: Path.optional().describe('of the building'),
  limitW: count.optional(),
  heldW: count.describe('its share while all feeds are there'),
  worstW: count.describe('its share when the worst other feed is lost'),
  worstWithout: z.string().optional().describe('the letters whose loss that is, joined by `+`'),
});
export type Feed = z.infer<typeof Feed>;

export const RackPicture = z.object({
  kind: z.literal('rack'),
  ...common,
  units: count.optional(),
  freeUnits: count.optional(),
  nodes: z.array(PlacedNode),
  misplaced: z
    .array(z.object({ node: Path, why: z.string() }))
    .describe('recorded positions that cannot be true together'),
  heldW: count,
  limitW: count.optional().describe('with any one feed lost'),
  feeds: z.array(Feed),
  loop: Path.optional(),
  coolingLimitW: count.optional(),
});
export type RackPicture = z.infer<typeof RackPicture>;

const PicturedGpu = Seat.extend({
  model: z.string().optional(),
  memoryMib: count.optional(),
  island: count.optional(),
  railNic: count.optional().describe('the RDMA NIC that serves it'),
  powerW: count.optional(),
  measuredW: count.optional(),
  slices: z.array(z.object({ what: z.string(), heldBy: z.string().optional() })),
  freeProfiles: z.array(z.string()),
  freeMilli: count.optional(),
});
export type PicturedGpu = z.infer<typeof PicturedGpu>;

const PicturedNic = z.object({
  index: count,
  name: z.string().optional(),
  kind: z.string().optional(),
  mbps: count.optional(),
  rdma: z.boolean().optional(),
  rail: count.optional(),
  leaf: Path.optional(),
  isDown: z.boolean(),
  heldBy: holders,
});
export type PicturedNic = z.infer<typeof PicturedNic>;

/**
 * How near two devices are known to be: `link` in one NVLink or xGMI island, `switch` behind one PCIe switch, `root` under one
 * PCIe root, `numa` on one NUMA node, `across` on two, and `unknown` where nobody has said.
 */
export const Nearness = z.enum(['same', 'link', 'switch', 'root', 'numa', 'across', 'unknown']);
export type Nearness = z.infer<typeof Nearness>;

const numbers = z.array(count);
const Branch = z.object({
  numaNode: count.optional(),
  pcieRoot: count.optional(),
  pcieSwitch: count.optional(),
  gpus: numbers,
  nics: numbers,
});
export type Branch = z.infer<typeof Branch>;

export const NodePicture = z.object({
  kind: z.literal('node'),
  ...common,
  node: PlacedNode,
  link: LinkKind.or(z.literal('unknown')),
  linkMbps: count.optional(),
  islands: z.array(numbers).describe('GPUs that an accelerator link joins'),
  island: Path.optional().describe('the link domain it shares with other nodes'),
  leaf: Path.optional(),
  numaNodes: count.optional(),
  branches: z
    .array(Branch)
    .describe('devices by NUMA node, PCIe root and switch; what is absent is not known'),
  gpuList: z.array(PicturedGpu),
  nicList: z.array(PicturedNic),
  nearness: z.object({
    gpus: z.array(z.array(Nearness)).describe('from each GPU to each GPU'),
    nics: z.array(z.array(Nearness)).describe('from each NIC to each GPU'),
  }),
});
export type NodePicture = z.infer<typeof NodePicture>;

const Uplink = z.object({ limitMbps: count.optional(), heldMbps: count });
export type Uplink = z.infer<typeof Uplink>;

const Leaf = z.object({
  id: Path,
  uplink: Uplink,
  nodes: z.array(
    PlacedNode.extend({ rails: numbers.describe('of the NICs that hang here; empty for all of a node') }),
  ),
});
export type Leaf = z.infer<typeof Leaf>;

export const FabricPicture = z.object({
  kind: z.literal('fabric'),
  ...common,
  spines: z.array(z.object({ id: Path, uplink: Uplink, leafs: z.array(Leaf) })),
  leafs: z.array(Leaf).describe('whose spine nobody has recorded'),
  unattached: z.array(PlacedNode).describe('nodes of the place whose leaf nobody has recorded'),
  nodeCount: count,
});
export type FabricPicture = z.infer<typeof FabricPicture>;

export const IslandPicture = z.object({
  kind: z.literal('island'),
  ...common,
  link: LinkKind.or(z.literal('unknown')),
  linkMbps: count.optional(),
  racks: z.array(Path),
  nodes: z.array(PlacedNode),
});
export type IslandPicture = z.infer<typeof IslandPicture>;

export const Picture = z.discriminatedUnion('kind', [RackPicture, NodePicture, FabricPicture, IslandPicture]);
export type Picture = z.infer<typeof Picture>;
export type PictureKind = Picture['kind'];

const shown = { snapshot: Snapshot, from: iso, to: iso };

export const PictureList = z.object({ ...shown, pictures: z.array(Picture) });
export type PictureList = z.infer<typeof PictureList>;

const HealthCounts = z.object({
  healthy: count,
  degraded: count,
  down: count,
  unknown: count,
  cordoned: count.describe('of any health'),
});
export type HealthCounts = z.infer<typeof HealthCounts>;

export const TreeRow = z.object({
  id: Path,
  depth: count.describe('0 for the places that the tree begins with'),
  kind: z.enum(['site', 'hall', 'rack', 'place', 'node', 'gpu', 'nic']),
  name: z.string().optional().describe('what people or engines call it, where its path does not tell'),
  nodeCount: count,
  gpus: GpuCounts,
  gpuModels: z.array(z.string()),
  power: z.object({
    heldW: count,
    mostW: count.optional().describe('absent while some node has no figure'),
    limitW: count.optional(),
  }),
  health: HealthCounts,
  what: z.string().optional().describe('of a device'),
  use: GpuUse.optional().describe('of a GPU'),
  heldBy: holders,
  hiddenCount: count.describe('rows below it that the depth leaves out'),
});
export type TreeRow = z.infer<typeof TreeRow>;

/** The inventory from the outside in, each row below the one that contains it. */
export const InventoryTree = z.object({
  ...shown,
  depth: count.describe('levels that are shown'),
  rows: z.array(TreeRow),
});
export type InventoryTree = z.infer<typeof InventoryTree>;
