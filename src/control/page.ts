import { BerthError } from '../model/error.ts';

/** One page of a list whose items have ids in a stable order. The cursor is the place of the next item. */
export function pageOf<T>(
  items: readonly T[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): { readonly items: readonly T[]; readonly nextCursor?: string } {
  const from = cursor === undefined ? 0 : readCursor(cursor);
  const next = from + limit;
  const page = items.slice(from, next);
  return next < items.length ? { items: page, nextCursor: `at-${next}` } : { items: page };
}

function readCursor(cursor: string): number {
  const at = /^at-([0-9]{1,9})$/.exec(cursor)?.[1];
  if (at !== undefined) return Number(at);
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cursor.slice(0, 40)}\` is not a cursor of this list`,
    fix: 'pass `nextCursor` of the last answer unchanged, or leave `cursor` out',
    field: 'cursor',
  });
}
