import { describe, expect, test } from 'vitest';

import { Random } from '../../src/bench/random.ts';
import { drawDemand } from '../../src/bench/walk/demand.ts';
import { drawFleet } from '../../src/bench/walk/fleet.ts';
import { Walker } from '../../src/bench/walk/walker.ts';
import { whole } from '../../src/bench/walk/whole.ts';
import { plan } from '../../src/core/plan.ts';
import { contractOf } from '../../src/core/state.ts';
import type { Contract } from '../../src/model/contract.ts';
import { ContractId, Path } from '../../src/model/id.ts';
import type { HeldBandwidth, Placement } from '../../src/model/placement.ts';
import { take } from '../core/acts.ts';
import { demand } from '../core/demand.ts';
import { world } from '../core/fleet.ts';

function sitesOf({ members }: Pick<Placement, 'members'>): number {
  return new Set(members.map(({ node }) => node.split('/', 1).join())).size;
}

test('some of what a walk asks for is placed at two sites, and some of that holds WAN bandwidth', () => {
  let spanning = 0;
  let joined = 0;
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(seed);
    const { state, verdict, nowMs } = new Walker(drawFleet(random));
    for (let time = 0; time < 6; time++) {
      const answer = plan(state, { atMs: nowMs, verdict }, drawDemand(random, nowMs));
      if (answer.kind === 'refused' || sitesOf(answer.plan.placement) < 2) continue;
      spanning++;
      if ((answer.plan.placement.bandwidth ?? []).some(({ fabric }) => fabric === 'wan')) joined++;
    }
  }
  expect(spanning).toBeGreaterThan(4);
  expect(joined).toBeGreaterThan(1);
});

describe('the look at a contract at two sites', () => {
  const fleet = world('fra/h1/r1 1×4 H100 nordma cpu16 mem64 gpuw700 basew800', 'ams/h1/r1 1 cpu16 mem64', {
    wanLinks: { 'fra/wan': { from: 'fra', to: 'ams', mbps: 50_000 } },
    nics: Object.fromEntries(
      ['fra/h1/r1/n01', 'ams/h1/r1/n01'].map((node) => [
        `${node}/nic9`,
        { kind: 'ethernet', rdma: false, mbps: 25_000 },
      ]),
    ),
  });
  const { state } = take(
    fleet,
    demand('train: 1×1 H100 at:fra + load: 1×cpu2 mem2 at:ams', {
      flows: [{ from: 'load', to: 'train', mbps: 4000 }],
    }),
  );
  const contract = contractOf(state, ContractId.parse('C-101'));
  if (contract === undefined) throw new Error('a contract');
  const seen = (one: Contract) => [...whole(state, one)];
  const holding = (held: readonly HeldBandwidth[]): Contract => ({
    ...contract,
    placement: { ...contract.placement, bandwidth: [...held] },
  });
  const { bandwidth = [] } = contract.placement;

  test('allows what was planned', () => {
    expect(seen(contract)).toEqual([]);
    expect(bandwidth.map(({ fabric, edge, mbps }) => `${fabric} ${edge} ${mbps}`)).toContain(
      'wan fra/wan 4000',
    );
  });

  test('sees that too little of the link is held, or nothing', () => {
    const less = bandwidth.map((one) => (one.fabric === 'wan' ? { ...one, mbps: 3999 } : one));
    expect(seen(holding(less))).toEqual(['C-101: wan fra/wan holds 3999 of 4000 Mbit/s']);
    const none = bandwidth.filter(({ fabric }) => fabric !== 'wan');
    expect(seen(holding(none))).toEqual(['C-101: wan fra/wan holds 0 of 4000 Mbit/s']);
  });

  test('sees that a part stands at another site than it asked for', () => {
    const parts = contract.demand.parts.map((part) =>
      part.name === 'load' ? { ...part, where: [Path.parse('fra')] } : part,
    );
    expect(seen({ ...contract, demand: { ...contract.demand, parts } })).toEqual([
      'C-101: `load` is not where it asked to be',
    ]);
  });
});
