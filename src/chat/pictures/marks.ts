import type { GpuUse, Holder, Seat } from '../../model/picture-view.ts';
import { countOf } from '../cards/amount.ts';
import { type Line, span, type Span, type Tone } from '../cards/line.ts';

/** One character for each GPU, and what they mean. Characters tell them apart; colours only help. */
export type Marks = {
  readonly of: (seat: Pick<Seat, 'use' | 'heldBy'>) => Span;
  /** For a GPU, or anything else somebody may hold. */
  readonly holder: (heldBy: readonly string[]) => string;
};

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const several = '*';
const somebody = '#';

type Meaning = { readonly mark: string; readonly words: string; readonly tone: Tone };

const notPromised: Meaning = { mark: '?', words: 'shared or partitioned: not promised', tone: 'warn' };

const others: ReadonlyMap<string, Meaning> = new Map<Exclude<GpuUse, 'held'>, Meaning>([
  ['free', { mark: '.', words: 'free', tone: 'good' }],
  ['part', { mark: '%', words: 'held in part', tone: 'accent' }],
  ['closed', { mark: '=', words: 'closed for maintenance', tone: 'warn' }],
  ['down', { mark: 'x', words: 'down', tone: 'bad' }],
  ['cordoned', { mark: '-', words: 'cordoned', tone: 'warn' }],
  ['unpromised', notPromised],
]);

/** Marks for a picture: a letter for each of its first 26 holders. */
export function marksOf(holders: readonly Pick<Holder, 'id'>[]): Marks {
  const letterOf = new Map(holders.slice(0, letters.length).map(({ id }, at) => [id, letters.charAt(at)]));
  const holder = (heldBy: readonly string[]) => {
    const [only, second] = heldBy;
    if (second !== undefined) return several;
    return (only === undefined ? undefined : letterOf.get(only)) ?? somebody;
  };
  return {
    holder,
    of: ({ use, heldBy }) => {
      if (use === 'held') return { text: holder(heldBy), tone: 'accent' };
      const { mark, tone } = others.get(use) ?? notPromised;
      return { text: mark, tone };
    },
  };
}

/** `[AAAA..x.]` for the GPUs of a node, runs of one tone joined. */
export function seatRow(seats: readonly Seat[], marks: Marks): Line {
  const row: Span[] = [];
  for (const mark of seats.map(marks.of)) {
    const last = row.at(-1);
    if (last !== undefined && last.tone === mark.tone)
      row[row.length - 1] = { ...last, text: last.text + mark.text };
    else row.push(mark);
  }
  return [{ text: '[' }, ...row, { text: ']' }];
}

/** What the marks that a picture uses mean: `A C-101 (acme), 24 GPUs`, `. free`. */
export function legend(holders: readonly Holder[], seats: readonly Pick<Seat, 'use' | 'heldBy'>[]): Line[] {
  const marks = marksOf(holders);
  const used = new Set(seats.map((seat) => marks.of(seat).text));
  const named = holders
    .slice(0, letters.length)
    .map((each): Line => [{ text: `${marks.holder([each.id])} `, tone: 'accent' }, span(holderWords(each))]);
  const rest = [...others.values()]
    .filter(({ mark }) => used.has(mark))
    .map(({ mark, words, tone }): Line => [{ text: `${mark} `, tone }, { text: words }]);
  return [
    ...named,
    ...(used.has(several) ? [[span(`${several} held by several, one after the other`)]] : []),
    ...(used.has(somebody) ? [[span(`${somebody} held by ${somebodyWords(holders.length)}`)]] : []),
    ...rest,
  ];
}

function somebodyWords(holders: number): string {
  const more = holders - letters.length;
  return more > 0 ? `one of ${more} more, or somebody you may not see` : 'somebody you may not see';
}

/** `C-101 (acme), 24 GPUs`. */
export function holderWords({ id, tenant, gpuCount }: Holder): string {
  const whose = tenant === undefined ? '' : ` (${tenant})`;
  return `${id}${whose}, ${gpuCount === 0 ? 'no GPU' : countOf(gpuCount, 'GPU')}`;
}

/** What a GPU is doing, in words. */
export function useWords({ use, heldBy }: Pick<Seat, 'use' | 'heldBy'>): string {
  const by = heldBy.length === 0 ? '' : ` by ${heldBy.join(', ')}`;
  if (use === 'held') return by === '' ? 'held by somebody you may not see' : `held${by}`;
  return use === 'part' ? `held in part${by}` : (others.get(use) ?? notPromised).words;
}
