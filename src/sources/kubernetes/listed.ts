import { z } from 'zod';

import type { SourceName } from '../../model/fact.ts';
import { recognise, wrongFormat } from '../format.ts';
import type { Evidence } from '../source.ts';
import { readDocuments, type StructuredDocument } from '../structured.ts';

/** One Kubernetes object of a file, not yet read. */
export type ListedObject = {
  readonly value: unknown;
  readonly kind: string;
  readonly line: number | undefined;
  /** The line of something inside it, where the format tells lines that well. */
  lineOf(path: readonly (string | number)[]): number | undefined;
};

type Wanted = { readonly source: SourceName; readonly expected: string };

/**
 * Every object in a text: a `List`, a typed list, single objects, one or several documents. Throws a `BerthError`
 * for text that is no YAML or JSON; where it looks like something else that Berth knows, that is what it says.
 */
export function listedObjects(
  evidence: Evidence,
  text: string,
  { source, expected }: Wanted,
): readonly ListedObject[] {
  return documentsOf(evidence, text, { source, expected }).flatMap((document) => objectsOf(document));
}

function documentsOf(
  evidence: Evidence,
  text: string,
  { source, expected }: Wanted,
): readonly StructuredDocument[] {
  try {
    return readDocuments(evidence, text);
  } catch (error) {
    const seen = recognise(text);
    if (seen === undefined || seen.source === source) throw error;
    throw wrongFormat(evidence, text, source, expected);
  }
}

const Kind = z.object({ kind: z.string().max(200) });
const Listing = z.object({
  kind: z.string().endsWith('List').max(200),
  items: z.array(z.unknown()).nullish(),
});

function objectsOf(document: StructuredDocument): ListedObject[] {
  const list = Listing.safeParse(document.value);
  if (list.success) {
    const elementKind = list.data.kind.replace(/List$/u, '');
    // The elements of a typed list may leave out their kind.
    return (list.data.items ?? []).map((value, index) =>
      listed(document, value, ['items', index], elementKind),
    );
  }
  if (Array.isArray(document.value))
    return document.value.map((value: unknown, index) => listed(document, value, [index], ''));
  return [listed(document, document.value, [], '')];
}

function listed(
  document: StructuredDocument,
  value: unknown,
  at: readonly (string | number)[],
  otherwise: string,
): ListedObject {
  return {
    value,
    kind: kindOf(value) ?? otherwise,
    line: document.lineOf(at),
    lineOf: (path) => document.lineOf([...at, ...path]),
  };
}

function kindOf(value: unknown): string | undefined {
  const parsed = Kind.safeParse(value);
  return parsed.success ? parsed.data.kind : undefined;
}

/** What YAML and JSON write for one word or number. */
export const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** Labels, annotations and resources: text by text, whatever scalars the file had. */
export type Texts = ReadonlyMap<string, string>;

/** Values that are no scalars are dropped: nothing Berth reads has them. */
export const Texts = z
  .unknown()
  .optional()
  .transform((value): Texts => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return new Map();
    return new Map(
      Object.entries(value).flatMap(([key, entry]): [string, string][] => {
        const text = scalar.safeParse(entry);
        return text.success ? [[key, String(text.data)]] : [];
      }),
    );
  });
