import { describe, expect, test } from 'vitest';

import { digestState } from '../../../src/core/digest.ts';
import { applyAll, contractOf, emptyState } from '../../../src/core/state.ts';
import { ContractId } from '../../../src/model/id.ts';
import { ask, askChange, change, commit, lease, planned, preempting, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { type Details, hourMs, observe, t0, world, type World } from '../fleet.ts';
import { heldBy, outcome, withRdma } from './ask.ts';

const first = ContractId.parse('C-101');
const racks = ['fra1/h1/r1 2×4 H100 nvlink rdma leaf', 'fra1/h1/r2 2×4 H100 nvlink rdma leaf'];
const uplinks: Details = {
  leafs: { 'fra1/leaf-r1': { uplinkMbps: 800 }, 'fra1/leaf-r2': { uplinkMbps: 800 } },
};
const fleet = world(...racks, uplinks);
const wide = (mbps: number, more: object = {}) =>
  withRdma('2×1 H100 rdma apart:leaf 4h', { uplinkMbps: mbps }, more);
const both = (mbps: number) => ['r1', 'r2'].map((rack) => `rdma fra1/leaf-${rack} ${mbps}`);

/** What holds an edge of a leaf, as `C-101 800 until 4 h`. */
function onLeaf({ state }: World): string[] {
  return (state.bandwidth.get('rdma fra1/leaf-r1') ?? []).map(
    ({ holder, mbps, startMs, endMs }) =>
      `${holder.slice(0, 5)} ${mbps} ${(startMs - t0) / hourMs}-${(endMs - t0) / hourMs} h`,
  );
}

/** The same fold from nothing, and after one more import, which enters everything anew. */
function sameAgain(end: World): void {
  const replayed = end.entries.reduce(
    (state, { events, stamp }) => applyAll(state, events, stamp, end.archive),
    emptyState,
  );
  expect(digestState(replayed)).toBe(digestState(end.state));
  const again = observe(end, [fact('leaf', 'fra1/leaf-none', {})]);
  expect(again.state.bandwidth).toEqual(end.state.bandwidth);
}

describe('bandwidth over the life of a contract', () => {
  test('a plan that is held holds its edges, and gives them up with its lease', () => {
    const { world: held } = lease(fleet, planned(fleet, wide(500)), 2);
    expect(outcome(ask(held, wide(301)))).toBe('uplink');
    expect(outcome(ask(held, wide(300)))).toEqual(both(300));
    const next = wide(800, { window: { earliestStartMs: t0 + 3 * hourMs, durationS: 60 } });
    expect(outcome(ask(held, next, { atMs: t0 + 3 * hourMs }))).toEqual(both(800));
    sameAgain(held);
  });

  test('a lease turns into a contract without holding twice', () => {
    const answer = planned(fleet, wide(500));
    const { world: granted } = commit(lease(fleet, answer, 2).world, answer);
    expect(onLeaf(granted)).toEqual(['C-101 500 0-4 h']);
    sameAgain(granted);
  });

  test('a contract is extended on its own bandwidth', () => {
    const end = change(take(fleet, wide(800)), first, { end: { kind: 'at', atMs: t0 + 8 * hourMs } });
    expect(heldBy(contractOf(end.state, first)?.placement ?? {})).toEqual(both(800));
    expect(onLeaf(end)).toEqual(['C-101 800 0-8 h']);
    sameAgain(end);
  });

  test('it is not extended over what others hold after it', () => {
    const after = wide(800, { window: { earliestStartMs: t0 + 4 * hourMs, durationS: 3600 } });
    const busy = take(take(fleet, wide(800)), after);
    expect(outcome(askChange(busy, first, { end: { kind: 'at', atMs: t0 + 5 * hourMs } }))).toBe('uplink');
  });

  test('a contract that shrinks to one leaf gives the uplinks back', () => {
    const end = change(take(fleet, wide(800)), first, { replicas: { train: 1 } });
    expect(contractOf(end.state, first)?.placement.bandwidth).toBeUndefined();
    expect(outcome(ask(end, wide(800)))).toEqual(both(800));
    sameAgain(end);
  });

  test('what is preempted gives them up when the other begins', () => {
    const busy = take(fleet, wide(800, { guarantee: 'preemptible' }));
    const alone = world(...racks, uplinks);
    const later = wide(800, { mayPreempt: true, window: { earliestStartMs: t0 + hourMs, durationS: 3600 } });
    const { world: end, decision } = preempting(busy, planned(alone, later), [first]);
    expect(decision.kind).toBe('contract-granted');
    expect(onLeaf(end)).toEqual(['C-101 800 0-1 h', 'C-102 800 1-2 h']);
    sameAgain(end);
  });
});

describe('a transfer over the life of a contract', () => {
  const away = world('ams2/a1 1×4 H100 cpu8', 'fra1/r1 1×4 A100 cpu8', {
    pools: { 'fra1/nvme': { mbps: 8000, datasets: [{ id: 'corpus', sizeGib: 450 }] } },
    wanLinks: { 'fra1/wan': { from: 'fra1', to: 'ams2', mbps: 1000 } },
  });
  const asked = demand('1×1 H100', {
    dataset: 'corpus',
    window: { earliestStartMs: t0, latestStartMs: t0 + 24 * hourMs, durationS: 7200 },
  });

  test('a longer contract carries its transfer on, and holds it once', () => {
    const before = take(away, asked);
    const placement = contractOf(before.state, first)?.placement;
    const end = change(before, first, { end: { kind: 'at', atMs: Number(placement?.endMs) + hourMs } });
    expect(contractOf(end.state, first)?.placement.transfers).toEqual(placement?.transfers);
    expect(end.state.bandwidth).toEqual(before.state.bandwidth);
    sameAgain(end);
  });

  test('also while it runs', () => {
    const before = take(away, asked);
    const { startMs = 0, endMs = 0 } = contractOf(before.state, first)?.placement ?? {};
    const when = { atMs: startMs + 60_000 };
    const end = change(before, first, { end: { kind: 'at', atMs: endMs + hourMs } }, when);
    expect(contractOf(end.state, first)?.placement.transfers).toHaveLength(1);
    expect(contractOf(end.state, first)?.placement.members).toHaveLength(1);
    sameAgain(end);
  });
});
