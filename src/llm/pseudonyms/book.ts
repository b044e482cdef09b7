import { coreOf, mostWords, replaced, StreamedText, wordCount } from './scan.ts';

/** What a name names. It is the first word of its pseudonym. */
export type NameKind =
  | 'site'
  | 'hall'
  | 'rack'
  | 'node'
  | 'host'
  | 'tenant'
  | 'person'
  | 'team'
  | 'project'
  | 'data'
  | 'label'
  | 'word';

const kinds: readonly NameKind[] = [
  'site',
  'hall',
  'rack',
  'node',
  'host',
  'tenant',
  'person',
  'team',
  'project',
  'data',
  'label',
  'word',
];
const shapes = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${kinds.join('|')})-(?:[a-z]{1,3}|\\d{4,})(?![\\p{L}\\p{N}])`,
  'giu',
);

/**
 * The names of one conversation and what stands for each: `fra1` is `site-a` and `n07` is `node-0007` from its first
 * mention to the last. Every name has one pseudonym and every pseudonym one name, so both ways are exact.
 */
export class NameBook {
  readonly #pseudonyms = new Map<string, string>();
  readonly #folded = new Map<string, string>();
  readonly #names = new Map<string, string>();
  /** Names as somebody typed them, by pseudonyms in the same case. */
  readonly #typed = new Map<string, string>();
  readonly #counts = new Map<NameKind, number>();
  /** Words that mean something in the protocol: as names they are hidden where a name stands, and in no text. */
  readonly #meaningful: Set<string>;
  readonly #ambiguous = new Set<string>();

  constructor(meaningful: Iterable<string>) {
    this.#meaningful = new Set([...meaningful, ...kinds]);
  }

  /** Gives a name a pseudonym, once; `as` where the pseudonym shall say whose second name it is. */
  add(kind: NameKind, name: string, as?: string): void {
    if (name.trim() === '' || this.#pseudonyms.has(name) || (kind === 'label' && this.#isCommon(name)))
      return;
    const pseudonym = as !== undefined && this.#isFree(as) ? as : this.#next(kind);
    this.#pseudonyms.set(name, pseudonym);
    this.#names.set(pseudonym.toLowerCase(), name);
    if (!this.#isSafe(kind, name)) {
      if (kind !== 'label') this.#ambiguous.add(name);
      return;
    }
    const core = coreOf(name).toLowerCase();
    if (core === name.toLowerCase() && !this.#folded.has(core)) this.#folded.set(core, pseudonym);
  }

  /** Words that everybody knows, such as the models of GPUs: no label, and hidden in no text. */
  addCommon(words: Iterable<string>): void {
    for (const word of words) this.#meaningful.add(word.toLowerCase());
  }

  /** The pseudonym of a value that is a name and nothing else. */
  nameHidden(name: string): string | undefined {
    return this.#pseudonyms.get(name);
  }

  /** A text with every name in it replaced that can be told from other words. */
  textHidden(text: string): string {
    for (const [literal] of text.matchAll(shapes))
      if (this.#names.has(literal.toLowerCase()) && !this.#pseudonyms.has(literal)) this.add('word', literal);
    return replaced(text, this.#hides);
  }

  /** The same where some of it was hidden before: what looks like a pseudonym is one. */
  restHidden(text: string): string {
    return replaced(text, (candidate) =>
      this.#names.has(candidate.toLowerCase()) ? candidate : this.#hides(candidate),
    );
  }

  /** A text with every pseudonym replaced by its name. */
  textRevealed(text: string): string {
    return replaced(text, this.#reveals);
  }

  /** The same for a text that comes in pieces. */
  revealing(): StreamedText {
    return new StreamedText(this.#reveals);
  }

  /** What looks like a pseudonym in a text and was never given out. */
  strangers(text: string): readonly string[] {
    const found = [...text.matchAll(shapes)].map(([literal]) => literal);
    return [...new Set(found)].filter(
      (literal) => !this.#names.has(literal.toLowerCase()) && !this.#pseudonyms.has(literal),
    );
  }

  /** Names that are also other words or numbers, so that they stay in free text. */
  ambiguous(): readonly string[] {
    return [...this.#ambiguous];
  }

  readonly #hides = (candidate: string): string | undefined => {
    const folded = this.#folded.get(candidate.toLowerCase());
    if (folded === undefined) return undefined;
    return this.#pseudonyms.get(candidate) ?? this.#inCaseOf(candidate, folded);
  };

  readonly #reveals = (candidate: string): string | undefined =>
    this.#typed.get(candidate) ?? this.#names.get(candidate.toLowerCase());

  /** `Acme` for `acme` is `Tenant-a`, so that it comes back as it was typed. */
  #inCaseOf(typed: string, pseudonym: string): string {
    const cased = /^\p{Lu}{2}/u.test(typed) ? pseudonym.toUpperCase() : capitalised(pseudonym);
    if (!/^\p{Lu}/u.test(typed) || (this.#typed.get(cased) ?? typed) !== typed) return pseudonym;
    this.#typed.set(cased, typed);
    return cased;
  }

  /** Numbers, flags and words of the protocol say nothing about whose they are. */
  #isCommon(name: string): boolean {
    return (
      coreOf(name).length < 3 || !/\p{L}/u.test(name) || this.#meaningful.has(coreOf(name).toLowerCase())
    );
  }

  /** Labels are often ordinary words (`true`, `linux`): in a text only what looks like a name is one. */
  #isSafe(kind: NameKind, name: string): boolean {
    const core = coreOf(name);
    const isWordy = core.length > 1 && /\p{L}/u.test(core) && wordCount(core) <= mostWords;
    if (!isWordy || this.#meaningful.has(core.toLowerCase())) return false;
    return kind !== 'label' || (core.length > 3 && /[^a-z]/u.test(core));
  }

  #next(kind: NameKind): string {
    for (;;) {
      const count = (this.#counts.get(kind) ?? 0) + 1;
      this.#counts.set(kind, count);
      const mark = kind === 'site' || kind === 'tenant' ? letters(count) : String(count).padStart(4, '0');
      if (this.#isFree(`${kind}-${mark}`)) return `${kind}-${mark}`;
    }
  }

  /** No name may look like a pseudonym of another. */
  #isFree(pseudonym: string): boolean {
    const folded = pseudonym.toLowerCase();
    return !this.#names.has(folded) && !this.#folded.has(folded) && !this.#pseudonyms.has(pseudonym);
  }
}

function capitalised(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}

/** 1 is `a`, 26 is `z`, 27 is `aa`. */
function letters(count: number): string {
  const rest = Math.floor((count - 1) / 26);
  return `${rest === 0 ? '' : letters(rest)}${String.fromCharCode(97 + ((count - 1) % 26))}`;
}
