import { z } from 'zod';

import { instantMs } from '../../control/zone.ts';
import type { ApprovalView } from '../../model/approval-view.ts';
import type { DecisionResult } from '../../model/deed-view.ts';
import { BerthError } from '../../model/error.ts';
import { ApprovalId, type Digest } from '../../model/id.ts';
import { refusalCode } from '../answer-code.ts';
import { principalOf } from '../caller.ts';
import type { Io } from '../io.ts';
import { keyFileOf, openSigner } from '../keys.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { requireTerminal } from '../passphrase.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type ApprovalsOptions = Common & {
  readonly all?: boolean;
  readonly by?: string;
  readonly from?: string;
  readonly to?: string;
};

export type WordOptions = Common & { readonly keyFile?: string; readonly reason?: string };

const Named = z.strictObject({ id: ApprovalId });

/** What waits for a person, one line each, or one whole. */
export async function approvals(
  io: Io,
  asked: string | undefined,
  options: ApprovalsOptions,
): Promise<number> {
  const { all = false, by, from, to } = options;
  const query = {
    all: all || asked !== undefined,
    ...(asked === undefined ? {} : parsed(Named, { id: asked })),
    ...(by === undefined ? {} : { by: principalOf(by) }),
    ...(from === undefined ? {} : { fromMs: instantMs(from, '--from') }),
    ...(to === undefined ? {} : { toMs: instantMs(to, '--to') }),
  };
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const list = await control.approvals(caller, query);
    if (asked !== undefined && list.approvals.length === 0) throw unknownApproval(asked);
    const lines = list.approvals.flatMap(asked === undefined ? lineOf : wholeOf);
    print(
      io,
      options.json,
      { kind: 'text', lines: lines.length === 0 ? ['nothing waits for a person'] : lines },
      list,
    );
    return 0;
  });
}

/** A person's yes or no, signed with its own key at a terminal. What it is about is shown before the key is opened. */
export async function decide(
  io: Io,
  asked: string,
  options: WordOptions & { readonly yes: boolean },
): Promise<number> {
  requireTerminal(io);
  const { id } = parsed(Named, { id: asked });
  const { yes, reason } = options;
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const { control, caller } = session;
    const digest = await showAsked(io, session, id);
    const signer = await openSigner(io, keyFileOf(io, caller.principal, options.keyFile));
    const word = { approval: id, digest, yes, signer, ...(reason === undefined ? {} : { reason }) };
    return showDecision(io, options.json, await control.decideApproval(caller, word));
  });
}

/** Shows what a word would be about, and gives its digest. */
async function showAsked(io: Io, { control, caller }: Session, id: ApprovalId): Promise<Digest> {
  const {
    approvals: [approval],
  } = await control.approvals(caller, { all: true, id });
  if (approval === undefined) throw unknownApproval(id);
  io.stderr.write(`${wholeOf(approval).join('\n')}\n`);
  return approval.digest;
}

function showDecision(io: Io, json: boolean | undefined, result: DecisionResult): number {
  const { refusal, freshPlan, contract, entry, next, replayed, decision, approval } = result;
  if (refusal !== undefined) {
    print(io, json, { kind: 'refusal', refusal }, result);
    if (json !== true && freshPlan !== undefined) print(io, json, { kind: 'plan', plan: freshPlan }, result);
    return refusalCode(refusal);
  }
  const again = replayed ? ' (said before, nothing was done again)' : '';
  const said = decision === 'turned-down' ? 'rejected' : 'approved';
  const of = contract === undefined ? '' : `, contract ${contract.id}`;
  const lines = [`${approval?.id ?? ''} ${said}${of}: ${next}${again}`, `ledger entry ${entry?.seq ?? 0}`];
  print(io, json, { kind: 'text', lines }, result);
  return decision === 'counted' ? 3 : 0;
}

/** `A-3 open, tier 3: agent:ops-bot for … (expires …): berth approve A-3` */
function lineOf({ id, state, tier, summary, expires, command, yes, persons, ended }: ApprovalView): string[] {
  const count = persons > 1 ? `, ${yes.length} of ${persons} said yes` : '';
  const end = ended?.by === undefined ? '' : ` by ${ended.by}`;
  const told = yes.map(({ by, at }) => `${by} at ${at}`).join(', ');
  const rest =
    state === 'open'
      ? `until ${expires}: ${command}`
      : state === 'used'
        ? `approved by ${told}`
        : `${state}${end} at ${ended?.at ?? expires}`;
  return [`${id} ${state}, tier ${tier}${count}: ${summary}; ${rest}`];
}

/** Everything that a yes would be to, the risk first. */
export function wholeOf(approval: ApprovalView): string[] {
  const { need, why, requestedBy, mayDecide, yes, contract, ended, heldUntil } = approval;
  return [
    `${approval.id} ${approval.state}: ${approval.summary}`,
    `  GPUs that change hands  ${need.blastGpus}`,
    ...why.map((line) => `  why a person  ${line}`),
    `  asked by  ${requestedBy.principal} at ${approval.requestedAt} through ${requestedBy.client ?? 'nothing known'}`,
    ...optional('in the name of', requestedBy.onBehalfOf),
    ...optional('on model', requestedBy.model),
    ...optional('under mandate', approval.mandate),
    ...optional('plan', approval.plan),
    `  digest  ${approval.digest}`,
    ...optional('contract', contract),
    ...yes.map(({ by, at }) => `  yes  ${by} at ${at}`),
    ...optional(
      'ended',
      ended === undefined
        ? undefined
        : `${ended.at}${ended.by === undefined ? '' : ` by ${ended.by}`}${ended.reason === undefined ? '' : `: ${ended.reason}`}`,
    ),
    ...optional('held until', heldUntil),
    ...(approval.state === 'open'
      ? [
          `  may decide  ${mayDecide.join(', ') || 'nobody who is registered'}`,
          `  expires  ${approval.expires}`,
          `  ${approval.persons === 1 ? 'one person' : 'two persons'}: ${approval.command}`,
          ...optional('in a browser', approval.page),
        ]
      : []),
  ];
}

function optional(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`  ${name}  ${value}`];
}

function unknownApproval(id: string): BerthError {
  return new BerthError({
    code: 'NOT_FOUND',
    message: `no approval \`${id}\``,
    fix: 'list them with `berth approvals --all`',
  });
}
