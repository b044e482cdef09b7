import type { ApprovalView } from '../../model/approval-view.ts';
import { ApprovalList } from '../../model/authority-view.ts';
import { cleanText } from '../../model/text.ts';
import { ContractList, type ContractView } from '../../model/view.ts';
import { stretchOf } from '../moment.ts';
import { spansOf } from '../reading.ts';
import { contractWords, listed, plural } from '../reply.ts';
import { type Answer, answered, type Talk } from './answer.ts';

/** What waits for a person. Nothing is decided in words: that takes a terminal and the person's own key. */
export async function showApprovals(talk: Talk): Promise<Answer> {
  const { text } = talk.reading.line;
  const [, verb, id] = /\b(approve|reject)\b(?:[^.;?]*?\b(a-\d+)\b)?/u.exec(text) ?? [];
  const list = await talk.calls.ask('approval_list', { limit: 50 }, ApprovalList);
  const open = list.approvals.map((approval) => `${approval.id} (${approval.summary})`);
  const waits =
    open.length === 0
      ? 'Nothing waits for a person.'
      : `${plural(list.total, 'act')} ${list.total === 1 ? 'waits' : 'wait'} for a person: ${listed(open, 4)}.`;
  const reply =
    verb === undefined ? `${waits}${mandateWords(text)}` : `${decidedElsewhere(verb, id)} ${waits}`;
  return answered(talk, reply, textOf(list.approvals), () => true, /\S+/gu);
}

function mandateWords(text: string): string {
  return /\bmandates?\b/u.test(text)
    ? 'What agents may do, and what is left of it, is shown by `berth mandates`. '
    : '';
}

function decidedElsewhere(verb: string, id: string | undefined): string {
  const command = `berth ${verb} ${id === undefined ? 'ID' : id.toUpperCase()}`;
  return `A person says so at a terminal with the own key: \`${command}\`. No chat and no agent can, and nothing was decided. `;
}

/** What somebody asked for and was given in a time that is over, and who said yes to it. */
export async function showDeeds(talk: Talk): Promise<Answer> {
  const by = principalIn(talk);
  const span = spanIn(talk);
  const asked = { ...(by === undefined ? {} : { by }), ...span.query };
  const list = await talk.calls.ask('approval_list', { all: true, limit: 50, ...asked }, ApprovalList);
  const contracts = await talk.calls.ask('contract_search', { limit: 200 }, ContractList);
  const granted = contracts.contracts.filter((contract) => isOf(contract, by) && isWithin(contract, span));
  const deeds = granted.map(
    (contract) =>
      `${contractWords(contract)}, granted ${contract.grantedAt}${yesWords(contract, list.approvals)}`,
  );
  const others = list.approvals
    .filter(({ contract }) => !granted.some(({ id }) => id === contract))
    .map(({ id, state, summary }) => `${id} (${summary}) is ${state}`);
  const what = [...deeds, ...others];
  const who = by ?? 'everybody';
  const reply =
    what.length === 0
      ? `Nothing by ${who} ${span.words} is recorded among contracts and approvals.`
      : `${who} ${span.words}: ${listed(what, 8)}.`;
  const shown = textOf(list.approvals);
  return answered(
    talk,
    `${reply} \`berth audit\` shows every entry of the ledger.`,
    shown,
    () => true,
    /\S+/gu,
  );
}

function textOf(approvals: readonly ApprovalView[]): Answer['shown'] {
  if (approvals.length === 0) return [];
  const lines = approvals.map(({ id, state, summary, yes, expires, command }) => {
    const told = yes.map(({ by, at }) => `yes by ${by} at ${at}`).join(', ');
    return cleanText(
      `${id} ${state}: ${summary}; ${state === 'open' ? `until ${expires}: ${command}` : told}`,
      400,
    );
  });
  return [{ kind: 'text', lines }];
}

/** `agent ops-bot`, `agent:ops-bot`, `person:ada`, or a word that ends in `bot`. */
function principalIn({ reading }: Talk): string | undefined {
  const { text } = reading.line;
  const [, kind, name] = /\b(agent|person)[: ]+([a-z0-9][a-z0-9._@-]*)/u.exec(text) ?? [];
  if (kind !== undefined && name !== undefined) return `${kind}:${name}`;
  const [bot] = /\b[a-z0-9][a-z0-9.-]*[-.]?bot\b/u.exec(text) ?? [];
  return bot === undefined ? undefined : `agent:${bot}`;
}

type Span = { readonly words: string; readonly query: { from?: string; to?: string } };

/** The time that was named, both ends said. Without one, all of it. */
function spanIn({ reading, zone }: Talk): Span {
  const [time] = spansOf(reading, 'time');
  const stretch = time === undefined ? undefined : stretchOf(time.moment, zone);
  const from = stretch?.start.toISO({ suppressMilliseconds: true });
  const to = stretch?.end.toISO({ suppressMilliseconds: true });
  if (typeof from !== 'string' || typeof to !== 'string') return { words: 'at any time', query: {} };
  return { words: `from ${from} to ${to}`, query: { from, to } };
}

function isOf({ grantedBy }: ContractView, by: string | undefined): boolean {
  return by === undefined || grantedBy.principal === by || grantedBy.onBehalfOf === by;
}

function isWithin({ grantedAt }: ContractView, { query: { from, to } }: Span): boolean {
  const atMs = Date.parse(grantedAt);
  return (from === undefined || atMs >= Date.parse(from)) && (to === undefined || atMs < Date.parse(to));
}

function yesWords({ id }: ContractView, approvals: readonly ApprovalView[]): string {
  const yes = approvals.find(({ contract, action }) => contract === id && action === 'commit')?.yes ?? [];
  if (yes.length === 0) return ', which needed nobody’s yes';
  return `, approved by ${listed(yes.map(({ by, at }) => `${by} at ${at}`))}`;
}
