import type { SourceName } from '../../../model/fact.ts';
import type { Path } from '../../../model/id.ts';
import { kindOf, worded } from './identifiers.ts';
import type { Machine } from './machines.ts';
import { knownMachines, type Match, matchMachine } from './match.ts';

/**
 * The match of every observed machine. Two of one source that come out as the same known machine, or carry the same
 * number, contradict each other: neither is recorded, unless the operator has decided about it.
 */
export function matchAll(
  known: ReadonlyMap<Path, Machine>,
  observed: ReadonlyMap<Path, Machine>,
  source: SourceName,
): ReadonlyMap<Path, Match> {
  const index = knownMachines(known);
  const alone: ReadonlyMap<Path, Match> = new Map(
    [...observed].map(([path, machine]) => [path, matchMachine(machine, index, source)] as const),
  );
  const matches = new Map(alone);
  for (const { members, why } of [...sameTarget(alone), ...sameNumber(observed)]) {
    for (const member of members) {
      const match = matches.get(member);
      if (match === undefined || isSettled(match, members, alone)) continue;
      const candidates = match.kind === 'known' ? [match.path] : [];
      const others = members.filter((other) => other !== member);
      matches.set(member, { kind: 'contradiction', known: [...candidates, ...others].slice(0, 8), why });
    }
  }
  return matches;
}

type Clash = { readonly members: readonly Path[]; readonly why: string };

/**
 * A decision settles a clash for those it names, as long as it names only one of them for each machine. `alone` is what
 * each came out as by itself: whoever is looked at last is no better off for the others being left out already.
 */
function isSettled(match: Match, members: readonly Path[], alone: ReadonlyMap<Path, Match>): boolean {
  if (match.kind === 'contradiction') return true;
  if (match.kind !== 'known' || !match.isDecided) return false;
  const rivals = members.filter((member) => {
    const other = alone.get(member);
    return other?.kind === 'known' && other.isDecided && other.path === match.path;
  });
  return rivals.length === 1;
}

function sameTarget(matches: ReadonlyMap<Path, Match>): readonly Clash[] {
  const byTarget = Map.groupBy(matches.keys(), (path) => {
    const match = matches.get(path);
    return match?.kind === 'known' ? match.path : undefined;
  });
  return [...byTarget].flatMap(([target, members]) =>
    target === undefined || members.length < 2
      ? []
      : [
          {
            members,
            why: `${members.slice(0, 3).join(' and ')} of the same import both seem to be ${target}`,
          },
        ],
  );
}

function sameNumber(observed: ReadonlyMap<Path, Machine>): readonly Clash[] {
  const carriers = new Map<string, { members: Path[]; what: string }>();
  for (const [path, { stated }] of observed) {
    for (const identifier of stated.keys()) {
      if (kindOf(identifier) === 'name') continue;
      const known = carriers.get(identifier);
      if (known === undefined) carriers.set(identifier, { members: [path], what: worded(identifier) });
      else known.members.push(path);
    }
  }
  return [...carriers.values()].flatMap(({ members, what }) =>
    members.length < 2
      ? []
      : [{ members, why: `${members.slice(0, 3).join(' and ')} of the same import all have the ${what}` }],
  );
}
