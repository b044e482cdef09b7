import type { Signer } from '../control/approving.ts';
import type { Caller, Control } from '../control/control.ts';
import type { Gate } from '../mcp/http/gate.ts';
import type { Log } from '../mcp/log.ts';
import type { DecisionResult } from '../model/deed-view.ts';
import type { ApprovalId } from '../model/id.ts';

/** What the page of one person is made of. */
export type PageParts = {
  readonly control: Control;
  /** The person whose page it is: `byHand`, and never an agent. */
  readonly caller: Caller;
  /** That person's key, opened at a terminal. */
  readonly signer: Signer;
  readonly gate: Gate;
  readonly log: Log;
  /** Is told of every word, where the person can see it. */
  readonly onDecision?: (approval: ApprovalId, result: DecisionResult) => void;
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
};
