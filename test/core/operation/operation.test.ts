import { describe, expect, test } from 'vitest';

import { attemptLimit } from '../../../src/core/binding/binding.ts';
import { operationOf, operationsUnderWay } from '../../../src/core/operation/operation.ts';
import { type BindingResult, EngineName, Subject } from '../../../src/model/binding.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import type { Command } from '../../../src/model/command.ts';
import { ContractId, MaintenanceId, OperationId, Path } from '../../../src/model/id.ts';
import { act, change, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world, type World } from '../fleet.ts';

const fleet = world('fra1/h1/r1 2×8 H100', 'ams1/h1/r2 1×8 H100');
const c101 = ContractId.parse('C-101');
const running = take(fleet, demand('1×8 H100 24h'));
const later = take(
  fleet,
  demand('1×8 H100 1h', { window: { earliestStartMs: t0 + hourMs, durationS: 3600 } }),
);
const engine = EngineName.parse('slurm');

function did(before: World, command: Command, atMs = t0): World {
  const { world: after, decision } = act(before, command, { atMs });
  if (decision.kind === 'refused') throw new Error(JSON.stringify(decision));
  return after;
}

function bound(before: World, { version = 1, count = 1, subject = 'C-101', atMs = t0 } = {}): World {
  const about = { subject: Subject.parse(subject), engine, version, objects: digestOf(version) };
  return did(before, { kind: 'bind', ...about, objectCount: count, places: [] }, atMs);
}

function reported(before: World, result: BindingResult, { version = 1, atMs = t0, subject = 'C-101' } = {}) {
  const account = { result, steps: [], stepCount: 0, differences: ['nodes: n01, wanted n02'] };
  const about = { subject: Subject.parse(subject), engine, objects: digestOf(version) };
  return did(before, { kind: 'report-binding', ...about, account }, atMs);
}

function closed(before: World, fromMs = t0 + hourMs): World {
  const window = { place: Path.parse('ams1'), fromMs, toMs: fromMs + hourMs, reason: 'firmware' };
  return did(before, { kind: 'start-maintenance', ...window });
}

/** `scheduled until 1 h`, or the state and what it becomes. */
function stands({ state }: World, id: string, atMs = t0): string {
  const found = operationOf(state, OperationId.parse(id), atMs);
  if (found === undefined) return 'none';
  const { dueMs, becomes } = found;
  const due = dueMs === undefined ? '' : ` until ${(dueMs - t0) / hourMs} h`;
  return `${found.state}${due}${becomes === undefined ? '' : ` as ${becomes}`}`;
}

const underWay = ({ state }: World, atMs = t0) => operationsUnderWay(state, atMs).map(({ id }) => id);

describe('a contract', () => {
  test.each<[string, World, string, number, string]>([
    ['that runs is done', running, 'C-101.1', t0, 'done'],
    ['that begins later', later, 'C-101.1', t0, 'scheduled until 1 h'],
    ['in its first millisecond', later, 'C-101.1', t0 + hourMs, 'done'],
    ['one before', later, 'C-101.1', t0 + hourMs - 1, 'scheduled until 1 h'],
    ['at a version that is to come', later, 'C-101.2', t0, 'none'],
    ['that is not', later, 'C-102.1', t0, 'none'],
    ['that an engine is told of', bound(running), 'C-101.1', t0, 'handing-over'],
    ['that an engine holds', reported(bound(running), 'kept'), 'C-101.1', t0, 'done'],
    ['held before it begins', reported(bound(later), 'kept'), 'C-101.1', t0, 'scheduled until 1 h'],
    [
      'whose engine is to be told that it began',
      reported(bound(later), 'kept'),
      'C-101.1',
      t0 + hourMs,
      'handing-over',
    ],
    ['that an engine refused', reported(bound(running), 'refused'), 'C-101.1', t0, 'handing-over'],
    ['that an engine holds otherwise', reported(bound(running), 'differs'), 'C-101.1', t0, 'handing-over'],
  ])('%s', (_, now, id, atMs, expected) => {
    expect(stands(now, id, atMs)).toBe(expected);
    expect(underWay(now, atMs).includes(OperationId.parse(id))).toBe(!['done', 'none'].includes(expected));
  });

  test('that was released is over once its engine has let it go', () => {
    const held = reported(bound(running), 'kept');
    const ended = release(held, c101).world;
    expect([stands(ended, 'C-101.1'), stands(ended, 'C-101.2')]).toEqual(['done as C-101.2', 'handing-over']);
    const empty = reported(bound(ended, { version: 2, count: 0 }), 'kept', { version: 2 });
    expect(stands(empty, 'C-101.2')).toBe('done');
    expect(stands(release(running, c101).world, 'C-101.2')).toBe('done');
  });

  test('that was changed is handed over anew', () => {
    const held = reported(bound(running), 'kept');
    const longer = change(held, c101, { end: { kind: 'at', atMs: t0 + 48 * hourMs } });
    expect([stands(longer, 'C-101.1'), stands(longer, 'C-101.2')]).toEqual([
      'done as C-101.2',
      'handing-over',
    ]);
  });

  test('that no engine took waits for a person', () => {
    let now = bound(running);
    for (let attempt = 1; attempt <= attemptLimit; attempt++) {
      expect(stands(now, 'C-101.1')).toBe('handing-over');
      now = reported(now, 'unreachable', { atMs: t0 + attempt });
    }
    expect(stands(now, 'C-101.1')).toBe('stuck');
    expect(underWay(now)).toEqual(['C-101.1']);
  });
});

describe('a closed place', () => {
  const soon = closed(fleet);

  test.each<[number, string]>([
    [0, 'scheduled until 1 h'],
    [hourMs - 1, 'scheduled until 1 h'],
    [hourMs, 'running until 2 h'],
    [2 * hourMs - 1, 'running until 2 h'],
    [2 * hourMs, 'done'],
  ])('after %d ms', (afterMs, expected) => {
    expect(stands(soon, 'MW-1', t0 + afterMs)).toBe(expected);
  });

  test('that was opened again, and one that is not', () => {
    const open = did(soon, { kind: 'cancel-maintenance', id: MaintenanceId.parse('MW-1') });
    expect([stands(open, 'MW-1'), stands(open, 'MW-2'), underWay(open)]).toEqual(['cancelled', 'none', []]);
  });

  test('that an engine was handed', () => {
    const handed = bound(soon, { subject: 'MW-1' });
    expect(stands(handed, 'MW-1')).toBe('handing-over');
    const kept = reported(handed, 'kept', { subject: 'MW-1' });
    expect(stands(kept, 'MW-1')).toBe('scheduled until 1 h');
    expect(stands(kept, 'MW-1', t0 + 2 * hourMs)).toBe('handing-over');
  });
});

test('what is under way stands in the order of its kinds and numbers', () => {
  const two = take(
    closed(later, t0 + 5 * hourMs),
    demand('1×8 H100 1h', { window: { earliestStartMs: t0 + 2 * hourMs, durationS: 60 } }),
  );
  expect(underWay(two)).toEqual(['MW-1', 'C-101.1', 'C-102.1']);
  expect(underWay(two, t0 + 24 * hourMs)).toEqual([]);
});
