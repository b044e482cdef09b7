import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import { close, type Closure, closedNodes, isClosedTo } from '../../../src/core/simulate/closure.ts';
import { Path } from '../../../src/model/id.ts';
import { ask, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';

const two = world('fra1/h1/r1 2×4 H100 rdma cpu16 mem64 disk60');
const n01 = Path.parse('fra1/h1/r1/n01');

/** Closed in hours from `t0`, all of it or single devices. */
function closure(from: number, until: number, more: Partial<Closure> = {}): Closure {
  return { node: n01, cause: 'outage', fromMs: t0 + from * hourMs, untilMs: t0 + until * hourMs, ...more };
}

function closed({ state }: World, ...closures: readonly Closure[]): World['state'] {
  return close(state, closures);
}

describe('what is closed', () => {
  test('is held whole for nobody: devices, cores, memory and disk', () => {
    const [hold] = closed(two, closure(0, 5)).calendar[0] ?? [];
    expect(hold).toMatchObject({
      holder: 'outage',
      startMs: t0,
      endMs: t0 + 5 * hourMs,
      gpus: 0b1111,
      nics: [0, 1, 2, 3],
      cpuMilli: 16_000,
      memoryMib: 64 * 1024,
      storageGib: 60,
      powerW: 0,
      alone: 'shared',
    });
    expect(hold).not.toHaveProperty('tenant');
    expect(hold).not.toHaveProperty('devicesOnly');
  });

  test('a node of which nothing is recorded but its GPUs is closed all the same', () => {
    const [hold] = closed(world('fra1/h1/r1 1×2 H100'), closure(0, 5)).calendar[0] ?? [];
    expect(hold).toMatchObject({ gpus: 0b11, nics: [], cpuMilli: 0, memoryMib: 0, storageGib: 0 });
  });

  test('single devices close nothing else', () => {
    const [gpu] = closed(two, closure(0, 5, { gpus: 0b0100 })).calendar[0] ?? [];
    expect(gpu).toMatchObject({
      gpus: 0b0100,
      nics: [],
      cpuMilli: 0,
      memoryMib: 0,
      storageGib: 0,
      powerW: 0,
      devicesOnly: true,
    });
    const [nic] = closed(two, closure(0, 5, { nics: [3] })).calendar[0] ?? [];
    expect(nic).toMatchObject({ gpus: 0, nics: [3], cpuMilli: 0, devicesOnly: true });
  });

  test.each([
    ['no time at all', closure(3, 3)],
    ['less than none', closure(3, 2)],
    ['nowhere', closure(0, 5, { node: Path.parse('fra1/h1/r1/n09') })],
  ])('for %s closes nothing', (_, nothing) => {
    expect(closed(two, nothing).calendar).toEqual(two.state.calendar);
  });

  test('without an end it ends when time does', () => {
    const open = { ...closure(0, 1), untilMs: Infinity };
    expect(close(two.state, [open]).calendar[0]?.map(({ endMs }) => endMs)).toEqual([never]);
  });

  test('stands beside what is held, and the state given stays as it is', () => {
    const taken = take(two, demand('1×2 H100 9h'));
    const before = taken.state.calendar.map((holds) => [...holds]);
    const after = closed(taken, closure(0, 5), closure(6, 7));
    expect(after.calendar[0]?.map(({ holder }) => holder)).toEqual(['C-101', 'outage', 'outage']);
    expect(after.calendar[1]).toEqual([]);
    expect(taken.state.calendar).toEqual(before);
    expect(close(taken.state, [])).toBe(taken.state);
  });

  test('keeps newcomers out as long as it lasts, and lets them start where it ends', () => {
    const state = closed(two, closure(2, 5), { ...closure(0, 9), node: Path.parse('fra1/h1/r1/n02') });
    const start = (text: string, fromH: number, latestH: number) => {
      const window = {
        earliestStartMs: t0 + fromH * hourMs,
        latestStartMs: t0 + latestH * hourMs,
        durationS: 2 * 3600,
      };
      const answer = ask({ ...two, state }, demand(text, { window }));
      return answer.kind === 'planned' ? (answer.plan.placement.startMs - t0) / hourMs : undefined;
    };
    expect([start('1×4 H100', 0, 0), start('1×4 H100', 1, 4), start('1×4 H100', 1, 9)]).toEqual([
      0,
      undefined,
      5,
    ]);
  });
});

describe('whether a member could work in a closed place', () => {
  const [member] = placement(24, 'train 0 fra1/h1/r1/n01 gpu1-2 nic2').members;
  if (member === undefined) throw new Error('a member');
  const span = { fromMs: t0 + 2 * hourMs, untilMs: t0 + 4 * hourMs };

  test.each<[string, Closure | undefined, boolean]>([
    ['nothing is closed', undefined, false],
    ['all of the node', closure(0, 9), true],
    ['all of it for an instant of the span', closure(3, 3.001), true],
    ['until the span begins', closure(0, 2), false],
    ['up to a moment after', closure(0, 2.001), true],
    ['from its end on', closure(4, 9), false],
    ['from a moment before', closure(3.999, 9), true],
    ['one of its GPUs', closure(0, 9, { gpus: 0b0010 }), true],
    ['other GPUs', closure(0, 9, { gpus: 0b1001 }), false],
    ['its NIC', closure(0, 9, { nics: [2] }), true],
    ['another NIC', closure(0, 9, { nics: [0, 1, 3] }), false],
    ['another node', closure(0, 9, { node: Path.parse('fra1/h1/r1/n02') }), false],
  ])('%s', (_, what, isClosed) => {
    expect(isClosedTo(closed(two, ...(what === undefined ? [] : [what])), member, span)).toBe(isClosed);
  });

  test('what others hold closes nothing', () => {
    const taken = take(two, demand('1×4 H100 9h'));
    expect(isClosedTo(taken.state, member, span)).toBe(false);
  });

  test('a node that is gone is closed for good', () => {
    expect(isClosedTo(two.state, { ...member, node: Path.parse('fra1/h1/r1/n09') }, span)).toBe(true);
  });
});

const at = (hours: number, ...closures: readonly Closure[]) => {
  const { fleet, calendar } = closed(two, ...closures);
  return [...closedNodes(fleet, calendar, t0 + hours * hourMs)];
};

describe('nodes that are closed at an instant', () => {
  test('from the begin of a closure up to its end', () => {
    expect([0, 1, 4.999, 5].map((hours) => at(hours, closure(1, 5)).length)).toEqual([0, 1, 1, 0]);
    expect(at(1, closure(1, 5))).toEqual([n01]);
  });

  test('not those of which single devices are closed, nor those that somebody has whole', () => {
    expect(at(1, closure(0, 5, { gpus: 0b1111 }), closure(0, 5, { nics: [0] }))).toEqual([]);
    const taken = take(two, demand('1×4 H100 9h', { isolation: 'node' }));
    expect([...closedNodes(taken.state.fleet, taken.state.calendar, t0)]).toEqual([]);
  });
});
