import { cleanText } from '../../model/text.ts';

/** One element of an SVG. Text and attributes may hold anything: they are cleaned and escaped when it is written. */
export type Element = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly children: readonly (Element | string)[];
};

export function element(
  name: string,
  attributes: Element['attributes'],
  ...children: Element['children']
): Element {
  return { name, attributes, children };
}

/** The element as XML 1.0. Numbers are rounded to hundredths. */
export function writeElement({ name, attributes, children }: Element): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(valueText(value))}"`);
  const open = `<${name}${written.join('')}`;
  if (children.length === 0) return `${open}/>`;
  const inside = children.map((child) => (typeof child === 'string' ? escaped(child) : writeElement(child)));
  const isBlock = children.every((child) => typeof child !== 'string');
  return isBlock ? `${open}>\n${inside.join('\n')}\n</${name}>` : `${open}>${inside.join('')}</${name}>`;
}

function valueText(value: string | number): string {
  return typeof value === 'string' ? value : String(Math.round(value * 100) / 100);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The longest text of one element: a whole rack in sentences. */
const longest = 200_000;

/** Nothing that could end a text or begin a tag, and no character that XML 1.0 forbids. */
function escaped(text: string): string {
  return cleanText(text, longest)
    .replaceAll(/[\u{fffe}\u{ffff}]/gu, '\u{fffd}')
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
