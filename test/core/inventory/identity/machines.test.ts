import { describe, expect, test } from 'vitest';

import { Unknown } from '../../../../src/model/fact.ts';
import { type Line, problemsAfter, recorded, said, setAfter, subjectsAfter } from './said.ts';

const uuid = '4c4c4544-0051-3510-8052-b4c04f4d3233';
const swapped = '44454c4c-5100-1035-8052-b4c04f4d3233';

const rack: Line = ['rack', 'fra1/h1/r11', {}];
const hall: Line = ['hall', 'fra1/h1', {}];
function node(subject: string, set: object = {}): Line {
  return ['node', subject, set];
}

/** The operator's inventory: one machine with its host name and a rack, and more of it where a test needs that. */
function books(set: object = {}) {
  return said('inventory', [hall, rack, node('fra1/h1/r11/n02', { hostName: 'fra1-r11-n02', ...set })]);
}

describe('a machine is found', () => {
  const byHost = books();
  test.each([
    ['by its host name within the site', byHost, 'fra1/fra1-r11-n02', { hostName: 'fra1-r11-n02' }],
    ['by a host name written in capitals', byHost, 'fra1/x', { hostName: 'FRA1-R11-N02' }],
    ['by a host name with a dot at its end', byHost, 'fra1/x', { hostName: 'fra1-r11-n02.' }],
    ['by its host name where the site is not said', byHost, 'unplaced/fra1-r11-n02', {}],
    ['by the name in its path alone', byHost, 'fra1/fra1-r11-n02', {}],
    [
      'by its long name where the short one is known',
      byHost,
      'fra1/x',
      { hostName: 'fra1-r11-n02.a.example' },
    ],
    ['by its path', byHost, 'fra1/h1/r11/n02', {}],
    ['by its path though the host name is another', byHost, 'fra1/h1/r11/n02', { hostName: 'dgx-7' }],
    ['by its serial number', books({ serial: 'ab12' }), 'unplaced/fra1-r11-n02', { serial: ' AB12 ' }],
    ['by its system UUID', books({ systemUuid: uuid }), 'unplaced/fra1-r11-n02', { systemUuid: uuid }],
    [
      'by its system UUID in the other byte order',
      books({ systemUuid: uuid }),
      'unplaced/fra1-r11-n02',
      { systemUuid: swapped },
    ],
    ['by an alias', books({ aliases: ['dgx-02'] }), 'fra1/dgx-02', { hostName: 'dgx-02' }],
    [
      'by a serial number among the aliases',
      books({ aliases: ['serial:AB12'] }),
      'unplaced/other',
      { serial: 'AB12' },
    ],
    [
      'by an alias against its own serial number',
      books({ serial: 'AB12', aliases: ['dgx-02'] }),
      'fra1/dgx-02',
      { serial: 'CD34' },
    ],
  ])('%s', (_, before, subject, set) => {
    expect(subjectsAfter(before, said('hwloc', [node(subject, set)]))).toEqual(['fra1/h1/r11/n02']);
  });

  test('by the UUID of a GPU, with or without the word before it', () => {
    const before = said('nvidia-smi', [
      node('fra1/n1', { hostName: 'n1' }),
      ['gpu', 'fra1/n1/gpu0', { uuid: 'GPU-4b5f8a0c-1111-2222-3333-444455556666' }],
    ]);
    const after = said('redfish', [
      ['gpu', 'unplaced/n1/gpu0', { uuid: '4B5F8A0C-1111-2222-3333-444455556666' }],
    ]);
    expect(subjectsAfter(before, after)).toEqual(['fra1/n1/gpu0']);
  });

  test('by an alias that the inventory tells after another source has named it', () => {
    const cluster = said('kubernetes', [node('fra1/dgx-02', { hostName: 'dgx-02' })]);
    const after = setAfter('fra1/dgx-02', cluster, books({ aliases: ['dgx-02'] }));
    expect(after).toMatchObject({ rack: 'fra1/h1/r11', hostName: 'fra1-r11-n02' });
  });
});

describe('a machine is new', () => {
  test.each([
    ['where its name is another', 'fra1/n9', { hostName: 'n9' }],
    ['where the same name is known at another site', 'ams2/fra1-r11-n02', {}],
    ['where its firmware says what that of thousands says', 'fra1/n9', { serial: 'To Be Filled By O.E.M.' }],
    ['where it is called like everybody', 'fra1/localhost', { hostName: 'localhost' }],
  ])('%s', (_, subject, set) => {
    const known = books({
      serial: 'To be filled by O.E.M.',
      systemUuid: '00000000-0000-0000-0000-000000000000',
    });
    expect(subjectsAfter(known, said('hwloc', [node(subject, set)]))).toEqual([subject]);
  });

  test('where its long name has the short form of another long one', () => {
    const known = said('slurm', [node('fra1/n1.a.example', { hostName: 'n1.a.example' })]);
    const after = said('hwloc', [node('fra1/n1.b.example', { hostName: 'n1.b.example' })]);
    expect(subjectsAfter(known, after)).toEqual(['fra1/n1.b.example']);
  });

  test('where only the first number of its address is the same', () => {
    const known = said('prometheus', [node('fra1/10.0.0.1', { hostName: '10.0.0.1' })]);
    expect(subjectsAfter(known, said('hwloc', [node('fra1/10.0.0.2', {})]))).toEqual(['fra1/10.0.0.2']);
  });
});

describe('nothing is recorded of a machine', () => {
  const two = said('inventory', [
    node('fra1/n1', { hostName: 'n1', serial: 'S1' }),
    node('fra1/n2', { hostName: 'n2', serial: 'S2' }),
  ]);
  const withGpus = said('dra', [
    ['gpu', 'fra1/n1/gpu0', { uuid: 'GPU-aaaa' }],
    ['gpu', 'fra1/n2/gpu0', { uuid: 'GPU-bbbb' }],
  ]);
  test.each([
    [
      'called like one with another serial number',
      [node('fra1/n1', { serial: 'S9' })],
      /serial number differs: S9 here, S1 there/u,
    ],
    [
      'with the serial number of one called otherwise',
      [node('fra1/n7', { serial: 'S1' })],
      /serial number S1 with fra1\/n1, but the host names differ/u,
    ],
    [
      'with the name of one and the serial number of another',
      [node('fra1/n1', { hostName: 'n1', serial: 'S2' })],
      /S2 belongs to fra1\/n2; host name n1 belongs to fra1\/n1/u,
    ],
    [
      'with the serial number of one at another site',
      [node('ams2/n1', { hostName: 'n1', serial: 'S1' })],
      /known at fra1, and this says ams2/u,
    ],
    [
      'with GPUs of two machines',
      [
        ['gpu', 'unplaced/x/gpu0', { uuid: 'GPU-aaaa' }],
        ['gpu', 'unplaced/x/gpu1', { uuid: 'GPU-bbbb' }],
      ],
      /GPU UUID aaaa belongs to fra1\/n1; GPU UUID bbbb belongs to fra1\/n2/u,
    ],
    [
      'whose GPUs are all others',
      [['gpu', 'fra1/n1/gpu0', { uuid: 'GPU-cccc' }]],
      /UUID of its GPUs differs: cccc here, aaaa there/u,
    ],
    ['of which nobody knows where it is', [node('unplaced/n7')], /no known machine has its name or numbers/u],
  ] satisfies [string, Line[], RegExp][])('%s', (_, lines, why) => {
    const { last } = recorded(two, withGpus, said('hwloc', lines));
    expect(last.observation.facts).toEqual([]);
    expect(last.problems).toHaveLength(1);
    expect(last.problems[0]?.why).toMatch(why);
    expect(last.observation.unknown.map(({ attribute }) => attribute)).toEqual(['identity']);
    expect(last.observation.unknown[0]?.why).toContain('is not recorded');
  });

  test('while the others of the same file are', () => {
    const file = said('hwloc', [
      node('fra1/n1', { serial: 'S9' }),
      node('fra1/n2', { serial: 'S2' }),
      node('unplaced/n3'),
    ]);
    expect(subjectsAfter(two, file)).toEqual(['fra1/n2']);
    expect(problemsAfter(two, file)).toHaveLength(2);
  });

  test('where two of one file have one serial number, known or not', () => {
    const file = said('netbox', [
      node('fra1/n1', { serial: 'S1' }),
      node('fra1/n8', { serial: 'S1' }),
      node('fra1/n9'),
    ]);
    expect(subjectsAfter(file)).toEqual(['fra1/n9']);
    expect(subjectsAfter(two, file)).toEqual(['fra1/n9']);
  });

  test('where two of one file seem to be the same known machine', () => {
    const file = said('slurm', [
      node('fra1/n1', { hostName: 'n1' }),
      node('fra1/n1.example', { hostName: 'n1.example' }),
      node('fra1/x', { hostName: 'n1' }),
    ]);
    expect(problemsAfter(two, file)).toContainEqual(expect.stringMatching(/both seem to be fra1\/n1$/u));
  });

  test('whose name stands at two sites, until the site is said', () => {
    const sites = said('inventory', [
      node('fra1/n1', { hostName: 'n1' }),
      node('ams2/n1', { hostName: 'n1' }),
    ]);
    expect(problemsAfter(sites, said('hwloc', [node('unplaced/n1')]))).toHaveLength(1);
    expect(subjectsAfter(sites, said('hwloc', [node('ams2/n1')]))).toEqual(['ams2/n1']);
  });

  test('and the way out is an alias that settles it', () => {
    const disputed = said('hwloc', [node('fra1/n1', { hostName: 'n1', serial: 'S9' })]);
    const [problem] = recorded(two, disputed).last.problems;
    expect(problem?.fix).toContain("`aliases: { n1: ['serial:S9'] }`");
    const settled = said('inventory', [
      node('fra1/n1', { hostName: 'n1', serial: 'S1', aliases: ['serial:S9'] }),
    ]);
    expect(subjectsAfter(two, settled, disputed)).toEqual(['fra1/n1']);
  });

  test('unless the same source takes back its own word, which is said', () => {
    const before = said('netbox', [node('fra1/n1', { hostName: 'n1', serial: 'S1' })]);
    const { last } = recorded(before, said('netbox', [node('fra1/n1', { hostName: 'n1', serial: 'S2' })]));
    expect(last.problems).toEqual([]);
    expect(last.observation.assumptions).toEqual([
      'fra1/n1 had the serial number S1 and has the serial number S2 now',
    ]);
  });

  test('and what was unknown about it goes too, but not what is unknown about others', () => {
    const gaps = [
      { subject: 'fra1/n1/gpu0', attribute: 'a', why: 'x', origin: { file: 'f' } },
      { subject: 'fra1/n2', attribute: 'b', why: 'x', origin: { file: 'f' } },
      { attribute: 'c', why: 'x', origin: { file: 'f' } },
    ];
    const file = said('hwloc', [node('fra1/n1', { serial: 'S9' }), node('fra1/n2')]);
    const { last } = recorded(two, { ...file, unknown: gaps.map((gap) => Unknown.parse(gap)) });
    expect(last.observation.unknown.map(({ attribute }) => attribute)).toEqual(['b', 'c', 'identity']);
  });
});

describe('places', () => {
  test('a rack that comes later stands beside the path that came first', () => {
    const cluster = said('kubernetes', [node('fra1/fra1-r11-n02', { hostName: 'fra1-r11-n02' })]);
    expect(setAfter('fra1/fra1-r11-n02', cluster, books())).toMatchObject({ rack: 'fra1/h1/r11' });
  });

  test('a hall counts as one where no rack is known', () => {
    const cluster = said('kubernetes', [node('fra1/n2', { hostName: 'n2' })]);
    const plan = said('inventory', [hall, node('fra1/h1/n02', { hostName: 'n2' })]);
    expect(setAfter('fra1/n2', cluster, plan)).toMatchObject({ rack: 'fra1/h1' });
  });

  test('another rack than that of the path is believed of the inventory only', () => {
    const other: Line = ['rack', 'fra1/h1/r12', {}];
    const moved = [rack, other, node('fra1/h1/r12/n02', { hostName: 'fra1-r11-n02' })];
    expect(setAfter('fra1/h1/r11/n02', books(), said('inventory', moved))).toMatchObject({
      rack: 'fra1/h1/r12',
    });
    const { last } = recorded(books(), said('netbox', moved));
    expect(last.observation.facts.find(({ kind }) => kind === 'node')?.set).not.toHaveProperty('rack');
    expect(last.observation.unknown).toMatchObject([{ subject: 'fra1/h1/r11/n02', attribute: 'rack' }]);
    expect(last.observation.unknown[0]?.why).toContain('netbox says fra1/h1/r12');
  });

  test('a rack that repeats the path is kept, and one that the inventory has moved it to', () => {
    const same = said('netbox', [rack, node('fra1/n02', { hostName: 'fra1-r11-n02', rack: 'fra1/h1/r11' })]);
    expect(setAfter('fra1/h1/r11/n02', books(), same)).toMatchObject({ rack: 'fra1/h1/r11' });
    const moved = said('netbox', [
      ['rack', 'fra1/h1/r12', {}],
      node('fra1/n02', { hostName: 'fra1-r11-n02', rack: 'fra1/h1/r12' }),
    ]);
    expect(setAfter('fra1/h1/r11/n02', books({ rack: 'fra1/h1/r12' }), moved)).toMatchObject({
      rack: 'fra1/h1/r12',
    });
  });

  test('switches of a file without a site stand where its machines do', () => {
    const fabric = said('topograph', [
      node('unplaced/fra1-r11-n02', { leaf: 'unplaced/sw1', island: 'unplaced/nvl1' }),
      ['leaf', 'unplaced/sw1', { spine: 'unplaced/core1' }],
    ]);
    const { last } = recorded(books(), fabric);
    expect(last.observation.facts.map(({ subject, set }) => [subject, set])).toEqual([
      ['fra1/h1/r11/n02', { leaf: 'fra1/sw1', island: 'fra1/nvl1' }],
      ['fra1/sw1', { spine: 'fra1/core1' }],
    ]);
    expect(last.observation.assumptions).toEqual([
      'what the file lists beside its machines stands at fra1, as they do',
    ]);
  });

  test('and are not recorded where the machines stand at several sites or none is known', () => {
    const both = said('inventory', [
      node('fra1/n1', { hostName: 'n1' }),
      node('ams2/n2', { hostName: 'n2' }),
    ]);
    const fabric = said('topograph', [
      node('unplaced/n1', { leaf: 'unplaced/sw1' }),
      node('unplaced/n2'),
      ['leaf', 'unplaced/sw1', {}],
    ]);
    const { last } = recorded(both, fabric);
    expect(last.observation.facts.map(({ subject, set }) => [subject, set])).toEqual([
      ['ams2/n2', {}],
      ['fra1/n1', {}],
    ]);
    expect(last.problems.map(({ subject }) => subject)).toEqual(['unplaced/sw1']);
  });
});

test('what is recorded comes out the same when it is read again', () => {
  const file = said('hwloc', [
    node('unplaced/fra1-r11-n02', { serial: 'S1' }),
    ['gpu', 'unplaced/fra1-r11-n02/gpu0', { pciAddress: '0000:1b:00.0', pcieSwitch: 7 }],
    node('unplaced/unknown'),
  ]);
  const shape: Line = ['shape', 'one', { gpus: [{ pcieSwitch: 0 }] }];
  const before = said('inventory', [
    shape,
    hall,
    rack,
    node('fra1/h1/r11/n02', { hostName: 'fra1-r11-n02', shape: 'one' }),
  ]);
  const once = recorded(before, file).last;
  expect(recorded(before, file, file).last).toEqual(once);
  expect(once.observation.facts).toHaveLength(2);
});
