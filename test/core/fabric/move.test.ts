import { describe, expect, test } from 'vitest';

import { ContractId, planIdOf } from '../../../src/model/id.ts';
import { act, ask, commit, planned, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, world, type World } from '../fleet.ts';
import { siteOf } from './ask.ts';

const gib = (sizeGib: number) => [{ id: 'corpus', sizeGib }];
/** 450 GiB take 3,865.470567 s at 1 Gbit/s: a little more than an hour. */
const sizeGib = 450;
const hourAndMs = 3_865_471;

const away = (more: Details = {}): World =>
  world(
    'ams2/a1 1×4 H100 cpu8',
    'fra1/r1 1×4 A100 cpu8',
    {
      pools: { 'fra1/nvme': { mbps: 8000, datasets: gib(sizeGib) } },
      wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 } },
    },
    more,
  );
const later = (hours: number) => ({
  window: { earliestStartMs: t0, latestStartMs: t0 + hours * hourMs, durationS: 3600 },
});
const wish = (hours: number, more: object = {}) =>
  demand('1×1 H100', { dataset: 'corpus', ...later(hours), ...more });

const prices = (ams2: number, fra1: number): Details => ({
  sites: { ams2: { gpuPrices: { H100: ams2 } }, fra1: { gpuPrices: { H100: fra1 } } },
});

const at = (fleet: World) => planned(fleet, wish(24)).plan.placement.members[0]?.node.split('/')[0];

const both = (more: Details) =>
  world(
    'ams2/a1 1×4 H100 cpu8',
    'fra1/r1 2×4 H100 cpu8',
    {
      pools: { 'fra1/nvme': { mbps: 8000, datasets: gib(1) } },
      wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 } },
    },
    more,
  );

describe('a dataset at another site', () => {
  test('is moved first, and the start waits for it', () => {
    const { placement } = planned(away(), wish(24)).plan;
    expect(placement.transfers).toEqual([
      {
        dataset: 'corpus',
        from: 'fra1/nvme',
        to: 'ams2',
        wanLink: 'fra1/wan',
        mbps: 1000,
        startMs: t0 + hourMs,
        endMs: t0 + hourMs + hourAndMs,
      },
    ]);
    expect(placement.startMs).toBe(t0 + hourMs + hourAndMs);
  });

  test('a start that is later anyway does not wait', () => {
    const asked = wish(0, { window: { earliestStartMs: t0 + 24 * hourMs, durationS: 3600 } });
    const { placement } = planned(away(), asked).plan;
    expect(placement.startMs).toBe(t0 + 24 * hourMs);
    expect(placement.transfers?.[0]?.endMs).toBe(t0 + hourMs + hourAndMs);
  });

  test('the move begins when the plan can no longer be committed, so that every commit is in time', () => {
    const answer = planned(away(), wish(24));
    expect(answer.plan.placement.transfers?.[0]?.startMs).toBe(answer.plan.expiresAtMs);
    const { decision } = commit(away(), answer, { atMs: t0 + hourMs - 1 });
    expect(decision.kind).toBe('contract-granted');
  });

  test('a plan that says it moved already is stale', () => {
    const fleet = away();
    const { plan } = planned(fleet, wish(24));
    const early = { ...plan, expiresAtMs: plan.expiresAtMs + 2 };
    const planDigest = fleet.archive.keepPlan(early);
    const command = { kind: 'commit-plan', plan: planIdOf(planDigest), planDigest } as const;
    const { decision } = act(fleet, command, { atMs: plan.expiresAtMs + 1 });
    expect(decision).toMatchObject({ refusal: { changed: ['a dataset should have begun to move by now'] } });
  });

  test('not in time: the answer says so, and a later start is offered', () => {
    const answer = ask(away(), wish(2));
    expect(answer).toMatchObject({ refusal: { kind: 'no-capacity', nearest: { binding: 'dataset' } } });
    expect(JSON.stringify(answer)).toContain('start later');
    const exact = wish(24, {
      window: { earliestStartMs: t0, latestStartMs: t0 + hourMs + hourAndMs, durationS: 60 },
    });
    expect(ask(away(), exact).kind).toBe('planned');
    const short = wish(24, {
      window: { earliestStartMs: t0, latestStartMs: t0 + hourMs + hourAndMs - 1, durationS: 60 },
    });
    expect(ask(away(), short).kind).toBe('refused');
  });

  test('the pool may be what is slow', () => {
    const slow: Details = { pools: { 'fra1/nvme': { mbps: 500, datasets: gib(sizeGib) } } };
    expect(planned(away(slow), wish(24)).plan.placement.transfers?.[0]?.mbps).toBe(500);
  });

  test('an empty dataset is there at once', () => {
    const empty: Details = { pools: { 'fra1/nvme': { mbps: 500, datasets: gib(0) } } };
    const { placement } = planned(away(empty), wish(24)).plan;
    expect(placement.transfers?.[0]).toMatchObject({ startMs: t0 + hourMs, endMs: t0 + hourMs });
  });

  test('the link works both ways, and of two links the one that is there first counts', () => {
    const two: Details = {
      wanLinks: {
        'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 },
        'ams2/fast': { from: 'ams2/a1', to: 'fra1', mbps: 4000 },
      },
    };
    expect(planned(away(two), wish(24)).plan.placement.transfers?.[0]).toMatchObject({
      wanLink: 'ams2/fast',
      mbps: 4000,
    });
  });

  test('a site that holds it comes first at the same price, a cheaper one before that', () => {
    expect(at(both(prices(5, 5)))).toBe('fra1');
    expect(at(both(prices(4, 5)))).toBe('ams2');
  });
});

const whyAt = (fleet: World, asked = wish(24)) => siteOf(ask(fleet, asked), 'ams2');

describe('where it cannot be moved', () => {
  test.each([
    [
      'no pool has it',
      { pools: { 'fra1/nvme': { mbps: 1, datasets: [] } } },
      'no storage pool here holds `corpus`',
    ],
    [
      'the link ends elsewhere',
      { wanLinks: { 'fra1/wan': { from: 'fra1', to: 'iad3', mbps: 1 } } },
      'no storage pool here holds `corpus`',
    ],
  ])('%s', (_, more, why) => {
    expect(whyAt(away(more))).toMatchObject({ outcome: 'no-capacity', why });
  });

  test.each([
    [
      'link',
      { wanLinks: { 'x/y': { from: 'fra1', to: 'ams2' } } },
      'the speed of WAN link x/y is not recorded',
    ],
    [
      'pool',
      { pools: { 'fra1/nvme': { datasets: gib(1) } } },
      'the speed of storage pool fra1/nvme is not recorded',
    ],
  ])('the speed of the %s is not known', (kind, more, why) => {
    const bare = world('ams2/a1 1×4 H100 cpu8', 'fra1/r1 1×4 A100 cpu8', {
      pools: { 'fra1/nvme': { mbps: 8000, datasets: gib(1) } },
      ...(kind === 'pool' ? { wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 } } } : {}),
      ...more,
    });
    expect(whyAt(bare)).toMatchObject({ outcome: 'fact-missing', why });
  });

  test('a link or pool that carries nothing', () => {
    const found = whyAt(away({ wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 0 } } }));
    expect(found?.why).toBe('0 of 1 replicas fit: its dataset cannot be there in time');
  });

  test('what the rules name must be there already', () => {
    const ruled = wish(24, { rules: { datasets: ['corpus'] } });
    expect(whyAt(away(), ruled)).toMatchObject({
      outcome: 'no-capacity',
      why: 'no storage pool here holds `corpus`',
    });
  });

  test('never to a site that the rules close', () => {
    const fleet = away();
    const verdict = verdictAll(fleet.state, 'allowed', { ams2: 'forbidden' });
    expect(ask(fleet, wish(24), { verdict }).kind).toBe('refused');
  });
});

describe('a link in use', () => {
  test('a second move waits for the first, or takes what is left, whichever is there first', () => {
    const first = take(away(), wish(24));
    const second = planned(first, wish(24)).plan.placement.transfers?.[0];
    expect(second).toMatchObject({
      mbps: 1000,
      startMs: t0 + hourMs + hourAndMs,
      endMs: t0 + hourMs + 2 * hourAndMs,
    });
  });

  test('a move that would still run when the link fills up is slower, not broken off', () => {
    const soon = { atMs: t0 + 4 * hourMs };
    const busy = take(
      away(),
      wish(0, { window: { earliestStartMs: t0 + 24 * hourMs, durationS: 3600 } }),
      soon,
    );
    expect([...busy.state.bandwidth.keys()].toSorted()).toEqual(['storage fra1/nvme', 'wan fra1/wan']);
    const early = planned(busy, wish(24)).plan.placement.transfers?.[0];
    expect(early).toMatchObject({ mbps: 1000, startMs: t0 + hourMs });
  });

  test('release during the move gives the link back from then on', () => {
    const moving = take(away(), wish(24));
    const { world: freed } = release(moving, ContractId.parse('C-101'), { atMs: t0 + hourMs + 1000 });
    expect([...freed.state.bandwidth.values()].flat()).toEqual(
      ['wan', 'storage'].map(() => ({
        holder: 'C-101',
        startMs: t0 + hourMs,
        endMs: t0 + hourMs + 1000,
        mbps: 1000,
      })),
    );
  });

  test('the contract says what is moved, and that no engine does it yet', () => {
    const { terms } = planned(away(), wish(24)).plan;
    expect(terms.filter(({ kind }) => kind === 'bandwidth')).toMatchObject([
      {
        promise: '`corpus` is moved from fra1/nvme to ams2 before the start, at 1 Gbit/s over fra1/wan',
        strength: 'declared',
      },
    ]);
  });
});
