import { type Contract, isStanding } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import { siteOf } from '../../model/id.ts';
import { type Placement, seatsOf } from '../../model/placement.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { compareText } from '../../model/text.ts';

/** What is left of a contract: what it still asks for, what it still holds, and the rules' answer for its sites. */
export type Rest = {
  readonly contract: Contract;
  readonly demand: Demand;
  readonly placement: Placement;
  readonly verdict: PolicyVerdict;
};

/**
 * Whether a contract may be moved at `atMs`. One that has not begun may, whatever its guarantee: it keeps every term,
 * and nobody notices. One that runs may only if it is preemptible. Spares and bandwidth move with it.
 */
export function isMovable(contract: Contract, atMs: number): boolean {
  return whyItStays(contract, atMs) === undefined;
}

/** Why a contract may not be moved, in words about it. */
export function whyItStays(contract: Contract, atMs: number): string | undefined {
  if (!isStanding(contract, atMs)) return 'has ended';
  if (contract.preemptedAtMs !== undefined) return 'is to end for another one';
  const { guarantee = 'reserved' } = contract.demand;
  return contract.placement.startMs > atMs || guarantee === 'preemptible'
    ? undefined
    : `runs and is ${guarantee}`;
}

/**
 * What is left of a contract at `atMs`; nothing where that is less than a second. Lengths are whole seconds, so what
 * runs is cut at the first instant from which a whole number of them is left. It stays on the sites it is on, which
 * the rules have allowed it: wherever it moves inside them, they have nothing new to say.
 */
export function restOf(contract: Contract, atMs: number): Rest | undefined {
  const { placement } = contract;
  const { endMs } = placement;
  const fromMs = Math.max(placement.startMs, atMs);
  const leftS = endMs === undefined ? undefined : Math.floor((endMs - fromMs) / 1000);
  if (leftS !== undefined && leftS < 1) return undefined;
  const startMs = endMs === undefined || leftS === undefined ? fromMs : endMs - leftS * 1000;
  const { budget: _budget, mayPreempt: _mayPreempt, ...demand } = contract.demand;
  const window = { earliestStartMs: startMs, ...(leftS === undefined ? {} : { durationS: leftS }) };
  return {
    contract,
    demand: { ...demand, window },
    placement: { ...placement, startMs },
    verdict: verdictOfStay(contract),
  };
}

/** The rules' answer for a contract that stays on its sites: they have allowed it there. */
export function verdictOfStay({
  placement,
  planDigest,
}: Pick<Contract, 'placement' | 'planDigest'>): PolicyVerdict {
  const sites = [...new Set(seatsOf(placement).map(({ node }) => siteOf(node)))].toSorted(compareText);
  return {
    policy: planDigest,
    packs: [],
    sites: sites.map((site) => ({ site, answer: 'allowed', hits: [] })),
  };
}
