import { describe, expect, test } from 'vitest';

import { Unknown } from '../../../../src/model/fact.ts';
import { type Line, recorded, said, setAfter } from './said.ts';

const n = (path: string, set: object = {}): Line => ['node', path, set];
const books = said('inventory', [
  ['rack', 'fra1/h1/r1', {}],
  ['hall', 'fra1/h1', {}],
  n('fra1/h1/r1/n1', { hostName: 'n1' }),
  n('fra1/h1/r1/n2', { hostName: 'n2' }),
]);

/** Subject and attributes of all that a source without a site tells, once it is recorded. */
function settled(...lines: readonly Line[]) {
  const { last } = recorded(books, said('topograph', lines));
  return {
    facts: last.observation.facts.map(({ subject, set }) => [subject, set]),
    left: last.problems.map(({ subject, why }) => [subject, why]),
    assumptions: last.observation.assumptions,
  };
}

const assumption = 'what the file lists beside its machines stands at fra1, as they do';

function gap(subject: string): Unknown {
  return Unknown.parse({ subject, attribute: 'a', why: 'x', origin: { file: 'f' } });
}

describe('a file without a site', () => {
  test('puts what it lists where its machines are known to stand, and says that it assumes so', () => {
    expect(settled(n('unplaced/n1'), ['spine', 'unplaced/s1', { uplinkMbps: 1 }])).toEqual({
      facts: [
        ['fra1/h1/r1/n1', {}],
        ['fra1/s1', { uplinkMbps: 1 }],
      ],
      left: [],
      assumptions: [assumption],
    });
  });

  test('assumes nothing where it lists machines and their devices alone', () => {
    const { assumptions } = settled(
      n('unplaced/n1'),
      ['gpu', 'unplaced/n1/gpu0', {}],
      ['nic', 'unplaced/n1/nic0', {}],
    );
    expect(assumptions).toEqual([]);
  });

  test('assumes nothing where what it lists has a site', () => {
    expect(settled(n('unplaced/n1'), ['leaf', 'ams2/l1', {}])).toEqual({
      facts: [
        ['ams2/l1', {}],
        ['fra1/h1/r1/n1', {}],
      ],
      left: [],
      assumptions: [],
    });
  });

  test('cannot place what it lists where none of its machines is known', () => {
    expect(settled(n('unplaced/n9'), ['leaf', 'unplaced/l1', {}])).toEqual({
      facts: [],
      left: [
        ['unplaced/l1', 'nothing says at which site this leaf is'],
        ['unplaced/n9', 'no known machine has its name or numbers, and nothing says where it stands'],
      ],
      assumptions: [],
    });
  });

  test('goes by the machines without a site alone', () => {
    const { facts, assumptions } = settled(n('ams2/n7'), n('unplaced/n1'), ['leaf', 'unplaced/l1', {}]);
    expect(facts).toContainEqual(['fra1/l1', {}]);
    expect(assumptions).toEqual([assumption]);
  });

  test.each([
    ['leaf', 'node'],
    ['island', 'node'],
    ['spine', 'leaf'],
    ['loop', 'rack'],
    ['from', 'wan-link'],
    ['to', 'wan-link'],
  ] as const)('follows the %s that a %s names', (name, kind) => {
    const subject = kind === 'node' ? 'unplaced/n1' : 'unplaced/x';
    const told: Line[] = [n('unplaced/n1'), [kind, subject, { [name]: 'unplaced/there' }]];
    const { facts } = settled(...told);
    expect(facts).toContainEqual([kind === 'node' ? 'fra1/h1/r1/n1' : 'fra1/x', { [name]: 'fra1/there' }]);
  });

  test('leaves places alone that have a site', () => {
    const { facts } = settled(n('unplaced/n1', { leaf: 'ams2/l1', island: 'unplaced/i1' }));
    expect(facts).toEqual([['fra1/h1/r1/n1', { leaf: 'ams2/l1', island: 'fra1/i1' }]]);
  });

  test('has its gaps follow its machines and places', () => {
    const file = said('topograph', [n('unplaced/n1'), n('unplaced/n9'), ['gpu', 'unplaced/n1/gpu0', {}]]);
    const unknown = [
      'unplaced/n1',
      'unplaced/n1/gpu0',
      'unplaced/n1/gpu7',
      'unplaced/l1',
      'unplaced/n9/gpu0',
    ].map(gap);
    const { observation } = recorded(books, { ...file, unknown }).last;
    expect(observation.unknown.map(({ subject, attribute }) => [subject, attribute])).toEqual([
      ['fra1/h1/r1/n1', 'a'],
      ['fra1/h1/r1/n1/gpu0', 'a'],
      ['fra1/h1/r1/n1', 'a'],
      ['fra1/l1', 'a'],
      [undefined, 'identity'],
    ]);
  });
});

describe('where a machine stands that keeps its path', () => {
  const r2: Line = ['rack', 'fra1/h1/r2', {}];
  const flat = said('kubernetes', [n('fra1/k1', { hostName: 'n1' })]);

  test.each<[string, readonly Line[], object]>([
    [
      'the rack of the path that a source gives it',
      [r2, n('fra1/h1/r2/n1', { hostName: 'n1' })],
      { rack: 'fra1/h1/r2' },
    ],
    [
      'the rack that a source states, before its path',
      [r2, n('fra1/h1/r2/n1', { hostName: 'n1', rack: 'fra1/h9/r9' })],
      { rack: 'fra1/h9/r9' },
    ],
    [
      'nothing, where nobody has told that the path is of a rack',
      [n('fra1/h1/r2/n1', { hostName: 'n1' })],
      {},
    ],
    ['nothing, directly in a site', [r2, n('fra1/n1', { hostName: 'n1' })], {}],
  ])('is %s', (_, lines, expected) => {
    const { rack } = { rack: undefined, ...setAfter('fra1/k1', flat, said('netbox', lines)) };
    expect(rack === undefined ? {} : { rack }).toEqual(expected);
  });

  test('stays where its path says against any tool, and the tool’s other words are kept', () => {
    const moved = said('netbox', [r2, n('fra1/h1/r2/x', { hostName: 'n1', position: 7 })]);
    expect(setAfter('fra1/h1/r1/n1', books, moved)).toEqual({ hostName: 'n1', position: 7 });
    expect(recorded(books, moved).last.observation.unknown).toMatchObject([
      {
        subject: 'fra1/h1/r1/n1',
        attribute: 'rack',
        why: 'netbox says fra1/h1/r2, but it is known to stand in fra1/h1/r1: the inventory file decides',
      },
    ]);
  });

  test('is where the operator has moved it, against its path and every tool', () => {
    const moved = said('inventory', [r2, n('fra1/h1/r1/n1', { hostName: 'n1', rack: 'fra1/h1/r2' })]);
    const tool = (rack: string) => said('netbox', [n('fra1/x', { hostName: 'n1', rack })]);
    const open = (rack: string) =>
      recorded(books, moved, tool(rack)).last.observation.unknown.map(({ why }) => why);
    expect(open('fra1/h1/r2')).toEqual([]);
    expect(open('fra1/h1/r1')).toEqual([
      'netbox says fra1/h1/r1, but it is known to stand in fra1/h1/r2: the inventory file decides',
    ]);
  });
});

describe('devices of a known shape', () => {
  const gpus = [
    { pciAddress: '0000:01:00.0', pcieSwitch: 4 },
    { pciAddress: '0000:02:00.0', pcieSwitch: 4 },
  ];
  const shaped = said('inventory', [
    [
      'shape',
      'two',
      {
        gpus,
        nics: [
          { name: 'mlx5_0', pcieSwitch: 4 },
          { name: 'mlx5_1', pcieSwitch: 6 },
        ],
      },
    ],
    n('fra1/n1', { hostName: 'n1', shape: 'two' }),
  ]);

  test('are found by what the shape says of their slots', () => {
    const seen = said('hwloc', [
      ['gpu', 'fra1/n1/gpu0', { pciAddress: '0000:02:00.0', uuid: 'GPU-b' }],
      ['gpu', 'fra1/n1/gpu1', { pciAddress: '0000:01:00.0', uuid: 'GPU-a' }],
      ['nic', 'fra1/n1/nic0', { name: 'mlx5_1', mbps: 1 }],
    ]);
    const facts = recorded(shaped, seen).last.observation.facts.map(({ subject, set }) => [subject, set]);
    expect(facts).toEqual([
      ['fra1/n1/gpu0', { pciAddress: '0000:01:00.0', uuid: 'GPU-a' }],
      ['fra1/n1/gpu1', { pciAddress: '0000:02:00.0', uuid: 'GPU-b' }],
      ['fra1/n1/nic1', { name: 'mlx5_1', mbps: 1 }],
    ]);
  });

  test('have their switches called as the shape calls them', () => {
    const seen = said('hwloc', [
      ['gpu', 'fra1/n1/gpu0', { pciAddress: '0000:01:00.0', pcieSwitch: 0 }],
      ['nic', 'fra1/n1/nic1', { name: 'mlx5_1', pcieSwitch: 1 }],
    ]);
    const sets = recorded(shaped, seen).last.observation.facts.map(({ set }) => set);
    expect(sets).toMatchObject([{ pcieSwitch: 4 }, { pcieSwitch: 6 }]);
  });

  test('are told apart by no shape that is not named', () => {
    const other = said('inventory', [['shape', 'two', { gpus }], n('fra1/n1', { hostName: 'n1' })]);
    const seen = said('redfish', [['gpu', 'fra1/n1/gpu0', { pciAddress: '0000:02:00.0' }]]);
    expect(recorded(other, seen).last.observation.facts.map(({ subject }) => subject)).toEqual([
      'fra1/n1/gpu0',
    ]);
  });
});
