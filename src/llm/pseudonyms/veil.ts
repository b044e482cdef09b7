import { z } from 'zod';

import type { Toolbox } from '../../agent/agent.ts';
import { ToolFailure } from '../../agent/tool-calls.ts';
import { InventorySummary } from '../../model/inventory-view.ts';
import type { OfferedTool } from '../tools.ts';
import { NameBook } from './book.ts';
import { addFleet, addNames, addPeople, type Depth } from './names.ts';
import type { StreamedText } from './scan.ts';

/** Between a conversation and the endpoint: what names become on the way out, and what comes back. */
export type Veil = {
  /** Learns the names of the fleet. To be called before anything is sent. */
  meet(toolbox: Toolbox): Promise<void>;
  hideText(text: string): string;
  /** Hides what is left in a text with values in it that were hidden already. */
  hideRest(text: string): string;
  hideValue(value: unknown): unknown;
  revealText(text: string): string;
  revealArgs(args: Record<string, unknown>): Record<string, unknown>;
  revealing(): Pick<StreamedText, 'push' | 'end'>;
  tools(tools: readonly OfferedTool[]): readonly OfferedTool[];
  /** What could not be hidden or given back, in sentences for the person; each is said once. */
  notes(reply: string): readonly string[];
};

/** Everything is sent as it is. */
export const noVeil: Veil = {
  meet: () => Promise.resolve(),
  hideText: (text) => text,
  hideRest: (text) => text,
  hideValue: (value) => value,
  revealText: (text) => text,
  revealArgs: (args) => args,
  revealing: () => ({ push: (piece) => piece, end: () => '' }),
  tools: (tools) => tools,
  notes: () => [],
};

/** Names become pseudonyms that stay the same as long as the conversation. `words` mean something to the model. */
export function createVeil(words: Iterable<string>, people: People = () => Promise.resolve([])): Veil {
  return new Pseudonyms(words, people);
}

/** Those whom the ledger knows: people may be spoken of whom no tool has named yet. */
export type People = () => Promise<readonly { readonly id: string; readonly name: string }[]>;

const pageSize = 200;
/** Names of more nodes are hidden where a tool result shows them. */
const mostPages = 100;

/** Where names of people, datasets and labels stand before anybody asks for them. */
const lists = [
  ['inventory_search', { labels: true, responseFormat: 'detailed' }],
  ['contract_search', { responseFormat: 'detailed' }],
  ['ledger_search', {}],
] as const;

const Page = z.looseObject({ nextCursor: z.string().optional() });

class Pseudonyms implements Veil {
  readonly #book: NameBook;
  readonly #said = new Set<string>();
  #met = '';
  #depth: Depth = 3;

  readonly #people: People;

  constructor(words: Iterable<string>, people: People) {
    this.#book = new NameBook(words);
    this.#people = people;
  }

  async meet(toolbox: Toolbox): Promise<void> {
    const answer = await toolbox.call('inventory_summary', { detail: 'racks' });
    if (!answer.ok) throw new ToolFailure(answer.error);
    const summary = InventorySummary.parse(answer.content);
    const state = `${summary.snapshot.inventory} ${summary.snapshot.head}`;
    if (state === this.#met) return;
    this.#depth = addFleet(this.#book, summary);
    addPeople(this.#book, await this.#people());
    for (const [tool, args] of lists) await this.#read(toolbox, tool, args);
    this.#met = state;
  }

  hideText(text: string): string {
    return this.#book.textHidden(text);
  }

  hideRest(text: string): string {
    return this.#book.restHidden(text);
  }

  hideValue(value: unknown): unknown {
    addNames(this.#book, value, this.#depth);
    return this.#hidden(value);
  }

  revealText(text: string): string {
    return this.#book.textRevealed(text);
  }

  revealArgs(args: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(args).map(([key, value]) => [this.revealText(key), this.#revealed(value)]),
    );
  }

  revealing(): StreamedText {
    return this.#book.revealing();
  }

  tools(tools: readonly OfferedTool[]): readonly OfferedTool[] {
    return tools.map((tool) => ({
      ...tool,
      description: this.hideText(tool.description),
      inputSchema: { ...tool.inputSchema, ...this.#described(tool.inputSchema) },
    }));
  }

  notes(reply: string): readonly string[] {
    const plain = this.#book.ambiguous();
    const strangers = this.#book.strangers(reply);
    return [
      ...(plain.length === 0
        ? []
        : [`Not replaced in free text, because they are also other words: ${plain.slice(0, 8).join(', ')}.`]),
      ...(strangers.length === 0
        ? []
        : [`Named by the model and by nobody else: ${strangers.slice(0, 8).join(', ')}.`]),
    ].filter((note) => !this.#said.has(note) && this.#said.add(note));
  }

  async #read(toolbox: Toolbox, tool: string, args: Record<string, unknown>): Promise<void> {
    let cursor: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const answer = await toolbox.call(tool, {
        ...args,
        limit: pageSize,
        ...(cursor !== undefined && { cursor }),
      });
      if (!answer.ok) return;
      addNames(this.#book, answer.content, this.#depth);
      cursor = Page.safeParse(answer.content).data?.nextCursor;
      if (cursor === undefined) return;
    }
  }

  #hidden(value: unknown): unknown {
    if (typeof value === 'string') return this.#hiddenString(value);
    if (Array.isArray(value)) return value.map((item: unknown) => this.#hidden(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [this.#hiddenKey(key), this.#hidden(inner)]),
    );
  }

  /** A name alone, a place by its segments, or a text with names in it. */
  #hiddenString(text: string): string {
    const whole = this.#book.nameHidden(text);
    if (whole !== undefined) return whole;
    const [site = '', ...below] = text.split('/');
    const hiddenSite = below.length === 0 || /\s/u.test(text) ? undefined : this.#book.nameHidden(site);
    if (hiddenSite === undefined) return this.hideText(text);
    return [hiddenSite, ...below.map((part) => this.#book.nameHidden(part) ?? this.hideText(part))].join('/');
  }

  #hiddenKey(key: string): string {
    const hidden = this.hideText(key);
    return hidden === key && /[^a-zA-Z]/u.test(key) ? (this.#book.nameHidden(key) ?? key) : hidden;
  }

  #revealed(value: unknown): unknown {
    if (typeof value === 'string') return this.revealText(value);
    if (Array.isArray(value)) return value.map((item: unknown) => this.#revealed(item));
    if (typeof value !== 'object' || value === null) return value;
    return this.revealArgs({ ...value });
  }

  /** A schema with names hidden in what it says; what it demands stays. */
  #described(schema: object): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(schema).map(([key, value]: [string, unknown]) => {
        if (key === 'description' && typeof value === 'string') return [key, this.hideText(value)];
        if (Array.isArray(value))
          return [key, value.map((item: unknown) => (isObject(item) ? this.#described(item) : item))];
        return [key, isObject(value) ? this.#described(value) : value];
      }),
    );
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Words that a model is told the protocol with: names of tools and fields, allowed values, the prompt. */
export function meaningfulWords(prompt: string, tools: readonly OfferedTool[]): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (text: string) => {
    for (const [each] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) found.add(each);
  };
  const walk = (value: unknown) => {
    if (!isObject(value)) return Array.isArray(value) ? value.forEach(walk) : undefined;
    const entries: [string, unknown][] = Object.entries(value);
    for (const [key, inner] of entries) {
      if (key === 'description') continue;
      add(key);
      if (typeof inner === 'string') add(inner);
      else if (Array.isArray(inner)) for (const item of inner) if (typeof item === 'string') add(item);
      walk(inner);
    }
  };
  add(prompt);
  for (const { name, inputSchema } of tools) {
    add(name);
    walk(inputSchema);
  }
  return found;
}
