import type { Candidates } from './fill.ts';
import { type Packing, type Suit, suitOrder } from './packing.ts';

type Judged = { readonly suit?: Suit; readonly packing?: Packing; readonly candidates: Candidates };

/**
 * `judged by what is likely to be asked for: 87.52 points, the most of 9 nodes with room (next: fra1/h1/r11/n03, 85.02);
 * idle GPUs of no use to such requests: 0.25 more on average; without cores or memory: 0.5 fewer`. Nothing where nodes
 * were not judged, or where what slices of MIG spoil comes first.
 */
export function suitLine({ suit, packing, candidates }: Judged): string | undefined {
  if (suit === undefined || packing?.isKnownBefore !== true) return undefined;
  const rank = rankWords(suit, packing.suits(candidates));
  const useless = moreWords(suit.wastedMilli);
  const stranded = moreWords(suit.strandedMilli);
  return `judged by what is likely to be asked for: ${points(suit)} points${rank}; idle GPUs of no use to such requests: ${useless} on average; without cores or memory: ${stranded}`;
}

/** Where it stands among the nodes that have room by count: better ones have something else in the way. */
function rankWords(suit: Suit, all: Iterable<Suit>): string {
  let [others, better, equal] = [0, 0, 0];
  let next: Suit | undefined;
  for (const other of all) {
    if (other.node === suit.node) continue;
    others++;
    if (other.score > suit.score) better++;
    else if (other.score === suit.score) equal++;
    if (other.score <= suit.score && (next === undefined || suitOrder(other, next) < 0)) next = other;
  }
  if (better > 0)
    return `; ${better === 1 ? '1 node has' : `${better} nodes have`} more and room by count, but cannot hold it`;
  if (next === undefined) return ', the only node with room';
  const most = `, the most of ${others + 1} nodes with room`;
  return equal > 0
    ? `${most}, as ${equal} ${equal === 1 ? 'other has' : 'others have'}`
    : `${most} (next: ${next.node.id}, ${points(next)})`;
}

function points({ score }: Suit): string {
  return decimal(score, 100);
}

function moreWords(milli: number): string {
  return `${decimal(Math.abs(milli), 1000)} ${milli < 0 ? 'fewer' : 'more'}`;
}

/** A whole number of parts, as a decimal fraction. */
function decimal(parts: number, of: number): string {
  return (parts / of).toString();
}
