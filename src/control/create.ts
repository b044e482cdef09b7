import { approvalWhole, decideApproval, listApprovals } from './approving.ts';
import { audit } from './auditing.ts';
import { bind, engineShares, listBindings, planBinding, tryBinding } from './binding.ts';
import { commitPlan, releaseContract } from './changes.ts';
import { changeFor } from './changing.ts';
import { createChats } from './chats.ts';
import { consolidation } from './consolidating.ts';
import { contractDetail, searchContracts } from './contracts.ts';
import type { Control } from './control.ts';
import { Door, type DoorParts } from './door.ts';
import { listConflicts, listProvenance, listUnknown } from './doubts.ts';
import { planMaintenance } from './draining.ts';
import { listEngineNodes } from './engine-subject.ts';
import { eraseWords } from './erasing.ts';
import { liftOverride, listFacts, overrideRule, recordFacts, retractFact } from './governing.ts';
import { importObservation } from './importing.ts';
import { records, searchNodes, summary } from './inventory.ts';
import { beginRun, endRun, listRuns, mandateFor, noteRun, runBarrier, runDetail } from './journalling.ts';
import { dropHold, holdPlan, listLeases } from './leasing.ts';
import { cancelMaintenance, listMaintenance, scheduleMaintenance } from './maintaining.ts';
import { seeingAs } from './narrowing.ts';
import { observe, watches } from './observing.ts';
import { Occurrences, searchOccurrences } from './occurring.ts';
import { operations } from './operating.ts';
import { inventoryTree, pictures } from './picturing.ts';
import { explain, planFor } from './planning.ts';
import { checkPolicy, compareEngines } from './policing.ts';
import { policyRecord } from './policy-records.ts';
import { backUp, exportLedger, proveContract, proveOne, proveSince, signedHead } from './proving.ts';
import { authorityView, recordAuthority } from './recording.ts';
import { registerTenant } from './registering.ts';
import { simulateScenario } from './simulating.ts';
import { standingContracts } from './standing.ts';
import { addTemplate, listTemplates, planTemplate } from './templates.ts';
import { verifyLedger } from './verifying.ts';
import { watchRound } from './watching.ts';

/** The control of one ledger. */
export function createControl(parts: DoorParts): Control {
  const { ledger, clock } = parts;
  const door = new Door(parts);
  const log = new Occurrences(ledger);
  return {
    clock,
    head: () => ledger.head(),
    summary: async (caller, query) => summary(door, await seeingAs(door, caller), query),
    searchNodes: async (caller, filter) => searchNodes(door, await seeingAs(door, caller), filter),
    records: async (caller, query) => records(door, await seeingAs(door, caller), query),
    tree: async (caller, wish) => inventoryTree(door, await seeingAs(door, caller), wish),
    pictures: async (caller, wish) => pictures(door, await seeingAs(door, caller), wish),
    plan: async (caller, request, assumptions = []) =>
      planFor(door, await seeingAs(door, caller), request, { assumptions }),
    planTemplate: async (caller, wish) => planTemplate(door, await seeingAs(door, caller), wish),
    templates: (query) => listTemplates(door, query),
    addTemplate: (caller, request) => addTemplate(door, caller, request),
    explain: async (caller, subject) => explain(door, await seeingAs(door, caller), subject),
    simulate: async (caller, scenario) => simulateScenario(door, await seeingAs(door, caller), scenario),
    planMaintenance: (caller, wish) => planMaintenance(door, caller, wish),
    consolidate: async (caller, wish) => consolidation(door, await seeingAs(door, caller), wish),
    contracts: async (caller, filter) => searchContracts(door, await seeingAs(door, caller), filter),
    contract: async (caller, id) => contractDetail(door, await seeingAs(door, caller), id),
    commit: (caller, request) => commitPlan(door, caller, request),
    release: (caller, request) => releaseContract(door, caller, request),
    planChange: async (caller, request) => changeFor(door, await seeingAs(door, caller), request),
    hold: (caller, request) => holdPlan(door, caller, request),
    dropHold: (caller, request) => dropHold(door, caller, request),
    leases: async (caller) => listLeases(door, await seeingAs(door, caller)),
    maintenance: (query) => listMaintenance(door, query),
    scheduleMaintenance: (caller, request) => scheduleMaintenance(door, caller, request),
    cancelMaintenance: (caller, request) => cancelMaintenance(door, caller, request),
    approvals: async (caller, query) => listApprovals(door, await seeingAs(door, caller), query),
    approval: async (caller, id) => approvalWhole(door, await seeingAs(door, caller), id),
    decideApproval: (caller, word) => decideApproval(door, caller, word),
    operations: async (caller, query, watch = {}) =>
      operations(door, await seeingAs(door, caller), { query, watch }),
    occurrences: async (caller, filter) =>
      searchOccurrences(door, await seeingAs(door, caller), { log: await log.current(), filter }),
    authority: async (caller) => authorityView(door, await seeingAs(door, caller)),
    recordAuthority: (caller, wish) => recordAuthority(door, caller, wish),
    conflicts: (filter) => listConflicts(door, filter),
    unknowns: (filter) => listUnknown(door, filter),
    provenance: (filter) => listProvenance(door, filter),
    importObservation: (caller, observation, dryRun) =>
      importObservation(door, caller, { observation, dryRun }),
    registerTenant: (caller, tenant) => registerTenant(door, caller, tenant),
    checkPolicy: async (caller, question) => checkPolicy(door, await seeingAs(door, caller), question),
    compareEngines: (caller) => compareEngines(door, caller),
    policyRecord: async (caller, asked) => policyRecord(door, await seeingAs(door, caller), asked),
    facts: async (caller, query) => listFacts(door, await seeingAs(door, caller), query),
    recordFacts: (caller, request) => recordFacts(door, caller, request),
    retractFact: (caller, request) => retractFact(door, caller, request),
    overrideRule: (caller, request) => overrideRule(door, caller, request),
    liftOverride: (caller, request) => liftOverride(door, caller, request),
    planBinding: (caller, wish, engine) => planBinding(door, caller, wish, engine),
    tryBinding: (caller, wish, engine) => tryBinding(door, caller, wish, engine),
    bind: (caller, wish, engine) => bind(door, caller, wish, engine),
    engineShares: (caller, subject) => engineShares(door, caller, subject),
    bindings: async (caller) => listBindings(door, await seeingAs(door, caller)),
    watches: async (caller, contract) => watches(door, await seeingAs(door, caller), contract),
    observe: (caller, wish) => observe(door, caller, wish),
    mandate: (caller, id) => mandateFor(door, caller, id),
    beginRun: (caller, wish) => beginRun(door, caller, wish),
    noteRun: (caller, line) => noteRun(door, caller, line),
    endRun: (caller, line) => endRun(door, caller, line),
    runBarrier: (caller, mandate) => runBarrier(door, caller, mandate),
    runs: async (caller, query) => listRuns(door, await seeingAs(door, caller), query),
    run: async (caller, id) => runDetail(door, await seeingAs(door, caller), id),
    watchRound: (caller, wish) => watchRound({ door, log }, caller, wish),
    standing: (caller) => standingContracts(door, caller),
    engineNodes: (place) => listEngineNodes(door, place),
    verify: (progress, wish) => verifyLedger(ledger, progress, wish),
    audit: async (caller, filter) => audit(door, await seeingAs(door, caller), filter),
    prove: async (caller, contract) => proveContract(door, await seeingAs(door, caller), contract),
    proveEntry: async (caller, seq) => proveOne(door, await seeingAs(door, caller), seq),
    proveGrowth: (from) => proveSince(door, from),
    checkpoint: () => signedHead(door),
    export: (caller) => exportLedger(door, caller),
    backup: (caller, file) => backUp(door, caller, file),
    erase: (caller, request) => eraseWords(door, caller, request),
    chats: createChats(door),
    close: () => ledger.close(),
  };
}
