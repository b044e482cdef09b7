import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import {
  givenUp,
  givenUpForChange,
  tenuresOf,
  withHolding,
  withoutHolding,
} from '../../../src/core/calendar/holding.ts';
import { forgottenMs, rememberedMs } from '../../../src/core/calendar/past.ts';
import type { State } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { Transfer } from '../../../src/model/placement.ts';
import { ask, lease, planned, take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { holding, hour } from './holdings.ts';

const fleet = world('fra1/h1/r1 3×8 H100');
const dayMs = 24 * hourMs;

function only({ contracts }: State): Contract {
  const [contract] = contracts;
  if (contract === undefined) throw new Error('nothing was granted');
  return contract;
}

/** C-101, granted a day of one node from `t0` on. */
const granted = take(fleet, demand('1×8 H100 24h'));
const base = only(granted.state);
/** What it held on a node until it was changed, some hours after `t0`. */
function earlier(version: number, node: string, untilH: number, transfers: readonly Transfer[] = []) {
  const { plan, planDigest, demand: asked, price } = base;
  const placement = { ...heldOn(node), ...(transfers.length === 0 ? {} : { transfers: [...transfers] }) };
  return { version, plan, planDigest, demand: asked, price, placement, untilMs: hour(untilH) };
}

function heldOn(node: string): Contract['placement'] {
  const members = base.placement.members.map((member) => ({ ...member, node: Path.parse(node) }));
  return { ...base.placement, members };
}

const [n1, n2, n3] = ['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'fra1/h1/r1/n03'] as const;
const now = { ...base, placement: heldOn(n3) };

/** `n03 until 4h` for each tenure; `for good` where nothing has ended it. */
function words(contract: Contract): readonly string[] {
  return tenuresOf(contract).map(({ holding: { placement }, untilMs }) => {
    const node = placement.members[0]?.node.slice(-3) ?? '';
    return `${node} ${untilMs === never ? 'for good' : `until ${(untilMs - t0) / hourMs}h`}`;
  });
}

const moved = Transfer.parse({
  dataset: 'imagenet',
  from: 'ams2/pool1',
  to: 'fra1',
  wanLink: 'fra1/wan-ams2',
  mbps: 100,
  startMs: hour(1),
  endMs: hour(3),
});

describe('what a contract has held and holds', () => {
  test.each<readonly [string, Contract, readonly string[]]>([
    ['never changed', now, ['n03 for good']],
    ['released', { ...now, releasedAtMs: hour(5) }, ['n03 until 5h']],
    ['preempted', { ...now, preemptedAtMs: hour(5) }, ['n03 until 5h']],
    [
      'preempted, and released before that',
      { ...now, preemptedAtMs: hour(5), releasedAtMs: hour(2) },
      ['n03 until 2h'],
    ],
    ['changed once', { ...now, earlier: [earlier(1, n1, 4)] }, ['n01 until 4h', 'n03 for good']],
    [
      'changed twice, oldest first',
      { ...now, earlier: [earlier(1, n1, 4), earlier(2, n2, 7)] },
      ['n01 until 4h', 'n02 until 7h', 'n03 for good'],
    ],
    [
      'released after a change',
      { ...now, earlier: [earlier(1, n1, 4)], releasedAtMs: hour(6) },
      ['n01 until 4h', 'n03 until 6h'],
    ],
    [
      'released before its change took over',
      { ...now, earlier: [earlier(1, n1, 4)], releasedAtMs: hour(2) },
      ['n01 until 2h', 'n03 until 2h'],
    ],
    [
      'changed anew before an earlier change took over',
      { ...now, earlier: [earlier(1, n1, 7), earlier(2, n2, 4)] },
      ['n01 until 4h', 'n02 until 4h', 'n03 for good'],
    ],
  ])('%s', (_, contract, expected) => {
    expect(words(contract)).toEqual(expected);
  });

  test('is each time that of its own demand, under the one name of the contract', () => {
    const old = { ...earlier(1, n1, 4), demand: demand('1×4 H100') };
    const [first, last] = tenuresOf({ ...now, earlier: [old] });
    expect(first?.holding).toMatchObject({ id: 'C-101', tenant: 'acme', demand: old.demand });
    expect(last?.holding).toMatchObject({ id: 'C-101', tenant: 'acme', demand: base.demand });
  });

  test('moves data only for what it holds now: what took over carries the transfers on', () => {
    const contract = {
      ...now,
      placement: { ...now.placement, transfers: [moved] },
      earlier: [earlier(1, n1, 4, [moved])],
    };
    expect(tenuresOf(contract).map(({ holding: held }) => held.placement.transfers)).toEqual([
      undefined,
      [moved],
    ]);
  });
});

const edge = 'wan fra1/wan-ams2';

describe('a state in which something is held besides', () => {
  const line = [`train 0 ${n1} gpu0-1 cpu4`];
  const more = holding('L-1', [0, 9], line, { transfers: [moved] });

  test('has it in the calendar of nodes and in that of edges, and is otherwise what it was', () => {
    const held = withHolding(granted.state, more);
    expect(held.calendar[0]?.map(({ holder }) => holder)).toEqual(['C-101', 'L-1']);
    expect(held.bandwidth.get(edge)?.map(({ holder }) => holder)).toEqual(['L-1']);
    const { calendar, bandwidth } = granted.state;
    expect({ ...held, calendar, bandwidth }).toEqual(granted.state);
  });

  test('and in which it ends as it began is the state before', () => {
    const back = withoutHolding(withHolding(granted.state, more), more, hour(0));
    expect(back).toEqual(granted.state);
  });

  test('keeps its past where it ends later, on nodes and on edges', () => {
    const ended = withoutHolding(withHolding(granted.state, more), more, hour(2));
    expect(ended.calendar[0]?.at(-1)).toMatchObject({ holder: 'L-1', endMs: hour(2) });
    expect(ended.bandwidth.get(edge)).toMatchObject([{ holder: 'L-1', endMs: hour(2) }]);
  });

  test('forgets what had ended, on nodes and on edges alike', () => {
    const old = withHolding(fleet.state, holding('L-0', [0, 4], line, { transfers: [moved] }));
    const next = holding('L-1', [8, 9], line, {
      transfers: [{ ...moved, startMs: hour(6), endMs: hour(7) }],
    });
    expect(withHolding(old, next, hour(4)).calendar[0]).toHaveLength(1);
    expect(withHolding(old, next, hour(4)).bandwidth.get(edge)).toHaveLength(1);
    expect(withHolding(old, next).calendar[0]).toHaveLength(2);
    expect(withHolding(old, next).bandwidth.get(edge)).toHaveLength(2);
  });
});

describe('what a contract gives up', () => {
  const moving = { ...now, placement: { ...heldOn(n1), transfers: [moved] } };
  const others = withHolding(
    fleet.state,
    holding('C-9', [0, 24], [`train 0 ${n1} gpu7`, `train 1 ${n2} gpu0`]),
  );
  const state = withHolding(others, moving);

  test('from an instant on is held by nobody, and its past and all others stay', () => {
    const left = givenUp(state, [moving], hour(2));
    expect(left.calendar[0]?.map(({ holder, endMs }) => [holder, endMs])).toEqual([
      ['C-9', hour(24)],
      ['C-101', hour(2)],
    ]);
    expect(left.calendar[1]).toEqual(others.calendar[1]);
    expect(left.bandwidth.get(edge)).toMatchObject([{ startMs: hour(1), endMs: hour(2) }]);
  });

  test('before anything began leaves what there was without it', () => {
    const left = givenUp(state, [moving], hour(0));
    expect([left.calendar, left.bandwidth]).toEqual([others.calendar, others.bandwidth]);
  });

  test('is also what it held before it was changed', () => {
    const changed = { ...now, earlier: [earlier(1, n1, 4)] };
    const both = [heldOn(n1), heldOn(n3)].reduce(
      (on, placement) => withHolding(on, { ...base, placement }),
      fleet.state,
    );
    expect(givenUp(both, [changed], hour(0)).calendar).toEqual(fleet.state.calendar);
  });

  test('by several contracts at once is what each gives up', () => {
    const second = { ...now, id: ContractId.parse('C-102'), placement: heldOn(n2) };
    const both = withHolding(state, second);
    expect(givenUp(both, [], hour(0))).toBe(both);
    expect(givenUp(both, [second], hour(0)).calendar).toEqual(state.calendar);
    expect(givenUp(both, [second, moving], hour(0)).calendar).toEqual(others.calendar);
    expect(givenUp(both, [moving, second], hour(0)).calendar).toEqual(others.calendar);
  });

  test('for a change moves no data at all any more, also none that had arrived', () => {
    expect(givenUpForChange(state, moving, hour(2)).bandwidth.size).toBe(0);
    expect(givenUpForChange(state, moving, hour(2)).calendar).toEqual(
      givenUp(state, [moving], hour(2)).calendar,
    );
  });

  test('for a change of one that moves nothing leaves the transfers of others alone', () => {
    const still = { ...now, placement: heldOn(n3) };
    expect(givenUpForChange(state, still, hour(0)).bandwidth).toEqual(state.bandwidth);
  });
});

test('holding one after the other and ending them in any order comes to nothing held', () => {
  const lines = [
    `train 0 ${n1} gpu0-1`,
    `train 0 ${n2} gpu2 cpu3`,
    `+ train 1 ${n3} gpu4`,
    `train 0 ${n1} 5:250`,
  ];
  const drawn = array(constantFrom(...lines), { minLength: 1, maxLength: 6 });
  assert(
    property(drawn, (some) => {
      const all = some.map((line, at) =>
        holding(`L-${at}`, [at, at + 3], [`load 0 ${n1} cpu1`, line], {
          transfers: at % 2 === 0 ? [moved] : [],
        }),
      );
      const held = all.reduce((state, one) => withHolding(state, one), granted.state);
      for (const order of [all, all.toReversed()]) {
        const back = order.reduce((state, one) => withoutHolding(state, one, hour(0)), held);
        expect(back).toEqual(granted.state);
      }
    }),
    { seed, numRuns: 40 },
  );
});

describe('what ended is remembered', () => {
  test('for a day', () => {
    expect(rememberedMs).toBe(dayMs);
    expect(forgottenMs({ leases: new Map() }, t0)).toBe(t0 - dayMs);
  });

  test.each([
    ['a lease that starts later changes nothing', 1, -24],
    ['one that started within the day changes nothing', -23, -24],
    ['one that started a day ago changes nothing', -24, -24],
    ['one that started before that is remembered from its start on', -30, -30],
  ])('%s', (_, startH, expectedH) => {
    const wish = demand('1×8 H100', { window: { earliestStartMs: hour(startH), durationS: 3600 * 1000 } });
    const at = { atMs: hour(startH) };
    const { world: leased } = lease(fleet, planned(fleet, wish, at), 24 * 7, at);
    expect(leased.state.leases.size).toBe(1);
    expect(forgottenMs(leased.state, t0)).toBe(hour(expectedH));
  });

  test('from the start of the lease that started first', () => {
    const leased = [-30, -40, -26].reduce((on, startH) => {
      const wish = demand('1×8 H100', { window: { earliestStartMs: hour(startH), durationS: 3600 * 1000 } });
      const at = { atMs: hour(startH) };
      return lease(on, planned(on, wish, at), 24 * 7, at).world;
    }, fleet);
    expect(leased.state.leases.size).toBe(3);
    expect(forgottenMs(leased.state, t0)).toBe(hour(-40));
    expect(ask(leased, demand('1×8 H100')).kind).toBe('refused');
  });
});
