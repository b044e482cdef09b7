import { defineTool, reading } from '../src/mcp/tool.ts';
import { PolicyCheck, PolicyQuestion } from '../src/model/policy-view.ts';

export const policyCheck = defineTool({
  name: 'policy_check',
  description:
    "May a tenant's data be at a site? Names every rule that forbids it or lacks a fact, with article, facts, " +
    'sources and fix. Give `tenant` or `contract`. Hardware: placement_plan.',
  input: PolicyQuestion,
  output: PolicyCheck,
  annotations: reading('Check the rules'),
  scope: 'berth:read',
  cuts: ['sites[].flags', 'sites[].hits', 'sites'],
  narrow: 'name fewer `sites`',
  run: (question, { control, caller }) => control.checkPolicy(caller, question),
});
