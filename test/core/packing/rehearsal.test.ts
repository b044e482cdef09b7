import { describe, expect, test } from 'vitest';

import { type Base, bases, policyOn, usualBase } from '../../../src/core/packing/bases.ts';
import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { Packer } from '../../../src/core/packing/packer.ts';
import { rehearse } from '../../../src/core/packing/rehearsal.ts';
import { scriptOf } from '../../../src/core/packing/script.ts';
import { gpuMilliOf, type Shape } from '../../../src/core/packing/shape.ts';
import { fleetOf, nodesOf, shapeOf } from './given.ts';

const times = (count: number, text: string): Shape[] => Array.from({ length: count }, () => shapeOf(text));

/** Fleets whose scarce thing differs, each with what is asked of it. */
const fleets: readonly (readonly [string, readonly string[], readonly Shape[]])[] = [
  [
    'GPUs are shared in halves and thirds',
    ['a 4xT4 cpu64 mem256', 'b 4xT4 cpu64 mem256', 'c 2xT4 cpu32 mem128'],
    [...times(5, 'cpu2 1x500'), ...times(4, 'cpu2 1x330'), ...times(2, 'cpu4 1x1000')],
  ],
  [
    'CPUs run out before GPUs do',
    ['a 8xA100 cpu32 mem256', 'b 8xA100 cpu96 mem256'],
    [...times(3, 'cpu12 1x1000'), ...times(3, 'cpu4 2x1000'), ...times(2, 'cpu16')],
  ],
  [
    'two models, one of them asked for by name',
    ['a 4xT4 cpu48 mem256', 'b 4xV100M16 cpu48 mem256', 'c 8xT4 cpu96 mem256'],
    [...times(3, 'cpu4 1x1000 V100M16'), ...times(4, 'cpu4 1x500'), ...times(2, 'cpu8 4x1000')],
  ],
  [
    'whole nodes are wanted beside small requests',
    ['a 8xT4 cpu64 mem256', 'b 8xT4 cpu64 mem256', 'c 8xT4 cpu64 mem256'],
    [...times(1, 'cpu32 8x1000'), ...times(6, 'cpu4 1x1000'), ...times(5, 'cpu2 1x100')],
  ],
  [
    'what is best on the whole lags behind at one load',
    [
      'a 4xT4 cpu48 mem256',
      'b 2xV100M16 cpu12 mem64',
      'c 8xA100 cpu96 mem256',
      'd 8xA100 cpu96 mem256',
      'e 1xT4 cpu8 mem64',
    ],
    [...times(5, 'cpu2 1x500'), ...times(5, 'cpu8 1x1000'), ...times(3, 'cpu12')],
  ],
  [
    'small shares and cores without GPUs',
    ['a 4xA100 cpu64 mem64', 'b 1xT4 cpu8 mem64'],
    [...times(3, 'cpu12'), ...times(5, 'cpu1 1x100'), ...times(2, 'cpu4 1x330')],
  ],
  [
    'many cores of a node go to few GPUs',
    ['a 2xV100M16 cpu12 mem64', 'b 8xT4 cpu32 mem512', 'c 4xT4 cpu48 mem256', 'd 8xT4 cpu32 mem512'],
    [
      ...times(6, 'cpu2 1x500'),
      shapeOf('cpu16 8x1000'),
      ...times(2, 'cpu6 1x1000 T4'),
      shapeOf('cpu8 1x1000'),
    ],
  ],
  [
    'nodes of one GPU beside large ones',
    [
      'a 1xT4 cpu8 mem64',
      'b 8xA100 cpu96 mem256',
      'c 4xT4 cpu48 mem256',
      'd 4xT4 cpu48 mem256',
      'e 1xT4 cpu8 mem64',
    ],
    [...times(8, 'cpu12'), ...times(6, 'cpu1 1x100'), ...times(3, 'cpu4 2x1000')],
  ],
  [
    'a model that is asked for and not there',
    ['a 8xT4 cpu32 mem512', 'b 8xT4 cpu32 mem512'],
    [
      ...times(3, 'cpu1 1x100'),
      ...times(6, 'cpu2 1x500'),
      shapeOf('cpu4 1x1000 A100'),
      ...times(2, 'cpu6 1x1000 T4'),
    ],
  ],
  [
    'the eighth take decides',
    ['a 4xT4 cpu48 mem256', 'b 8xT4 cpu32 mem512', 'c 4xT4 cpu48 mem256', 'd 4xA100 cpu64 mem64'],
    [...times(5, 'cpu2 1x500'), ...times(6, 'cpu1 1x100'), shapeOf('cpu12'), ...times(3, 'cpu8 1x1000')],
  ],
  [
    'the eighth take decides between bases that waste different things',
    [
      'a 8xA100 cpu96 mem256',
      'b 4xT4 cpu48 mem256',
      'c 2xV100M16 cpu12 mem64',
      'd 8xA100 cpu96 mem256',
      'e 8xA100 cpu96 mem256',
    ],
    [
      ...times(3, 'cpu4 1x330'),
      ...times(3, 'cpu4 2x1000'),
      ...times(4, 'cpu12'),
      ...times(5, 'cpu1 1x100'),
      ...times(2, 'cpu2 1x500'),
    ],
  ],
];

type Played = { readonly base: Base; readonly uses: readonly number[] };

const marks = [90, 95, 100, 110, 120, 130];
const isPublished = ({ base }: Played) => base.weights === undefined && base.late === undefined;

/** GPU milli in use when so many percent were requested, request by request, with nothing remembered. */
function usesOf(script: NonNullable<ReturnType<typeof scriptOf>>, { target }: Fleet, base: Base): number[] {
  const copy = { ...fleetOf(script.capacities, []), target };
  const packer = new Packer(copy.nodes, copy.shapes, policyOn(base, copy, true));
  const history = [{ requested: 0, used: 0 }];
  for (const request of script.requests) {
    const { requested, used } = history.at(-1) ?? { requested: 0, used: 0 };
    const isPlaced = packer.place(copy.shapes.idOf(request)) !== undefined;
    history.push({
      requested: requested + gpuMilliOf(request),
      used: used + (isPlaced ? gpuMilliOf(request) : 0),
    });
  }
  return marks.map((mark) => {
    const reached = history.find(({ requested }) => requested >= (script.capacityMilli * mark) / 100);
    return (reached ?? history.at(-1))?.used ?? 0;
  });
}

/** The best first: the sum of all marks, less 24 times the worst lag; the usual one is given a thousandth of the fleet. */
function ranked(played: readonly Played[], capacityMilli: number): readonly Played[] {
  const goals = marks.map((_, at) =>
    Math.max(...played.filter(isPublished).map(({ uses }) => uses[at] ?? 0)),
  );
  const worth = new Map(
    played.map((one) => {
      const lag = Math.max(0, ...one.uses.map((milli, at) => (goals[at] ?? 0) - milli));
      const start = one.base === usualBase ? Math.floor(capacityMilli / 1000) : 0;
      return [one, one.uses.reduce((sum, milli) => sum + milli, start) - 24 * lag];
    }),
  );
  return played.toSorted((a, b) => (worth.get(b) ?? 0) - (worth.get(a) ?? 0));
}

/** The tournament as it is described: eight takes, six that turn after the first, five finalists and rivals after the third. */
function tournament(fleet: Fleet): Base | undefined {
  let played: readonly Played[] = bases.map((base) => ({ base, uses: marks.map(() => 0) }));
  let capacityMilli = 0;
  for (const take of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const script = scriptOf(fleet.nodes.capacities, fleet.target, take);
    if (script === undefined) return undefined;
    const order = ranked(played, capacityMilli);
    if (take === 2) {
      const turning = order.filter(({ base }) => base.late !== undefined).slice(0, 6);
      played = played.filter((one) => one.base.late === undefined || turning.includes(one));
    }
    if (take === 4) {
      const published = played.filter(isPublished);
      const leaders = marks.map((_, at) => {
        const most = Math.max(...published.map(({ uses }) => uses[at] ?? 0));
        return published.find(({ uses }) => uses[at] === most);
      });
      played = played.filter((one) => order.slice(0, 5).includes(one) || leaders.includes(one));
    }
    capacityMilli += script.capacityMilli;
    played = played.map(({ base, uses }) => {
      const more = usesOf(script, fleet, base);
      return { base, uses: uses.map((milli, at) => milli + (more[at] ?? 0)) };
    });
  }
  return ranked(played, capacityMilli)[0]?.base;
}

describe('a rehearsal', () => {
  test.each(fleets)('keeps the base that wins the tournament as it is described: %s', (_, lines, asked) => {
    const fleet = fleetOf(nodesOf(...lines), asked);
    expect(rehearse(fleet)).toEqual(tournament(fleet));
  });

  test.each(fleets)(
    'gives one answer, in whatever order was asked, and however nodes are called: %s',
    (_, lines, asked) => {
      const answer = rehearse(fleetOf(nodesOf(...lines), asked));
      expect(bases).toContain(answer);
      expect(rehearse(fleetOf(nodesOf(...lines), asked.toReversed()))).toBe(answer);
      expect(rehearse(fleetOf(nodesOf(...lines.map((line) => `z${line}`)), asked))).toBe(answer);
    },
  );

  test('plays on a copy: the fleet stays as it is, also where something runs on it', () => {
    const [, lines = [], asked = []] = fleets[0] ?? [];
    const [empty, busy] = [fleetOf(nodesOf(...lines), asked), fleetOf(nodesOf(...lines), asked)];
    const half = busy.shapes.idOf(shapeOf('cpu2 1x500'));
    busy.nodes.take(0, busy.shapes, half, 0b1);
    const left = [...busy.nodes.gpuLeft];
    expect(rehearse(busy)).toBe(rehearse(empty));
    expect([...busy.nodes.gpuLeft]).toEqual(left);
    expect(busy.nodes.changeCount).toBe(1);
  });

  test.each<readonly [string, readonly string[], readonly Shape[]]>([
    ['there are no GPUs', ['a 0x cpu64 mem256'], times(3, 'cpu2 1x500')],
    ['there are no nodes', [], times(3, 'cpu2 1x500')],
    ['nobody asks for GPUs', ['a 4xT4 cpu64 mem256'], times(3, 'cpu2')],
    ['nobody has asked for anything', ['a 4xT4 cpu64 mem256'], []],
    ['whatever one does is as good', ['a 1xT4 cpu64 mem256'], times(1, 'cpu1 1x1000')],
  ])('tells nothing where %s: the usual base', (_, lines, asked) => {
    expect(rehearse(fleetOf(nodesOf(...lines), asked))).toBe(usualBase);
  });
});
