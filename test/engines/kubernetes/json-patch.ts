import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

/** One step of a JSON patch (RFC 6902), of those that Berth sends. */
export const PatchStep = z.strictObject({
  op: z.enum(['add', 'remove', 'replace', 'test']),
  path: z.string().startsWith('/'),
  value: z.json().optional(),
});
export type PatchStep = z.infer<typeof PatchStep>;

type Tree = Readonly<Record<string, unknown>>;
const Branch = z.record(z.string(), z.unknown());
const List = z.array(z.unknown());

/** The object as the steps leave it; nothing where one of them does not hold, and then none does. */
export function patchedBy(object: Tree, steps: readonly PatchStep[]): Tree | undefined {
  let now: unknown = object;
  for (const step of steps) {
    const keys = step.path
      .slice(1)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    try {
      now = stepped(now, keys, step);
    } catch {
      return undefined;
    }
  }
  return Branch.parse(now);
}

function stepped(at: unknown, [key = '', ...rest]: readonly string[], step: PatchStep): unknown {
  const list = List.safeParse(at).data;
  if (list !== undefined) return inList(list, key, { rest, step });
  const branch = Branch.parse(at);
  const isThere = key in branch;
  if (rest.length > 0) {
    if (!isThere) throw new Error(`${key} is not there`);
    return { ...branch, [key]: stepped(branch[key], rest, step) };
  }
  if (step.op !== 'add' && !isThere) throw new Error(`${key} is not there`);
  if (step.op === 'test') return same(branch[key], step, branch);
  if (step.op === 'remove')
    return Object.fromEntries(Object.entries(branch).filter(([name]) => name !== key));
  return { ...branch, [key]: step.value };
}

function inList(
  list: readonly unknown[],
  key: string,
  { rest, step }: { readonly rest: readonly string[]; readonly step: PatchStep },
): unknown {
  const at = key === '-' ? list.length : Number(key);
  const isPlace =
    Number.isSafeInteger(at) && at < list.length + (step.op === 'add' && rest.length === 0 ? 1 : 0);
  if (!isPlace) throw new Error(`no place ${key}`);
  if (rest.length > 0) return list.with(at, stepped(list[at], rest, step));
  if (step.op === 'test') return same(list[at], step, list);
  if (step.op === 'remove') return list.toSpliced(at, 1);
  return step.op === 'add' ? list.toSpliced(at, 0, step.value) : list.with(at, step.value);
}

function same<T>(found: unknown, { value }: PatchStep, whole: T): T {
  if (!isDeepStrictEqual(found, value)) throw new Error('the test fails');
  return whole;
}
