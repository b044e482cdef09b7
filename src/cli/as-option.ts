import { BerthError } from '../model/error.ts';

/** What people type for what tools and requests call by another name. */
const optionOf: ReadonlyMap<string, string> = new Map([
  ['idempotencyKey', '--key'],
  ['idemKey', '--key'],
  ['minFreeGpus', '--free'],
  ['tenant', '--of'],
  ['lengthS', '--length'],
  ...['from', 'to', 'until', 'reason', 'purpose', 'limit', 'cursor', 'model', 'link', 'within', 'state'].map(
    (name) => [name, `--${name}`] as const,
  ),
]);

/** The same error in the words of the command line, where it is about an option. */
export function asOption(error: unknown): unknown {
  if (!(error instanceof BerthError)) return error;
  const { field, message, fix } = error.detail;
  const option = optionOf.get(field ?? '');
  if (option === undefined) return error;
  const named = (text: string) =>
    text.replaceAll(/`([a-zA-Z]+)`/g, (quoted, name: string) => {
      const typed = optionOf.get(name);
      return typed === undefined ? quoted : `\`${typed}\``;
    });
  return new BerthError(
    { ...error.detail, field: option, message: named(message), fix: named(fix) },
    { cause: error },
  );
}
