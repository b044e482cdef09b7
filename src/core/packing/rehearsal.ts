import { type Base, bases, policyOn, usualBase } from './bases.ts';
import type { Fleet } from './fleet.ts';
import { Nodes } from './nodes.ts';
import { Packer } from './packer.ts';
import { type Script, scriptOf } from './script.ts';
import { gpuMilliOf, Shapes } from './shape.ts';
import type { Target } from './target.ts';

/** Percent of the GPUs requested, at which the use of the GPUs is compared. */
const marks = [90, 95, 100, 110, 120, 130] as const;

/**
 * After the first take only so many of the bases that turn play on, after the third only so many of all, and their
 * rivals.
 */
const turningAfterFirst = 6;
const finalistsAfterThird = 5;
const takesInAll = 8;

/**
 * What it costs to fall behind the best published policy at one mark, where that is worst, in marks at which one is
 * ahead by as much: a policy that is best on the whole must not be a bad choice for a fleet that stays at one load.
 */
const lagMarks = 24;

/** Per mille of a fleet, all marks together, by which others must be better than the usual base: less is chance. */
const headStart = 1;

/** A base, and GPU milli in use at each mark, of all takes that it has played together. */
type Played = { readonly base: Base; readonly uses: readonly number[] };

/**
 * No published policy leads on every workload, nor from the first request to the last, so the default policy tries: it
 * fills a small copy of the empty fleet with requests drawn from the target, several times with each base. Kept is the
 * base with the most GPUs in use, all marks together, less what it falls behind the best published policy where it
 * falls behind most; the first of equals. It works because what a policy wastes follows from the fleet and from what
 * is asked for, hardly from the order in which it is asked for. The draws are a fixed sequence, so the same fleet and
 * target give the same base everywhere.
 */
export function rehearse({ nodes, target }: Fleet): Base {
  let played: readonly Played[] = bases.map((base) => ({ base, uses: marks.map(() => 0) }));
  let capacityMilli = 0;
  for (let take = 1; take <= takesInAll; take++) {
    const script = scriptOf(nodes.capacities, target, take);
    if (script === undefined) return usualBase;
    if (take === 2) played = lastingAndBestTurning(played, capacityMilli);
    if (take === 4) played = stillOpen(played, capacityMilli);
    capacityMilli += script.capacityMilli;
    played = played.map(({ base, uses }) => {
      const more = perform(script, target, base);
      return { base, uses: uses.map((milli, mark) => milli + (more[mark] ?? 0)) };
    });
  }
  return byWorth(played, capacityMilli)[0]?.base ?? usualBase;
}

/** Those that last, and the best of those that turn: what lasts is not crowded out by many that are nearly alike. */
function lastingAndBestTurning(played: readonly Played[], capacityMilli: number): readonly Played[] {
  const turning = byWorth(played, capacityMilli).filter(({ base }) => base.late !== undefined);
  const best = new Set(turning.slice(0, turningAfterFirst));
  return played.filter((one) => one.base.late === undefined || best.has(one));
}

/** The finalists, and the published policies that are the best of those at some mark. */
function stillOpen(played: readonly Played[], capacityMilli: number): readonly Played[] {
  const best = new Set(byWorth(played, capacityMilli).slice(0, finalistsAfterThird));
  const rivals = played.filter(isPublished);
  for (const [mark, goal] of goalsOf(played).entries()) {
    const leader = rivals.find(({ uses }) => uses[mark] === goal);
    if (leader !== undefined) best.add(leader);
  }
  return played.filter((one) => best.has(one));
}

/** The best first, the usual base with a head start; of equals the one that stands first. */
function byWorth(played: readonly Played[], capacityMilli: number): Played[] {
  const goals = goalsOf(played);
  const ahead = Math.floor((capacityMilli * headStart) / 1000);
  const worthOf = ({ base, uses }: Played) => {
    const lag = Math.max(0, ...goals.map((goal, mark) => goal - (uses[mark] ?? 0)));
    const sum = uses.reduce((total, milli) => total + milli, 0);
    return sum - lag * lagMarks + (base === usualBase ? ahead : 0);
  };
  return played
    .map((one) => ({ one, worth: worthOf(one) }))
    .toSorted((a, b) => b.worth - a.worth)
    .map(({ one }) => one);
}

/** The most that a published policy as it is uses at each mark. */
function goalsOf(played: readonly Played[]): number[] {
  const rivals = played.filter(isPublished);
  return marks.map((_, mark) => Math.max(0, ...rivals.map(({ uses }) => uses[mark] ?? 0)));
}

function isPublished({ base }: Played): boolean {
  return base.weights === undefined && base.late === undefined;
}

/** GPU milli in use at each mark, and at the end where a mark was not reached. */
function perform(script: Script, target: Target, base: Base): number[] {
  const nodes = new Nodes(script.capacities);
  const shapes = new Shapes(nodes.models);
  const packer = new Packer(nodes, shapes, policyOn(base, { nodes, shapes, target }));
  const used: number[] = [];
  let requestedMilli = 0;
  let usedMilli = 0;
  for (const request of script.requests) {
    const milli = gpuMilliOf(request);
    requestedMilli += milli;
    if (packer.place(shapes.idOf(request)) !== undefined) usedMilli += milli;
    while (
      used.length < marks.length &&
      requestedMilli * 100 >= script.capacityMilli * (marks[used.length] ?? 0)
    )
      used.push(usedMilli);
  }
  return marks.map((_, mark) => used[mark] ?? usedMilli);
}
