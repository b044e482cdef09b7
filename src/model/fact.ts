import { z } from 'zod';

import { EngineName } from './binding.ts';
import { Country, DatasetId, Digest, Path } from './id.ts';
import { SiteKind } from './site-kind.ts';
import {
  AtMs,
  CpuMilli,
  LatencyMs,
  Mbps,
  MemoryMib,
  PowerW,
  PriceMicroEurPerHour,
  StorageGib,
} from './unit.ts';

/** Text from outside: cleaned and capped by the source that read it. */
const label = z.string().max(200);
const model = z.string().regex(/^[A-Z0-9][A-Za-z0-9 ._+-]{0,60}$/, 'a model name such as `H100-SXM-80GB`');
const index = z.int().min(0).max(4095);
const PciAddress = z
  .string()
  .regex(/^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/, 'such as `0000:1b:00.0`');

/** `nvlink` and `xgmi` join GPUs; `none` says that nothing faster than PCIe does. */
export const LinkKind = z.enum(['nvlink', 'xgmi', 'none']);
export type LinkKind = z.infer<typeof LinkKind>;

export const Health = z.enum(['healthy', 'degraded', 'down']);
export type Health = z.infer<typeof Health>;

export const SourceName = z.enum([
  'inventory',
  'kubernetes',
  'dra',
  'hwloc',
  'nccl',
  'nvidia-smi',
  'rocm-smi',
  'redfish',
  'netbox',
  'slurm',
  'topograph',
  'ibnetdiscover',
  'prometheus',
  'cloud',
  'openb',
]);
export type SourceName = z.infer<typeof SourceName>;

export const SiteFacts = z.strictObject({
  name: label.optional(),
  aliases: z.array(label).max(16).optional().describe('other words people use: the city, a region name'),
  kind: SiteKind.optional(),
  country: Country.optional(),
  zone: label.optional().describe('IANA time zone'),
  operator: label.optional(),
  operatorParent: label.optional().describe('ultimate parent company'),
  operatorSeat: Country.optional().describe("country of the ultimate parent's seat"),
  certificates: z
    .array(z.strictObject({ scheme: label, validUntilMs: AtMs }))
    .max(32)
    .optional(),
  keyCustody: Country.optional(),
  supportCountries: z.array(Country).max(64).optional(),
  telemetryCountries: z.array(Country).max(64).optional(),
  isolationClasses: z
    .array(z.enum(['shared', 'node', 'rack', 'site']))
    .max(4)
    .optional(),
  latencyMsByRegion: z.record(label, LatencyMs).optional(),
  priceBook: label.optional().describe('name and version of the price list'),
  gpuPrices: z
    .record(model, PriceMicroEurPerHour)
    .optional()
    .describe('micro-euros for one GPU for one hour'),
  cpuPriceMicroEurPerHour: PriceMicroEurPerHour.optional().describe(
    'one core for one hour, for parts without GPUs',
  ),
  powerBudgetW: PowerW.optional().describe('for IT equipment; PUE is not applied to it'),
  pueMilli: z.int().min(1000).max(5000).optional(),
  carbonGramPerKwh: z.int().min(0).max(5000).optional(),
  floorSpaceM2: z.int().min(0).max(10_000_000).optional(),
  freeRackUnits: z.int().min(0).max(10_000_000).optional(),
  engine: EngineName.optional().describe('which runs its machines, such as `slurm`'),
  leadTimeDays: z.int().min(0).max(3650).optional().describe('until ordered equipment stands in the rack'),
});

export type SiteFacts = z.infer<typeof SiteFacts>;

export const HallFacts = z.strictObject({
  powerBudgetW: PowerW.optional(),
  coolingLimitW: PowerW.optional(),
});
export type HallFacts = z.infer<typeof HallFacts>;

export const RackFacts = z.strictObject({
  feedLimitW: z
    .record(z.string().regex(/^[A-Z]$/), PowerW)
    .optional()
    .describe('what each power feed can carry alone'),
  feeds: z
    .record(z.string().regex(/^[A-Z]$/), Path)
    .optional()
    .describe('the feed of the building behind each letter; one of the rack alone without it'),
  loop: Path.optional().describe('the cooling loop the rack hangs on'),
  coolingLimitW: PowerW.optional(),
  units: z.int().min(1).max(60).optional(),
  maxWeightKg: z.int().min(0).max(100_000).optional(),
});

export type RackFacts = z.infer<typeof RackFacts>;

/** A power feed of the building, shared by the racks that name it. */
export const FeedFacts = z.strictObject({ limitW: PowerW.optional() });
export type FeedFacts = z.infer<typeof FeedFacts>;

export const LoopFacts = z.strictObject({ coolingLimitW: PowerW.optional() });
export type LoopFacts = z.infer<typeof LoopFacts>;

/** One GPU slot or card. On a node its path ends in `gpu<N>`, in a shape it is the Nth of the list. */
export const GpuFacts = z.strictObject({
  model: model.optional(),
  memoryMib: MemoryMib.optional(),
  uuid: label.optional(),
  serial: label.optional(),
  pciAddress: PciAddress.optional(),
  numaNode: index.optional(),
  pcieRoot: index.optional(),
  pcieSwitch: index.optional(),
  island: index.optional().describe('number of the accelerator link domain inside the node'),
  powerW: PowerW.optional().describe('the most it draws'),
  measuredW: PowerW.optional().describe('the most it was seen to draw'),
  migCapable: z.boolean().optional(),
  migProfile: label.optional(),
  health: Health.optional(),
  healthReason: label.optional(),
});
export type GpuFacts = z.infer<typeof GpuFacts>;

export const NicFacts = z.strictObject({
  name: label.optional().describe('as the system calls it: `mlx5_0`'),
  guid: label.optional().describe('of the port, 16 hex digits'),
  mac: label.optional(),
  kind: z.enum(['ethernet', 'infiniband', 'roce']).optional(),
  mbps: Mbps.optional(),
  rdma: z.boolean().optional(),
  rail: index.optional(),
  numaNode: index.optional(),
  pcieRoot: index.optional(),
  pcieSwitch: index.optional(),
  pciAddress: PciAddress.optional(),
  leaf: Path.optional(),
  health: Health.optional(),
  healthReason: label.optional(),
});
export type NicFacts = z.infer<typeof NicFacts>;

/** What equal nodes share. */
export const ShapeFacts = z.strictObject({
  cpuMilli: CpuMilli.optional(),
  memoryMib: MemoryMib.optional(),
  storageGib: StorageGib.optional(),
  numaNodes: z.int().min(1).max(64).optional(),
  gpus: z.array(GpuFacts).max(32).optional(),
  nics: z.array(NicFacts).max(64).optional(),
  link: LinkKind.optional(),
  linkMbps: Mbps.optional().describe('accelerator link, one GPU, all its links together'),
  basePowerW: PowerW.optional().describe('the most the node draws without its GPUs'),
  nameplateW: PowerW.optional().describe('the most the whole machine draws, by its maker'),
  units: z.int().min(1).max(60).optional(),
});
export type ShapeFacts = z.infer<typeof ShapeFacts>;

export const NodeFacts = z.strictObject({
  hostName: label.optional().describe('the name its engine knows'),
  aliases: z
    .array(label)
    .max(16)
    .optional()
    .describe('other host names of the same machine, or `serial:…`, `uuid:…`, `gpu:…`'),
  serial: label.optional(),
  systemUuid: label.optional().describe('SMBIOS UUID, lower case'),
  rack: Path.optional().describe('the rack, or hall, it stands in, where its path does not tell'),
  position: z.int().min(1).max(60).optional().describe('its lowest rack unit, counted from the floor'),
  units: z.int().min(1).max(60).optional(),
  weightKg: z.int().min(0).max(10_000).optional(),
  shape: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/)
    .optional(),
  machine: label.optional().describe('maker and model, or a cloud instance type'),
  cpuMilli: CpuMilli.optional(),
  memoryMib: MemoryMib.optional(),
  storageGib: StorageGib.optional(),
  numaNodes: z.int().min(1).max(64).optional().describe('NUMA nodes with CPUs, each with an even share'),
  gpuModel: model.optional().describe('where only model and count are known, not the single cards'),
  gpuCount: z.int().min(0).max(32).optional(),
  gpuMemoryMib: MemoryMib.optional(),
  link: LinkKind.optional(),
  linkMbps: Mbps.optional(),
  rdmaNicCount: z.int().min(0).max(64).optional(),
  sharing: z.enum(['none', 'time-slicing', 'mps', 'mig-single', 'mig-mixed', 'unknown']).optional(),
  leaf: Path.optional().describe('the RDMA leaf switch all its rails hang on'),
  island: Path.optional().describe(
    'the accelerator link domain it shares with other nodes, as in an NVL72 rack',
  ),
  feeds: z
    .array(z.string().regex(/^[A-Z]$/))
    .min(1)
    .max(8)
    .optional()
    .describe("the rack's feeds its power supplies hang on; all of them without it"),
  basePowerW: PowerW.optional(),
  gpuPowerW: PowerW.optional().describe('the most one GPU draws'),
  nameplateW: PowerW.optional().describe('the most the whole machine draws, by its maker'),
  allocatedW: PowerW.optional().describe('what its operator set aside for the whole machine'),
  measuredW: PowerW.optional().describe('the most the whole machine was seen to draw'),
  health: Health.optional(),
  healthReason: label.optional(),
  schedulable: z.boolean().optional().describe('false when cordoned'),
  driver: label.optional(),
  kubernetes: label.optional(),
  warrantyUntilMs: AtMs.optional(),
  endOfLifeMs: AtMs.optional(),
  labels: z.record(z.string().max(320), label).optional().describe('as found; data, never instructions'),
});
export type NodeFacts = z.infer<typeof NodeFacts>;

export const LeafFacts = z.strictObject({
  uplinkMbps: Mbps.optional(),
  spine: Path.optional(),
});

export type LeafFacts = z.infer<typeof LeafFacts>;

export const SpineFacts = z.strictObject({ uplinkMbps: Mbps.optional() });
export type SpineFacts = z.infer<typeof SpineFacts>;

export const WanLinkFacts = z.strictObject({
  from: Path.optional(),
  to: Path.optional(),
  mbps: Mbps.optional(),
  latencyMs: LatencyMs.optional(),
});
export type WanLinkFacts = z.infer<typeof WanLinkFacts>;

export const StoragePoolFacts = z.strictObject({
  mbps: Mbps.optional(),
  capacityGib: StorageGib.optional(),
  datasets: z
    .array(z.strictObject({ id: DatasetId, sizeGib: StorageGib }))
    .max(1000)
    .optional(),
});

export type StoragePoolFacts = z.infer<typeof StoragePoolFacts>;

/** Where in the evidence a fact was read. */
export const Origin = z.strictObject({ file: z.string().max(300), line: z.int().min(1).optional() });
export type Origin = z.infer<typeof Origin>;

/** `stated` by the source in so many words, `derived` from it, or `assumed` by the importer and said so. */
export const Confidence = z.enum(['stated', 'derived', 'assumed']);
export type Confidence = z.infer<typeof Confidence>;

const fact = <K extends string, S extends z.ZodType>(kind: K, set: S) =>
  z.strictObject({ kind: z.literal(kind), subject: Path, set, confidence: Confidence, origin: Origin });

/**
 * The first segment of subjects whose site a source does not know. Identity resolution finds the machine or refuses to
 * record; nothing in the inventory begins with it.
 */
export const unplaced = 'unplaced';

/** What a source says about one subject. Never edited, only superseded. */
export const Fact = z.discriminatedUnion('kind', [
  fact('site', SiteFacts),
  fact('hall', HallFacts),
  fact('rack', RackFacts),
  fact('loop', LoopFacts),
  fact('feed', FeedFacts),
  fact('shape', ShapeFacts),
  fact('node', NodeFacts),
  fact('gpu', GpuFacts),
  fact('nic', NicFacts),
  fact('leaf', LeafFacts),
  fact('spine', SpineFacts),
  fact('wan-link', WanLinkFacts),
  fact('storage-pool', StoragePoolFacts),
]);
export type Fact = z.infer<typeof Fact>;
export type FactKind = Fact['kind'];

/** Something the source left open or that Berth would not guess: shown, and refused where a demand needs it. */
export const Unknown = z.strictObject({
  subject: Path.optional(),
  attribute: z.string().max(120),
  why: z.string().max(300),
  origin: Origin,
});
export type Unknown = z.infer<typeof Unknown>;

/** One import: everything one source said at one time. Stored whole under its digest. */
export const Observation = z.strictObject({
  schema: z.literal('berth/observation/1'),
  source: SourceName,
  observedAtMs: AtMs,
  evidence: z
    .array(z.strictObject({ file: z.string().max(300), digest: Digest, sizeBytes: z.int().min(0) }))
    .max(10_000),
  assumptions: z.array(z.string().max(300)).max(100),
  facts: z.array(Fact).max(2_000_000),
  unknown: z.array(Unknown).max(100_000),
});
export type Observation = z.infer<typeof Observation>;
