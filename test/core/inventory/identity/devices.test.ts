import { describe, expect, test } from 'vitest';

import type { SourceName } from '../../../../src/model/fact.ts';
import { type Line, recorded, said } from './said.ts';

type Card = Readonly<Record<string, unknown>>;

function cards(source: SourceName, kind: 'gpu' | 'nic', list: readonly Card[]) {
  return said(source, [
    ['node', 'fra1/n1', {}],
    ...list.map((set, number): Line => [kind, `fra1/n1/${kind}${number}`, set]),
  ]);
}

/** What each device of the second source is called in the words of the first, by an attribute that only it has. */
function numbersOf(
  known: readonly Card[],
  seen: readonly Card[],
  source: SourceName = 'hwloc',
  kind: 'gpu' | 'nic' = 'gpu',
) {
  const { last } = recorded(
    cards('inventory', kind, known),
    cards(
      source,
      kind,
      seen.map((set, index) => ({ ...set, [marks[kind]]: index })),
    ),
  );
  const numbers = last.observation.facts.flatMap((fact): [number, number][] => {
    const mark = fact.kind === 'gpu' ? fact.set.memoryMib : fact.kind === 'nic' ? fact.set.mbps : undefined;
    return mark === undefined ? [] : [[mark, Number(/\d+$/u.exec(fact.subject)?.[0])]];
  });
  return {
    numbers: Object.fromEntries(numbers),
    assumptions: last.observation.assumptions,
    open: last.observation.unknown.map(({ attribute, why }) => `${attribute}: ${why}`),
  };
}

const marks = { gpu: 'memoryMib', nic: 'mbps' };
const bus = (number: number) => `0000:${number.toString(16).padStart(2, '0')}:00.0`;

describe('devices keep the numbers they are known by', () => {
  test.each([
    ['UUID', [{ uuid: 'GPU-a' }, { uuid: 'GPU-b' }], [{ uuid: 'gpu-B' }, { uuid: 'GPU-A' }]],
    ['serial number', [{ serial: '12345' }, { serial: '67890' }], [{ serial: '67890' }, { serial: '12345' }]],
    [
      'PCI address',
      [{ pciAddress: bus(1) }, { pciAddress: bus(2) }],
      [{ pciAddress: bus(2) }, { pciAddress: bus(1) }],
    ],
    [
      'UUID before the PCI address',
      [
        { uuid: 'GPU-a', pciAddress: bus(1) },
        { uuid: 'GPU-b', pciAddress: bus(2) },
      ],
      [
        { uuid: 'GPU-b', pciAddress: bus(1) },
        { uuid: 'GPU-a', pciAddress: bus(2) },
      ],
    ],
    [
      'PCI address where a board has one serial number',
      [
        { serial: '12345', pciAddress: bus(1) },
        { serial: '12345', pciAddress: bus(2) },
      ],
      [
        { serial: '12345', pciAddress: bus(2) },
        { serial: '12345', pciAddress: bus(1) },
      ],
    ],
  ])('by %s', (_, known, seen) => {
    expect(numbersOf(known, seen)).toEqual({ numbers: { 0: 1, 1: 0 }, assumptions: [], open: [] });
  });

  test.each([
    [
      'GUID',
      [{ guid: '0x9803:9b03:0001' }, { guid: '98039b030002' }],
      [{ guid: '9803:9b03:0002' }, { guid: '98039B030001' }],
    ],
    [
      'MAC address',
      [{ mac: '0c:42:a1:00:00:01' }, { mac: '0C42A1000002' }],
      [{ mac: '0c-42-a1-00-00-02' }, { mac: '0c42a1000001' }],
    ],
    ['name', [{ name: 'mlx5_0' }, { name: 'mlx5_1' }], [{ name: 'mlx5_1' }, { name: 'mlx5_0' }]],
  ])('NICs by %s', (_, known, seen) => {
    expect(numbersOf(known, seen, 'nccl', 'nic')).toEqual({
      numbers: { 0: 1, 1: 0 },
      assumptions: [],
      open: [],
    });
  });

  test.each([
    ['GUID', { guid: '0x0000' }],
    ['MAC address', { mac: '00:00:00:00:00:00' }],
    ['name', { name: '' }],
  ])('NICs by no %s that says nothing', (_, empty) => {
    const known = [{ ...empty, rail: 0 }, { rail: 1 }];
    expect(numbersOf(known, known.toReversed(), 'nccl', 'nic').numbers).toEqual({});
    expect(numbersOf([empty], [empty], 'nccl', 'nic').assumptions).toHaveLength(1);
  });

  test('by their order on the bus where nothing else tells, which is said', () => {
    const models = [{ model: 'H100-SXM-80GB' }, { model: 'H100-SXM-80GB' }];
    expect(numbersOf(models, models)).toEqual({
      numbers: { 0: 0, 1: 1 },
      assumptions: ['devices are told apart by their order on the PCI bus alone, on fra1/n1'],
      open: [],
    });
  });

  test('and it stays said when the source brings keys of its own', () => {
    const seen = cards('hwloc', 'gpu', [{ uuid: 'GPU-a' }, { uuid: 'GPU-b' }]);
    const known = cards('inventory', 'gpu', [{}, {}]);
    expect(recorded(known, seen, seen).last.observation.assumptions).toHaveLength(1);
    const turned = cards('hwloc', 'gpu', [{ uuid: 'GPU-b' }, { uuid: 'GPU-a' }]);
    expect(recorded(known, seen, turned).last.observation.facts.map(({ set }) => set)).toEqual([
      {},
      { uuid: 'GPU-a' },
      { uuid: 'GPU-b' },
    ]);
  });

  test('by the numbers of a shape', () => {
    const shape = said('inventory', [
      [
        'shape',
        'two',
        {
          gpus: [
            { pcieSwitch: 4, numaNode: 0 },
            { pcieSwitch: 9, numaNode: 1 },
          ],
        },
      ],
      ['node', 'fra1/n1', { shape: 'two' }],
    ]);
    const seen = cards('nvidia-smi', 'gpu', [
      { uuid: 'GPU-a', numaNode: 0 },
      { uuid: 'GPU-b', numaNode: 1 },
    ]);
    expect(recorded(shape, seen).last.observation.assumptions).toHaveLength(1);
    const turned = cards('nvidia-smi', 'gpu', [
      { uuid: 'GPU-a', numaNode: 1 },
      { uuid: 'GPU-b', numaNode: 0 },
    ]);
    expect(recorded(shape, turned).last.observation.unknown).toHaveLength(2);
  });
});

describe('devices of one source alone', () => {
  test('keep its numbers, and no order on the bus is assumed', () => {
    const first = cards('redfish', 'gpu', [{ model: 'H100' }, { model: 'H100' }]);
    const second = cards('redfish', 'gpu', [{ model: 'L4' }]);
    const { observation } = recorded(first, second).last;
    expect(observation.facts.map(({ subject }) => subject)).toEqual(['fra1/n1', 'fra1/n1/gpu0']);
    expect([observation.assumptions, observation.unknown]).toEqual([[], []]);
  });
});

describe('devices are left out, with the reason', () => {
  test.each([
    [
      'of a source that counts otherwise',
      [{}, {}],
      [{}, {}],
      'redfish',
      /redfish does not count in PCI order/u,
    ],
    ['where one is missing', [{}, {}], [{}], 'nvidia-smi', /numbers do not fit \(1 here, 2 known\)/u],
    ['where there is one too many', [{}], [{}, {}], 'nvidia-smi', /numbers do not fit \(2 here, 1 known\)/u],
    [
      'where a model differs',
      [{ model: 'H100' }, { model: 'L4' }],
      [{ model: 'L4' }, { model: 'H100' }],
      'hwloc',
      /another model/u,
    ],
    [
      'where a key differs',
      [{ pciAddress: bus(1) }],
      [{ pciAddress: bus(9) }],
      'hwloc',
      /another pciAddress/u,
    ],
    [
      'where several may be any of several',
      [{ uuid: 'GPU-a' }, {}, {}],
      [{ uuid: 'GPU-a' }, { serial: 'x1' }, { serial: 'x2' }],
      'hwloc',
      /2 match none of the 2 known that are left/u,
    ],
  ] satisfies [string, Card[], Card[], SourceName, RegExp][])('%s', (_, known, seen, source, why) => {
    const { numbers, open } = numbersOf(known, seen, source);
    expect(Object.keys(numbers).length).toBeLessThan(seen.length);
    expect(open).toHaveLength(seen.length - Object.keys(numbers).length);
    expect(open.every((line) => why.test(line))).toBe(true);
  });
});

describe('a device nobody knew', () => {
  test('takes the one place that is left', () => {
    const known = [{ uuid: 'GPU-a' }, { uuid: 'GPU-b' }, { uuid: 'GPU-c' }];
    const seen = [{ uuid: 'GPU-c' }, { uuid: 'GPU-new' }, { uuid: 'GPU-a' }];
    expect(numbersOf(known, seen).numbers).toEqual({ 0: 2, 1: 1, 2: 0 });
  });

  test('gets its own number where that is free, else the first free one', () => {
    const known = [{ uuid: 'GPU-a' }, { uuid: 'GPU-b' }];
    const seen = [{ uuid: 'GPU-b' }, { uuid: 'GPU-new' }, { uuid: 'GPU-a' }, { uuid: 'GPU-more' }];
    expect(numbersOf(known, seen).numbers).toEqual({ 0: 1, 1: 2, 2: 0, 3: 3 });
  });

  test('in a slot that is known by its PCI address has taken the place of the old one', () => {
    const known = [
      { uuid: 'GPU-a', pciAddress: bus(1) },
      { uuid: 'GPU-b', pciAddress: bus(2) },
    ];
    const seen = [
      { uuid: 'GPU-new', pciAddress: bus(2) },
      { uuid: 'GPU-a', pciAddress: bus(1) },
    ];
    expect(numbersOf(known, seen).numbers).toEqual({ 0: 1, 1: 0 });
  });
});

function grouped(switches: readonly number[]): readonly Card[] {
  return switches.map((pcieSwitch, number) => ({ pciAddress: bus(number), pcieSwitch }));
}

describe('switches, roots and islands', () => {
  const known = [0, 0, 1, 1].map((pcieSwitch, number) => ({ pciAddress: bus(number), pcieSwitch }));
  const seenAs = (seen: readonly Card[]) =>
    recorded(cards('inventory', 'gpu', known), cards('hwloc', 'gpu', seen)).last.observation.facts.flatMap(
      (fact) => (fact.kind === 'gpu' ? [fact.set.pcieSwitch] : []),
    );

  test.each([
    ['the same groups get the same numbers', [7, 7, 3, 3], [0, 0, 1, 1]],
    ['also where the numbers are turned round', [1, 1, 0, 0], [0, 0, 1, 1]],
    ['finer groups get numbers that nobody has', [0, 1, 2, 3], [2, 3, 4, 5]],
    ['coarser ones too', [0, 0, 0, 0], [2, 2, 2, 2]],
    ['a group that nobody knew comes after the others', [5, 5, 4, 4, 9], [0, 0, 1, 1, 2]],
  ])('%s', (_, seen, expected) => {
    expect(seenAs(grouped(seen))).toEqual(expected);
  });

  test('are numbered anew each time, whatever this source has said before', () => {
    const before = cards('inventory', 'gpu', known);
    const seen = cards('hwloc', 'gpu', grouped([0, 1, 2, 3]));
    expect(recorded(before, seen, seen).last).toEqual(recorded(before, seen).last);
  });

  test('keep GPUs and NICs of one switch together', () => {
    const nic: Line = ['nic', 'fra1/n1/nic0', { pcieSwitch: 0, name: 'mlx5_0' }];
    const before = said('inventory', [
      ['gpu', 'fra1/n1/gpu0', { pciAddress: bus(0), pcieSwitch: 0 }],
      ['gpu', 'fra1/n1/gpu1', { pciAddress: bus(1), pcieSwitch: 1 }],
    ]);
    const seen = said('nccl', [
      ['gpu', 'fra1/n1/gpu0', { pciAddress: bus(1), pcieSwitch: 0 }],
      ['gpu', 'fra1/n1/gpu1', { pciAddress: bus(0), pcieSwitch: 5 }],
      nic,
    ]);
    const facts = recorded(before, seen).last.observation.facts;
    expect(
      facts.map(({ subject, set }) => [subject, 'pcieSwitch' in set ? set.pcieSwitch : undefined]),
    ).toEqual([
      ['fra1/n1/gpu0', 0],
      ['fra1/n1/gpu1', 1],
      ['fra1/n1/nic0', 1],
    ]);
  });
});
