import type { Turn } from '../agent/agent.ts';
import type { Answer } from '../agent/answers/answer.ts';
import { commit, releaseNow } from '../agent/answers/contract.ts';
import { normalise } from '../agent/normalise.ts';
import { isAffirmation, isRefusal } from '../agent/talk-words.ts';
import type { ToolCalls } from '../agent/tool-calls.ts';
import type { PlanView } from '../model/plan-view.ts';

/** What a yes of the person does next. */
export type Pending =
  | { readonly kind: 'plan'; readonly plan: Pick<PlanView, 'id'> }
  | { readonly kind: 'release'; readonly contract: string; readonly version: number };

/** The answer to a no. */
export const dropped: Turn = {
  outcome: 'answered',
  reply: 'Dropped. Nothing was changed.',
  shown: [],
  unread: [],
  toolCalls: [],
};

/** Does what the person said yes to. */
export function act(calls: ToolCalls, pending: Pending): Promise<Answer> {
  const talk = { calls, memory: {} };
  return pending.kind === 'plan' ? commit(talk, pending.plan) : releaseNow(talk, pending);
}

/** A line that says yes or no and nothing else. The id of the plan may stand beside it. */
export function yesOrNo(text: string, pending: Pending | undefined): 'yes' | 'no' | undefined {
  const id = pending?.kind === 'plan' ? pending.plan.id : pending?.contract;
  const line = normalise(text.slice(0, 500)).text;
  const bare = id === undefined ? line : line.replace(id.toLowerCase(), '');
  if (isRefusal(bare)) return 'no';
  return isAffirmation(bare, pending?.kind ?? 'any') ? 'yes' : undefined;
}
