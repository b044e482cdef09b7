import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import type { Demand } from '../../../src/model/demand.ts';
import type { PlanAnswer } from '../../../src/model/plan.ts';
import { ask, planned, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { facts, racks, sitesOf, threeSites } from './sites.ts';

const wish = (
  more: object = {},
  text = 'train: 1×8 H100 at:hpc + eval: 1×4 H100 kind:cloud + infer: 2×1 L4 kind:edge 24h',
) => demand(text, more);

function sound(on: World, asked: Demand) {
  const { plan } = planned(on, asked);
  expect(check(on.state, asked, verdictAll(on.state, 'allowed'), plan.placement)).toEqual([]);
  return plan;
}

function refusal(answer: PlanAnswer) {
  if (answer.kind !== 'refused') throw new Error('it was planned');
  return answer.refusal;
}

/** Why not, in a word: the kind of refusal and what bound. */
function whyNot(on: World, asked: Demand, verdict?: Parameters<typeof ask>[2]): string {
  const found = refusal(ask(on, asked, verdict));
  return found.kind === 'no-capacity' ? `${found.kind} ${found.nearest?.binding ?? ''}` : found.kind;
}

const lost = (loss: string, membersLeft: number) => wish({ survive: { loss, membersLeft } });

/** Training wherever it is best, and what answers users in Munich so near to them. */
function within(ms: number): Demand {
  const plain = demand('train: 1×8 H100 + infer: 1×2 24h');
  const near = { latencyMsByRegion: { munich: ms } };
  const parts = plain.parts.map((part) => (part.name === 'infer' ? { ...part, ...near } : part));
  return { ...plain, parts };
}

const flows = (mbps: number, more: object = {}) => ({
  flows: [
    { from: 'train', to: 'infer', mbps, ...more },
    { from: 'infer', to: 'train', mbps },
  ],
});

describe('a demand whose parts say themselves where to be', () => {
  test('stands at several sites, each part at one, and the others together', () => {
    const plan = sound(threeSites(), wish());
    expect(sitesOf(plan.placement)).toBe('train@hpc eval@cloud infer@edge');
    expect(
      plan.price.lines.map(({ what, count, microEurPerHour }) => [what, count, microEurPerHour]),
    ).toEqual([
      ['H100 at hpc', 8, 3_000_000],
      ['H100 at cloud', 4, 2_000_000],
      ['L4 at edge', 2, 1_000_000],
    ]);
    expect(plan.report.sites.map(({ site, outcome }) => `${site} ${outcome}`)).toEqual([
      'cloud chosen',
      'edge chosen',
      'hpc chosen',
    ]);
    const rest = sound(threeSites(), demand('train: 1×8 H100 + load: 1×cpu8 + infer: 1×1 L4 kind:edge 24h'));
    expect(sitesOf(rest.placement)).toBe('train@cloud load@cloud infer@edge');
  });

  test('goes by its objective over all ways, and by the nearness that a part asks for', () => {
    expect(sitesOf(sound(threeSites(), within(100)).placement)).toBe('train@cloud infer@edge');
    expect(sitesOf(sound(threeSites(), { ...within(12), objective: 'tightest' }).placement)).toBe(
      'train@hpc infer@hpc',
    );
    expect(whyNot(threeSites(), within(1))).toBe('no-capacity ');
  });

  test('with `together` all of it stands in one place, where every part may be', () => {
    const one = demand('train: 1×8 H100 at:hpc|cloud + eval: 1×4 H100 at:hpc 24h', { together: 'site' });
    expect(sitesOf(sound(threeSites(), one).placement)).toBe('train@hpc eval@hpc');
    expect(whyNot(threeSites(), wish({ together: 'site' }))).toBe('no-capacity ');
  });

  test('is kept inside the places of each part and of the whole, down to the node', () => {
    const nodes = demand('train: 1×8 H100 at:hpc/h1/r1/n02 + eval: 1×8 H100 at:hpc 24h');
    expect(sound(threeSites(), nodes).placement.members.map(({ node }) => node)).toEqual([
      'hpc/h1/r1/n02',
      'hpc/h1/r1/n01',
    ]);
    expect(whyNot(threeSites(), wish({ avoid: ['edge'] }))).toBe('no-capacity ');
    expect(refusal(ask(threeSites(), demand('1×1 at:hpc + 1×1 at:nowhere')))).toEqual({
      kind: 'place-unknown',
      asked: ['nowhere'],
    });
  });
});

describe('what flows between sites', () => {
  test('is held on the link between them, all of it on one', () => {
    const plan = sound(threeSites(), wish(flows(300)));
    expect(plan.placement.bandwidth?.filter(({ fabric }) => fabric === 'wan')).toEqual([
      { fabric: 'wan', edge: 'hpc/wan-edge', mbps: 600 },
    ]);
    expect(plan.terms.filter(({ promise }) => promise.includes('wan-edge'))).toHaveLength(1);
  });

  test('fits only where a link has that much left, and is that near', () => {
    const taken = take(threeSites(), wish(flows(300)));
    expect(whyNot(taken, wish({ ...flows(300), objective: 'cheapest' }))).toMatch(/^no-capacity/u);
    expect(whyNot(threeSites(), wish(flows(501)))).toBe('no-capacity wan');
    expect(whyNot(threeSites(), wish(flows(10, { latencyMs: 6 })))).toBe('no-capacity wan');
    expect(sound(threeSites(), wish(flows(10, { latencyMs: 7 }))).placement.bandwidth).toHaveLength(3);
    const unmeasured: Details = { wanLinks: { 'hpc/wan-edge': { from: 'hpc', to: 'edge', mbps: 1000 } } };
    const { latencyMs: _ms, ...link } = { from: 'hpc', to: 'edge', mbps: 1000, latencyMs: 0 };
    const blind = world(...racks, { ...facts, wanLinks: { 'hpc/wan-edge': link } }, unmeasured);
    expect(refusal(ask(blind, wish(flows(10, { latencyMs: 7 }))))).toMatchObject({
      kind: 'fact-missing',
      facts: [{ attribute: 'latency of the WAN link', example: 'hpc/wan-edge' }],
    });
  });

  test('takes the nearest of several links that have room', () => {
    const two: Details = {
      wanLinks: { 'hpc/wan-b': { from: 'edge', to: 'hpc', mbps: 5000, latencyMs: 20 } },
    };
    const held = (mbps: number) =>
      sound(threeSites(two), wish(flows(mbps))).placement.bandwidth?.flatMap(({ fabric, edge }) =>
        fabric === 'wan' ? [edge] : [],
      );
    expect(held(500)).toEqual(['hpc/wan-edge']);
    expect(held(501)).toEqual(['hpc/wan-b']);
  });

  test('waits for a link as for a GPU', () => {
    const busy = take(
      threeSites(),
      demand('a: 1×1 H100 at:hpc + b: 1×1 L4 at:edge 5h', { flows: [{ from: 'a', to: 'b', mbps: 900 }] }),
    );
    const later = demand('c: 1×1 H100 at:hpc + d: 1×1 L4 at:edge 5h', {
      flows: [{ from: 'c', to: 'd', mbps: 200 }],
      ...flexible(5, 48),
    });
    expect(sound(busy, later).placement.startMs).toBe(t0 + 5 * hourMs);
  });
});

describe('what holds for the whole', () => {
  test('rules are asked for every site it touches, and silence closes', () => {
    const on = threeSites();
    for (const answer of ['forbidden', 'fact-missing'] as const) {
      const verdict = verdictAll(on.state, 'allowed', { edge: answer });
      expect(whyNot(on, wish(), { verdict })).toBe(answer === 'forbidden' ? 'policy-denied' : 'fact-missing');
      const { placement } = planned(on, wish()).plan;
      expect(check(on.state, wish(), verdict, placement)).toEqual([
        { constraint: 'policy', note: `edge: ${answer}` },
      ]);
    }
    const { sites, ...rest } = verdictAll(on.state, 'allowed');
    const verdict = { ...rest, sites: sites.filter(({ site }) => site !== 'edge') };
    expect(whyNot(on, wish(), { verdict })).toBe('fact-missing');
  });

  test('all of it starts at once, when the last of its sites has room', () => {
    const busy = take(take(threeSites(), demand('2×2 L4 3h')), demand('2×8 H100 5h', { where: ['hpc'] }));
    const plan = sound(busy, wish(flexible(24, 48)));
    expect(plan.placement.startMs).toBe(t0 + 5 * hourMs);
    expect(whyNot(busy, wish())).toBe('no-capacity free-over-window');
  });

  test('its price is the sum over its sites, and its budget and power cap are for all of it', () => {
    const hourly = 8 * 3 + 4 * 2 + 2;
    const day = hourly * 24_000_000;
    expect(sound(threeSites(), wish()).price.totalMicroEur).toBe(day);
    expect(sound(threeSites(), wish({ budget: { totalMicroEur: day } })).price.totalMicroEur).toBe(day);
    expect(whyNot(threeSites(), wish({ budget: { totalMicroEur: day - 1 } }))).toBe('over-budget');
    const { placement } = sound(threeSites(), wish());
    const drawnW = placement.members.reduce((sum, { powerW }) => sum + powerW, 0);
    sound(threeSites(), wish({ powerCapW: drawnW }));
    expect(whyNot(threeSites(), wish({ powerCapW: drawnW - 1 }))).toBe('no-capacity power-cap');
  });

  test('a loss at one site leaves what stands at the others', () => {
    expect(sound(threeSites(), lost('node', 3)).placement.spares).toBeUndefined();
    expect(sound(threeSites(), lost('site', 2)).placement.spares).toBeUndefined();
    expect(whyNot(threeSites(), lost('site', 3))).toBe('no-capacity survive');
    const spared = sound(threeSites(), lost('node', 4)).placement.spares;
    expect(spared?.map(({ part, replica, node }) => `${part} ${replica} ${node}`)).toEqual([
      'train 1 hpc/h1/r1/n02',
      'eval 1 cloud/h1/c1/n02',
      'infer 2 edge/e1/n02',
      'infer 3 edge/e1/n02',
    ]);
  });

  test('a dataset is moved to each of its sites that lacks it, over what they have left together', () => {
    const stored: Details = {
      pools: { 'hpc/pool': { mbps: 1500, datasets: [{ id: 'corpus', sizeGib: 10 }] } },
    };
    const asked = wish({ dataset: 'corpus', ...flexible(24, 48) });
    const { placement } = sound(threeSites(stored), asked);
    expect(placement.transfers?.map(({ to, mbps }) => `${to} ${mbps}`)).toEqual(['cloud 1500', 'edge 1000']);
    const [first, second] = placement.transfers ?? [];
    expect(second?.startMs).toBeGreaterThanOrEqual(first?.endMs ?? Infinity);
    expect(placement.startMs).toBe(second?.endMs);
  });

  test('says no clearly to what it does not decide', () => {
    const elastic = wish({ guarantee: 'elastic', survive: { loss: 'node', membersLeft: 1 } });
    expect(refusal(ask(threeSites(), elastic)).kind).toBe('not-supported');
    expect(sitesOf(sound(threeSites(), wish({ guarantee: 'elastic' })).placement)).toBe(
      'train@hpc eval@cloud infer@edge',
    );
  });
});

describe('a refusal', () => {
  test('names the parts that do not fit, where they came nearest, and what would', () => {
    const found = refusal(
      ask(threeSites(), wish({}, 'train: 1×8 H100 at:hpc + infer: 5×1 L4 kind:edge 24h')),
    );
    if (found.kind !== 'no-capacity') throw new Error(found.kind);
    expect(found.nearest).toMatchObject({
      place: 'edge/e1',
      parts: ['infer'],
      replicasWanted: 5,
      replicasFit: 4,
      binding: 'inventory',
    });
    expect(found.relaxations.length).toBeGreaterThan(0);
  });

  test('closes a site whose kind or latency nobody recorded, and says so', () => {
    const silent = world(...racks, { wanLinks: facts.wanLinks ?? {} });
    expect(refusal(ask(silent, wish())).kind).toBe('fact-missing');
  });
});
