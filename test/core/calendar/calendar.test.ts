import { array, assert, boolean, constantFrom, integer, property, tuple, uniqueArray } from 'fast-check';
import { expect, test } from 'vitest';

import { heldIn, type Hold, never, peakOf, roomOf } from '../../../src/core/calendar/calendar.ts';
import { indexesOf, maskOf } from '../../../src/core/mask.ts';
import { ContractId, TenantId } from '../../../src/model/id.ts';
import { seed } from '../arbitrary.ts';
import { world } from '../fleet.ts';

const contract = ContractId.parse('C-101');
const numbers = uniqueArray(integer({ min: 0, max: 7 }), { maxLength: 3 });

const holds = array(
  tuple(
    constantFrom('acme', 'globex'),
    tuple(integer({ min: 0, max: 9 }), integer({ min: 1, max: 9 }), boolean()),
    tuple(numbers, numbers),
    tuple(integer({ min: 0, max: 20 }), integer({ min: 0, max: 20 })),
  ).map(([tenant, [startMs, lengthMs, open], [gpus, nics], [cpuMilli, memoryMib]]): Hold => ({
    holder: contract,
    tenant: TenantId.parse(tenant),
    startMs,
    endMs: open ? never : startMs + lengthMs,
    gpus: maskOf(gpus),
    nics,
    cpuMilli,
    memoryMib,
    storageGib: cpuMilli * 2,
    powerW: cpuMilli * 3,
    aligned: gpus.length > 1,
    alone: 'shared',
  })),
  { maxLength: 8 },
);

const window = tuple(integer({ min: 0, max: 12 }), integer({ min: 1, max: 9 })).map(
  ([startMs, lengthMs]) => ({
    startMs,
    endMs: startMs + lengthMs,
  }),
);

const [node] = world('fra1/h1/r1 1×8 H100 cpu128 mem1024 disk100', {
  gpus: { 'fra1/h1/r1/n01/gpu6': { health: 'down' } },
}).state.fleet.nodes;

test('the room of a node over a window is what no instant of the window lacks', () => {
  assert(
    property(holds, window, (all, { startMs, endMs }) => {
      if (node === undefined) throw new Error('the fleet has a node');
      const instants = Array.from({ length: endMs - startMs }, (_, at) => startMs + at);
      const heldAt = (at: number) => all.filter((hold) => hold.startMs <= at && at < hold.endMs);
      const inWindow = all.filter((hold) => instants.some((at) => heldAt(at).includes(hold)));
      const sum = (at: number, amount: (hold: Hold) => number) =>
        heldAt(at).reduce((total, hold) => total + amount(hold), 0);
      const least = (total: number, amount: (hold: Hold) => number) =>
        Math.min(...instants.map((at) => total - sum(at, amount)));
      const taken = new Set(inWindow.flatMap(({ gpus }) => indexesOf(gpus)));
      const room = roomOf(node, all, startMs, endMs);
      expect(indexesOf(room.gpus)).toEqual([0, 1, 2, 3, 4, 5, 7].filter((gpu) => !taken.has(gpu)));
      expect(room.nicsTaken).toEqual(new Set(inWindow.flatMap(({ nics }) => nics)));
      expect(room.cpuMilli).toBe(least(128_000, ({ cpuMilli }) => cpuMilli));
      expect(room.memoryMib).toBe(least(1024 * 1024, ({ memoryMib }) => memoryMib));
      expect(room.storageGib).toBe(least(100, ({ storageGib }) => storageGib));
      expect(room.aligned).toEqual(inWindow.filter(({ aligned }) => aligned));
      expect(heldIn(all, startMs, endMs)).toEqual(inWindow);
      expect(peakOf(inWindow, startMs, ({ powerW }) => powerW)).toBe(
        Math.max(...instants.map((at) => sum(at, ({ powerW }) => powerW))),
      );
    }),
    { seed, numRuns: 300 },
  );
});
