import type { ChangeResult } from '../../model/deed-view.ts';
import { shortDigest } from './amount.ts';
import { approvalLines } from './approvals.ts';
import { contractFields, contractTitle } from './contract.ts';
import { type Field, fields } from './fields.ts';
import { blank, columnsOf, type Line, paragraph, type Room, span, wrap } from './line.ts';
import { planCard } from './plan.ts';
import { refusalCard } from './refusal.ts';
import { answerEnd } from './snapshot.ts';
import { offsetOf } from './time.ts';

/** What a change came to: the contract with its ledger entry, or a no, with a fresh plan where one fits. */
export function changeCard(change: ChangeResult, room: Room): Line[] {
  const { contract, refusal, freshPlan, snapshot, approval } = change;
  const zoned = { ...room, zone: offsetOf(snapshot.at) };
  return [
    ...wrap(titleOf(change), columnsOf(room)),
    ...(contract === undefined ? [] : fields([...contractFields(contract), ...entryFields(change)], room)),
    ...(approval === undefined || change.decision !== 'pending_approval'
      ? []
      : approvalLines(approval, room)),
    ...(refusal === undefined ? [] : refusalCard(refusal, zoned)),
    ...(freshPlan === undefined
      ? []
      : [blank, ...paragraph('A fresh plan fits:', room, 'good'), ...planCard(freshPlan, room)]),
    ...answerEnd(change, room),
  ];
}

function titleOf({ decision, contract, replayed }: ChangeResult): Line {
  const again = replayed ? [span(' (answered before, nothing was done again)', 'warn')] : [];
  if (decision === 'pending_approval') return [span('Waits for a person', 'warn'), ...again];
  if (decision === 'rejected') return [span('Not done', 'bad'), ...again];
  const what = contract === undefined ? '' : ` ${contractTitle(contract)}`;
  return [span(doneWord(decision), 'good'), span(what, 'strong'), ...again];
}

function doneWord(decision: ChangeResult['decision']): string {
  if (decision === 'committed') return 'Granted';
  return decision === 'changed' ? 'Changed' : 'Released';
}

function entryFields({ entry }: ChangeResult): Field[] {
  if (entry === undefined) return [];
  return [['entry', [span(String(entry.seq), 'accent'), span(`  ${shortDigest(entry.digest)}`, 'dim')]]];
}
