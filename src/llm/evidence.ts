/** How a number or an id that nothing shows is marked in a reply. */
export const unverifiedMark = '[unverified]';

/** A run of letters and digits with a digit in it: `48`, `2,764.80`, `C-105`, `fra1/h1/r11`, `00:00`. */
const tokens = /[\p{L}\p{N}](?:[\p{L}\p{N}_./:,%-]*[\p{L}\p{N}%])?/gu;
const amount = /^(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:%|[\p{L}]{1,3})?$/u;
const instant = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/u;
const hexadecimal = /^[0-9a-f]{32,}$/u;

/**
 * What was said and found in a conversation. A number or an id of a reply that stands nowhere in it was made up, or
 * computed in a head that cannot be checked; both are marked.
 */
export class Evidence {
  readonly #numbers = new Set<string>();
  readonly #words = new Set<string>();

  /** What a person said, or anything else that is text. */
  addText(text: string): void {
    for (const [token] of text.matchAll(tokens)) this.#addToken(token);
  }

  /** A tool result: its numbers, also in the larger unit that its name allows, its texts, and how long its lists are. */
  addResult(value: unknown, name = ''): void {
    if (typeof value === 'number') return this.#addQuantity(value, name);
    if (typeof value === 'string') return this.#addString(value);
    if (Array.isArray(value)) {
      this.#addNumber(value.length);
      for (const item of value) this.addResult(item, name);
    } else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) {
        this.addText(key);
        this.addResult(inner, key);
      }
  }

  /** The reply with every number and id marked that stands in no tool result and was not said by the person. */
  marked(reply: string): string {
    return reply.replaceAll(tokens, (token, at: number) =>
      !/\d/u.test(token) || isListNumber(reply, token, at) || this.#knows(token)
        ? token
        : `${token} ${unverifiedMark}`,
    );
  }

  #knows(token: string): boolean {
    const word = token.toLowerCase();
    if (this.#words.has(word)) return true;
    const number = numberIn(token);
    if (number !== undefined) return this.#numbers.has(String(number));
    const parts = word.split(/[/:,-]+/u).filter((part) => /\d/u.test(part));
    return parts.length > 1 && !/^\D+-\d+$/u.test(word) && parts.every((part) => this.#knows(part));
  }

  #addString(text: string): void {
    const [, year, month, day, hour, minute] = instant.exec(text) ?? [];
    for (const part of [year, month, day, hour, minute])
      if (part !== undefined) this.#addNumber(Number(part));
    if (year !== undefined) this.#words.add(`${year}-${month}-${day}`).add(`${hour}:${minute}`);
    this.addText(text);
  }

  #addToken(token: string): void {
    const word = token.toLowerCase();
    if (!/\d/u.test(word) || hexadecimal.test(word)) return;
    this.#words.add(word);
    for (const part of word.split(/[/:,]+/u)) if (/\d/u.test(part)) this.#words.add(part);
    const number = numberIn(token);
    if (number !== undefined) this.#addNumber(number);
  }

  #addQuantity(value: number, name: string): void {
    this.#addNumber(value);
    for (const factor of largerUnits(name)) {
      this.#addNumber(value / factor);
      this.#addNumber(Math.round(value / factor));
      this.#addNumber(Math.round((value * 100) / factor) / 100);
      this.#addNumber(Math.round((value * 10) / factor) / 10);
    }
  }

  #addNumber(value: number): void {
    this.#numbers.add(String(value));
  }
}

/** The unit is the last word of a name: `totalMicroEur`, `memoryMib`, `durationS`, `powerW`, `cpuMilli`. */
function largerUnits(name: string): readonly number[] {
  if (/microEur/iu.test(name)) return [1_000_000];
  return units.find(([unit]) => name.endsWith(unit))?.[1] ?? [];
}

const units: readonly (readonly [string, readonly number[]])[] = [
  ['Mib', [1024, 1024 * 1024]],
  ['Gib', [1024]],
  ['Milli', [1000]],
  ['Mbps', [1000]],
  ['mbps', [1000]],
  ['W', [1000, 1_000_000]],
  ['S', [60, 3600, 86_400, 604_800]],
];

function numberIn(token: string): number | undefined {
  const digits = amount.exec(token)?.[1];
  return digits === undefined ? undefined : Number(digits.replaceAll(',', ''));
}

/** `1.` at the begin of a line counts lines of the reply, nothing of the fleet. */
function isListNumber(reply: string, token: string, at: number): boolean {
  const before = reply.slice(Math.max(0, at - 4), at);
  return (
    /^\d{1,2}$/u.test(token) && /(?:^|\n) *$/u.test(before) && /^[.)] /u.test(reply.slice(at + token.length))
  );
}
