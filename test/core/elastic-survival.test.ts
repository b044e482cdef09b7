import { assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import { Demand, guaranteedCount } from '../../src/model/demand.ts';
import { ContractId, Path } from '../../src/model/id.ts';
import type { Member } from '../../src/model/placement.ts';
import { Refusal } from '../../src/model/refusal.ts';
import { ask, change, planned, take } from './acts.ts';
import { fleets, seed, steps } from './arbitrary.ts';
import { demand } from './demand.ts';
import { hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { placement } from './placement.ts';
import { walk } from './walk.ts';

/** Three racks: two nodes, two nodes, and one. */
const racks = ['fra1/h1/r1 2×4 H100 cpu16', 'fra1/h1/r2 2×4 H100 cpu16', 'fra1/h2/r3 1×4 H100 cpu16'];
const fleet = world(...racks);

/** At least so many of the first part, of which so many are left after a loss. */
function lasting(
  text: string,
  minCount: number,
  loss: string,
  membersLeft: number,
  more: object = {},
): Demand {
  const fixed = demand(text, more);
  const [first, ...others] = fixed.parts;
  return Demand.parse({
    ...fixed,
    guarantee: 'elastic',
    parts: [{ ...first, minCount }, ...others],
    survive: { loss, membersLeft },
  });
}

function wired(wish: Demand, uplinkMbps: number): Demand {
  const parts = wish.parts.map((part) => ({ ...part, each: { ...part.each, rdma: { uplinkMbps } } }));
  return Demand.parse({ ...wish, parts });
}

function leafs(mbps: number): object {
  return { leafs: { 'fra1/leaf-r1': { uplinkMbps: mbps }, 'fra1/leaf-r2': { uplinkMbps: mbps } } };
}

/** Guaranteed replicas, extras and spares by node: `1.1×2 1.2×2 / 2.1×3 / 3.1×1`. */
function spread(before: World, wish: Demand): string {
  const answer = ask(before, wish);
  if (answer.kind === 'refused')
    return answer.refusal.kind === 'no-capacity'
      ? `no: ${answer.refusal.nearest?.binding}`
      : answer.refusal.kind;
  const { members, spares = [] } = answer.plan.placement;
  expect(check(before.state, wish, verdictAll(before.state, 'allowed'), answer.plan.placement)).toEqual([]);
  const least = guaranteedCount(wish.parts[0] ?? { name: '', count: 0, each: {} });
  const isFirm = ({ part, replica }: Member) => part !== wish.parts[0]?.name || replica < least;
  return [members.filter(isFirm), members.filter((member) => !isFirm(member)), spares]
    .map(onNodes)
    .join(' / ');
}

function onNodes(members: readonly Member[]): string {
  const nodes = Map.groupBy(members, ({ node }) => node.replace(/^.*\/r(.)\/n0/, '$1.'));
  return (
    [...nodes]
      .map(([node, own]) => `${node}×${own.length}`)
      .toSorted()
      .join(' ') || '-'
  );
}

describe('an elastic demand that survives', () => {
  test.each([
    ['2×2 H100', 2, 'node', 1, '1.1×1 1.2×1 / - / -'],
    ['4×2 H100', 2, 'node', 1, '1.1×1 1.2×1 / 2.1×2 / -'],
    ['10×2 H100', 2, 'node', 1, '1.1×1 1.2×1 / 1.1×1 1.2×1 2.1×2 2.2×2 3.1×2 / -'],
    ['10×2 H100', 2, 'node', 2, '1.1×1 1.2×1 / 1.1×1 1.2×1 2.1×1 2.2×2 3.1×2 / 2.1×1'],
    ['10×2 H100', 2, 'rack', 1, '1.1×1 2.1×1 / 1.1×1 1.2×2 2.1×1 2.2×2 3.1×2 / -'],
    ['10×2 H100', 3, 'rack', 3, '1.1×2 2.1×1 / 1.2×2 2.2×2 3.1×1 / 2.1×1 3.1×1'],
    ['10×2 H100 together:rack', 2, 'node', 1, '1.1×1 1.2×1 / 1.1×1 1.2×1 / -'],
    ['10×2 H100 within:rack', 2, 'node', 1, '1.1×1 1.2×1 / 1.1×1 1.2×1 / -'],
    ['9×2 H100 apart:node', 2, 'node', 1, '1.1×1 1.2×1 / 2.1×1 2.2×1 3.1×1 / -'],
    ['9×2 H100 apart:rack', 2, 'rack', 1, '1.1×1 2.1×1 / 3.1×1 / -'],
    ['10×2 H100', 2, 'node', 3, 'demand-impossible'],
    ['10×4 H100', 6, 'node', 1, 'no: inventory'],
    ['10×2 H100 together:rack', 2, 'rack', 1, 'no: topology'],
  ])('%s, at least %i, after any %s lost %i left', (text, least, loss, left, expected) => {
    const found = spread(fleet, lasting(text, least, loss, left));
    expect(found).toEqual(expected);
  });

  test('its second part gets what the first leaves', () => {
    const both = demand('a: 4×2 H100 + b: 9×2 H100');
    const parts = both.parts.map((part) => ({ ...part, minCount: 1 }));
    const wish = Demand.parse({
      ...both,
      parts,
      guarantee: 'elastic',
      survive: { loss: 'node', membersLeft: 1 },
    });
    const { members } = planned(fleet, wish).plan.placement;
    expect(['a', 'b'].map((name) => members.filter(({ part }) => part === name).length)).toEqual([4, 6]);
  });

  test('gets the extras that its power cap and its budget leave', () => {
    const drawing = world('fra1/h1/r1 4×4 H100 gpuw700 basew0 cpu16', {
      sites: { fra1: { gpuPrices: { H100: 1_000_000 } } },
    });
    const size = (more: object) =>
      planned(drawing, lasting('6×2 H100 24h', 2, 'node', 1, more)).plan.placement.members.length;
    expect(size({})).toBe(6);
    expect(size({ powerCapW: 4 * 1400 })).toBe(4);
    expect(size({ powerCapW: 2 * 1400 + 1 })).toBe(2);
    expect(size({ budget: { microEurPerDay: 24 * 6_000_000 } })).toBe(3);
  });

  test('gets extras of the model of its other replicas only', () => {
    const mixed = world('fra1/h1/r1 2×2 H100 cpu16', 'fra1/h1/r2 4×2 A100 cpu16', {
      sites: { fra1: { gpuPrices: { H100: 1_000_000, A100: 2_000_000 }, cpuPriceMicroEurPerHour: 1 } },
    });
    expect(spread(mixed, lasting('9×1 H100|A100', 2, 'node', 1))).toBe('1.1×1 1.2×1 / 1.1×1 1.2×1 / -');
  });

  test('keeps to its flows, with fewer extras where NICs have no more', () => {
    const nics = Object.fromEntries(
      [1, 2, 3].map((at) => [`fra1/h1/r1/n0${at}/nic0`, { kind: 'ethernet', rdma: false, mbps: 1000 }]),
    );
    const small = world('fra1/h1/r1 3×4 H100 cpu16', { nics });
    const flows = { flows: [{ from: 'train', to: 'load', mbps: 1500 }] };
    const wish = lasting('9×1 H100 + load: 1×cpu1', 2, 'node', 1, flows);
    expect(spread(small, wish)).not.toContain('no:');
  });

  test('a part with an uplink budget has the extras that the uplinks carry', () => {
    const lines = [
      'fra1/h1/r1 2×2 H100 nvlink rdma leaf cpu16',
      'fra1/h1/r2 2×2 H100 nvlink rdma leaf cpu16',
    ];
    const wish = wired(lasting('8×1 H100 rdma', 2, 'node', 1), 1000);
    expect(spread(world(...lines, leafs(5000)), wish)).toBe('1.1×1 1.2×1 / 1.1×1 1.2×1 2.1×2 2.2×2 / -');
    // Beyond their own leaf they would need what is not there.
    expect(spread(world(...lines, leafs(100)), wish)).toBe('1.1×1 1.2×1 / 1.1×1 1.2×1 / -');
    const held = planned(world(...lines, leafs(5000)), wish).plan.placement.bandwidth;
    expect(held?.map(({ fabric, edge }) => `${fabric} ${edge}`)).toEqual([
      'rdma fra1/leaf-r1',
      'rdma fra1/leaf-r2',
    ]);
    expect(planned(world(...lines, leafs(100)), wish).plan.placement.bandwidth).toBeUndefined();
  });

  test('a part whose replicas are apart inside nodes has extras on other nodes', () => {
    const near = world('fra1/h1/r1 3×4 H100 nvlink rdma numa2 roots4 cpu16');
    expect(spread(near, lasting('9×1 H100 apart:numa', 2, 'node', 1))).toBe('1.1×1 1.2×1 / 1.3×2 / -');
  });

  test('spares come after all that it asked for', () => {
    const { spares = [], members } = planned(fleet, lasting('9×4 H100', 2, 'node', 2)).plan.placement;
    expect(members).toHaveLength(4);
    expect(spares.map(({ replica }) => replica)).toEqual([9]);
  });

  test('the loss of its site is survived by spares elsewhere, and extras stay', () => {
    const two = world(...racks, 'ams2/h1/a1 2×4 H100 cpu16');
    const { spares = [], members } = planned(
      two,
      lasting('9×4 H100', 2, 'site', 2, { where: ['fra1', 'ams2'] }),
    ).plan.placement;
    expect(new Set(spares.map(({ node }) => node.slice(0, 4)))).not.toEqual(
      new Set(members.map(({ node }) => node.slice(0, 4))),
    );
    expect(spares).toHaveLength(2);
  });

  test('starts when its guaranteed replicas are safe', () => {
    const busy = take(fleet, demand('4×4 H100 3h', { tenant: 'globex', where: ['fra1/h1'] }));
    const window = { earliestStartMs: t0, latestStartMs: t0 + 9 * hourMs, durationS: 3600 };
    const { startMs, members } = planned(busy, lasting('9×4 H100', 2, 'rack', 1, { window })).plan.placement;
    expect([(startMs - t0) / hourMs, members.length]).toEqual([3, 5]);
  });

  test('says what is promised', () => {
    const { terms } = planned(fleet, lasting('10×2 H100', 2, 'node', 2)).plan;
    expect(terms.find(({ kind }) => kind === 'survival')).toMatchObject({
      strength: 'guaranteed',
      promise:
        'with 1 spare: the loss of any one node leaves at least 2 of 2 guaranteed replicas, asked for 2',
    });
    expect(terms.filter(({ kind }) => kind === 'devices').map(({ strength }) => strength)).toEqual([
      'guaranteed',
      'declared',
    ]);
  });

  test('can be changed, and keeps its promise', () => {
    const held = take(fleet, lasting('4×2 H100 24h', 2, 'node', 1));
    const [contract] = held.state.contracts;
    if (contract === undefined) throw new Error('there is a contract');
    const after = change(held, contract.id, { avoid: [Path.parse('fra1/h1/r1/n01')] });
    const now = after.state.contracts.at(0);
    expect(now?.placement.members.every(({ node }) => node !== 'fra1/h1/r1/n01')).toBe(true);
    expect(now?.placement.members).toHaveLength(4);
  });
});

describe('more left than there are', () => {
  test.each([
    ['2×2 H100', 2, 3, '3 replicas cannot be left of the 2 that count'],
    ['9×2 H100', 2, 3, '3 replicas cannot be left of the 2 that count'],
    ['9×2 H100 + load: 9×cpu1', 4, 5, '5 replicas cannot be left of the 4 that count'],
  ])('%s, at least %i, %i left', (text, least, left, why) => {
    const answer = ask(fleet, lasting(text, least, 'node', left));
    if (answer.kind === 'planned') throw new Error('it cannot be');
    expect(Refusal.parse(answer.refusal)).toMatchObject({
      kind: 'demand-impossible',
      field: 'survive.membersLeft',
    });
    expect(answer.refusal).toHaveProperty('why', expect.stringContaining(why));
  });

  test('is said before anything is searched, also of a change', () => {
    const text = '2×2 H100 24h';
    const held = take(fleet, demand(text, { survive: { loss: 'node', membersLeft: 2 } }));
    expect(() => change(held, ContractId.parse('C-101'), { replicas: { train: 1 } })).toThrow(
      'survive.membersLeft',
    );
  });
});

/** What the auditor has against a placement of two to four replicas, about who is left. */
function audited(least: number, left: number, lines: readonly string[]): readonly string[] {
  const asked = lasting('4×2 H100 24h', least, 'node', left);
  const found = check(fleet.state, asked, verdictAll(fleet.state, 'allowed'), placement(24, ...lines));
  return found.flatMap(({ constraint, note }) =>
    constraint === 'survive' || constraint === 'gang' ? [`${constraint}: ${note}`] : [],
  );
}

function on(replica: number, node: string, at = 0): string {
  return `train ${replica} fra1/h1/${node} gpu${at}-${at + 1} cpu8`;
}

describe('the auditor', () => {
  test.each([
    [2, 1, [on(0, 'r1/n01'), on(1, 'r1/n02'), on(2, 'r1/n01', 2)], []],
    [
      2,
      1,
      [on(0, 'r1/n01'), on(1, 'r1/n01', 2), on(2, 'r1/n02')],
      ['survive: the loss of node fra1/h1/r1/n01 leaves 0 replicas, asked for 1'],
    ],
    [
      2,
      2,
      [on(0, 'r1/n01'), on(1, 'r1/n02'), on(2, 'r2/n01')],
      [
        'survive: the loss of node fra1/h1/r1/n01 leaves 1 replicas, asked for 2',
        'survive: the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 2',
      ],
    ],
    [2, 2, [on(0, 'r1/n01'), on(1, 'r1/n02'), on(2, 'r2/n01'), `+ ${on(4, 'r2/n02')}`], []],
    [
      2,
      2,
      [on(0, 'r1/n01'), on(1, 'r1/n02'), `+ ${on(2, 'r2/n02')}`],
      ['survive: spares of `train` are numbered 2, due from 4'],
    ],
    [
      2,
      1,
      [on(0, 'r1/n01'), on(1, 'r1/n02'), `+ ${on(4, 'r2/n02')}`],
      ['survive: `train` 4 on fra1/h1/r2/n02 is a spare that is not needed'],
    ],
    [
      2,
      3,
      [on(0, 'r1/n01'), on(1, 'r1/n02'), on(2, 'r2/n01'), on(3, 'r2/n02')],
      [
        'survive: 2 replicas cannot leave 3',
        'survive: the loss of node fra1/h1/r1/n01 leaves 1 replicas, asked for 3',
        'survive: the loss of node fra1/h1/r1/n02 leaves 1 replicas, asked for 3',
      ],
    ],
    [
      2,
      1,
      [on(0, 'r1/n01')],
      [
        'gang: `train` lacks 1 of 2 replicas, the first is 1',
        'survive: the loss of node fra1/h1/r1/n01 leaves 0 replicas, asked for 1',
      ],
    ],
  ])('at least %i, %i left: %j', (least, left, lines, expected) => {
    expect(audited(least, left, lines)).toEqual(expected);
  });
});

describe('whatever people did before', { timeout: 60_000 }, () => {
  const wishes = record({
    loss: constantFrom('node', 'rack'),
    gpus: constantFrom(1, 2),
    least: integer({ min: 1, max: 3 }),
    more: integer({ min: 0, max: 4 }),
    share: integer({ min: 1, max: 3 }),
  });

  test('the guaranteed ones are those of a reserved demand, any loss leaves enough of them, and no extra is missing', () => {
    let [plans, extras] = [0, 0];
    assert(
      property(fleets, steps, wishes, (drawn, todo, { loss, gpus, least, more, share }) => {
        const { world: now } = walk(world(...drawn), todo);
        const membersLeft = Math.min(least, share);
        const reserved = demand(`${least}×${gpus} 1h`, { survive: { loss, membersLeft } });
        const wish = lasting(`${least + more}×${gpus} 1h`, least, loss, membersLeft);
        const [fixed, answer] = [ask(now, reserved), ask(now, wish)];
        expect(answer.kind).toBe(fixed.kind);
        if (answer.kind === 'refused' || fixed.kind === 'refused') return;
        plans++;
        const { members, spares = [] } = answer.plan.placement;
        expect(check(now.state, wish, verdictAll(now.state, 'allowed'), answer.plan.placement)).toEqual([]);
        expect(members.slice(0, least)).toEqual(fixed.plan.placement.members);
        expect(spares.map(({ node, gpus: own }) => [node, own])).toEqual(
          (fixed.plan.placement.spares ?? []).map(({ node, gpus: own }) => [node, own]),
        );
        extras += members.length - least;
        const firm = [...members.slice(0, least), ...spares].map(({ node }) =>
          loss === 'node' ? node : node.slice(0, node.lastIndexOf('/')),
        );
        for (const place of new Set(firm))
          expect(Math.min(least, firm.filter((other) => other !== place).length)).toBeGreaterThanOrEqual(
            membersLeft,
          );
        if (members.length === least + more) return;
        const held = take(now, wish);
        const [first] = members;
        const model =
          first === undefined
            ? undefined
            : held.state.fleet.nodeById.get(first.node)?.shape.gpus[first.gpus[0] ?? 0]?.model;
        const one = demand(`1×${gpus} ${model} 1h`, { where: [first?.node.split('/', 1).join() ?? ''] });
        expect(ask(held, one).kind).toBe('refused');
      }),
      { seed, numRuns: 120 },
    );
    expect(plans).toBeGreaterThan(40);
    expect(extras).toBeGreaterThan(40);
  });
});
