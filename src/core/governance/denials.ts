import type { Digest, PrincipalId } from '../../model/id.ts';
import type { Stamp } from '../state.ts';

/** That somebody was told no, in which entry. */
export type Denial = {
  readonly by: PrincipalId;
  readonly wish: Digest;
  readonly atMs: number;
  readonly seq: number;
};

/** How far back denials are remembered: as long as the same wish need not be recorded again. */
const spanMs = 600_000;

/** So many of one principal, and of all together, are recorded within the span. */
const mostOfOne = 10;
const mostOfAll = 100;

/** Denials within the span before `atMs`, oldest first. */
function lately(denials: readonly Denial[], atMs: number): readonly Denial[] {
  return denials.filter((denial) => denial.atMs > atMs - spanMs);
}

/** The denial that stands for the same wish of the same principal already; nothing where it is a new one. */
export function sameDenial(
  denials: readonly Denial[],
  { by, wish }: Pick<Denial, 'by' | 'wish'>,
  atMs: number,
): Denial | undefined {
  return lately(denials, atMs).findLast((denial) => denial.by === by && denial.wish === wish);
}

/** Whether so much was denied lately that one more entry would help nobody: a loop must not fill the ledger. */
export function isFlood(denials: readonly Denial[], by: PrincipalId, atMs: number): boolean {
  const recent = lately(denials, atMs);
  return recent.length >= mostOfAll || recent.filter((denial) => denial.by === by).length >= mostOfOne;
}

export function withDenial(
  denials: readonly Denial[],
  wish: Digest,
  { actor, atMs, seq }: Stamp,
): readonly Denial[] {
  return [...lately(denials, atMs), { by: actor.principal, wish, atMs, seq }];
}
