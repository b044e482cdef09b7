import { z } from 'zod';

import { BerthError } from '../model/error.ts';
import { cleanText, didYouMean } from '../model/text.ts';
import { descriptionOf, keysOf, pathsTo, schemaAt, spell, valueAt } from './schema-path.ts';

type Issue = z.core.$ZodIssue;

/** What was called with what. */
type Call = { readonly schema: z.ZodObject; readonly args: unknown };

/** One thing that is wrong with the arguments. */
type Problem = {
  readonly field: string;
  readonly message: string;
  readonly fix: string;
  readonly allowed?: readonly string[];
  readonly didYouMean?: string;
};

/**
 * Says what zod found so that a caller can mend it without reading a schema: `INVALID_INPUT`. Message and fix
 * name up to four problems, unknown keys first, for they are often why another key is missing; the other fields
 * are about the first of them.
 */
export function inputError(schema: z.ZodObject, args: unknown, issues: readonly Issue[]): BerthError {
  const problems = issues
    .toSorted((a, b) => Number(isUnknownKey(b)) - Number(isUnknownKey(a)))
    .flatMap((issue) => problemsOf(issue, { schema, args }));
  const told = problems.slice(0, toldCount);
  const more = problems.length > told.length ? [`and ${problems.length - told.length} more`] : [];
  return new BerthError({
    ...told[0],
    code: 'INVALID_INPUT',
    message: [...told.map(({ message }) => message), ...more].join('; '),
    fix: told.map(({ field, fix }) => (told.length > 1 ? `${quote(field)}: ${fix}` : fix)).join('; '),
  });
}

const toldCount = 4;

function isUnknownKey(issue: Issue): boolean {
  return issue.code === 'unrecognized_keys';
}

function problemsOf(issue: Issue, call: Call): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key, call));
  if (issue.code !== 'custom' && valueAt(call.args, issue.path) === undefined) return [missing(issue, call)];
  switch (issue.code) {
    case 'invalid_type':
      return [wrongType(issue, call)];
    case 'invalid_value':
    case 'invalid_union':
      return [notAllowed(issue, call)];
    case 'too_big':
      return [outOfBounds(issue, `at most ${issue.maximum}`, call)];
    case 'too_small':
      return [outOfBounds(issue, `at least ${issue.minimum}`, call)];
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
      return [malformed(issue, call)];
    case 'custom':
      return [valueAt(call.args, issue.path) === undefined ? broken(issue) : malformed(issue, call)];
    default:
      return issue satisfies never;
  }
}

function unknownKey(path: readonly PropertyKey[], key: string, { schema, args }: Call): Problem {
  const allowed = keysOf(schemaAt(schema, path, args), valueAt(args, path));
  const meant = didYouMean(key.slice(0, 80), allowed);
  const field = cleanText(spell([...path, key]), 120);
  return {
    field,
    message: `${quote(field)} is not known`,
    fix: meant === undefined ? otherKey(key, allowed, schema) : rename(key, meant),
    ...(allowed.length > 0 && { allowed }),
    ...(meant !== undefined && { didYouMean: meant }),
  };
}

/** A key that is misspelt only in its unit would carry the wrong number over: `memoryGib` to `memoryMib`. */
function rename(key: string, meant: string): string {
  const [unit] = /(?:Mib|Gib|Mbps|Milli|Eur|Ms|S|W)$/.exec(meant) ?? [];
  return unit === undefined || key.endsWith(unit)
    ? `write \`${meant}\``
    : `write \`${meant}\`, with the value in the unit that the name ends in`;
}

function otherKey(key: string, allowed: readonly string[], schema: z.ZodObject): string {
  const elsewhere = pathsTo(key, schema);
  if (elsewhere.length > 0)
    return `${quote(key)} belongs in ${elsewhere.slice(0, 3).map(quote).join(' or ')}`;
  return allowed.length > 0 ? `allowed there: ${allowed.map(quote).join(', ')}` : 'give no arguments';
}

function missing(issue: Issue, { schema, args }: Call): Problem {
  const field = spell(issue.path);
  const node = schemaAt(schema, issue.path, args);
  const choices = choicesOf(issue);
  const allowed = choices.length > 0 ? choices : keysOf(node, undefined);
  const wanted = 'expected' in issue ? [nameOfType(issue.expected)] : [];
  const oneOf = choices.length > 0 ? [`one of ${choices.map(quote).join(', ')}`] : [];
  return {
    field,
    message: `${quote(field)} is missing`,
    fix: `give ${[...wanted, ...oneOf, descriptionOf(node) ?? []].flat().join(', ')}`,
    ...(allowed.length > 0 && { allowed }),
  };
}

function wrongType(issue: Extract<Issue, { code: 'invalid_type' }>, { schema, args }: Call): Problem {
  const field = spell(issue.path);
  const value = valueAt(args, issue.path);
  const wanted = nameOfType(issue.expected);
  const allowed = keysOf(schemaAt(schema, issue.path, args), undefined);
  const jsonAsText = typeof value === 'string' && /^\s*[[{]/.test(value);
  return {
    field,
    message: `${quote(field)} is ${nameOfValue(value, issue.expected)}, not ${wanted}`,
    fix: jsonAsText ? `send ${wanted} itself, not its JSON as text` : `send ${wanted}`,
    ...(allowed.length > 0 && { allowed }),
  };
}

function notAllowed(issue: Issue, { schema, args }: Call): Problem {
  const field = spell(issue.path);
  const value = valueAt(args, issue.path);
  const allowed = choicesOf(issue);
  const meant = typeof value === 'string' ? didYouMean(value.slice(0, 80), allowed) : undefined;
  const choices = allowed.length > 0 ? `write one of ${allowed.map(quote).join(', ')}` : undefined;
  return {
    field,
    message: `${quote(field)} cannot be ${quoteValue(value)}`,
    fix: meant === undefined ? (choices ?? hint(issue, schema, args)) : `write \`${meant}\``,
    ...(allowed.length > 0 && { allowed }),
    ...(meant !== undefined && { didYouMean: meant }),
  };
}

/** The values of an enum, or the cases of a union told apart by a key (which zod's types do not name). */
function choicesOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return z.object({ options: z.array(z.string()) }).safeParse(issue).data?.options ?? [];
}

function outOfBounds(issue: Issue, bound: string, { args }: Call): Problem {
  const field = spell(issue.path);
  const value = valueAt(args, issue.path);
  const what = Array.isArray(value) ? 'items' : 'characters';
  const size = Array.isArray(value) || typeof value === 'string' ? value.length : undefined;
  return {
    field,
    message: `${quote(field)} ${size === undefined ? `is ${quoteValue(value)}` : `has ${size} ${what}`}`,
    fix: `send ${bound}${size === undefined ? '' : ` ${what}`}`,
  };
}

function malformed(issue: Issue, { schema, args }: Call): Problem {
  const field = cleanText(spell(issue.path), 120);
  return {
    field,
    message: `${quote(field)} cannot be ${quoteValue(valueAt(args, issue.path))}`,
    fix: hint(issue, schema, args),
  };
}

/** A rule between several keys, of which the one that it is about was left out. */
function broken(issue: Issue): Problem {
  const field = spell(issue.path);
  return { field, message: `${quote(field)} is missing`, fix: issue.message };
}

/** The schema's own words; zod's would only name a regular expression. */
function hint(issue: Issue, schema: z.ZodObject, args: unknown): string {
  if (issue.code === 'invalid_key')
    return `name the key otherwise: ${issue.issues[0]?.message.toLowerCase()}`;
  if (!issue.message.startsWith('Invalid')) return issue.message;
  const what = descriptionOf(schemaAt(schema, issue.path, args));
  if (what !== undefined) return `write ${what}`;
  return issue.code === 'invalid_format' && issue.pattern !== undefined
    ? `write what matches ${quote(issue.pattern)}`
    : 'write what the input schema of the tool says';
}

const structures: ReadonlySet<string> = new Set(['object', 'record', 'array']);

function nameOfType(expected: string): string {
  return typeNames.get(expected) ?? expected;
}

const typeNames = new Map([
  ['object', 'an object'],
  ['record', 'an object'],
  ['array', 'a list'],
  ['string', 'text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', '`true` or `false`'],
]);

/** Text where an object was expected is not quoted: it may be a whole file of secrets that was named by mistake. */
function nameOfValue(value: unknown, expected: string): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string' && structures.has(expected)) return 'text';
  return typeof value === 'string' ? `the text ${quoteValue(value)}` : quoteValue(value);
}

function quoteValue(value: unknown): string {
  return quote(typeof value === 'string' ? value : JSON.stringify(value));
}

function quote(text: string): string {
  return `\`${cleanText(text, 120).replaceAll('`', "'")}\``;
}
