import { z } from 'zod';

import { DemandRequest } from './demand.ts';
import { NodeFacts, ShapeFacts, SiteFacts } from './fact.ts';
import { Country, TenantId } from './id.ts';
import { DataRules } from './tenant.ts';

const place = z.string().min(1).max(200);
const places = z.array(place).min(1).max(20);

const instant = z.iso.datetime({
  offset: true,
  error: 'an instant is ISO 8601 with an offset, such as `2026-11-30T00:00:00+01:00`',
});

/** A node nobody has yet: what `NodeFacts` says of one without devices listed one by one. */
const NewShape = NodeFacts.pick({
  cpuMilli: true,
  memoryMib: true,
  storageGib: true,
  gpuModel: true,
  gpuCount: true,
  gpuMemoryMib: true,
  link: true,
  linkMbps: true,
  rdmaNicCount: true,
  basePowerW: true,
  gpuPowerW: true,
}).extend({ units: ShapeFacts.shape.units });

const NewNodes = z.strictObject({
  site: place,
  rack: place.optional().describe('new racks without it'),
  count: z.int().min(1).max(1000),
  like: place.optional().describe('a node to copy'),
  shape: NewShape.optional(),
  from: z
    .union([instant, z.literal('lead-time')])
    .optional()
    .describe('`lead-time`: after the lead time of the site; now without it'),
});

const NewPrice = z.strictObject({
  model: z.string().min(1).max(60),
  site: place.optional().describe('all that price the model without it'),
  eurPerHour: z.number().min(0).max(1_000_000).optional(),
  percent: z.number().min(-100).max(10_000).optional().describe('100 doubles it'),
});

const NewRules = DataRules.pick({
  regimes: true,
  countries: true,
  excludeCountries: true,
  operatorSeats: true,
}).extend({ tenant: TenantId });

const NewSiteFacts = z.strictObject({
  site: place,
  country: Country.optional(),
  operatorSeat: Country.optional(),
  certificates: SiteFacts.shape.certificates,
});

const MoreDemand = z.strictObject({
  demand: DemandRequest.meta({
    seeTool: 'placement_plan',
    description: '`demand` as placement_plan takes it',
  }),
  times: z.int().min(1).max(200).default(1),
  everyDays: z.int().min(1).max(365).optional().describe('each so many days after the last'),
});

/** What an edit may be about. Every edit is about exactly one of them. */
const editKinds = ['lose', 'cordon', 'maintain', 'add', 'price', 'rule', 'site', 'grow'] as const;

/** One thing that is otherwise in a scenario, a list of edits that are true together. `from` and `until` belong to what is lost, cordoned or maintained. */
export const ScenarioEdit = z
  .strictObject({
    lose: places
      .optional()
      .describe('site, hall, rack, node, GPU, feed, loop, leaf, spine, WAN link or pool'),
    cordon: places.optional().describe('nothing new there'),
    maintain: places.optional().describe('emptied for a while'),
    from: instant.optional(),
    until: instant.optional(),
    add: NewNodes.optional(),
    price: NewPrice.optional(),
    rule: NewRules.optional().describe('narrows what the tenant allows'),
    site: NewSiteFacts.optional(),
    grow: MoreDemand.optional(),
  })
  .superRefine((edit, context) => {
    const kinds = editKinds.filter((kind) => edit[kind] !== undefined);
    if (kinds.length !== 1)
      context.addIssue({
        code: 'custom',
        message: `an edit has exactly one of ${editKinds.join(', ')}; this one has ${kinds.join(' and ') || 'none'}`,
      });
    const timed = ['lose', 'cordon', 'maintain'].includes(kinds[0] ?? 'lose');
    if (!timed && (edit.from !== undefined || edit.until !== undefined))
      context.addIssue({
        code: 'custom',
        message: `\`from\` and \`until\` do not belong to \`${kinds[0]}\``,
      });
  });
export type ScenarioEdit = z.infer<typeof ScenarioEdit>;
