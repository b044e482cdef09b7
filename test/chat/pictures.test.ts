import { assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { drawCard } from '../../src/chat/cards/card.ts';
import { type Line, lineWidth, type Room } from '../../src/chat/cards/line.ts';
import { renderPlain } from '../../src/chat/render.ts';
import type { Sight } from '../../src/control/pictures/placed-node.ts';
import { picturesOf } from '../../src/control/picturing.ts';
import { BerthError } from '../../src/model/error.ts';
import type { PictureKind, PictureList, TreeRow } from '../../src/model/picture-view.ts';
import { seed } from '../core/arbitrary.ts';
import { world } from '../core/fleet.ts';
import { sights } from './picture-arbitrary.ts';
import { allPictures, listOf, pictured, picturesIn, sightOf, treeIn, wholeTree } from './pictured.ts';

const kinds: readonly PictureKind[] = ['rack', 'node', 'fabric', 'island'];

function lines(list: PictureList, room: Partial<Room> = {}): Line[] {
  return drawCard({ kind: 'pictures', list }, { columns: 80, ...room });
}

function text(list: PictureList, room: Partial<Room> = {}): string {
  return renderPlain(lines(list, room));
}

function sumOf(rows: readonly TreeRow[], of: (row: TreeRow) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/** Everything that can be drawn of a fleet; nothing of kinds that it does not have. */
function everything(sight: Sight): PictureList {
  return listOf(
    kinds.flatMap((view) => {
      try {
        return picturesOf(sight, { view });
      } catch (error) {
        if (error instanceof BerthError && error.detail.code === 'INVALID_INPUT') return [];
        throw error;
      }
    }),
  );
}

describe('in sentences', () => {
  test('all pictures', async () => {
    const file = '../golden/chat/pictures-spoken-80.txt';
    await expect(`${text(allPictures, { spoken: true })}\n`).toMatchFileSnapshot(file);
  });

  test('the tree', async () => {
    const spoken = renderPlain(drawCard({ kind: 'tree', tree: wholeTree }, { columns: 80, spoken: true }));
    await expect(`${spoken}\n`).toMatchFileSnapshot('../golden/chat/tree-spoken-80.txt');
  });

  test('no character of a picture is left: a reader would spell it out', () => {
    expect(text(allPictures, { spoken: true })).not.toMatch(/[─-╿█░[\]]/u);
    expect(text(allPictures)).toMatch(/[─-╿]/u);
  });

  test('every node and holder of the picture is named', () => {
    const spoken = text(allPictures, { spoken: true }).replaceAll(/\s+/g, ' ');
    for (const node of pictured.fleet.nodes) expect(spoken).toContain(`Node ${node.id}`);
    for (const id of ['C-101', 'C-102', 'C-103']) expect(spoken).toContain(`Holder ${id}`);
  });
});

describe('of random fleets', () => {
  test('no line is wider than the room, from 40 to 200 columns', () => {
    assert(
      property(sights, integer({ min: 40, max: 200 }), (sight, columns) => {
        const list = everything(sight);
        const tree = treeIn(sight, { depth: 5 });
        for (const spoken of [false, true]) {
          const room = { columns, spoken };
          const widest = [...lines(list, room), ...drawCard({ kind: 'tree', tree }, room)].map(lineWidth);
          expect(Math.max(...widest)).toBeLessThanOrEqual(columns);
        }
      }),
      { seed, numRuns: 60 },
    );
  }, 60_000);

  test('nothing that a terminal could act on gets through', () => {
    assert(
      property(sights, (sight) => {
        const tree = drawCard({ kind: 'tree', tree: treeIn(sight) }, { columns: 80 });
        const shown = text(everything(sight)) + text(everything(sight), { spoken: true }) + renderPlain(tree);
        expect(shown).not.toMatch(/[^\P{Cc}\n]/u);
        expect(shown).not.toMatch(/[\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]/u);
      }),
      { seed, numRuns: 40 },
    );
  }, 60_000);

  test('every node of a rack is drawn once, and every GPU of it has one mark', () => {
    assert(
      property(sights, (sight) => {
        for (const rack of picturesOf(sight, { view: 'rack' })) {
          if (rack.kind !== 'rack') throw new Error('not a rack');
          const inside = sight.state.fleet.nodes.filter((node) => node.rack === rack.id);
          const drawn = text(listOf([rack]), { columns: 200 }).split('\n');
          for (const node of inside) {
            const name = node.id.slice(rack.id.length + 1);
            const rows = drawn.filter((row) => row.includes(` ${name}  [`));
            expect(rows).toHaveLength(1);
            expect(/\[(.*?)\]/.exec(rows[0] ?? '')?.[1]).toHaveLength(node.shape.gpus.length);
          }
        }
      }),
      { seed, numRuns: 60 },
    );
  }, 60_000);

  test('a tree holds every node once, and its sums are those of its nodes', () => {
    assert(
      property(sights, (sight) => {
        const { rows } = treeIn(sight, { depth: 8 });
        const nodes = rows.filter(({ kind }) => kind === 'node');
        expect(nodes.map(({ id }) => id).toSorted()).toEqual(sight.state.fleet.nodes.map(({ id }) => id));
        const sites = rows.filter(({ depth }) => depth === 0);
        for (const of of [
          (row: TreeRow) => row.gpus.free,
          (row: TreeRow) => row.gpus.total,
          (row: TreeRow) => row.nodeCount,
          (row: TreeRow) => row.health.down,
        ])
          expect(sumOf(sites, of)).toBe(sumOf(nodes, of));
      }),
      { seed, numRuns: 60 },
    );
  }, 60_000);

  test('a tree that ends early counts what it leaves out', () => {
    assert(
      property(sights, integer({ min: 1, max: 5 }), (sight, depth) => {
        const whole = treeIn(sight, { depth: 9 }).rows;
        const { rows } = treeIn(sight, { depth });
        expect(rows.every((row) => row.depth < depth)).toBe(true);
        expect(rows.length + rows.reduce((sum, { hiddenCount }) => sum + hiddenCount, 0)).toBe(whole.length);
      }),
      { seed, numRuns: 40 },
    );
  }, 60_000);
});

test('a fabric of many nodes shows its switches, and says how many nodes hang on them', () => {
  const large = world('fra1/h1/r1 70×8 H100 leaf', 'fra1/h1/r2 50×8 H100 leaf').state;
  const shown = text(picturesIn(sightOf(large), 'fra1', 'fabric'));
  expect(shown).toContain('70 nodes, 560 GPUs: 560 free');
  expect(shown).not.toContain('n01');
});

test('a load over its limit says so in words', () => {
  const over = {
    ...allPictures,
    pictures: allPictures.pictures.map((picture) =>
      picture.kind === 'rack' ? { ...picture, heldW: 40_000 } : picture,
    ),
  };
  expect(text(over, { columns: 120 })).toContain('116%, over the limit');
  expect(text(over, { columns: 120, spoken: true })).toContain('116 percent, over the limit');
});

test('more holders than letters: the rest share a mark that says so', () => {
  const holders = Array.from({ length: 30 }, (_, at) => ({ id: `C-${200 + at}`, gpuCount: 1 }));
  const seats = holders.map(({ id }, index) => ({ index, use: 'held' as const, heldBy: [id] }));
  const crowded = listOf(
    allPictures.pictures.flatMap((picture) =>
      picture.kind === 'island'
        ? [{ ...picture, holders, nodes: picture.nodes.slice(0, 1).map((node) => ({ ...node, seats })) }]
        : [],
    ),
  );
  expect(text(crowded)).toContain('[ABCDEFGHIJKLMNOPQRSTUVWXYZ####]');
  expect(text(crowded)).toContain('# held by one of 4 more, or somebody you may not see');
});

test('an empty inventory says how to fill it', () => {
  const tree = treeIn(sightOf(world().state));
  expect(renderPlain(drawCard({ kind: 'tree', tree }, { columns: 80 }))).toContain('berth import');
});
