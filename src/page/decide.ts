import type { DecisionResult } from '../model/deed-view.ts';
import { BerthError } from '../model/error.ts';
import type { ApprovalId } from '../model/id.ts';
import { type Filled, filledForm } from './form-body.ts';
import { note, seeOther } from './frame.ts';
import type { Login, Outcome, Seen } from './login.ts';
import type { PageParts } from './parts.ts';

/** A word that came with a form: signed only where it is about exactly what was shown with that form, and once. */
export async function decide(
  parts: PageParts,
  login: Login,
  { request, id }: { readonly request: Request; readonly id: ApprovalId },
): Promise<Response> {
  const who = parts.caller.principal;
  const path = `/approvals/${id}`;
  const filled = await filledForm(request);
  if (typeof filled === 'number') {
    // What was not read of it is not waited for.
    const more = { connection: 'close' };
    return note(filled, { title: 'Nothing was done', lines: [faults[filled]], who }, more);
  }
  const seen = login.redeem(filled.form);
  if (seen === undefined || seen.approval !== id || seen.digest !== filled.digest)
    return note(403, { title: 'Nothing was done', lines: [usedUp], who, tone: 'bad' });
  const changed = await whatChanged(parts, seen);
  if (changed !== undefined) {
    return note(409, {
      title: 'This changed since you looked',
      lines: [changed, 'Nothing was done. Look again.'],
      who,
    });
  }
  if (filled.decision === 'reject' && filled.reason === '')
    return refused(login, { id, path, lines: ['A no needs a reason: nothing was done.'] });
  return say(parts, login, { filled, seen, path });
}

const faults = {
  400: 'This is not the form of this page.',
  413: 'The form is too long.',
  415: 'This is not a form.',
} as const;

const usedUp =
  'This form was sent before, was made for something else, or is too old. Nothing was done by it now; look again.';

/** What is no longer as it was shown, in words. */
async function whatChanged({ control, caller }: PageParts, seen: Seen): Promise<string | undefined> {
  const { approval } = await control.approval(caller, seen.approval);
  const { id, digest, state, yes } = approval;
  if (digest !== seen.digest) return `${id} is about something else now: its digest is ${digest}.`;
  if (state !== 'open') return `${id} is ${state} meanwhile.`;
  const names = yes.map(({ by }) => by);
  if (names.join(' ') === seen.yes.join(' ')) return undefined;
  return `Meanwhile ${names.join(', ')} said yes: yours could be the last one that was missing.`;
}

type Said = { readonly filled: Filled; readonly seen: Seen; readonly path: string };

async function say(parts: PageParts, login: Login, { filled, seen, path }: Said): Promise<Response> {
  const { control, caller, signer, onDecision } = parts;
  const { approval, digest } = seen;
  const yes = filled.decision === 'approve';
  const reason = filled.reason === '' ? {} : { reason: filled.reason };
  try {
    const result = await control.decideApproval(caller, { approval, digest, yes, signer, ...reason });
    login.outcomes.set(approval, outcomeOf(result));
    onDecision?.(approval, result);
    return seeOther(path);
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const { message, fix } = error.detail;
    return refused(login, { id: approval, path, lines: [message, fix] });
  }
}

function refused(
  login: Login,
  { id, path, lines }: { readonly id: ApprovalId; readonly path: string; readonly lines: readonly string[] },
): Response {
  login.outcomes.set(id, { tone: 'bad', lines });
  return seeOther(path);
}

function outcomeOf({
  decision,
  refusal,
  contract,
  entry,
  next,
  freshPlan,
  replayed,
}: DecisionResult): Outcome {
  if (refusal !== undefined) {
    const fresh =
      freshPlan === undefined ? [] : [`A fresh plan fits: ${freshPlan.id}. Whoever asked commits it.`];
    return { tone: 'bad', lines: ['Nothing was done.', refusal.summary, ...fresh] };
  }
  const again = replayed ? [' (said before, nothing was done again)'] : [];
  const what = {
    done: 'Approved',
    counted: 'Your yes counts',
    'turned-down': 'Rejected',
    rejected: 'Refused',
  } as const;
  const about = contract === undefined ? '' : `, contract ${contract.id}`;
  const lines = [`${what[decision]}${about}: ${next}${again.join('')}.`, `Ledger entry ${entry?.seq ?? 0}.`];
  return { tone: decision === 'turned-down' ? 'warn' : 'good', lines };
}
