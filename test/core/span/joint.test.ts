import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ask, planned, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, type World } from '../fleet.ts';
import { sitesOf, threeSites } from './sites.ts';

const eur = 1_000_000;

/** A plan that the auditor lets pass. */
function plan(on: World, asked: Demand) {
  const { plan: found } = planned(on, asked);
  expect(check(on.state, asked, verdictAll(on.state, 'allowed'), found.placement)).toEqual([]);
  return found;
}

/** Hours after `t0` at which it starts. */
const startH = (on: World, asked: Demand) => (plan(on, asked).placement.startMs - t0) / hourMs;

/** Where it came nearest, and what was in its way: `hpc 3 flows`; else the kind of the refusal. */
function nearest(on: World, asked: Demand): string {
  const answer = ask(on, asked);
  if (answer.kind === 'planned') return 'planned';
  const { refusal } = answer;
  if (refusal.kind !== 'no-capacity' || refusal.nearest === undefined) return refusal.kind;
  const { place, replicasFit, binding } = refusal.nearest;
  return `${place} ${replicasFit} ${binding}`;
}

/** From one hour on for so many. */
const from = (earliestH: number, hours: number) => ({
  window: { earliestStartMs: t0 + earliestH * hourMs, durationS: hours * 3600 },
});

const flow = (text: string, mbps: number, more: object = {}) =>
  demand(text, { flows: [{ from: 'a', to: 'b', mbps }], ...more });

describe('all parts start at one time', () => {
  const busy = take(
    take(threeSites(), demand('2×8 H100 3h', { where: ['hpc'] })),
    demand('2×2 L4', from(4, 4)),
  );
  const both = 'a: 2×8 H100 at:hpc + b: 2×2 L4 at:edge';

  test.each([
    ['at once, where every site is free', threeSites(), 5, 0],
    ['as soon as one site is free, where that is long enough before the other gets busy', busy, 1, 3],
    ['not where one is free while the other gets busy: when both are', busy, 2, 8],
  ])('%s', (_, on, hours, start) => {
    expect(startH(on, demand(both, flexible(hours, 48)))).toBe(start);
  });

  test.each([
    ['exactly at the latest start', 8, 'planned'],
    ['not an hour after it', 7, 'hpc 2 free-over-window'],
  ])('%s', (_, latest, found) => {
    expect(nearest(busy, demand(both, flexible(2, latest)))).toBe(found);
  });

  test('never, where one site is free only before the other', () => {
    const forever = demand('2×8 H100', {
      where: ['hpc'],
      window: { earliestStartMs: t0 + 3 * hourMs },
    });
    const apart = take(take(threeSites(), forever), demand('2×2 L4 4h'));
    expect(nearest(apart, demand('a: 2×8 H100 at:hpc 1h', flexible(1, 48)))).toBe('planned');
    expect(nearest(apart, demand('b: 2×2 L4 at:edge 1h', flexible(1, 48)))).toBe('planned');
    expect(nearest(apart, demand(both, flexible(1, 48)))).toBe('hpc 2 free-over-window');
  });
});

describe('what flows between sites waits for the link', () => {
  const pair = 'a: 1×1 H100 at:hpc + b: 1×1 L4 at:edge';
  const busy = take(take(threeSites(), flow(`${pair} 5h`, 900)), flow(pair, 900, from(5, 2)));

  test.each([
    ['what is left of it is enough', 100, 0],
    ['one more is not, until both that hold it have ended', 101, 7],
    ['all of it', 1000, 7],
  ])('%s', (_, mbps, start) => {
    expect(startH(busy, flow(pair, mbps, flexible(1, 48)))).toBe(start);
  });

  test.each([
    ['until the latest start', 7, 'planned'],
    ['and no longer', 6, 'hpc 3 flows'],
  ])('%s', (_, latest, found) => {
    const three = 'a: 3×1 H100 at:hpc + b: 1×1 L4 at:edge';
    expect(nearest(busy, flow(three, 101, flexible(1, latest)))).toBe(found);
  });

  test('no longer than until the first that leaves enough has ended', () => {
    const two = take(take(threeSites(), flow(`${pair} 7h`, 300)), flow(`${pair} 3h`, 600));
    // Of 1000 Mbit/s there are 100 left until hour 3, and 700 until hour 7.
    const starts = [100, 101, 700, 701].map((mbps) => startH(two, flow(pair, mbps, flexible(1, 48))));
    expect(starts).toEqual([0, 3, 3, 7]);
  });

  test('for longer than the link is free is for when it is free throughout', () => {
    const gap = take(threeSites(), flow(pair, 900, from(5, 2)));
    expect(startH(gap, flow(pair, 900, flexible(5, 48)))).toBe(0);
    expect(startH(gap, flow(pair, 900, flexible(6, 48)))).toBe(7);
  });

  test('and another site is taken where that is allowed and free', () => {
    const anywhere = flow('a: 1×1 H100 at:hpc + b: 1×1 at:edge|cloud 1h', 101);
    expect(sitesOf(plan(busy, anywhere).placement)).toBe('a@hpc b@cloud');
    expect(sitesOf(plan(threeSites(), anywhere).placement)).toBe('a@hpc b@edge');
  });
});

describe('who goes where', () => {
  const two = 'a: 1×8 H100 at:hpc|cloud + b: 1×8 H100 at:hpc|cloud 24h';
  const half = take(threeSites(), demand('1×8 H100', { where: ['cloud'] }));

  test.each<[string, World, object, string]>([
    ['to the cheapest site, both of them', threeSites(), {}, 'a@cloud b@cloud'],
    ['where only one fits: the first by the ids of the sites', half, {}, 'a@cloud b@hpc'],
    ['to one site, where that is the tightest', half, { objective: 'tightest' }, 'a@hpc b@hpc'],
  ])('%s', (_, on, more, sites) => {
    expect(sitesOf(plan(on, demand(two, more)).placement)).toBe(sites);
  });

  test('to where least is to spare, where that is asked for and all ways are as far apart', () => {
    // A node of the cloud has eight GPUs, one at the edge two.
    const asked = demand('a: 1×8 H100 at:hpc + b: 1×1 at:cloud|edge 24h', { objective: 'tightest' });
    expect(sitesOf(plan(threeSites(), asked).placement)).toBe('a@hpc b@edge');
    const smaller = take(threeSites(), demand('1×7 H100', { where: ['cloud'] }));
    expect(sitesOf(plan(smaller, asked).placement)).toBe('a@hpc b@cloud');
  });

  test('parts that are at one site are placed for each other: no device is given twice', () => {
    const { members } = plan(threeSites(), demand(two)).placement;
    expect(new Set(members.map(({ node }) => node)).size).toBe(2);
  });

  test('what one site has room for once is not given to two', () => {
    const one = take(half, demand('1×8 H100', { where: ['hpc'] }));
    expect(sitesOf(plan(one, demand(two)).placement)).toBe('a@cloud b@hpc');
    const none = take(one, demand('1×8 H100', { where: ['hpc'] }));
    expect(nearest(none, demand(two))).toBe('cloud 1 free-over-window');
  });

  test.each<[string, number | undefined, string]>([
    // A day of eight H100 is 384 € in the cloud and 576 € at hpc.
    ['all four ways', undefined, 'cheapest of 4 ways to place all parts'],
    ['all but both at hpc', 384 + 576, 'cheapest of 3 ways to place all parts'],
    ['one', 384 + 384, 'the only way to place all parts'],
  ])('the report counts the ways that the budget allows: %s', (_, budget, why) => {
    const more = budget === undefined ? {} : { budget: { totalMicroEur: budget * eur } };
    const [chosen] = plan(threeSites(), demand(two, more)).report.sites;
    expect(chosen?.why).toBe(`\`a\`, \`b\`: ${why}`);
  });

  test('no way within the budget is said as such', () => {
    expect(nearest(threeSites(), demand(two, { budget: { totalMicroEur: 768 * eur - 1 } }))).toBe(
      'over-budget',
    );
  });

  test('members and spares are in the order of the demand, not of the sites', () => {
    const text = 'c: 2×1 L4 at:edge + b: 1×8 H100 at:hpc + a: 2×1 H100 at:cloud 24h';
    const { members, spares } = plan(
      threeSites(),
      demand(text, { survive: { loss: 'node', membersLeft: 5 } }),
    ).placement;
    expect(members.map(({ part, replica }) => `${part} ${replica}`)).toEqual([
      'c 0',
      'c 1',
      'b 0',
      'a 0',
      'a 1',
    ]);
    expect([...new Set((spares ?? []).map(({ part }) => part))]).toEqual(['c', 'b', 'a']);
  });
});

const lost = (membersLeft: number) => ({ survive: { loss: 'site', membersLeft } });

describe('what is asked of the whole', () => {
  const parts = 'a: 1×8 H100 at:hpc + b: 2×2 L4 at:edge 24h';
  /** A node of eight H100 draws 8 × 700 + 800 W, one of two L4 2 × 70 + 100 W. */
  const drawnW = 6400 + 2 * 240;

  test.each([
    ['what it draws', drawnW, 'planned'],
    ['a watt less', drawnW - 1, 'edge 2 power-cap'],
    ['less than the first site draws alone', 400, 'power-cap'],
  ])('a power cap of %s', (_, powerCapW, found) => {
    expect(nearest(threeSites(), demand(parts, { powerCapW }))).toContain(found);
  });

  test('a loss that leaves too few of the whole is what it is refused for', () => {
    expect(nearest(threeSites(), demand(parts, lost(1)))).toBe('planned');
    expect(nearest(threeSites(), demand(parts, lost(2)))).toBe('edge 2 survive');
  });

  test('links that could never carry it are what it is refused for', () => {
    expect(nearest(threeSites(), flow(parts, 1001))).toBe('edge 2 wan');
  });
});

const stored = (mbps: number): Details => ({
  pools: { 'hpc/pool': { mbps, datasets: [{ id: 'corpus', sizeGib: 10 }] } },
});

describe('a dataset that goes to several sites', () => {
  const asked = demand('a: 1×1 H100 at:cloud + b: 1×1 L4 at:edge 1h', {
    dataset: 'corpus',
    ...flexible(1, 48),
  });
  /** 10 GiB are 85,899,345.92 thousand bits; the plan may be committed for an hour, so they move after that. */
  const thousandBits = 85_899_345.92;
  const moves = (mbps: number) => {
    const { transfers = [], startMs } = plan(threeSites(stored(mbps)), asked).placement;
    return [
      ...transfers.map(
        (one) => `${one.to} ${one.mbps}: ${one.startMs - t0 - hourMs} to ${one.endMs - t0 - hourMs}`,
      ),
      `starts ${startMs - t0 - hourMs}`,
    ];
  };
  const ms = (mbps: number) => Math.ceil(thousandBits / mbps);

  test('goes to both at once, where the pool has enough for both links', () => {
    expect(moves(11_000)).toEqual([
      `cloud 10000: 0 to ${ms(10_000)}`,
      `edge 1000: 0 to ${ms(1000)}`,
      `starts ${ms(1000)}`,
    ]);
  });

  test('goes to the second when the pool is free of the first', () => {
    expect(moves(1000)).toEqual([
      `cloud 1000: 0 to ${ms(1000)}`,
      `edge 1000: ${ms(1000)} to ${2 * ms(1000)}`,
      `starts ${2 * ms(1000)}`,
    ]);
  });
});
