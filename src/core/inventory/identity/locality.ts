import type { GpuFacts, NicFacts } from '../../../model/fact.ts';
import type { Devices, Numbering } from './devices.ts';

/** Groups that each source numbers as it likes: what counts is who is in one together. */
const groupings = ['pcieSwitch', 'pcieRoot', 'island'] as const;
type Grouping = (typeof groupings)[number];

/** For each grouping, the number that stands for each of the source's numbers. */
export type Regrouping = Readonly<Record<Grouping, ReadonlyMap<number, number>>>;

/** What other sources, or this one, say of the devices of a machine. */
export type Grouped = { readonly gpus: Devices<GpuFacts>; readonly nics: Devices<NicFacts> };

type Numberings = { readonly gpus: Numbering; readonly nics: Numbering };

/**
 * The source's numbers of switches, roots and islands in the words of what is known: where a group of one side meets
 * exactly one of the other, they are the same group. Groups that nobody knew, and all groups of a source that divides the
 * devices differently, get numbers that nobody has, so that a merge never joins what no source has joined.
 */
export function regroup(known: Grouped, observed: Grouped, numberings: Numberings): Regrouping {
  const of = (grouping: Grouping) =>
    renumber(pairsOf(known, observed, { grouping, numberings }), {
      theirs: groupsOf(known, grouping),
      own: groupsOf(observed, grouping),
    });
  return { pcieSwitch: of('pcieSwitch'), pcieRoot: of('pcieRoot'), island: of('island') };
}

/** The facts of a device with its groups renumbered. */
export function regrouped<T extends GpuFacts | NicFacts>(set: T, regrouping: Regrouping): T {
  let changed = set;
  for (const grouping of groupings) {
    const number = groupOf(set, grouping);
    const next = number === undefined ? undefined : regrouping[grouping].get(number);
    if (next !== undefined && next !== number) changed = { ...changed, [grouping]: next };
  }
  return changed;
}

type Pair = { readonly own: number; readonly theirs: number };

/** Groups of both sides that hold the same device. */
function pairsOf(
  known: Grouped,
  observed: Grouped,
  { grouping, numberings }: { readonly grouping: Grouping; readonly numberings: Numberings },
): readonly Pair[] {
  return (['gpus', 'nics'] as const).flatMap((kind) =>
    [...numberings[kind].numbers].flatMap(([number, other]) => {
      const own = firstGroup(observed[kind].get(number), grouping);
      const theirs = firstGroup(known[kind].get(other), grouping);
      return own === undefined || theirs === undefined ? [] : [{ own, theirs }];
    }),
  );
}

function renumber(
  pairs: readonly Pair[],
  { theirs, own }: { readonly theirs: ReadonlySet<number>; readonly own: ReadonlySet<number> },
): ReadonlyMap<number, number> {
  if (theirs.size === 0) return new Map();
  const isSame = pairs.every((pair) =>
    pairs.every((other) => (pair.own === other.own) === (pair.theirs === other.theirs)),
  );
  const numbers = new Map(isSame ? pairs.map((pair) => [pair.own, pair.theirs] as const) : []);
  let next = Math.max(...theirs) + 1;
  for (const number of [...own].toSorted((a, b) => a - b)) {
    if (!numbers.has(number)) numbers.set(number, next++);
  }
  return numbers;
}

function groupsOf(machine: Grouped, grouping: Grouping): ReadonlySet<number> {
  const words = [...machine.gpus.values(), ...machine.nics.values()].flat();
  return new Set(words.flatMap(({ set }) => groupOf(set, grouping) ?? []));
}

function firstGroup(
  words: readonly { readonly set: GpuFacts | NicFacts }[] | undefined,
  grouping: Grouping,
): number | undefined {
  return words?.map(({ set }) => groupOf(set, grouping)).find((number) => number !== undefined);
}

function groupOf(set: GpuFacts | NicFacts, grouping: Grouping): number | undefined {
  if (grouping === 'island') return 'island' in set ? set.island : undefined;
  return set[grouping];
}
