import { z } from 'zod';

import { Guarantee } from './demand.ts';
import { ContractId, Path, PlanId, TenantId } from './id.ts';
import { FlavorView } from './inventory-view.ts';
import { cut, count, iso, microEur, Snapshot } from './view.ts';

/** What becomes of one contract that a scenario or a drain breaks. */
export const AffectedView = z.object({
  contract: ContractId,
  tenant: TenantId,
  guarantee: Guarantee,
  gpuCount: count,
  slices: z.string().optional(),
  until: iso.optional(),
  outcome: z.enum(['re-placed', 'waits', 'cannot-be-re-placed']),
  to: z.array(Path).describe('nodes it would move to'),
  why: z.string(),
  from: iso.optional().describe('when it can no longer run as it does'),
  start: iso.optional().describe('when it could go on, where it has to wait'),
  broken: z.array(z.string()).optional().describe('promises that no longer hold where it is'),
  binding: z.string().optional().describe('what stops it from moving'),
  wasMicroEurPerHour: microEur.optional().describe('at list prices'),
  isMicroEurPerHour: microEur.optional(),
});
export type AffectedView = z.infer<typeof AffectedView>;

/** How many demands of one kind still fit. */
const GrowthView = z.object({
  tenant: TenantId,
  asked: count,
  fit: count,
  sites: z.array(z.object({ site: Path, count })),
  totalMicroEur: microEur.optional().describe('of all that fit, over their whole time'),
  firstMiss: z
    .object({ number: count, start: iso, binding: z.string(), why: z.string() })
    .optional()
    .describe('the first that does not'),
});

/** What a contract would cost if it were asked for now. What was agreed stays. */
const RepricingView = z.object({
  contract: ContractId,
  tenant: TenantId,
  agreedMicroEurPerHour: microEur.optional(),
  listMicroEurPerHour: microEur.optional().describe('the same devices at the new prices'),
  cheapest: z.object({ site: Path, microEurPerHour: microEur }).optional().describe('if at another site'),
});

/** What would happen, run on a copy of the state: nothing is changed or recorded. */
export const Simulation = z.object({
  snapshot: Snapshot,
  ...cut,
  edit: z.string().describe('what was changed on the copy'),
  edits: z.array(z.object({ edit: z.string(), did: z.string() })),
  from: iso,
  lostNodes: count,
  lostGpus: count,
  unaffected: count.describe('contracts that go on as they are'),
  affected: count.describe('contracts that do not; `contracts` may show fewer'),
  contracts: z.array(AffectedView),
  growth: z.array(GrowthView),
  prices: z.array(RepricingView),
  bottleneck: z.string().optional().describe('what stands in the way most often'),
  remaining: z
    .array(FlavorView.extend({ freeBefore: count }))
    .describe('capacity after the edits, the moves and the growth'),
  remainingAt: iso,
  hints: z.array(z.string()),
});
export type Simulation = z.infer<typeof Simulation>;

/** One move that empties a node: from `from` on the contract stands on other devices, on the same terms. */
const DrainMoveView = AffectedView.pick({
  contract: true,
  tenant: true,
  guarantee: true,
  gpuCount: true,
  until: true,
  to: true,
  why: true,
  wasMicroEurPerHour: true,
  isMicroEurPerHour: true,
}).extend({
  from: iso,
  plan: PlanId.optional().describe('changes the contract so; absent where it takes the moves before it'),
});
export type DrainMoveView = z.infer<typeof DrainMoveView>;

const HindranceView = z.object({
  contract: ContractId,
  tenant: TenantId,
  until: iso.optional().describe('when it ends by itself; absent when it has no end'),
  binding: z.string(),
  why: z.string(),
});
export type HindranceView = z.infer<typeof HindranceView>;

/** How nodes can be emptied without breaking a contract: nothing of it is done. */
export const MaintenancePlan = z.object({
  snapshot: Snapshot,
  ...cut,
  what: z.string(),
  outcome: z.enum(['free', 'in-part', 'blocked']).describe('whether all nodes, some or none get empty'),
  moves: z.array(DrainMoveView).describe('in the order in which they can be carried out'),
  hindrances: z.array(HindranceView),
  untouched: count.describe('contracts on the nodes that are over by then, or begin later'),
  nodes: z.array(z.object({ node: Path, freeAt: iso.optional(), heldBy: z.array(ContractId) })),
  waves: z.array(z.object({ from: iso, until: iso, nodes: z.array(Path), moves: z.array(DrainMoveView) })),
  left: z
    .array(z.object({ node: Path, hindrances: z.array(HindranceView) }))
    .describe('nodes without a window'),
  proven: z
    .enum(['best', 'fewest', 'nothing'])
    .optional()
    .describe('`best`: no plan has fewer waves, or as few and an earlier end'),
  next: z.string(),
});
export type MaintenancePlan = z.infer<typeof MaintenancePlan>;

/** Moves that would empty nodes: a proposal. Nothing is moved or recorded. */
export const ConsolidationView = z.object({
  snapshot: Snapshot,
  within: Path.optional(),
  wanted: count.describe('nodes that are to be empty'),
  outcome: z.enum(['planned', 'impossible']),
  by: z
    .enum(['optimal', 'greedy'])
    .optional()
    .describe('`optimal`: proved to move the fewest GPUs; `greedy`: nobody knows whether fewer would do'),
  why: z.string().optional(),
  emptyBefore: z.array(Path),
  emptyAfter: z.array(Path),
  staying: z
    .array(z.object({ contract: ContractId, why: z.string() }))
    .optional()
    .describe('on these nodes, and not to be moved'),
  gpuMoves: count.optional().describe('GPUs moved, detours included'),
  greedyGpuMoves: count.optional().describe('what the greedy way moves'),
  steps: z
    .array(
      z.object({
        contract: ContractId,
        tenant: TenantId,
        part: z.string(),
        replica: count,
        gpuCount: count,
        from: Path,
        to: Path,
        gpus: z.array(Path),
        isDetour: z.boolean().describe('only makes room, and goes on from there later'),
        plan: PlanId.optional().describe('commit it to move the contract; one plan for all its steps'),
      }),
    )
    .describe('in this order; each was audited on what the steps before it leave behind'),
  next: z.string(),
});
export type ConsolidationView = z.infer<typeof ConsolidationView>;
