import type { Question, Turn } from '../agent/agent.ts';
import type { PlanView } from '../model/plan-view.ts';
import { formatEur } from './cards/amount.ts';
import { type Line, span } from './cards/line.ts';
import { numberedSuggestions } from './cards/turn.ts';
import type { Asked } from './look.ts';
import { readSlash, type Slash, whyThisPlan } from './slash.ts';
import type { Theme } from './theme.ts';

/** What may be chosen while a plan is open, by number or by word. */
type Choice = 'commit' | 'reject' | 'change' | 'reasons';

/** In the order of their numbers, the same in every front end. */
const choices: readonly Choice[] = ['commit', 'reasons', 'reject', 'change'];

/** What is open between two lines of a person: a plan to say yes or no to, a question to answer. */
export type Open = {
  readonly plan?: PlanView;
  readonly unread: readonly string[];
  readonly question?: Question;
  /** How many numbered changes a refusal offered. */
  readonly offerCount?: number;
};

/** What a line of a person means now. */
export type Move =
  | { readonly kind: 'ask'; readonly text: string }
  | { readonly kind: 'commit'; readonly plan: PlanView }
  | { readonly kind: 'reject'; readonly plan: PlanView }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'look'; readonly asked: Asked }
  | { readonly kind: 'theme'; readonly theme: Theme }
  /** Go on with another session; with an empty id the list of them. */
  | { readonly kind: 'resume'; readonly id: string }
  | { readonly kind: 'export'; readonly file: string }
  /** The plan that is open, whole. */
  | { readonly kind: 'show'; readonly plan: PlanView }
  | { readonly kind: 'help' | 'status' | 'whole' | 'call' | 'leave' };

/** What needs neither the agent nor a tool: it is known, or it is about the screen. */
export type ScreenMove = Exclude<Move, { kind: 'ask' | 'commit' | 'look' | 'reject' | 'resume' | 'export' }>;

export const nothingOpen: Open = { unread: [] };

const words: Readonly<Record<Choice, readonly string[]>> = {
  commit: ['commit', 'yes', 'y', 'ok'],
  reject: ['reject', 'no', 'n', 'nope', 'cancel', 'drop it', 'forget it', 'never mind', 'discard', 'stop'],
  change: ['change'],
  reasons: ['reasons', 'why'],
};

const titles: Readonly<Record<Choice, string>> = {
  commit: 'commit',
  reject: 'reject',
  change: 'change',
  reasons: 'reasons',
};

/**
 * Reads a line. An empty line means nothing, so nothing is ever chosen by Enter alone. A yes goes to the plan
 * that is open and to no other; with unread words it must be the whole word `commit`.
 */
export function readMove(text: string, open: Open): Move | undefined {
  const line = text.trim();
  if (line === '') return undefined;
  const slash = readSlash(line);
  if (slash !== undefined) return slashMove(slash, open);
  const word = line.toLowerCase();
  if (word === 'quit' || word === 'exit') return { kind: 'leave' };
  const chosen = choices.find((choice, i) => word === String(i + 1) || words[choice].includes(word));
  if (open.plan !== undefined && chosen !== undefined) return choose(chosen, word, open, open.plan);
  const offered = /^[1-9]\d{0,2}$/.test(word) ? offerAt(Number(word), open) : undefined;
  if (offered !== undefined) return { kind: 'ask', text: offered };
  const yes = open.plan === undefined && open.question === undefined && words.commit.includes(word);
  return yes ? noPlan : { kind: 'ask', text: line };
}

/** What is open after an answer. A plan stays open only through questions about it and through errors. */
export function openAfter(open: Open, turn: Turn): Open {
  const { outcome, plan, unread, question } = turn;
  const offerCount = offerCountOf(turn);
  const asked = { ...(question !== undefined && { question }), ...(offerCount > 0 && { offerCount }) };
  if ((outcome === 'planned' || outcome === 'stale') && plan !== undefined) return { plan, unread, ...asked };
  if (outcome === 'error') return open;
  if (outcome !== 'answered') return { unread: [], ...asked };
  return { ...(open.plan !== undefined && { plan: open.plan }), unread: open.unread, ...asked };
}

/** After a look at something what was open stays open. */
export function keepOpen(open: Open): Open {
  return open;
}

/**
 * `plan-3f9a0c1e2b7d4a58, 2,764.80 EUR: 1 commit  2 reasons  3 reject  4 change`. Nothing when no plan is open.
 * With unread words no number commits.
 */
export function choiceLine({ plan, unread }: Open): Line {
  if (plan === undefined) return [];
  const total = plan.price.totalMicroEur;
  const price = total === undefined ? '' : `, ${formatEur(total)}`;
  const listed = choices.flatMap((choice, i) => [
    span(i === 0 ? ': ' : '  '),
    ...(choice === 'commit' && unread.length > 0
      ? [span('`commit`', 'accent'), span(' typed in full')]
      : [span(String(i + 1), 'accent'), span(` ${titles[choice]}`)]),
  ]);
  return [span(plan.id, 'strong'), span(price), ...listed];
}

/** Said when a conversation ends while a plan is open. */
export function notCommitted({ plan }: Open): string | undefined {
  return plan === undefined ? undefined : `${plan.id} was not committed.`;
}

export function rejected(plan: PlanView): string {
  return `${plan.id} is rejected. Nothing was committed.`;
}

/** What the agent is told of a rejection, so that it forgets the plan too. */
export const rejection = 'no';

/** Whether something to answer has come up between two moments. */
export function cameUp(before: Open, now: Open): boolean {
  const plan = now.plan !== undefined && now.plan.id !== before.plan?.id;
  const question = now.question !== undefined && now.question !== before.question;
  return plan || question || (now.offerCount ?? 0) !== (before.offerCount ?? 0);
}

/** The words a number stands for: a suggested answer, or one of the changes a refusal offered. */
function offerAt(number: number, { question, offerCount = 0 }: Open): string | undefined {
  return numberedSuggestions(question)[number - 1] ?? (number <= offerCount ? `option ${number}` : undefined);
}

function offerCountOf({ shown }: Turn): number {
  return shown.reduce((count, card) => {
    if (card.kind === 'refusal') return count + card.refusal.relaxations.length;
    return card.kind === 'change' ? count + (card.change.refusal?.relaxations.length ?? 0) : count;
  }, 0);
}

function choose(choice: Choice, word: string, open: Open, plan: PlanView): Move {
  switch (choice) {
    case 'reject':
      return { kind: 'reject', plan };
    case 'reasons':
      return { kind: 'ask', text: whyThisPlan };
    case 'change':
      return { kind: 'say', text: 'Say what to change, such as `in ams2 instead` or `for 2 days`.' };
    case 'commit':
      return open.unread.length > 0 && word !== 'commit' ? askForWord(open.unread) : { kind: 'commit', plan };
    default:
      return choice satisfies never;
  }
}

function askForWord(unread: readonly string[]): Move {
  const list = unread.map((word) => `\`${word}\``).join(', ');
  return {
    kind: 'say',
    text: `Not read: ${list}. Type \`commit\` to commit all the same, or say it in other words.`,
  };
}

function slashMove(slash: Slash, { plan }: Open): Move {
  if (slash.kind === 'plan' || slash.kind === 'commit') {
    if (plan === undefined) return noPlan;
    return slash.kind === 'plan' ? { kind: 'show', plan } : { kind: 'commit', plan };
  }
  if (slash.kind !== 'unknown') return slash;
  const meant = slash.meant === undefined ? '' : ` Did you mean \`/${slash.meant}\`?`;
  return { kind: 'say', text: `There is no command \`/${slash.name}\`.${meant} \`/help\` lists them.` };
}

const noPlan: Move = { kind: 'say', text: 'No plan is open. Say what the workload needs.' };
