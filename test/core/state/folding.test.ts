import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { digestState } from '../../../src/core/digest.ts';
import { applyAll, emptyState, type State, withPast } from '../../../src/core/state.ts';
import { ContractId, MaintenanceId, Path, PlanId } from '../../../src/model/id.ts';
import { act, applyChange, ask, askChange, commit, lease, release } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, observe, t0, type World, world } from '../fleet.ts';

const fleet = world('fra1/h1/r1 2×4 H100 nvlink', {
  sites: { fra1: { gpuPrices: { H100: 1_000_000 } } },
});

type Deed = {
  readonly what: 'take' | 'hold' | 'drop' | 'commit' | 'grow' | 'release' | 'close' | 'open' | 'import';
  readonly which: number;
  readonly waitH: number;
};

const deeds: fc.Arbitrary<readonly Deed[]> = fc.array(
  fc.record({
    what: fc.constantFrom(
      ...([
        'take',
        'take',
        'take',
        'hold',
        'commit',
        'grow',
        'release',
        'close',
        'open',
        'import',
        'drop',
      ] as const),
    ),
    which: fc.nat(5),
    waitH: fc.constantFrom(0, 0, 1, 2),
  }),
  { minLength: 3, maxLength: 10 },
);

/** One deed, at its time. What is refused leaves the world as it was. */
function done(before: World, { what, which }: Deed, atMs: number): World {
  const when = { atMs };
  const wish = demand(`1×${which % 2 === 0 ? 3 : 4} H100`, {
    window: { earliestStartMs: atMs, durationS: (which + 1) * 3600 },
    ...(which % 2 === 0 ? { guarantee: 'preemptible' } : { mayPreempt: true }),
  });
  const contract = ContractId.parse(`C-${101 + (which % Math.max(1, before.state.contracts.size))}`);
  switch (what) {
    case 'take':
    case 'hold': {
      const answer = ask(before, wish, when);
      if (answer.kind === 'refused') return before;
      return (what === 'hold' ? lease(before, answer, 2, when) : commit(before, answer, when)).world;
    }
    case 'commit': {
      const held = [...before.state.leases.values()].at(which % Math.max(1, before.state.leases.size));
      if (held === undefined) return before;
      const { plan, planDigest } = held;
      const isChange = before.archive.plan(planDigest).changes !== undefined;
      return isChange ? before : act(before, { kind: 'commit-plan', plan, planDigest }, when).world;
    }
    case 'drop': {
      const [plan = PlanId.parse('plan-0000000000000000')] = before.state.leases.keys();
      return act(before, { kind: 'drop-hold', plan }, when).world;
    }
    case 'grow': {
      if (before.state.contracts.size === 0) return before;
      const answer = askChange(before, contract, { replicas: { train: (which % 3) + 1 } }, when);
      return answer.kind === 'refused' ? before : applyChange(before, answer, when).world;
    }
    case 'release':
      return release(before, contract, when).world;
    case 'close': {
      const place = Path.parse(`fra1/h1/r1/n0${(which % 2) + 1}`);
      const span = { fromMs: atMs + hourMs, toMs: atMs + 3 * hourMs, reason: 'new fans' };
      return act(before, { kind: 'start-maintenance', place, ...span }, when).world;
    }
    case 'open':
      return act(before, { kind: 'cancel-maintenance', id: MaintenanceId.parse('MW-1') }, when).world;
    case 'import':
      return observe(before, [], { source: 'hwloc' });
    default:
      return what satisfies never;
  }
}

function lived(todo: readonly Deed[]): { readonly now: World; readonly atMs: number } {
  let now = fleet;
  let atMs = t0;
  for (const deed of todo) {
    atMs += deed.waitH * hourMs;
    now = done(now, deed, atMs);
  }
  return { now, atMs };
}

const fold = ({ entries, archive }: Pick<World, 'entries' | 'archive'>, from: State = emptyState): State =>
  entries.reduce((state, { events, stamp }) => applyAll(state, events, stamp, archive), from);

/** What holds something, whatever the order of the lists. */
function intervals(state: State): string[] {
  return state.calendar
    .flatMap((holds, node) => holds.map((hold) => JSON.stringify([node, hold])))
    .toSorted();
}

const lives = { numRuns: 80, seed: 81 };

describe('whatever people do', { timeout: 60_000 }, () => {
  test('folding all entries again gives the same state', () => {
    const seen = { contracts: 0, changed: 0, preempted: 0, windows: 0, entries: 0 };
    fc.assert(
      fc.property(deeds, (todo) => {
        const { now } = lived(todo);
        expect(digestState(fold(now))).toBe(digestState(now.state));
        const contracts = [...now.state.contracts];
        seen.contracts += contracts.length;
        seen.changed += contracts.filter(({ earlier }) => earlier !== undefined).length;
        seen.preempted += contracts.filter(({ preemptedBy }) => preemptedBy !== undefined).length;
        seen.windows += now.state.maintenance.size;
        seen.entries += now.entries.length;
      }),
      lives,
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(3);
  });

  test('folding on from any entry is folding from the first', () => {
    fc.assert(
      fc.property(deeds, fc.nat(20), (todo, cut) => {
        const { now } = lived(todo);
        const at = cut % (now.entries.length + 1);
        const half = fold({ ...now, entries: now.entries.slice(0, at) });
        expect(digestState(fold({ ...now, entries: now.entries.slice(at) }, half))).toBe(
          digestState(now.state),
        );
      }),
      lives,
    );
  });

  test('the events of one entry may be folded one by one', () => {
    fc.assert(
      fc.property(deeds, (todo) => {
        const { now } = lived(todo);
        const single = now.entries.flatMap(({ events, stamp }) =>
          events.length === 0 ? [{ events, stamp }] : events.map((event) => ({ events: [event], stamp })),
        );
        expect(digestState(fold({ ...now, entries: single }))).toBe(digestState(now.state));
      }),
      lives,
    );
  });

  test('an entry without events moves to its number and forgets ended leases, and nothing else', () => {
    fc.assert(
      fc.property(deeds, fc.constantFrom(0, 1, 3), (todo, laterH) => {
        const { now, atMs } = lived(todo);
        const stamp = {
          seq: now.state.seq + 1,
          atMs: atMs + laterH * hourMs,
          actor: { principal: principalOf(now) },
        };
        const after = applyAll(now.state, [], stamp, now.archive);
        const left = [...now.state.leases.values()].filter(({ untilMs }) => untilMs > stamp.atMs);
        expect([...after.leases.values()]).toEqual(left);
        expect(after.seq).toBe(stamp.seq);
        const before = new Map<string, unknown>(Object.entries(now.state));
        const touched = Object.entries(after).flatMap(([field, is]) =>
          before.get(field) === is ? [] : [field],
        );
        const isQuiet = left.length === now.state.leases.size;
        expect(isQuiet ? ['seq'] : ['seq', 'leases', 'calendar', 'bandwidth']).toEqual(
          expect.arrayContaining(touched),
        );
        expect(after.calendarDigest).toBe(now.state.calendarDigest);
      }),
      lives,
    );
  });

  test('the calendar is what contracts, leases and windows say: entering all of them again changes nothing', () => {
    fc.assert(
      fc.property(deeds, (todo) => {
        const { now } = lived(todo);
        expect(intervals(withPast(now.state))).toEqual(intervals(now.state));
        expect(withPast(now.state).bandwidth).toEqual(now.state.bandwidth);
        expect(intervals(observe(now, []).state)).toEqual(intervals(now.state));
      }),
      lives,
    );
  });

  test('versions of a contract count up by one, and what it held before ends before it', () => {
    fc.assert(
      fc.property(deeds, (todo) => {
        for (const { version, earlier = [], placement } of lived(todo).now.state.contracts) {
          expect(earlier.map((before) => before.version)).toEqual(earlier.map((_, at) => at + 1));
          expect(version).toBeGreaterThan(earlier.length);
          const ends = earlier.map(({ untilMs }) => untilMs);
          expect(ends).toEqual(ends.toSorted((a, b) => a - b));
          for (const untilMs of ends) expect(untilMs).toBeLessThanOrEqual(placement.startMs);
        }
      }),
      lives,
    );
  });
});

function principalOf({ entries }: World) {
  const [first] = entries;
  if (first === undefined) throw new Error('a fleet is an entry');
  return first.stamp.actor.principal;
}
