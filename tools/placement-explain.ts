import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { Explanation } from '../src/model/contract-view.ts';
import { DemandRequest } from '../src/model/demand.ts';
import { BerthError } from '../src/model/error.ts';
import { ContractId, PlanId } from '../src/model/id.ts';

const input = z.strictObject({
  plan: PlanId.exactOptional(),
  contract: ContractId.exactOptional(),
  demand: DemandRequest.meta({
    seeTool: 'placement_plan',
    description: '`demand` as placement_plan takes it',
  }).exactOptional(),
  responseFormat: ResponseFormat.exactOptional(),
});

export const placementExplain = defineTool({
  name: 'placement_explain',
  description:
    'Why a plan or contract stands where it does, or why a demand does not fit: what each site and ' +
    'constraint cost, rules, assumptions. Give exactly one of `plan`, `contract`, `demand`. For a plan to ' +
    'commit use placement_plan.',
  input,
  output: Explanation,
  annotations: reading('Explain a placement'),
  scope: 'berth:plan',
  cuts: ['refusal.sites', 'refusal.refusal.relaxations', 'refusal.relaxations', 'sites', 'policyHits'],
  brief: [...briefSnapshot, 'policyHits[].facts', 'refusal.refusal.constraints'],
  narrow: 'name fewer places in `demand.where`',
  run: (subject, { control, caller }) => control.explain(caller, theOnly(subject)),
});

function theOnly({ plan, contract, demand }: z.output<typeof input>) {
  const subjects = [
    ...(plan === undefined ? [] : [{ kind: 'plan' as const, plan }]),
    ...(contract === undefined ? [] : [{ kind: 'contract' as const, contract }]),
    ...(demand === undefined ? [] : [{ kind: 'demand' as const, demand }]),
  ];
  const [subject, ...others] = subjects;
  if (subject !== undefined && others.length === 0) return subject;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `placement_explain explains one thing, not ${subjects.length}`,
    fix: 'give exactly one of `plan`, `contract`, `demand`',
    allowed: ['plan', 'contract', 'demand'],
  });
}
