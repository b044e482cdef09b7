import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { close } from '../../../src/core/calendar/calendar.ts';
import { closuresOf } from '../../../src/core/simulate/losses.ts';
import { brokenBy, lifted, liveAt, remainderOf } from '../../../src/core/simulate/remainder.ts';
import { Path } from '../../../src/model/id.ts';
import { ask } from '../acts.ts';
import { demands, seed } from '../arbitrary.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, type World } from '../fleet.ts';
import { shifted } from '../walk.ts';
import { anywhere, crowds, losable, lose, run } from './edits.ts';

const places = [
  'fra1/h1/r1/n01',
  'fra1/h1/r1/n02',
  'fra1/h1/r1',
  'fra1/h1/r2',
  'fra1/h1',
  'fra1/h2/r3/n02',
  'ams2/h1/a1/n01',
  'ams2',
];
const spots = [
  'gpu fra1/h1/r1/n01/1',
  'gpu fra1/h1/r1/n01/0',
  'gpu fra1/h1/r2/n01/0',
  'gpu ams2/h1/a1/n01/7',
  'gpu fra1/h2/r3/n01/0',
];

/** What a cluster reports once something has really failed. */
function broken(before: World, what: string): World {
  const { fleet } = before.state;
  const lost = closuresOf(fleet, [{ what: losable(what), cause: '', fromMs: t0, untilMs: t0 + hourMs }]);
  const facts = lost.map(({ node, gpus }) =>
    gpus === undefined
      ? fact('node', node, { health: 'down' })
      : fact('gpu', `${node}/gpu${Math.log2(gpus)}`, { health: 'down' }),
  );
  return observe(before, facts, { source: 'kubernetes', observedAtMs: t0 });
}

/** Contracts that the auditor passed before and no longer passes where they stand. */
function brokenBySurvey(before: World, after: World): readonly string[] {
  return liveAt(before.state, t0).flatMap((contract) => {
    const rest = remainderOf(contract, t0);
    const faults = ({ state }: World) => brokenBy(lifted(state, rest), rest, rest.placement, anywhere).length;
    return faults(before) === 0 && faults(after) > 0 ? [contract.id] : [];
  });
}

describe('what whatif says of a loss', { timeout: 120_000 }, () => {
  test('is what the auditor finds once it has really happened', () => {
    const seen = { hit: 0, spared: 0 };
    assert(
      property(tuple(crowds, constantFrom(...places, ...spots)), ([now, what]) => {
        const said = run(now, [lose([what])]);
        const found = brokenBySurvey(now, broken(now, what));
        expect(said.affected.map(({ contract }) => contract.id).toSorted()).toEqual(found.toSorted());
        seen.hit += found.length;
        seen.spared += said.unaffected;
      }),
      { seed, numRuns: 9 },
    );
    expect(Math.min(seen.hit, seen.spared)).toBeGreaterThan(4);
  });

  test('is what maintenance of the same place then breaks for newcomers: they get the same answer', () => {
    let [planned, refused] = [0, 0];
    assert(
      property(
        tuple(crowds, constantFrom(...places), demands, integer({ min: 0, max: 8 })),
        ([now, what, wish, fromH]) => {
          const [fromMs, toMs] = [t0 + fromH * hourMs, t0 + (fromH + 6) * hourMs];
          const said = run(now, [{ kind: 'cordon', places: [losable(what)], fromMs, untilMs: toMs }]);
          const calendar = close(now.state.calendar, now.state.fleet, {
            id: 'MW-1',
            place: Path.parse(what),
            fromMs,
            toMs,
          });
          const closed = { ...now, state: { ...now.state, calendar } };
          const [guess, truth] = [{ ...now, state: said.state }, closed].map((world) =>
            ask(world, shifted(wish, 0)),
          );
          expect(guess?.kind).toBe(truth?.kind);
          expect(guess?.kind === 'planned' ? guess.plan.placement : undefined).toEqual(
            truth?.kind === 'planned' ? truth.plan.placement : undefined,
          );
          if (truth?.kind === 'planned') planned++;
          else refused++;
        },
      ),
      { seed, numRuns: 9 },
    );
    expect(Math.min(planned, refused)).toBeGreaterThan(1);
  });

  test('a GPU that fails takes those that hold it, and nobody else', () => {
    assert(
      property(tuple(crowds, constantFrom(...spots)), ([now, what]) => {
        const [, name = ''] = what.split(' ');
        const [node, gpu] = [
          name.slice(0, name.lastIndexOf('/')),
          Number(name.slice(name.lastIndexOf('/') + 1)),
        ];
        const holders = [...now.state.contracts].filter(({ placement: { members, spares = [] } }) =>
          [...members, ...spares].some((seat) => seat.node === node && seat.gpus.includes(gpu)),
        );
        expect(
          run(now, [lose([what])])
            .affected.map(({ contract }) => contract.id)
            .toSorted(),
        ).toEqual(holders.map(({ id }) => id).toSorted());
      }),
      { seed, numRuns: 5 },
    );
  });
});
