/** Words that end with a full stop and no sentence: what follows belongs to them. */
const short =
  /(?:^|\s)(?:[a-z]\.(?:[a-z]\.)+|\p{L}\.|\d{1,2}|approx|incl|excl|resp|etc|vs|no|nr|st|mr|ms|dr|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)\.?$/iu;

/**
 * The sentences of a goal, in order: each line, and in a line each sentence. A full stop in a number, a time or a
 * shortened word ends nothing: half a sentence must never be taken for a whole one.
 */
export function goalsIn(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) => text.split(/\r?\n/u)).flatMap(sentencesIn);
}

function sentencesIn(line: string): string[] {
  const found: string[] = [];
  let begun = '';
  for (const piece of withoutMark(line).split(/(?<=[.!?;])\s+/u)) {
    begun = begun === '' ? piece : `${begun} ${piece}`;
    if (begun.endsWith('.') && short.test(begun)) continue;
    found.push(begun);
    begun = '';
  }
  return [...found, begun]
    .map((goal) => goal.replace(/;$/u, '').trim())
    .filter((goal) => /[\p{L}\p{N}]/u.test(goal));
}

/** Without what numbers it in a list. */
function withoutMark(line: string): string {
  return line.trim().replace(/^(?:[-*•]|\d{1,2}[.)])\s+/u, '');
}
