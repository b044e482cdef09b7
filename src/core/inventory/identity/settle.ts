import { type Fact, type Observation, unplaced } from '../../../model/fact.ts';
import { isWithin, Path, siteOf } from '../../../model/id.ts';
import type { Match } from './match.ts';

/** Where switches, islands and racks go whose source knew no site. */
export type Settlement = {
  /** The path with a site; nothing where none can be told. */
  readonly pathOf: (path: Path) => Path | undefined;
  readonly assumption?: string;
};

/**
 * A file that lists machines together with the switches they hang on, without a site: where all its known machines stand
 * at one site, its switches do too.
 */
export function settle(observation: Observation, matches: ReadonlyMap<Path, Match>): Settlement {
  const sites = new Set(
    [...matches].flatMap(([path, match]) =>
      isUnplaced(path) && match.kind === 'known' ? [siteOf(match.path)] : [],
    ),
  );
  const [site, ...others] = sites;
  const pathOf = (path: Path) => {
    if (!isUnplaced(path)) return path;
    if (site === undefined || others.length > 0) return undefined;
    return Path.parse(`${site}${path.slice(unplaced.length)}`);
  };
  const isUsed = observation.facts.some(
    (fact) => isUnplaced(fact.subject) && !['node', 'gpu', 'nic'].includes(fact.kind),
  );
  return {
    pathOf,
    ...(isUsed && site !== undefined && others.length === 0
      ? { assumption: `what the file lists beside its machines stands at ${site}, as they do` }
      : {}),
  };
}

/** The fact with every place that it names settled; places that cannot be told are left out. */
export function settledFact<T extends Fact>(fact: T, pathOf: Settlement['pathOf']): T {
  const set: Record<string, unknown> = { ...fact.set };
  let changed = false;
  for (const name of ['rack', 'leaf', 'island', 'spine', 'loop', 'from', 'to']) {
    const value = Path.safeParse(set[name]);
    if (!value.success || !isUnplaced(value.data)) continue;
    const next = pathOf(value.data);
    if (next === undefined) Reflect.deleteProperty(set, name);
    else set[name] = next;
    changed = true;
  }
  return changed ? { ...fact, set } : fact;
}

function isUnplaced(path: Path): boolean {
  return isWithin(path, unplaced);
}
