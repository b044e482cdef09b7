import { cleanText } from '../model/text.ts';

/** Markup that may stand in a page as it is. Only `markup` makes it. */
export class Html {
  readonly #text: string;

  constructor(key: typeof maker, text: string) {
    if (key !== maker) throw new TypeError('markup is made by `markup` alone');
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

const maker = Symbol('markup');

export type Value = string | number | Html | undefined | readonly Value[];

/** So much of one piece of text is shown. */
const capChars = 2000;

/**
 * Markup with values in it. Every value that is not markup itself becomes text, whatever stands in it; nothing for
 * `undefined`, and lists one after the other. A value of an attribute stands in double quotes: anything else throws.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = parts.reduce((before, part, at) => {
    requireQuotes(before.slice(before.lastIndexOf('<')));
    return `${before}${textOf(values[at - 1])}${part}`;
  });
  return new Html(maker, text);
}

function textOf(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.toString();
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return value.map(textOf).join('');
}

/** Without characters that act on a reader or on markup. */
function escaped(text: string): string {
  return cleanText(text, capChars).replaceAll(/[&<>"'`]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Inside of a tag a value can only be read as text where quotes stand around it. */
function requireQuotes(tag: string): void {
  const isInTag = tag.startsWith('<') && !tag.includes('>');
  if (isInTag && tag.split('"').length % 2 === 1) throw new TypeError('a value in a tag stands in quotes');
}
