/** The names that an expression stands for, or why it cannot be read. */
export type Hostlist =
  | { readonly names: readonly string[]; readonly why?: undefined }
  | { readonly names?: undefined; readonly why: string };

/** The most names that one expression may stand for; the largest clusters have a fifth of it. */
const maxNames = 100_000;
const maxLength = 1_000_000;

/** Commas inside brackets separate numbers, others names. */
const word = /(?:[^,[\]\s]|\[[^[\]]*\])+/gu;

/**
 * The names behind a hostlist expression: `h100-[01-04,07],login`, `r[1-2]n[1-8]-ib`. Numbers keep the width of the
 * first of their range; a name that stands twice counts once. Bounded before anything is made: a short expression can
 * stand for more names than there is memory.
 *
 * Source: Slurm, src/common/hostlist.c; the same notation is used by ClusterShell, pdsh and topograph.
 */
export function expandHostlist(text: string): Hostlist {
  if (text.length > maxLength) return { why: `has ${text.length} characters` };
  if (!/^[,\s]*$/u.test(text.replaceAll(word, ''))) return { why: 'has brackets that do not match' };
  const names = new Set<string>();
  for (const [found] of text.matchAll(word)) {
    const made = expandWord(found, maxNames - names.size);
    if (made.names === undefined) return made;
    for (const name of made.names) names.add(name);
  }
  return { names: [...names] };
}

/** One word: text and brackets in turn. */
function expandWord(text: string, room: number): Hostlist {
  let names = [''];
  for (const [, plain, list] of text.matchAll(/([^[\]]+)|\[([^[\]]*)\]/gu)) {
    const added = plain === undefined ? numbersOf(list ?? '', room) : { names: [plain] };
    if (added.names === undefined) return added;
    if (names.length * added.names.length > room) return tooMany;
    names = names.flatMap((name) => added.names.map((more) => `${name}${more}`));
  }
  return { names };
}

const tooMany: Hostlist = { why: `stands for more than ${maxNames} names` };

/** `01-04,07` as numbers with their leading zeros. */
function numbersOf(list: string, room: number): Hostlist {
  const names: string[] = [];
  for (const range of list.split(',')) {
    const [, low, high = low] = /^\s*(\d{1,12})(?:-(\d{1,12}))?\s*$/u.exec(range) ?? [];
    if (low === undefined || high === undefined)
      return { why: `has a range that is none: [${list.slice(0, 40)}]` };
    const count = Number(high) - Number(low) + 1;
    if (count < 1) return { why: `has a range that ends before it begins: ${low}-${high}` };
    if (names.length + count > room) return tooMany;
    for (let at = 0; at < count; at++) names.push(String(Number(low) + at).padStart(low.length, '0'));
  }
  return { names };
}
