import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { defineTool, reading, type ToolContext } from '../src/mcp/tool.ts';
import { DemandRequest } from '../src/model/demand.ts';
import { BerthError } from '../src/model/error.ts';
import { PlanResult } from '../src/model/plan-view.ts';
import { ParameterValue } from '../src/model/template.ts';

const input = z.strictObject({
  demand: DemandRequest.exactOptional(),
  template: z.string().min(1).max(60).exactOptional().describe('instead of `demand`: see template_search'),
  parameters: z
    .record(z.string().max(41), ParameterValue)
    .meta({ told: true, description: 'of the template' })
    .exactOptional(),
  assumptions: z.array(z.string().trim().min(1).max(200)).max(16).exactOptional(),
  responseFormat: ResponseFormat.exactOptional(),
});

export const placementPlan = defineTool({
  name: 'placement_plan',
  description:
    'Asks whether, where and when a workload fits; changes nothing. Put into `demand` only what the ' +
    'person said, and list what you assumed. A part is `count` replicas, each on one node with ' +
    '`each.gpus.count` GPUs. Answers `planned`, or `rejected` with numbers and changes that would fit. ' +
    'Show a plan to the person, then contract_commit.',
  input,
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
  brief: [
    ...briefSnapshot,
    'plan.digest',
    'plan.startMs',
    'plan.endMs',
    'plan.expiresAtMs',
    'plan.inputs',
    'plan.parts[].members[].gpus',
    'plan.parts[].members[].nics',
    'plan.parts[].members[].cpuMilli',
    'plan.parts[].members[].memoryMib',
    'plan.parts[].members[].powerW',
    'plan.terms[].heldAs',
    'plan.terms[].enforcedBy',
    'plan.terms[].measuredBy',
    'plan.policy.packs',
    'plan.constraints',
    'plan.template.digest',
    'plan.policy.hits[].facts',
    'refusal.refusal.constraints',
    'refusal.refusal.hits[].facts',
  ],
  narrow: 'name fewer places in `demand.where`',
  run: (asked, context) => planned(asked, context),
});

function planned(
  { demand, template, parameters, assumptions }: z.output<typeof input>,
  { control, caller }: ToolContext,
): Promise<PlanResult> {
  if (demand !== undefined && template === undefined && parameters === undefined)
    return control.plan(caller, demand, assumptions);
  if (demand !== undefined || template === undefined) throw neither();
  return control.planTemplate(caller, {
    template,
    parameters: parameters ?? {},
    ...(assumptions === undefined ? {} : { assumptions }),
  });
}

function neither(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'placement_plan plans a `demand`, or a `template` with `parameters`',
    fix: 'give `demand`, or `template` and its `parameters`, not both',
    field: 'demand',
    allowed: ['demand', 'template'],
  });
}
