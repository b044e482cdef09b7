import type { ApprovalView } from '../../model/approval-view.ts';
import type { ApprovalList } from '../../model/authority-view.ts';
import { countOf } from './amount.ts';
import { type Field, fields } from './fields.ts';
import { blank, columnsOf, type Line, type Room, span, type Tone, wrap } from './line.ts';
import { answerEnd } from './snapshot.ts';
import { formatInstant } from './time.ts';

/** What waits for a person, each with what that person types; and what is over, where it was asked for. */
export function approvalsCard(list: ApprovalList, room: Room): Line[] {
  const { approvals, total } = list;
  const all = countOf(total, 'approval');
  const title = approvals.length === total ? all : `${approvals.length} of ${all}`;
  return [
    ...wrap([span(title, 'strong')], columnsOf(room)),
    ...approvals.flatMap((approval) => [...approvalLines(approval, room), blank]),
    ...answerEnd(list, room),
  ];
}

/** One approval: who wants what and why a person is asked, who may decide until when, and what that person types. */
export function approvalLines(approval: ApprovalView, room: Room): Line[] {
  const { id, state, summary } = approval;
  const title = [span(id, 'accent'), span(` ${state}`, toneOf(state)), span(`: ${summary}`)];
  return [
    ...wrap(title, columnsOf(room), 2),
    ...fields(state === 'open' ? openFields(approval) : overFields(approval), room),
  ];
}

function openFields(approval: ApprovalView): Field[] {
  const { why, mayDecide, persons, yes, expires, heldUntil, command, page = '' } = approval;
  const who = mayDecide.join(', ') || 'nobody who is registered';
  const held = heldUntil === undefined ? 'nothing is held for it' : `until ${formatInstant(heldUntil)}`;
  return [
    ...why.map((line): Field => ['why', [span(line)]]),
    ['who', [span(`${persons === 1 ? 'one of' : 'two of'} ${who}`)]],
    ['said yes', [span(yes.map(({ by, at }) => `${by}, ${formatInstant(at)}`).join('; '))]],
    ['held', [span(held)]],
    ['expires', [span(formatInstant(expires))]],
    ['command', [span(command, 'strong')]],
    ['page', [span(page, 'strong')]],
  ];
}

function overFields({ yes, ended, contract }: ApprovalView): Field[] {
  return [
    ['said yes', [span(yes.map(({ by, at }) => `${by}, ${formatInstant(at)}`).join('; '))]],
    ['ended', [span(ended === undefined ? '' : endWords(ended))]],
    ['contract', [span(contract ?? '', 'accent')]],
  ];
}

function endWords({ at, by, reason }: NonNullable<ApprovalView['ended']>): string {
  const person = by === undefined ? '' : ` by ${by}`;
  return `${formatInstant(at)}${person}${reason === undefined ? '' : `: ${reason}`}`;
}

function toneOf(state: ApprovalView['state']): Tone {
  if (state === 'open') return 'warn';
  return state === 'used' ? 'good' : 'dim';
}
