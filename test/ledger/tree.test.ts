import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { emptyRoot, leafHash, nodeHash } from '../../src/ledger/tree-hash.ts';
import { isConsistent, isIncluded } from '../../src/ledger/tree-proof.ts';
import { Tree } from '../../src/ledger/tree.ts';

/** The definition of RFC 6962, section 2.1, written down once more without thinking of speed. */
function plainRoot(leaves: readonly Buffer[]): Buffer {
  const [only, ...more] = leaves;
  if (only === undefined) return emptyRoot;
  if (more.length === 0) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(plainRoot(leaves.slice(0, split)), plainRoot(leaves.slice(split)));
}

function grown(count: number): { tree: Tree; leaves: readonly Buffer[] } {
  const leaves = Array.from({ length: count }, (_, i) => leafHash(`entry ${i}`));
  const tree = new Tree();
  for (const leaf of leaves) tree.add(leaf);
  return { tree, leaves };
}

describe('the vectors of transparency-dev/merkle', () => {
  const hashes = z
    .array(z.string())
    .nullable()
    .transform((texts) => (texts ?? []).map(bytes));
  const Inclusion = z.object({
    leafIdx: z.number(),
    treeSize: z.number(),
    root: z.string().transform(bytes),
    leafHash: z.string().transform(bytes),
    proof: hashes,
    wantErr: z.boolean(),
    file: z.string(),
  });
  const Consistency = z.object({
    size1: z.number(),
    size2: z.number(),
    root1: z.string().nullable().transform(bytes),
    root2: z.string().nullable().transform(bytes),
    proof: hashes,
    wantErr: z.boolean(),
    file: z.string(),
  });

  test.each(read('inclusion', Inclusion))(
    '$file',
    ({ leafIdx, treeSize, root, leafHash: leaf, ...sample }) => {
      const proved = isIncluded({ leaf, index: leafIdx, size: treeSize, root, hashes: sample.proof });
      expect(proved).toBe(!sample.wantErr);
    },
  );

  test.each(read('consistency', Consistency))('$file', ({ size1, size2, root1, root2, proof, wantErr }) => {
    const from = { size: size1, root: root1 };
    const to = { size: size2, root: root2 };
    expect(isConsistent({ from, to, hashes: proof })).toBe(!wantErr);
  });

  test('the leaves of RFC 6962 have its roots', () => {
    const leaves = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const tree = new Tree();
    expect(tree.root().toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    for (const [index, leaf] of leaves.entries()) {
      tree.add(leafHash(Buffer.from(leaf, 'hex').toString('latin1')));
      expect(tree.root().toString('hex')).toBe(roots[index]);
    }
  });
});

describe('laws', () => {
  test('every root of every size is that of the definition', () => {
    const { tree, leaves } = grown(600);
    for (let size = 0; size <= 600; size += size < 40 ? 1 : 7)
      expect(tree.root(size)).toEqual(plainRoot(leaves.slice(0, size)));
  });

  const { tree, leaves } = grown(1_100);
  const sizes = fc.tuple(fc.integer({ min: 1, max: 1_100 }), fc.nat(1_099));

  test('every leaf is proved in every tree that holds it, and no other leaf is', () => {
    fc.assert(
      fc.property(sizes, ([size, at]) => {
        const index = at % size;
        const leaf = leaves[index] ?? emptyRoot;
        const proof = { leaf, index, size, root: tree.root(size), hashes: tree.inclusion(index, size) };
        expect(proof.hashes.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
        expect(isIncluded(proof)).toBe(true);
        expect(isIncluded({ ...proof, leaf: leafHash('another') })).toBe(false);
        expect(isIncluded({ ...proof, root: leafHash('another') })).toBe(false);
        expect(isIncluded({ ...proof, hashes: [...proof.hashes, leaf] })).toBe(false);
      }),
      { seed: 20_261_122, numRuns: 400 },
    );
  });

  test('every tree is proved to begin with every smaller one, and with no forged one', () => {
    fc.assert(
      fc.property(sizes, ([size, at]) => {
        const from = { size: 1 + (at % size), root: tree.root(1 + (at % size)) };
        const proof = {
          from,
          to: { size, root: tree.root(size) },
          hashes: tree.consistency(from.size, size),
        };
        expect(isConsistent(proof)).toBe(true);
        const forged = leafHash('another');
        expect(isConsistent({ ...proof, from: { ...from, root: forged } })).toBe(false);
        expect(isConsistent({ ...proof, to: { size, root: forged } })).toBe(false);
        for (const i of proof.hashes.keys())
          expect(isConsistent({ ...proof, hashes: proof.hashes.with(i, forged) })).toBe(false);
      }),
      { seed: 20_261_122, numRuns: 400 },
    );
  });

  test('nothing is shown from an empty tree', () => {
    const from = { size: 0, root: emptyRoot };
    const to = { size: 7, root: tree.root(7) };
    expect(tree.consistency(0, 7)).toEqual([]);
    expect(isConsistent({ from, to, hashes: [] })).toBe(false);
    expect(isConsistent({ from, to: from, hashes: [] })).toBe(true);
  });

  test.each([
    ['a leaf too many', () => tree.inclusion(1_100)],
    ['a size too large', () => tree.inclusion(0, 1_101)],
    ['a negative index', () => tree.inclusion(-1)],
    ['a root beyond the end', () => tree.root(1_101)],
    ['a shrinking tree', () => tree.consistency(8, 7)],
  ])('%s is refused', (_, ask) => {
    expect(ask).toThrow(RangeError);
  });
});

function read<T>(name: string, schema: z.ZodType<T>): T[] {
  const file = new URL(`../data/merkle/${name}.json`, import.meta.url);
  return z
    .array(schema)
    .min(90)
    .parse(JSON.parse(readFileSync(file, 'utf8')));
}

function bytes(text: string | null): Buffer {
  return Buffer.from(text ?? '', 'base64');
}
