import type {
  FeedFacts,
  GpuFacts,
  HallFacts,
  Health,
  LeafFacts,
  LinkKind,
  LoopFacts,
  NicFacts,
  NodeFacts,
  RackFacts,
  SiteFacts,
  SpineFacts,
  StoragePoolFacts,
  WanLinkFacts,
} from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import type { Mask } from '../mask.ts';

/** Whether something is so, is not so, or nobody has said. */
export type Known = 'yes' | 'no' | 'unknown';

/** What equal nodes share, computed once. GPU numbers are positions in `gpus`. */
export type NodeShape = {
  readonly gpus: readonly GpuFacts[];
  readonly nics: readonly NicFacts[];
  /** Which GPUs are of which model, in the order of the model names. */
  readonly models: readonly {
    readonly model: string;
    readonly mask: Mask;
    readonly memoryMib: number | undefined;
  }[];
  readonly cpuMilli: number | undefined;
  readonly memoryMib: number | undefined;
  readonly storageGib: number | undefined;
  readonly link: LinkKind | 'unknown';
  readonly linkMbps: number | undefined;
  /** Accelerator link domains. Empty when the link is unknown; single GPUs when there is none. */
  readonly islands: readonly Mask[];
  readonly numaNodes: number | undefined;
  /** GPUs by NUMA node, where known. */
  readonly numa: readonly Mask[];
  readonly rdma: Known;
  /** The RDMA NIC that serves each GPU: its own rail. `undefined` where only counts are known. */
  readonly railOf: readonly (number | undefined)[];
  readonly basePowerW: number | undefined;
  readonly gpuPowerW: number | undefined;
  /** False when GPUs are shared or partitioned in a way that whole ones cannot be promised. */
  readonly whole: Known;
  /** How its GPUs are shared or partitioned now; `none` where nobody has said that they are. */
  readonly sharing: NonNullable<NodeFacts['sharing']>;
};

/** One power supply of a node: the feed it hangs on, and what that is known to carry. */
export type Supply = {
  /** The rack's letter for it. */
  readonly letter: string;
  /** What falls together: a feed of the building, or this letter of this rack alone. */
  readonly feed: string;
  /** The feed of the building, where one is named. */
  readonly building: Path | undefined;
  /** What the rack's side of it can carry alone. */
  readonly limitW: number | undefined;
  /** What the feed of the building can carry. */
  readonly buildingLimitW: number | undefined;
};

export type FleetNode = {
  readonly index: number;
  readonly id: Path;
  readonly hostName: string;
  readonly site: Path;
  readonly hall: Path | undefined;
  readonly rack: Path | undefined;
  readonly leaf: Path | undefined;
  readonly spine: Path | undefined;
  /** The accelerator link domain that it shares with other nodes. */
  readonly island: Path | undefined;
  readonly shape: NodeShape;
  /** The feeds it hangs on, by letter; empty when nobody has recorded any. */
  readonly supplies: readonly Supply[];
  /** Rack units it takes up. */
  readonly units: number | undefined;
  readonly health: Health | 'unknown';
  readonly schedulable: boolean;
  /** GPUs that are down. */
  readonly downMask: Mask;
  /** NICs that are down. */
  readonly downNics: ReadonlySet<number>;
  readonly facts: NodeFacts;
};

/** A rack and what it can carry. `powerLimitW` already allows for the loss of any one feed (see `feeds.ts`). */
export type FleetRack = {
  readonly id: Path;
  readonly site: Path;
  readonly powerLimitW: number | undefined;
  readonly coolingLimitW: number | undefined;
  readonly facts: RackFacts;
};

export type FleetSite = {
  readonly id: Path;
  readonly facts: SiteFacts;
  readonly nodes: readonly FleetNode[];
  /** Datasets that a storage pool of the site holds. */
  readonly datasets: ReadonlySet<string>;
};

/** The inventory as decisions read it: everything in the order of ids, equal shapes shared. */
export type Fleet = {
  readonly sites: readonly FleetSite[];
  readonly racks: ReadonlyMap<Path, FleetRack>;
  readonly halls: ReadonlyMap<Path, HallFacts>;
  /** Cooling loops: each is shared by the racks that name it. */
  readonly loops: ReadonlyMap<Path, LoopFacts>;
  /** Power feeds of the building: each is shared by the racks that name it. */
  readonly feeds: ReadonlyMap<Path, FeedFacts>;
  readonly leafs: ReadonlyMap<Path, LeafFacts>;
  readonly spines: ReadonlyMap<Path, SpineFacts>;
  readonly wanLinks: ReadonlyMap<Path, WanLinkFacts>;
  readonly pools: ReadonlyMap<Path, StoragePoolFacts>;
  readonly nodes: readonly FleetNode[];
  readonly nodeById: ReadonlyMap<Path, FleetNode>;
  /** Every GPU model that some node has, in order. */
  readonly models: readonly string[];
};

export const emptyFleet: Fleet = {
  sites: [],
  racks: new Map(),
  halls: new Map(),
  loops: new Map(),
  feeds: new Map(),
  leafs: new Map(),
  spines: new Map(),
  wanLinks: new Map(),
  pools: new Map(),
  nodes: [],
  nodeById: new Map(),
  models: [],
};
