import { lexer, type Token, type Tokens } from 'marked';

/** Longer drafts are not cut any more: reading them again with every piece would only cost time. */
const longestDraft = 20_000;

/**
 * A reply while it is being written, cut where nothing that follows can change what stands before: behind a paragraph,
 * an item of a list, a table, a block of code whose fence is closed. What is cut off can be written for good.
 */
export class Draft {
  #rest = '';
  #written = '';

  /** What is still open, to be shown below. */
  get rest(): string {
    return this.#rest;
  }

  /** Takes the next piece. Returns what is complete now, empty where nothing is. */
  push(piece: string): string {
    this.#rest += piece;
    if (!this.#rest.includes('\n') || this.#rest.length > longestDraft) return '';
    const ready = this.#rest.slice(0, completeIn(this.#rest));
    this.#rest = this.#rest.slice(ready.length);
    this.#written += ready;
    return ready;
  }

  /** What a reply says beyond what was written already; all of it where it is another text. */
  beyond(reply: string): string {
    const written = inkOf(this.#written);
    if (written === '' || !inkOf(reply).startsWith(written)) return reply;
    let left = written.length;
    const at = Array.from(reply.matchAll(/\S/gu)).find(() => (left -= 1) < 0)?.index;
    return at === undefined ? '' : reply.slice(lineStart(reply, at));
  }
}

/** Blanks and ends of lines may be cleaned up between a draft and its reply; all else may not. */
function inkOf(text: string): string {
  return text.replaceAll(/\s+/gu, '');
}

/** Blanks at the begin of a line belong to it: they may indent. */
function lineStart(text: string, at: number): number {
  const before = text.lastIndexOf('\n', at - 1) + 1;
  return /^\s*$/u.test(text.slice(before, at)) ? before : at;
}

/** A last line that may still become an item of the list before it, a fence or a rule. */
const undecided = /(?<=\n)[ \t]*(?:\d{1,9}[.)]?|[-*+=#>|`~_]+)?[ \t]*$/u;

/** How many characters of a Markdown text belong to blocks that are complete. */
function completeIn(text: string): number {
  const tokens = lexer(text.replace(undecided, ''));
  const open = tokens.findLastIndex(({ type }) => type !== 'space');
  const last = tokens[open];
  if (last === undefined) return 0;
  const before = tokens.slice(0, open).reduce((sum, { raw }) => sum + raw.length, 0);
  return before + itemsIn(last).reduce((sum, raw) => sum + raw.length, 0);
}

/** The items of a list before its last. What comes later must count on by itself: Markdown numbers a whole list anew. */
function itemsIn(token: Token): readonly string[] {
  if (!isList(token)) return [];
  const raws = token.items.map(({ raw }) => raw);
  const number = Number(/^\s*(\d+)/u.exec(raws.at(-1) ?? '')?.[1] ?? 0);
  const isCounting = !token.ordered || number === Number(token.start) + raws.length - 1;
  return isCounting ? raws.slice(0, -1) : [];
}

function isList(token: Token): token is Tokens.List {
  return token.type === 'list';
}
