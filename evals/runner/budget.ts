import type { Usage } from '../../src/agent/agent.ts';
import type { Run } from './run.ts';

/** What a suite may use at most. What is left out is not limited. */
export type Budget = {
  readonly tokens?: number;
  readonly modelCalls?: number;
  readonly eur?: number;
  readonly minutes?: number;
  readonly prices?: Prices;
};

/** Euros for a million tokens, as the maker of a model asks for them. */
export type Prices = { readonly inputEur: number; readonly outputEur: number };

/** What so many tokens cost, in euros. */
export function costEur({ inputTokens, outputTokens }: Usage, { inputEur, outputEur }: Prices): number {
  return (inputTokens * inputEur + outputTokens * outputEur) / 1_000_000;
}

/** Counts what runs use. The run that goes over a limit is the last one: none is cut off in the middle. */
export class Spent {
  readonly #budget: Budget;
  readonly #began = performance.now();
  #usage: Usage = { modelCalls: 0, inputTokens: 0, outputTokens: 0 };

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add({ usage }: Pick<Run, 'usage'>): void {
    this.#usage = {
      modelCalls: this.#usage.modelCalls + usage.modelCalls,
      inputTokens: this.#usage.inputTokens + usage.inputTokens,
      outputTokens: this.#usage.outputTokens + usage.outputTokens,
    };
  }

  /** Why no more may be run, if so. */
  why(): string | undefined {
    const { tokens, modelCalls, eur, minutes, prices } = this.#budget;
    const { inputTokens, outputTokens } = this.#usage;
    const took = (performance.now() - this.#began) / 60_000;
    const cost = prices === undefined ? 0 : costEur(this.#usage, prices);
    if (tokens !== undefined && inputTokens + outputTokens >= tokens) return `${tokens} tokens were used`;
    if (modelCalls !== undefined && this.#usage.modelCalls >= modelCalls)
      return `${modelCalls} model calls were made`;
    if (eur !== undefined && cost >= eur) return `${eur} EUR were spent`;
    return minutes !== undefined && took >= minutes ? `${minutes} minutes have passed` : undefined;
  }
}
