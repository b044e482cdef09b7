import { type Arbitrary, array } from 'fast-check';

import { judgeAt } from '../../../src/control/ruling.ts';
import { never } from '../../../src/core/calendar/calendar.ts';
import type { Edit, Judge, Losable } from '../../../src/core/simulate/edit.ts';
import { simulate } from '../../../src/core/simulate/simulate.ts';
import { Path } from '../../../src/model/id.ts';
import { ask, commit } from '../acts.ts';
import { demands } from '../arbitrary.ts';
import { t0, verdictAll, type World, world } from '../fleet.ts';

/** Every site is allowed. */
export const anywhere: Judge = (state) => verdictAll(state, 'allowed');

/** The rules of the tenant and the demand, as the control asks them. */
export const byRules: Judge = judgeAt(t0);

/** Something that is lost: `fra1/h1/r1` a place, `loop fra1/cdu`, `gpu fra1/h1/r1/n01/3`, `rack-feed fra1/h1/r1/A`. */
export function losable(text: string): Losable {
  const [kind = '', name = ''] = text.includes(' ') ? text.split(' ') : ['place', text];
  const cut = name.lastIndexOf('/');
  const [inside, last] = [name.slice(0, cut), name.slice(cut + 1)];
  switch (kind) {
    case 'gpu':
    case 'nic':
      return { kind, node: Path.parse(inside), index: Number(last) };
    case 'rack-feed':
      return { kind, rack: Path.parse(inside), letter: last };
    case 'place':
    case 'feed':
    case 'loop':
    case 'leaf':
    case 'spine':
    case 'wan-link':
    case 'storage-pool':
      return { kind, path: Path.parse(name) };
    default:
      throw new Error(`\`${kind}\` cannot be lost`);
  }
}

export function lose(places: readonly string[], fromMs = t0, untilMs = never): Edit {
  return { kind: 'lose', places: places.map(losable), fromMs, untilMs };
}

export function run({ state }: World, edits: readonly Edit[], { atMs = t0, judge = anywhere } = {}) {
  return simulate(state, edits, atMs, judge);
}

/** What becomes of the contracts, one line each: `C-101 moves in-part`, `C-102 stuck free-over-window`. */
export function outcomes(done: ReturnType<typeof run>): string[] {
  return done.affected.map(({ contract, move }) => {
    const how = move.kind === 'stuck' ? move.binding : move.how;
    return `${contract.id} ${move.kind} ${how}`;
  });
}

/** Nodes a contract would stand on, in order. */
export function nodesAfter(done: ReturnType<typeof run>, contract: string): string[] {
  const found = done.affected.find((affected) => affected.contract.id === contract)?.move;
  return found === undefined || found.kind === 'stuck' ? [] : found.placement.members.map(({ node }) => node);
}

const machine = 'nvlink rdma leaf cpu16 mem64 gpuw700 basew800 gpumem80 numa2 roots2 disk60';

const roomy = world(
  `fra1/h1/r1 3×8 H100 ${machine}`,
  `fra1/h1/r2 2×4 A100 ${machine}`,
  `fra1/h2/r3 2×8 H100 ${machine}`,
  `ams2/h1/a1 2×8 H100 ${machine}`,
  {
    racks: {
      'fra1/h1/r1': { feedLimitW: { A: 15_000, B: 15_000, C: 15_000 }, loop: 'fra1/cdu' },
      'fra1/h2/r3': { loop: 'fra1/cdu' },
    },
    loops: { 'fra1/cdu': { coolingLimitW: 30_000 } },
  },
);

/** A fleet with room to move in, and whatever of the demands fits on it one after the other. */
export const crowds: Arbitrary<World> = array(demands, { minLength: 3, maxLength: 8 }).map((wishes) =>
  wishes.reduce((now, wish) => {
    const answer = ask(now, wish);
    return answer.kind === 'planned' ? commit(now, answer).world : now;
  }, roomy),
);
