const maxNames = 10_000;

/**
 * The names that `n01..n04`, `n01`, or a list of both stand for, in the order written. Both ends of a range have
 * the same letters, and the same number of digits where they are padded. Nothing for text that is neither.
 */
export function expandNames(written: string | readonly string[]): readonly string[] | undefined {
  const parts = typeof written === 'string' ? [written] : written;
  const names: string[] = [];
  for (const part of parts) {
    const expanded = expandOne(part);
    if (expanded === undefined || names.length + expanded.length > maxNames) return undefined;
    names.push(...expanded);
  }
  return names;
}

function expandOne(part: string): readonly string[] | undefined {
  if (/^[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,39}$/.test(part)) return [part];
  const match = /^((?:[a-z0-9][a-z0-9._-]{0,29}?)??)(\d{1,9})\.\.([a-z0-9._-]{0,30}?)(\d{1,9})$/.exec(part);
  if (match === null) return undefined;
  const [, prefix = '', first = '', lastPrefix = '', last = ''] = match;
  const padded = first.startsWith('0') && first.length > 1;
  const count = Number(last) - Number(first) + 1;
  if (lastPrefix !== '' && lastPrefix !== prefix) return undefined;
  if (count < 1 || count > maxNames || (padded && first.length !== last.length)) return undefined;
  return Array.from(
    { length: count },
    (_, i) => `${prefix}${String(Number(first) + i).padStart(padded ? first.length : 1, '0')}`,
  );
}
