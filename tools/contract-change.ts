import { z } from 'zod';

import { defineTool, reading } from '../src/mcp/tool.ts';
import { ChangeRequest } from '../src/model/change.ts';
import { DemandRequest } from '../src/model/demand.ts';
import { ContractId } from '../src/model/id.ts';
import { PlanResult } from '../src/model/plan-view.ts';

const demand = DemandRequest.meta({
  seeTool: 'placement_plan',
  description: '`demand` as placement_plan takes it: all of it anew',
}).optional();

export const contractChange = defineTool({
  name: 'contract_change',
  description:
    'Plans a change of a contract: a new end, other replicas, other places. Changes nothing: show the plan and its ' +
    'price to the person, then contract_commit makes it true. Several at once are one change.',
  input: z.strictObject({ contract: ContractId, change: ChangeRequest.extend({ demand }) }),
  output: PlanResult,
  annotations: reading('Plan a change'),
  scope: 'berth:plan',
  cuts: [
    'plan.parts[].spares',
    'plan.parts[].members',
    'plan.why',
    'refusal.sites',
    'refusal.refusal.relaxations',
    'refusal.relaxations',
  ],
  narrow: 'name fewer places in `change.where`',
  run: (request, { control, caller }) => control.planChange(caller, request),
});
