import { emptyRoot, hashBytes, nodeHash } from './tree-hash.ts';

/**
 * The Merkle tree of RFC 6962 over the entries of a ledger, which only grows. It keeps the leaves and, of the levels
 * above, every eighth (the tiles of C2SP tlog-tiles): 32.1 bytes an entry. What lies between is made when a proof
 * asks for it, from at most 255 hashes a tile.
 */
export class Tree {
  readonly #stored: HashList[] = [];
  /** The right edge: the roots of the complete subtrees that make up the tree, largest first. */
  readonly #edge: { readonly level: number; readonly hash: Buffer }[] = [];

  /** How many leaves it has. */
  get size(): number {
    return this.#stored[0]?.length ?? 0;
  }

  /** Takes the next leaf, and joins subtrees of the same size. */
  add(leaf: Buffer): void {
    let joined = { level: 0, hash: leaf };
    this.#keep(joined);
    for (let last = this.#edge.at(-1); last?.level === joined.level; last = this.#edge.at(-1)) {
      joined = { level: joined.level + 1, hash: nodeHash(last.hash, joined.hash) };
      this.#edge.pop();
      this.#keep(joined);
    }
    this.#edge.push(joined);
  }

  /** The leaf with this number, from 0. Throws RangeError. */
  leaf(index: number): Buffer {
    return this.#list(0).at(index);
  }

  /** The root over the first `size` leaves; over all without it. Throws RangeError when there are not so many. */
  root(size = this.size): Buffer {
    this.#require(size);
    if (size === 0) return emptyRoot;
    if (size < this.size) return this.#hashOf(0, size);
    return this.#edge.map((subtree) => subtree.hash).reduceRight((right, left) => nodeHash(left, right));
  }

  /**
   * The audit path of the leaf with this number (from 0) in the tree over the first `size`, from its sibling to the
   * root's child (RFC 6962, section 2.1.1). Throws RangeError when there is no such leaf.
   */
  inclusion(index: number, size = this.size): readonly Buffer[] {
    this.#require(size);
    if (!Number.isSafeInteger(index) || index < 0 || index >= size)
      throw new RangeError(`there is no leaf ${index} among ${size}`);
    return this.#path(index, 0, size);
  }

  /**
   * What shows that the tree over the first `size` leaves begins with the one over the first `from`
   * (RFC 6962, section 2.1.2). Nothing needs showing about an empty or an equal tree.
   */
  consistency(from: number, size = this.size): readonly Buffer[] {
    this.#require(size);
    if (!Number.isSafeInteger(from) || from < 0 || from > size)
      throw new RangeError(`a tree of ${size} leaves does not begin with one of ${from}`);
    return from === 0 || from === size ? [] : this.#growth(from, { start: 0, end: size }, true);
  }

  #path(index: number, start: number, end: number): readonly Buffer[] {
    if (end - start === 1) return [];
    const middle = start + splitOf(end - start);
    return index < middle
      ? [...this.#path(index, start, middle), this.#hashOf(middle, end)]
      : [...this.#path(index, middle, end), this.#hashOf(start, middle)];
  }

  /** SUBPROOF of RFC 6962; `isWhole` while what is proved about is a whole subtree that the other side knows. */
  #growth(from: number, { start, end }: Range, isWhole: boolean): readonly Buffer[] {
    if (from === end) return isWhole ? [] : [this.#hashOf(start, end)];
    const middle = start + splitOf(end - start);
    return from <= middle
      ? [...this.#growth(from, { start, end: middle }, isWhole), this.#hashOf(middle, end)]
      : [...this.#growth(from, { start: middle, end }, false), this.#hashOf(start, middle)];
  }

  /** The root over the leaves from `start` to before `end`, where `start` is where a subtree of that size begins. */
  #hashOf(start: number, end: number): Buffer {
    const level = Math.log2(end - start);
    if (Number.isInteger(level)) return this.#subtree(level, start / (end - start));
    const middle = start + splitOf(end - start);
    return nodeHash(this.#hashOf(start, middle), this.#hashOf(middle, end));
  }

  /** The root of a complete subtree: the `index`th of its level. */
  #subtree(level: number, index: number): Buffer {
    if (level % tileLevels === 0) return this.#list(level).at(index);
    return nodeHash(this.#subtree(level - 1, 2 * index), this.#subtree(level - 1, 2 * index + 1));
  }

  #keep({ level, hash }: { readonly level: number; readonly hash: Buffer }): void {
    if (level % tileLevels === 0) this.#list(level).push(hash);
  }

  #list(level: number): HashList {
    return (this.#stored[level / tileLevels] ??= new HashList());
  }

  #require(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size)
      throw new RangeError(`a tree of ${this.size} leaves has no root at ${size}`);
  }
}

type Range = { readonly start: number; readonly end: number };

/** Levels between two that are kept: a tile has 256 hashes. */
const tileLevels = 8;

/** The largest power of two below `count`: where RFC 6962 splits. */
function splitOf(count: number): number {
  return 2 ** Math.floor(Math.log2(count - 1));
}

/** Hashes one after the other in one piece of memory that doubles when it is full. */
class HashList {
  #bytes = Buffer.allocUnsafe(256 * hashBytes);
  length = 0;

  at(index: number): Buffer {
    if (index >= this.length) throw new RangeError(`there is no hash ${index} among ${this.length}`);
    return this.#bytes.subarray(index * hashBytes, (index + 1) * hashBytes);
  }

  push(hash: Buffer): void {
    const end = this.length * hashBytes;
    if (end === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(end)]);
    this.#bytes.set(hash, end);
    this.length++;
  }
}
