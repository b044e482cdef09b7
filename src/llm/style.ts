import type { Usage } from '../agent/agent.ts';
import type { Endpoint } from './endpoint.ts';
import { ModelFailure } from './failure.ts';
import { type CallStyle, refusesForm } from './json-step.ts';
import type { LoopResult } from './loop.ts';
import { noUsage, together } from './price.ts';
import { statusOf } from './retry.ts';

type Speak = (style: CallStyle) => Promise<LoopResult>;

/** How a model is asked: as it was told, or as its first answer shows, or as a test finds where that leaves it open. */
export class Style {
  readonly #endpoint: Endpoint;
  #known: CallStyle | undefined;
  #tested: Usage = noUsage;

  constructor(endpoint: Endpoint, told: CallStyle | undefined) {
    this.#endpoint = endpoint;
    this.#known = told;
  }

  /** Nothing before the model has answered once, unless it was told. */
  get known(): CallStyle | undefined {
    return this.#known;
  }

  /** What the test used, told once. */
  takeTested(): Usage {
    const tested = this.#tested;
    this.#tested = noUsage;
    return tested;
  }

  speak(speak: Speak, signal: AbortSignal | undefined): Promise<LoopResult> {
    return this.#known === undefined ? this.#first(speak, signal) : speak(this.#known);
  }

  /** A model whose first answer calls nothing, or is refused for naming tools, is tested: it may not know tools at all. */
  async #first(speak: Speak, signal: AbortSignal | undefined): Promise<LoopResult> {
    const tried = await triedWith(speak);
    const isSure = tried instanceof ModelFailure ? !isAboutForm(tried) : tried.callCount > 0;
    const found = isSure ? undefined : await this.#test(signal);
    if (found === 'none')
      throw new ModelFailure('unable', 'it calls no tools and does not answer in JSON when told to');
    if (found === undefined || found === 'tools') {
      if (tried instanceof ModelFailure) throw tried;
      this.#known = isSure ? 'tools' : found;
      return tried;
    }
    this.#known = found;
    const done = await speak(found);
    return { ...done, usage: together(usageOf(tried), done.usage) };
  }

  async #test(signal: AbortSignal | undefined): Promise<CallStyle | 'none' | undefined> {
    const { callStyleOf } = await import('./probe.ts');
    const { style, usage } = await callStyleOf(this.#endpoint, signal);
    this.#tested = usage;
    return style;
  }
}

async function triedWith(speak: Speak): Promise<LoopResult | ModelFailure> {
  try {
    return await speak('tools');
  } catch (error) {
    if (error instanceof ModelFailure) return error;
    throw error;
  }
}

/** Ollama and others answer 400 where tools are named to a model that has none. */
function isAboutForm({ kind, cause }: ModelFailure): boolean {
  return kind === 'endpoint' && refusesForm(statusOf(cause));
}

function usageOf(tried: LoopResult | ModelFailure): Usage {
  return tried.usage ?? noUsage;
}
