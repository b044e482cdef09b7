import type { FleetRack } from '../core/inventory/fleet.ts';
import type { Losable } from '../core/simulate/edit.ts';
import { lettersOf } from '../core/simulate/losses.ts';
import type { State } from '../core/state.ts';
import { BerthError } from '../model/error.ts';
import type { Path } from '../model/id.ts';
import { cleanText, compareText } from '../model/text.ts';
import { ambiguous, notFound, placesNamed } from './place-name.ts';

/**
 * What people and agents mean by a thing that can be lost: any place, `…/gpu3` or `…/nic0` of a node, `…/feed-a`
 * of a rack, or the path or an unambiguous tail of a feed, loop, leaf, spine, WAN link or storage pool. Throws
 * NOT_FOUND with the nearest name, or INVALID_INPUT where several things answer to it.
 */
export function losableNamed(state: State, name: string): Losable {
  const asked = name.trim().toLowerCase();
  const found = [
    ...placesNamed(state, asked).map((path): Named => ({ path, kind: 'place' })),
    ...parts(state).filter(({ path }) => path === asked || path.endsWith(`/${asked}`)),
  ];
  const exact = found.filter(({ path }) => path === asked);
  const [only, ...others] = exact.length > 0 ? exact : found;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined)
    throw ambiguous(asked, [only, ...others].map(({ path }) => path).toSorted(compareText));
  const inside = deviceNamed(state, asked) ?? feedNamed(state, asked);
  if (inside !== undefined) return inside;
  throw notFound(
    state,
    asked,
    parts(state).map(({ path }) => path),
  );
}

/** How a thing that can be lost is called in answers. */
export function nameOf(what: Losable): string {
  if ('index' in what) return `${what.node}/${what.kind}${what.index}`;
  return 'letter' in what ? `${what.rack}/feed-${what.letter.toLowerCase()}` : what.path;
}

type Named = Extract<Losable, { path: Path }>;

/** Everything that is no place with nodes: by facts of its own, or because something hangs on it. */
function parts({ fleet }: State): readonly Named[] {
  const racks = [...fleet.racks.values()];
  const leafs = fleet.nodes.flatMap((node) => [
    ...(node.leaf === undefined ? [] : [node.leaf]),
    ...node.shape.nics.flatMap(({ leaf }) => leaf ?? []),
  ]);
  return [
    ...all('feed', [
      ...fleet.feeds.keys(),
      ...racks.flatMap(({ facts }) => Object.values(facts.feeds ?? {})),
    ]),
    ...all('loop', [...fleet.loops.keys(), ...racks.flatMap(({ facts }) => facts.loop ?? [])]),
    ...all('leaf', [...fleet.leafs.keys(), ...leafs]),
    ...all('spine', [
      ...fleet.spines.keys(),
      ...[...fleet.leafs.values()].flatMap(({ spine }) => spine ?? []),
    ]),
    ...all('wan-link', [...fleet.wanLinks.keys()]),
    ...all('storage-pool', [...fleet.pools.keys()]),
  ];
}

function all(kind: Exclude<Named['kind'], 'place'>, paths: readonly Path[]): readonly Named[] {
  return [...new Set(paths)].toSorted(compareText).map((path) => ({ kind, path }));
}

function deviceNamed(state: State, asked: string): Losable | undefined {
  const [, host, kind, digits] = /^(.+)\/(gpu|nic)([0-9]{1,2})$/.exec(asked) ?? [];
  if (host === undefined || (kind !== 'gpu' && kind !== 'nic')) return undefined;
  const nodes = placesNamed(state, host).flatMap((place) => state.fleet.nodeById.get(place) ?? []);
  const [node, ...others] = nodes;
  if (node === undefined) return undefined;
  if (others.length > 0)
    throw ambiguous(
      host,
      nodes.map(({ id }) => id),
    );
  const count = kind === 'gpu' ? node.shape.gpus.length : node.shape.nics.length;
  const index = Number(digits);
  if (index < count) return { kind, node: node.id, index };
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `\`${cleanText(asked, 80)}\` is beyond the ${count} ${kind}s of ${node.id}`,
    fix: count === 0 ? 'name the node' : `name one of ${kind}0 to ${kind}${count - 1}`,
  });
}

function feedNamed(state: State, asked: string): Losable | undefined {
  const [, host, letter] = /^(.+)\/feed-([a-z])$/.exec(asked) ?? [];
  if (host === undefined || letter === undefined) return undefined;
  const racks = placesNamed(state, host).flatMap((place): FleetRack[] => {
    const rack = state.fleet.racks.get(place);
    return rack === undefined ? [] : [rack];
  });
  const [rack, ...others] = racks;
  if (rack === undefined) return undefined;
  if (others.length > 0)
    throw ambiguous(
      host,
      racks.map(({ id }) => id),
    );
  const letters = lettersOf(rack);
  if (letters.includes(letter.toUpperCase()))
    return { kind: 'rack-feed', rack: rack.id, letter: letter.toUpperCase() };
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `rack ${rack.id} has no feed \`${letter.toUpperCase()}\` on record`,
    fix: letters.length === 0 ? 'record its feeds first' : `name one of ${letters.join(', ')}`,
  });
}
