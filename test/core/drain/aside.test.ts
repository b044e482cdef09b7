import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import { givenUp } from '../../../src/core/calendar/holding.ts';
import { check } from '../../../src/core/check.ts';
import { drain, type DrainMove } from '../../../src/core/drain/drain.ts';
import { Path } from '../../../src/model/id.ts';
import { identify } from '../../../src/model/plan.ts';
import { applyChange } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { observe, t0, verdictAll, type World, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { anywhere } from '../simulate/edits.ts';

const rack = 'fra1/h1/r1';

/** Contracts of one member each, in lines: `n01 gpu0-3 preemptible`. */
function holding(fleet: World, ...lines: readonly string[]): World {
  return lines.reduce((before, line) => {
    const [node = '', gpus = '', guarantee = 'reserved'] = line.split(' ');
    const held = placement(24, `train 0 ${rack}/${node} ${gpus}`);
    const wish = demand(`1×${held.members[0]?.gpus.length ?? 0} H100 24h`, { tenant: 'globex', guarantee });
    return granted(before, wish, held);
  }, fleet);
}

function drained({ state }: World, nodes: readonly string[], offers = true, allowPrice = false) {
  const paths = nodes.map((node) => Path.parse(`${rack}/${node}`));
  return drain(state, { nodes: paths, fromMs: t0, untilMs: never, allowPrice, offers }, anywhere, t0);
}

/** `C-102 n03→n02 for C-101`, with a `!` where it can be committed as it is. */
function inWords({ contract, placement: after, offer, makesWayFor }: DrainMove): string {
  const [from, to] = [contract.placement, after].map(({ members }) =>
    members.map(({ node }) => node.slice(-3)).join(),
  );
  return `${contract.id} ${from}→${to}${makesWayFor === undefined ? '' : ` for ${makesWayFor}`}${offer === undefined ? '' : '!'}`;
}

/** Commits every plan that is offered, in its order. */
function committed(before: World, moves: readonly DrainMove[]): World {
  return moves.reduce<World>((now, { offer }) => {
    if (offer === undefined) return now;
    const { world: after, decision } = applyChange(now, { kind: 'planned', ...identify(offer), plan: offer });
    expect(decision.kind).toBe('contract-changed');
    return after;
  }, before);
}

describe('what finds no room while a node is drained', () => {
  const three = world(`${rack} 3×8 H100`);

  test('gets it by one move of another contract, and both can be committed one after the other', () => {
    const now = holding(three, 'n01 gpu0-7', 'n02 gpu0-3 preemptible', 'n03 gpu0-3 preemptible');
    const first = drained(now, ['n01']);
    expect(first.moves.map(inWords)).toEqual(['C-102 n02→n03 for C-101!', 'C-101 n01→n02']);
    expect(first.hindrances).toEqual([]);
    const then = committed(now, first.moves);
    const second = drained(then, ['n01']);
    expect(second.moves.map(inWords)).toEqual(['C-101 n01→n02!']);
    const last = drained(committed(then, second.moves), ['n01']);
    expect(last).toMatchObject({ moves: [], hindrances: [], nodes: [{ freeAtMs: t0, heldBy: [] }] });
  });

  test('not by a move of what runs and is reserved', () => {
    const now = holding(three, 'n01 gpu0-7', 'n02 gpu0-3', 'n03 gpu0-3');
    expect(drained(now, ['n01'])).toMatchObject({ moves: [], hindrances: [{ contract: { id: 'C-101' } }] });
  });

  test('not by more than three moves, and by three', () => {
    const four = world(`${rack} 4×8 H100`);
    const crowd = (each: number) => {
      const [gpus, others] =
        each === 3
          ? [
              ['0-1', '2-3', '4-5'],
              ['0-5', '0-5'],
            ]
          : [
              ['0-1', '2-3', '4-5', '6-7'],
              ['0-3', '0-3'],
            ];
      return holding(
        four,
        'n01 gpu0-7',
        ...gpus.map((range) => `n02 gpu${range} preemptible`),
        ...others.map((range, at) => `n0${at + 3} gpu${range}`),
      );
    };
    expect(drained(crowd(4), ['n01']).moves).toEqual([]);
    const full = holding(crowd(3), 'n02 gpu6-7');
    expect(drained(full, ['n01']).moves).toEqual([]);
    const wide = holding(
      world(`${rack} 3×8 H100`),
      'n01 gpu0-7',
      'n02 gpu0-1 preemptible',
      'n02 gpu2-3 preemptible',
      'n02 gpu4-5 preemptible',
      'n03 gpu0-1',
    );
    expect(drained(wide, ['n01']).moves.map(inWords)).toEqual([
      'C-102 n02→n03 for C-101!',
      'C-103 n02→n03 for C-101!',
      'C-104 n02→n03 for C-101!',
      'C-101 n01→n02',
    ]);
  });

  test('without offers nobody is asked to make way', () => {
    const now = holding(three, 'n01 gpu0-7', 'n02 gpu0-3 preemptible', 'n03 gpu0-3 preemptible');
    expect(drained(now, ['n01'], false)).toMatchObject({
      moves: [],
      hindrances: [{ contract: { id: 'C-101' } }],
    });
  });

  test('after a fault, too: what stood on the node that is down', () => {
    const now = holding(three, 'n01 gpu0-7', 'n02 gpu0-3 preemptible', 'n03 gpu0-3 preemptible');
    const down = observe(now, [fact('node', `${rack}/n01`, { health: 'down' })]);
    expect(drained(down, ['n01']).moves.map(inWords)).toEqual(['C-102 n02→n03 for C-101!', 'C-101 n01→n02']);
  });

  test('not where the price would be above what it agreed to, unless that is said', () => {
    const prices = { sites: { fra1: { gpuPrices: { H100: 5_000_000 } } } };
    const now = holding(three, 'n01 gpu0-7', 'n02 gpu0-3 preemptible', 'n03 gpu0-3 preemptible');
    const dear = observe(now, [fact('site', 'fra1', prices.sites.fra1)]);
    expect(drained(dear, ['n01']).moves.map(inWords).at(-1)).toBe('C-101 n01→n02');
  });
});

describe('on any rack', { timeout: 120_000 }, () => {
  const line = record({
    node: integer({ min: 1, max: 4 }),
    size: constantFrom(1, 2, 3, 4),
    guarantee: constantFrom('preemptible', 'preemptible', 'reserved'),
  });

  test('no move breaks a contract, in the order in which they come, and every plan can be committed', () => {
    let [ways, plans] = [0, 0];
    assert(
      property(array(line, { minLength: 6, maxLength: 10 }), integer({ min: 1, max: 4 }), (lines, gone) => {
        const next = new Map<number, number>();
        const texts = lines.flatMap(({ node, size, guarantee }) => {
          const from = next.get(node) ?? 0;
          if (from + size > 4) return [];
          next.set(node, from + size);
          return [`n0${node} gpu${from}-${from + size - 1} ${guarantee}`];
        });
        const now = holding(world(`${rack} 4×4 H100`), ...texts);
        const done = drained(now, [`n0${gone}`]);
        let state = now.state;
        for (const move of done.moves) {
          const { demand: wish } = move.contract;
          const { startMs, endMs = 0 } = move.placement;
          const window = { earliestStartMs: startMs, durationS: (endMs - startMs) / 1000 };
          state = givenUp(state, [move.contract], startMs);
          expect(check(state, { ...wish, window }, verdictAll(state, 'allowed'), move.placement)).toEqual([]);
          const at = [...state.contracts].findIndex(({ id }) => id === move.contract.id);
          const contract = { ...move.contract, placement: move.placement };
          state = { ...state, contracts: state.contracts.with(at, contract) };
          state = { ...state, calendar: granted({ ...now, state }, wish, move.placement).state.calendar };
          ways += Number(move.makesWayFor !== undefined);
        }
        const after = committed(now, done.moves);
        plans += done.moves.filter(({ offer }) => offer !== undefined).length;
        expect(drained(after, [`n0${gone}`]).hindrances.length).toBeLessThanOrEqual(done.hindrances.length);
      }),
      { seed, numRuns: 80 },
    );
    expect([ways > 3, plans > 20]).toEqual([true, true]);
  });
});
