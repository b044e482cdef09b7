import { compareText } from '../model/text.ts';
import type { Name, NameKind } from './names.ts';
import { commandNames, completesWith } from './slash.ts';

/** The word before the cursor, and what it may become, best first. */
export type Candidates = {
  readonly from: number;
  readonly word: string;
  readonly names: readonly { readonly text: string; readonly about: string }[];
};

const mostCandidates = 200;

/** What may stand where the cursor is: a slash command, one of its arguments, or an id in a sentence. */
export function candidatesAt(
  { text, cursor }: { readonly text: string; readonly cursor: number },
  names: readonly Name[],
): Candidates {
  const before = text.slice(0, cursor);
  const word = /[^\s(),;:"'`]*$/.exec(before)?.[0] ?? '';
  const from = cursor - word.length;
  if (from === 0 && word.startsWith('/')) return { from, word, names: commandsLike(word) };
  const command = /^\/(\S+)\s/.exec(before)?.[1];
  const kinds = command === undefined ? undefined : completesWith(command);
  if (word === '' && kinds === undefined) return { from, word, names: [] };
  return { from, word, names: namesLike(word, kinds, names).slice(0, mostCandidates) };
}

/** How far all candidates agree; the word itself where they do not go on from it. */
export function agreed({ word, names }: Candidates): string {
  const [first = word, ...others] = names.map(({ text }) => text);
  let length = first.length;
  while (others.some((other) => !startsLike(other, first.slice(0, length)))) length--;
  const common = first.slice(0, length);
  return startsLike(common, word) ? common : word;
}

function commandsLike(word: string): Candidates['names'] {
  const typed = word.slice(1).toLowerCase();
  return commandNames()
    .filter(({ name }) => name.startsWith(typed))
    .map(({ name, about }) => ({ text: `/${name}`, about }));
}

/** Names that begin with the word before those of which a part does: `r12` finds `fra1/h1/r12`. */
function namesLike(
  word: string,
  kinds: readonly NameKind[] | undefined,
  names: readonly Name[],
): Candidates['names'] {
  const asked = word.toLowerCase();
  return names
    .filter(({ kind }) => kinds?.includes(kind) ?? true)
    .flatMap((name) => {
      const rank = rankOf(name.text.toLowerCase(), asked);
      return rank === undefined ? [] : [{ ...name, rank }];
    })
    .toSorted((a, b) => a.rank - b.rank || compareText(a.text, b.text));
}

function rankOf(text: string, asked: string): number | undefined {
  if (text.startsWith(asked)) return 0;
  return asked.length > 1 && (text.includes(`/${asked}`) || text.includes(`-${asked}`)) ? 1 : undefined;
}

function startsLike(text: string, start: string): boolean {
  return text.toLowerCase().startsWith(start.toLowerCase());
}
