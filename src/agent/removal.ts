import type { Frame } from './frame.ts';
import type { Extent } from './normalise.ts';
import { matches } from './spans/span.ts';

/** What a line takes back of the request before it, and the words that say so. */
export type Removal = { readonly frame: Frame; readonly read: readonly Extent[] };

const verb = String.raw`\b(?:drop|remove|forget|skip|scrap|ditch|delete|clear|without|no|never mind|leave out)(?: about)? (?:the |any |that |my |our )?`;
const rest = String.raw`(?: (?:limit|requirement|constraint|restriction|cap|condition|preference))?\b`;

const nouns: readonly (readonly [noun: string, keys: readonly (keyof Frame)[]])[] = [
  ['(?:sites?|places?|locations?|regions?|country)', ['where', 'countries']],
  ['(?:budget|price|cost|spending|money)', ['budgetTotalEur', 'budgetEurPerDay']],
  ['(?:deadline|latest start)', ['deadline', 'latestStart']],
  ['(?:objective|cheapest|soonest)', ['objective']],
  ['(?:purpose)', ['purpose']],
];

/** `forget the site`, `no budget limit`: the slots of `old` without those that the line takes back. */
export function withoutRemoved(old: Frame, text: string): Removal {
  const read: Extent[] = [];
  const gone = new Set<string>();
  for (const [noun, keys] of nouns) {
    const found = matches(text, new RegExp(verb + noun + rest, 'gu'));
    if (found.length === 0) continue;
    read.push(...found.map(({ from, to }) => ({ from, to })));
    for (const key of keys) gone.add(key);
  }
  if (gone.size === 0) return { frame: old, read };
  return { frame: Object.fromEntries(Object.entries(old).filter(([key]) => !gone.has(key))), read };
}
