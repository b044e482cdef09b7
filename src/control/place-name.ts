import type { State } from '../core/state.ts';
import { BerthError } from '../model/error.ts';
import { isWithin, parentOf, type Path } from '../model/id.ts';
import { placeAround, standsIn } from '../model/standing.ts';
import { cleanText, compareText, didYouMean } from '../model/text.ts';

/**
 * The place that people and agents mean: its path, the name its engine knows, a site's alias, or any tail
 * that only one place has (`r12`, `r11/n02`). Throws NOT_FOUND with the nearest name, or INVALID_INPUT when
 * several places answer to it.
 */
export function placeNamed(state: State, name: string): Path {
  const asked = name.trim().toLowerCase();
  const [only, ...others] = placesNamed(state, asked);
  if (only === undefined) throw notFound(state, asked);
  if (others.length > 0) throw ambiguous(asked, [only, ...others]);
  return only;
}

/** Every place that answers to a name in lower case, in order: the one whose path it is, else all others. */
export function placesNamed(state: State, asked: string): readonly Path[] {
  const places = placesOf(state);
  const exact = places.find((place) => place === asked);
  if (exact !== undefined) return [exact];
  const found = [
    ...namesOf(state)
      .filter((entry) => entry.name === asked)
      .map((entry) => entry.place),
    ...withTail(places, asked),
  ];
  return [...new Set(found)].toSorted(compareText);
}

/** Every path that is a subject or contains a node. */
function placesOf(state: State): readonly Path[] {
  const places = new Set<Path>(state.fleet.sites.map((site) => site.id));
  for (const node of state.fleet.nodes) {
    places.add(node.id);
    for (let around = placeAround(node); around !== undefined; around = parentOf(around)) places.add(around);
  }
  return [...places];
}

function namesOf(state: State): { name: string; place: Path }[] {
  return [
    ...state.fleet.nodes.map((node) => ({ name: node.hostName.toLowerCase(), place: node.id })),
    ...state.fleet.sites.flatMap((site) =>
      [...(site.facts.aliases ?? []), ...(site.facts.name === undefined ? [] : [site.facts.name])].map(
        (name) => ({
          name: name.toLowerCase(),
          place: site.id,
        }),
      ),
    ),
  ];
}

function withTail(places: readonly Path[], tail: string): readonly Path[] {
  return places.filter((place) => place.endsWith(`/${tail}`));
}

/** No place answers to the name, and neither does any of `more`. */
export function notFound(state: State, asked: string, more: readonly string[] = []): BerthError {
  const near = didYouMean(asked, [...placesOf(state), ...namesOf(state).map((entry) => entry.name), ...more]);
  return new BerthError({
    code: 'NOT_FOUND',
    message: `no place is called \`${cleanText(asked, 80)}\``,
    fix:
      near === undefined
        ? 'see the places with `inventory_summary`, or `berth inventory`'
        : `did you mean \`${near}\`?`,
    ...(near === undefined ? {} : { didYouMean: near }),
    seeTool: 'inventory_summary',
  });
}

export function ambiguous(asked: string, found: readonly Path[]): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(asked, 80)}\` could be ${found.length} places`,
    fix: `write one of ${found
      .slice(0, 8)
      .map((place) => `\`${place}\``)
      .join(', ')}`,
    allowed: found.slice(0, 20),
  });
}

/** Whether a contract has a member inside the place. */
export function runsWithin(
  { fleet }: State,
  members: readonly { readonly node: Path }[],
  place: Path,
): boolean {
  return members.some((member) => {
    const node = fleet.nodeById.get(member.node);
    return node === undefined ? isWithin(member.node, place) : standsIn(node, place);
  });
}
