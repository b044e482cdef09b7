import { describe, expect, test } from 'vitest';

import { plan } from '../../../src/core/plan.ts';
import { coreVersion } from '../../../src/core/version.ts';
import { planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { hourMs, t0, verdictAll, world } from '../fleet.ts';

const eur = 1_000_000;

const fleet = world('fra1/h1/r1 2×4 H100 cpu16 mem64', 'ams2/a1 1×4 H100 cpu16 mem64', {
  sites: { fra1: { gpuPrices: { H100: 2 * eur } }, ams2: { gpuPrices: { H100: 3 * eur } } },
});

const leafs = world('fra1/r1 1×4 H100 rdma leaf', 'fra1/r2 1×4 H100 rdma leaf', {
  leafs: { 'fra1/leaf-r1': { uplinkMbps: 100 }, 'fra1/leaf-r2': { uplinkMbps: 100 } },
});

describe('what a plan says of itself', () => {
  test('when it was made, for how long it is offered, and on what it rests', () => {
    const { plan: made } = planned(fleet, demand('1×1 2h'), { atMs: t0 + 7 });
    expect([made.plannedAtMs, made.expiresAtMs]).toEqual([t0 + 7, t0 + 7 + hourMs]);
    expect(made.inputs).toEqual({
      inventory: fleet.state.inventoryDigest,
      calendar: fleet.state.calendarDigest,
      policy: verdictAll(fleet.state, 'allowed').policy,
      core: coreVersion,
      seq: fleet.state.seq,
    });
    expect([made.placement.startMs, made.placement.endMs]).toEqual([t0, t0 + 2 * hourMs]);
  });

  test('no end and no total for what has no end', () => {
    const { plan: made } = planned(fleet, demand('1×1'));
    expect(made.placement).not.toHaveProperty('endMs');
    expect(made.price).not.toHaveProperty('totalMicroEur');
    expect(made.price.microEurPerHour).toBe(2 * eur);
  });

  test('what it holds beside devices, where it holds any: bandwidth, spares, and data that moves', () => {
    const [plain] = [planned(fleet, demand('1×4'))];
    for (const name of ['bandwidth', 'spares', 'transfers'])
      expect(plain.plan.placement).not.toHaveProperty(name);
    const crossing = planned(leafs, withRdma('2×4 rdma', { uplinkMbps: 100 }));
    expect(crossing.plan.placement.bandwidth?.map(({ edge, mbps }) => `${edge} ${mbps}`)).toEqual([
      'fra1/leaf-r1 100',
      'fra1/leaf-r2 100',
    ]);
    const spared = planned(
      fleet,
      demand('1×4', { where: ['fra1'], survive: { loss: 'node', membersLeft: 1 } }),
    );
    expect(spared.plan.placement.spares?.map(({ replica }) => replica)).toEqual([1]);
  });

  test('what its asker took for granted', () => {
    const given = { atMs: t0, verdict: verdictAll(fleet.state, 'allowed'), assumptions: ['now is meant'] };
    const answer = plan(fleet.state, given, demand('1×1'));
    expect(answer.kind === 'planned' && answer.plan.assumptions).toEqual(['now is meant']);
  });

  const sized = 'gpuw500 basew1000 cpu16 mem64';
  const share = "cores and memory that were not asked for are the GPUs' share of their node";
  const priced = { sites: { fra1: { gpuPrices: { H100: 1 }, cpuPriceMicroEurPerHour: 1 } } };
  const powered = { racks: { 'fra1/r1': { feedLimitW: { A: 90_000 } } } };
  const well = { nodes: { 'fra1/r1/n01': { health: 'healthy' }, 'fra1/r1/n02': { health: 'healthy' } } };

  test.each([
    [
      'nothing, where all is asked for and recorded',
      world(`fra1/r1 2×4 H100 ${sized}`, priced, powered, well),
      '1×1 cpu1 mem1',
      [],
    ],
    ['cores not asked for', world(`fra1/r1 2×4 H100 ${sized}`, priced, powered, well), '1×1 mem1', [share]],
    ['memory not asked for', world(`fra1/r1 2×4 H100 ${sized}`, priced, powered, well), '1×1 cpu1', [share]],
    [
      'nothing of cores for a part without GPUs',
      world(`fra1/r1 2×4 H100 ${sized}`, priced, powered, well),
      '1×cpu1 mem1',
      [],
    ],
    [
      'a node of which cores are not recorded',
      world('fra1/r1 2×4 H100 gpuw500 basew1000', priced, powered, well),
      '2×4',
      [share, 'cores or memory are not recorded for 2 of the nodes, and none are held there'],
    ],
    [
      'racks whose power is not recorded, node by node',
      world(`fra1/r1 2×4 H100 ${sized}`, priced, well),
      '2×4 cpu1 mem1',
      ['rack power is not recorded for 2 of the nodes and was not checked there'],
    ],
    [
      'nodes whose health is not recorded',
      world(`fra1/r1 2×4 H100 ${sized}`, priced, powered, {
        nodes: { 'fra1/r1/n01': { health: 'healthy' } },
      }),
      '2×4 cpu1 mem1',
      ['health is not recorded for 1 of the nodes and was taken as good'],
    ],
    [
      'a price that is not recorded',
      world(`fra1/r1 2×4 H100 ${sized}`, powered, well),
      '1×1 cpu1 mem1',
      ['no price is recorded, so the contract has none'],
    ],
  ])('what was not checked: %s', (_, on, text, unchecked) => {
    expect(planned(on, demand(text)).plan.unchecked).toEqual(unchecked);
  });
});
