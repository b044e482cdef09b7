import { canonicalJson } from '../model/canonical.ts';
import type { Fact } from '../model/fact.ts';
import type { Path } from '../model/id.ts';
import { invalidFile } from './evidence.ts';
import type { Evidence } from './source.ts';

/** Machines that files have told of already: the same file handed in twice is one, and two files that differ are refused. */
export class ToldOnce {
  readonly #told = new Map<Path, string>();

  /** Whether these are the first facts about a machine. Throws when other facts were told about it before. */
  isNew(machine: Path, facts: readonly Fact[], evidence: Evidence): boolean {
    const text = canonicalJson(facts.map(({ kind, subject, set }) => [kind, subject, set]));
    const before = this.#told.get(machine);
    this.#told.set(machine, text);
    if (before === undefined || before === text) return before === undefined;
    throw invalidFile(
      evidence,
      `says something else about \`${machine}\` than another file`,
      'import one file for each machine: `--node` says which one a file is about, so each needs an import of its own',
    );
  }
}
