import type { ApprovalView } from '../../model/approval-view.ts';
import { AuditList } from '../../model/audit.ts';
import { ApprovalList } from '../../model/authority-view.ts';
import { ContractList, type ContractView } from '../../model/contract-view.ts';
import { type Moment, type Stretch, stretchOf } from '../moment.ts';
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
  return answered(talk, reply, cardsOf(list), () => true, /\S+/gu);
}

function mandateWords(text: string): string {
  return /\bmandates?\b/u.test(text)
    ? 'What agents may do, and what is left of it, is shown by `berth mandates`. '
    : '';
}

function decidedElsewhere(verb: string, id: string | undefined): string {
  const command = `berth ${verb} ${id === undefined ? 'ID' : id.toUpperCase()}`;
  return `A person says so at a terminal with the own key: \`${command}\`. No chat and no agent can, and nothing was decided.`;
}

/** What somebody asked for and was given in a time that is over, and who said yes to it. */
export async function showDeeds(talk: Talk): Promise<Answer> {
  const by = principalIn(talk);
  const span = spanIn(talk);
  const about = subjectIn(talk);
  const entries = await talk.calls.ask(
    'ledger_search',
    { ...(by === undefined ? {} : { principal: by }), ...about, ...span.query, limit: 50 },
    AuditList,
  );
  const asked = { ...(by === undefined ? {} : { by }), ...span.query };
  const list = await talk.calls.ask('approval_list', { all: true, limit: 50, ...asked }, ApprovalList);
  const contracts = await talk.calls.ask('contract_search', { limit: 200 }, ContractList);
  const granted = contracts.contracts.filter(
    (contract) => isOf(contract, by) && isAbout(contract, about) && isWithin(contract, span),
  );
  const deeds = granted.map(
    (contract) =>
      `${contractWords(contract)}, granted ${contract.grantedAt}${yesWords(contract, list.approvals)}`,
  );
  const others = list.approvals
    .filter(({ contract }) => !granted.some(({ id }) => id === contract))
    .filter(({ contract }) => about.contract === undefined || about.contract === contract)
    .map(({ id, state, summary }) => `${id} (${summary}) is ${state}`);
  const what = [...deeds, ...others];
  const who = about.contract ?? by ?? about.tenant ?? 'everybody';
  const reply =
    what.length === 0
      ? `Nothing by ${who} ${span.words} is recorded among contracts and approvals.`
      : `${who} ${span.words}: ${listed(what, 8)}.`;
  const shown = [{ kind: 'audit' as const, list: entries }, ...cardsOf(list)];
  return answered(talk, `${reply} ${entryWords(entries)}`, shown, () => true, /\S+/gu);
}

/** The newest entries in one sentence; the list shows all that were found. */
function entryWords({ entries, nextCursor }: AuditList): string {
  if (entries.length === 0) return 'The ledger has no entry of that.';
  const words = entries.map(
    ({ seq, at, command, contract, actor, decision }) =>
      `${seq} ${at} ${command}${contract === undefined ? '' : ` ${contract}`} by ${actor.principal}: ${decision}`,
  );
  const more = nextCursor === undefined ? '' : ', and there are more';
  return `Entries of the ledger, newest first: ${listed(words, 5)}${more}.`;
}

type About = { readonly contract?: string; readonly tenant?: string };

/** The contract or the team that a question is about. */
function subjectIn({ reading }: Talk): About {
  const [contract] = spansOf(reading, 'contract');
  const [tenant] = spansOf(reading, 'tenant');
  return {
    ...(contract === undefined ? {} : { contract: contract.contract }),
    ...(tenant === undefined ? {} : { tenant: tenant.tenant }),
  };
}

function isAbout({ id, tenant }: ContractView, about: About): boolean {
  return (
    (about.contract === undefined || about.contract === id) &&
    (about.tenant === undefined || about.tenant === tenant)
  );
}

function cardsOf(list: ApprovalList): Answer['shown'] {
  return list.approvals.length === 0 ? [] : [{ kind: 'approvals', list }];
}

/** `agent ops-bot`, `agent:ops-bot`, `person:ada`, or a word that ends in `bot`. */
function principalIn({ reading }: Talk): string | undefined {
  const { text } = reading.line;
  const [, kind, name] = /\b(agent|person)[: ]+([a-z0-9][a-z0-9._@-]*)/u.exec(text) ?? [];
  if (kind !== undefined && name !== undefined) return `${kind}:${name}`;
  const [bot] = /\b[a-z0-9][a-z0-9.-]*[-.]?bot\b/u.exec(text) ?? [];
  return bot === undefined ? undefined : `agent:${bot}`;
}

/** What was done was done before now: `16 November` without a year is the last one. */
function pastStretch(moment: Moment, zone: string): Stretch | undefined {
  const coming = stretchOf(moment, zone);
  if (coming === undefined || coming.start.toMillis() <= moment.saidMs) return coming;
  const yearBefore = coming.start.minus({ years: 1 }).toMillis() - 1;
  const past = stretchOf({ ...moment, saidMs: yearBefore }, zone);
  return past !== undefined && past.start.toMillis() <= moment.saidMs ? past : coming;
}

type Span = { readonly words: string; readonly query: { from?: string; to?: string } };

/** The time that was named, both ends said. Without one, all of it. */
function spanIn({ reading, zone }: Talk): Span {
  const times = spansOf(reading, 'time');
  const first = times.find(({ role }) => role !== 'end');
  const last = times.find(({ role }) => role === 'end');
  const stretch = first && pastStretch(first.moment, zone);
  const until = last && pastStretch(last.moment, zone);
  const isSince =
    first !== undefined && /^(?:since|from|after|as of)\b/u.test(reading.line.text.slice(first.from));
  if (isSince && last === undefined && stretch !== undefined) {
    const from = stretch.start.toISO({ suppressMilliseconds: true });
    if (from !== null) return { words: `since ${from}`, query: { from } };
  }
  const from = stretch?.start.toISO({ suppressMilliseconds: true });
  const to = (until ?? stretch)?.end.toISO({ suppressMilliseconds: true });
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
