import { array, assert, constant, constantFrom, integer, oneof, option, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import { digestState } from '../../src/core/digest.ts';
import { applyAll, emptyState } from '../../src/core/state.ts';
import { canonicalJson } from '../../src/model/canonical.ts';
import type { Contract } from '../../src/model/contract.ts';
import type { Demand } from '../../src/model/demand.ts';
import { ContractId } from '../../src/model/id.ts';
import type { HeldSlice } from '../../src/model/placement.ts';
import { Plan } from '../../src/model/plan.ts';
import { ask, commit, release } from './acts.ts';
import { seed } from './arbitrary.ts';
import { demand } from './demand.ts';
import { hourMs, t0, verdictAll, type World, world } from './fleet.ts';

/** Size and starts of the profiles that are asked for, written down a third time: from the driver's listing. */
const profiles: Readonly<Record<string, readonly [size: number, starts: readonly number[]]>> = {
  '1g.10gb': [1, [0, 1, 2, 3, 4, 5, 6]],
  '1g.10gb+me': [1, [0, 1, 2, 3, 4, 5, 6]],
  '1g.20gb': [2, [0, 2, 4, 6]],
  '2g.20gb': [2, [0, 2, 4]],
  '3g.40gb': [4, [0, 4]],
  '4g.40gb': [4, [0]],
  '7g.80gb': [8, [0]],
};

const fleets = constantFrom(
  ['fra1/h1/r1 1×1 H100-SXM-80GB mig'],
  ['fra1/h1/r1 1×2 H100-SXM-80GB mig nvlink'],
  ['fra1/h1/r1 2×1 H100-SXM-80GB mig', 'fra1/h1/r2 1×2 H100-SXM-80GB nolink'],
  ['fra1/h1/r1 1×2 H100-SXM-80GB mig cpu8 mem32 gpuw700 basew800'],
);

const slice = oneof(
  { weight: 4, arbitrary: constantFrom(...Object.keys(profiles)).map((name) => `mig:${name}`) },
  { weight: 2, arbitrary: constantFrom(1, 100, 250, 500, 999).map((milli) => `share:${milli}`) },
  { weight: 1, arbitrary: constant('') },
);

const windows = tuple(integer({ min: 0, max: 6 }), option(integer({ min: 1, max: 5 }), { freq: 8 })).map(
  ([from, hours]) => ({
    earliestStartMs: t0 + from * hourMs,
    ...(hours === null ? {} : { durationS: hours * 3600 }),
  }),
);

const wishes = tuple(integer({ min: 1, max: 3 }), integer({ min: 1, max: 2 }), slice, windows).map(
  ([count, each, what, window]) => demand(`${count}×${each} ${what}`.trim(), { window }),
);
const single = tuple(slice, windows).map(([what, window]) => demand(`1×1 ${what} cpu0 mem0`, { window }));
const asked = oneof({ weight: 3, arbitrary: wishes }, { weight: 3, arbitrary: single });

type Act = { readonly wish: Demand; readonly ends: number | null };
const acts = array(
  tuple(asked, option(integer({ min: 0, max: 5 }), { freq: 4 })).map(([wish, ends]): Act => ({ wish, ends })),
  { minLength: 3, maxLength: 14 },
);

/** Takes what fits, and releases some of it again before it begins or while it runs. */
function lived(
  start: World,
  todo: readonly Act[],
  watch: (before: World, wish: Demand, after: World) => void,
) {
  let now = start;
  for (const { wish, ends } of todo) {
    const answer = ask(now, wish);
    if (answer.kind === 'planned') {
      const { world: after } = commit(now, answer);
      watch(now, wish, after);
      now = after;
    }
    const { size } = now.state.contracts;
    if (ends !== null && size > 0)
      now = release(now, ContractId.parse(`C-${101 + (ends % size)}`), { atMs: t0 + ends * hourMs }).world;
  }
  return now;
}

type Claim = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly gpu: string;
  readonly what: HeldSlice | 'whole';
};

function claimsOf({ placement, releasedAtMs }: Contract): Claim[] {
  const fromMs = placement.startMs;
  const toMs = Math.min(placement.endMs ?? Infinity, releasedAtMs ?? Infinity);
  return placement.members.flatMap(({ node, gpus, slices = [] }) => [
    ...gpus.map((gpu): Claim => ({ fromMs, toMs, gpu: `${node}/gpu${gpu}`, what: 'whole' })),
    ...slices.map((what): Claim => ({ fromMs, toMs, gpu: `${node}/gpu${what.gpu}`, what })),
  ]);
}

/** What is wrong with a GPU at one instant, by adding up what stands there. */
function faultsOf(there: readonly (HeldSlice | 'whole')[]): string[] {
  const shares = there.flatMap((what) => (what !== 'whole' && what.kind === 'share' ? [what.milli] : []));
  const cuts = there.flatMap((what) => (what !== 'whole' && what.kind === 'mig' ? [what] : []));
  const whole = there.filter((what) => what === 'whole');
  const modes = [shares, cuts, whole].filter((of) => of.length > 0).length;
  const taken = cuts.flatMap(({ profile, start }) =>
    Array.from({ length: profiles[profile]?.[0] ?? 99 }, (_, at) => start + at),
  );
  return [
    ...(modes > 1 ? ['two modes'] : []),
    ...(whole.length > 1 ? ['whole twice'] : []),
    ...(shares.reduce((sum, milli) => sum + milli, 0) > 1000 ? ['over a thousand'] : []),
    ...(new Set(taken).size < taken.length ? ['overlap'] : []),
    ...(cuts.some(({ profile, start }) => profiles[profile]?.[1].includes(start) !== true) ? ['start'] : []),
    ...(cuts.filter(({ profile }) => profile.endsWith('+me')).length > 1 ? ['media twice'] : []),
  ];
}

function faultsIn(contracts: Iterable<Contract>): string[] {
  const claims = [...contracts].flatMap(claimsOf);
  return [...new Set(claims.map(({ fromMs }) => fromMs))].flatMap((atMs) => {
    const there = claims.filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
    return [...Map.groupBy(there, ({ gpu }) => gpu).values()].flatMap((on) =>
      faultsOf(on.map(({ what }) => what)),
    );
  });
}

/** Whether some legal slice on some GPU stands beside everything that overlaps the window: all are tried. */
function fitsSomewhere({ state }: World, wish: Demand): boolean {
  const fromMs = wish.window.earliestStartMs;
  const toMs = wish.window.durationS === undefined ? Infinity : fromMs + wish.window.durationS * 1000;
  const claims = [...state.contracts].flatMap(claimsOf);
  return state.fleet.nodes.some((node) =>
    node.shape.gpus.some((facts, gpu) =>
      optionsOf(wish, gpu, facts.migCapable === true).some((what) => {
        const there = claims.filter(
          (claim) => claim.gpu === `${node.id}/gpu${gpu}` && claim.fromMs < toMs && claim.toMs > fromMs,
        );
        const instants = [fromMs, ...there.map((claim) => claim.fromMs)].filter((at) => at >= fromMs);
        return instants.every((at) => {
          const now = there.filter((claim) => claim.fromMs <= at && at < claim.toMs);
          return faultsOf([...now.map((claim) => claim.what), what]).length === 0;
        });
      }),
    ),
  );
}

function optionsOf({ parts }: Demand, gpu: number, isCapable: boolean): (HeldSlice | 'whole')[] {
  const need = parts[0]?.each.gpus?.slice;
  if (need === undefined) return ['whole'];
  if (need.kind === 'share') return [{ kind: 'share', gpu, milli: need.milli }];
  if (!isCapable) return [];
  return (profiles[need.profile]?.[1] ?? []).map((start) => ({
    kind: 'mig',
    gpu,
    profile: need.profile,
    start,
  }));
}

describe('whole GPUs, shares and instances taken and released at random', { timeout: 60_000 }, () => {
  test('never break a promise: the auditor agrees to each, and at every instant each GPU is in one mode', () => {
    let grants = 0;
    assert(
      property(fleets, acts, (lines, todo) => {
        const end = lived(world(...lines), todo, (before, wish, after) => {
          const granted = after.state.contracts.at(before.state.contracts.size);
          if (granted === undefined) throw new Error('what was planned just now is granted');
          grants++;
          expect(check(before.state, wish, verdictAll(before.state, 'allowed'), granted.placement)).toEqual(
            [],
          );
        });
        expect(faultsIn(end.state.contracts)).toEqual([]);
      }),
      { seed, numRuns: 250 },
    );
    expect(grants).toBeGreaterThan(1000);
  });

  test('a single slice or GPU is granted exactly when some place for it exists over its window', () => {
    const counted = { fits: 0, misses: 0 };
    assert(
      property(fleets, acts, array(single, { minLength: 4, maxLength: 8 }), (lines, todo, last) => {
        const end = lived(world(...lines), todo, () => {});
        for (const wish of last) {
          const expected = fitsSomewhere(end, wish);
          counted[expected ? 'fits' : 'misses']++;
          expect(ask(end, wish).kind).toBe(expected ? 'planned' : 'refused');
        }
      }),
      { seed, numRuns: 150 },
    );
    expect(Math.min(counted.fits, counted.misses)).toBeGreaterThan(150);
  });

  test('replaying the entries gives the same state, and asking again the same bytes', () => {
    assert(
      property(fleets, acts, single, (lines, todo, wish) => {
        const { state, archive, entries } = lived(world(...lines), todo, () => {});
        const replayed = entries.reduce(
          (before, { events, stamp }) => applyAll(before, events, stamp, archive),
          emptyState,
        );
        expect(digestState(replayed)).toBe(digestState(state));
        const answers = [state, replayed].map((now) => ask({ state: now, archive, entries }, wish));
        expect(canonicalJson(answers[1])).toBe(canonicalJson(answers[0]));
        const plans = answers.flatMap((answer) => (answer.kind === 'planned' ? [answer.plan] : []));
        expect(plans.map((plan) => Plan.parse(plan))).toEqual(plans);
      }),
      { seed, numRuns: 60 },
    );
  });
});
