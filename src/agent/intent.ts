import { contractCues, cues, type Intent } from './cues.ts';
import type { Extent } from './normalise.ts';
import { type Reading, spansOf } from './reading.ts';
import { matches } from './spans/span.ts';
import { isOrdinary } from './words.ts';

export type IntentReading = {
  readonly intent: Intent | undefined;
  /** The other one, where two are too close to choose between and one of them has consequences. */
  readonly rival?: Intent;
  readonly score: number;
  /** Words that spoke for the intent: they are read. */
  readonly cues: readonly Extent[];
};

const consequential = new Set<Intent>(['plan', 'release', 'commit', 'drain']);

/** Which intent a line has, by weighted cues and by what kinds of spans it holds. */
export function intentOf(reading: Reading): IntentReading {
  const text = withoutTimes(reading);
  const hasContract = spansOf(reading, 'contract').length > 0;
  const scores = new Map<Intent, { score: number; cues: Extent[] }>();
  for (const [intent, weight, pattern] of [...cues, ...(hasContract ? contractCues : [])]) {
    const hits = matches(text, pattern);
    if (hits.length === 0) continue;
    const known = scores.get(intent) ?? { score: 0, cues: [] };
    scores.set(intent, { score: known.score + weight, cues: [...known.cues, ...hits.flatMap(readOf)] });
  }
  for (const [intent, weight] of structure(reading)) {
    const known = scores.get(intent) ?? { score: 0, cues: [] };
    scores.set(intent, { ...known, score: known.score + weight });
  }
  const ranked = [...scores].toSorted((a, b) => b[1].score - a[1].score || order(a[0]) - order(b[0]));
  const [first, second] = ranked;
  if (first === undefined || first[1].score < 2.5) return { intent: undefined, score: 0, cues: [] };
  const [intent, { score, cues: read }] = first;
  const isClose = second !== undefined && score - second[1].score < 0.75 && second[1].score >= 5;
  const matters = second !== undefined && (consequential.has(intent) || consequential.has(second[0]));
  return { intent, score, cues: read, ...(isClose && matters ? { rival: second[0] } : {}) };
}

/** A long match reads only the words at its ends: what stands between has not been understood by it. */
function readOf({ from, to, match }: Extent & { match: RegExpExecArray }): readonly Extent[] {
  if (to - from < 20) return [{ from, to }];
  const first = /^\S+/u.exec(match[0])?.[0].length ?? 0;
  const last = /\S+$/u.exec(match[0])?.[0].length ?? 0;
  return [
    { from, to: from + first },
    { from: to - last, to },
  ];
}

/** What the kinds of spans say: a count with a length is a request, a contract's id asks about it. */
function structure(reading: Reading): readonly (readonly [Intent, number])[] {
  const has = (kind: Parameters<typeof spansOf>[1]) => spansOf(reading, kind).length > 0;
  const wanted = has('model') || has('gpus') || has('slice');
  const found: (readonly [Intent, number])[] = [];
  if (wanted)
    found.push([
      'plan',
      1 +
        (has('amount') || has('slice') ? 1.5 : 0) +
        (has('length') ? 1.5 : 0) +
        (has('tenant') ? 1 : 0) +
        (has('money') ? 0.5 : 0),
    ]);
  if (wanted && has('amount') && has('length')) found.push(['contract', -3]);
  if (spansOf(reading, 'amount').some(({ amount }) => amount.shape !== 'total') && has('length'))
    found.push(['list', -6]);
  if (has('fraction')) found.push(['fraction', 9]);
  if (wanted && (has('amount') || has('slice'))) found.push(['commit', -4]);
  if (has('contract')) found.push(['contract', 2.6]);
  if (has('contract') && has('time') && newEnd.test(reading.line.text)) found.push(['resize', 12]);
  if (has('plan')) found.push(['commit', 1]);
  const { text } = reading.line;
  const isGiven = /^\W*(?:please )?(?:give|get|book|reserve|allocate|assign|hand|let)\b/u.test(text);
  if (has('tenant') && !wanted && !isGiven && !/\bwhy\b/u.test(text) && owns.test(text))
    found.push(['contracts', 9]);
  if (has('tenant') && isGiven && /\b(?:everything|all|whatever)\b/u.test(text)) found.push(['plan', 6]);
  if (has('tenant') && endsBooking.test(text)) found.push(['release', 14]);
  if (has('tenant') && endsAll.test(text)) found.push(['release', 14]);
  if (has('model') && !has('length') && !has('tenant') && !has('contract') && asksPrice.test(text))
    found.push(['summary', 12]);
  const isOpen = !has('length') && !has('tenant') && !has('contract');
  const asksFree = /\b(?:free|available|idle|unused|spare|left)\b/u.test(text);
  const asksNodes = /\b(?:nodes?|servers?|machines?|hosts?|boxes)\b/u.test(text);
  if (wanted && isOpen && asksFree && !asksNodes) found.push(['capacity', 2.5]);
  const hasPlace = has('place') || has('region');
  if (hasPlace && !wanted && !has('length') && !has('contract') && asksRight(reading))
    found.push(['policy', 26]);
  const links = spansOf(reading, 'trait').some(({ trait: { slot } }) => slot === 'link' || slot === 'rdma');
  if (links && isOpen) found.push(['list', 1.5]);
  return [...found, ...placeStructure(reading)];
}

/** What somebody holds or pays for is in contracts. */
const owns =
  /\b(?:has|have|holds?|owns?|uses?|booked|reserved|got|pays?|paid|paying|spends?|spending|owes?)\b/u;

/** `cancel the reservation of acme`: a contract without its number, which is asked for. */
const endsBooking =
  /\b(?:releas\w*|cancel|terminat\w*|kill|end|stop|drop|delete|remove|give back)\b[^.;?]{0,20}\b(?:contracts?|reservations?|bookings?|allocations?|leases?)\b/u;

/** `cancel everything globex has`: which contract first is asked, none is guessed. */
const endsAll =
  /\b(?:releas\w*|cancel|terminat\w*|kill|end|stop|drop|delete|remove|give back)\b(?: of)? (?:all|everything|every|each|both|any)\b/u;

const be = String.raw`run|use|be|go|stay|work|operate|sit|live|deploy|compute|train|fine-?tune|store|process`;
const notIn = String.raw`(?:not|never|cannot|can't|isn't|closed|forbidden|barred|banned|blocked|excluded|denied|off[- ]limits|out)`;
/** Who is asked about: the word behind `may`. */
const mayBe = new RegExp(
  `^\\W*(?:may|can|could) (?:(?:the )?(?:team|tenant) )?([a-z0-9][\\w-]*) (?:${be})\\b`,
  'u',
);
const whyNot = new RegExp(
  `^\\W*(?:why|how come|what(?:'s| is)? (?:keep|hold|stop|block|bar|prevent)\\w*)\\b[^.;?]*\\b${notIn}(?![\\w-])`,
  'u',
);

/** `may acme run in Virginia?`, `why is iad3 closed to acme?`: what the rules say of a team and a place. */
function asksRight(reading: Reading): boolean {
  const { text } = reading.line;
  const isOfTenant = spansOf(reading, 'tenant').length > 0;
  return (
    (isOfTenant && whyNot.test(text) && !asksRoom.test(text)) ||
    strangerAsked(reading) !== undefined ||
    (isOfTenant && mayBe.test(text))
  );
}

const asksRoom = /\b(?:free|room|space|capacity|full|left|enough|more|available)\b/u;

/** `may wayne run in Virginia?`, where no team of that name is known here. */
export function strangerAsked(reading: Reading): string | undefined {
  const who = mayBe.exec(reading.line.text)?.[1];
  const isKnown = who === undefined || isOrdinary(who) || spansOf(reading, 'tenant').length > 0;
  return isKnown ? undefined : who;
}

/** What a model costs anywhere, of nobody's request. */
const asksPrice =
  /^\W*(?!what (?:if|about|happens|would happen)\b)(?:what|which|where|how)\b[^.;]*\b(?:rates?|prices?|priced|costs?|tariffs?|cheap(?:est|er)?|expensive)\b/u;

/** `C-103 should end on 12 December`: another end, not the question when it ends. */
const newEnd =
  /\b(?:should|shall|must|needs? to|has to|have to|let|make|can|could)\b[^.;?]*\b(?:end|run|last|finish|expire|stop|go on|continue)\b/u;

/** A rack or node named alone, or with a word of showing, is to be shown. */
function placeStructure(reading: Reading): readonly (readonly [Intent, number])[] {
  const { text } = reading.line;
  const places = spansOf(reading, 'place');
  const inner = places.filter((span) => span.places.some(({ level }) => level !== 'site'));
  const isOneNode =
    inner.length > 0 && inner.every((span) => span.places.every(({ level }) => level === 'node'));
  if (inner.length === 0)
    return places.length > 0 && /\b(?:show|describe|tell|about|what(?:'s| is| do))\b/u.test(text)
      ? [['summary', 3.2]]
      : [];
  if (
    !/^\W*who\b/u.test(text) &&
    /\b(?:show|describe|details?|tell|inspect|about|look|what(?:'s| is)|devices|topology|health|status)\b/u.test(
      text,
    )
  )
    return isOneNode
      ? [
          ['records', 5.5],
          ['list', -6],
        ]
      : [['records', 4.5]];
  if (/\bwho\b/u.test(text)) return [];
  const isMeant = inner.some(({ negative }) => negative === true) || /^\W*(?:in|on|at|inside)\b/u.test(text);
  return reading.spans.length === 1 && !isMeant ? [['records', 2.6]] : [];
}

/** Words inside calendar phrases (`the end of March`) are no cues; the phrase is blank. */
function withoutTimes(reading: Reading): string {
  let { text } = reading.line;
  for (const { from, to } of [...spansOf(reading, 'time'), ...spansOf(reading, 'tenant')])
    text = text.slice(0, from) + ' '.repeat(to - from) + text.slice(to);
  return text;
}

/** At equal score, the one that changes nothing. */
function order(intent: Intent): number {
  return consequential.has(intent) ? 1 : 0;
}
