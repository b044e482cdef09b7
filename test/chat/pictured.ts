import type { Caller } from '../../src/control/control.ts';
import type { Sight } from '../../src/control/pictures/placed-node.ts';
import { picturesOf, treeOf } from '../../src/control/picturing.ts';
import type { State } from '../../src/core/state.ts';
import { Digest, PrincipalId } from '../../src/model/id.ts';
import { InventoryTree, type Picture, type PictureKind, PictureList } from '../../src/model/picture-view.ts';
import { take } from '../core/acts.ts';
import { demand } from '../core/demand.ts';
import { t0, world } from '../core/fleet.ts';

const operator: Caller = { principal: PrincipalId.parse('person:ada'), client: 'test' };

/** What somebody sees of a state at one instant: the operator at `t0` unless said otherwise. */
export function sightOf(state: State, more: Partial<Sight> = {}): Sight {
  return { state, span: { fromMs: t0, toMs: t0 + 1 }, caller: operator, ...more };
}

const nvl = Array.from({ length: 18 }, (_, at) => `fra1/h1/nvl1/n${String(at + 1).padStart(2, '0')}`);

/** Two racks: one of HGX nodes at recorded units, of which one is down, and an NVL72 with nine switch trays' room. */
const before = world(
  'fra1/h1/r1 3×8 H100 nvlink island8 link7200 rdma numa2 roots4 leaf gpuw700 basew4600 cpu224 mem2048',
  'fra1/h1/nvl1 18×4 GB200 nvlink link14400 leaf gpuw1200 basew1000 cpu144 mem960',
  {
    racks: {
      'fra1/h1/r1': {
        feedLimitW: { A: 34_600, B: 34_600 },
        feeds: { A: 'fra1/feed-a', B: 'fra1/feed-b' },
        units: 42,
        loop: 'fra1/cdu1',
        coolingLimitW: 30_000,
      },
      'fra1/h1/nvl1': { feedLimitW: { A: 66_000, B: 66_000 }, units: 48 },
    },
    leafs: {
      'fra1/leaf-r1': { uplinkMbps: 12_800_000, spine: 'fra1/spine1' },
      'fra1/leaf-nvl1': { uplinkMbps: 28_800_000, spine: 'fra1/spine1' },
    },
    spines: { 'fra1/spine1': { uplinkMbps: 51_200_000 } },
    nodes: {
      'fra1/h1/r1/n01': { position: 1, units: 8, machine: 'HGX H100', measuredW: 9_870, health: 'healthy' },
      'fra1/h1/r1/n02': { position: 9, units: 8, nameplateW: 10_200, health: 'healthy' },
      'fra1/h1/r1/n03': { units: 8, health: 'down', healthReason: 'XID 79 <fell off the bus>' },
      ...Object.fromEntries(
        nvl.map((id, at) => [
          id,
          {
            island: 'fra1/h1/nvl1/nvlink',
            position: at < 10 ? 10 + at : 19 + at,
            units: 1,
            health: 'healthy',
            ...(at === 3 ? { schedulable: false } : {}),
          },
        ]),
      ),
    },
    gpus: { 'fra1/h1/r1/n02/gpu7': { health: 'down', healthReason: 'ECC' } },
  },
);

/** The same with contracts of two tenants. */
export const pictured = [
  demand('1×8 H100 24h', { where: ['fra1/h1/r1/n01'] }),
  demand('1×4 H100 24h', { tenant: 'globex', where: ['fra1/h1/r1/n02'] }),
  demand('6×4 GB200 24h', { tenant: 'globex' }),
].reduce((so, wanted) => take(so, wanted), before).state;

const shown = {
  snapshot: {
    seq: 42,
    head: Digest.parse(`sha256:${'a'.repeat(64)}`),
    inventory: Digest.parse(`sha256:${'b'.repeat(64)}`),
    atMs: t0,
    at: '2026-11-25T10:00:00+01:00',
    clock: 'set' as const,
  },
  from: '2026-11-25T10:00:00+01:00',
  to: '2026-11-25T10:00:00+01:00',
};

/** An answer with these pictures, read by its schema. */
export function listOf(pictures: readonly Picture[]): PictureList {
  return PictureList.parse({ ...shown, pictures });
}

/** The pictures of a place, in one answer. */
export function picturesIn(sight: Sight, of: string, view?: PictureKind): PictureList {
  return listOf(picturesOf(sight, { of, ...(view === undefined ? {} : { view }) }));
}

/** The one picture that a place has of a kind. */
export function pictureOf<K extends PictureKind>(
  sight: Sight,
  of: string,
  kind: K,
): Extract<Picture, { kind: K }> {
  const [only, ...others] = picturesOf(sight, { of, view: kind });
  if (only === undefined || others.length > 0 || !isKind(only, kind))
    throw new Error(`${of} has ${others.length + 1} pictures`);
  return only;
}

function isKind<K extends PictureKind>(picture: Picture, kind: K): picture is Extract<Picture, { kind: K }> {
  return picture.kind === kind;
}

export function treeIn(sight: Sight, wish: { within?: string; depth?: number } = {}): InventoryTree {
  return InventoryTree.parse({ ...shown, ...treeOf(sight, wish) });
}

/** One of each kind. */
export const allPictures = listOf([
  pictureOf(sightOf(pictured), 'fra1/h1/r1', 'rack'),
  pictureOf(sightOf(pictured), 'fra1/h1/r1/n02', 'node'),
  pictureOf(sightOf(pictured), 'fra1', 'fabric'),
  pictureOf(sightOf(pictured), 'fra1/h1/nvl1/nvlink', 'island'),
]);

export const wholeTree = treeIn(sightOf(pictured));
