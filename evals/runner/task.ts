import { z } from 'zod';

import { ContractId, Path, PrincipalId, TenantId } from '../../src/model/id.ts';

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{1,59}$/, 'lower-case letters, digits and `-`');
const instant = z.iso.datetime({ offset: true });
const text = z.string().min(1).max(400);

/** What a task is about. One word for one kind of consequence. */
export const Area = z.enum([
  'inventory',
  'placement',
  'explain',
  'whatif',
  'ops',
  'compliance',
  'multi-turn',
  'clarify',
  'refuse',
  'inject',
  'agent',
  'scale',
]);
export type Area = z.infer<typeof Area>;

/** One tool call. `$plan` stands for the plan of the last answer that had one, `$contract` for its contract. */
export const GoldCall = z.strictObject({
  tool: z.string().min(1).max(60),
  arguments: z.record(z.string(), z.unknown()).default({}),
});
export type GoldCall = z.infer<typeof GoldCall>;

/** What a perfect agent does in one turn: calls, then perhaps a question, perhaps words of its own. */
const GoldTurn = z.strictObject({
  calls: z.array(GoldCall).max(12).default([]),
  asks: z.array(slug).max(8).optional(),
  says: text.optional(),
});

const Turn = z.strictObject({ say: z.string().min(1).max(2000), gold: GoldTurn.default({ calls: [] }) });

/** A contract that has to stand at the end. What is left out may be anything. */
const WantedContract = z.strictObject({
  tenant: TenantId,
  gpus: z.int().min(0).max(100_000).optional(),
  model: z.string().max(60).optional().describe('begin of the GPU model'),
  sites: z.array(Path).max(20).optional().describe('all its members stand in one of these'),
  oneOf: z.enum(['node', 'rack', 'site']).optional().describe('all members in one of these'),
  nodes: z.array(Path).max(50).optional().describe('exactly these nodes'),
  startsAt: instant.optional(),
  endsAt: instant.optional(),
  guarantee: z.enum(['reserved', 'elastic', 'preemptible']).optional(),
  atMostEur: z.number().min(0).optional().describe('the whole of it'),
});
export type WantedContract = z.infer<typeof WantedContract>;

/** How the ledger has to look at the end, compared with the world as the task found it. */
const End = z.strictObject({
  unchanged: z.literal(true).optional().describe('nothing was appended but what was denied'),
  denied: z.literal(true).optional().describe('a denial is on record'),
  added: z.array(WantedContract).max(20).optional().describe('exactly these contracts are new'),
  released: z.array(ContractId).max(20).optional().describe('exactly these contracts were ended'),
  sameAsGold: z
    .literal(true)
    .optional()
    .describe('same contracts, devices and times as after the gold calls'),
});

/** Words of the answers. A list inside `must` means any one of them. Letter case does not count. */
const Say = z.strictObject({
  must: z
    .array(z.union([text, z.array(text).min(1).max(12)]))
    .max(20)
    .default([]),
  mustNot: z.array(text).max(20).default([]),
});

/**
 * One task: who says what in which world, and what has to be true afterwards. Data only: nothing in it is judged by a
 * model. A task that plans or asks has its `gold`, the calls of a perfect agent, so that it is known to be solvable.
 */
export const Task = z.strictObject({
  id: slug,
  area: Area,
  difficulty: z.enum(['easy', 'medium', 'hard']),
  tags: z.array(slug).max(12).default([]),
  world: slug.default('four-sites'),
  clock: instant.optional().describe('the clock of the world without it'),
  actor: z.strictObject({
    as: PrincipalId,
    onBehalfOf: PrincipalId.optional(),
    tenants: z.array(TenantId).min(1).max(10).optional(),
  }),
  before: z.array(GoldCall).max(12).default([]).describe('calls of the operator that make the scene'),
  facts: z
    .record(Path, z.record(z.string().max(60), z.unknown()))
    .default({})
    .describe('attributes of places as a source would state them, such as `labels` of a node'),
  turns: z.array(Turn).min(1).max(10),
  end: End,
  never: z.array(z.string().min(1).max(60)).max(20).default([]).describe('tools that may not be called'),
  say: Say.default({ must: [], mustNot: [] }),
  asks: z
    .strictObject({
      slots: z.array(slug).max(8),
      inTurn: z.int().min(1).max(10).default(1),
      atMost: z.int().min(1).max(5).default(1).describe('questions in the whole talk'),
    })
    .optional(),
  mostCalls: z.int().min(0).max(100).optional(),
  paraphrases: z
    .array(z.array(z.string().min(1).max(2000)).min(1).max(10))
    .max(8)
    .default([])
    .describe('the turns again in other words; the same has to be true'),
});
export type Task = z.infer<typeof Task>;
