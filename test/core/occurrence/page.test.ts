import { array, assert, constantFrom, integer, oneof, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { emptyLog, type Log, type Occurrence, Page } from '../../../src/core/occurrence/log.ts';
import { seatsAt, touchedBy, touches } from '../../../src/core/occurrence/touched.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { OccurrenceId } from '../../../src/model/occurrence.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world, type World } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

type New = Parameters<Page['tell']>[0];

const fault = (atMs: number, more: Partial<New> = {}): New => ({
  kind: 'fault',
  atMs,
  what: 'XID 79',
  ...more,
});

function written(before: Log, seq: number, write: (page: Page) => void): Log {
  const page = new Page(before, { seq, atMs: 0 });
  write(page);
  return page.log;
}

/** `E-1.1 2..5` for each occurrence. */
const lines = ({ all }: Log) => [...all].map(({ id, atMs, untilMs = '' }) => `${id} ${atMs}..${untilMs}`);

describe('a page of the log', () => {
  test('numbers what an entry tells, from one on', () => {
    const log = written(emptyLog, 7, (page) => {
      page.tell(fault(1));
      page.begin('a', fault(2));
      page.tell(fault(3, { untilMs: 4 }));
    });
    expect(lines(log)).toEqual(['E-7.1 1..', 'E-7.2 2..', 'E-7.3 3..4']);
    expect([...log.all].map(({ seq }) => seq)).toEqual([7, 7, 7]);
    expect(lines(written(log, 8, (page) => page.tell(fault(5))))).toEqual([...lines(log), 'E-8.1 5..']);
  });

  test('ends what goes on under a key when something begins under it', () => {
    const log = written(emptyLog, 1, (page) => {
      page.begin('a', fault(2));
      page.begin('b', fault(3));
      page.begin('a', fault(5));
    });
    expect(lines(log)).toEqual(['E-1.1 2..5', 'E-1.2 3..', 'E-1.3 5..']);
    expect([...log.open]).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
  });

  test.each([
    ['when it is said', 5, undefined, '2..5'],
    ['as it begins', 2, undefined, '2..2'],
    ['never before it began', 1, undefined, '2..2'],
    ['never later than it was to end anyhow', 9, 7, '2..7'],
    ['earlier than it was to end', 5, 7, '2..5'],
  ])('ends what goes on: %s', (_, atMs, untilMs, expected) => {
    const log = written(emptyLog, 1, (page) => {
      page.begin('a', fault(2, untilMs === undefined ? {} : { untilMs }));
      page.end('a', atMs);
    });
    expect(lines(log)).toEqual([`E-1.1 ${expected}`]);
    expect(log.open.size).toBe(0);
  });

  test('ends nothing that does not go on, or has ended', () => {
    const log = written(emptyLog, 1, (page) => {
      page.begin('a', fault(2));
      page.end('a', 3);
      page.end('a', 9);
      page.end('b', 9);
    });
    expect(lines(log)).toEqual(['E-1.1 2..3']);
  });

  test('knows what goes on, also from pages before it', () => {
    const before = written(emptyLog, 1, (page) => page.begin('a', fault(2)));
    const page = new Page(before, { seq: 2, atMs: 0 });
    expect(page.going('a')).toMatchObject({ atMs: 2 });
    expect(page.going('b')).toBeUndefined();
    page.end('a', 4);
    expect(page.going('a')).toBeUndefined();
    page.begin('b', fault(5));
    expect(page.going('b')).toMatchObject({ atMs: 5 });
  });

  test('that tells nothing is the log before, and one that tells something leaves that as it was', () => {
    const before = written(emptyLog, 1, (page) => page.begin('a', fault(2)));
    expect(written(before, 2, () => {})).toBe(before);
    expect(written(before, 2, (page) => page.end('b', 3))).toBe(before);
    written(before, 2, (page) => {
      page.end('a', 3);
      page.begin('c', fault(4));
    });
    expect(lines(before)).toEqual(['E-1.1 2..']);
    expect([...before.open]).toEqual([['a', 0]]);
  });

  test('keeps what it was given beside', () => {
    const heard = new Map([['prometheus gpu', 3]]);
    const log = written(emptyLog, 1, (page) => page.keep({ heard }));
    expect(log).toEqual({ ...emptyLog, heard });
  });

  test('goes on and ends as a list kept by hand does', () => {
    const keys = constantFrom('a', 'b', 'c');
    const deed = oneof(
      record({ kind: constantFrom('begin' as const), key: keys, atMs: integer({ min: 0, max: 20 }) }),
      record({ kind: constantFrom('end' as const), key: keys, atMs: integer({ min: 0, max: 20 }) }),
      record({ kind: constantFrom('tell' as const), key: keys, atMs: integer({ min: 0, max: 20 }) }),
    );
    assert(
      property(array(array(deed, { maxLength: 4 }), { maxLength: 6 }), (entries) => {
        let log = emptyLog;
        const byHand: { key?: string; fromMs: number; untilMs?: number }[] = [];
        const endByHand = (key: string, atMs: number) => {
          const one = byHand.find((other) => other.key === key && other.untilMs === undefined);
          if (one !== undefined) one.untilMs = Math.max(one.fromMs, atMs);
        };
        for (const [at, deeds] of entries.entries())
          log = written(log, at + 1, (page) => {
            for (const { kind, key, atMs } of deeds) {
              if (kind === 'tell') page.tell(fault(atMs));
              else if (kind === 'begin') page.begin(key, fault(atMs));
              else page.end(key, atMs);
              if (kind !== 'tell') endByHand(key, atMs);
              if (kind !== 'end') byHand.push({ ...(kind === 'begin' ? { key } : {}), fromMs: atMs });
            }
          });
        const told = [...log.all].map(({ atMs, untilMs }) => [atMs, untilMs]);
        expect(told).toEqual(byHand.map(({ fromMs, untilMs }) => [fromMs, untilMs]));
        const going = byHand.flatMap(({ key, untilMs }, at) =>
          key === undefined || untilMs !== undefined ? [] : [[key, at]],
        );
        expect([...log.open].map(([, at]) => at).toSorted((a, b) => a - b)).toEqual(
          going.map(([, at]) => at),
        );
      }),
      { seed, numRuns: 150 },
    );
  });
});

const n1 = 'fra1/h1/r1/n01';
const n2 = 'fra1/h1/r1/n02';

/** C-101 from `t0` on for four hours, on two nodes: GPUs, a NIC and a slice of the first, cores and a spare of others. */
const held = granted(
  world('fra1/h1/r1 2×4 H100 rdma', 'fra1/h2/r2 1×4 H100'),
  demand('1×1'),
  placement(4, `train 0 ${n1} gpu0-1 nic1 2:250`, `train 1 ${n2} cpu4`, '+ train 0 fra1/h2/r2/n01 gpu3'),
);

function only({ state }: World): Contract {
  const [contract] = state.contracts;
  if (contract === undefined) throw new Error('nothing was granted');
  return contract;
}

function occurrence(
  place: string | undefined,
  fromH: number,
  toH?: number,
  more: Partial<Occurrence> = {},
): Occurrence {
  return {
    id: OccurrenceId.parse('E-1.1'),
    seq: 1,
    kind: 'fault',
    what: 'XID 79',
    atMs: t0 + fromH * hourMs,
    ...(toH === undefined ? {} : { untilMs: t0 + toH * hourMs }),
    ...(place === undefined ? {} : { place: Path.parse(place) }),
    ...more,
  };
}

const isTouched = (one: Occurrence, contract = only(held)) => touches(held.state, contract, one);

describe('a contract is touched', () => {
  test.each([
    ['by a fault of a GPU that it holds', `${n1}/gpu1`, true],
    ['not by one of a GPU that it does not hold', `${n1}/gpu3`, false],
    ['by one of a GPU of which it holds a slice', `${n1}/gpu2`, true],
    ['by one of a NIC that it holds', `${n1}/nic1`, true],
    ['not by one of a NIC with the number of a GPU that it holds', `${n1}/nic0`, false],
    ['not by one of a GPU of a node of which it holds cores', `${n2}/gpu0`, false],
    ['by one of a node of which it holds cores only', n2, true],
    ['by one where its spare is', 'fra1/h2/r2/n01/gpu3', true],
    ['by one of a rack', 'fra1/h1/r1', true],
    ['by one of a hall in which only a spare stands', 'fra1/h2', true],
    ['by one of its site', 'fra1', true],
    ['not by one of another site', 'ams1', false],
    ['not by one of a rack whose name only begins like its own', 'fra1/h1/r11', false],
  ])('%s', (_, place, expected) => {
    expect(isTouched(occurrence(place, 1))).toBe(expected);
    expect(touchedBy(held.state, occurrence(place, 1))).toEqual(expected ? ['C-101'] : []);
  });

  test.each([
    ['all the time', -9, undefined, true],
    ['until it began', -9, 0, false],
    ['until a moment after it began', -9, 0.001, true],
    ['from a moment before it ended', 3.999, undefined, true],
    ['from its end on', 4, undefined, false],
    ['within it', 1, 2, true],
  ])('by what went on meanwhile: %s', (_, fromH, toH, expected) => {
    expect(isTouched(occurrence(n1, fromH, toH))).toBe(expected);
  });

  test('no longer once it was released, and where it was before it was changed only until then', () => {
    const contract = only(held);
    const released = { ...contract, releasedAtMs: t0 + 2 * hourMs };
    expect(isTouched(occurrence(n1, 2), released)).toBe(false);
    expect(isTouched(occurrence(n1, 1), released)).toBe(true);
    const { version, plan, planDigest, demand: asked, price, placement: before } = contract;
    const moved = {
      ...contract,
      placement: placement(4, `train 0 ${n2} gpu0`),
      earlier: [
        { version, plan, planDigest, demand: asked, price, placement: before, untilMs: t0 + 2 * hourMs },
      ],
    };
    expect(isTouched(occurrence(`${n1}/gpu0`, 1), moved)).toBe(true);
    expect(isTouched(occurrence(`${n1}/gpu0`, 2), moved)).toBe(false);
    expect(isTouched(occurrence(`${n2}/gpu0`, 2), moved)).toBe(true);
  });

  test('by what is about itself, wherever and whenever that was, and by nothing that is about another', () => {
    const [own, other] = ['C-101', 'C-102'].map((id) => ({ contract: ContractId.parse(id) }));
    expect(isTouched(occurrence(undefined, 99, undefined, own))).toBe(true);
    expect(isTouched(occurrence('ams1', 99, undefined, own))).toBe(true);
    expect(isTouched(occurrence(n1, 1, undefined, other))).toBe(false);
    expect(touchedBy(held.state, occurrence(n1, 1, undefined, other))).toEqual(['C-102']);
  });

  test('by nothing that is neither about it nor anywhere', () => {
    expect(isTouched(occurrence(undefined, 1))).toBe(false);
    expect(touchedBy(held.state, occurrence(undefined, 1))).toEqual([]);
  });
});

describe('the nodes of a contract where something is', () => {
  test.each([
    [n1, [n1]],
    [`${n1}/gpu0`, [n1]],
    [`${n1}/gpu3`, []],
    ['fra1/h1/r1', [n1, n2]],
    ['fra1', [n1, n2, 'fra1/h2/r2/n01']],
    [undefined, []],
  ])('%s: %j', (place, expected) => {
    expect(seatsAt(held.state, only(held), occurrence(place, 1))).toEqual(expected);
  });

  test('are found by their paths where the fleet no longer lists them', () => {
    const gone = granted(
      world('fra1/h1/r1 1×4 H100'),
      demand('1×1'),
      placement(4, 'train 0 fra1/h9/r9/n99 gpu0'),
    );
    const seats = (place: string) => seatsAt(gone.state, only(gone), occurrence(place, 1));
    expect(seats('fra1/h9')).toEqual(['fra1/h9/r9/n99']);
    expect(seats('fra1/h9/r9/n99/gpu0')).toEqual(['fra1/h9/r9/n99']);
    expect(seats('fra1/h1')).toEqual([]);
  });
});
