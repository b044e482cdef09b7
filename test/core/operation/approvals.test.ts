import { describe, expect, test } from 'vitest';

import { operationOf, operationsUnderWay } from '../../../src/core/operation/operation.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Event } from '../../../src/model/event.ts';
import { ContractId, OperationId } from '../../../src/model/id.ts';
import { act, change, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { enter, hourMs, t0, world, type World } from '../fleet.ts';

const fleet = world('fra1/h1/r1 2×8 H100', 'ams1/h1/r2 1×8 H100');
const running = take(fleet, demand('1×8 H100 24h'));
const c101 = ContractId.parse('C-101');

const release = { kind: 'release-contract', contract: 'C-101' };
const commit = { kind: 'commit-plan', plan: 'plan-aaaaaaaaaaaaaaaa', planDigest: digestOf('a plan') };
const closing = {
  kind: 'start-maintenance',
  place: 'ams1',
  fromMs: t0 + hourMs,
  toMs: t0 + 2 * hourMs,
  reason: 'x',
};

function said(before: World, event: object, atMs = t0): World {
  return enter(before, [Event.parse(event)], atMs);
}

/** One more command that waits for a person, for three hours. */
function asked(before: World, command: object): World {
  const number = [...before.state.authority.approvals].length + 1;
  return said(before, {
    kind: 'approval-requested',
    approval: `A-${number}`,
    command,
    digest: digestOf(command),
    tier: 3,
    persons: 1,
    why: ['large'],
    need: { gpus: 8, blastGpus: 8 },
    expiresAtMs: t0 + 3 * hourMs,
  });
}

const used = (before: World, more: object = {}) =>
  said(before, { kind: 'approval-used', approval: 'A-1', ...more });
const rejected = (before: World) =>
  said(before, {
    kind: 'approval-rejected',
    approval: 'A-1',
    by: 'person:eve',
    signedAtMs: t0,
    reason: 'no',
  });

function closed(before: World, { fromMs = t0 + hourMs, place = 'ams1' } = {}): World {
  const window = Event.parse({
    kind: 'maintenance-scheduled',
    id: `MW-${before.state.maintenance.size + 1}`,
    place,
    fromMs,
    toMs: fromMs + hourMs,
    reason: 'x',
  });
  return enter(before, [window], t0);
}

/** `waiting until 3 h`, or the state and what it becomes. */
function stands({ state }: World, id = 'A-1', atMs = t0): string {
  const found = operationOf(state, OperationId.parse(id), atMs);
  if (found === undefined) return 'none';
  const { dueMs, becomes } = found;
  const due = dueMs === undefined ? '' : ` until ${(dueMs - t0) / hourMs} h`;
  return `${found.state}${due}${becomes === undefined ? '' : ` as ${becomes}`}`;
}

const underWay = ({ state }: World, atMs = t0) => operationsUnderWay(state, atMs).map(({ id }) => id);

describe('what waits for a person', () => {
  const waiting = asked(running, release);

  test.each([
    [0, 'waiting until 3 h'],
    [3 * hourMs - 1, 'waiting until 3 h'],
    [3 * hourMs, 'expired'],
    [9 * hourMs, 'expired'],
  ])('stands after %d ms, where nobody speaks', (afterMs, expected) => {
    expect(stands(waiting, 'A-1', t0 + afterMs)).toBe(expected);
  });

  test('is over with a no, and stays so when its time is up', () => {
    expect([stands(rejected(waiting)), stands(rejected(waiting), 'A-1', t0 + 9 * hourMs)]).toEqual([
      'rejected',
      'rejected',
    ]);
  });

  test('is nothing where no such number was given', () => {
    expect(['A-1', 'A-2'].map((id) => stands(waiting, id))).toEqual(['waiting until 3 h', 'none']);
    expect(stands(running)).toBe('none');
  });

  test('says what it is about, and that no engine was handed any of it', () => {
    expect(operationOf(waiting.state, OperationId.parse('A-1'), t0)).toMatchObject({
      about: { kind: 'approval', approval: { id: 'A-1', command: release } },
      bindings: [],
    });
  });

  test('comes first of all that is under way, by number, and leaves with its end', () => {
    const later = demand('1×8 H100 1h', { window: { earliestStartMs: t0 + hourMs, durationS: 3600 } });
    const all = asked(asked(closed(take(fleet, later)), release), commit);
    expect(underWay(all)).toEqual(['A-1', 'A-2', 'MW-1', 'C-101.1']);
    expect(underWay(rejected(all))).toEqual(['A-2', 'MW-1', 'C-101.1']);
    expect(underWay(used(all))).toEqual(['A-2', 'MW-1', 'C-101.1']);
    expect(underWay(all, t0 + 3 * hourMs)).toEqual([]);
  });
});

describe('a yes has become', () => {
  test.each<[string, World, string]>([
    ['the contract that it made', used(asked(running, commit), { contract: 'C-101' }), 'done as C-101.1'],
    ['the contract that it was about', used(asked(running, release)), 'done as C-101.1'],
    ['nothing that is known, where no contract came of it', used(asked(running, commit)), 'done'],
    ['nothing, where its contract is none', used(asked(running, { ...release, contract: 'C-102' })), 'done'],
    ['the place that it closed', used(closed(asked(running, closing))), 'done as MW-1'],
    ['nothing, where no place was closed', used(asked(running, closing)), 'done'],
    [
      'not another window of the place',
      used(closed(asked(running, closing), { fromMs: t0 + 2 * hourMs })),
      'done',
    ],
    ['not the window of another place', used(closed(asked(running, closing), { place: 'fra1' })), 'done'],
    ['the last of equal windows', used(closed(closed(asked(running, closing)))), 'done as MW-2'],
    [
      'the one window of several that it meant',
      used(closed(closed(asked(running, closing)), { place: 'fra1' })),
      'done as MW-1',
    ],
  ])('%s', (_, now, expected) => {
    expect(stands(now)).toBe(expected);
  });

  test('the contract at its newest version', () => {
    const made = used(asked(running, commit), { contract: 'C-101' });
    const longer = change(made, c101, { end: { kind: 'at', atMs: t0 + 48 * hourMs } });
    expect(stands(longer)).toBe('done as C-101.2');
    const ended = act(longer, { kind: 'release-contract', contract: c101 }).world;
    expect(stands(ended)).toBe('done as C-101.3');
  });
});
