import { z } from 'zod';

import { DatasetId, Path, ProjectId, TenantId } from './id.ts';
import { SiteKind } from './site-kind.ts';
import { DataRules } from './tenant.ts';
import {
  AtMs,
  Count,
  CpuMilli,
  DurationS,
  LatencyMs,
  Mbps,
  MemoryMib,
  MicroEur,
  PowerW,
  StorageGib,
} from './unit.ts';

/** The rungs of the tree, outermost first; `leaf` and `spine` belong to the RDMA fabric. */
export const TopologyLevel = z.enum([
  'site',
  'hall',
  'spine',
  'leaf',
  'rack',
  'node',
  'island',
  'numa',
  'pcie-root',
]);
export type TopologyLevel = z.infer<typeof TopologyLevel>;

export const Isolation = z.enum(['shared', 'node', 'rack', 'site']);
export type Isolation = z.infer<typeof Isolation>;

export const Guarantee = z.enum(['reserved', 'elastic', 'preemptible']);
export type Guarantee = z.infer<typeof Guarantee>;

export const Objective = z.enum(['cheapest', 'soonest', 'fastest', 'greenest', 'tightest']);
export type Objective = z.infer<typeof Objective>;

/** A slice of one GPU: thousandths by time or memory share, or a MIG profile such as `3g.40gb`. */
const Slice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('share'), milli: z.int().min(1).max(999) }),
  z.strictObject({
    kind: z.literal('mig'),
    profile: z
      .string()
      .regex(/^[1-7]g\.[0-9]{1,3}gb(?:\+me)?$/, 'a MIG profile such as `1g.10gb` or `3g.40gb`'),
  }),
]);

export const GpuNeed = z.strictObject({
  count: z.int().min(1).max(72).describe('GPUs for one replica'),
  models: z
    .array(z.string().min(1).max(60))
    .min(1)
    .max(16)
    .optional()
    .describe('any of these; without it any model'),
  memoryMib: MemoryMib.optional().describe('at least, on each GPU'),
  slice: Slice.optional().meta({
    help: 'a part of each GPU: `{ kind: mig, profile: 3g.40gb }` or `{ kind: share, milli: 500 }`',
  }),
  link: z.enum(['nvlink', 'xgmi', 'any']).optional().describe('all GPUs of a replica in one link domain'),
  linkMbps: Mbps.optional().describe('at least, for each GPU'),
});
export type GpuNeed = z.infer<typeof GpuNeed>;

const RdmaNeed = z.strictObject({
  nicMbps: Mbps.optional().describe('at least, on each NIC'),
  nicsPerGpu: z.int().min(1).max(4).optional().meta({ help: 'RDMA NICs for each GPU; 1 without it' }),
  uplinkMbps: Mbps.optional().describe('between leaf switches, for the whole part'),
});

/** What one replica needs. Without `cpuMilli` or `memoryMib` a GPU replica holds its GPUs' share of the node. */
export const ReplicaNeed = z.strictObject({
  gpus: GpuNeed.optional(),
  cpuMilli: CpuMilli.optional(),
  memoryMib: MemoryMib.optional(),
  storageGib: StorageGib.optional(),
  rdma: RdmaNeed.optional(),
  align: z.enum(['numa', 'pcie-root']).optional().describe('GPU, NIC, cores and memory under one of these'),
});
export type ReplicaNeed = z.infer<typeof ReplicaNeed>;

const latencyMsByRegion = z.record(z.string().max(60), LatencyMs);

/**
 * One kind of member. `minCount` is how many replicas are guaranteed (see `guaranteedCount`), of `count` at most. A part
 * with `where`, `siteKind` or `latencyMsByRegion` may stand at another site than the others (see `companiesOf`).
 */
export const Part = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/),
  count: Count.max(100_000).describe('replicas'),
  minCount: Count.optional().meta({ help: 'replicas that are guaranteed; only with `guarantee: elastic`' }),
  each: ReplicaNeed,
  within: TopologyLevel.optional().describe('all replicas of this part in one such domain'),
  apart: TopologyLevel.optional().describe('no two replicas of this part in the same such domain'),
  where: z
    .array(Path)
    .min(1)
    .max(64)
    .optional()
    .describe('only there: may be another site than that of the other parts'),
  siteKind: SiteKind.optional().meta({
    help: 'only at such a site, which may be another than that of the others',
  }),
  latencyMsByRegion: latencyMsByRegion.optional().meta({
    help: 'at most so many milliseconds from this part to users of a region; its site may be another one',
  }),
});
export type Part = z.infer<typeof Part>;

/**
 * The parts of a demand by the company in which they stand at one site: without `together`, each part that says itself
 * where it is to be is alone, and all others are together. Companies, and the parts in them, are in the order of the
 * demand.
 */
export function companiesOf({
  parts,
  together,
}: {
  readonly parts: readonly Part[];
  readonly together?: TopologyLevel | undefined;
}): readonly (readonly Part[])[] {
  const isAlone = (part: Part) => together === undefined && choosesSite(part);
  return [...Map.groupBy(parts, (part) => (isAlone(part) ? part.name : undefined)).values()];
}

function choosesSite({ where, siteKind, latencyMsByRegion: regions }: Part): boolean {
  return where !== undefined || siteKind !== undefined || regions !== undefined;
}

/** Whether a demand may be served at several sites. */
export function maySpan(demand: Pick<Demand, 'parts' | 'together'>): boolean {
  return companiesOf(demand).length > 1;
}

/** Levels that divide a node. */
export type LevelInNode = Extract<TopologyLevel, 'numa' | 'pcie-root'>;

export function isInNode(level: TopologyLevel | undefined): level is LevelInNode {
  return level === 'numa' || level === 'pcie-root';
}

/**
 * Where each replica of a part has all its devices, cores and memory: where it asked for, and where its part or gang is
 * kept together, or apart, inside a node. The narrower of several; nothing where nobody asked.
 */
export function alignmentOf(
  { each, within, apart }: Part,
  { together }: { readonly together?: TopologyLevel | undefined },
): LevelInNode | undefined {
  const asked = [each.align, within, apart, together].filter(isInNode);
  return asked.find((level) => level === 'pcie-root') ?? asked[0];
}

/**
 * Replicas of a part that are promised for good. Those of an elastic demand from this number on are extras: they run
 * while nobody with a guarantee needs their place, and whoever takes capacity back takes them first, the highest
 * number before the others, and never one below this.
 */
export function guaranteedCount({ count, minCount }: Part): number {
  return minCount ?? count;
}

const end = z.string().max(41).meta({ help: 'the name of a part, or `dataset`' });
const Flow = z.strictObject({
  from: end,
  to: end,
  mbps: Mbps,
  latencyMs: LatencyMs.optional().meta({
    help: 'at most, on the WAN link where both ends are at different sites',
  }),
});

const Survival = z.strictObject({
  loss: z.enum(['node', 'rack', 'feed', 'site']),
  membersLeft: Count.meta({
    help: 'replicas with GPUs that are left, of all parts together; spares are held where it takes them',
  }),
});

const responseForm = /^(\S.{0,480}?)\s*<=\s*([0-9]{1,7}) ms$/;

/** What the application is to show of itself: a PromQL query that answers in seconds, and what it is to stay within. */
const Response = z.string().max(500).regex(responseForm, 'a PromQL query and its bound: `QUERY <= 250 ms`');

/** The query and the bound of a demand's `response`. */
export function responseOf({
  response,
}: {
  readonly response?: string | undefined;
}): { readonly query: string; readonly atMostMs: number } | undefined {
  const [, query, bound] = responseForm.exec(response ?? '') ?? [];
  return query === undefined || bound === undefined ? undefined : { query, atMostMs: Number(bound) };
}

export const Budget = z.strictObject({
  totalMicroEur: MicroEur.optional(),
  microEurPerDay: MicroEur.optional(),
});
export type Budget = z.infer<typeof Budget>;

/** When. Without `durationS` the contract is open-ended; `latestStartMs` lets the core look for a later start. */
const Window = z.strictObject({
  earliestStartMs: AtMs,
  latestStartMs: AtMs.optional(),
  deadlineMs: AtMs.optional().describe('finished by'),
  durationS: DurationS.optional(),
});
type Window = z.infer<typeof Window>;

const demandShape = {
  tenant: TenantId,
  project: ProjectId.optional(),
  purpose: z.string().max(200).optional(),
  parts: z
    .array(Part)
    .min(1)
    .max(16)
    .refine(
      (parts) => new Set(parts.map((part) => part.name)).size === parts.length,
      'part names must differ',
    )
    .superRefine((parts, context) => {
      for (const [index, part] of parts.entries())
        if (guaranteedCount(part) > part.count)
          context.addIssue({
            code: 'custom',
            path: [index, 'minCount'],
            message: '`minCount` is at most `count`',
          });
    }),
  together: TopologyLevel.optional().describe(
    'the whole gang in one such domain; without it one site, but for parts that choose their own',
  ),
  where: z.array(Path).min(1).max(64).optional().describe('only inside one of these places'),
  avoid: z.array(Path).max(64).optional().describe('nothing inside these places'),
  flows: z.array(Flow).max(64).optional(),
  rules: DataRules.optional(),
  isolation: Isolation.optional().meta({ help: 'no other tenant there; `shared` without it' }),
  guarantee: Guarantee.optional().meta({
    help: '`preemptible` may end for others, `elastic` may shrink to `minCount`; `reserved` without it',
  }),
  mayPreempt: z.boolean().optional().meta({ help: 'may end preemptible contracts that stand in its way' }),
  survive: Survival.optional(),
  latencyMsByRegion: latencyMsByRegion
    .optional()
    .meta({ help: 'at most so many milliseconds to users of a region' }),
  dataset: DatasetId.optional()
    .meta({ help: 'the main dataset: at the site, or moved there before the start' })
    .describe('data locality: the main dataset'),
  powerCapW: PowerW.optional(),
  budget: Budget.optional(),
  response: Response.optional().meta({
    help: 'measured, not held: a PromQL query and its bound, `QUERY <= 250 ms`',
  }),
  objective: Objective.optional().meta({ help: 'what decides between sites that fit' }),
};

const onlyElastic = (demand: { parts: readonly Part[]; guarantee?: Guarantee | undefined }) =>
  demand.guarantee === 'elastic' || demand.parts.every(({ minCount }) => minCount === undefined);
const minCountNeedsElastic = {
  path: ['guarantee'],
  message: '`minCount` of a part goes with `guarantee: elastic` only; write that, or leave `minCount` out',
};

/** What a workload declares it needs, in integers and milliseconds: what the core reads and the ledger keeps. */
export const Demand = z
  .strictObject({ ...demandShape, window: Window })
  .refine(onlyElastic, minCountNeedsElastic);
export type Demand = z.infer<typeof Demand>;

export const instant = z.iso
  .datetime({ offset: true })
  .describe('ISO 8601 with offset, such as `2026-11-30T00:00:00+01:00`');

/** The same as people and agents write it: instants as ISO text with an offset, money in euros. */
export const DemandRequest = z
  .strictObject({
    ...demandShape,
    window: z.strictObject({
      earliestStart: instant,
      latestStart: instant.optional(),
      deadline: instant.optional(),
      durationS: DurationS.optional(),
    }),
    budget: z
      .strictObject({
        totalEur: z.number().min(0).max(9_000_000_000).optional(),
        eurPerDay: z.number().min(0).max(9_000_000_000).optional(),
      })
      .optional(),
  })
  .refine(onlyElastic, minCountNeedsElastic);
export type DemandRequest = z.infer<typeof DemandRequest>;
