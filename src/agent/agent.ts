import type { AuditList } from '../model/audit.ts';
import type { ApprovalList } from '../model/authority-view.ts';
import type { ChatTurn } from '../model/chat-turn.ts';
import type { ContractDetail, ContractList, ContractView, Explanation } from '../model/contract-view.ts';
import type { ChangeResult } from '../model/deed-view.ts';
import type { ErrorDetail } from '../model/error.ts';
import type { InventoryList, InventorySummary, RecordList } from '../model/inventory-view.ts';
import type { ObservationResult } from '../model/observation-result.ts';
import type { OccurrenceList } from '../model/occurrence.ts';
import type { InventoryTree, PictureList } from '../model/picture-view.ts';
import type { PlanView, RefusalView } from '../model/plan-view.ts';
import type { PolicyCheck } from '../model/policy-view.ts';
import type { ConsolidationView, MaintenancePlan, Simulation } from '../model/simulation-view.ts';
import type { TemplateList } from '../model/template-view.ts';
import type { VerifyResult } from '../model/verify-view.ts';

/** What a tool call came to. A refusal is an `ok` answer. */
export type ToolAnswer =
  | { readonly ok: true; readonly content: unknown }
  | { readonly ok: false; readonly error: ErrorDetail };

/** How far a long call has come; `total` where the tool knows it. */
export type ToolProgress = { readonly done: number; readonly total?: number; readonly message?: string };

/** What a caller of a tool may want besides the answer. */
type CallOptions = {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ToolProgress) => void;
};

/** The only way for an agent to do anything. */
export type Toolbox = {
  call(tool: string, args: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
};

export type ToolCall = {
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly ok: boolean;
  readonly tookMs: number;
};

/** Something to draw: data, never ready-made text from a model. */
export type Shown =
  | { readonly kind: 'text'; readonly lines: readonly string[] }
  | { readonly kind: 'summary'; readonly summary: InventorySummary }
  | { readonly kind: 'nodes'; readonly list: InventoryList }
  | { readonly kind: 'records'; readonly records: RecordList }
  | { readonly kind: 'tree'; readonly tree: InventoryTree }
  | { readonly kind: 'pictures'; readonly list: PictureList }
  | { readonly kind: 'plan'; readonly plan: PlanView }
  | { readonly kind: 'refusal'; readonly refusal: RefusalView }
  | { readonly kind: 'explanation'; readonly explanation: Explanation }
  | { readonly kind: 'simulation'; readonly simulation: Simulation }
  | { readonly kind: 'maintenance'; readonly plan: MaintenancePlan }
  | { readonly kind: 'consolidation'; readonly consolidation: ConsolidationView }
  | { readonly kind: 'contracts'; readonly list: ContractList }
  | { readonly kind: 'contract'; readonly detail: ContractDetail }
  | { readonly kind: 'observations'; readonly results: readonly ObservationResult[] }
  | { readonly kind: 'change'; readonly change: ChangeResult }
  | { readonly kind: 'verification'; readonly verification: VerifyResult }
  | { readonly kind: 'audit'; readonly list: AuditList }
  | { readonly kind: 'policy'; readonly check: PolicyCheck }
  | { readonly kind: 'approvals'; readonly list: ApprovalList }
  | { readonly kind: 'events'; readonly list: OccurrenceList }
  | { readonly kind: 'templates'; readonly list: TemplateList };

export type Question = {
  readonly text: string;
  readonly missing: readonly { readonly slot: string; readonly suggestions: readonly string[] }[];
};

export type TurnOutcome =
  | 'answered'
  | 'planned'
  | 'pending_approval'
  | 'committed'
  | 'infeasible'
  | 'denied'
  | 'stale'
  | 'needs_input'
  | 'error';

/** One answer to one line of a person. */
export type Turn = {
  readonly outcome: TurnOutcome;
  /** One or two plain sentences: what a screen reader hears first. */
  readonly reply: string;
  readonly shown: readonly Shown[];
  readonly plan?: PlanView;
  readonly contract?: ContractView;
  readonly question?: Question;
  /** Content words that nothing consumed. In a changing request they block one-keystroke approval. */
  readonly unread: readonly string[];
  readonly toolCalls: readonly ToolCall[];
  readonly error?: ErrorDetail;
  /** What a language model used for it. */
  readonly usage?: Usage;
};

/** Tokens as the endpoint counts them; 0 where it does not say. */
export type Usage = {
  readonly modelCalls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Calls of which the endpoint did not say how many tokens they took; absent where there are none. */
  readonly uncountedCalls?: number;
  /** Where a price is configured and every call was counted. */
  readonly costMicroEur?: number;
};

export type TurnEvent =
  /** The next piece of a reply that is still being written, and not yet checked. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool-started'; readonly tool: string; readonly args: Record<string, unknown> }
  | { readonly kind: 'tool-progress'; readonly tool: string; readonly progress: ToolProgress }
  /** With the answer, for whoever wants to see all of it. */
  | { readonly kind: 'tool-ended'; readonly call: ToolCall; readonly answer: ToolAnswer };

export type TurnOptions = {
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TurnEvent) => void;
  /** What stood on the prompt, where the front end made other words of it. */
  readonly typed?: string;
};

/** Reads plain words, calls tools, remembers the conversation. */
export interface Agent {
  /** Shown in the status line: `built-in`, or the model's name. */
  readonly name: string;
  /** What a language model has used since the conversation began; absent for agents that use none. */
  readonly used?: Usage | undefined;
  turn(text: string, options?: TurnOptions): Promise<Turn>;
  /** Commits the plan of the last turn with a key of its own: what choosing "yes" does. */
  confirm(plan: Pick<PlanView, 'id'>, options?: TurnOptions): Promise<Turn>;
}

/** A turn as it was recorded. Without an answer it never ended, or its words were erased. */
export type PastTurn = Pick<ChatTurn, 'reader' | 'said' | 'answer'>;

/** A recorded turn as it was made again. `difference` says where that came out otherwise than it was recorded. */
export type Remade = { readonly past: PastTurn; readonly turn: Turn; readonly difference?: string };

/** An agent that can go on where a recorded chat was. */
export interface RecallingAgent extends Agent {
  /**
   * Forgets everything, and remembers these turns instead. Reads them again with the answers that tools gave then: no
   * tool is called and nothing is done.
   */
  recall(past: readonly PastTurn[]): Promise<readonly Remade[]>;
}
