import { cleanText } from '../model/text.ts';

/** What a model is given of one tool result: about 6,000 tokens. */
export const resultCap = 24_000;

const textCap = 400;
/** Lists are cut to so many items until the result fits. */
const listCaps = [200, 50, 20, 8, 3, 1] as const;
const noise: ReadonlySet<string> = new Set([
  'inventory',
  'head',
  'digest',
  'planDigest',
  'inputs',
  'catalogue',
]);

/**
 * A tool result as data for a model: cleaned, cut to `resultCap` characters, and between tags that nothing inside can
 * close, because every `<` in it is escaped as JSON allows.
 */
export function fenced(tool: string, content: unknown): string {
  const name = cleanText(tool, 60).replaceAll(/[^\w.-]/gu, '');
  for (const cap of listCaps) {
    const text = JSON.stringify(plain(content, cap)) ?? 'null';
    if (text.length <= resultCap) return inTags(name, text);
  }
  const text = JSON.stringify(plain(content, 1)) ?? 'null';
  return inTags(name, `${text.slice(0, resultCap)} [cut here: ask for less]`);
}

function inTags(name: string, json: string): string {
  const safe = json.replaceAll('<', String.raw`\u003c`);
  return `<tool-result tool="${name}">\n${safe}\n</tool-result>`;
}

function plain(value: unknown, cap: number): unknown {
  if (typeof value === 'string') return cleanText(value, textCap);
  if (Array.isArray(value)) {
    const kept = value.slice(0, cap).map((item: unknown) => plain(item, cap));
    return value.length > cap ? [...kept, `[${value.length - cap} more: ask for less]`] : kept;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !noise.has(key))
      .map(([key, inner]) => [cleanText(key, 120), plain(inner, cap)]),
  );
}
