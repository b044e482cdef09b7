import { describe, expect, test } from 'vitest';

import type { SourceName } from '../../../../src/model/fact.ts';
import { type Line, recorded, said, subjectsAfter } from './said.ts';

const n = (path: string, set: object = {}): Line => ['node', path, set];
const gpu = (path: string, uuid: string): Line => ['gpu', path, { uuid }];

/** The last import's problems: who is left out, whom it may be, and why. */
function left(before: readonly (readonly [SourceName, readonly Line[]])[], lines: readonly Line[]) {
  const told = before.map(([source, facts]) => said(source, facts));
  return recorded(...told, said('slurm', lines)).last.problems.map(
    ({ subject, candidates, why }) => [subject, candidates, why] as const,
  );
}

const two: readonly Line[] = [
  n('fra1/n1', { hostName: 'n1', serial: 'S1' }),
  n('fra1/n2', { hostName: 'n2', serial: 'S2' }),
];

describe('two machines of one import', () => {
  test('that come out as one known machine name it, then each other', () => {
    const why = 'fra1/a and fra1/b of the same import both seem to be fra1/n1';
    expect(
      left([['inventory', two]], [n('fra1/a', { hostName: 'n1' }), n('fra1/b', { hostName: 'n1.example' })]),
    ).toEqual([
      ['fra1/a', ['fra1/n1', 'fra1/b'], why],
      ['fra1/b', ['fra1/n1', 'fra1/a'], why],
    ]);
  });

  test('that nobody knew name each other alone when they carry one number', () => {
    const why = 'fra1/a and fra1/b of the same import all have the serial number S7';
    expect(
      left(
        [],
        [n('fra1/a', { serial: 'S7' }), n('fra1/b', { serial: 's7 ' }), n('fra1/c', { serial: 'S8' })],
      ),
    ).toEqual([
      ['fra1/a', ['fra1/b'], why],
      ['fra1/b', ['fra1/a'], why],
    ]);
  });

  test('with one GPU contradict each other like those with one serial number', () => {
    expect(
      left([], [gpu('fra1/a/gpu0', 'GPU-7'), gpu('fra1/b/gpu3', '7')]).map(([subject]) => subject),
    ).toEqual(['fra1/a', 'fra1/b']);
  });

  test('with one host name at two sites are two machines', () => {
    const file = said('slurm', [n('fra1/n1', { hostName: 'n1' }), n('ams2/n1', { hostName: 'n1' })]);
    expect(subjectsAfter(file)).toEqual(['ams2/n1', 'fra1/n1']);
  });

  test('of very many name eight others at most', () => {
    const many = Array.from({ length: 12 }, (_, at) => n(`fra1/m${at + 10}`, { serial: 'S7' }));
    const problems = left([], many);
    expect(problems).toHaveLength(12);
    expect(problems.map(([, candidates]) => candidates.length)).toEqual(problems.map(() => 8));
    expect(problems[0]?.[2]).toBe(
      'fra1/m10 and fra1/m11 and fra1/m12 of the same import all have the serial number S7',
    );
  });

  test('are told apart by an alias of the operator: the one it names is recorded, the other is not', () => {
    const decided = [n('fra1/n1', { hostName: 'n1', aliases: ['dgx-1'] })];
    const file = [n('fra1/a', { hostName: 'dgx-1' }), n('fra1/b', { hostName: 'n1' })];
    expect(left([['inventory', decided]], file).map(([subject]) => subject)).toEqual(['fra1/b']);
  });

  test('that one alias names both are neither recorded', () => {
    const decided = [n('fra1/n1', { hostName: 'n1', aliases: ['dgx-1', 'dgx-2'] })];
    const file = [n('fra1/a', { hostName: 'dgx-1' }), n('fra1/b', { hostName: 'dgx-2' })];
    expect(left([['inventory', decided]], file).map(([subject]) => subject)).toEqual(['fra1/a', 'fra1/b']);
  });
});

describe('one machine that fits several known ones', () => {
  test('names them in the order of their ids, with what belongs to whom', () => {
    expect(left([['inventory', two]], [n('fra1/n2', { serial: 'S1' })])).toEqual([
      [
        'fra1/n2',
        ['fra1/n1', 'fra1/n2'],
        'serial number S1 belongs to fra1/n1; host name n2 belongs to fra1/n2',
      ],
    ]);
  });

  test('whose aliases name two is not chosen for', () => {
    const decided = [
      n('fra1/n1', { hostName: 'n1', aliases: ['serial:S9'] }),
      n('fra1/n2', { hostName: 'n2', aliases: ['dgx-2'] }),
    ];
    expect(left([['inventory', decided]], [n('fra1/x', { hostName: 'dgx-2', serial: 'S9' })])).toEqual([
      ['fra1/x', ['fra1/n1', 'fra1/n2'], 'aliases of the inventory name several machines for it'],
    ]);
  });

  test('is the one of its own site, where an alias of another site has the same words', () => {
    const decided = [
      n('fra1/n1', { hostName: 'n1', aliases: ['dgx'] }),
      n('ams2/n1', { hostName: 'n1', aliases: ['dgx'] }),
    ];
    expect(subjectsAfter(said('inventory', decided), said('slurm', [n('ams2/dgx')]))).toEqual(['ams2/n1']);
  });
});

describe('an alias that is no decision', () => {
  test('because no operator wrote it finds the machine, and settles no contradiction', () => {
    const named = [n('fra1/n1', { hostName: 'n1', serial: 'S1', aliases: ['dgx-1'] })];
    expect(subjectsAfter(said('netbox', named), said('slurm', [n('fra1/x', { hostName: 'dgx-1' })]))).toEqual(
      ['fra1/n1'],
    );
    expect(left([['netbox', named]], [n('fra1/x', { hostName: 'dgx-1', serial: 'S9' })])).toEqual([
      ['fra1/x', ['fra1/n1'], 'it is called like fra1/n1, but the serial number differs: S9 here, S1 there'],
    ]);
  });
});

/** Seven machines whose serial numbers begin with a digit. */
function numbered(digit: number) {
  const lines = Array.from({ length: 7 }, (_, at) => n(`fra1/n${at}`, { serial: `S${digit}${at}` }));
  return said('netbox', lines);
}

describe('a number that differs', () => {
  const uuidA = '01020304-0506-0708-090a-0b0c0d0e0f10';
  const uuidB = '11121314-1516-1718-191a-1b1c1d1e1f20';

  test('contradicts where another source has told it, not where the same one has', () => {
    const before = (source: SourceName) => [[source, [n('fra1/n1', { serial: 'S1' })]]] as const;
    expect(left(before('netbox'), [n('fra1/n1', { serial: 'S2' })])).toHaveLength(1);
    expect(left(before('slurm'), [n('fra1/n1', { serial: 'S2' })])).toEqual([]);
  });

  test('contradicts where one of two sources that have told it is another', () => {
    const line = n('fra1/n1', { serial: 'S1' });
    expect(
      left(
        [
          ['slurm', [line]],
          ['netbox', [line]],
        ],
        [n('fra1/n1', { serial: 'S2' })],
      ),
    ).toHaveLength(1);
  });

  test('does not contradict beside another of its kind that is shared', () => {
    const known = n('fra1/n1', { hostName: 'n1', serial: 'S1', aliases: ['serial:S2'] });
    expect(left([['netbox', [known]]], [n('fra1/n1', { serial: 'S2' })])).toEqual([]);
  });

  test('of GPUs does not contradict where the system UUID is shared: cards are replaced', () => {
    const known: readonly Line[] = [n('fra1/n1', { systemUuid: uuidA }), gpu('fra1/n1/gpu0', 'GPU-1')];
    const seen = (systemUuid: object) => [n('fra1/n1', systemUuid), gpu('fra1/n1/gpu0', 'GPU-2')];
    expect(left([['dra', known]], seen({ systemUuid: uuidA })).map(([subject]) => subject)).toEqual([]);
    expect(left([['dra', known]], seen({})).map(([, , why]) => why)).toEqual([
      'it is called like fra1/n1, but the UUID of its GPUs differs: 2 here, 1 there',
    ]);
    expect(left([['dra', known]], seen({ systemUuid: uuidB })).map(([, , why]) => why)).toEqual([
      expect.stringContaining('the system UUID differs'),
    ]);
  });

  test('of some GPUs does not contradict where one is shared', () => {
    const known = [gpu('fra1/n1/gpu0', 'GPU-1'), gpu('fra1/n1/gpu1', 'GPU-2')];
    expect(left([['dra', known]], [gpu('fra1/n1/gpu0', 'GPU-1'), gpu('fra1/n1/gpu1', 'GPU-9')])).toEqual([]);
  });

  test('that its only source takes back is said of the first five machines', () => {
    const { assumptions } = recorded(numbered(1), numbered(2)).last.observation;
    expect(assumptions).toHaveLength(6);
    expect(assumptions[0]).toBe('fra1/n0 had the serial number S10 and has the serial number S20 now');
    expect(assumptions[5]).toBe('and 2 more machines with changed numbers');
  });
});

describe('a long host name', () => {
  test.each<[string, readonly string[], string, readonly string[]]>([
    ['is the short one that is known', ['n1'], 'n1.a.example', ['fra1/k0']],
    ['is found by its short form', ['n1.a.example'], 'n1', ['fra1/k0']],
    ['is not the short one of a machine with another long one', ['n1.a.example'], 'n1.b.example', ['fra1/x']],
    ['comes before the same short one', ['n1', 'n1.a.example'], 'n1.a.example', ['fra1/k1']],
  ])('%s', (_, known, seen, expected) => {
    const books = said(
      'inventory',
      known.map((hostName, at) => n(`fra1/k${at}`, { hostName })),
    );
    expect(subjectsAfter(books, said('slurm', [n('fra1/x', { hostName: seen })]))).toEqual(expected);
  });

  test('whose short form two have is left out', () => {
    const books: readonly Line[] = [
      n('fra1/k0', { hostName: 'n1.a.example' }),
      n('fra1/k1', { hostName: 'n1.b.example' }),
    ];
    expect(left([['inventory', books]], [n('fra1/x', { hostName: 'n1' })])).toEqual([
      ['fra1/x', ['fra1/k0', 'fra1/k1'], 'its name belongs to fra1/k0; its name belongs to fra1/k1'],
    ]);
  });
});

test('an address of numbers is no long name of its first number', () => {
  const books = said('inventory', [n('fra1/k0', { hostName: '10' })]);
  expect(subjectsAfter(books, said('slurm', [n('fra1/x', { hostName: '10.0.0.1' })]))).toEqual(['fra1/x']);
});

/** What is to be done about each problem of an import. */
function fixes(lines: readonly Line[], before: readonly Line[] = two): readonly string[] {
  return recorded(said('inventory', before), said('slurm', lines)).last.problems.map(({ fix }) => fix);
}

describe('a way out', () => {
  test.each<[string, Line, string]>([
    [
      'by the serial number before the name',
      n('fra1/n1', { hostName: 'n1', serial: 'S9' }),
      "{ n1: ['serial:S9'] }",
    ],
    ['at the first machine that it may be', n('fra1/n2', { serial: 'S1' }), "{ n1: ['serial:S1'] }"],
  ])('is an alias %s', (_, line, expected) => {
    expect(fixes([line])[0]).toContain(`aliases: ${expected}`);
  });

  test('is an alias by the name before one by a GPU', () => {
    const known = [...two, gpu('fra1/n1/gpu0', 'GPU-1'), gpu('fra1/n2/gpu0', 'GPU-2')];
    const seen = [gpu('unplaced/x/gpu0', 'GPU-1'), gpu('unplaced/x/gpu1', 'GPU-2')];
    expect(fixes(seen, known)[0]).toContain("{ n1: ['x'] }");
  });

  test('for a machine without a place is to say the place', () => {
    const { last } = recorded(said('slurm', [n('unplaced/x', { serial: 'S9' })]));
    expect(last.problems).toMatchObject([
      { kind: 'unplaced', candidates: [], identifiers: ['serial number S9', 'host name x'] },
    ]);
    expect(last.problems[0]?.fix).toContain('`--site`');
  });
});

describe('a machine without a host name', () => {
  test('is called by a path that has no more than a site before it, also after one that has', () => {
    const file = said('slurm', [n('fra1/h1/r1/x', { hostName: 'x' }), n('fra1/h1/r1/y'), n('unplaced/n2')]);
    expect(subjectsAfter(said('inventory', two), file)).toEqual(['fra1/h1/r1/x', 'fra1/h1/r1/y', 'fra1/n2']);
  });

  test('is the one with its serial number, whatever that one is called', () => {
    const file = said('slurm', [n('fra1/h1/r1/u7', { serial: 'S2' })]);
    expect(subjectsAfter(said('inventory', two), file)).toEqual(['fra1/n2']);
  });

  test('is not the one with the same last word in its path', () => {
    const file = said('slurm', [n('fra1/h1/r1/n1')]);
    expect(subjectsAfter(said('inventory', two), file)).toEqual(['fra1/h1/r1/n1']);
  });
});

test('a problem tells how many facts are left out, and where the first of them was read', () => {
  const file = said('slurm', [n('fra1/n2'), n('fra1/n1', { serial: 'S9' }), gpu('fra1/n1/gpu0', 'GPU-1')]);
  expect(recorded(said('inventory', two), file).last.problems).toMatchObject([
    { subject: 'fra1/n1', factCount: 2, origin: { file: 'slurm.txt', line: 2 } },
  ]);
});
