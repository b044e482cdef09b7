import { isMap, isScalar, type Node, visit } from 'yaml';
import { z } from 'zod';

import { cleanText, didYouMean } from '../../model/text.ts';
import { invalidFile, readText } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import type { Evidence } from '../source.ts';
import { nodeAt, parseYaml } from '../structured.ts';
import { InventoryDocument, keysByPart } from './schema.ts';

type Step = string | number;

/** An inventory that was read, and where each part of it stands. */
export type InventoryText = {
  readonly evidence: Evidence;
  readonly value: InventoryDocument;
  lineOf(path: readonly Step[]): number;
};

const expected = 'a YAML document with `schema: berth/inventory/1`';

/** Reads the one inventory of a file. A world file (`berth/world/1`) is read for the inventory inside it. */
export function readInventory(evidence: Evidence): InventoryText {
  const text = readText(evidence);
  if (/^\s*</u.test(text)) throw wrongFormat(evidence, text, 'inventory', expected);
  const { documents, lines } = parseYaml(evidence, text);
  const [document, second] = documents;
  const schema = schemaOf(document?.contents ?? null);
  const isWorld = schema === 'berth/world/1';
  if (document === undefined || !(isWorld || schema?.startsWith('berth/inventory/') === true))
    throw wrongFormat(evidence, text, 'inventory', expected);
  const lineAt = (offset: number | undefined) => (offset === undefined ? 1 : lines.linePos(offset).line);
  if (second !== undefined)
    throw invalidFile(evidence, 'holds several documents', 'put each inventory into its own file', {
      line: lineAt(second.contents?.range?.[0]),
    });
  const root: readonly Step[] = isWorld ? ['inventory'] : [];
  const lineOf = (path: readonly Step[]) => lineAt(nodeAt(document.contents, [...root, ...path]).start);
  settle(evidence, document.contents, lineAt);
  const whole: unknown = document.toJS({ maxAliasCount: 0 });
  const parsed = InventoryDocument.safeParse(isWorld ? inventoryIn(whole) : whole);
  if (!parsed.success) throw notAsSchema(evidence, parsed.error, lineOf);
  return { evidence, value: parsed.data, lineOf };
}

function schemaOf(root: Node | null): string | undefined {
  const { node } = nodeAt(root, ['schema']);
  return isMap(root) && isScalar(node) ? String(node.value) : undefined;
}

function inventoryIn(world: unknown): unknown {
  return z.object({ inventory: z.unknown() }).parse(world).inventory;
}

/**
 * Refuses anchors, which make a short file mean a huge one, and keys written twice, of which one would silently be
 * lost; cleans every text for terminals and models.
 */
function settle(evidence: Evidence, root: Node | null, lineAt: (offset: number | undefined) => number): void {
  visit(root, {
    Alias(_, alias) {
      throw invalidFile(
        evidence,
        'aliases (`*name`) are not read',
        'define what nodes share once, under `shapes`, and name it',
        { line: lineAt(alias.range?.[0]) },
      );
    },
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string') scalar.value = cleanText(scalar.value, 10_000);
    },
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const word = isScalar(key) ? String(key.value) : undefined;
        const line = lineAt(isScalar(key) ? key.range?.[0] : map.range?.[0]);
        if (word === undefined)
          throw invalidFile(evidence, 'a key is not a plain word', 'write `key: value`', { line });
        if (seen.has(word))
          throw invalidFile(
            evidence,
            `the key \`${cleanText(word, 80)}\` stands here a second time`,
            'keep one of them',
            { line },
          );
        seen.add(word);
      }
    },
  });
}

type Issue = z.core.$ZodIssue;

/** The first thing that is wrong, in the order of the lines, and how many more there are. */
function notAsSchema(evidence: Evidence, error: z.ZodError, lineOf: InventoryText['lineOf']) {
  const problems = error.issues
    .flatMap((issue) => problemsOf(issue))
    .map((problem) => ({ ...problem, line: lineOf(problem.path) }))
    .toSorted((a, b) => a.line - b.line);
  const [first] = problems;
  if (first === undefined) return invalidFile(evidence, 'is not what was expected', `expected: ${expected}`);
  const more = problems.length > 1 ? `; ${problems.length - 1} more problems follow` : '';
  const { line, allowed, suggestion } = first;
  return invalidFile(evidence, first.what, `${first.fix}${more}`, {
    line,
    ...(allowed === undefined ? {} : { allowed }),
    didYouMean: suggestion,
  });
}

type Problem = {
  readonly path: readonly Step[];
  readonly what: string;
  readonly fix: string;
  readonly allowed?: readonly string[];
  readonly suggestion?: string | undefined;
};

function problemsOf(issue: Issue): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key));
  const where = cleanText(path.join('.'), 160);
  const nested = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  const reason = cleanText(nested ?? issue.message.replace(/^Invalid input: /u, ''), 200);
  return [
    {
      path,
      what: where === '' ? reason : `\`${where}\`: ${reason}`,
      fix: valueFix(reason),
    },
  ];
}

function valueFix(reason: string): string {
  if (reason.endsWith('received undefined')) return 'add it';
  if (reason === 'expected string, received number') return 'put it in quotes: YAML reads it as a number';
  return 'correct the value';
}

function unknownKey(path: readonly Step[], key: string): Problem {
  const part = path.findLast((step) => typeof step === 'string' && keysByPart.has(step)) ?? '';
  const allowed = keysByPart.get(String(part)) ?? [];
  const suggestion = didYouMean(key, allowed);
  const elsewhere = [...keysByPart].flatMap(([name, keys]) =>
    keys.includes(key) ? [name || 'the top'] : [],
  );
  const where = path.length === 0 ? '' : ` in \`${cleanText(path.join('.'), 160)}\``;
  return {
    path: [...path, key],
    what: `unknown key \`${cleanText(key, 80)}\`${where}`,
    fix: fixOf(suggestion, elsewhere, allowed),
    allowed,
    suggestion,
  };
}

function fixOf(
  suggestion: string | undefined,
  elsewhere: readonly string[],
  allowed: readonly string[],
): string {
  if (suggestion !== undefined) return `did you mean \`${suggestion}\`?`;
  return elsewhere.length > 0
    ? `it belongs under ${elsewhere.join(' or ')}`
    : `remove it, or correct its name; keys there: ${allowed.join(', ')}`;
}
