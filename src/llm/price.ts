import type { Usage } from '../agent/agent.ts';
import { BerthError } from '../model/error.ts';

/** What a million tokens cost, in micro-euros. */
export type Price = { readonly inputMicroEur: number; readonly outputMicroEur: number };

/** Euros with at most six decimals: what a million tokens read cost, and a million written. */
const form = /^(\d{1,5})(?:\.(\d{1,6}))?\s*,\s*(\d{1,5})(?:\.(\d{1,6}))?$/u;

export function isPrice(text: string): boolean {
  return form.test(text.trim());
}

/** BERTH_MODEL_PRICE, such as `0.25,2`. Nothing where nobody has said: a price is never guessed. Throws INVALID_INPUT. */
export function priceOf(env: Readonly<Record<string, string | undefined>>): Price | undefined {
  const said = env['BERTH_MODEL_PRICE']?.trim() ?? '';
  if (said === '') return undefined;
  const [, euros = '', decimals, outputEuros = '', outputDecimals] = form.exec(said) ?? [];
  if (euros !== '')
    return { inputMicroEur: micro(euros, decimals), outputMicroEur: micro(outputEuros, outputDecimals) };
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: 'the price of the model is not two amounts of euros',
    fix: 'write what a million tokens cost, those read and those written: `BERTH_MODEL_PRICE=0.25,2`',
    field: 'BERTH_MODEL_PRICE',
  });
}

/**
 * The usage with what it costs in micro-euros, rounded up. Without a price, or where the endpoint has not said of every
 * call how many tokens it took, there is no cost: half of it would be a wrong one.
 */
export function priced(usage: Usage, price: Price | undefined): Usage {
  if (price === undefined || (usage.uncountedCalls ?? 0) > 0) return usage;
  const perMillion = usage.inputTokens * price.inputMicroEur + usage.outputTokens * price.outputMicroEur;
  return { ...usage, costMicroEur: Math.ceil(perMillion / 1_000_000) };
}

export const noUsage: Usage = { modelCalls: 0, inputTokens: 0, outputTokens: 0 };

/** Both together, without a cost: that is of the sum. */
export function together(a: Usage, b: Usage): Usage {
  const uncountedCalls = (a.uncountedCalls ?? 0) + (b.uncountedCalls ?? 0);
  return {
    modelCalls: a.modelCalls + b.modelCalls,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...(uncountedCalls > 0 && { uncountedCalls }),
  };
}

function micro(euros: string, decimals = ''): number {
  return Number(euros) * 1_000_000 + Number(decimals.padEnd(6, '0'));
}
