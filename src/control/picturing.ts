import { rememberedMs } from '../core/calendar/past.ts';
import type { FleetNode } from '../core/inventory/fleet.ts';
import { withPast } from '../core/state.ts';
import { BerthError } from '../model/error.ts';
import { isWithin, type Path } from '../model/id.ts';
import type { InventoryTree, Picture, PictureKind, PictureList } from '../model/picture-view.ts';
import { compareText } from '../model/text.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { seenBy } from './narrowing.ts';
import { fabricPicture, type FabricScope, leafsOf } from './pictures/fabric-picture.ts';
import { islandPicture } from './pictures/island-picture.ts';
import { nodePicture } from './pictures/node-picture.ts';
import type { Sight } from './pictures/placed-node.ts';
import { rackPicture } from './pictures/rack-picture.ts';
import { treeRows } from './pictures/tree.ts';
import { ambiguous, notFound, placesNamed } from './place-name.ts';
import { instant, type Span } from './views/inventory-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** A window to look at; the present instant without it. */
type Window = { readonly fromMs?: number; readonly toMs?: number };

export type TreeWish = Window & {
  readonly within?: string;
  /** How many levels. */
  readonly depth?: number;
};

/** Which pictures: of a place, or of every site, by what the place is unless `view` says. */
export type PictureWish = Window & { readonly of?: string; readonly view?: PictureKind };

/** Pictures in one answer. */
const pictureLimit = 100;

/** The inventory from the outside in. Throws NOT_FOUND for a place that nobody knows. */
export async function inventoryTree(door: Door, caller: Caller, wish: TreeWish): Promise<InventoryTree> {
  const { sight, shown } = await look(door, caller, wish);
  return { ...shown, ...treeOf(sight, wish) };
}

/**
 * Pictures of a place. Throws NOT_FOUND for what nobody knows, and INVALID_INPUT where it has no such picture, with
 * those that it has.
 */
export async function pictures(door: Door, caller: Caller, wish: PictureWish): Promise<PictureList> {
  const { sight, shown } = await look(door, caller, wish);
  const drawn = picturesOf(sight, wish);
  return { ...shown, pictures: drawn };
}

/** The same of a state. Pure. */
export function picturesOf(sight: Sight, wish: Pick<PictureWish, 'of' | 'view'>): Picture[] {
  const drawn =
    wish.of === undefined
      ? sight.state.fleet.sites.flatMap(({ id }) => ofPlace(sight, { kind: 'place', path: id }, wish.view))
      : ofPlace(sight, drawableNamed(sight, wish.of), wish.view);
  if (drawn.length === 0) throw nothingToDraw(sight, wish);
  if (drawn.length > pictureLimit) throw tooMany(drawn.length);
  return drawn;
}

/** The rows of a tree of a state, and how many levels it has. Pure. */
export function treeOf(
  sight: Sight,
  wish: Pick<TreeWish, 'within' | 'depth'>,
): Pick<InventoryTree, 'rows' | 'depth'> {
  const root = wish.within === undefined ? undefined : drawableNamed(sight, wish.within).path;
  return treeRows(sight, { root, depth: wish.depth });
}

type Shown = Pick<PictureList, 'snapshot' | 'from' | 'to'>;

async function look(
  door: Door,
  caller: Caller,
  { fromMs, toMs }: Window,
): Promise<{ readonly sight: Sight; readonly shown: Shown }> {
  const moment = await door.moment();
  const span = spanOf(moment, fromMs, toMs);
  const state = seenBy(
    span.fromMs < moment.nowMs - rememberedMs ? withPast(moment.state) : moment.state,
    caller,
  );
  const zone = state.fleet.sites[0]?.facts.zone ?? 'UTC';
  return {
    sight: { state, span, caller },
    shown: {
      snapshot: snapshotOf(moment, zone),
      from: isoIn(span.fromMs, zone),
      to: isoIn(toMs ?? span.fromMs, zone),
    },
  };
}

function spanOf({ nowMs }: Moment, fromMs = nowMs, toMs?: number): Span {
  if (toMs === undefined) return instant(fromMs);
  if (toMs > fromMs) return { fromMs, toMs };
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: '`to` does not lie after `from`',
    fix: 'give a window that ends after it begins',
    field: 'to',
  });
}

/** Something of which there may be pictures. */
type Drawable = { readonly kind: 'place' | 'leaf' | 'spine' | 'island'; readonly path: Path };

/** A place by any of its names, or the path or an unambiguous tail of a rack, hall, leaf, spine or island. */
function drawableNamed({ state }: Sight, name: string): Drawable {
  const asked = name.trim().toLowerCase();
  const others = drawables(state.fleet);
  const found = new Map<Path, Drawable>();
  for (const path of placesNamed(state, asked)) found.set(path, { kind: 'place', path });
  for (const each of others)
    if ((each.path === asked || each.path.endsWith(`/${asked}`)) && !found.has(each.path))
      found.set(each.path, each);
  const exact = [...found.values()].filter(({ path }) => path === asked);
  const [only, ...more] = exact.length > 0 ? exact : found.values();
  if (only === undefined)
    throw notFound(
      state,
      asked,
      others.map(({ path }) => path),
    );
  if (more.length > 0) throw ambiguous(asked, [...found.keys()].toSorted(compareText));
  return only;
}

function drawables({ racks, halls, leafs, spines, nodes }: Sight['state']['fleet']): readonly Drawable[] {
  const each = (kind: Drawable['kind'], paths: Iterable<Path>) =>
    [...new Set(paths)].map((path): Drawable => ({ kind, path }));
  return [
    ...each('place', [...racks.keys(), ...halls.keys()]),
    ...each('leaf', [...leafs.keys(), ...nodes.flatMap(leafsOf)]),
    ...each('spine', [...spines.keys(), ...[...leafs.values()].flatMap(({ spine }) => spine ?? [])]),
    ...each(
      'island',
      nodes.flatMap(({ island }) => island ?? []),
    ),
  ];
}

function ofPlace(sight: Sight, what: Drawable, view: PictureKind | undefined): Picture[] {
  const kind = view ?? usualView(sight, what);
  switch (kind) {
    case 'rack':
      return racksOf(sight, what).map((rack) => rackPicture(sight, rack));
    case 'node':
      return nodesOf(sight, what).map((node) => nodePicture(sight, node));
    case 'fabric':
      return fabricOf(sight, what);
    case 'island':
      return islandsOf(sight, what).map((id) => islandPicture(sight, id));
    default:
      return kind satisfies never;
  }
}

/** A node shows its topology, a rack its elevation, a larger place its fabric, or its racks where it has none. */
function usualView(sight: Sight, what: Drawable): PictureKind {
  if (what.kind === 'island') return 'island';
  if (what.kind !== 'place') return 'fabric';
  const { fleet } = sight.state;
  if (fleet.nodeById.has(what.path)) return 'node';
  if (fleet.racks.has(what.path)) return 'rack';
  if (hasSwitches(scopeOf(sight, what))) return 'fabric';
  return racksOf(sight, what).length > 0 ? 'rack' : 'node';
}

function nodesOf({ state }: Sight, { kind, path }: Drawable): readonly FleetNode[] {
  const { nodes, leafs } = state.fleet;
  switch (kind) {
    case 'place':
      return nodes.filter(({ id, rack }) => isWithin(id, path) || rack === path);
    case 'leaf':
      return nodes.filter((node) => leafsOf(node).includes(path));
    case 'spine':
      return nodes.filter((node) => leafsOf(node).some((leaf) => leafs.get(leaf)?.spine === path));
    case 'island':
      return nodes.filter(({ island }) => island === path);
    default:
      return kind satisfies never;
  }
}

function racksOf(sight: Sight, what: Drawable) {
  const { racks } = sight.state.fleet;
  const holding = new Set(nodesOf(sight, what).flatMap(({ rack }) => rack ?? []));
  return [...racks.values()].filter(
    ({ id }) => holding.has(id) || (what.kind === 'place' && isWithin(id, what.path)),
  );
}

function islandsOf(sight: Sight, what: Drawable): readonly Path[] {
  const islands = nodesOf(sight, what).flatMap(({ island }) => island ?? []);
  return [...new Set(islands)].toSorted(compareText);
}

/** Nothing where no leaf is known: then there is nothing to draw but nodes. */
function fabricOf(sight: Sight, what: Drawable): Picture[] {
  const scope = scopeOf(sight, what);
  return hasSwitches(scope) ? [fabricPicture(sight, scope)] : [];
}

function hasSwitches({ leafs, spines, nodes }: FabricScope): boolean {
  return leafs.length + spines.length > 0 || nodes.some((node) => leafsOf(node).length > 0);
}

function scopeOf(sight: Sight, what: Drawable): FabricScope {
  const { leafs, spines } = sight.state.fleet;
  const nodes = nodesOf(sight, what);
  const { kind, path: id } = what;
  switch (kind) {
    case 'leaf':
      return { id, nodes, leafs: [id], spines: [], isNarrow: true };
    case 'spine': {
      const own = [...leafs].flatMap(([leaf, { spine }]) => (spine === id ? [leaf] : []));
      return { id, nodes, leafs: own, spines: [id], isNarrow: true };
    }
    case 'place':
    case 'island': {
      const inside = (path: Path) => isWithin(path, id);
      const own = [...leafs.keys()].filter(inside);
      return { id, nodes, leafs: own, spines: [...spines.keys()].filter(inside), isNarrow: false };
    }
    default:
      return kind satisfies never;
  }
}

function nothingToDraw(sight: Sight, { of, view }: PictureWish): BerthError {
  const wanted = of === undefined ? 'the inventory' : `\`${drawableNamed(sight, of).path}\``;
  const what = { rack: 'rack', node: 'node', fabric: 'leaf switch', island: 'link domain over nodes' };
  const missing = what[view ?? 'rack'];
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `no ${missing} is recorded in ${wanted}`,
    fix: 'leave `--view` out, or see what there is with `berth inventory --tree`',
    field: 'view',
  });
}

function tooMany(count: number): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `${count} pictures are more than the ${pictureLimit} of one answer`,
    fix: 'name a smaller place',
    field: 'place',
  });
}
