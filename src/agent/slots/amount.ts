import { compareText } from '../../model/text.ts';
import { type Gazetteer, modelNames } from '../gazetteer.ts';
import { rawOf } from '../normalise.ts';
import { type Reading } from '../reading.ts';
import { type Amount, mask } from '../spans/span.ts';
import { type FrameReading, spansOf, either, narrowest } from './slot.ts';

export function amountSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'amount');
  const [first, ...more] = spans;
  if (first === undefined) return { frame: {}, problems: [] };
  const written = rawOf(reading.line, first);
  if (more.length > 0)
    return {
      frame: {},
      problems: [
        either(
          'count',
          'how many GPUs',
          spans.map((span) => sizeOf(span.amount)),
        ),
      ],
    };
  if (first.bound === 'at-most' || first.bound === 'more-than')
    return {
      frame: {},
      problems: [
        {
          slot: 'count',
          text: `how many GPUs exactly (\`${written}\`)`,
          suggestions: [sizeOf(first.amount)],
        },
      ],
    };
  const loose = first.bound === 'at-least' || first.bound === 'about';
  const notes = loose ? [`\`${written}\` is read as exactly ${sizeOf(first.amount)}`] : [];
  return { frame: { amount: first.amount, ...(loose ? { notes } : {}) }, problems: [] };
}

/**
 * A bare number that answers the question how many: `16`, `16 of them`, `make it 16`, `2 nodes`. A number that
 * counts something else (`900 per day`, `50 percent`, `option 1`) is none.
 */
export function amountOfBareNumber(reading: Reading): Amount | undefined {
  const [only, ...more] = spansOf(reading, 'number');
  if (only === undefined || more.length > 0 || spansOf(reading, 'amount').length > 0) return undefined;
  if (
    !Number.isInteger(only.value) ||
    only.value <= 0 ||
    countsOther.test(reading.line.text.slice(0, only.from))
  )
    return undefined;
  const rest = mask(
    reading.line.text,
    reading.spans.filter(({ kind }) => kind !== 'number'),
  ).slice(only.to);
  if (/^ (?:full |whole |entire )?(?:nodes?|servers?|machines?|hosts?|boxes|box)\b/u.test(rest))
    return { shape: 'nodes', groups: only.value };
  return countEnd.test(rest) ? { shape: 'total', gpus: only.value } : undefined;
}

const countsOther =
  /\b(?:option|offer|number|alternative|budget|price|costs?|cap|limit|spend|pay|money|version|replicas?|left|nodes?|racks?|day|hour|core|cores|memory|cw|kw|week)\b[^,.;!?]{0,12}$/u;

const countEnd =
  /^(?:\s*$|\s*[,.;!?)]|  | (?:costs?|fit|of (?:them|those|these|it)|then|instead|please|pls|rather|now|though|thanks|for|in|at|on|with|from|until|till|starting|and|but|or|not|only|total|altogether|more|fewer|less|additional|extra)\b(?! total\b))/u;

function sizeOf(amount: Amount): string {
  if (amount.shape === 'total') return `${amount.gpus}`;
  if (amount.shape === 'nodes') return `${amount.groups} nodes`;
  return amount.shape === 'each' ? `${amount.groups} x ${amount.gpus}` : `${amount.gpus} on ${amount.groups}`;
}

export function modelSlots(reading: Reading, gazetteer: Gazetteer): FrameReading {
  const spans = spansOf(reading, 'model').filter(
    ({ negative, isStrange }) => negative !== true && isStrange !== true,
  );
  const refused = spansOf(reading, 'model').filter(({ negative }) => negative === true);
  const problems = refused.map((span) => ({
    slot: 'model',
    text: `which model instead (\`${rawOf(reading.line, span)}\`)`,
    suggestions: modelNames(gazetteer.summary),
  }));
  const strange = spansOf(reading, 'model').filter(({ isStrange }) => isStrange === true);
  for (const span of strange)
    problems.push({
      slot: 'model',
      text: `which GPU model (I do not know \`${rawOf(reading.line, span)}\`)`,
      suggestions: modelNames(gazetteer.summary),
    });
  const known = spans.map((span) => (span.models.length > 0 ? span.models : [span.asked]));
  const distinct = new Set(known.map((models) => models.join()));
  const joined = spans
    .slice(1)
    .every((span, i) => /\bor\b|\/|\bowise\b/u.test(reading.line.text.slice(spans[i]?.to ?? 0, span.from)));
  if (distinct.size > 1 && !joined && !isNarrowing(known))
    return { frame: {}, problems: [...problems, either('model', 'which model', [...new Set(known.flat())])] };
  const models = isNarrowing(known) ? narrowest(known) : [...new Set(known.flat())];
  const notes = spans
    .filter((span) => span.models.length > 1 && !joined)
    .map((span) => `\`${rawOf(reading.line, span)}\` is any of ${span.models.join(', ')}`);
  const frame =
    models.length === 0
      ? {}
      : { models: models.toSorted(compareText), ...(notes.length === 0 ? {} : { notes }) };
  return { frame, problems };
}

/** `H100 … H100-SXM-80GB`: the second says more than the first, not something else. */
function isNarrowing(sets: readonly (readonly string[])[]): boolean {
  return sets.length > 1 && narrowest(sets).length > 0;
}
