import { describe, expect, test } from 'vitest';

import { attemptLimit, waitMs } from '../../../src/core/binding/binding.ts';
import { contractOf } from '../../../src/core/state.ts';
import { stateAt } from '../../../src/model/contract.ts';
import { Decision } from '../../../src/model/decision.ts';
import { ContractId, MaintenanceId, Path } from '../../../src/model/id.ts';
import { act, change, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world, type World } from '../fleet.ts';
import { bind, type Bound, due, report, why } from './handing-over.ts';

const fleet = world('fra1/h1/r1 2×8 H100 cpu128 mem1024', 'ams1/h1/r2 1×8 H100 cpu128 mem1024');
const c101 = ContractId.parse('C-101');
const two = take(fleet, demand('2×8 H100 24h', { where: ['fra1/h1/r1'] }));

function stateOf({ state }: World, atMs = t0): string {
  const contract = contractOf(state, c101);
  return contract === undefined ? 'none' : stateAt(contract, atMs);
}

describe('a hand-over', () => {
  test.each<[string, Bound, string]>([
    ['of all of it', {}, 'binding-begun'],
    ['of the place where it stands', { places: ['fra1'] }, 'binding-begun'],
    ['of a place where it does not', { places: ['ams1'] }, 'elsewhere'],
    ['of nothing', { count: 0 }, 'nothing-wanted'],
    ['of another version', { version: 2 }, 'other-version'],
    ['of a contract that is not', { subject: 'C-999' }, 'contract-unknown'],
    ['of a window that is not', { subject: 'MW-7' }, 'maintenance-unknown'],
  ])('%s', (_, asked, answer) => {
    expect(why(bind(two, asked))).toBe(answer);
  });

  test('of many places where it does not stand is refused in words that a ledger holds', () => {
    const places = Array.from({ length: 64 }, (_, at) => `ams1/h1/${'r'.repeat(20)}${at}`);
    const { decision } = bind(two, { places });
    expect(Decision.parse(decision)).toEqual(decision);
    expect(why(bind(two, { places }))).toBe('elsewhere');
    expect(why(bind(two, { places: [...places.slice(1), 'fra1'] }))).toBe('binding-begun');
  });

  test('of what has ended takes away only what was there, and gives nothing', () => {
    const handed = bind(two).world;
    const ended = release(handed, c101).world;
    expect(why(bind(ended, { version: 2, count: 0 }))).toBe('binding-begun');
    expect(why(bind(ended, { version: 2, count: 1 }))).toBe('contract-ended');
    expect(why(bind(release(two, c101).world, { version: 2, count: 0 }))).toBe('nothing-there');
  });

  test('of a window, until it is cancelled', () => {
    const closed = act(fleet, {
      kind: 'start-maintenance',
      place: Path.parse('ams1'),
      fromMs: t0,
      toMs: t0 + hourMs,
      reason: 'firmware',
    }).world;
    const asked = { subject: 'MW-1' };
    expect(why(bind(closed, { ...asked, places: ['fra1'] }))).toBe('elsewhere');
    const handed = bind(closed, { ...asked, places: ['ams1'] }).world;
    expect(due(handed, t0 + hourMs)).toEqual(['it has ended']);
    const open = act(handed, { kind: 'cancel-maintenance', id: MaintenanceId.parse('MW-1') }).world;
    expect(why(bind(open, { ...asked, count: 1, version: 2 }))).toBe('maintenance-ended');
    expect(why(bind(open, { ...asked, count: 0, version: 2 }))).toBe('binding-begun');
  });
});

const at = (hours: number) => t0 + hours * hourMs;

test.each([
  ['by itself, at its end', undefined, 1, 3],
  ['when it was cancelled', 2, 2, 2],
])('a window that has ended is refused with when: %s', (_, cancelH, version, endedH) => {
  const window = { place: Path.parse('ams1'), fromMs: at(1), toMs: at(3), reason: 'firmware' };
  const closed = act(fleet, { kind: 'start-maintenance', ...window }).world;
  const id = MaintenanceId.parse('MW-1');
  const now =
    cancelH === undefined
      ? closed
      : act(closed, { kind: 'cancel-maintenance', id }, { atMs: at(cancelH) }).world;
  const { decision } = bind(now, { subject: id, version, atMs: at(3) });
  expect(decision).toEqual({
    kind: 'refused',
    refusal: { kind: 'maintenance-ended', id, endedAtMs: at(endedH) },
  });
});

describe('what came of it', () => {
  const begun = bind(two).world;

  test('is heard only about what was begun', () => {
    expect(why(report(two, 'kept'))).toBe('not-begun');
    expect(why(report(begun, 'kept', { engine: 'kubernetes' }))).toBe('not-begun');
    expect(why(report(begun, 'kept', { objects: 'b' }))).toBe('other-objects');
  });

  test('makes a contract bound, and active from its start on', () => {
    expect(stateOf(begun)).toBe('granted');
    expect(stateOf(report(begun, 'kept').world)).toBe('active');
    const later = take(
      fleet,
      demand('1×8 H100 1h', { window: { earliestStartMs: t0 + hourMs, durationS: 3600 } }),
    );
    const kept = report(bind(later).world, 'kept').world;
    expect([stateOf(kept), stateOf(kept, t0 + hourMs)]).toEqual(['bound', 'active']);
  });

  test('has to be said for every node of it', () => {
    const racks = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 1×8 H100');
    const spread = take(racks, demand('3×8 H100 24h'));
    const nodes = contractOf(spread.state, c101)?.placement.members.map(({ node }) => node) ?? [];
    const places = [...new Set(nodes.map((node) => node.split('/').slice(0, 3).join('/')))];
    let now = spread;
    for (const [index, place] of places.entries()) {
      const engine = `engine-${index}`;
      expect(stateOf(now)).toBe('granted');
      now = report(bind(now, { engine, places: [place] }).world, 'kept', { engine }).world;
    }
    expect(stateOf(now)).toBe('active');
  });

  test.each(['differs', 'refused', 'unreachable', 'unreadable'] as const)(
    '%s: tried again, later each time',
    (result) => {
      let now = begun;
      let atMs = t0;
      for (let attempt = 1; attempt < attemptLimit; attempt++) {
        now = report(now, result, { atMs }).world;
        const nextAtMs = atMs + waitMs(attempt);
        expect(due(now, nextAtMs - 1)).toEqual([]);
        expect(due(now, nextAtMs)).toEqual(['it is to be tried again']);
        atMs = nextAtMs;
      }
      const stuck = report(now, result, { atMs }).world;
      expect(due(stuck, atMs + 2 * hourMs)).toEqual([]);
      expect(stateOf(stuck)).toBe('granted');
    },
  );

  test('lost again after it was kept: no longer bound', () => {
    const kept = report(begun, 'kept').world;
    expect(stateOf(report(kept, 'differs').world)).toBe('granted');
  });

  test('counts for the version it was handed over at', () => {
    const kept = report(begun, 'kept').world;
    const changed = change(kept, c101, { end: { kind: 'at', atMs: t0 + 30 * hourMs } });
    expect(stateOf(changed)).toBe('granted');
    expect(due(changed, t0)).toContain('it was changed');
    const again = report(bind(changed, { version: 2, objects: 'b' }).world, 'kept', { objects: 'b' }).world;
    expect(stateOf(again)).toBe('active');
  });
});

test('waits grow from 10 s to an hour', () => {
  expect([1, 2, 3, 9, 10, 40].map(waitMs)).toEqual([10_000, 20_000, 40_000, 2_560_000, 3_600_000, 3_600_000]);
});

test('what was begun and not ended is due at once', () => {
  expect(due(bind(two).world, t0)).toEqual(['it was begun and not ended']);
});

test('what begins later is due when it begins', () => {
  const window = { earliestStartMs: t0 + hourMs, durationS: 3600 };
  const later = take(fleet, demand('1×8 H100 1h', { window }));
  const kept = report(bind(later).world, 'kept').world;
  expect([due(kept, t0 + hourMs - 1), due(kept, t0 + hourMs)]).toEqual([[], ['it has begun']]);
  const looked = report(kept, 'kept', { atMs: t0 + hourMs }).world;
  expect(due(looked, t0 + hourMs)).toEqual([]);
});
