import type { ToolCall } from '../agent/agent.ts';
import { cleanText } from '../model/text.ts';
import type { Exchange } from './loop.ts';
import { cleanReply } from './reply.ts';

const mostExchanges = 12;
const mostCharacters = 1500;

/**
 * What a model is told of the talk before: the last exchanges, with the names of the tools instead of their results.
 * Ids stand in the replies, and whatever they name can be read again: the truth is in the ledger.
 */
export class History {
  readonly #kept: Exchange[] = [];

  add({ person, reply, calls }: { person: string; reply: string; calls: readonly ToolCall[] }): void {
    const tools = [...new Set(calls.map(({ tool }) => tool))].filter((tool) => tool !== 'inventory_summary');
    const called = tools.length === 0 ? '' : `\n(called: ${tools.join(', ')})`;
    this.#kept.push({ person: short(person), reply: `${short(reply)}${called}` });
    if (this.#kept.length > mostExchanges) this.#kept.shift();
  }

  exchanges(): readonly Exchange[] {
    return [...this.#kept];
  }
}

function short(text: string): string {
  return cleanReply(text)
    .split('\n')
    .map((line) => cleanText(line, mostCharacters))
    .join('\n')
    .slice(0, mostCharacters)
    .toWellFormed();
}
