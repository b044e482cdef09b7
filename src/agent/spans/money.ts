import type { Numeral } from '../numbers.ts';
import type { MoneyBasis, SpanOf } from './span.ts';

const capWords =
  /(?:\b(?:(?:with |on |within |under |below |a |the |our |my |total |daily |hard |at a )*(?:budget|cap|limit|ceiling|price|cost|costs?|costing|spend|spending|pay)(?: of| is| at| cap| limit|:)?|(?:at most|no more than|not more than|less than|not over|up to|under|below|within|max(?:imum|\.)?|cheaper than|not exceeding|without exceeding|do not exceed|don't exceed)|for)\s*)+(?:of )?$|<=? ?$/u;

const euro = /^ ?(?:€|eur\b|euros?\b)/u;
const foreign = /^ ?(?:[$£¥]|usd\b|us dollars?\b|dollars?\b|bucks\b|gbp\b|pounds?\b|chf\b|francs?\b|yen\b)/u;
const scale = /^ ?(?:k(?![a-z])|thousand\b|grand\b|m(?![a-z])|mio\.?|million\b)/u;
const basis =
  /^ ?(?:(?:per|a|an|\/|each|every) ?(?:(?:gpu|card|node)[ -/]?(?:hour|h|day)?|day|d|hour|hr|h|week|wk|month)(?![a-z])|daily\b|hourly\b|weekly\b|monthly\b|in total\b|total\b|altogether\b|overall\b|all in\b)/u;

/** Money caps in euros with their basis. Other currencies are found too, so that they can be asked about. */
export function readMoney(
  text: string,
  numerals: readonly Numeral[],
): readonly (SpanOf<'money'> | SpanOf<'foreign-money'>)[] {
  return numerals.filter(({ weak }) => !weak).flatMap((numeral) => moneyAt(text, numeral) ?? []);
}

function moneyAt(text: string, numeral: Numeral): SpanOf<'money'> | SpanOf<'foreign-money'> | undefined {
  const before = /(?:€|\beur|\beuros?) ?$/u.exec(text.slice(0, numeral.from))?.[0];
  const foreignBefore = /(?:[$£¥]|\busd|\bgbp|\bchf) ?$/u.exec(text.slice(0, numeral.from))?.[0];
  const scaled = scale.exec(text.slice(numeral.to))?.[0] ?? '';
  const afterScale = numeral.to + scaled.length;
  const sign = euro.exec(text.slice(afterScale))?.[0];
  const foreignSign = foreign.exec(text.slice(afterScale))?.[0];
  const written = before ?? sign ?? foreignBefore ?? foreignSign;
  if (written === undefined) return undefined;
  const lateScale =
    sign === undefined || scaled !== ''
      ? ''
      : (/^k(?![a-z])/u.exec(text.slice(afterScale + sign.length))?.[0] ?? '');
  const end = afterScale + (sign ?? foreignSign ?? '').length + lateScale.length;
  const said = basis.exec(text.slice(end))?.[0] ?? '';
  const start = numeral.from - (before ?? foreignBefore ?? '').length;
  const cap = capWords.exec(text.slice(0, start))?.[0] ?? '';
  const extent = { from: start - cap.length, to: end + said.length };
  if (before === undefined && sign === undefined) return { ...extent, kind: 'foreign-money' };
  const eur = numeral.value * factorOf(scaled + lateScale);
  return { ...extent, kind: 'money', eur, basis: basisOf(said === '' ? capBasis(cap) : said) };
}

function factorOf(scaled: string): number {
  if (scaled.trim() === '') return 1;
  return /^ ?(?:m|mio)/u.test(scaled) ? 1_000_000 : 1000;
}

function capBasis(cap: string): string {
  return /\bdaily\b/u.test(cap) ? 'daily' : '';
}

function basisOf(said: string): MoneyBasis {
  if (/gpu|card|node|month/u.test(said)) return 'unclear';
  if (/hour|\bhr?\b|\/ ?h/u.test(said)) return 'hour';
  if (/week|wk/u.test(said)) return 'week';
  return /day|daily|\bd\b|\/ ?d/u.test(said) ? 'day' : 'total';
}
