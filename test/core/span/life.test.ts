import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { contractOf } from '../../../src/core/state.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import type { PlanAnswer } from '../../../src/model/plan.ts';
import { applyChange, ask, askChange, commit, planned, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World } from '../fleet.ts';
import { lose, nodesAfter, outcomes, run } from '../simulate/edits.ts';
import { sitesOf, threeSites } from './sites.ts';

const id = ContractId.parse('C-101');
const text = 'train: 1×8 H100 at:hpc + eval: 1×4 H100 kind:cloud + infer: 2×1 L4 kind:edge 24h';
const flows = [{ from: 'train', to: 'infer', mbps: 600, latencyMs: 10 }];
const wish = (more: object = {}) => demand(text, { flows, ...more });

function yes(answer: PlanAnswer) {
  if (answer.kind === 'refused') throw new Error(JSON.stringify(answer.refusal));
  return answer;
}

function placementIn({ state }: World) {
  const held = contractOf(state, id)?.placement;
  if (held === undefined) throw new Error('no contract');
  return held;
}

const wanOf = (world: World) =>
  placementIn(world).bandwidth?.flatMap(({ fabric, edge, mbps }) =>
    fabric === 'wan' ? [`${edge} ${mbps}`] : [],
  );

/** All GPUs of a site, for as long as nobody else needs them. */
function cheap(where: string): Demand {
  const all = where === 'edge' ? '2×2 L4 48h' : '2×8 H100 48h';
  return demand(all, { guarantee: 'preemptible', where: [where] });
}

describe('a contract over several sites', () => {
  test('holds devices and links of every site from others, and gives all of them back', () => {
    const on = take(threeSites(), wish());
    expect(ask(on, wish()).kind).toBe('refused');
    const rival: Demand = demand('a: 1×1 H100 at:hpc/h1/r1/n02 + b: 1×1 L4 at:edge/e1/n02 24h', {
      flows: [{ from: 'a', to: 'b', mbps: 401 }],
    });
    expect(ask(on, rival).kind).toBe('refused');
    const { world: after } = release(on, id, { atMs: t0 + hourMs });
    expect(
      ask(
        after,
        { ...rival, window: { ...rival.window, earliestStartMs: t0 + hourMs } },
        { atMs: t0 + hourMs },
      ).kind,
    ).toBe('planned');
    expect(after.state.bandwidth.get('wan hpc/wan-edge')?.filter(({ endMs }) => endMs > t0 + hourMs)).toEqual(
      [],
    );
  });

  test('is made longer where it stands, and moves off a node at one site while the others stay', () => {
    const on = take(threeSites(), wish());
    const longer = yes(askChange(on, id, { end: { kind: 'at', atMs: t0 + 48 * hourMs } }));
    expect(longer.plan.placement.members).toEqual(placementIn(on).members);
    const off = yes(askChange(on, id, { avoid: [Path.parse('edge/e1/n01')] }));
    const { world: after } = applyChange(on, off);
    expect(sitesOf(placementIn(after))).toBe('train@hpc eval@cloud infer@edge');
    const nodes = (world: World) => placementIn(world).members.map(({ part, node }) => `${part} ${node}`);
    expect(nodes(after).slice(0, 2)).toEqual(nodes(on).slice(0, 2));
    expect(nodes(after).slice(2)).toEqual(['infer edge/e1/n02', 'infer edge/e1/n02']);
    expect(wanOf(after)).toEqual(['hpc/wan-edge 600']);
  });

  test('grows and shrinks at one of its sites', () => {
    const on = take(threeSites(), wish());
    const more = yes(askChange(on, id, { replicas: { infer: 4 } }));
    const { world: grown } = applyChange(on, more);
    expect(placementIn(grown).members.filter(({ part }) => part === 'infer')).toHaveLength(4);
    expect(askChange(on, id, { replicas: { infer: 5 } }).kind).toBe('refused');
    const { world: less } = applyChange(grown, yes(askChange(grown, id, { replicas: { infer: 1 } })));
    expect(placementIn(less).members.filter(({ part }) => part === 'infer')).toHaveLength(1);
    const { demand: asked, placement } = yes(askChange(on, id, { replicas: { infer: 3 } })).plan;
    const before = release(on, id).world;
    expect(check(before.state, asked, verdictAll(before.state, 'allowed'), placement)).toEqual([]);
  });

  test('a plan that somebody else took a link of is stale', () => {
    const on = threeSites();
    const answer = planned(on, wish());
    const busy = take(
      on,
      demand('a: 1×1 H100 at:hpc/h1/r1/n02 + b: 1×1 L4 at:edge/e1/n02 24h', {
        flows: [{ from: 'a', to: 'b', mbps: 401 }],
      }),
    );
    const { decision } = commit(busy, answer);
    expect(decision).toMatchObject({ kind: 'refused', refusal: { kind: 'plan-stale' } });
  });

  test('takes extras at each of its sites as far as there are any', () => {
    const elastic = demand('train: 1×8 H100 at:hpc + infer: 6×1 L4 kind:edge 24h', { guarantee: 'elastic' });
    const parts = elastic.parts.map((part) => (part.name === 'infer' ? { ...part, minCount: 1 } : part));
    const { placement } = planned(threeSites(), { ...elastic, parts }).plan;
    expect(placement.members.filter(({ part }) => part === 'infer')).toHaveLength(4);
  });

  test('ends preemptible contracts at any of its sites, and none that need not end', () => {
    const busy = take(take(take(threeSites(), cheap('edge')), cheap('hpc')), cheap('cloud'));
    expect(ask(busy, wish()).kind).toBe('refused');
    const answer = yes(ask(busy, wish({ mayPreempt: true })));
    expect(answer.plan.preempts).toEqual(['C-101', 'C-102', 'C-103']);
    expect(commit(busy, answer).decision.kind).toBe('contract-granted');
    const half = take(take(threeSites(), cheap('edge')), cheap('cloud'));
    expect(yes(ask(half, wish({ mayPreempt: true }))).plan.preempts).toEqual(['C-101', 'C-102']);
  });

  test('what a loss at one site takes is found room for there, and a lost link hits it', () => {
    const on = take(threeSites(), wish());
    const node = run(on, [lose(['edge/e1/n01'])]);
    expect(outcomes(node)).toEqual(['C-101 moves whole']);
    expect(nodesAfter(node, 'C-101')).toEqual([
      'hpc/h1/r1/n01',
      'cloud/h1/c1/n01',
      'edge/e1/n02',
      'edge/e1/n02',
    ]);
    expect(outcomes(run(on, [lose(['edge'])]))).toEqual(['C-101 stuck free-over-window']);
    expect(outcomes(run(on, [lose(['wan-link hpc/wan-edge'])]))).toEqual(['C-101 stuck wan']);
    expect(outcomes(run(on, [lose(['wan-link hpc/wan-cloud'])]))).toEqual([]);
  });
});
