import type { PartView } from '../../model/plan-view.ts';
import type { Problem } from '../frame.ts';
import { type Reading, spansOf } from '../reading.ts';
import { matches } from '../spans/span.ts';

/** How many replicas of a part there shall be, or what has to be known for it. */
export type Sizing = {
  readonly replicas?: Readonly<Record<string, number>>;
  readonly problems: readonly Problem[];
};

type Wanted = { readonly value: number; readonly unit: 'gpus' | 'replicas'; readonly isMore: boolean };

/**
 * The size of a contract with one part that has GPUs: in GPUs, which have to fill whole replicas, or in replicas.
 * `from 8 to 12` means 12, `by 8` and `8 more` come on top.
 */
export function sizeOf(reading: Reading, parts: readonly PartView[]): Sizing {
  const wanted = wantedIn(reading);
  if (wanted.length === 0) return factorOf(reading, parts);
  const [only, ...others] = parts.filter(({ gpuCount }) => gpuCount > 0);
  const [size, ...sizes] = wanted;
  if (size === undefined || sizes.length > 0)
    return asks(
      `how many: ${wanted.map(({ value }) => value).join(' or ')}`,
      wanted.map(({ value }) => `${value}`),
    );
  const named = parts.find(({ name }) => new RegExp(`\\b${name}s?\\b`, 'u').test(reading.line.text));
  const part = named ?? only;
  if (part === undefined || (named === undefined && others.length > 0))
    return asks(
      'how many replicas of which part',
      parts.map(({ name }) => name),
    );
  const each = part.gpuCount / part.replicas;
  const asked = size.unit === 'gpus' ? size.value / each : size.value;
  const sign = less.test(reading.line.text) ? -1 : 1;
  const replicas = size.isMore ? part.replicas + sign * asked : asked;
  if (Number.isInteger(replicas) && replicas > 0)
    return { replicas: { [part.name]: replicas }, problems: [] };
  const below = Math.max(1, Math.floor(replicas)) * each;
  const near = [...new Set([below, (Math.max(0, Math.floor(replicas)) + 1) * each])];
  return asks(
    `how many GPUs: ${part.name} has ${each} in each replica, so the size is a multiple of ${each}`,
    near.map(String),
  );
}

const less = /\b(?:remov\w*|fewer|less|reduc\w*|decreas\w*|shrink\w*|drop|away|back)\b/u;

function wantedIn(reading: Reading): readonly Wanted[] {
  const { text } = reading.line;
  const counts = [...spansOf(reading, 'amount'), ...spansOf(reading, 'number')]
    .toSorted((a, b) => a.from - b.from)
    .filter(({ from }) => !/\bfrom $/u.test(text.slice(0, from)));
  return counts.flatMap((span): readonly Wanted[] => {
    const isMore =
      /\bby(?: another)? $|\b(?:add|adding|remove|take|another)(?: another)? $/u.test(
        text.slice(0, span.from),
      ) || /^ (?:[a-z0-9]+ ){0,2}(?:more|additional|extra|fewer|less)\b/u.test(text.slice(span.to));
    if (span.kind === 'number') return [{ value: span.value, unit: unitBehind(text, span.to), isMore }];
    const { amount } = span;
    if (amount.shape === 'total') return [{ value: amount.gpus, unit: 'gpus', isMore }];
    return amount.shape === 'nodes' ? [{ value: amount.groups, unit: 'replicas', isMore }] : [];
  });
}

function unitBehind(text: string, to: number): 'gpus' | 'replicas' {
  return /^ (?:more |extra |additional )?(?:replicas?|workers?|trainers?|servers?|members?|nodes?|pods?|instances?)\b/u.test(
    text.slice(to),
  )
    ? 'replicas'
    : 'gpus';
}

/** `double it`, `halve it`. */
function factorOf({ line: { text } }: Reading, parts: readonly PartView[]): Sizing {
  const [word] = matches(text, /\b(?:doubl(?:e|ing)|halv(?:e|ing))\b/gu);
  if (word === undefined) return { problems: [] };
  const [part, ...others] = parts.filter(({ gpuCount }) => gpuCount > 0);
  const factor = word.match[0].startsWith('doubl') ? 2 : 0.5;
  const replicas = (part?.replicas ?? 0) * factor;
  if (part === undefined || others.length > 0 || !Number.isInteger(replicas) || replicas < 1)
    return asks('how many replicas there shall be', []);
  return { replicas: { [part.name]: replicas }, problems: [] };
}

function asks(text: string, suggestions: readonly string[]): Sizing {
  return { problems: [{ slot: 'count', text, suggestions }] };
}
