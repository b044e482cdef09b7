import type { Demand, Part } from '../../model/demand.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { Relaxation } from '../../model/refusal.ts';
import { hourS } from '../../model/unit.ts';
import { couldSolve } from '../place/solve.ts';
import type { State } from '../state.ts';
import { type Asked, type Edit, largestOf, later, offerLimit, offerOf } from './relax.ts';
import { requirements } from './requirements.ts';

/** Where so many offers are there already, no others are looked for. */
const enough = 3;

/** No refusal costs more searches than this for pairs of changes. */
const pairLimit = 24;

/** Lengths are tried in such parts of what was asked for. */
const lengthParts = 16;

type Known = {
  /** What was offered already. */
  readonly offers: readonly Relaxation[];
  /** Requirements that cannot be met together, where they were looked for. */
  readonly conflict?: readonly string[];
};

/**
 * More offers for a demand that has fewer than three: less of what it asks for, and then two requirements given up at
 * once, as many as it takes to make three. Each was solved on this state. A pair that helps has to take something out of
 * every set of requirements that stand in the way, so only those with a member of the one that is known are tried.
 */
export function furtherRelaxations(
  state: State,
  verdict: PolicyVerdict,
  asked: Asked,
  { offers, conflict }: Known,
): readonly Relaxation[] {
  const missing = Math.min(enough, offerLimit) - offers.length;
  const found: Relaxation[] = [];
  for (const look of [shorter, ...asked.demand.parts.flatMap((part) => [fewerOf(part), smallerOf(part)])]) {
    if (found.length >= missing) return found;
    const less = look(state, verdict, asked);
    if (less !== undefined) found.push(less);
  }
  const alone = new Set(offers.map(({ change }) => change));
  let tries = 0;
  for (const pair of pairsOf(asked, { alone, conflict })) {
    if (found.length >= missing || tries++ >= pairLimit) break;
    const both = offerOf(state, verdict, pair);
    if (both !== undefined) found.push(both);
  }
  return found;
}

type Look = (state: State, verdict: PolicyVerdict, asked: Asked) => Relaxation | undefined;

/** The longest part of the time that was asked for: so much of it is free at once. */
function shorter(state: State, verdict: PolicyVerdict, asked: Asked): Relaxation | undefined {
  const { durationS } = asked.demand.window;
  if (durationS === undefined || durationS < lengthParts) return undefined;
  const partS = durationS >= lengthParts * hourS ? hourS : 1;
  const lengthOf = (parts: number) =>
    Math.max(1, Math.floor((durationS * parts) / lengthParts / partS)) * partS;
  // What has too few GPUs free for the shortest has no more of them for a longer one.
  if (!couldSolve(state, verdict, { ...asked, demand: lasting(asked.demand, lengthOf(1)) })) return undefined;
  return largestOf(state, verdict, {
    count: lengthParts,
    withCount: (parts) => ({ ...asked, demand: lasting(asked.demand, lengthOf(parts)) }),
    change: (parts) => `${lengthWords(lengthOf(parts))} instead of ${lengthWords(durationS)}`,
  });
}

function lasting(demand: Demand, durationS: number): Demand {
  return { ...demand, window: { ...demand.window, durationS } };
}

function lengthWords(seconds: number): string {
  return seconds % hourS === 0 ? `${seconds / hourS} h` : `${seconds} s`;
}

/** Fewer replicas of a part that is not the first with several: that was offered already where it helps. */
function fewerOf(part: Part): Look {
  return (state, verdict, asked) =>
    part.count < 2 || asked.demand.parts.find(({ count }) => count > 1) === part
      ? undefined
      : largestOf(state, verdict, {
          count: part.count,
          withCount: (count) => withPart(asked, part, { ...part, ...countsOf(part, count) }),
          change: (count) => `${count} instead of ${part.count} replicas of \`${part.name}\``,
        });
}

function countsOf({ minCount }: Part, count: number): Pick<Part, 'count' | 'minCount'> {
  return { count, ...(minCount === undefined ? {} : { minCount: Math.min(minCount, count) }) };
}

/** As many replicas with half of the GPUs, or of the cores where they have none; or a quarter, and so on. */
function smallerOf(part: Part): Look {
  return (state, verdict, asked) => {
    for (const { each, change } of halvesOf(part)) {
      const edit = { change, asked: withPart(asked, part, { ...part, each }) };
      const offer = offerOf(state, verdict, edit);
      if (offer !== undefined) return offer;
    }
    return undefined;
  };
}

function* halvesOf({
  name,
  each,
}: Part): Generator<{ readonly each: Part['each']; readonly change: string }> {
  const { gpus, cpuMilli } = each;
  const [whole, what] =
    gpus === undefined ? [Math.floor((cpuMilli ?? 0) / 1000), 'cores'] : [gpus.count, 'GPUs'];
  for (let left = whole / 2; left >= 1 && Number.isInteger(left); left /= 2)
    yield {
      each:
        gpus === undefined ? { ...each, cpuMilli: left * 1000 } : { ...each, gpus: { ...gpus, count: left } },
      change: `${left} instead of ${whole} ${what} for each replica of \`${name}\``,
    };
}

function withPart(asked: Asked, part: Part, now: Part): Asked {
  const parts = asked.demand.parts.map((other) => (other === part ? now : other));
  return { ...asked, demand: { ...asked.demand, parts } };
}

type Drop = {
  readonly name: string;
  readonly change: string;
  readonly from: (asked: Asked) => Asked | undefined;
};

const drops: readonly Drop[] = [
  ...requirements.flatMap(({ name, change, without }): Drop[] => {
    const from = (asked: Asked) => {
      const demand = without(asked.demand);
      return demand === undefined ? undefined : { ...asked, demand };
    };
    return change === undefined ? [] : [{ name, change, from }];
  }),
  { name: 'window', change: 'start later', from: later },
];

/**
 * Two requirements left out at once, neither of which helps alone; those with a later start come last, which is the
 * dearest to search.
 */
function* pairsOf(
  asked: Asked,
  {
    alone,
    conflict,
  }: { readonly alone: ReadonlySet<string>; readonly conflict: readonly string[] | undefined },
): Generator<Edit> {
  const isInWay = ({ name }: Drop) => conflict === undefined || conflict.includes(name);
  const waiting = drops.filter(({ change }) => !alone.has(change));
  for (const [at, second] of waiting.entries())
    for (const first of waiting.slice(0, at)) {
      if (!isInWay(first) && !isInWay(second)) continue;
      const less = first.from(asked);
      const both = less === undefined ? undefined : second.from(less);
      if (both !== undefined) yield { change: `${first.change} and ${second.change}`, asked: both };
    }
}
