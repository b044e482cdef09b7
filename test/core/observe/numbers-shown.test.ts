import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { busyMilli } from '../../../src/core/observe/by-metrics.ts';
import { Demand } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { held, lensOf, shown, termOf } from './sight.ts';

const fleet = world('fra1/h1/r1 4×4 H100');
const path = (place: string) => `fra1/h1/r1/${place}`;
const always = (what: string, value: number | string) => `${what} ${`${value} `.repeat(5).trim()}`;

/** All that two machines draw, drawn by the first. */
const drawn = (w: number) => [always('r1/n01 node-watts', w), always('r1/n02 node-watts', 0)];

describe('watts', () => {
  /** 1,000 W are held on the first node and 500 W on the second, a third of them for a spare. */
  const seats = [
    `train 0 ${path('n01')} gpu0-1 500W`,
    `train 1 ${path('n01')} gpu2-3 500W`,
    `+ train 2 ${path('n02')} gpu0 500W`,
  ];
  const powered = held(fleet, demand('2×2 H100'), placement(24, ...seats));
  const power = termOf('power', { promise: '1500 W held on 1 rack' });
  const gpusOnly = '; what the machines draw beside their GPUs is not measured';

  test.each<readonly [string, readonly string[], string]>([
    [
      'whole machines by what they say: exactly what is held',
      [always('r1/n01 node-watts', 1000), always('r1/n02 node-watts', 500)],
      'kkkkk: drew 1500 W at most, of 1500 W',
    ],
    [
      'a watt more breaks it',
      [always('r1/n01 node-watts', 1001), always('r1/n02 node-watts', 500)],
      'xxxxx: drew 1501 W at most, of 1500 W',
    ],
    [
      'by their GPUs, which is less than they draw: nobody knows',
      [always('r1/n01/gpu0-3 gpu-watts', 250), always('r1/n02/gpu0 gpu-watts', 500)],
      `.....: drew 1500 W at most, of 1500 W${gpusOnly}`,
    ],
    [
      'but if those alone are too many, it is broken',
      [always('r1/n01/gpu0-3 gpu-watts', 250), always('r1/n02/gpu0 gpu-watts', 501)],
      `xxxxx: drew 1501 W at most, of 1500 W${gpusOnly}`,
    ],
    [
      'one machine whole, the other by its GPU',
      [always('r1/n01 node-watts', 900), always('r1/n02/gpu0 gpu-watts', 100)],
      `.....: drew 1000 W at most, of 1500 W${gpusOnly}`,
    ],
    [
      'a machine that says so itself is not counted by its GPUs as well',
      [
        always('r1/n01 node-watts', 900),
        always('r1/n01/gpu0-3 gpu-watts', 999),
        always('r1/n02 node-watts', 500),
      ],
      'kkkkk: drew 1400 W at most, of 1500 W',
    ],
    ['the spare’s machine has to be known as well', [always('r1/n01 node-watts', 1000)], '.....: '],
    [
      'one GPU of several that says nothing',
      [always('r1/n01/gpu0-2 gpu-watts', 250), always('r1/n02/gpu0 gpu-watts', 1)],
      '.....: ',
    ],
    [
      'window by window: the highest is told',
      ['r1/n01 node-watts 900 - 1600 800 700', always('r1/n02 node-watts', 0)],
      'k.xkk: drew 1600 W at most, of 1500 W',
    ],
    [
      'a machine that says so in some windows only: its GPUs speak in the others',
      [
        'r1/n01 node-watts 900 900 900 - -',
        always('r1/n01/gpu0-3 gpu-watts', 100),
        always('r1/n02 node-watts', 100),
      ],
      `kkk..: drew 1000 W at most, of 1500 W${gpusOnly}`,
    ],
  ])('%s', (_, lines, expected) => {
    expect(shown(powered, power, ...lines)).toBe(expected);
  });

  test.each([
    ['the cap that was asked for, where that is what is promised', { powerCapW: 1200 }, 1200],
    ['what is held, where no cap was asked for', {}, 1500],
  ])('are compared with %s', (_, more, most) => {
    const capped = held(fleet, demand('2×2 H100', more), placement(24, ...seats));
    const term = termOf('power', { promise: 'draws at most 1500 W of the 1200 W it may' });
    expect(shown(capped, term, ...drawn(most))).toBe(`kkkkk: drew ${most} W at most, of ${most} W`);
    expect(shown(capped, term, ...drawn(most + 1))).toMatch(/^xxxxx/);
    expect(shown(capped, power, ...drawn(1500))).toMatch(/^kkkkk: .*of 1500 W$/);
  });

  test('a replica without GPUs is known by its machine only', () => {
    const cores = held(fleet, demand('1×cpu4'), placement(24, `train 0 ${path('n01')} cpu4 80W`));
    expect(shown(cores, power, always('r1/n01/gpu0-3 gpu-watts', 1))).toBe('.....: ');
    expect(shown(cores, power, always('r1/n01 node-watts', 80))).toBe('kkkkk: drew 80 W at most, of 80 W');
  });
});

const fault = (node: number, values: string) => `r1/n0${node}/gpu0 gpu-fault ${values}`;
const surviving = (membersLeft: number, more: object = {}, text = '3×1 H100') =>
  demand(text, { survive: { loss: 'node', membersLeft }, ...more });

/** A replica or spare a node, of the first GPU of each. */
const onNodes = (...kinds: readonly string[]) =>
  placement(24, ...kinds.map((kind, at) => `${kind} ${at} ${path(`n0${at + 1}`)} gpu0`));

/** How a window stands, by what each replica shows in it, and how many have to be left. */
function byHand(values: readonly (number | null)[], wanted: number): string {
  const good = values.filter((value) => value === 0).length;
  const notBad = values.filter((value) => value === null || value === 0).length;
  return good >= wanted ? 'k' : notBad < wanted ? 'x' : '.';
}

describe('survival', () => {
  const survival = termOf('survival');
  test('is kept while as many are known to run, broken once too many are known not to', () => {
    const value = fc.constantFrom<0 | 1 | null>(0, 1, null);
    const window = fc.tuple(value, value, value, value);
    fc.assert(
      fc.property(
        fc.array(window, { minLength: 5, maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        (windows, wanted) => {
          const contract = held(fleet, surviving(wanted), onNodes('train', 'train', 'train', '+ train'));
          const lines = [0, 1, 2, 3].map((at) =>
            fault(at + 1, windows.map((values) => values[at] ?? '-').join(' ')),
          );
          const expected = windows.map((values) => byHand(values, wanted)).join('');
          expect(shown(contract, survival, ...lines).slice(0, 5)).toBe(expected);
        },
      ),
      { seed: 31, numRuns: 60 },
    );
  });

  test.each<readonly [string, readonly string[], string]>([
    ['of the last window that tells of any', ['0 0 0 1 -', '0 0 0 0 -', '0 0 0 - -'], 'kkk..: 1 of 3'],
    ['also where that tells of faults only', ['0 0 0 0 1', '0 0 0 0 1', '0 0 0 0 -'], 'kkkkx: 0 of 3'],
    ['none where nothing was heard', ['- - - - -', '- - - - -', '- - - - -'], '.....: 0 of 3'],
  ])('says how many run: %s', (_, values, expected) => {
    const wish = surviving(2);
    const lines = values.map((text, at) => fault(at + 1, text));
    const contract = held(fleet, wish, onNodes('train', 'train', 'train'));
    expect(shown(contract, survival, ...lines)).toBe(
      `${expected} replicas and spares without a fault, 2 asked for`,
    );
  });

  test('replicas without GPUs are not counted beside those that have some', () => {
    const wish = surviving(1, {}, 'train: 1×1 H100 + load: 2×cpu1');
    const [n1, n2] = [path('n01'), path('n02')];
    const mixed = held(fleet, wish, placement(24, `train 0 ${n1} gpu0`, `load 0 ${n2} cpu1`));
    expect(shown(mixed, survival, fault(1, '0 0 0 0 0'))).toMatch(/^kkkkk: 1 of 1 replicas/);
    const cores = held(fleet, surviving(1, {}, '2×cpu1'), placement(24, `train 0 ${n1} cpu1`));
    expect(shown(cores, survival)).toBe('-: it holds no GPUs, and nothing else is measured of it');
  });

  test('replicas that hold slices of GPUs count as those do that hold whole ones', () => {
    const lines = [1, 2].map((node, at) => `train ${at} ${path(`n0${node}`)} 0:500`);
    const sliced = held(fleet, surviving(1, {}, '2×1 share:500'), placement(24, ...lines));
    const [good, bad] = ['0 0 0 0 0', '1 1 1 1 1'];
    expect(shown(sliced, survival, fault(1, good), fault(2, bad))).toBe(
      'kkkkk: 1 of 2 replicas and spares without a fault, 1 asked for',
    );
    expect(shown(sliced, survival, fault(1, bad), fault(2, bad))).toMatch(/^xxxxx: 0 of 2/);
    const wish = surviving(2, {}, 'train: 1×1 H100 + serve: 1×1 share:500');
    const mixed = placement(24, `train 0 ${path('n01')} gpu0`, `serve 0 ${path('n02')} 0:500`);
    expect(shown(held(fleet, wish, mixed), survival, fault(1, good), fault(2, good))).toMatch(
      /^kkkkk: 2 of 2/,
    );
  });

  test('extras of an elastic contract neither survive nor are missed; spares of it count', () => {
    const wish = Demand.parse({
      ...surviving(1),
      guarantee: 'elastic',
      parts: [{ name: 'train', count: 3, minCount: 1, each: { gpus: { count: 1 } } }],
    });
    const contract = held(
      fleet,
      wish,
      placement(
        24,
        ...[1, 2, 3].map((node, at) => `train ${at} ${path(`n0${node}`)} gpu0`),
        `+ train 3 ${path('n04')} gpu0`,
      ),
    );
    const stands = (...values: readonly number[]) =>
      shown(contract, survival, ...values.map((value, at) => fault(at + 1, `${value} `.repeat(5).trim())));
    expect(stands(1, 0, 0, 1)).toBe('xxxxx: 0 of 2 replicas and spares without a fault, 1 asked for');
    expect(stands(0, 1, 1, 1)).toBe('kkkkk: 1 of 2 replicas and spares without a fault, 1 asked for');
    expect(stands(1, 1, 1, 0)).toMatch(/^kkkkk: 1 of 2/);
  });
});

describe('the response of an application', () => {
  const asked = held(
    fleet,
    demand('1×1 H100', { response: 'histogram_quantile(0.99, x) <= 250 ms' }),
    placement(24, `train 0 ${path('n01')} gpu0`),
  );

  test.each([
    ['250 250 250 250 250', 'kkkkk: answered within 250 ms at worst, at most 250 ms wanted'],
    ['0 251 - 250 249', 'kx.kk: answered within 251 ms at worst, at most 250 ms wanted'],
    ['- - - - -', '.....: '],
  ])('%s', (values, expected) => {
    expect(shown(asked, termOf('response'), `C-101 response-ms ${values}`)).toBe(expected);
  });

  test('of another contract is not its own', () => {
    expect(shown(asked, termOf('response'), always('C-102 response-ms', 9))).toBe('.....: ');
  });
});

describe('how busy GPUs are', () => {
  const two = held(fleet, demand('1×2 H100'), placement(24, `train 0 ${path('n01')} gpu0-1`));
  const busy = (...lines: readonly string[]) => busyMilli(two, lensOf(two, ...lines));

  test.each<readonly [string, readonly string[], number | undefined]>([
    ['idle', [always('r1/n01/gpu0-1 gpu-busy', 0)], 0],
    ['all the time', [always('r1/n01/gpu0-1 gpu-busy', 1000)], 1000],
    ['one of two', [always('r1/n01/gpu0 gpu-busy', 1000), always('r1/n01/gpu1 gpu-busy', 0)], 500],
    ['a mean over windows', ['r1/n01/gpu0-1 gpu-busy 100 200 300 400 500'], 300],
    ['rounded down', ['r1/n01/gpu0-1 gpu-busy 0 0 0 0 4'], 0],
    [
      'only over windows in which both say',
      ['r1/n01/gpu0 gpu-busy 800 - 0 - -', 'r1/n01/gpu1 gpu-busy 600 1000 - 1000 -'],
      700,
    ],
    [
      'none in which both say',
      ['r1/n01/gpu0 gpu-busy 800 - 0 - -', 'r1/n01/gpu1 gpu-busy - 9 - 9 9'],
      undefined,
    ],
    ['never more than all, whatever an exporter says', [always('r1/n01/gpu0-1 gpu-busy', 1003)], 1000],
    ['nothing is said', [], undefined],
  ])('%s', (_, lines, expected) => {
    expect(busy(...lines)).toBe(expected);
  });

  test('a spare is held idle and does not count; without GPUs nothing does', () => {
    const lines = [`train 0 ${path('n01')} gpu0`, `+ train 1 ${path('n02')} gpu0`];
    const spared = held(fleet, demand('1×1 H100'), placement(24, ...lines));
    expect(busyMilli(spared, lensOf(spared, always('r1/n01/gpu0 gpu-busy', 640)))).toBe(640);
    const cores = held(fleet, demand('1×cpu4'), placement(24, `train 0 ${path('n01')} cpu4`));
    expect(busyMilli(cores, lensOf(cores, always('r1/n01/gpu0 gpu-busy', 640)))).toBeUndefined();
  });
});
