import { emptyRoot, hashBytes, nodeHash } from './tree-hash.ts';

/** That a leaf stands at a place of a tree, and what shows it. */
export type Inclusion = {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly root: Uint8Array;
  readonly hashes: readonly Uint8Array[];
};

/** That one tree begins with another, and what shows it. */
export type Consistency = {
  readonly from: { readonly size: number; readonly root: Uint8Array };
  readonly to: { readonly size: number; readonly root: Uint8Array };
  readonly hashes: readonly Uint8Array[];
};

/** Whether the audit path leads from the leaf to the root: RFC 9162, section 2.1.3.2. Shares no code with `Tree`. */
export function isIncluded({ leaf, index, size, root, hashes }: Inclusion): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (!areHashes([leaf, root, ...hashes])) return false;
  let at: Place = { own: BigInt(index), last: BigInt(size) - 1n };
  let reached = leaf;
  for (const hash of hashes) {
    if (at.last === 0n) return false;
    const isRight = (at.own & 1n) === 1n || at.own === at.last;
    reached = isRight ? nodeHash(hash, reached) : nodeHash(reached, hash);
    at = up(isRight ? toRightChild(at) : at);
  }
  return at.last === 0n && isSame(reached, root);
}

/**
 * Whether the larger tree begins with the smaller: RFC 9162, section 2.1.4.2. Every tree begins with the empty one,
 * so nothing can be shown from there: that is false too.
 */
export function isConsistent({ from, to, hashes }: Consistency): boolean {
  if (!isCount(from.size) || !isCount(to.size) || from.size > to.size) return false;
  if (from.size === to.size) {
    const isWhole = from.size > 0 || isSame(from.root, emptyRoot);
    return isWhole && hashes.length === 0 && isSame(from.root, to.root);
  }
  if (from.size === 0) return false;
  if (!areHashes([from.root, to.root, ...hashes])) return false;
  const isPower = Number.isInteger(Math.log2(from.size));
  return isGrown({ from, to, hashes: isPower ? [from.root, ...hashes] : hashes });
}

function isGrown({ from, to, hashes: [first, ...rest] }: Consistency): boolean {
  if (first === undefined) return false;
  let at = toLeftEdge({ own: BigInt(from.size) - 1n, last: BigInt(to.size) - 1n });
  let old = first;
  let grown = first;
  for (const hash of rest) {
    if (at.last === 0n) return false;
    const isRight = (at.own & 1n) === 1n || at.own === at.last;
    if (isRight) old = nodeHash(hash, old);
    grown = isRight ? nodeHash(hash, grown) : nodeHash(grown, hash);
    at = up(isRight ? toRightChild(at) : at);
  }
  return at.last === 0n && isSame(old, from.root) && isSame(grown, to.root);
}

/** A node's number on its level, and that of the last node there. */
type Place = { readonly own: bigint; readonly last: bigint };

function up({ own, last }: Place): Place {
  return { own: own >> 1n, last: last >> 1n };
}

/** Up while it is a left child: the last node of an incomplete level has no sibling. */
function toRightChild(from: Place): Place {
  let at = from;
  while ((at.own & 1n) === 0n && at.own !== 0n) at = up(at);
  return at;
}

function toLeftEdge(from: Place): Place {
  let at = from;
  while ((at.own & 1n) === 1n) at = up(at);
  return at;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every(({ length }) => length === hashBytes);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
