import { assert, constantFrom, property, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Domain } from '../../../src/core/place/domain.ts';
import type { Candidates } from '../../../src/core/place/fill.ts';
import { fitnessOf } from '../../../src/core/place/fitness.ts';
import { NodeSet } from '../../../src/core/place/node-set.ts';
import { type Packing, packingOf, type Suit, suitOrder } from '../../../src/core/place/packing.ts';
import { type Ignored, Rooms } from '../../../src/core/place/rooms.ts';
import { hardestFirst } from '../../../src/core/place/want.ts';
import { Path } from '../../../src/model/id.ts';
import type { Member } from '../../../src/model/placement.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { listed, wantsOf } from './wanted.ts';

const now = { startMs: t0, endMs: t0 + hourMs };
const eights = world('r/r1 3×8 H100 nvlink rdma cpu96 mem1024 numa2');

function packing(
  { state }: World,
  text: string,
  { more = {}, model = 'H100', ignored }: { more?: object; model?: string; ignored?: Ignored } = {},
): { readonly packing: Packing | undefined; readonly candidates: Candidates } {
  const asked = demand(text, more);
  const wants = hardestFirst(wantsOf(text, model, more));
  const candidates: Candidates = new Map(
    wants.map((want) => [
      want,
      new NodeSet(state.fleet.nodes.filter((node) => fitnessOf(node, want, asked).kind === 'fits')),
    ]),
  );
  const rooms = new Rooms(state, now, ignored === undefined ? {} : { ignored });
  return { packing: packingOf(rooms, { demand: asked, wants, candidates }), candidates };
}

function judging(on: World, text: string, model?: string): Packing {
  const { packing: found } = packing(on, text, model === undefined ? {} : { model });
  if (found === undefined) throw new Error(`${text} is not judged`);
  return found;
}

function held(...lines: readonly string[]): World {
  return granted(eights, demand('1×1', { tenant: 'globex' }), placement(1, ...lines));
}

function domains({ state }: World): readonly Domain[] {
  return state.fleet.nodes.map((node) => ({ id: node.id, nodes: [node] }));
}

function names(found: Iterable<Domain>): string[] {
  return [...found].map(({ id }) => id.slice(-3));
}

describe('a gang is judged', () => {
  test.each([
    ['of whole GPUs', '1×4', {}],
    ['of several replicas', '2×2', {}],
    ['of parts of one model', '1×2 + 1×1', {}],
    ['with cores beside', '1×2 + 1×cpu4', {}],
    ['of cores alone', '1×cpu4', {}],
    ['of one share', '1×1 share:300', {}],
    ['of one share with cores beside', '1×1 share:300 + 1×cpu4', {}],
    ['kept on one node', '2×2 within:node', {}],
    ['kept in one rack', '2×2 together:rack', {}],
    ['with RDMA', '1×2 rdma', {}],
    ['aligned', '1×2 align:numa', {}],
    ['preferring what is cheapest', '1×1', { objective: 'cheapest' }],
    ['preferring what is soonest', '1×1', { objective: 'soonest' }],
  ])('%s', (_, text, more) => {
    expect(packing(eights, text, { more }).packing).toBeDefined();
  });

  test.each([
    ['of two shares', '2×1 share:300', {}],
    ['of a replica with two shares', '1×2 share:300', {}],
    ['of a share beside whole GPUs', '1×1 share:300 + 1×1', {}],
    ['of whole GPUs that a share comes after', '1×1 + 1×1 share:300', {}],
    ['that takes the tightest place', '1×1', { objective: 'tightest' }],
    ['that is alone on its node', '1×1', { isolation: 'node' }],
    ['that survives a loss', '2×1', { survive: { loss: 'node', membersLeft: 1 } }],
    ['under one NUMA node', '2×1 together:numa', {}],
    ['of a part under one NUMA node', '2×1 within:numa', {}],
    ['of replicas that are apart', '2×1 apart:node', {}],
    ['with flows', '1×1 + 1×cpu1', { flows: [{ from: 'train', to: 'part-2', mbps: 1 }] }],
  ])('not %s', (_, text, more) => {
    expect(packing(eights, text, { more }).packing).toBeUndefined();
  });

  test('not with a budget beyond its leafs', () => {
    const [part] = demand('1×1 rdma').parts;
    const more = { parts: [{ ...part, each: { ...part?.each, rdma: { uplinkMbps: 1 } } }] };
    expect(packing(eights, '1×1 rdma', { more }).packing).toBeUndefined();
  });

  test('not while something is left out of account', () => {
    expect(packing(eights, '1×1', { ignored: new Set(['site-power']) }).packing).toBeUndefined();
    expect(packing(eights, '1×1', { ignored: new Set() }).packing).toBeDefined();
  });

  test('before it is put anywhere, but for instances of MIG', () => {
    const cut = world('r/r1 1×2 H100-SXM-80GB mig gpumem80');
    const known = (text: string) => judging(cut, text, 'H100-SXM-80GB').isKnownBefore;
    expect(['1×1', '1×1 share:300', '1×1 mig:1g.10gb'].map(known)).toEqual([true, true, false]);
  });
});

/** Of each node, whether it has room. */
const room = (on: World, text: string) => {
  const found = judging(on, text);
  return domains(on).map((domain) => found.hasRoomOn(domain));
};

describe('which nodes have room', () => {
  test.each([
    ['for all GPUs of all replicas together', ['a 0 r/r1/n01 gpu0'], '4×2', [false, true, true]],
    ['for those that are left', ['a 0 r/r1/n01 gpu0'], '7×1', [true, true, true]],
    ['for all parts together', ['a 0 r/r1/n02 gpu0-3'], '1×4 + 1×1', [true, false, true]],
    ['for all cores of all parts', ['a 0 r/r1/n03 cpu90'], '1×1 cpu4 + 1×cpu3', [true, true, false]],
    ['for exactly so many cores', ['a 0 r/r1/n03 cpu89'], '1×1 cpu4 + 1×cpu3', [true, true, true]],
    ['for all memory', ['a 0 r/r1/n03 mem1000'], '2×1 mem13', [true, true, false]],
    [
      'for a share on what is left of a GPU',
      ['a 0 r/r1/n01 gpu0-6 7:500', 'a 1 r/r1/n02 gpu0-6 7:501'],
      '1×1 share:500',
      [true, false, true],
    ],
  ])('%s', (_, lines, text, expected) => {
    expect(room(held(...lines), text)).toEqual(expected);
  });

  test('a place without a node has none', () => {
    expect(judging(eights, '1×1').hasRoomOn({ id: Path.parse('nowhere'), nodes: [] })).toBe(false);
  });
});

describe('the order of nodes', () => {
  test('is from the best one on, of equals in the order of the fleet, those without room last', () => {
    const on = held('a 0 r/r1/n01 gpu0-7', 'a 1 r/r1/n03 gpu0-3 cpu48');
    const found = judging(on, '1×2');
    // What is expected there is all of a node, half of it and so on: two of the half are the least that is lost.
    expect(names(found.bestFirst(domains(on)))).toEqual(['n03', 'n02', 'n01']);
    expect(names(judging(eights, '1×2').bestFirst(domains(eights)))).toEqual(['n01', 'n02', 'n03']);
    expect(names(found.bestFirst([]))).toEqual([]);
  });

  test('is that of the scores, whatever is held', () => {
    const lines = uniqueArray(
      constantFrom(
        'a 0 r/r1/n01 gpu0',
        'a 0 r/r1/n01 gpu1-3 cpu40',
        'b 0 r/r1/n02 gpu0-5 cpu10',
        'b 0 r/r1/n02 7:300',
        'c 0 r/r1/n03 gpu4-7 mem900',
        'c 0 r/r1/n03 0:700',
      ),
      { maxLength: 6 },
    );
    assert(
      property(lines, constantFrom('1×1', '1×4', '2×1', '1×1 share:300', '1×cpu40'), (taken, text) => {
        const on = taken.reduce(
          (before, line) => granted(before, demand('1×1', { tenant: 'globex' }), placement(1, line)),
          eights,
        );
        const { packing: found, candidates } = packing(on, text);
        if (found === undefined) throw new Error('it is judged');
        const scores = on.state.fleet.nodes.map((node) => found.suitOf(node)?.score ?? -Infinity);
        const order = [...scores.keys()].toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
        expect(names(found.bestFirst(domains(on)))).toEqual(order.map((at) => `n0${at + 1}`));
        // And those that suit are all that have room.
        const suits = [...found.suits(candidates)];
        expect(suits.map(({ node }) => node.index)).toEqual(
          [...scores.keys()].filter((at) => scores[at] !== -Infinity),
        );
        const best = suits.toSorted(suitOrder)[0];
        expect(best?.node.index).toBe(suits.length === 0 ? undefined : order[0]);
      }),
      { seed, numRuns: 60 },
    );
  });

  test.each([
    ['what spoils less', { wear: 1, score: 0 }, { wear: 2, score: 900 }],
    ['of that, what has more points', { wear: 1, score: 2 }, { wear: 1, score: 1 }],
  ])('prefers %s', (_, better, worse) => {
    const [node, other] = eights.state.fleet.nodes;
    if (node === undefined || other === undefined) throw new Error('two nodes');
    const suit = (figures: object, on = node): Suit => ({
      wastedMilli: 0,
      strandedMilli: 0,
      score: 0,
      wear: 0,
      node: on,
      ...figures,
    });
    expect(suitOrder(suit(better, other), suit(worse))).toBeLessThan(0);
    expect(suitOrder(suit(worse), suit(better, other))).toBeGreaterThan(0);
    expect(suitOrder(suit(better), suit(better, other))).toBeLessThan(0);
  });

  test('leaves out nodes that keep the tenant out, and those that serve not every part', () => {
    const closed = granted(
      eights,
      demand('1×1', { tenant: 'globex', isolation: 'node' }),
      placement(1, 'a 0 r/r1/n02 gpu0'),
    );
    const { packing: found, candidates } = packing(closed, '1×1');
    expect([...(found?.suits(candidates) ?? [])].map(({ node }) => node.index)).toEqual([0, 2]);
    const parts = packing(eights, '1×1 + 1×cpu1');
    const [[first, nodes] = [], [second] = []] = [...parts.candidates];
    if (first === undefined || second === undefined || nodes === undefined) throw new Error('two wants');
    const some: Candidates = new Map([
      [first, nodes],
      [second, new NodeSet(eights.state.fleet.nodes.slice(1, 2))],
    ]);
    expect([...(parts.packing?.suits(some) ?? [])].map(({ node }) => node.index)).toEqual([1]);
  });
});

/** GPUs that a share may be taken of once one was chosen on the first node; `any` where none is chosen. */
function only(on: World, text: string, model?: string): string {
  const [node] = on.state.fleet.nodes;
  if (node === undefined) throw new Error('a node');
  const asked = judging(on, text, model).withGpu(node);
  const [want] = asked?.wants ?? [];
  const isCandidate = want !== undefined && asked?.candidates.get(want)?.has(node) === true;
  expect(isCandidate).toBe(asked !== undefined);
  return want?.only === undefined ? 'any' : listed(want.only);
}

describe('the GPU that a share is put on', () => {
  test.each([
    ['one that it fills', ['a 0 r/r1/n01 2:700 5:500'], '1×1 share:300', '2'],
    [
      'of those that suit as well the one with least left',
      ['a 0 r/r1/n01 2:100 5:600'],
      '1×1 share:300',
      '5',
    ],
    ['the lowest of those', ['a 0 r/r1/n01 5:600 3:600'], '1×1 share:300', '3'],
    ['none where none has so much left', ['a 0 r/r1/n01 gpu0-6 7:800'], '1×1 share:300', 'any'],
    ['whole GPUs are not chosen so', [], '1×1', 'any'],
    ['nor cores alone', [], '1×cpu1', 'any'],
    ['nor where a NIC goes with it', [], '1×1 share:300 rdma', 'any'],
    ['nor where a link does', [], '1×1 share:300 nvlink', 'any'],
    ['nor where it is aligned', [], '1×1 share:300 align:numa', 'any'],
  ])('%s', (_, lines, text, expected) => {
    expect(only(lines.length === 0 ? eights : held(...lines), text)).toBe(expected);
  });

  test('is one that the want may use at all', () => {
    const mixed = world('r/r1 1×3 H100 gpumem80 cpu8', {
      gpus: { 'r/r1/n01/gpu0': { memoryMib: 1024 }, 'r/r1/n01/gpu1': { health: 'down' } },
    });
    expect(only(mixed, '1×1 share:500 gpumem40')).toBe('2');
  });

  test('instances of MIG choose for themselves', () => {
    expect(only(world('r/r1 1×2 H100-SXM-80GB mig gpumem80'), '1×1 mig:1g.10gb', 'H100-SXM-80GB')).toBe(
      'any',
    );
  });
});

/** How the first node suits two instances that would lie there. */
const suitFor = (on: World, ...slices: readonly string[]) => {
  const [node] = on.state.fleet.nodes;
  const members: readonly Member[] = placement(1, `train 0 r/r1/n01 ${slices.join(' ')}`).members;
  if (node === undefined) throw new Error('a node');
  return judging(on, '1×2 mig:1g.10gb', 'H100-SXM-80GB').suitWith(node, members, 7);
};

describe('a gang that has instances of MIG', () => {
  const cut = world('r/r1 1×3 H100-SXM-80GB mig gpumem80 cpu24 mem24');
  test('is judged by the whole GPUs that it opens', () => {
    const [one, two] = [
      suitFor(cut, '0:1g.10gb@6', '0:1g.10gb@5'),
      suitFor(cut, '0:1g.10gb@6', '1:1g.10gb@6'),
    ];
    expect([one?.wear, two?.wear]).toEqual([7, 7]);
    expect(two?.score).not.toBe(one?.score);
  });

  test('opens none where it stands beside others', () => {
    const busy = granted(
      cut,
      demand('1×1 mig:1g.10gb', { tenant: 'globex' }),
      placement(1, 'a 0 r/r1/n01 0:1g.10gb@0 cpu8 mem8'),
    );
    const beside = suitFor(busy, '0:1g.10gb@6', '0:1g.10gb@5');
    const opening = suitFor(busy, '1:1g.10gb@6', '0:1g.10gb@5');
    // Two GPUs are left whole, with the cores of just two: taking cores alone strands them, one GPU goes with the second.
    expect(beside?.strandedMilli).toBeGreaterThan(opening?.strandedMilli ?? 0);
  });
});
