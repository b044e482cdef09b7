import type { Usage } from '../agent/agent.ts';
import { cleanText } from '../model/text.ts';

/**
 * A model that cannot go on. `endpoint`: it could not be reached or broke off. `conduct`: it answered, and not in a way
 * that is of use. `unable`: it was tested, and can neither call tools nor answer in JSON.
 */
export class ModelFailure extends Error {
  readonly kind: 'endpoint' | 'conduct' | 'unable';
  /** What was used until then. */
  readonly usage: Usage | undefined;

  constructor(kind: ModelFailure['kind'], why: string, usage?: Usage, options?: ErrorOptions) {
    super(cleanText(why, 300).replace(/\.+$/u, ''), options);
    this.name = 'ModelFailure';
    this.kind = kind;
    this.usage = usage;
  }

  after(usage: Usage): ModelFailure {
    return new ModelFailure(this.kind, this.message, usage, { cause: this.cause });
  }
}
