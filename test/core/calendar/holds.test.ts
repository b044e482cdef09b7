import { array, assert, constantFrom, integer, oneof, option, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type Calendar,
  close,
  type Closure,
  endHolds,
  endingAfter,
  heldIn,
  hold,
  type Hold,
  type Holding,
  never,
  nodesIn,
  reopen,
  roomOf,
} from '../../../src/core/calendar/calendar.ts';
import { indexesOf } from '../../../src/core/mask.ts';
import { Path } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { holding, hour } from './holdings.ts';

const { fleet } = world('fra1/h1/r1 2×4 H100 rdma cpu32 mem64 disk10', 'fra1/h2/r2 1×4 H100 cpu32').state;
const empty: Calendar = fleet.nodes.map(() => []);
const [n1, n2, n3] = ['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'fra1/h2/r2/n01'];

/** `C-1 0..4 gpu0,1` for each hold of a node, in hours after `t0`; `..` where it has no end. */
function words(holds: readonly Hold[] | undefined): readonly string[] {
  return (holds ?? []).map(({ holder, startMs, endMs, gpus }) => {
    const end = endMs === never ? '' : (endMs - t0) / hourMs;
    return `${holder} ${(startMs - t0) / hourMs}..${end} gpu${indexesOf(gpus).join()}`;
  });
}

describe('what is held', () => {
  test('stands on the nodes of members and of spares, over the window of the placement', () => {
    const held = hold(empty, fleet, holding('C-1', [0, 4], [`train 0 ${n1} gpu0-1`, `+ train 0 ${n3} gpu3`]));
    expect(held.map(words)).toEqual([['C-1 0..4 gpu0,1'], [], ['C-1 0..4 gpu3']]);
  });

  test('has no end where the placement has none', () => {
    const held = hold(empty, fleet, holding('C-1', [2], [`train 0 ${n1} gpu0`]));
    expect(held.map(words)).toEqual([['C-1 2.. gpu0'], [], []]);
    expect(heldIn(held[0] ?? [], hour(1000), hour(1001))).toHaveLength(1);
    expect(heldIn(held[0] ?? [], hour(1), hour(2))).toHaveLength(0);
  });

  test('says everything that a member holds, and nothing of local storage where none was asked for', () => {
    const line = `train 0 ${n1} gpu0-1 nic1,3 cpu8 mem16 1500W`;
    const [plain, stored] = [line, `${line} disk7`].map(
      (member) => hold(empty, fleet, holding('C-1', [0, 4], [member]))[0]?.[0],
    );
    expect(plain).toEqual({
      holder: 'C-1',
      tenant: 'acme',
      startMs: hour(0),
      endMs: hour(4),
      gpus: 0b11,
      nics: [1, 3],
      cpuMilli: 8000,
      memoryMib: 16 * 1024,
      storageGib: 0,
      powerW: 1500,
      aligned: false,
      alone: 'shared',
    });
    expect(stored).toEqual({ ...plain, storageGib: 7 });
  });

  test('carries its slices, and no word of slices where it has none', () => {
    const [holds = []] = hold(
      empty,
      fleet,
      holding('C-1', [0], [`train 0 ${n1} 2:250`, `train 1 ${n1} gpu3`]),
    );
    expect(holds.map(({ slices }) => slices)).toEqual([[{ kind: 'share', gpu: 2, milli: 250 }], undefined]);
    expect(holds.map((entry) => 'slices' in entry)).toEqual([true, false]);
  });

  test('is aligned for the parts whose replicas stay inside a NUMA node, and for no others', () => {
    const both = holding('C-1', [0], [`train 0 ${n1} gpu0`, `load 0 ${n1} cpu4`], {
      demanded: '1×1 align:numa + load: 1×cpu4',
    });
    expect(hold(empty, fleet, both)[0]?.map(({ aligned }) => aligned)).toEqual([true, false]);
  });

  test.each(['node', 'rack', 'site'] as const)('closes what its tenant wants alone: the %s', (isolation) => {
    const alone = holding('C-1', [0], [`train 0 ${n1} gpu0`], { more: { isolation } });
    expect(hold(empty, fleet, alone)[0]?.[0]?.alone).toBe(isolation);
  });

  test('on a node that the fleet does not list is held by nobody', () => {
    const gone = holding('C-1', [0], ['train 0 fra1/h9/r9/n99 gpu0', `train 1 ${n2} gpu0`]);
    expect(hold(empty, fleet, gone).map(words)).toEqual([[], ['C-1 0.. gpu0'], []]);
  });

  test('by equal replicas on different nodes is one hold; on one node each replica has its own', () => {
    const same = holding('C-1', [0], [`train 0 ${n1} cpu4`, `train 1 ${n1} cpu4`, `train 2 ${n2} cpu4`]);
    const held = hold(empty, fleet, same);
    expect(held[0]).toHaveLength(2);
    expect(held[0]?.[0]).not.toBe(held[0]?.[1]);
    expect(held[1]?.[0]).toBe(held[0]?.[1]);
  });

  test.each([
    ['other GPUs', 'gpu1 nic0 cpu4 mem4 disk1 9W'],
    ['other NICs', 'gpu0 nic1 cpu4 mem4 disk1 9W'],
    ['more NICs', 'gpu0 nic0,1 cpu4 mem4 disk1 9W'],
    ['other cores', 'gpu0 nic0 cpu5 mem4 disk1 9W'],
    ['other memory', 'gpu0 nic0 cpu4 mem5 disk1 9W'],
    ['other storage', 'gpu0 nic0 cpu4 mem4 disk2 9W'],
    ['other watts', 'gpu0 nic0 cpu4 mem4 disk1 8W'],
    ['a slice', '0:500 gpu0 nic0 cpu4 mem4 disk1 9W'],
  ])('by replicas that differ is never one hold: %s', (_, other) => {
    const lines = [`train 0 ${n1} gpu0 nic0 cpu4 mem4 disk1 9W`, `train 1 ${n2} ${other}`];
    const alone = lines.map((line) => hold(empty, fleet, holding('C-1', [0], [line])));
    const held = hold(empty, fleet, holding('C-1', [0], lines));
    expect([held[0], held[1]]).toEqual([alone[0]?.[0], alone[1]?.[1]]);
    expect(held[0]?.[0]).not.toEqual(held[1]?.[0]);
  });

  test('by an aligned part is not one hold with a part that is not', () => {
    const held = hold(
      empty,
      fleet,
      holding('C-1', [0], [`train 0 ${n1} gpu0`, `eval 0 ${n2} gpu0`], {
        demanded: '1×1 align:numa + eval: 1×1',
      }),
    );
    expect([held[0]?.[0]?.aligned, held[1]?.[0]?.aligned]).toEqual([true, false]);
  });
});

describe('what ends', () => {
  const mine = holding('C-1', [2, 6], [`train 0 ${n1} gpu0`]);
  const others = holding('C-2', [2, 6], [`train 0 ${n1} gpu1`]);
  const both = hold(hold(empty, fleet, mine), fleet, others);

  test.each([
    ['before it began: it is gone', 1, []],
    ['as it begins: it is gone', 2, []],
    ['in the middle: its past stays', 3, ['C-1 2..3 gpu0']],
    ['as it ends: nothing changes', 6, ['C-1 2..6 gpu0']],
    ['after its end: nothing changes', 9, ['C-1 2..6 gpu0']],
  ])('%s, and what others hold stays', (_, atH, expected) => {
    expect(words(endHolds(both, fleet, mine, hour(atH))[0])).toEqual([...expected, 'C-2 2..6 gpu1']);
  });

  test('ends without end too', () => {
    const open = holding('C-1', [2], [`train 0 ${n1} gpu0`]);
    expect(words(endHolds(hold(empty, fleet, open), fleet, open, hour(5))[0])).toEqual(['C-1 2..5 gpu0']);
  });

  test('ends on its own nodes only, also where the same holder holds others', () => {
    const first = holding('C-1', [0, 9], [`train 0 ${n1} gpu0`]);
    const second = holding('C-1', [0, 9], [`train 0 ${n2} gpu0`]);
    const held = hold(hold(empty, fleet, first), fleet, second);
    expect(endHolds(held, fleet, first, hour(4)).map(words)).toEqual([
      ['C-1 0..4 gpu0'],
      ['C-1 0..9 gpu0'],
      [],
    ]);
  });

  test('and is shared by several nodes, is cut to one hold that they share', () => {
    const gang = holding('C-1', [0, 9], [`train 0 ${n1} gpu0`, `train 1 ${n2} gpu0`]);
    const ended = endHolds(hold(empty, fleet, gang), fleet, gang, hour(4));
    expect(ended[0]?.[0]).toBe(ended[1]?.[0]);
    expect(words(ended[0])).toEqual(['C-1 0..4 gpu0']);
  });

  test('and was held by nobody on nodes that are no longer listed changes nothing', () => {
    const gone = holding('C-1', [0, 9], ['train 0 fra1/h9/r9/n99 gpu0']);
    expect(endHolds(both, fleet, gone, hour(0))).toEqual(both);
  });
});

function closure(place: string, fromH = 1, toH = 3, id = 'W-1'): Closure {
  return { id, place: Path.parse(place), fromMs: hour(fromH), toMs: hour(toH) };
}

describe('a closed place', () => {
  test.each([
    ['a node', n2, [0, 1, 0]],
    ['a rack', 'fra1/h1/r1', [1, 1, 0]],
    ['a hall', 'fra1/h2', [0, 0, 1]],
    ['a site', 'fra1', [1, 1, 1]],
    ['one of which nothing is listed', 'fra1/h1/r7', [0, 0, 0]],
  ])('holds every node in it: %s', (_, place = '', expected) => {
    expect(close(empty, fleet, closure(place)).map(({ length }) => length)).toEqual(expected);
    expect(nodesIn(fleet, Path.parse(place)).map(({ index }) => index)).toEqual(
      expected.flatMap((count, index) => (count === 0 ? [] : [index])),
    );
  });

  test('has nothing left over its window, and all of it on either side; its watts stay with the rack', () => {
    const [node] = fleet.nodes;
    const [holds = []] = close(empty, fleet, closure('fra1/h1/r1'));
    if (node === undefined) throw new Error('the fleet has a node');
    const during = roomOf(node, holds, hour(2), hour(4));
    expect(during).toMatchObject({ gpus: 0, cpuMilli: 0, memoryMib: 0, storageGib: 0 });
    expect(during.nicsTaken).toEqual(new Set([0, 1, 2, 3]));
    for (const [fromH, toH] of [
      [0, 1],
      [3, 9],
    ] as const)
      expect(roomOf(node, holds, hour(fromH), hour(toH))).toEqual(roomOf(node, [], 0, 1));
    expect(holds[0]).toMatchObject({ powerW: 0, aligned: false, alone: 'shared' });
    expect(holds[0]).not.toHaveProperty('tenant');
  });

  test('of a node whose cores, memory and storage nobody knows holds none of them', () => {
    const [bare] = world('fra1/h1/r1 1×2 H100').state.fleet.nodes;
    if (bare === undefined) throw new Error('the fleet has a node');
    const [holds = []] = close([[]], world('fra1/h1/r1 1×2 H100').state.fleet, closure('fra1'));
    expect(holds[0]).toMatchObject({ gpus: 0b11, nics: [], cpuMilli: 0, memoryMib: 0, storageGib: 0 });
  });

  test('is opened at an instant, once, and other closures of it stay', () => {
    const twice = close(close(empty, fleet, closure(n1)), fleet, closure('fra1', 0, 9, 'W-2'));
    const opened = reopen(twice, fleet, closure(n1), hour(2));
    expect(opened.map(words)).toEqual([
      ['W-1 1..2 gpu0,1,2,3', 'W-2 0..9 gpu0,1,2,3'],
      ['W-2 0..9 gpu0,1,2,3'],
      ['W-2 0..9 gpu0,1,2,3'],
    ]);
    expect(reopen(opened, fleet, closure(n1), hour(2))).toEqual(opened);
    expect(words(reopen(opened, fleet, closure(n1), hour(0))[0])).toEqual(['W-2 0..9 gpu0,1,2,3']);
  });
});

describe('what ended is forgotten when something else is held there', () => {
  const old = [
    holding('C-1', [0, 4], [`train 0 ${n1} gpu0`, `train 1 ${n2} gpu0`]),
    holding('C-2', [0, 5], [`train 0 ${n1} gpu1`]),
  ].reduce((calendar, one) => hold(calendar, fleet, one), empty);
  const next = holding('C-3', [6, 7], [`train 0 ${n1} gpu0`]);

  test.each([
    ['nothing has ended by then', 3, 'C-1 C-2 C-3'],
    ['one ended at that very instant', 4, 'C-2 C-3'],
    ['both had ended', 5, 'C-3'],
  ])('%s', (_, forgottenH, holders) => {
    const held = hold(old, fleet, next, hour(forgottenH));
    expect(held[0]?.map(({ holder }) => holder).join(' ')).toBe(holders);
    expect(words(held[1])).toEqual(['C-1 0..4 gpu0']);
  });

  test('unless nobody says from when on', () => {
    expect(hold(old, fleet, next)[0]).toHaveLength(3);
  });

  test('a list of which nothing is forgotten is the very same list', () => {
    const [holds = []] = old;
    expect(endingAfter(holds, hour(3))).toBe(holds);
    expect(endingAfter(holds, hour(4)).map(({ holder }) => holder)).toEqual(['C-2']);
    expect(endingAfter([], hour(4))).toEqual([]);
  });
});

describe('what is left of a node of which slices are held', () => {
  const [node] = fleet.nodes;
  if (node === undefined) throw new Error('the fleet has a node');
  const held = (...lines: readonly string[]) =>
    hold(
      empty,
      fleet,
      holding(
        'C-1',
        [0, 4],
        lines.map((line, at) => `train ${at} ${n1} ${line}`),
      ),
    )[0] ?? [];

  test('a GPU of which a slice is held is not free whole, and has its use beside it', () => {
    const room = roomOf(node, held('0:250', '2:100'), hour(0), hour(1));
    expect(indexesOf(room.gpus)).toEqual([1, 3]);
    expect([...room.partly].map(([gpu, { milli }]) => [gpu, milli])).toEqual([
      [0, 250],
      [2, 100],
    ]);
  });

  test('one that somebody holds whole at another time of the window has room for no slice', () => {
    const later = hold(empty, fleet, holding('C-2', [4, 6], [`train 0 ${n1} gpu0`]))[0] ?? [];
    const room = roomOf(node, [...held('0:250', '2:100'), ...later], hour(3), hour(5));
    expect(indexesOf(room.gpus)).toEqual([1, 3]);
    expect([...room.partly.keys()]).toEqual([2]);
  });

  test('one that is down has room for no slice either', () => {
    const [broken] = world('fra1/h1/r1 1×4 H100', {
      gpus: { 'fra1/h1/r1/n01/gpu2': { health: 'down' } },
    }).state.fleet.nodes;
    if (broken === undefined) throw new Error('the fleet has a node');
    const room = roomOf(broken, held('0:250', '2:100'), hour(0), hour(1));
    expect(indexesOf(room.gpus)).toEqual([1, 3]);
    expect([...room.partly.keys()]).toEqual([0]);
  });

  test('NICs that are down are taken, whoever holds what', () => {
    const [broken] = world('fra1/h1/r1 1×4 H100 rdma', {
      nics: { 'fra1/h1/r1/n01/nic2': { health: 'down' } },
    }).state.fleet.nodes;
    if (broken === undefined) throw new Error('the fleet has a node');
    expect(roomOf(broken, held('gpu0 nic1'), hour(0), hour(1)).nicsTaken).toEqual(new Set([1, 2]));
    expect(roomOf(broken, [], hour(0), hour(1)).nicsTaken).toEqual(new Set([2]));
  });
});

/** What is done to a calendar; an earlier holding or closure is ended by its number. */
type Deed =
  | {
      readonly kind: 'hold';
      readonly on: readonly number[];
      readonly gpus: string;
      readonly fromH: number;
      readonly hours: number | null;
    }
  | { readonly kind: 'close'; readonly place: string; readonly fromH: number; readonly hours: number }
  | { readonly kind: 'end'; readonly which: number; readonly atH: number };

const fromH = integer({ min: 0, max: 12 });
const deeds = array(
  oneof(
    record({
      kind: constantFrom('hold' as const),
      on: array(integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 }),
      gpus: constantFrom('0', '1-2', '0-3', '3'),
      fromH,
      hours: option(integer({ min: 1, max: 8 }), { freq: 4 }),
    }),
    record({
      kind: constantFrom('close' as const),
      place: constantFrom('fra1', 'fra1/h1/r1', 'fra1/h2', 'fra1/h1/r1/n02'),
      fromH,
      hours: integer({ min: 1, max: 8 }),
    }),
    record({
      kind: constantFrom('end' as const),
      which: integer({ min: 0, max: 9 }),
      atH: integer({ min: 0, max: 22 }),
    }),
  ),
  { minLength: 1, maxLength: 14 },
);

const horizonH = 24;

/** Hours in which a GPU is held by somebody: `node gpu holder` with the hours, kept by hand. */
class Diary {
  readonly hours = new Map<string, number[]>();

  put(key: string, fromAt: number, toAt: number): void {
    const known = this.hours.get(key) ?? [];
    for (let at = fromAt; at < Math.min(toAt, horizonH); at++) known.push(at);
    this.hours.set(key, known);
  }

  end(holder: string, atH: number): void {
    for (const [key, known] of this.hours)
      if (key.endsWith(` ${holder}`))
        this.hours.set(
          key,
          known.filter((at) => at < atH),
        );
  }

  lines(): readonly string[] {
    return [...this.hours].flatMap(([key, known]) => known.map((at) => `${key} ${at}`)).toSorted();
  }
}

function linesOf(calendar: Calendar): readonly string[] {
  return calendar
    .flatMap((holds, node) =>
      holds.flatMap(({ holder, gpus, startMs, endMs }) =>
        Array.from({ length: horizonH }, (_, at) => at)
          .filter((at) => startMs <= hour(at) && hour(at) < endMs)
          .flatMap((at) => indexesOf(gpus).map((gpu) => `${node} ${gpu} ${holder} ${at}`)),
      ),
    )
    .toSorted();
}

test('after any order of holding, ending, closing and opening every hour has who it should have', () => {
  const seen = { ended: 0, opened: 0 };
  assert(
    property(deeds, (all) => {
      let calendar = empty;
      const done: (Holding | Closure)[] = [];
      const diary = new Diary();
      for (const deed of all) {
        const before = JSON.stringify(calendar);
        const earlier = calendar;
        calendar = did(calendar, deed, { done, diary });
        expect(JSON.stringify(earlier)).toBe(before);
        expect(linesOf(calendar)).toEqual(diary.lines());
        if (deed.kind === 'end')
          seen[done[deed.which % done.length]?.id.startsWith('W') === true ? 'opened' : 'ended']++;
      }
    }),
    { seed, numRuns: 150 },
  );
  expect(Math.min(seen.ended, seen.opened)).toBeGreaterThan(50);
});

function did(
  calendar: Calendar,
  deed: Deed,
  { done, diary }: { readonly done: (Holding | Closure)[]; readonly diary: Diary },
): Calendar {
  if (deed.kind === 'end') {
    const one = done[deed.which % done.length];
    if (one === undefined) return calendar;
    diary.end(one.id, deed.atH);
    return 'place' in one
      ? reopen(calendar, fleet, one, hour(deed.atH))
      : endHolds(calendar, fleet, one, hour(deed.atH));
  }
  const number = done.length;
  if (deed.kind === 'close') {
    const closed = closure(deed.place, deed.fromH, deed.fromH + deed.hours, `W-${number}`);
    done.push(closed);
    for (const { index, id } of fleet.nodes)
      if (id === deed.place || id.startsWith(`${deed.place}/`))
        for (const gpu of [0, 1, 2, 3])
          diary.put(`${index} ${gpu} W-${number}`, deed.fromH, deed.fromH + deed.hours);
    return close(calendar, fleet, closed);
  }
  const toH = deed.hours === null ? undefined : deed.fromH + deed.hours;
  const on = [...new Set(deed.on)];
  const lines = on.map((node, at) => `train ${at} ${fleet.nodes[node]?.id ?? ''} gpu${deed.gpus}`);
  const one = holding(`C-${number}`, [deed.fromH, toH], lines);
  done.push(one);
  const [first = 0, last = first] = deed.gpus.split('-').map(Number);
  for (const node of on)
    for (let gpu = first; gpu <= last; gpu++)
      diary.put(`${node} ${gpu} C-${number}`, deed.fromH, toH ?? horizonH);
  return hold(calendar, fleet, one);
}
