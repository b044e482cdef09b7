import type { Path } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import { heldIn } from '../calendar/calendar.ts';
import type { Judge } from '../simulate/edit.ts';
import type { State } from '../state.ts';
import { type Drained, drain, type DrainMove, type Hindrance } from './drain.ts';

export type WaveWish = {
  readonly nodes: readonly Path[];
  readonly lengthMs: number;
  /** Windows begin and end between these. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Nodes in one wave at most. */
  readonly atMost: number;
  readonly allowPrice: boolean;
};

/** A maintenance window for some nodes, and what has to move before it begins. */
type Wave = {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly nodes: readonly Path[];
  readonly moves: readonly DrainMove[];
};

export type Waves = {
  readonly waves: readonly Wave[];
  /** Nodes that get no window, and the contracts that stand in the way where the fewest do. */
  readonly left: readonly { readonly node: Path; readonly hindrances: readonly Hindrance[] }[];
  /** `best`: every other split was looked at, none is better. Else the best of two quick searches stands here. */
  readonly proven: 'best' | 'fewest' | 'nothing';
};

/** Up to here every split into waves is looked at. */
const exactNodes = 5;
const exactDrains = 2000;
/** Windows are tried at so many begins at most. */
const beginLimit = 48;

type Asked = {
  readonly wish: WaveWish;
  readonly judge: Judge;
  readonly atMs: number;
  /** Drains that have been tried. */
  tried: number;
};

type Course = { readonly waves: readonly Wave[]; readonly rest: readonly Path[] };

/**
 * Splits nodes into windows that follow each other, so that no contract is broken in any: what stands on a node of a
 * wave moves off it before the window, on its own terms and for the rest of its time. Most nodes, then fewest waves,
 * then the earliest end.
 */
export function wavesOf(state: State, wish: WaveWish, judge: Judge, atMs: number): Waves {
  const asked: Asked = { wish, judge, atMs, tried: 0 };
  const nodes = [...new Set(wish.nodes)].toSorted(compareText);
  const able = nodes.filter((node) => firstFit(state, asked, node));
  const quick = quickest(state, asked, able);
  const best = able.length <= exactNodes ? exactest(state, asked, able, quick) : undefined;
  const { waves, rest } = best ?? quick;
  const without = nodes.filter((node) => !able.includes(node) || rest.includes(node));
  return {
    waves,
    left: without.map((node) => ({ node, hindrances: hindrancesOn(state, asked, node) })),
    proven: best === undefined ? provenBy(quick, able.length, wish.atMost) : 'best',
  };
}

/** No plan has fewer waves than it takes to fill each of them. */
function provenBy({ waves, rest }: Course, nodeCount: number, atMost: number): Waves['proven'] {
  return rest.length === 0 && waves.length <= Math.ceil(nodeCount / atMost) ? 'fewest' : 'nothing';
}

function firstFit(state: State, asked: Asked, node: Path): boolean {
  return beginsFrom(state, asked, asked.wish.fromMs).some((fromMs) =>
    windowFor(state, asked, [node], fromMs),
  );
}

/**
 * The begins at which a window can first fit: the earliest, and whenever something ends anywhere in the fleet, for
 * that may be the room that a move needs. Any plan can be shifted to the left until each wave begins at one of them.
 */
function beginsFrom(state: State, { wish }: Asked, fromMs: number): readonly number[] {
  const lastMs = wish.untilMs - wish.lengthMs;
  const begins = new Set([fromMs]);
  for (const holds of state.calendar)
    for (const { endMs } of holds) if (endMs > fromMs && endMs <= lastMs) begins.add(endMs);
  return [...begins]
    .filter((begin) => begin <= lastMs)
    .toSorted((a, b) => a - b)
    .slice(0, beginLimit);
}

/** The drain of these nodes over a window that begins then, if nothing is in the way. */
function windowFor(
  state: State,
  asked: Asked,
  nodes: readonly Path[],
  fromMs: number,
): (Drained & { readonly wave: Wave }) | undefined {
  asked.tried++;
  const { lengthMs, allowPrice } = asked.wish;
  const untilMs = fromMs + lengthMs;
  const done = drain(state, { nodes, fromMs, untilMs, allowPrice, offers: false }, asked.judge, asked.atMs);
  if (done.hindrances.length > 0) return undefined;
  return { ...done, wave: { fromMs, untilMs, nodes, moves: done.moves } };
}

/** The better of taking the largest wave first and of taking whatever can be had soonest. */
function quickest(state: State, asked: Asked, nodes: readonly Path[]): Course {
  const largest = greedily(state, asked, nodes, (found) => found.toSorted(largestFirst)[0]);
  const soonest = greedily(state, asked, nodes, (found) => found[0]);
  return [largest, soonest].toSorted(betterFirst)[0] ?? largest;
}

type Found = Drained & { readonly wave: Wave };

function largestFirst(a: Found, b: Found): number {
  return b.wave.nodes.length - a.wave.nodes.length || a.wave.fromMs - b.wave.fromMs;
}

function betterFirst(a: Course, b: Course): number {
  return a.rest.length - b.rest.length || a.waves.length - b.waves.length || endOf(a) - endOf(b);
}

function endOf({ waves }: Course): number {
  return waves.at(-1)?.untilMs ?? 0;
}

function greedily(
  before: State,
  asked: Asked,
  nodes: readonly Path[],
  choose: (found: readonly Found[]) => Found | undefined,
): Course {
  let state = before;
  let rest = nodes;
  let fromMs = asked.wish.fromMs;
  const waves: Wave[] = [];
  while (rest.length > 0) {
    const found: Found[] = [];
    for (const begin of beginsFrom(state, asked, fromMs)) {
      const wave = widest(state, asked, rest, begin);
      if (wave !== undefined) found.push(wave);
      if (wave?.wave.nodes.length === Math.min(rest.length, asked.wish.atMost)) break;
    }
    const chosen = choose(found);
    if (chosen === undefined) break;
    waves.push(chosen.wave);
    ({ state } = chosen);
    fromMs = chosen.wave.untilMs;
    rest = rest.filter((node) => !chosen.wave.nodes.includes(node));
  }
  return { waves, rest };
}

/** As many nodes as fit into one window, idle ones first. */
function widest(state: State, asked: Asked, nodes: readonly Path[], fromMs: number): Found | undefined {
  const { atMost, lengthMs } = asked.wish;
  const idle = nodes.filter((node) => isIdle(state, node, fromMs, fromMs + lengthMs)).slice(0, atMost);
  let best = idle.length === 0 ? undefined : windowFor(state, asked, idle, fromMs);
  for (const node of nodes) {
    const taken = best?.wave.nodes ?? [];
    if (taken.length >= atMost) break;
    if (taken.includes(node)) continue;
    best = windowFor(state, asked, [...taken, node].toSorted(compareText), fromMs) ?? best;
  }
  return best;
}

function isIdle({ fleet, calendar }: State, id: Path, fromMs: number, untilMs: number): boolean {
  const node = fleet.nodeById.get(id);
  return node !== undefined && heldIn(calendar[node.index] ?? [], fromMs, untilMs).length === 0;
}

/** The best course of all, by looking at every one that is not worse than the best so far; nothing when that is too many. */
function exactest(state: State, asked: Asked, nodes: readonly Path[], quick: Course): Course | undefined {
  asked.tried = 0;
  let best = quick;
  const visit = (now: State, course: Course, fromMs: number): boolean => {
    if (betterFirst(course, best) < 0) best = course;
    if (course.rest.length === 0) return true;
    if (best.rest.length === 0 && course.waves.length + 1 > best.waves.length) return true;
    return beginsFrom(now, asked, fromMs).every((begin) =>
      subsetsOf(course.rest, asked.wish.atMost).every((some) => {
        if (asked.tried >= exactDrains) return false;
        const found = windowFor(now, asked, some, begin);
        if (found === undefined) return true;
        const next = {
          waves: [...course.waves, found.wave],
          rest: course.rest.filter((node) => !some.includes(node)),
        };
        return visit(found.state, next, found.wave.untilMs);
      }),
    );
  };
  return visit(state, { waves: [], rest: nodes }, asked.wish.fromMs) ? best : undefined;
}

/** Every choice of one to `most` nodes, large ones first. */
function subsetsOf(nodes: readonly Path[], most: number): readonly (readonly Path[])[] {
  const all = nodes.reduce<Path[][]>((sets, node) => [...sets, ...sets.map((set) => [...set, node])], [[]]);
  return all
    .filter(({ length }) => length > 0 && length <= most)
    .toSorted((a, b) => b.length - a.length || compareText(a.join(), b.join()));
}

/** What stands in the way of one node at the begin at which the least does. */
function hindrancesOn(state: State, asked: Asked, node: Path): readonly Hindrance[] {
  const { lengthMs, allowPrice } = asked.wish;
  const found = beginsFrom(state, asked, asked.wish.fromMs).map((fromMs) => {
    const wish = { nodes: [node], fromMs, untilMs: fromMs + lengthMs, allowPrice, offers: false };
    return drain(state, wish, asked.judge, asked.atMs).hindrances;
  });
  return found.toSorted((a, b) => a.length - b.length)[0] ?? [];
}
