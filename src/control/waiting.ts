import { planOf } from '../core/authority/approvals.ts';
import { type Approval, approvalOf } from '../core/authority/authority.ts';
import type { ApprovalView } from '../model/approval-view.ts';
import type { Decision } from '../model/decision.ts';
import type { Door } from './door.ts';
import { approvalView } from './views/approval-view.ts';
import type { Moment } from './views/snapshot.ts';
import { saidIn } from './words.ts';

/** The view of an approval; its plan is read for the summary. */
export async function viewOf(
  door: Door,
  { state, nowMs }: Moment,
  approval: Approval,
): Promise<ApprovalView> {
  const plan = planOf(approval) === undefined ? undefined : await door.library.fetchPlan(approval.digest);
  const { end } = approval;
  const why = end?.kind === 'rejected' ? { why: await saidIn(door.ledger, end.reason) } : {};
  const { approvalPage: page } = door;
  return approvalView(state, approval, { nowMs, plan, page, ...why });
}

/** The view of the approval that a decision speaks of, if it speaks of one. */
export async function approvalIn(
  door: Door,
  moment: Moment,
  decision: Decision,
): Promise<ApprovalView | undefined> {
  if (!('approval' in decision)) return undefined;
  const approval = approvalOf(moment.state.authority, decision.approval);
  return approval === undefined ? undefined : viewOf(door, moment, approval);
}

/** How a person says yes to it: `\`berth approve A-3\` at a terminal, or on its page`. */
export function wayToYes({ command, page }: Pick<ApprovalView, 'command' | 'page'>): string {
  return `\`${command}\` at a terminal${page === undefined ? '' : ` or ${page}`}`;
}
