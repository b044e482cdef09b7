import { describe, expect, test } from 'vitest';

import { digestOf } from '../../../src/model/canonical.ts';
import { hourMs, t0 } from '../fleet.ts';
import { at, type Entry, linesOf, report, told } from './telling.ts';

const lines = (...entries: readonly Entry[]) => linesOf(told(...entries));

const breach = (hours: number, why: string, places: readonly string[] = []): Entry => [
  hours,
  {
    kind: 'contract-breached',
    contract: 'C-101',
    terms: ['devices'],
    places,
    why,
    measurement: digestOf(why),
    atMs: at(hours),
  },
];
const restored = (hours: number, contract = 'C-101'): Entry => [
  hours,
  {
    kind: 'contract-restored',
    contract,
    terms: ['devices'],
    sinceMs: t0,
    measurement: digestOf('m'),
    atMs: at(hours),
  },
];
const released = (hours: number, contract = 'C-101'): Entry => [
  hours,
  { kind: 'contract-released', contract, atMs: at(hours) },
];
const preempted = (hours: number, endsH: number): Entry => [
  hours,
  { kind: 'contract-preempted', contract: 'C-101', by: 'C-109', atMs: at(endsH) },
];

describe('a breach', () => {
  test.each<readonly [string, readonly Entry[], readonly string[]]>([
    [
      'goes on until it is restored',
      [breach(3, 'one GPU is down')],
      ['breached C-101 3h..: one GPU is down'],
    ],
    [
      'ends with that',
      [breach(3, 'one GPU is down'), restored(5)],
      ['breached C-101 3h..5h: one GPU is down'],
    ],
    [
      'that grows ends and is told anew',
      [breach(3, 'one GPU is down'), breach(4, 'and its link'), restored(5)],
      ['breached C-101 3h..4h: one GPU is down', 'breached C-101 4h..5h: and its link'],
    ],
    [
      'is not ended by what is restored of another contract',
      [breach(3, 'one GPU is down'), restored(4, 'C-102')],
      ['breached C-101 3h..: one GPU is down'],
    ],
    [
      'ends when the contract is given back',
      [breach(3, 'one GPU is down'), released(4)],
      ['breached C-101 3h..4h: one GPU is down'],
    ],
    [
      'ends when the contract ends for another, which is told too',
      [breach(3, 'one GPU is down'), preempted(4, 6)],
      ['breached C-101 3h..6h: one GPU is down', 'preempted C-101 6h..: ends for C-109'],
    ],
    ['that nobody found is not restored', [restored(5)], []],
  ])('%s', (_, entries, expected) => {
    expect(lines(...entries)).toEqual(expected);
  });

  test('is where its first place is, if one is known', () => {
    const [known] = told(breach(3, 'x', ['fra1/h1/r1/n01/gpu1', 'fra1/h1/r1/n02'])).all;
    expect(known?.place).toBe('fra1/h1/r1/n01/gpu1');
    const [unknown] = told(breach(3, 'x')).all;
    expect(unknown).not.toHaveProperty('place');
  });
});

test('extras that are given up are told with when and for whom, and nothing goes on', () => {
  const shrunk = {
    kind: 'contract-shrunk',
    contract: 'C-101',
    left: [{ part: 'train', count: 1 }],
    by: 'C-109',
    atMs: at(6),
  };
  const log = told([5, shrunk]);
  expect(linesOf(log)).toEqual(['preempted C-101 6h..: gives up extras for C-109']);
  expect(log.open.size).toBe(0);
});

const cancelled = (hours: number, id = 'MW-1'): Entry => [
  hours,
  { kind: 'maintenance-cancelled', id, atMs: at(hours) },
];

describe('a closed place', () => {
  const closing: Entry = [
    0,
    {
      kind: 'maintenance-scheduled',
      id: 'MW-1',
      place: 'fra1/h1/r1',
      fromMs: at(4),
      toMs: at(6),
      reason: 'firmware',
    },
  ];

  test.each<readonly [string, readonly Entry[], string]>([
    ['has its end already', [], '4h..6h'],
    ['ends when it is cancelled meanwhile', [cancelled(5)], '4h..5h'],
    ['never was when it is cancelled before', [cancelled(1)], '4h..4h'],
    ['ended as it was to when it is cancelled afterwards', [cancelled(9)], '4h..6h'],
    ['is not ended by another one', [cancelled(5, 'MW-2')], '4h..6h'],
  ])('%s', (_, more, expected) => {
    expect(lines(closing, ...more)).toEqual([`drain MW-1 ${expected}: firmware`]);
  });

  test('is where it was closed', () => {
    expect([...told(closing).all][0]).toMatchObject({ place: 'fra1/h1/r1', maintenance: 'MW-1' });
  });
});

const late = (from: number, to: number | '') =>
  `late C-101 ${from}h..${to === '' ? '' : `${to}h`}: slurm did not hold it at its start`;

const lateLines = (...entries: readonly Entry[]) => lines(...entries).filter((one) => one.startsWith('late'));

describe('a delivery', () => {
  const minute = 1 / 60;

  test.each<readonly [string, readonly Entry[], readonly string[]]>([
    ['before the start is in time', [[1, report('kept')]], []],
    ['a minute after it as well: clocks differ', [[2 + minute, report('kept')]], []],
    ['a failure before the start is not late', [[1, report('refused')]], []],
    ['a failure within a minute of it is not late yet', [[2 + minute, report('unreachable')]], []],
    ['later it is late from the start on', [[2.5, report('kept')]], [late(2, 2.5)]],
    ['and goes on until it is held', [[2.5, report('differs')]], [late(2, '')]],
    [
      'once',
      [
        [2.5, report('differs')],
        [3, report('refused')],
        [4, report('kept')],
      ],
      [late(2, 4)],
    ],
    [
      'what was held in time is never late afterwards',
      [
        [1, report('kept')],
        [5, report('unreachable')],
        [6, report('kept')],
      ],
      [],
    ],
    [
      'what was held late is late once',
      [
        [3, report('kept')],
        [5, report('differs')],
        [6, report('kept')],
      ],
      [late(2, 3)],
    ],
    [
      'the first engine that holds it ends it, and the one that was found lacking is named',
      [
        [3, report('refused')],
        [4, report('kept', { engine: 'kubernetes' })],
      ],
      [late(2, 4)],
    ],
    ['nobody waits for what was given back', [[3, report('refused')], released(4)], [late(2, 4)]],
    ['nobody waits for what ends for another', [[3, report('refused')], preempted(4, 5)], [late(2, 5)]],
    [
      'what another contract is given back for is nothing to it',
      [[3, report('refused')], released(4, 'C-102')],
      [late(2, '')],
    ],
  ])('%s', (_, entries, expected) => {
    expect(lateLines(...entries)).toEqual(expected);
  });

  test('is late a moment after the minute', () => {
    const over = (2 * hourMs + 60_001) / hourMs;
    expect(lateLines([over, report('kept')])).toHaveLength(1);
  });

  test('of a contract that begins at once is measured from then on', () => {
    expect(lateLines([1, report('kept', { subject: 'C-102' })])).toEqual([
      'late C-102 0h..1h: slurm did not hold it at its start',
    ]);
  });

  test('of a contract that nobody granted here is not waited for', () => {
    expect(lateLines([9, report('refused', { subject: 'C-300' })])).toEqual([]);
  });

  test('a change keeps the start that it was waited for from', () => {
    const log = told([1, report('kept', { subject: 'C-102' })]);
    expect([...log.starts].map(({ startMs }) => startMs)).toEqual([at(2), at(0)]);
    expect([...log.starts].map(({ isDelivered }) => isDelivered)).toEqual([undefined, true]);
  });
});

const engine = (...entries: readonly Entry[]) => lines(...entries).filter((one) => one.startsWith('engine'));

describe('what an engine holds', () => {
  test.each([
    ['differs', 'slurm holds something else'],
    ['refused', 'slurm refused it'],
    ['unreachable', 'slurm did not answer'],
    ['unreadable', 'slurm answered in no form that can be read'],
  ])('%s: %s', (result, words) => {
    expect(engine([1, report(result)])).toEqual([`engine C-101 1h..: ${words}`]);
    expect(engine([1, report(result, { differences: ['one', 'two'] })])).toEqual([
      `engine C-101 1h..: ${words}: one`,
    ]);
  });

  test.each<readonly [string, readonly Entry[], readonly string[]]>([
    ['what is held is nothing to tell', [[1, report('kept')]], []],
    [
      'the same trouble again is the same',
      [
        [1, report('refused')],
        [1.5, report('refused')],
      ],
      ['engine C-101 1h..: slurm refused it'],
    ],
    [
      'another difference is told anew',
      [
        [1, report('differs', { differences: ['one'] })],
        [1.5, report('differs', { differences: ['two'] })],
      ],
      [
        'engine C-101 1h..1.5h: slurm holds something else: one',
        'engine C-101 1.5h..: slurm holds something else: two',
      ],
    ],
    [
      'each engine has trouble of its own',
      [
        [1, report('refused')],
        [1, report('refused', { engine: 'kubernetes' })],
        [1.5, report('kept')],
      ],
      ['engine C-101 1h..1.5h: slurm refused it', 'engine C-101 1h..: kubernetes refused it'],
    ],
    [
      'and each contract',
      [
        [1, report('refused')],
        [1.5, report('kept', { subject: 'C-102' })],
      ],
      ['engine C-101 1h..: slurm refused it'],
    ],
    [
      'trouble that comes back is told anew',
      [
        [1, report('refused')],
        [1.2, report('kept')],
        [1.5, report('refused')],
      ],
      ['engine C-101 1h..1.2h: slurm refused it', 'engine C-101 1.5h..: slurm refused it'],
    ],
  ])('%s', (_, entries, expected) => {
    expect(engine(...entries)).toEqual(expected);
  });

  test('of a window of maintenance is about no contract, and nothing is late by it', () => {
    const log = told([1, report('refused', { subject: 'MW-1' })]);
    const [one, ...others] = log.all;
    expect(others).toEqual([]);
    expect(one).toMatchObject({ kind: 'engine', engine: 'slurm' });
    expect(one).not.toHaveProperty('contract');
  });
});

test.each([
  [
    'somebody stops an agent',
    { kind: 'stopped', target: { kind: 'principal', id: 'agent:bot' }, reason: 'x' },
  ],
  ['a run ends', { kind: 'run-ended', run: 'R-1', why: 'done' }],
  ['a mandate is taken back', { kind: 'mandate-revoked', mandate: 'M-1', reason: 'x' }],
  [
    'a contract is looked at',
    {
      kind: 'contract-observed',
      contract: 'C-101',
      version: 1,
      measurement: digestOf('m'),
      atMs: t0,
      untilMs: t0,
      findings: [],
    },
  ],
  ['a hold is dropped', { kind: 'hold-dropped', plan: `plan-${'a'.repeat(16)}` }],
])('nothing happens to anything when %s', (_, event) => {
  expect(linesOf(told([1, event]))).toEqual([]);
  expect(told([1, event])).toEqual(told());
});
