import type { Talk } from './answers/answer.ts';
import type { Problem } from './frame.ts';
import { type Gazetteer, nearName } from './gazetteer.ts';
import { type Extent, rawOf } from './normalise.ts';
import { type Reading, spansOf, type UnreadWord, unreadWords } from './reading.ts';
import { isRequestSpan } from './slots.ts';
import { overlap } from './spans/span.ts';
import { divisions, isOrdinary, recurrences, relatives } from './words.ts';

/**
 * Words that must not be passed over in a request: denials, conditions, numbers, repetitions, comparisons,
 * and places or teams that nobody knows. Cues cannot hide them; `settled` are words that were dealt with.
 */
export function blockers(
  talk: Pick<Talk, 'reading' | 'gazetteer' | 'cues'>,
  settled: readonly Extent[] = [],
): readonly Problem[] {
  const { reading, gazetteer, cues } = talk;
  const problems = unreadWords(reading, settled, isRequestSpan).flatMap(
    (unread) => meaningProblem(reading, unread) ?? [],
  );
  const { text } = reading.line;
  for (const { from, to, word } of unreadWords(reading, [...cues, ...settled], isRequestSpan)) {
    if (isPlaceLike(text, { from, to })) problems.push(unknownPlace(word, gazetteer));
    else if (isTenantLike(reading, { from, to })) problems.push(unknownTenant(word, gazetteer));
  }
  for (const span of [...spansOf(reading, 'contract'), ...spansOf(reading, 'plan')]) {
    const written = rawOf(reading.line, span);
    problems.push({
      slot: 'exception',
      text: `what \`${written}\` has to do with it (a request stands for itself)`,
      suggestions: [],
    });
  }
  problems.push(...foreignZones(reading));
  for (const span of spansOf(reading, 'unknown-place'))
    problems.push(unknownPlace(rawOf(reading.line, span), gazetteer, span.didYouMean));
  return problems;
}

/** Places that a line names and nobody knows, for answers that change nothing: they must not be about everywhere. */
export function unknownPlaces(talk: Pick<Talk, 'reading' | 'gazetteer' | 'cues'>): readonly Problem[] {
  const { reading, gazetteer } = talk;
  const named = spansOf(reading, 'unknown-place').map((span) =>
    unknownPlace(rawOf(reading.line, span), gazetteer, span.didYouMean),
  );
  return [...named, ...strangePlaces(talk).map((word) => unknownPlace(word, gazetteer))];
}

/** Words that stand where a place stands, and are none of this fleet. */
export function strangePlaces({ reading, cues }: Pick<Talk, 'reading' | 'cues'>): readonly string[] {
  return unreadWords(reading, cues, () => true)
    .filter((unread) => isPlaceLike(reading.line.text, unread))
    .map(({ word }) => word);
}

/** `in Oslo`, `on r99`: a word where a place stands. */
function isPlaceLike(text: string, { from, to }: Extent): boolean {
  const before = text.slice(0, from);
  const word = text.slice(from, to);
  if (isIdiom(word) || isOrdinary(word) || !/^[a-z]/u.test(word)) return false;
  return (
    /\b(?:in|at|near|inside|within) (?:the )?(?:rack |node |site |hall )?$/u.test(before) ||
    (/\bon (?:the )?(?:rack |node )?$/u.test(before) && /^[a-z]+[0-9]+$/u.test(word))
  );
}

/** `for wayne`, `the umbrella team`: a word where a team stands, and no team is known. */
function isTenantLike(reading: Reading, { from, to }: Extent): boolean {
  const { text } = reading.line;
  if (/\b(?:team|tenant|customer) $/u.test(text.slice(0, from))) return true;
  if (spansOf(reading, 'tenant').length > 0 || isIdiom(text.slice(from, to))) return false;
  return (
    /^ (?:team|tenant)\b/u.test(text.slice(to)) ||
    (/\bfor (?:our |the )?$/u.test(text.slice(0, from)) &&
      /^ *(?:$|[,.;!?]|\b(?:for|from|in|at|on|until|with|starting|tomorrow|today|next|by)\b)/u.test(
        text.slice(to),
      ))
  );
}

/** A word that changes what is asked for, whatever it belongs to. */
function meaningProblem(reading: Reading, { from, to, word, isNegation }: UnreadWord): Problem | undefined {
  const text = reading.line.text.slice(from, to);
  const phrase = around(reading, from, to);
  const other = reading.line.text.slice(to).match(/^ or (?:maybe |perhaps |even |rather )?\d+/u)?.[0];
  const isCount = spansOf(reading, 'amount').some(
    ({ from: at }) => at > from && at <= to + (other ?? '').length,
  );
  if (other !== undefined && isCount)
    return { slot: 'count', text: `how many GPUs: \`${word}${other}\``, suggestions: [] };
  const isNumber = reading.spans.some((span) => span.kind === 'number' && span.from === from);
  if (isNumber && /^ ?(?:ms|milliseconds?)\b/u.test(reading.line.text.slice(to)))
    return {
      slot: 'latency',
      text: `to users of which region ${word} ms are meant (\`latencyMsByRegion\` in a file for \`berth plan -f\` says it)`,
      suggestions: [],
    };
  if (isNumber) return { slot: 'number', text: `what the number \`${word}\` stands for`, suggestions: [] };
  if (isNegation || /^(?:if|provided|depending)$/u.test(text))
    return { slot: 'exception', text: `what \`${phrase}\` excludes (I cannot read it)`, suggestions: [] };
  if (divisions.has(text))
    return {
      slot: 'exception',
      text: `one undivided request (\`${phrase}\` cannot be kept)`,
      suggestions: [],
    };
  if (recurrences.has(text))
    return { slot: 'exception', text: `one time only (\`${phrase}\` would be several)`, suggestions: [] };
  if (relatives.has(text))
    return { slot: 'exception', text: `what exactly \`${phrase}\` comes to`, suggestions: [] };
  return undefined;
}

/** `9am IST`, `9am Gotham time`: a clock that nobody here can read. */
function foreignZones(reading: Reading): readonly Problem[] {
  return spansOf(reading, 'time').flatMap(({ moment, to }) => {
    if (moment.time === undefined) return [];
    const { line } = reading;
    const code = /^ \(?([A-Z]{2,5}|[A-Z][a-z]+)(?![A-Za-z0-9])/u.exec(line.cased.slice(to));
    const named = /^ \(?(?:in )?([a-z]+(?: [a-z]+)? time)\b/u.exec(line.text.slice(to));
    const said = named ?? code;
    if (said === null) return [];
    const at = to + said[0].length - (said[1] ?? '').length;
    const extent = { from: at, to: to + said[0].length };
    if (reading.spans.some((span) => overlap(span, extent))) return [];
    if (named === null && !isZoneCode(code?.[1] ?? '')) return [];
    const zone = rawOf(line, extent);
    return [
      { slot: 'start', text: `in which time zone that is (I do not know \`${zone}\`)`, suggestions: [] },
    ];
  });
}

/** Capitals right behind an hour, unless they begin another part of the request. */
function isZoneCode(word: string): boolean {
  return word === word.toUpperCase() && !/^(?:EU|EEA|US|GDPR|DORA|NVL|RDMA|AND|OR|IN|FOR|TO)$/u.test(word);
}

function isIdiom(word: string): boolean {
  return /^(?:parallel|advance|addition|general|fact|case|order|batch(?:es)?|production|prod|time|one|go|hurry|once|first|last|particular|principle|short|house)$/u.test(
    word,
  );
}

function around({ line }: Reading, from: number, to: number): string {
  const rest = /^(?:[^,.;]{0,30}?)(?=[,.;]|$)|^.{0,30}/u.exec(line.text.slice(to))?.[0] ?? '';
  return rawOf(line, { from, to: to + rest.length });
}

function unknownPlace(
  word: string,
  gazetteer: Gazetteer,
  near = nearName(gazetteer, word, 'place'),
): Problem {
  const sites = gazetteer.summary.sites.map(({ id }) => id);
  return {
    slot: 'place',
    text: `which place (I do not know \`${word}\`)`,
    suggestions: near === undefined ? sites : [near],
  };
}

function unknownTenant(word: string, gazetteer: Gazetteer): Problem {
  const tenants = gazetteer.summary.tenants.map(({ id }) => id);
  return { slot: 'tenant', text: `which team (I do not know \`${word}\`)`, suggestions: tenants };
}
