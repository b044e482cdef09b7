import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';

import { otherOrders } from '../../../src/core/place/orders.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { fits } from '../explain/alternatives.ts';
import { world } from '../fleet.ts';

type Amounts = { readonly gpus: number; readonly cpu: number; readonly mem: number };
type Node = Amounts & { readonly rack: number };
type Wish = Amounts & {
  readonly count: number;
  readonly within: 'rack' | 'node' | '';
  readonly apart: boolean;
};

const nodes = array(
  record({
    rack: integer({ min: 1, max: 2 }),
    gpus: constantFrom(0, 2, 4, 4, 8),
    cpu: constantFrom(4, 8, 16),
    mem: constantFrom(8, 16, 32),
  }),
  { minLength: 2, maxLength: 4 },
);
const parts = array(
  record({
    count: integer({ min: 1, max: 3 }),
    gpus: constantFrom(0, 1, 2, 3, 4),
    cpu: integer({ min: 1, max: 8 }),
    mem: constantFrom(1, 4, 8),
    within: constantFrom<Wish['within']>('', '', '', 'rack', 'node'),
    apart: constantFrom(false, false, false, true),
  }),
  { minLength: 2, maxLength: 3 },
);

/** Whether some placement exists: every replica is tried on every node. */
function exists(fleet: readonly Node[], wishes: readonly Wish[], together: '' | 'rack'): boolean {
  const left = fleet.map(({ gpus, cpu, mem }) => ({ gpus, cpu, mem }));
  const replicas = wishes.flatMap((wish) => Array.from({ length: wish.count }, () => wish));
  const chosen: number[] = [];
  const rackOf = (node: number) => fleet[node]?.rack;
  const mayGo = (at: number, node: number) => {
    const wish = replicas[at];
    const room = left[node];
    const own = chosen.filter((_, before) => replicas[before] === wish);
    if (wish === undefined || room === undefined) return false;
    if (room.gpus < wish.gpus || room.cpu < wish.cpu || room.mem < wish.mem) return false;
    if (wish.apart && own.includes(node)) return false;
    if (wish.within === 'node' && own.some((other) => other !== node)) return false;
    if (wish.within === 'rack' && own.some((other) => rackOf(other) !== rackOf(node))) return false;
    return together === '' || chosen.every((other) => rackOf(other) === rackOf(node));
  };
  const next = (at: number): boolean => {
    const wish = replicas[at];
    if (wish === undefined) return true;
    for (const [node, room] of left.entries()) {
      if (!mayGo(at, node)) continue;
      chosen.push(node);
      [room.gpus, room.cpu, room.mem] = [room.gpus - wish.gpus, room.cpu - wish.cpu, room.mem - wish.mem];
      const isDone = next(at + 1);
      [room.gpus, room.cpu, room.mem] = [room.gpus + wish.gpus, room.cpu + wish.cpu, room.mem + wish.mem];
      chosen.pop();
      if (isDone) return true;
    }
    return false;
  };
  return next(0);
}

function asked(wishes: readonly Wish[], together: '' | 'rack'): Demand {
  const text = wishes.map(({ count, gpus, cpu, mem, within, apart }, at) =>
    [
      `${'abc'[at] ?? 'd'}: ${count}×${gpus === 0 ? '' : `${gpus} `}cpu${cpu} mem${mem}`,
      within === '' ? '' : `within:${within}`,
      apart ? 'apart:node' : '',
    ]
      .filter((word) => word !== '')
      .join(' '),
  );
  return demand(`${text.join(' + ')} 2h`, together === '' ? {} : { together });
}

test('gangs of several parts are found where they fit, but for a few', { timeout: 120_000 }, () => {
  const seen = { fits: 0, missed: 0 };
  assert(
    property(nodes, parts, constantFrom<'' | 'rack'>('', 'rack'), (fleet, wishes, together) => {
      const lines = fleet.map(
        ({ rack, gpus, cpu, mem }) => `fra1/h1/r${rack} 1×${gpus} H100 cpu${cpu} mem${mem}`,
      );
      const found = fits(world(...lines), asked(wishes, together));
      const can = exists(fleet, wishes, together);
      expect(found && !can).toBe(false);
      if (can) seen.fits++;
      if (can && !found) seen.missed++;
    }),
    { seed, numRuns: 3000 },
  );
  expect(seen.fits).toBeGreaterThan(500);
  // Of 597 that fit, 55 were missed when the parts were tried in one order only.
  expect(seen.missed).toBeLessThanOrEqual(3);
});

test.each([
  ['nothing besides of one part', ['a'], []],
  ['both of two', ['a', 'b'], ['ba']],
  ['all of three', ['a', 'b', 'c'], ['bac', 'cab', 'bca', 'acb', 'cba']],
  ['a few of more', ['a', 'b', 'c', 'd'], ['bacd', 'cabd', 'dabc', 'bcda', 'acdb']],
])('other orders are %s', (_, usual, expected) => {
  expect(otherOrders(usual).map((order) => order.join(''))).toEqual(expected);
});
