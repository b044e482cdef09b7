import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import type { Member, Term } from '../../../src/model/placement.ts';
import { heldWords } from '../../../src/model/slice.ts';
import { ask, costOf, planned, release, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

const eur = 1_000_000;
const h100 = 'H100-SXM-80GB nvlink mig gpumem80 cpu128 mem1024 gpuw700 basew1600';
const one = world(`fra1/h1/r1 1×2 ${h100}`, { sites: { fra1: { gpuPrices: { 'H100-SXM-80GB': 3 * eur } } } });

/** Where the members are: `n01 1g.10gb at start 6 on gpu0`, whole GPUs as `n01 gpu0 gpu1`. */
function seats(members: readonly Member[]): string[] {
  return members.map(({ node, gpus, slices = [] }) =>
    [
      node.slice(node.lastIndexOf('/') + 1),
      ...gpus.map((gpu) => `gpu${gpu}`),
      slices.map(heldWords).join(', '),
    ]
      .filter((word) => word !== '')
      .join(' '),
  );
}

/** Where a demand is put, after the auditor has agreed. */
function placed(before: World, wish: Demand): string[] {
  const { plan } = planned(before, wish);
  expect(check(before.state, wish, verdictAll(before.state, 'allowed'), plan.placement)).toEqual([]);
  return seats(plan.placement.members);
}

/** What somebody else asks for, from an hour on. */
function hours(from: number, length: number): object {
  return {
    tenant: 'globex',
    window: { earliestStartMs: t0 + from * hourMs, durationS: length * 3600 },
  };
}

function membersOf(wish: string): readonly Member[] {
  return planned(one, demand(wish)).plan.placement.members;
}

function termsOf(wish: string): readonly Term[] {
  return planned(one, demand(wish)).plan.terms;
}

/** How the one node shares its GPUs, and what more is known of the first. */
function sharing(word: string, gpu: object = {}): Details {
  return { nodes: { 'fra1/h1/r1/n01': { sharing: word } }, gpus: { 'fra1/h1/r1/n01/gpu0': gpu } };
}

/** `planned`, the fact that is missing on the node, or the constraint that nothing is left by. */
function outcome(fleet: World, wish: string): string {
  const answer = ask(fleet, demand(wish));
  if (answer.kind === 'planned') return placed(fleet, demand(wish)).length > 0 ? 'planned' : 'empty';
  if (answer.refusal.kind === 'fact-missing')
    return answer.refusal.facts.map(({ attribute }) => attribute).join();
  return answer.report.constraints.find(({ after }) => after === 0)?.constraint ?? 'no constraint';
}

function refusal(before: World, wish: Demand) {
  const answer = ask(before, wish);
  if (answer.kind === 'planned')
    throw new Error(`planned ${seats(answer.plan.placement.members).join('; ')}`);
  return answer.refusal;
}

describe('one after the other, slices are put where they spoil least', () => {
  test.each([
    ['the first MIG slice at the end of a GPU', [], '1×1 mig:1g.10gb', ['n01 1g.10gb at start 6 on gpu0']],
    ['the next beside it', ['1×1 mig:1g.10gb'], '1×1 mig:1g.10gb', ['n01 1g.10gb at start 4 on gpu0']],
    [
      'half a GPU where a whole half is left',
      ['1×1 mig:1g.10gb'],
      '1×1 mig:4g.40gb',
      ['n01 4g.40gb at start 0 on gpu0'],
    ],
    [
      'what does not fit beside others on another GPU',
      ['1×1 mig:1g.10gb'],
      '1×1 mig:7g.80gb',
      ['n01 7g.80gb at start 0 on gpu1'],
    ],
    ['a share where one is already', ['1×1 share:250'], '1×1 share:750', ['n01 750/1000 of gpu0']],
    [
      'a share on a GPU that is in no other mode',
      ['1×1 mig:1g.10gb'],
      '1×1 share:250',
      ['n01 250/1000 of gpu1'],
    ],
    [
      'MIG on a GPU that is in no other mode',
      ['1×1 share:100'],
      '1×1 mig:1g.10gb',
      ['n01 1g.10gb at start 6 on gpu1'],
    ],
    [
      'shares where they fit most tightly',
      ['1×1 share:300', '1×1 share:800'],
      '1×1 share:200',
      ['n01 200/1000 of gpu1'],
    ],
    ['two shares of a replica on two GPUs', [], '1×2 share:500', ['n01 500/1000 of gpu0, 500/1000 of gpu1']],
    [
      'two replicas with a share each on one',
      [],
      '2×1 share:500',
      ['n01 500/1000 of gpu0', 'n01 500/1000 of gpu0'],
    ],
    [
      'MIG slices of a replica on one GPU',
      [],
      '1×2 mig:3g.40gb',
      ['n01 3g.40gb at start 0 on gpu0, 3g.40gb at start 4 on gpu0'],
    ],
    [
      'only one instance with media engines on a GPU',
      [],
      '1×2 mig:1g.10gb+me',
      ['n01 1g.10gb+me at start 6 on gpu0, 1g.10gb+me at start 6 on gpu1'],
    ],
    ['a whole GPU on one without slices', ['1×1 share:1'], '1×1', ['n01 gpu1']],
  ])('%s', (_, before, wish, expected) => {
    const busy = before.reduce((now, text) => take(now, demand(text)), one);
    expect(placed(busy, demand(wish))).toEqual(expected);
  });

  test('fourteen of the smallest slices fit into two GPUs, and not one more', () => {
    const full = take(one, demand('14×1 mig:1g.10gb'));
    expect(refusal(full, demand('1×1 mig:1g.10gb'))).toMatchObject({
      kind: 'no-capacity',
      nearest: { binding: 'free-over-window', replicasFit: 0 },
    });
    expect(refusal(one, demand('15×1 mig:1g.10gb'))).toMatchObject({
      kind: 'no-capacity',
      nearest: { binding: 'inventory', replicasFit: 14 },
    });
  });

  test('a GPU that is cut already is used before a whole one, on another node too', () => {
    const two = world(`fra1/h1/r1 1×2 ${h100}`, `fra1/h1/r2 1×8 ${h100}`);
    const cut = take(two, demand('1×1 mig:3g.40gb', { where: ['fra1/h1/r2'] }));
    expect(placed(two, demand('1×1 mig:3g.40gb'))).toEqual(['n01 3g.40gb at start 4 on gpu0']);
    expect(planned(two, demand('1×1 mig:3g.40gb')).plan.placement.members[0]?.node).toBe('fra1/h1/r1/n01');
    const [member] = planned(cut, demand('1×1 mig:3g.40gb')).plan.placement.members;
    expect([member?.node, ...(member?.slices ?? []).map(heldWords)]).toEqual([
      'fra1/h1/r2/n01',
      '3g.40gb at start 0 on gpu0',
    ]);
  });

  test('a new GPU is opened in the link domain and NUMA node with fewest free ones', () => {
    const islands = world(`fra1/h1/r1 1×8 ${h100} island4 numa2`);
    const busy = take(islands, demand('1×2'));
    expect(placed(busy, demand('1×1 share:100'))).toEqual(['n01 100/1000 of gpu2']);
  });
});

describe('over time', () => {
  const other = { tenant: 'globex' };

  test('a GPU changes its mode only when it is empty: touching windows may, overlapping ones may not', () => {
    const single = world(`fra1/h1/r1 1×1 ${h100}`);
    const shared = take(single, demand('1×1 share:100 4h', other));
    for (const wish of ['1×1 mig:1g.10gb', '1×1']) {
      expect(refusal(shared, demand(`${wish} 1h`)).kind).toBe('no-capacity');
      const later = planned(shared, demand(wish, flexible(2, 9)));
      expect(later.plan.placement.startMs).toBe(t0 + 4 * hourMs);
      const early = { window: { earliestStartMs: t0 - hourMs, durationS: 3600 } };
      expect(ask(shared, demand(wish, early), { atMs: t0 - hourMs }).kind).toBe('planned');
      const across = { window: { earliestStartMs: t0 + 3 * hourMs, durationS: 7200 } };
      expect(refusal(shared, demand(wish, across)).kind).toBe('no-capacity');
    }
  });

  test('instances do not move: a newcomer avoids the slices of all that are there at some time', () => {
    const single = world(`fra1/h1/r1 1×1 ${h100}`);
    const first = granted(single, demand('1×1 mig:3g.40gb 1h', other), {
      ...placement(1, 'train 0 fra1/h1/r1/n01 0:3g.40gb@0'),
    });
    const second = granted(first, demand('1×1 mig:3g.40gb 1h', other), {
      ...placement(0, 'train 0 fra1/h1/r1/n01 0:3g.40gb@4'),
      startMs: t0 + hourMs,
      endMs: t0 + 2 * hourMs,
    });
    expect(refusal(second, demand('1×1 mig:1g.10gb cpu0 mem0 2h')).kind).toBe('no-capacity');
    expect(placed(second, demand('1×1 mig:3g.40gb cpu0 mem0 1h'))).toEqual([
      'n01 3g.40gb at start 4 on gpu0',
    ]);
  });

  test('shares count with the most that is held at one time', () => {
    const single = world(`fra1/h1/r1 1×1 ${h100}`);
    const busy = take(
      take(single, demand('1×1 share:600', hours(0, 1))),
      demand('1×1 share:500', hours(1, 1)),
    );
    expect(placed(busy, demand('1×1 share:400 2h'))).toEqual(['n01 400/1000 of gpu0']);
    expect(refusal(busy, demand('1×1 share:401 2h')).kind).toBe('no-capacity');
    expect(placed(busy, demand('1×1 share:500', hours(1, 1)))).toEqual(['n01 500/1000 of gpu0']);
  });

  test('what is released can be whole again', () => {
    const single = world(`fra1/h1/r1 1×1 ${h100}`);
    const cut = take(single, demand('7×1 mig:1g.10gb'));
    expect(refusal(cut, demand('1×1')).kind).toBe('no-capacity');
    expect(placed(release(cut, ContractId.parse('C-101')).world, demand('1×1'))).toEqual(['n01 gpu0']);
  });
});

describe('what is known of a GPU decides what it gives', () => {
  const capable = 'cpu64 mem256 gpumem80';
  test.each([
    ['H100 mig', sharing('none'), '1×1 mig:3g.40gb', 'planned'],
    ['H100 mig', sharing('none'), '1×1 share:500', 'planned'],
    ['H100 mig', sharing('none'), '1×1', 'planned'],
    ['H100', sharing('none'), '1×1 mig:3g.40gb', 'migCapable'],
    ['H100', sharing('none'), '1×1 share:500', 'planned'],
    ['H100 nomig', sharing('none'), '1×1 mig:3g.40gb', 'gpu-slice'],
    ['L40S mig', sharing('none'), '1×1 mig:3g.40gb', 'gpu-slice'],
    ['L40S', sharing('none'), '1×1 mig:3g.40gb', 'gpu-slice'],
    ['H100 mig', sharing('none'), '1×1 mig:3g.20gb', 'gpu-slice'],
    ['H100', sharing('mig-single', { migProfile: '1g.10gb' }), '1×1 mig:1g.10gb', 'planned'],
    ['H100', sharing('mig-single', { migProfile: '1g.10gb' }), '1×1 mig:3g.40gb', 'gpu-slice'],
    ['H100', sharing('mig-single'), '1×1 mig:1g.10gb', 'migProfile'],
    ['H100 nomig', sharing('mig-mixed'), '1×1 mig:1g.10gb', 'gpu-slice'],
    ['H100', sharing('mig-mixed'), '1×1 mig:3g.40gb', 'planned'],
    ['H100', sharing('mig-mixed'), '1×1 share:500', 'gpu-slice'],
    ['H100', sharing('mig-mixed'), '1×1', 'whole-gpus'],
    ['H100 mig', sharing('time-slicing'), '1×1 share:500', 'planned'],
    ['H100 mig', sharing('mps'), '1×1 share:500', 'planned'],
    ['H100 mig', sharing('mps'), '1×1', 'whole-gpus'],
    ['H100 mig', sharing('time-slicing'), '1×1 mig:1g.10gb', 'gpu-slice'],
    ['H100 mig', sharing('unknown'), '1×1 mig:1g.10gb', 'sharing'],
    ['H100 mig', sharing('unknown'), '1×1 share:500', 'sharing'],
    ['H100 mig', sharing('none', { health: 'down' }), '1×1 share:500', 'node-size'],
    ['H100 mig', sharing('none'), '1×2 share:500', 'node-size'],
    ['H100 mig', sharing('none'), '1×3 mig:3g.40gb', 'node-size'],
  ])('%s, %j: %s is %s', (words, details, wish, expected) => {
    const fleet = world(`fra1/h1/r1 1×1 ${words} ${capable}`, details);
    expect(outcome(fleet, wish)).toBe(expected);
  });

  test('a GPU whose family comes in several sizes is cut only once its memory is known', () => {
    const fleet = world('fra1/h1/r1 1×1 A100 mig');
    expect(refusal(fleet, demand('1×1 mig:1g.10gb'))).toMatchObject({
      kind: 'fact-missing',
      facts: [{ attribute: 'gpuMemoryMib' }],
    });
  });

  test.each([
    ['1×1 share:500 gpumem40', 'planned'],
    ['1×1 share:500 gpumem41', 'gpu-memory'],
    ['1×1 mig:2g.20gb gpumem20', 'planned'],
    ['1×1 mig:2g.20gb gpumem21', 'gpu-memory'],
  ])('memory is that of the slice: %s is %s', (wish, expected) => {
    const answer = ask(one, demand(wish));
    expect(answer.kind === 'planned' ? 'planned' : costOf(answer, expected)).toBe(
      expected === 'planned' ? 'planned' : '2 → 0 gpu',
    );
  });

  test('memory of a slice is unknown where the GPU’s is', () => {
    expect(refusal(world('fra1/h1/r1 1×1 H100'), demand('1×1 share:500 gpumem4'))).toMatchObject({
      kind: 'fact-missing',
      facts: [{ attribute: 'gpuMemoryMib' }],
    });
  });

  test.each([
    [
      '1×2 nvlink mig:1g.10gb',
      'an accelerator link between MIG instances, which have none (`slice` with `link` or `linkMbps`)',
    ],
  ])('%s is refused', (wish, feature) => {
    expect(refusal(one, demand(wish))).toEqual({
      kind: 'not-supported',
      feature: `${feature} in part \`train\``,
    });
  });
});

describe('beside the slice', () => {
  test.each([
    // Of a node with two GPUs, 128 cores, 1024 GiB, 700 W a GPU and 1600 W beside them.
    ['1×1 share:500', { cpuMilli: 32_000, memoryMib: 262_144, powerW: 350 + 400 }],
    ['1×1 share:1', { cpuMilli: 64, memoryMib: 524, powerW: 1 + 1 }],
    ['1×1 share:333', { cpuMilli: 21_312, memoryMib: 174_587, powerW: 234 + 267 }],
    ['1×1 mig:1g.10gb', { cpuMilli: 8000, memoryMib: 65_536, powerW: 100 + 115 }],
    ['1×1 mig:3g.40gb', { cpuMilli: 32_000, memoryMib: 262_144, powerW: 350 + 400 }],
    ['1×1 mig:4g.40gb', { cpuMilli: 32_000, memoryMib: 262_144, powerW: 400 + 458 }],
    ['1×1 mig:7g.80gb', { cpuMilli: 64_000, memoryMib: 524_288, powerW: 700 + 800 }],
    ['1×2 mig:1g.10gb', { cpuMilli: 16_000, memoryMib: 131_072, powerW: 200 + 229 }],
    ['1×1 share:500 cpu128', { cpuMilli: 128_000, memoryMib: 262_144, powerW: 350 + 1600 }],
    ['1×1 share:500 cpu0 mem0', { cpuMilli: 0, memoryMib: 0, powerW: 350 + 400 }],
  ])('%s holds %j', (wish, expected) => {
    expect(membersOf(wish)[0]).toMatchObject(expected);
  });

  test('slices that fill a GPU hold together at least its power', () => {
    for (const wish of [
      '7×1 mig:1g.10gb',
      '4×1 mig:1g.20gb',
      '2×1 mig:3g.40gb',
      '3×1 share:333',
      '1×1 share:999',
    ]) {
      const powerW = membersOf(wish).reduce((sum, member) => sum + member.powerW, 0);
      expect(powerW).toBeGreaterThanOrEqual(Math.floor(1500 * (wish.includes('share') ? 0.999 : 1)));
    }
  });

  test('the power of a rack limits slices as it limits GPUs', () => {
    const tight = world(`fra1/h1/r1 1×2 ${h100}`, { racks: { 'fra1/h1/r1': { feedLimitW: { A: 500 } } } });
    expect(placed(tight, demand('2×1 mig:1g.10gb'))).toHaveLength(2);
    expect(refusal(tight, demand('3×1 mig:1g.10gb'))).toMatchObject({
      nearest: { binding: 'rack-power', replicasFit: 2 },
    });
    expect(refusal(one, demand('2×1 mig:1g.10gb', { powerCapW: 429 }))).toMatchObject({
      nearest: { binding: 'power-cap', replicasFit: 1 },
    });
    expect(placed(one, demand('2×1 mig:1g.10gb', { powerCapW: 430 }))).toHaveLength(2);
  });

  test.each([
    ['4×1 share:333 10h', '333/1000 of H100-SXM-80GB at fra1', 4, 999_000],
    ['3×1 mig:1g.10gb 10h', '1g.10gb of H100-SXM-80GB at fra1', 3, 375_000],
    ['1×2 mig:3g.40gb 10h', '3g.40gb of H100-SXM-80GB at fra1', 2, 1_500_000],
  ])('%s costs its parts of the GPUs', (wish, what, count, microEurPerHour) => {
    const { price } = planned(one, demand(wish)).plan;
    expect(price.lines).toEqual([{ what, count, microEurPerHour }]);
    expect(price.totalMicroEur).toBe(count * microEurPerHour * 10);
  });

  test('a price that does not divide is rounded up', () => {
    const odd = world(`fra1/h1/r1 1×1 ${h100}`, {
      sites: { fra1: { gpuPrices: { 'H100-SXM-80GB': 1_000_001 } } },
    });
    expect(planned(odd, demand('1×1 mig:1g.10gb')).plan.price.lines[0]?.microEurPerHour).toBe(125_001);
    expect(planned(odd, demand('1×1 share:1')).plan.price.lines[0]?.microEurPerHour).toBe(1001);
  });
});

describe('what else a demand asks for holds for slices too', () => {
  const rack = world(`fra1/h1/r1 3×2 ${h100}`);

  test('apart, together, survival', () => {
    expect(placed(rack, demand('3×1 share:100 apart:node'))).toEqual([
      'n01 100/1000 of gpu0',
      'n02 100/1000 of gpu0',
      'n03 100/1000 of gpu0',
    ]);
    expect(refusal(rack, demand('4×1 share:100 apart:node')).kind).toBe('no-capacity');
    expect(placed(rack, demand('28×1 mig:1g.10gb within:rack'))).toHaveLength(28);
    expect(refusal(rack, demand('28×1 mig:1g.10gb within:node')).kind).toBe('no-capacity');
    const lasting = { survive: { loss: 'node', membersLeft: 2 } };
    expect(
      new Set(placed(rack, demand('4×1 mig:1g.10gb', lasting)).map((text) => text.slice(0, 3))).size,
    ).toBe(2);
  });

  test('a tenant that wants the node alone shares no GPU with others', () => {
    const alone = take(rack, demand('1×1 share:100', { isolation: 'node' }));
    const [other] = planned(alone, demand('1×1 share:100', { tenant: 'globex' })).plan.placement.members;
    expect(other?.node).toBe('fra1/h1/r1/n02');
    expect(placed(alone, demand('1×1 share:100'))).toEqual(['n01 100/1000 of gpu0']);
  });

  test('whole GPUs and slices in one gang are on different GPUs', () => {
    expect(placed(one, demand('train: 1×1 + notebook: 2×1 mig:3g.40gb'))).toEqual([
      'n01 gpu0',
      'n01 3g.40gb at start 4 on gpu1',
      'n01 3g.40gb at start 0 on gpu1',
    ]);
    expect(refusal(one, demand('train: 1×2 + notebook: 1×1 share:1')).kind).toBe('no-capacity');
  });
});

describe('words', () => {
  test('the terms say what is held, and what nobody enforces', () => {
    expect(termsOf('2×1 mig:1g.10gb 3h')[0]).toMatchObject({
      kind: 'devices',
      promise: '2 MIG slices 1g.10gb on 1 node, for this contract alone',
      heldAs:
        'exclusive intervals on the devices named; memory slices at legal starts of GPUs in MIG mode, which do not move',
    });
    expect(termsOf('1×1 share:250')[0]).toMatchObject({
      promise: '1 share of 250/1000 of a GPU on 1 node, for this contract alone',
      enforcedBy:
        'the placement core: no more than 1000/1000 of a GPU are promised; no engine limits a share yet',
    });
    expect(termsOf('1×1')[0]?.promise).toBe('1 GPUs on 1 node, for this contract alone');
    const limited = world(`fra1/h1/r1 1×2 ${h100}`, { racks: { 'fra1/h1/r1': { feedLimitW: { A: 9000 } } } });
    const power = (wish: string) =>
      planned(limited, demand(wish)).plan.terms.find(({ kind }) => kind === 'power');
    expect(power('1×1 mig:1g.10gb')).toMatchObject({
      promise: '215 W held on 1 rack, a slice counted as its part of a GPU, rounded up',
      strength: 'guaranteed',
    });
    expect(power('1×1 share:250')?.strength).toBe('declared');
  });

  test('a refusal offers a whole GPU, priced, and fewer slices', () => {
    const two = world(
      `fra1/h1/r1 1×1 ${h100}`,
      'fra1/h1/r2 1×1 H100-SXM-80GB nomig gpumem80 cpu128 mem1024',
      {
        sites: { fra1: { gpuPrices: { 'H100-SXM-80GB': 3 * eur } } },
      },
    );
    const refused = refusal(take(two, demand('7×1 mig:1g.10gb 5h')), demand('1×1 mig:1g.10gb 5h'));
    expect(refused.kind === 'no-capacity' ? refused.relaxations : []).toMatchObject([
      { change: 'start later', startMs: t0 + 5 * hourMs },
      { change: 'a whole GPU instead of a slice', startMs: t0, totalMicroEur: 15 * eur },
    ]);
    const many = refusal(two, demand('9×1 mig:1g.10gb'));
    const changes = many.kind === 'no-capacity' ? many.relaxations.map(({ change }) => change) : [];
    expect(changes).toEqual(['7 instead of 9 slices']);
  });
});
