import type { Demand, Part } from '../../model/demand.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { Relaxation } from '../../model/refusal.ts';
import { dayMs } from '../../model/unit.ts';
import type { StartRange } from '../place/site.ts';
import type { Candidate } from '../place/solve.ts';
import type { State } from '../state.ts';
import { Answers } from './answers.ts';
import { requirements } from './requirements.ts';

/** How far ahead a later start is looked for. */
const horizonMs = 90 * dayMs;

/** No more offers than a person reads. */
export const offerLimit = 6;

export type Asked = {
  readonly demand: Demand;
  readonly starts: StartRange;
  readonly isPlain?: boolean;
  /** So many replicas fitted in the place that held most. */
  readonly replicasFit?: number;
  /** What was found out of the same refusal before. */
  readonly answers?: Answers;
};
export type Edit = { readonly change: string; readonly asked: Asked };

/**
 * Changes of the demand that turn the no into a yes, in the order in which people usually give way. Each one
 * was solved on this state and its demand is narrowed to the start and the models that were found, so that
 * asking again with it gives that answer.
 */
export function relaxations(state: State, verdict: PolicyVerdict, asked: Asked): readonly Relaxation[] {
  const offers: Relaxation[] = [];
  for (const edit of [
    { change: 'start later', asked: later(asked) },
    ...loosened(asked),
    ...unsliced(asked),
  ]) {
    const found = offerOf(state, verdict, edit);
    if (found !== undefined) offers.push(found);
  }
  const fewer = largestThatFits(state, verdict, asked);
  if (fewer !== undefined) offers.push(fewer);
  return offers.slice(0, offerLimit);
}

/** An edit as it was solved; nothing where it does not help. */
export function offerOf(
  state: State,
  verdict: PolicyVerdict,
  { change, asked }: Edit,
): Relaxation | undefined {
  const { answers = new Answers() } = asked;
  const found = answers.best(state, verdict, asked);
  return found === undefined ? undefined : offer(change, asked.demand, found);
}

function offer(change: string, demand: Demand, found: Candidate): Relaxation {
  const { latestStartMs: _latest, deadlineMs: _deadline, ...window } = demand.window;
  return {
    change,
    demand: { ...demand, window: { ...window, earliestStartMs: found.startMs } },
    startMs: found.startMs,
    ...offerPrice(found),
  };
}

/** What an offer would cost, as far as the site has prices. */
export function offerPrice({
  price: { totalMicroEur, microEurPerHour },
}: Candidate): Pick<Relaxation, 'totalMicroEur' | 'microEurPerHour'> {
  return {
    ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
    ...(microEurPerHour === undefined ? {} : { microEurPerHour }),
  };
}

/** The same with a start up to a horizon later, and no deadline. */
export function later({ demand, starts, ...how }: Asked): Asked {
  const latestMs = starts.earliestMs + horizonMs;
  const { deadlineMs: _deadline, ...window } = demand.window;
  return {
    ...how,
    demand: { ...demand, window: { ...window, latestStartMs: latestMs } },
    starts: { ...starts, latestMs },
  };
}

/** One requirement left out at a time; those the demand does not have are skipped. */
function loosened({ demand, ...rest }: Asked): readonly Edit[] {
  return requirements.flatMap(({ change, without }) => {
    const relaxed = change === undefined ? undefined : without(demand);
    return change === undefined || relaxed === undefined
      ? []
      : [{ change, asked: { ...rest, demand: relaxed } }];
  });
}

/**
 * Whole GPUs in place of slices. No requirement is left out: it takes more room, not less, and costs more, so it is
 * offered here and never tried for a conflict set.
 */
function unsliced({ demand, starts }: Asked): readonly Edit[] {
  if (demand.parts.every(({ each }) => each.gpus?.slice === undefined)) return [];
  const parts = demand.parts.map((part) => {
    if (part.each.gpus?.slice === undefined) return part;
    const { slice: _slice, ...gpus } = part.each.gpus;
    return { ...part, each: { ...part.each, gpus } };
  });
  return [{ change: 'a whole GPU instead of a slice', asked: { demand: { ...demand, parts }, starts } }];
}

/** The most replicas of the first part with several of them. As many as were put down already are tried first. */
function largestThatFits(
  state: State,
  verdict: PolicyVerdict,
  { demand, replicasFit = 0, ...rest }: Asked,
): Relaxation | undefined {
  const part = demand.parts.find(({ count }) => count > 1);
  if (part === undefined) return undefined;
  const withCount = (count: number): Asked => ({
    ...rest,
    demand: {
      ...demand,
      parts: demand.parts.map((other) => (other === part ? smaller(part, count) : other)),
    },
  });
  const gpus = part.each.gpus?.count ?? 0;
  const what = part.each.gpus?.slice === undefined ? 'GPUs' : 'slices';
  return largestOf(state, verdict, {
    count: part.count,
    withCount,
    guesses: demand.parts.length === 1 ? [replicasFit, replicasFit + 1] : [],
    change: (fits) =>
      gpus === 0
        ? `${fits} instead of ${part.count} replicas of \`${part.name}\``
        : `${fits * gpus} instead of ${part.count * gpus} ${what}`,
  });
}

/** So much less of something, of which `count` was asked for and does not fit. */
type Amount = {
  readonly count: number;
  readonly withCount: (count: number) => Asked;
  readonly change: (fits: number) => string;
  /** Tried first: mostly that is all. */
  readonly guesses?: readonly number[];
};

/** The most that fits, found by halving: less always fits where more does. Nothing where not even 1 does. */
export function largestOf(
  state: State,
  verdict: PolicyVerdict,
  { count, withCount, change, guesses = [] }: Amount,
): Relaxation | undefined {
  let fits = 0;
  let fails = count;
  const waiting = [...guesses];
  while (fails - fits > 1) {
    const guess = waiting.shift() ?? 0;
    const middle = guess > fits && guess < fails ? guess : Math.floor((fits + fails) / 2);
    const { answers = new Answers(), ...asked } = withCount(middle);
    if (answers.fits(state, verdict, asked)) fits = middle;
    else fails = middle;
  }
  return fits === 0 ? undefined : offerOf(state, verdict, { change: change(fits), asked: withCount(fits) });
}

/** Fewer replicas of a part, of which no more can be guaranteed. */
function smaller(part: Part, count: number): Part {
  const { minCount } = part;
  return { ...part, count, ...(minCount === undefined ? {} : { minCount: Math.min(minCount, count) }) };
}
