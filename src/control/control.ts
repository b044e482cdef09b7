import type { Compiler, Engine, EngineNode } from '../engines/port.ts';
import type { Checkpoint } from '../ledger/port.ts';
import type { AuditList, ErasureResult } from '../model/audit.ts';
import type { ApprovalDetail, ApprovalList, AuthorityView } from '../model/authority-view.ts';
import type { Mandate } from '../model/authority.ts';
import type {
  BindingDone,
  BindingList,
  BindingPlan,
  BindingTrial,
  EngineShares,
} from '../model/binding-view.ts';
import type { Subject } from '../model/binding.ts';
import type { ChangeRequest } from '../model/change.ts';
import type { ContractDetail, ContractList, Explanation } from '../model/contract-view.ts';
import type {
  ChangeResult,
  DecisionResult,
  LeaseList,
  LeaseResult,
  MaintenanceList,
  MaintenanceResult,
  RecordResult,
} from '../model/deed-view.ts';
import type { DemandRequest } from '../model/demand.ts';
import type { ConflictList, ProvenanceList, UnknownList } from '../model/doubt-view.ts';
import type { Head } from '../model/entry.ts';
import type { Observation } from '../model/fact.ts';
import type { FactSubject, GovernanceFact, Signed } from '../model/governance-fact.ts';
import type { FactList, GovernanceResult } from '../model/governance-view.ts';
import type {
  ApprovalId,
  ContractId,
  Digest,
  IdemKey,
  MaintenanceId,
  MandateId,
  OverrideId,
  Path,
  PlanId,
  PrincipalId,
  RunId,
  TenantId,
} from '../model/id.ts';
import type { ImportResult } from '../model/import-view.ts';
import type { InventoryList, InventorySummary, RecordList } from '../model/inventory-view.ts';
import type { Measurement, Watch } from '../model/measurement.ts';
import type { ObservationResult } from '../model/observation-result.ts';
import type { OccurrenceList } from '../model/occurrence.ts';
import type { OperationList } from '../model/operation.ts';
import type { OverrideWish } from '../model/override.ts';
import type { InventoryTree, PictureList } from '../model/picture-view.ts';
import type { PlanResult } from '../model/plan-view.ts';
import type { EngineComparison, PolicyCheck, PolicyQuestion } from '../model/policy-view.ts';
import type { ProofBundle } from '../model/proof.ts';
import type { PolicyRecord, RecordAsked } from '../model/record-view.ts';
import type { RunDetail, RunList, RunWritten, WatchRound } from '../model/run-view.ts';
import type { Note, RunEnd } from '../model/run.ts';
import type { ScenarioEdit } from '../model/scenario.ts';
import type { ConsolidationView, MaintenancePlan, Simulation } from '../model/simulation-view.ts';
import type { TemplateList } from '../model/template-view.ts';
import type { Template } from '../model/template.ts';
import type { Tenant } from '../model/tenant.ts';
import type { VerifyResult } from '../model/verify-view.ts';
import type { ApprovalQuery, Word } from './approving.ts';
import type { BindWish, TrialWish } from './binding.ts';
import type { Chats } from './chats.ts';
import type { DoubtFilter } from './doubts.ts';
import type { RunWish } from './journalling.ts';
import type { OccurrenceFilter } from './occurring.ts';
import type { OperationQuery, Waiting } from './operating.ts';
import type { PictureWish, TreeWish } from './picturing.ts';
import type { Recordable } from './recording.ts';
import type { Standing } from './standing.ts';
import type { TemplateQuery, TemplateWish } from './templates.ts';
import type { VerifyWish } from './verifying.ts';
import type { WatchWish } from './watching.ts';

/** Who asks, and through what. `tenants` absent: all of them (the operator at the terminal). */
export type Caller = {
  readonly principal: PrincipalId;
  readonly onBehalfOf?: PrincipalId;
  readonly tenants?: readonly TenantId[];
  /** Sees these places only; set from its mandates. */
  readonly sites?: readonly Path[];
  readonly client: string;
  readonly model?: string;
  readonly tool?: string;
  /** Of what the caller was told about the tool, and about all of them. */
  readonly toolDigest?: Digest;
  readonly catalogue?: Digest;
  /** Of the agent's software, as it says itself. */
  readonly software?: Digest;
  /** A person at a front end of Berth itself. Set by the process that serves, never by a client. */
  readonly byHand?: true;
  /** Asks the person behind the caller for its own yes, where the operator lets such a yes count. Never an agent. */
  readonly confirm?: (question: Question) => Promise<boolean>;
  /** Set by the door once that yes was given. */
  readonly confirmed?: 'form';
  /** An agent that works by itself. Set by the process that runs it, never by a client. */
  readonly run?: RunId;
};

/** What a requester is asked before something is done that only needs its own yes. */
export type Question = { readonly digest: Digest; readonly summary: string };

/** The wall clock, as an argument: `set` when BERTH_NOW says so. */
export type Clock = { readonly kind: 'system' | 'set'; nowMs(): number };

export type Progress = (done: number, total: number | undefined, what: string) => void;

export type NodeFilter = {
  readonly within?: string;
  readonly model?: string;
  readonly link?: 'nvlink' | 'xgmi' | 'none';
  readonly rdma?: boolean;
  readonly country?: string;
  readonly minFreeGpus?: number;
  readonly text?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly labels?: boolean;
  readonly limit: number;
  readonly cursor?: string;
};

export type ContractFilter = {
  readonly tenant?: string;
  readonly state?: string;
  readonly within?: string;
  readonly limit: number;
  readonly cursor?: string;
};

export type AuditFilter = {
  readonly fromMs?: number;
  /** Before then. */
  readonly toMs?: number;
  readonly tenant?: string;
  /** Who acted, or for whom. */
  readonly principal?: string;
  readonly contract?: ContractId;
  readonly limit: number;
  readonly cursor?: string;
};

export type MaintenanceWish = {
  readonly places: readonly string[];
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Of one window: then the nodes get windows one after the other between `fromMs` and `untilMs`. */
  readonly lengthS?: number;
  readonly atMost?: number;
  readonly allowPrice?: boolean;
};

export type Explainable =
  | { readonly kind: 'plan'; readonly plan: PlanId }
  | { readonly kind: 'contract'; readonly contract: ContractId }
  | { readonly kind: 'demand'; readonly demand: DemandRequest };

/**
 * The one door. Everything with a consequence goes through it: it stamps the time, loads the state, asks the
 * rules, lets the core decide, appends, and shows the answer. Refusals are answers; only operating and input
 * errors reject, as `BerthError`.
 */
export interface Control {
  readonly clock: Clock;
  head(): Promise<Head>;
  summary(caller: Caller, query: { racks: boolean; atMs?: number }): Promise<InventorySummary>;
  searchNodes(caller: Caller, filter: NodeFilter): Promise<InventoryList>;
  records(caller: Caller, query: { ids: readonly string[]; devices: boolean }): Promise<RecordList>;
  /** The places from the outside in, each with what is free, held and drawn in it. */
  tree(caller: Caller, wish: TreeWish): Promise<InventoryTree>;
  /** What pictures of racks, nodes, fabrics and islands are drawn from. */
  pictures(caller: Caller, wish: PictureWish): Promise<PictureList>;
  plan(caller: Caller, request: DemandRequest, assumptions?: readonly string[]): Promise<PlanResult>;
  /** The same for a template, filled in. */
  planTemplate(caller: Caller, wish: TemplateWish): Promise<PlanResult>;
  /** Known-good demands with a few parameters, by name. */
  templates(query: TemplateQuery): Promise<TemplateList>;
  addTemplate(caller: Caller, request: { template: Template; idemKey?: IdemKey }): Promise<RecordResult>;
  explain(caller: Caller, subject: Explainable): Promise<Explanation>;
  /** Makes edits true on a copy of the state and places anew what they break, guaranteed contracts first. */
  simulate(caller: Caller, scenario: { edits: readonly ScenarioEdit[] }): Promise<Simulation>;
  /** Plans how nodes get empty without breaking a contract: at once, or with `lengthS` in windows. */
  planMaintenance(caller: Caller, wish: MaintenanceWish): Promise<MaintenancePlan>;
  /** Moves that would empty nodes, each step audited. Without a number all nodes of the place. Moves nothing. */
  consolidate(
    caller: Caller,
    wish: { free?: number; within?: string; timeLimitS: number },
  ): Promise<ConsolidationView>;
  contracts(caller: Caller, filter: ContractFilter): Promise<ContractList>;
  contract(caller: Caller, id: ContractId): Promise<ContractDetail>;
  commit(
    caller: Caller,
    request: { plan: PlanId; idemKey: IdemKey; purpose?: string },
  ): Promise<ChangeResult>;
  release(
    caller: Caller,
    request: { contract: ContractId; idemKey: IdemKey; expectedVersion?: number; reason?: string },
  ): Promise<ChangeResult>;
  /** Plans a change of a contract. `commit` makes it true. */
  planChange(caller: Caller, request: { contract: ContractId; change: ChangeRequest }): Promise<PlanResult>;
  hold(caller: Caller, request: { plan: PlanId; leaseS: number; idemKey: IdemKey }): Promise<LeaseResult>;
  dropHold(caller: Caller, request: { plan: PlanId; idemKey: IdemKey }): Promise<LeaseResult>;
  /** Plans that are held for tenants that the caller may act for. */
  leases(caller: Caller): Promise<LeaseList>;
  maintenance(query: { all: boolean }): Promise<MaintenanceList>;
  scheduleMaintenance(
    caller: Caller,
    request: { place: string; from: string; to: string; reason: string; idemKey: IdemKey },
  ): Promise<MaintenanceResult>;
  cancelMaintenance(
    caller: Caller,
    request: { id: MaintenanceId; idemKey: IdemKey },
  ): Promise<MaintenanceResult>;
  /** What waits for a person. */
  approvals(caller: Caller, query: ApprovalQuery): Promise<ApprovalList>;
  /** One of them whole, with what a yes would be to. */
  approval(caller: Caller, id: ApprovalId): Promise<ApprovalDetail>;
  /** A person's signed word on what waits. The last yes that was missing does it. */
  decideApproval(caller: Caller, word: Word): Promise<DecisionResult>;
  /** What goes on after the call that began it; with `waitS` once that changes. */
  operations(caller: Caller, query: OperationQuery, watch?: Waiting): Promise<OperationList>;
  /** What happened to machines, places, engines and contracts, the latest first. */
  occurrences(caller: Caller, filter: OccurrenceFilter): Promise<OccurrenceList>;
  /** Who may do what, and what is stopped. */
  authority(caller: Caller): Promise<AuthorityView>;
  recordAuthority(caller: Caller, wish: { command: Recordable; idemKey?: IdemKey }): Promise<RecordResult>;
  /** Attributes about which sources disagree. */
  conflicts(filter: DoubtFilter): Promise<ConflictList>;
  /** What sources have left open. */
  unknowns(filter: DoubtFilter): Promise<UnknownList>;
  /** Who says what about a place, used or not. */
  provenance(filter: DoubtFilter & { readonly within: string }): Promise<ProvenanceList>;
  importObservation(caller: Caller, observation: Observation, dryRun: boolean): Promise<ImportResult>;
  registerTenant(caller: Caller, tenant: Tenant): Promise<{ seq: number }>;
  /** Asks the rules about a tenant's data or a contract, site by site. */
  checkPolicy(caller: Caller, question: PolicyQuestion): Promise<PolicyCheck>;
  compareEngines(caller: Caller): Promise<EngineComparison>;
  policyRecord(caller: Caller, asked: RecordAsked): Promise<PolicyRecord>;
  facts(caller: Caller, query: { about?: string }): Promise<FactList>;
  recordFacts(
    caller: Caller,
    request: { facts: readonly GovernanceFact[]; idemKey: IdemKey },
  ): Promise<GovernanceResult>;
  retractFact(
    caller: Caller,
    request: { subject: FactSubject; attribute: string; reason: string; idemKey: IdemKey },
  ): Promise<GovernanceResult>;
  overrideRule(
    caller: Caller,
    request: { wish: OverrideWish; second: Signed; idemKey: IdemKey },
  ): Promise<GovernanceResult>;
  liftOverride(
    caller: Caller,
    request: { id: OverrideId; reason: string; idemKey: IdemKey },
  ): Promise<GovernanceResult>;
  /** Replays the ledger, all of it or up to an instant, and says of a contract whether it came out the same. */
  /** What an engine is to hold for a contract or window, as text. */
  planBinding(caller: Caller, wish: BindWish, engine: Compiler): Promise<BindingPlan>;
  /** What would be done to the engine as it is now. */
  tryBinding(caller: Caller, wish: TrialWish, engine: Engine): Promise<BindingTrial>;
  /** Hands it over, reads it back and records both. May be repeated at any time. */
  bind(caller: Caller, wish: BindWish, engine: Engine): Promise<BindingDone>;
  bindings(caller: Caller): Promise<BindingList>;
  /** The engines that a subject goes to, by what is recorded of its sites. */
  engineShares(caller: Caller, subject: Subject): Promise<EngineShares>;
  /** What is to be measured now, of one contract or of all that run. */
  watches(caller: Caller, contract?: ContractId): Promise<readonly Watch[]>;
  /** Judges what was measured of a contract, records it where that is asked for and news, and offers plans that mend it. */
  observe(caller: Caller, wish: { measurement: Measurement; record: boolean }): Promise<ObservationResult>;
  /** A mandate that the caller may use or see. */
  mandate(caller: Caller, id: MandateId): Promise<Mandate>;
  /** Begins a run of an agent that works by itself, and keeps its journal. */
  beginRun(caller: Caller, wish: RunWish): Promise<RunWritten>;
  noteRun(caller: Caller, line: { run: RunId; note: Note }): Promise<RunWritten>;
  endRun(caller: Caller, line: { run: RunId; why: RunEnd }): Promise<RunWritten>;
  /** Why the agent may go no further; nothing while it may. */
  runBarrier(caller: Caller, mandate: MandateId): Promise<RunEnd | undefined>;
  runs(caller: Caller, query: { limit: number }): Promise<RunList>;
  run(caller: Caller, id: RunId): Promise<RunDetail>;
  /** Looks once at what needs a hand, and proposes what would help. */
  watchRound(caller: Caller, wish: WatchWish): Promise<WatchRound>;
  /** Contracts as they stand, and the time: for what answers an engine's questions about them. */
  standing(caller: Caller): Promise<Standing>;
  /** The nodes of a place, or all, as engines meet them: for exports. */
  engineNodes(place: string | undefined): Promise<readonly EngineNode[]>;
  verify(progress?: Progress, wish?: VerifyWish): Promise<VerifyResult>;
  /** Who did what, why, and under which rule: entries that the caller may see, newest first. */
  audit(caller: Caller, filter: AuditFilter): Promise<AuditList>;
  /** What shows to a stranger what is recorded about a contract. */
  prove(caller: Caller, contract: ContractId): Promise<ProofBundle>;
  /** One entry, and what shows that it stands in the log, for tools that know nothing of Berth. */
  proveEntry(caller: Caller, seq: number): Promise<{ entry: string; proof: string }>;
  /** What shows that the ledger begins with the one of so many entries. */
  proveGrowth(from: number): Promise<string>;
  /** Signs the ledger as it stands. */
  checkpoint(): Promise<Checkpoint>;
  export(caller: Caller): AsyncIterable<string>;
  /** Copies the ledger into a new file; resolves to the number of its last entry. */
  backup(caller: Caller, file: string): Promise<number>;
  /** Erases somebody's own words when `confirm` says how many there are; says how many without it. */
  erase(caller: Caller, request: { of: PrincipalId; confirm?: number }): Promise<ErasureResult>;
  /** What was said in chats. */
  readonly chats: Chats;
  close(): Promise<void>;
}
