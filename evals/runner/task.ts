import { z } from 'zod';

import { StopTarget } from '../../src/model/authority.ts';
import { ApprovalId, ContractId, Path, PrincipalId, TenantId } from '../../src/model/id.ts';

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
  'incident',
  'scale',
]);
export type Area = z.infer<typeof Area>;

/** One tool call. `$plan` stands for the plan of the last answer that had one, `$contract` for its contract. */
export const GoldCall = z.strictObject({
  tool: z.string().min(1).max(60),
  arguments: z.record(z.string(), z.unknown()).default({}),
});
export type GoldCall = z.infer<typeof GoldCall>;

/** Attributes of places as a source would state them, such as `health` of a node. */
const Facts = z.record(Path, z.record(z.string().max(60), z.unknown()));

/** What somebody else does while the agent is not looking: the operator with a tool, an approver, a source of facts. */
const Deed = z.union([
  GoldCall.extend({ as: PrincipalId.optional().describe('the operator without it') }),
  z.strictObject({ approve: ApprovalId, by: PrincipalId.describe('somebody with a public demo key') }),
  z.strictObject({ reject: ApprovalId, by: PrincipalId, reason: text }),
  z.strictObject({ stop: StopTarget, reason: text }),
  z.strictObject({ facts: Facts }),
]);
export type Deed = z.infer<typeof Deed>;

/** What a perfect agent does in one turn: calls, then perhaps a question, perhaps words of its own. */
const GoldTurn = z.strictObject({
  calls: z.array(GoldCall).max(12).default([]),
  asks: z.array(slug).max(8).optional(),
  says: text.optional(),
});

const Turn = z.strictObject({
  meanwhile: z.array(Deed).max(12).default([]).describe('what others do before this line is said'),
  say: z.string().min(1).max(2000),
  gold: GoldTurn.default({ calls: [] }),
});

/** What the person of a script says when an answer of the agent is like this. The first that fits counts. */
const Answer = z.strictObject({
  when: z
    .strictObject({
      asks: slug.optional().describe('the agent asked for this slot'),
      offers: z.literal('plan').optional().describe('the agent put a plan before the person'),
      says: text.optional().describe('the answer holds these words'),
    })
    .refine((when) => Object.keys(when).length > 0, 'says nothing'),
  say: z.string().min(1).max(2000),
  gold: GoldTurn.default({ calls: [] }),
  atMost: z.int().min(1).max(5).default(1),
});
export type Answer = z.infer<typeof Answer>;

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

/** A contract of before that has to be another one at the end. */
const ChangedContract = WantedContract.omit({ tenant: true }).extend({ id: ContractId });
export type ChangedContract = z.infer<typeof ChangedContract>;

/** How the ledger has to look at the end, compared with the world as the task found it. */
const End = z.strictObject({
  unchanged: z.literal(true).optional().describe('nothing was appended but what was denied'),
  denied: z.literal(true).optional().describe('a denial is on record'),
  added: z.array(WantedContract).max(20).optional().describe('exactly these contracts are new'),
  released: z.array(ContractId).max(20).optional().describe('exactly these contracts were ended'),
  changed: z.array(ChangedContract).max(20).optional().describe('exactly these contracts were changed'),
  waiting: z.int().min(0).max(20).optional().describe('so many approvals wait that did not before'),
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
  before: z.array(Deed).max(12).default([]).describe('what makes the scene'),
  facts: Facts.default({}).describe('what a source states before that'),
  turns: z.array(Turn).min(1).max(10),
  answers: z
    .array(Answer)
    .max(12)
    .default([])
    .describe('how the person answers after the turns, until nothing fits any more'),
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
