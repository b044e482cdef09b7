import { digestState } from '../../core/digest.ts';
import { lapse } from '../../core/life/lapse.ts';
import { digestOf } from '../../model/canonical.ts';
import { heldWords } from '../../model/slice.ts';
import { Random } from '../random.ts';
import { type Claim, claimsOf } from './claims.ts';
import { drawFleet } from './fleet.ts';
import { graceMs, lifecycle } from './lifecycle.ts';
import { stepKinds } from './steps.ts';
import { sweep } from './sweep.ts';
import { beyondEdges, type Use, usesOf } from './uses.ts';
import { Walker } from './walker.ts';

export type WalkReport = {
  readonly steps: number;
  readonly seed: number;
  readonly fleets: number;
  readonly contracts: number;
  /** How often each kind of step was tried, and how often it was granted. */
  readonly kinds: Readonly<Record<string, { tried: number; done: number }>>;
  readonly claimsSwept: number;
  readonly violationCount: number;
  /** The first ones, in words. */
  readonly violations: readonly string[];
  /** Over the end states of all fleets: the same seed gives the same. */
  readonly digest: string;
};

/** So many steps are walked on one fleet before the next one is drawn. */
const stepsPerFleet = 500;

const shownLimit = 20;

/**
 * A random walk over small fleets: contracts are granted, changed, preempted, released, held by leases, and places fail,
 * recover and are closed. After every step everything that is promised is summed up again by other code, and at the end
 * of each fleet the entries are folded again. Yields the number of steps taken.
 */
export function* walk({ steps, seed }: { steps: number; seed: number }): Generator<number, WalkReport> {
  const kinds = new Map<string, { tried: number; done: number }>();
  const violations: string[] = [];
  let digest = '';
  let [taken, fleets, contracts, claimsSwept, violationCount] = [0, 0, 0, 0, 0];
  while (taken < steps) {
    const random = new Random(seed + 7919 * fleets);
    const walker = new Walker(drawFleet(random));
    const most = Math.min(stepsPerFleet, steps - taken);
    for (let step = 0; step < most; step++) {
      const { kind, done, found, claims } = stepOn(walker, random);
      const count = kinds.get(kind) ?? { tried: 0, done: 0 };
      kinds.set(kind, { tried: count.tried + 1, done: count.done + Number(done) });
      claimsSwept += claims;
      violationCount += found.length;
      for (const what of found)
        if (violations.length < shownLimit)
          violations.push(`fleet ${fleets}, step ${step}, ${kind}: ${what}`);
    }
    const end = digestState(walker.state);
    if (digestState(walker.replayed()) !== end) {
      violationCount++;
      violations.push(`fleet ${fleets}: folding its entries again gives another state`);
    }
    digest = digestOf([digest, end]);
    taken += most;
    fleets++;
    contracts += walker.state.contracts.size;
    yield taken;
  }
  const sorted = [...kinds].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    steps: taken,
    seed,
    fleets,
    contracts,
    kinds: Object.fromEntries(sorted),
    claimsSwept,
    violationCount,
    violations,
    digest,
  };
}

function stepOn(
  walker: Walker,
  random: Random,
): { kind: string; done: boolean; found: string[]; claims: number } {
  const { name: kind, step } = random.pick(stepKinds);
  const before = walker.state;
  const { done, contract, preempts = [], shrinks = [], fault } = step(walker, random);
  const { state, nowMs } = walker;
  const claims = claimsOf(state, nowMs, nowMs - graceMs);
  const uses = usesOf(state, nowMs, nowMs - graceMs);
  const allowed = { ...(contract === undefined ? {} : { contract }), preempts, shrinks, atMs: nowMs };
  const found = [
    ...(fault === undefined ? [] : [fault]),
    ...sweep(state, claims),
    ...lifecycle(before, state, allowed),
    ...beyondEdges(state, uses),
    ...calendarGap(walker, claims, uses),
  ];
  return { kind, done, found, claims: claims.length };
}

/** Whether both calendars say what contracts, leases and windows say, from now on. */
function* calendarGap(
  { state, nowMs }: Walker,
  claims: readonly Claim[],
  uses: readonly Use[],
): Generator<string> {
  const now = lapse(state, nowMs);
  const held = now.fleet.nodes.flatMap(({ id, index }) =>
    (now.calendar[index] ?? []).flatMap((hold) => {
      const gpus = Array.from({ length: 32 }, (_, gpu) => gpu).filter((gpu) => (hold.gpus >>> gpu) & 1);
      const devices = [...gpus.map((gpu) => `gpu${gpu}`), ...hold.nics.map((nic) => `nic${nic}`)];
      return hold.endMs > nowMs ? [inWords({ ...hold, node: id, devices, slices: hold.slices ?? [] })] : [];
    }),
  );
  const claimed = claims.flatMap((claim) =>
    claim.endMs > nowMs ? [inWords({ ...claim, endMs: Math.min(claim.endMs, never) })] : [],
  );
  if (held.toSorted().join() !== claimed.toSorted().join()) yield 'the calendar is not what is promised';
  const carried = [...now.bandwidth].flatMap(([edge, holds]) =>
    holds.flatMap(({ holder, startMs, endMs, mbps }) =>
      endMs > nowMs ? [`${edge} ${holder} ${startMs} ${endMs} ${mbps}`] : [],
    ),
  );
  const used = uses.flatMap(({ edge, holder, startMs, endMs, mbps }) =>
    endMs > nowMs ? [`${edge} ${holder} ${startMs} ${Math.min(endMs, never)} ${mbps}`] : [],
  );
  if (carried.toSorted().join() !== used.toSorted().join()) yield 'the edges do not hold what is promised';
}

const never = Number.MAX_SAFE_INTEGER;

/** A closed node is held whole, whatever it has. */
function inWords(held: Omit<Claim, 'tenant' | 'alone'> & { readonly tenant?: string | undefined }): string {
  const { holder, node, startMs, endMs, tenant, devices, slices, cpuMilli, memoryMib, powerW } = held;
  const what = `${devices.join()} ${slices.map(heldWords).join()} ${cpuMilli} ${memoryMib} ${powerW}`;
  return `${holder} ${node} ${startMs} ${endMs} ${tenant === undefined ? '' : what}`;
}
