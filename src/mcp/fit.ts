import { isJsonObject, type Json, type JsonObject } from './json.ts';
import { sizeTokens } from './tokens.ts';

/** Of an answer that was asked for more: less than the 25,000 at which hosts cut answers themselves, without saying what is gone. */
export const answerCapTokens = 9_000;

/** Of an answer to whoever did not ask for more: many of them have to fit beside each other. */
export const usualCapTokens = 3_600;

/** Room for the sentences that say what was cut. */
export const hintTokens = 200;

/**
 * The answer with its lists shortened, in the order of `cuts`, until it fits; `truncated` and `hints` say what
 * is missing. Nothing when even empty lists do not help.
 */
export function fit(
  answer: JsonObject,
  cuts: readonly string[],
  narrow: string,
  capTokens = answerCapTokens,
): JsonObject | undefined {
  if (sizeTokens(answer) <= capTokens) return answer;
  const copy = structuredClone(answer);
  const said: string[] = [];
  for (const cut of cuts) {
    const excess = sizeTokens(copy) - (capTokens - hintTokens);
    if (excess <= 0) break;
    const lists = listsAt(copy, cut.split('.'));
    const all = countOf(lists);
    shorten(lists, excess);
    if (countOf(lists) < all) said.push(`\`${cut}\` shows ${countOf(lists)} of ${all}: ${narrow}`);
  }
  const told = withHints(copy, said);
  return sizeTokens(told) <= capTokens ? told : undefined;
}

/** Marks an answer as incomplete and says why. */
export function withHints(answer: JsonObject, said: readonly string[]): JsonObject {
  const before = Array.isArray(answer['hints']) ? answer['hints'] : [];
  return { ...answer, truncated: true, hints: [...before, ...said] };
}

/** The lists that a path such as `plan.parts[].members` names. */
function listsAt(value: Json | undefined, path: readonly string[]): Json[][] {
  const [step, ...rest] = path;
  if (step === undefined) return Array.isArray(value) ? [value] : [];
  if (!isJsonObject(value)) return [];
  const name = step.replace('[]', '');
  const child = Object.hasOwn(value, name) ? value[name] : undefined;
  if (!step.endsWith('[]')) return listsAt(child, rest);
  return Array.isArray(child) ? child.flatMap((item) => listsAt(item, rest)) : [];
}

/** Takes about `excess` tokens off the ends of the lists, off each in proportion to its size. */
function shorten(lists: readonly Json[][], excess: number): void {
  const total = lists.reduce((sum, list) => sum + sizeTokens(list), 0);
  const keptShare = Math.max(0, 1 - excess / Math.max(1, total));
  for (const list of lists) list.splice(fittingCount(list, Math.floor(sizeTokens(list) * keptShare)));
}

/** How many items from the front of the list fit into so many tokens. */
function fittingCount(list: readonly Json[], tokens: number): number {
  let used = 1;
  for (const [index, item] of list.entries()) {
    used += sizeTokens(item);
    if (used > tokens) return index;
  }
  return list.length;
}

function countOf(lists: readonly Json[][]): number {
  return lists.reduce((sum, list) => sum + list.length, 0);
}
