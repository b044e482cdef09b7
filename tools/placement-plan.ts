import { z } from 'zod';

import { defineTool, reading } from '../src/mcp/tool.ts';
import { DemandRequest } from '../src/model/demand.ts';
import { PlanResult } from '../src/model/view.ts';

export const placementPlan = defineTool({
  name: 'placement_plan',
  description:
    'Asks whether, where and when a workload fits; changes nothing. Put into `demand` only what the ' +
    'person said, and list what you assumed. A part is `count` replicas, each on one node with ' +
    '`each.gpus.count` GPUs. Answers `planned`, or `rejected` with numbers and changes that would fit. ' +
    'Show a plan to the person, then contract_commit.',
  input: z.strictObject({
    demand: DemandRequest,
    assumptions: z.array(z.string().trim().min(1).max(200)).max(16).exactOptional(),
  }),
  output: PlanResult,
  annotations: reading('Plan a placement'),
  scope: 'berth:plan',
  cuts: [
    'plan.parts[].spares',
    'plan.parts[].members',
    'plan.why',
    'refusal.sites',
    'refusal.refusal.relaxations',
    'refusal.relaxations',
  ],
  narrow: 'name fewer places in `demand.where`',
  run: ({ demand, assumptions }, { control, caller }) => control.plan(caller, demand, assumptions),
});
