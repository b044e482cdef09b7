import type { z } from 'zod';

import type { Shown } from '../agent/agent.ts';
import { AuditList } from '../model/audit.ts';
import { ContractDetail, ContractList, Explanation } from '../model/contract-view.ts';
import { InventoryList, InventorySummary, RecordList } from '../model/inventory-view.ts';
import { OccurrenceList } from '../model/occurrence.ts';
import { OperationList } from '../model/operation.ts';
import { PlanResult } from '../model/plan-view.ts';
import { PolicyCheck } from '../model/policy-view.ts';
import { MaintenancePlan, Simulation } from '../model/simulation-view.ts';
import { TemplateList } from '../model/template-view.ts';
import { VerifyResult } from '../model/verify-view.ts';

/** What is drawn for the person of a tool result. Nothing for a tool whose answer has no card. */
export function cardOf(tool: string, content: unknown): Shown | undefined {
  return cards.get(tool)?.(content);
}

const cards: ReadonlyMap<string, (content: unknown) => Shown | undefined> = new Map([
  ['inventory_summary', card(InventorySummary, (summary) => ({ kind: 'summary', summary }))],
  ['inventory_search', card(InventoryList, (list) => ({ kind: 'nodes', list }))],
  ['inventory_get', card(RecordList, (records) => ({ kind: 'records', records }))],
  ['placement_plan', card(PlanResult, planCard)],
  ['contract_change', card(PlanResult, planCard)],
  ['placement_explain', card(Explanation, (explanation) => ({ kind: 'explanation', explanation }))],
  ['placement_simulate', card(Simulation, (simulation) => ({ kind: 'simulation', simulation }))],
  ['contract_search', card(ContractList, (list) => ({ kind: 'contracts', list }))],
  ['contract_get', card(ContractDetail, (detail) => ({ kind: 'contract', detail }))],
  ['policy_check', card(PolicyCheck, (check) => ({ kind: 'policy', check }))],
  ['event_search', card(OccurrenceList, (list) => ({ kind: 'events', list }))],
  ['operation_get', card(OperationList, operationsCard)],
  ['template_search', card(TemplateList, (list) => ({ kind: 'templates', list }))],
  ['maintenance_plan', card(MaintenancePlan, (plan) => ({ kind: 'maintenance', plan }))],
  ['ledger_search', card(AuditList, (list) => ({ kind: 'audit', list }))],
  ['ledger_verify', card(VerifyResult, (verification) => ({ kind: 'verification', verification }))],
]);

function card<S extends z.ZodType>(
  schema: S,
  draw: (content: z.output<S>) => Shown | undefined,
): (content: unknown) => Shown | undefined {
  return (content) => {
    const parsed = schema.safeParse(content);
    return parsed.success ? draw(parsed.data) : undefined;
  };
}

/** One line each: what it waits for stands in it. */
function operationsCard({ operations }: OperationList): Shown {
  const lines = operations.map(({ id, state, summary }) => `${id} ${state}: ${summary}`);
  return { kind: 'text', lines: lines.length === 0 ? ['nothing is under way'] : lines };
}

function planCard({ plan, refusal }: PlanResult): Shown | undefined {
  if (plan !== undefined) return { kind: 'plan', plan };
  return refusal === undefined ? undefined : { kind: 'refusal', refusal };
}
