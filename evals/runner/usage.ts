import type { Usage } from '../../src/agent/agent.ts';

type Used = { readonly usage?: Usage };

/** What several turns or runs used together. */
export function usageOf(items: readonly Used[]): Usage {
  return items.reduce<Usage>(
    (sum, { usage }) => ({
      modelCalls: sum.modelCalls + (usage?.modelCalls ?? 0),
      inputTokens: sum.inputTokens + (usage?.inputTokens ?? 0),
      outputTokens: sum.outputTokens + (usage?.outputTokens ?? 0),
    }),
    { modelCalls: 0, inputTokens: 0, outputTokens: 0 },
  );
}
