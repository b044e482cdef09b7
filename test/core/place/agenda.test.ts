import { array, assert, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import type { Hopeful } from '../../../src/core/index/starts.ts';
import { Agenda } from '../../../src/core/place/agenda.ts';
import { Path } from '../../../src/model/id.ts';

function hopeful(name: string): Hopeful {
  return { domain: { id: Path.parse(name), nodes: [] }, starts: { fromMs: 0, toMs: 9 } };
}

test('starts come in order, each once with all its places, and not before they are due', () => {
  const agenda = new Agenda();
  const [one, other] = [hopeful('fra1/h1'), hopeful('fra1/h2')];
  for (const startMs of [7, 3, 5]) agenda.add(startMs, one);
  agenda.add(5, other);
  expect(agenda.next(3)).toBeUndefined();
  expect(agenda.next(4)).toEqual({ startMs: 3, found: [one] });
  expect(agenda.next(4)).toBeUndefined();
  agenda.add(4, other);
  expect(agenda.next(Infinity)).toEqual({ startMs: 4, found: [other] });
  expect(agenda.next(Infinity)).toEqual({ startMs: 5, found: [one, other] });
  expect(agenda.next(Infinity)).toEqual({ startMs: 7, found: [one] });
  expect(agenda.next(Infinity)).toBeUndefined();
});

test('whatever is added and taken, the least that is due comes next', () => {
  assert(
    property(
      array(tuple(integer({ min: 0, max: 20 }), integer({ min: 0, max: 22 })), { maxLength: 40 }),
      (acts) => {
        const agenda = new Agenda();
        let waiting: readonly number[] = [];
        for (const [startMs, beforeMs] of acts) {
          agenda.add(startMs, hopeful(`fra1/h${startMs}`));
          waiting = [...new Set([...waiting, startMs])].toSorted((a, b) => a - b);
          const [least = Infinity] = waiting;
          const expected = least < beforeMs ? least : undefined;
          expect(agenda.next(beforeMs)?.startMs).toBe(expected);
          waiting = waiting.filter((atMs) => atMs !== expected);
        }
      },
    ),
    { seed: 61, numRuns: 200 },
  );
});
