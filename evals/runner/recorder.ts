import { z } from 'zod';

import type { Toolbox, ToolAnswer } from '../../src/agent/agent.ts';
import { PlanView } from '../../src/model/plan-view.ts';
import { cleanText } from '../../src/model/text.ts';

/** One call of an agent, as it reached the server, and whether it was answered. */
export type MadeCall = {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly ok: boolean;
  /** `planned`, `rejected`, `committed` … where the answer says so, or the code of the error. */
  readonly answer?: string;
  /** The plan that the answer holds, in one line. */
  readonly plan?: string;
  /** Why it was refused or an error, in one line. */
  readonly why?: string;
};

/** A toolbox that keeps what was done with it. */
export function recording(toolbox: Toolbox): {
  readonly toolbox: Toolbox;
  readonly calls: readonly MadeCall[];
} {
  const calls: MadeCall[] = [];
  return {
    calls,
    toolbox: {
      async call(tool, args, options) {
        const answer = await toolbox.call(tool, args, options);
        calls.push({ tool, args, ok: answer.ok, ...wordsOf(answer) });
        return answer;
      },
    },
  };
}

const Said = z.looseObject({
  decision: z.string().optional(),
  plan: PlanView.optional(),
  freshPlan: PlanView.optional(),
  refusal: z.looseObject({ summary: z.string() }).optional(),
});

function wordsOf(answer: ToolAnswer): Pick<MadeCall, 'answer' | 'plan' | 'why'> {
  if (!answer.ok) return { answer: answer.error.code, why: cleanText(answer.error.message, 300) };
  const { decision, plan: own, freshPlan, refusal } = Said.safeParse(answer.content).data ?? {};
  const plan = own ?? freshPlan;
  return {
    ...(decision === undefined ? {} : { answer: decision }),
    ...(plan === undefined ? {} : { plan: planLine(plan) }),
    ...(refusal === undefined ? {} : { why: cleanText(refusal.summary, 300) }),
  };
}

/** `acme: 16 GPUs on fra1/h1/r12/n03, fra1/h1/r12/n04, 2026-11-30T00:00+01:00 to …, 1132.80 EUR` */
function planLine({ id, tenant, gpuCount, parts, start, end, price, guarantee }: PlanView): string {
  const nodes = [...new Set(parts.flatMap(({ members }) => members.map(({ node }) => node)))];
  const { totalMicroEur } = price;
  return [
    `${id} ${tenant}: ${gpuCount} GPUs ${guarantee} on ${shortList(nodes)}`,
    `${start} to ${end ?? 'no end'}`,
    totalMicroEur === undefined ? 'price unknown' : `${(totalMicroEur / 1_000_000).toFixed(2)} EUR`,
  ].join(', ');
}

/** At most four of them. */
export function shortList(names: readonly string[]): string {
  return names.length <= 4
    ? names.join(', ')
    : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;
}
