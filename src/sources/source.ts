import type { Observation, SourceName } from '../model/fact.ts';

/** A file somebody handed in: its name for provenance, and its bytes. */
export type Evidence = { readonly file: string; readonly bytes: Uint8Array };

/** What the importer cannot know from the bytes. */
export type ImportContext = {
  /** The site the facts belong to, where the source does not say: `--site`. */
  readonly site?: string;
  /** The machines a file speaks of, by path or host name, where it does not say itself: `--node`, once or more. */
  readonly nodes?: readonly string[];
  /** Of a price list, the region that the site pays: `--region`; the site's own name without it. */
  readonly region?: string;
  /** Euros for one US dollar, as a decimal number: `--eur-per-usd`. Without it prices in dollars stay unknown. */
  readonly eurPerUsd?: string;
  readonly observedAtMs: number;
  /** Called with the number of records read so far; the total where it is known. */
  readonly progress?: (done: number, total?: number) => void;
  readonly signal?: AbortSignal;
};

/**
 * Reads what one kind of system says about the inventory. Pure: bytes in, observation out. Throws a
 * `BerthError` with code `INVALID_INPUT` that names the file, the line where there is one, and what to do.
 */
export type Source = {
  readonly name: SourceName;
  readonly title: string;
  /** How to get the files, shown by `berth import --help`. */
  readonly howTo: string;
  /** Sources whose files it reads too, because its system writes them. */
  readonly alsoReads?: readonly SourceName[];
  parse(evidence: readonly Evidence[], context: ImportContext): Observation;
};
