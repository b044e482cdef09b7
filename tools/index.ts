import type { Tool } from '../src/mcp/tool.ts';
import { approvalList } from './approval-list.ts';
import { contractChange } from './contract-change.ts';
import { contractCommit } from './contract-commit.ts';
import { contractGet } from './contract-get.ts';
import { contractRelease } from './contract-release.ts';
import { contractSearch } from './contract-search.ts';
import { eventSearch } from './event-search.ts';
import { inventoryGet } from './inventory-get.ts';
import { inventorySearch } from './inventory-search.ts';
import { inventorySummary } from './inventory-summary.ts';
import { ledgerSearch } from './ledger-search.ts';
import { ledgerVerify } from './ledger-verify.ts';
import { maintenancePlan } from './maintenance-plan.ts';
import { maintenanceStart } from './maintenance-start.ts';
import { operationGet } from './operation-get.ts';
import { placementExplain } from './placement-explain.ts';
import { placementPlan } from './placement-plan.ts';
import { placementSimulate } from './placement-simulate.ts';
import { policyCheck } from './policy-check.ts';
import { templateSearch } from './template-search.ts';

/** Every tool, in the order in which it is listed: first look, then plan, then commit, then audit. */
export const tools: readonly Tool[] = [
  inventorySummary,
  inventorySearch,
  inventoryGet,
  eventSearch,
  templateSearch,
  policyCheck,
  placementPlan,
  placementExplain,
  placementSimulate,
  contractSearch,
  contractGet,
  contractChange,
  contractCommit,
  contractRelease,
  operationGet,
  approvalList,
  ledgerSearch,
  ledgerVerify,
  maintenancePlan,
  maintenanceStart,
];
