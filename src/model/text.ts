/** What a terminal or a model could act on: C0/C1, bidi controls, zero-width, tags, variation selectors. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

const shown = '\u{fffd}';

/**
 * Makes text from outside (labels, names, logs, model output) safe to print and to hand to a model:
 * one line, no control, bidi, zero-width or tag characters, at most `cap` characters. What was removed
 * leaves a visible mark.
 */
export function cleanText(text: string, cap = 200): string {
  const line = text
    .replaceAll(/[\t\r\n]+/g, ' ')
    .replaceAll(unsafe, shown)
    .toWellFormed();
  return line.length <= cap ? line : `${line.slice(0, Math.max(0, cap - 1)).toWellFormed()}…`;
}

/** Code unit order. Never the locale's, which differs between machines. */
export function compareText(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** The word of `known` nearest to `asked` (edit distance at most 2 and below half its length), if any. */
export function didYouMean(asked: string, known: Iterable<string>): string | undefined {
  let best: { word: string; distance: number } | undefined;
  for (const word of known) {
    const distance = editDistance(asked.toLowerCase(), word.toLowerCase());
    const near = distance <= 2 && distance * 2 < Math.max(asked.length, 3);
    if (near && (best === undefined || distance < best.distance)) best = { word, distance };
  }
  return best?.word;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
