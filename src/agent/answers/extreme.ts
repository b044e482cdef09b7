import type { ContractView } from '../../model/contract-view.ts';
import { compareText } from '../../model/text.ts';
import { contractWords, listed, period } from '../reply.ts';

/** What a question wants the first of: a number of each contract, and which end of the order counts. */
export type Extreme = {
  readonly words: string;
  /** Undefined where a contract has none: it is left out. */
  readonly of: (contract: ContractView) => number | undefined;
  readonly least: boolean;
};

const ending = String.raw`(?:end|expir|finish|stop|run)\w*(?: out)?`;
const toEnd = String.raw`to (?:end|expire|finish|stop|run out)`;

const extremes: readonly (readonly [RegExp, Extreme])[] = [
  [
    new RegExp(
      `\\b${ending} (?:first|next|soonest|earliest|sooner)\\b|\\b(?:first|next|soonest) ${toEnd}\\b`,
      'u',
    ),
    { words: 'ends first', of: ({ endMs }) => endMs, least: true },
  ],
  [
    new RegExp(
      `\\b${ending} (?:last|latest|longest)\\b|\\b(?:last|latest) ${toEnd}\\b|\\blongest(?:[- ]running)?\\b`,
      'u',
    ),
    { words: 'ends last', of: ({ endMs }) => endMs ?? Number.MAX_SAFE_INTEGER, least: false },
  ],
  [
    /\b(?:biggest|largest|most gpus)\b/u,
    { words: 'holds most GPUs', of: ({ gpuCount }) => gpuCount, least: false },
  ],
  [
    /\b(?:smallest|fewest gpus)\b/u,
    { words: 'holds fewest GPUs', of: ({ gpuCount }) => gpuCount, least: true },
  ],
  [
    /\b(?:most expensive|dearest|priciest|costs?(?: us)?(?: the)? most)\b/u,
    { words: 'costs most an hour', of: ({ price }) => price.microEurPerHour, least: false },
  ],
  [
    /\b(?:cheapest|least expensive|costs?(?: us)?(?: the)? least)\b/u,
    { words: 'costs least an hour', of: ({ price }) => price.microEurPerHour, least: true },
  ],
];

/** Words of such a question, which are read by it. */
export const extremeWords =
  /\b(?:first|next|soonest|earliest|sooner|last|latest|longest|running|biggest|largest|smallest|fewest|dearest|priciest|most|least|expensive|cheapest|contract|reservation|booking|lease|costs?)\b/gu;

/** `which contract ends first`, `whose reservation is the largest`. */
export function extremeIn(text: string): Extreme | undefined {
  return extremes.find(([pattern]) => pattern.test(text))?.[1];
}

/** The contracts in the order asked for, ids last. */
export function inOrderOf(
  { of, least }: Extreme,
  contracts: readonly ContractView[],
): readonly ContractView[] {
  const known = contracts.flatMap((contract) => {
    const value = of(contract);
    return value === undefined ? [] : [{ contract, value }];
  });
  return known
    .toSorted(
      (a, b) => (least ? a.value - b.value : b.value - a.value) || compareText(a.contract.id, b.contract.id),
    )
    .map(({ contract }) => contract);
}

/** `C-103 (…) ends first: it runs …`; all that share the first place. */
export function extremeReply(extreme: Extreme, ordered: readonly ContractView[]): string {
  const [first] = ordered;
  if (first === undefined) return 'No contract fits that.';
  const equal = ordered.filter((one) => extreme.of(one) === extreme.of(first));
  const names = equal.map((one) => `${contractWords(one)}, which runs ${period(one)}`);
  const verb = equal.length === 1 ? extreme.words : `share it (${extreme.words})`;
  return `Of ${ordered.length} contracts, ${verb}: ${listed(names, 4)}.`;
}
