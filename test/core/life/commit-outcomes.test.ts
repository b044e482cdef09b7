import { describe, expect, test } from 'vitest';

import { endedBy, isChangeable, misfitsOf, versionMoved } from '../../../src/core/life/commit.ts';
import { contractOf } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId, planIdOf } from '../../../src/model/id.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { act, applyChange, askChange, change, commit, planned, preempting, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';

const at = (hours: number) => t0 + hours * hourMs;
const c101 = ContractId.parse('C-101');
const c102 = ContractId.parse('C-102');
const priced = { sites: { fra1: { gpuPrices: { H100: 1_000_000 } } } };
const fleet = world('fra1/h1/r1 4×4 H100', priced);

function contract({ state }: World, id = c101): Contract {
  const found = contractOf(state, id);
  if (found === undefined) throw new Error('it was granted');
  return found;
}

describe('a plan that is committed', () => {
  test('without an end or a price is granted without either', () => {
    const free = world('fra1/h1/r1 4×4 H100');
    const answer = planned(free, demand('1×4 H100'));
    expect(commit(free, answer).decision).toEqual({
      kind: 'contract-granted',
      contract: 'C-101',
      plan: answer.id,
      startMs: t0,
    });
  });

  test('with a price and no end has no price as a whole', () => {
    const { decision } = commit(fleet, planned(fleet, demand('1×4 H100')));
    expect(decision).not.toHaveProperty('totalMicroEur');
    expect(decision).not.toHaveProperty('endMs');
  });

  test('that takes nothing from others names nobody', () => {
    const { decision } = commit(fleet, planned(fleet, demand('1×4 H100 2h')));
    expect(decision).toMatchObject({ totalMicroEur: 8_000_000, endMs: at(2) });
    expect(decision).not.toHaveProperty('preempts');
    expect(decision).not.toHaveProperty('shrinks');
  });

  test('names whom it ends, and they end when it begins and not when it is committed', () => {
    const spot = take(fleet, demand('4×4 H100 20h', { guarantee: 'preemptible' }));
    const window = { earliestStartMs: at(6), durationS: 3600 };
    const answer = planned(fleet, demand('4×4 H100', { window, mayPreempt: true }));
    const { decision, world: after } = preempting(spot, answer, [c101]);
    expect(decision).toMatchObject({ contract: 'C-102', preempts: ['C-101'], startMs: at(6) });
    expect(after.entries.at(-1)?.events).toMatchObject([
      { kind: 'contract-preempted', contract: 'C-101', by: 'C-102', atMs: at(6) },
      { kind: 'contract-granted', contract: 'C-102' },
    ]);
  });

  test('that changes a contract makes no new one', () => {
    const held = take(fleet, demand('1×4 H100 10h'));
    const growth = askChange(held, c101, { replicas: { train: 2 } });
    if (growth.kind === 'refused') throw new Error('there is room');
    expect(commit(held, growth).decision).toMatchObject({
      refusal: { kind: 'plan-stale', changed: ['it changes C-101 and makes no new contract'] },
    });
  });
});

const running = take(fleet, demand('1×4 H100 10h'));
const growth = askChange(running, c101, { replicas: { train: 2 } }, { atMs: at(2) });
if (growth.kind === 'refused') throw new Error('there is room');
running.archive.keepPlan(growth.plan);
const changing = {
  kind: 'change-contract',
  contract: c101,
  plan: growth.id,
  planDigest: growth.digest,
} as const;

describe('a contract that is changed', () => {
  test('says its next version, from when to when, and what that costs', () => {
    const { decision, world: after } = act(running, changing, { atMs: at(2) });
    expect(decision).toEqual({
      kind: 'contract-changed',
      contract: 'C-101',
      version: 2,
      plan: growth.id,
      startMs: at(2),
      endMs: at(10),
      // Eight GPUs for eight hours.
      totalMicroEur: 64_000_000,
    });
    const { id: plan, digest: planDigest } = growth;
    expect(after.entries.at(-1)?.events).toEqual([
      { kind: 'contract-changed', contract: 'C-101', plan, planDigest, atMs: at(2) },
    ]);
  });

  test.each([
    ['the version that it has', 1, 'contract-changed'],
    ['any version', undefined, 'contract-changed'],
    ['a later version', 2, 'version-conflict'],
    ['a version that never was', 7, 'version-conflict'],
  ] as const)('under %s', (_, expectedVersion, kind) => {
    const command = expectedVersion === undefined ? changing : { ...changing, expectedVersion };
    const { decision, world: after } = act(running, command, { atMs: at(2) });
    expect(decision.kind === 'refused' ? decision.refusal.kind : decision.kind).toBe(kind);
    expect(contract(after).version).toBe(kind === 'contract-changed' ? 2 : 1);
  });

  test('once: under the version it had before it is refused, with the one that it has', () => {
    const after = applyChange(running, growth, { atMs: at(2) }).world;
    const again = { ...changing, expectedVersion: 1 };
    expect(act(after, again, { atMs: at(2) }).decision).toEqual({
      kind: 'refused',
      refusal: { kind: 'version-conflict', contract: 'C-101', expected: 1, actual: 2 },
    });
    expect(act(after, { ...changing, expectedVersion: 2 }, { atMs: at(2) }).decision).toMatchObject({
      refusal: { kind: 'plan-stale', changed: ['C-101 is at version 2, it was planned on 1'] },
    });
  });

  test('is told of another version before it is told that it has ended', () => {
    const gone = release(running, c101, { atMs: at(1) }).world;
    expect(act(gone, { ...changing, expectedVersion: 1 }, { atMs: at(2) }).decision).toMatchObject({
      refusal: { kind: 'version-conflict', expected: 1, actual: 2 },
    });
    expect(act(gone, { ...changing, expectedVersion: 2 }, { atMs: at(2) }).decision).toMatchObject({
      refusal: { kind: 'contract-ended', state: 'released', endedAtMs: at(1) },
    });
  });

  test('until its plan expires, and not at that instant', () => {
    const later = askChange(running, c101, { end: { kind: 'at', atMs: at(20) } }, { atMs: at(2) });
    if (later.kind === 'refused') throw new Error('there is room');
    const { expiresAtMs } = later.plan;
    expect(applyChange(running, later, { atMs: expiresAtMs }).decision).toMatchObject({
      refusal: { kind: 'plan-expired', plan: later.id, expiredAtMs: expiresAtMs },
    });
  });

  test('takes over at its own start, when it is put off before it began', () => {
    const window = { earliestStartMs: at(5), durationS: 3600 };
    const later = take(fleet, demand('1×4 H100', { window }));
    const off = demand('1×4 H100', { window: { ...window, earliestStartMs: at(8) } });
    const after = change(later, c101, { demand: off }, { atMs: at(1) });
    expect(after.entries.at(-1)?.events).toMatchObject([{ kind: 'contract-changed', atMs: at(5) }]);
    expect(contract(after).placement.startMs).toBe(at(8));
  });
});

test('only a version that was expected and is another one has moved', () => {
  const now = { ...contract(running), version: 3 };
  expect(versionMoved(now, undefined)).toBeUndefined();
  expect(versionMoved(now, 3)).toBeUndefined();
  for (const expected of [1, 2, 4])
    expect(versionMoved(now, expected)).toEqual({
      kind: 'version-conflict',
      contract: 'C-101',
      expected,
      actual: 3,
    });
});

describe('a contract may be changed', () => {
  const spot = take(fleet, demand('4×4 H100 20h', { guarantee: 'preemptible' }));
  const window = { earliestStartMs: at(6), durationS: 3600 };
  const wish = planned(fleet, demand('4×4 H100', { window, mayPreempt: true }));
  const doomed = contract(preempting(spot, wish, [c101]).world);
  const gone = contract(release(running, c101, { atMs: at(3) }).world);
  const open = contract(release(take(fleet, demand('1×4 H100')), c101, { atMs: at(4) }).world);

  test.each([
    ['while it runs', contract(running), 9, true],
    [
      'before it begins',
      { ...contract(running), placement: { ...contract(running).placement, startMs: at(5) } },
      1,
      true,
    ],
    ['not once it has ended', contract(running), 10, false],
    ['not once it was released', gone, 3, false],
    ['not while it waits to be preempted', doomed, 2, false],
    ['not after it was preempted', doomed, 6, false],
  ] as const)('%s', (_, one, hour, may) => {
    expect(isChangeable(one, at(hour))).toBe(may);
  });

  test.each([
    ['that ran out', contract(running), 10, 'expired', 10],
    ['that was released before its end', gone, 20, 'released', 3],
    ['without an end that was released', open, 20, 'released', 4],
    ['that waits to be preempted', doomed, 2, 'preempted', 6],
    ['that was preempted', doomed, 7, 'preempted', 6],
  ] as const)('and one %s says how and when it ended', (_, one, hour, state, endHour) => {
    expect(endedBy(one, at(hour))).toEqual({
      kind: 'contract-ended',
      contract: 'C-101',
      state,
      endedAtMs: at(endHour),
    });
  });
});

describe('a plan is a change of a contract', () => {
  const one = contract(running);
  const fits = (more: Partial<Plan>, hour = 2) => [...misfitsOf(one, { ...growth.plan, ...more }, at(hour))];
  const from = (hour: number) => ({ placement: { ...growth.plan.placement, startMs: at(hour) } });
  const changes = { contract: c101, version: 1 };

  test('when it was made for it as it stands', () => {
    expect(fits({})).toEqual([]);
  });

  test.each([
    [
      'not of another contract, whatever else is wrong',
      { changes: { contract: c102, version: 9 } },
      ['it does not change C-101'],
    ],
    [
      'not at another version',
      { changes: { ...changes, version: 2 } },
      ['C-101 is at version 1, it was planned on 2'],
    ],
    [
      'not of another tenant',
      { demand: demand('2×4 H100', { tenant: 'globex' }) },
      ['C-101 belongs to tenant `acme`'],
    ],
    [
      'not when it begins before what runs',
      from(-1),
      [`it begins at ${at(-1)}, before what C-101 holds since ${t0}`],
    ],
    ['when it begins exactly when what runs began', from(0), []],
    ['when it begins exactly when what runs ends', from(10), []],
    [
      'not when it begins a moment later',
      { placement: { ...growth.plan.placement, startMs: at(10) + 1 } },
      [`it leaves C-101 without anything until ${at(10) + 1}`],
    ],
  ] as const)('%s', (_, more, expected) => {
    expect(fits(more)).toEqual(expected);
  });

  test('not when it changes nothing', () => {
    const { changes: _changes, ...plan } = growth.plan;
    expect([...misfitsOf(one, plan, at(2))]).toEqual(['it does not change C-101']);
  });

  test('and all that is wrong is said at once', () => {
    expect(
      fits({
        changes: { ...changes, version: 2 },
        demand: demand('2×4 H100', { tenant: 'globex' }),
        ...from(11),
      }),
    ).toHaveLength(3);
  });

  test('also when it begins earlier than what has not begun', () => {
    expect(fits(from(-1), -2)).toEqual([]);
  });

  test('its digest is its handle, so no other plan stands for it', () => {
    expect(planIdOf(growth.digest)).toBe(growth.id);
    const forged = {
      ...changing,
      plan: planIdOf(fleet.archive.keepPlan({ ...growth.plan, unchecked: ['x'] })),
    };
    expect(act(running, forged, { atMs: at(2) }).decision).toMatchObject({
      refusal: { kind: 'plan-stale', changed: ['its handle belongs to another plan'] },
    });
  });
});
