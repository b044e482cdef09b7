import { canonicalJson } from '../model/canonical.ts';
import { type Confidence, Fact, type FactKind, type Origin, unplaced } from '../model/fact.ts';
import type { Path } from '../model/id.ts';
import { cleanText, compareText } from '../model/text.ts';
import { fileName, invalidFile } from './evidence.ts';
import { machinePath } from './machine.ts';
import { type Findings, known, noFindings } from './observation.ts';
import { pathOf, requireSite, segmentOf } from './path.ts';
import type { Evidence, ImportContext } from './source.ts';

/** Where something stands in the evidence. */
export type Place = { readonly evidence: Evidence; readonly line?: number | undefined };

/** One claim about one subject, before it is looked at closely. */
export type Said = {
  readonly kind: FactKind;
  readonly subject: Path;
  readonly set: object;
  readonly confidence: Confidence;
  readonly at: Place;
  /** Among claims about one subject the higher one counts: what was seen before what was configured. */
  readonly rank?: number;
};

/**
 * Findings of several files that speak of the same machines. The same claim twice is one, with the place that comes
 * first; the order of files and records changes nothing. Values that no fact can carry become gaps.
 */
export class Collected {
  readonly #context: ImportContext;
  readonly #facts = new Map<string, { readonly fact: Fact; readonly rank: number }>();
  readonly #gaps = new Map<string, Findings['unknown'][number]>();
  readonly #names = new Map<Path, string>();
  readonly #assumptions = new Set<string>();

  constructor(context: ImportContext) {
    this.#context = context;
  }

  /** The path of a machine that a file names. Throws where two names cannot be told apart as paths. */
  machine(name: string, at: Place): Path {
    return this.#path(machinePath(at.evidence, this.#context, segmentOf(name)), name, at);
  }

  /** The path of something that machines share: a switch, a link domain. */
  shared(name: string, { evidence }: Place): Path {
    const { site } = this.#context;
    return pathOf(site === undefined ? unplaced : requireSite(site, evidence), segmentOf(name));
  }

  add({ kind, subject, set, confidence, at, rank = 0 }: Said): void {
    const origin = originOf(at);
    const { fact, bad } = carried({ kind, subject, set: known(set), confidence, origin });
    const key = canonicalJson([kind, subject, confidence, rank, fact.set]);
    const before = this.#facts.get(key);
    if (before === undefined || isBefore(origin, before.fact.origin)) this.#facts.set(key, { fact, rank });
    for (const attribute of bad)
      this.gap({ subject, attribute, why: 'the value is outside what a fact can carry', at });
  }

  gap(gap: {
    readonly subject?: Path;
    readonly attribute: string;
    readonly why: string;
    readonly at: Place;
  }) {
    const origin = originOf(gap.at);
    const { subject, attribute } = gap;
    const why = cleanText(gap.why, 300);
    const key = canonicalJson([subject ?? '', attribute, why]);
    const before = this.#gaps.get(key);
    if (before !== undefined && !isBefore(origin, before.origin)) return;
    this.#gaps.set(key, { ...(subject === undefined ? {} : { subject }), attribute, why, origin });
  }

  assume(text: string): void {
    this.#assumptions.add(cleanText(text, 300));
  }

  findings(): Findings {
    const findings = noFindings();
    const ordered = [...this.#facts].toSorted(
      ([a, { rank: x }], [b, { rank: y }]) => x - y || compareText(a, b),
    );
    for (const [, { fact }] of ordered) findings.facts.push(fact);
    const gaps = [...this.#gaps].toSorted(([a], [b]) => compareText(a, b));
    for (const [, gap] of gaps) findings.unknown.push(gap);
    for (const text of this.#assumptions) findings.assumptions.add(text);
    return findings;
  }

  #path(path: Path, name: string, at: Place): Path {
    const before = this.#names.get(path);
    if (before === undefined) this.#names.set(path, name);
    else if (before !== name)
      throw invalidFile(
        at.evidence,
        `\`${cleanText(name, 80)}\` and \`${cleanText(before, 80)}\` differ only in upper and lower case`,
        'paths are lower case: rename one of them, or leave it out',
        at.line === undefined ? {} : { line: at.line },
      );
    return path;
  }
}

function originOf({ evidence, line }: Place): Origin {
  return { file: fileName(evidence), ...(line === undefined ? {} : { line }) };
}

/** The fact without the values that it cannot carry, and the names of these. */
function carried(said: Omit<Said, 'at' | 'rank'> & { readonly origin: Origin }): {
  readonly fact: Fact;
  readonly bad: readonly string[];
} {
  const parsed = Fact.safeParse(said);
  if (parsed.success) return { fact: parsed.data, bad: [] };
  const bad = new Set(
    parsed.error.issues.flatMap(({ path }) => (path[0] === 'set' ? [String(path[1])] : [])),
  );
  const set = Object.fromEntries(Object.entries(said.set).filter(([name]) => !bad.has(name)));
  return { fact: Fact.parse({ ...said, set }), bad: [...bad] };
}

function isBefore(a: Origin, b: Origin): boolean {
  return (compareText(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0)) < 0;
}
