import { array, assert, constantFrom, integer, property, record, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { digestState } from '../../../src/core/digest.ts';
import type { Edit } from '../../../src/core/simulate/edit.ts';
import { ask, commit } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { lose, outcomes, run } from './edits.ts';

const sites = world('fra1/h1/r1 3×4 H100 cpu16 mem64', 'ams2/h1/a1 3×4 H100 cpu16 mem64');

/** Contracts of which each stays on its site, whatever happens. */
const crowds = array(
  record({
    site: constantFrom('fra1', 'ams2'),
    size: constantFrom('1×1', '1×2', '2×2', '1×4', '2×4', '3×1'),
    fromH: integer({ min: 0, max: 4 }),
    hours: integer({ min: 1, max: 9 }),
    guarantee: constantFrom('reserved', 'elastic', 'preemptible'),
  }),
  { minLength: 3, maxLength: 8 },
).map((wishes) =>
  wishes.reduce<World>((now, { site, size, fromH, hours, guarantee }) => {
    const window = { earliestStartMs: t0 + fromH * hourMs, durationS: hours * 3600 };
    const answer = ask(now, demand(`${size} H100 at:${site}`, { guarantee, window }));
    return answer.kind === 'planned' ? commit(now, answer).world : now;
  }, sites),
);

const spanH = tuple(integer({ min: 0, max: 5 }), integer({ min: 1, max: 9 }));
const losing = (...places: readonly string[]) =>
  tuple(constantFrom(...places), spanH).map(([place, [from, hours]]): Edit =>
    lose([place], t0 + from * hourMs, t0 + (from + hours) * hourMs),
  );
const inFra1 = losing('fra1/h1/r1/n01', 'fra1/h1/r1/n03', 'fra1/h1/r1', 'gpu fra1/h1/r1/n01/0');
const inAms2 = losing('ams2/h1/a1/n01', 'ams2/h1/a1/n02', 'ams2', 'gpu ams2/h1/a1/n02/0');

/** What becomes of each contract, by number. */
function byContract(done: ReturnType<typeof run>): readonly string[] {
  return done.affected
    .map(({ contract, fromMs, broken, move }) => {
      const seats = move.kind === 'stuck' ? move.why : JSON.stringify(move.placement);
      return `${contract.id} ${fromMs} ${broken.join()} ${move.kind} ${seats}`;
    })
    .toSorted();
}

describe('losses at two sites, where everybody stays at its own', { timeout: 60_000 }, () => {
  test('do together what each does alone', () => {
    const seen = { both: 0, moved: 0 };
    assert(
      property(tuple(crowds, inFra1, inAms2), ([now, one, other]) => {
        const [first, second, joint] = [run(now, [one]), run(now, [other]), run(now, [one, other])];
        expect(byContract(joint)).toEqual([...byContract(first), ...byContract(second)].toSorted());
        expect(joint.lostNodes).toBe(first.lostNodes + second.lostNodes);
        expect(joint.lostGpus).toBe(first.lostGpus + second.lostGpus);
        expect(joint.unaffected).toBe(first.unaffected - second.affected.length);
        seen.both += Number(first.affected.length * second.affected.length > 0);
        seen.moved += outcomes(joint).filter((line) => line.includes(' moves ')).length;
      }),
      { seed, numRuns: 15 },
    );
    expect([seen.both > 3, seen.moved > 3]).toEqual([true, true]);
  });

  test('and one after the other they are the same as together', () => {
    assert(
      property(tuple(crowds, inFra1, inAms2), ([now, one, other]) => {
        const after = run({ ...now, state: run(now, [one]).state }, [other]);
        expect(byContract(after)).toEqual(byContract(run(now, [other])));
      }),
      { seed, numRuns: 5 },
    );
  });

  test('asked twice the answer is the same, and nothing that was given has changed', () => {
    assert(
      property(tuple(crowds, inFra1), ([now, one]) => {
        const before = digestState(now.state);
        expect(byContract(run(now, [one]))).toEqual(byContract(run(now, [one])));
        expect(run(now, [one, one]).affected.map(({ contract }) => contract.id)).toEqual(
          run(now, [one]).affected.map(({ contract }) => contract.id),
        );
        expect(digestState(now.state)).toBe(before);
      }),
      { seed, numRuns: 5 },
    );
  });
});

describe('a loss that lasts longer or takes more', { timeout: 60_000 }, () => {
  test('affects whoever the shorter one does', () => {
    assert(
      property(
        tuple(
          crowds,
          constantFrom('fra1/h1/r1/n01', 'fra1/h1/r1', 'ams2'),
          spanH,
          integer({ min: 1, max: 5 }),
        ),
        ([now, place, [from, hours], more]) => {
          const lost = (until: number, what: string = place) =>
            run(now, [lose([what], t0 + from * hourMs, t0 + until * hourMs)]).affected.map(
              ({ contract }) => contract.id,
            );
          const short = lost(from + hours);
          expect(lost(from + hours + more)).toEqual(expect.arrayContaining(short));
          expect(lost(from + hours, place.slice(0, 4))).toEqual(expect.arrayContaining(short));
        },
      ),
      { seed, numRuns: 9 },
    );
  });
});
