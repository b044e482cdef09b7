import { isAgent } from '../model/authority.ts';
import type { Decision } from '../model/decision.ts';
import { BerthError } from '../model/error.ts';
import type { Event } from '../model/event.ts';
import type { Caller, Question } from './control.ts';

/**
 * What the caller has to be asked before a command is parked that needs nothing but the requester's own yes. Nothing
 * where it cannot be asked, was asked already, or where its yes would not be enough.
 */
export function questionFor(
  { principal, confirm, confirmed }: Caller,
  decision: Decision,
  events: readonly Event[],
): Question | undefined {
  if (decision.kind !== 'approval-requested' || decision.tier !== 2) return undefined;
  if (confirm === undefined || confirmed !== undefined || isAgent(principal)) return undefined;
  const asked = events.find((event) => event.kind === 'approval-requested');
  return asked === undefined ? undefined : { digest: asked.digest, summary: summaryOf(asked) };
}

/** Asks. Throws APPROVAL_DENIED where the answer is not a yes; then nothing is done and nothing is recorded. */
export async function ownYes({ confirm }: Caller, question: Question): Promise<void> {
  if ((await confirm?.(question)) === true) return;
  throw new BerthError({
    code: 'APPROVAL_DENIED',
    message: 'the person was asked and did not say yes: nothing was done',
    fix: 'ask the person what shall be different; do not send it again unasked',
  });
}

type Asked = Extract<Event, { kind: 'approval-requested' }>;

/** `commit-plan plan-3f9a…: 16 GPUs, 5529.60 EUR. Asked because tier-2-cost: it costs more than 1000 EUR` */
function summaryOf({ command, need, why }: Asked): string {
  const what = 'plan' in command ? command.plan : 'contract' in command ? command.contract : command.place;
  const gpus = need.gpus === 0 ? need.blastGpus : need.gpus;
  const price = need.spendMicroEur === undefined ? '' : `, ${euros(need.spendMicroEur)} EUR`;
  return `${command.kind} ${what}: ${gpus} GPUs${price}. Asked because ${why.join('; ')}`;
}

function euros(microEur: number): string {
  return (Math.round(microEur / 10_000) / 100).toFixed(2);
}
