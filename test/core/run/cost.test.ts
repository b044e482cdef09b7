import { describe, expect, test } from 'vitest';

import { actOf } from '../../../src/core/authority/act.ts';
import type { Edit } from '../../../src/core/life/change.ts';
import { costOf } from '../../../src/core/run/limits.ts';
import { Command } from '../../../src/model/command.ts';
import { ContractId } from '../../../src/model/id.ts';
import { identify, type Plan } from '../../../src/model/plan.ts';
import { askChange, change, planned, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';

/** One GPU-hour costs 3.6 EUR at one site, and nobody knows what at the other. */
const perGpuHour = 3_600_000;
const fleet = world('fra1/h1/r1 1×8 H100', 'ams2/h1/a1 1×8 H100', {
  sites: { fra1: { gpuPrices: { H100: perGpuHour } } },
});
const [priced, unpriced] = [{ where: ['fra1'] }, { where: ['ams2'] }];
const c101 = ContractId.parse('C-101');

/** What a run pays for a command, in hours of one GPU. */
function hours(on: World, command: object, atMs = t0): number | undefined {
  const given = Command.parse(command);
  const cost = costOf(on.state, given, actOf(on.state, given, { archive: on.archive, atMs }));
  return cost === undefined ? undefined : cost / perGpuHour;
}

function named(on: World, plan: Plan): { plan: string; planDigest: string } {
  const { id, digest } = identify(plan);
  on.archive.keepPlan(plan);
  return { plan: id, planDigest: digest };
}

/** The same for a change of the one contract, at a full hour. */
function changing(on: World, edit: Edit, atH: number, contract = 'C-101'): number | undefined {
  const atMs = t0 + atH * hourMs;
  const answer = askChange(on, c101, edit, { atMs });
  if (answer.kind === 'refused') throw new Error('there is room');
  return hours(on, { kind: 'change-contract', contract, ...named(on, answer.plan) }, atMs);
}

const until = (hour: number): Edit => ({ end: { kind: 'at', atMs: t0 + hour * hourMs } });
const replicas = (train: number): Edit => ({ replicas: { train } });

function committing(text: string, more: object): number | undefined {
  const { plan } = planned(fleet, demand(text, more));
  return hours(fleet, { kind: 'commit-plan', ...named(fleet, plan) });
}

describe('a contract costs a run', () => {
  test('its whole price', () => {
    expect(committing('2×1 H100 9h', priced)).toBe(18);
  });

  test('nobody knows what, without an end or a price', () => {
    expect(committing('2×1 H100', priced)).toBeUndefined();
    expect(committing('2×1 H100 9h', unpriced)).toBeUndefined();
  });
});

describe('a change costs it what comes on top', () => {
  const two = take(fleet, demand('2×1 H100 9h', priced));

  test.each<readonly [string, Edit, number, number]>([
    ['more replicas from now on', replicas(4), 2, 2 * 7],
    ['more replicas from the first hour on', replicas(4), 0, 2 * 9],
    ['a later end', until(12), 2, 2 * 3],
    ['fewer replicas cost nothing, and give nothing back', replicas(1), 2, 0],
    ['nor does an earlier end', until(5), 2, 0],
    ['as much as before', replicas(2), 2, 0],
  ])('%s', (_, edit, atH, expected) => {
    expect(changing(two, edit, atH)).toBe(expected);
  });

  test('also the second time', () => {
    const four = change(two, c101, replicas(4), { atMs: t0 + 2 * hourMs });
    expect(changing(four, replicas(5), 4)).toBe(5);
    expect(changing(four, until(10), 4)).toBe(4);
  });

  test('nobody knows what where it has no end then', () => {
    expect(changing(two, { end: { kind: 'open' } }, 2)).toBeUndefined();
  });

  test('all of it where it had no end before, or no price', () => {
    const endless = take(fleet, demand('2×1 H100', priced));
    expect(changing(endless, until(9), 2)).toBe(2 * 9);
    const free = take(fleet, demand('2×1 H100 9h', unpriced));
    expect(
      changing(
        free,
        {
          demand: demand('2×1 H100 7h', {
            ...priced,
            window: { earliestStartMs: t0 + 2 * hourMs, durationS: 7 * 3600 },
          }),
        },
        2,
      ),
    ).toBe(2 * 7);
  });

  test('all of it where there is no such contract', () => {
    expect(changing(two, replicas(4), 2, 'C-900')).toBe(4 * 7);
  });
});

describe('nothing is paid for', () => {
  const two = take(fleet, demand('2×1 H100 9h', priced));

  test('what ends, is held only, or closes a place', () => {
    const { plan } = planned(two, demand('1×1 H100 1h', priced));
    const window = { place: 'fra1/h1/r1', fromMs: t0, toMs: t0 + hourMs, reason: 'disks' };
    expect(hours(two, { kind: 'release-contract', contract: 'C-101' })).toBe(0);
    expect(hours(two, { kind: 'hold-plan', ...named(two, plan), leaseS: 60 })).toBe(0);
    expect(hours(two, { kind: 'start-maintenance', ...window })).toBe(0);
    expect(release(two, c101).decision.kind).toBe('contract-released');
  });
});
