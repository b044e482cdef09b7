import { z } from 'zod';

import { Words } from '../src/mcp/field.ts';
import { committing, defineTool } from '../src/mcp/tool.ts';
import { ChangeResult } from '../src/model/deed-view.ts';
import { IdemKey, PlanId } from '../src/model/id.ts';

export const contractCommit = defineTool({
  name: 'contract_commit',
  description:
    'Books a plan of placement_plan that the person accepted and appends to the ledger. After a lost ' +
    'reply call again with the same key: it books once and says `replayed`. `pending_approval`: a person ' +
    'types the command it names; do not retry. `rejected` is final for this plan; a `freshPlan` is a new ' +
    'offer to show first. Undone only by contract_release.',
  input: z.strictObject({
    plan: PlanId,
    idempotencyKey: IdemKey.describe('new for each booking'),
    purpose: Words.exactOptional(),
  }),
  output: ChangeResult,
  annotations: committing('Commit a plan'),
  scope: 'berth:contract',
  cuts: [
    'freshPlan.parts[].spares',
    'freshPlan.parts[].members',
    'freshPlan.why',
    'refusal.sites',
    'refusal.refusal.relaxations',
    'refusal.relaxations',
  ],
  narrow: 'read the contract with contract_get',
  run: ({ plan, idempotencyKey, purpose }, { control, caller }) =>
    control.commit(caller, {
      plan,
      idemKey: idempotencyKey,
      ...(purpose !== undefined && { purpose }),
    }),
});
