import { array, assert, boolean, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Suit } from '../../../src/core/place/packing.ts';
import { type Candidate, solve } from '../../../src/core/place/solve.ts';
import { seatsOf } from '../../../src/model/placement.ts';
import { ask, planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { t0, verdictAll, world, type World } from '../fleet.ts';

const seed = 20_261_122;

/** The best placement as the search finds it, with or without the index. */
function found({ state }: World, text: string, more: object = {}, isPlain = false): Candidate {
  const starts = { earliestMs: t0, latestMs: t0 };
  const result = solve(state, verdictAll(state, 'allowed'), { demand: demand(text, more), starts, isPlain });
  if (result.kind !== 'solved') throw new Error(`no room for ${text}`);
  return result.best;
}

/** `r1/n02` or, of slices and GPUs, `r1/n02 gpu3`, of the first member. */
function standsOn(before: World, text: string, more: object = {}): string {
  const [member] = found(before, text, more).members;
  const [gpu] = [...(member?.gpus ?? []), ...(member?.slices ?? []).map((slice) => slice.gpu)];
  const node = member?.node.split('/').slice(-2).join('/') ?? '';
  return gpu === undefined ? node : `${node} gpu${gpu}`;
}

function suitOf(before: World, text: string): Suit {
  const { suit } = found(before, text);
  if (suit === undefined) throw new Error(`${text} was not judged`);
  return suit;
}

/** So many contracts that ended before `t0`, so that the fleet is empty and their kind is what is expected. */
function used(before: World, text: string, count = 64): World {
  let now = before;
  for (let at = 0; at < count; at++) {
    const atMs = t0 - 3_600_000 + at * 20_000;
    const past = { window: { earliestStartMs: atMs, durationS: 10 } };
    now = take(now, demand(text, past), { atMs });
  }
  return now;
}

describe('of nodes that are equally good otherwise, what each term decides', () => {
  const eights = world('fra1/r1 3×8 H100 cpu96 mem1024');

  test('a GPU is taken where all eight are no longer free, if that is what is asked for', () => {
    const before = take(used(eights, '1×8 24h'), demand('1×4 24h', { where: ['fra1/r1/n02'] }));
    expect(standsOn(before, '1×1 24h')).toBe('r1/n02 gpu4');
  });

  test('the first node where it makes no difference', () => {
    const before = take(used(eights, '1×1 24h'), demand('1×4 24h', { where: ['fra1/r1/n02'] }));
    expect(standsOn(before, '1×1 24h')).toBe('r1/n01 gpu0');
  });

  test('cores alone are taken where no GPU is left that needs them', () => {
    const full = take(
      used(eights, '1×1 cpu12 mem16'),
      demand('1×8 cpu80 mem16 24h', { where: ['fra1/r1/n03'] }),
    );
    expect(standsOn(full, '1×cpu16 mem16')).toBe('r1/n03');
  });

  test('GPUs are taken where cores are left for the rest of them', () => {
    const lean = world('fra1/r1 1×8 H100 cpu32 mem1024', 'fra1/r2 1×8 H100 cpu128 mem1024');
    const before = used(lean, '1×1 cpu4 mem16 24h');
    // Twenty cores with one GPU: in r1 twelve are left for seven GPUs, of which four would be stranded.
    expect(standsOn(before, '1×1 cpu20 mem16 24h')).toBe('r2/n01 gpu0');
  });

  test('a share is taken from what is left of a GPU that others could hardly use', () => {
    const before = take(
      used(eights, '1×1 share:600 24h'),
      demand('1×1 share:600 24h', { where: ['fra1/r1/n02'] }),
    );
    expect(standsOn(before, '1×1 share:400 24h')).toBe('r1/n02 gpu0');
  });

  test('and a new GPU is opened where the rest of the other one is wanted more', () => {
    const before = take(
      used(eights, '1×1 share:500 24h'),
      demand('1×1 share:500 24h', { where: ['fra1/r1/n02'] }),
    );
    // 300 on the half that is left would waste 500 of it; on a whole GPU one half stays.
    expect(standsOn(before, '1×1 share:300 24h')).toBe('r1/n01 gpu0');
  });

  test('GPUs that are set up for shares are shared before whole ones', () => {
    const mixed = world('fra1/r1 1×4 L40S cpu32 mem128', 'fra1/r2 1×4 L40S cpu32 mem128 shared');
    expect(standsOn(used(mixed, '1×1 24h'), '1×1 share:300 24h')).toBe('r2/n01 gpu0');
  });

  test('a model that others name is left to them', () => {
    const models = world('fra1/r1 2×4 A100 cpu32 mem128', 'fra1/r2 2×4 H100 cpu32 mem128');
    expect(standsOn(used(models, '1×2 A100 24h'), '1×1 24h')).toBe('r2/n01 gpu0');
    expect(standsOn(used(models, '1×2 H100 24h'), '1×1 24h')).toBe('r1/n01 gpu0');
  });

  test('instances of MIG go by what they spoil first', () => {
    const cut = world('fra1/r1 2×2 H100 mig gpumem80 cpu32 mem256', {});
    const before = take(cut, demand('1×1 H100 mig:1g.10gb 24h', { where: ['fra1/r1/n02'] }));
    expect(standsOn(before, '1×1 H100 mig:1g.10gb 24h')).toBe('r1/n02 gpu0');
  });
});

describe('what comes before, and what decides instead', () => {
  const before = take(
    used(world('fra1/r1 3×8 H100 cpu96 mem1024', { sites: { fra1: { gpuPrices: { H100: 2 } } } }), '1×1 24h'),
    demand('1×4 24h', { where: ['fra1/r1/n03'] }),
  );

  test.each([
    ['the tightest place, where that is asked for', '1×1 24h', { objective: 'tightest' }, 'r1/n03 gpu4'],
    [
      'the tightest node, where the tenant is alone on it',
      '1×1 24h',
      { tenant: 'acme', isolation: 'node' },
      'r1/n03 gpu4',
    ],
    ['the policy, for everybody else', '1×1 24h', {}, 'r1/n01 gpu0'],
  ] as const)('%s', (_, text, more, place) => {
    expect(standsOn(before, text, more)).toBe(place);
  });

  test('a lower price', () => {
    const sites = { fra1: { gpuPrices: { H100: 3 } }, muc1: { gpuPrices: { H100: 2 } } };
    const two = world('fra1/r1 1×8 H100 cpu96 mem1024', 'muc1/r1 1×8 H100 cpu96 mem1024', { sites });
    const taken = take(used(two, '1×8 24h'), demand('1×4 24h', { where: ['fra1'] }));
    expect(found(taken, '1×1 24h').site.id).toBe('muc1');
    expect(found(taken, '1×1 24h', { where: ['fra1'] }).suit?.score).toBeGreaterThan(
      suitOf(taken, '1×1 24h').score,
    );
  });

  test.each([
    [
      'uplink budgets',
      '2×8 rdma',
      { parts: [{ name: 'a', count: 1, each: { gpus: { count: 1 }, rdma: { uplinkMbps: 1 } } }] },
    ],
    ['a loss to survive', '2×1', { survive: { loss: 'node', membersLeft: 1 } }],
    ['replicas that are to stand apart', '2×1 apart:node', {}],
    ['two models at once', '1×1 H100 + 1×1 L40S', {}],
    ['two shares', '2×1 H100 share:500', {}],
  ])('%s are placed as they were', (_, text, more) => {
    const rich = world('fra1/r1 3×8 H100 nvlink rdma cpu96 mem1024 leaf', 'fra1/r2 1×8 L40S cpu96 mem1024', {
      leafs: { 'fra1/leaf-r1': { uplinkMbps: 1000 } },
    });
    expect(found(rich, text, more).suit).toBeUndefined();
  });
});

const asks = constantFrom(
  '1×1 H100',
  '1×2',
  '1×4 H100',
  '1×8',
  '1×1 share:300',
  '1×1 share:700',
  '1×cpu8 mem16',
  '1×1 H100 cpu30 mem8',
  '1×2 + 1×cpu4 mem4',
  '1×1 H100 mig:1g.10gb',
);
const orders = array(asks, { minLength: 1, maxLength: 10 });

/** Takes all that fit, one after the other. */
function takeAll(before: World, texts: readonly string[]): World {
  return texts.reduce((now, text) => {
    try {
      return take(now, demand(text));
    } catch {
      return now;
    }
  }, before);
}

function allSeats({ state }: World) {
  return [...state.contracts].map(({ placement }) => seatsOf(placement));
}

describe('whatever was taken before', () => {
  const lines = ['fra1/r1 2×8 H100 mig gpumem80 cpu96 mem512', 'fra1/r2 3×4 L40S cpu24 mem128'] as const;

  test('names of racks change nothing about how good the choice is', () => {
    const renamed = lines.map((line) => line.replace('r1', 'r9'));
    assert(
      property(orders, asks, (texts, last) => {
        const [one, other] = [takeAll(world(...lines), texts), takeAll(world(...renamed), texts)];
        const judged = [one, other].map((now) => {
          try {
            const { suit } = found(now, last);
            return suit === undefined
              ? 'not judged'
              : [suit.score, suit.wastedMilli, suit.strandedMilli, suit.wear];
          } catch {
            return 'no room';
          }
        });
        expect(judged[1]).toEqual(judged[0]);
      }),
      { seed, numRuns: 40 },
    );
  });

  test('one more empty node never makes the choice worse', () => {
    // Nobody names a model, and all nodes are alike: no model is scarcer for it.
    const [fewer, more] = [world('fra1/r1 3×8 H100 cpu96 mem512'), world('fra1/r1 4×8 H100 cpu96 mem512')];
    const plain = asks.filter((text) => !text.includes('H100'));
    const inThree = { where: ['fra1/r1/n01', 'fra1/r1/n02', 'fra1/r1/n03'] };
    assert(
      property(array(plain, { minLength: 1, maxLength: 10 }), plain, (texts, last) => {
        const few = takeAll(fewer, texts);
        const many = texts.reduce((now, text) => {
          try {
            return take(now, demand(text, inThree));
          } catch {
            return now;
          }
        }, more);
        if (few.state.contracts.size < texts.length || ask(few, demand(last)).kind === 'refused') return;
        expect(suitOf(many, last).score).toBeGreaterThanOrEqual(suitOf(few, last).score);
      }),
      { seed, numRuns: 40 },
    );
  });

  test('the order in which racks were told changes nothing', () => {
    assert(
      property(orders, (texts) => {
        const [one, other] = [takeAll(world(...lines), texts), takeAll(world(...lines.toReversed()), texts)];
        expect(allSeats(other)).toEqual(allSeats(one));
      }),
      { seed, numRuns: 20 },
    );
  });

  test('the index finds what a scan finds, and the words say what was judged', () => {
    assert(
      property(orders, asks, boolean(), (texts, last, isPlain) => {
        const now = takeAll(world(...lines), texts);
        try {
          found(now, last);
        } catch {
          return;
        }
        const [indexed, plain] = [found(now, last), found(now, last, {}, true)];
        expect(indexed.members).toEqual(plain.members);
        expect(indexed.suit).toEqual(plain.suit);
        const here = planned(now, demand(last)).plan.report.here ?? [];
        const points = String((indexed.suit?.score ?? 0) / 100);
        expect(here.some((line) => line.includes(`asked for: ${points} points`))).toBe(
          !last.includes('mig:'),
        );
        expect(isPlain ? plain.startMs : indexed.startMs).toBe(t0);
      }),
      { seed, numRuns: 40 },
    );
  });
});
