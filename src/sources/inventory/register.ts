import type { Fact, Origin } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText, didYouMean } from '../../model/text.ts';
import { fileName, invalidFile } from '../evidence.ts';
import type { Findings } from '../observation.ts';
import type { InventoryText } from './document.ts';
import type { ShapeEntry } from './schema.ts';

const maxNodes = 200_000;

/** A shape that nodes may name. */
export type KnownShape = { readonly entry: ShapeEntry; readonly origin: Origin };

/** A part of an inventory: the text it stands in, and the keys that lead to it. */
export type At = { readonly text: InventoryText; readonly path: readonly (string | number)[] };

export function originOf({ text, path }: At): Origin {
  return { file: fileName(text.evidence), line: text.lineOf(path) };
}

/** An input error about a part of an inventory, with its line. */
export function wrong({ text, path }: At, what: string, fix: string, suggestion?: string) {
  return invalidFile(text.evidence, what, fix, { line: text.lineOf(path), didYouMean: suggestion });
}

/** Facts that were found, and the names that must be there once and only once. */
export class Register {
  readonly #findings: Findings;
  readonly #shapes: ReadonlyMap<string, KnownShape>;
  readonly #subjects = new Map<string, Origin>();
  #nodeCount = 0;

  constructor(findings: Findings, shapes: ReadonlyMap<string, KnownShape>) {
    this.#findings = findings;
    this.#shapes = shapes;
  }

  add(fact: Fact): void {
    this.#findings.facts.push(fact);
  }

  leaveOpen(subject: Path, attribute: string, why: string, origin: Origin): void {
    this.#findings.unknown.push({ subject, attribute, why, origin });
  }

  /** Claims a name. Throws when somebody has it already. */
  claim(what: string, name: string, at: At): Origin {
    const origin = originOf(at);
    const first = this.#subjects.get(`${what} ${name}`);
    if (first !== undefined) {
      const where = `\`${first.file}\` line ${first.line ?? 1}`;
      throw wrong(
        at,
        `${what} \`${cleanText(name, 160)}\` is already in ${where}`,
        'give one of them another name',
      );
    }
    this.#subjects.set(`${what} ${name}`, origin);
    return origin;
  }

  claimNode(id: Path, at: At): Origin {
    this.#nodeCount += 1;
    if (this.#nodeCount > maxNodes)
      throw wrong(at, `more than ${maxNodes} nodes`, 'import the sites one by one');
    return this.claim('node', id, at);
  }

  has(what: string, name: string): boolean {
    return this.#subjects.has(`${what} ${name}`);
  }

  shape(name: string, at: At): ShapeEntry {
    const shape = this.#shapes.get(name);
    if (shape !== undefined) return shape.entry;
    const suggestion = didYouMean(name, this.#shapes.keys());
    const fix = suggestion === undefined ? 'define it under `shapes`' : `did you mean \`${suggestion}\`?`;
    throw wrong(at, `unknown shape \`${name}\``, fix, suggestion);
  }
}
