import { array, assert, constantFrom, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { kept, whereAllowed } from '../../../src/core/check/places.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { type Details, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { saidBy } from './findings.ts';

const racks = [
  'fra1/h1/r1 2×4 H100 nvlink rdma leaf',
  'fra1/h1/r2 2×4 H100 nvlink rdma leaf',
  'ams2/h1/a1 2×4 H100 nvlink rdma leaf',
];
const fleet = world(...racks);
const [n01, n02, other, far] = ['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'fra1/h1/r2/n01', 'ams2/h1/a1/n01'];

function where(more: object, words: string, text = '1×1'): readonly string[] {
  return saidBy(whereAllowed, fleet, demand(text, more), placement(4, `train 0 ${words}`));
}

describe('the places that were named', () => {
  test.each<readonly [string, string, boolean]>([
    ['fra1', `${n01} gpu0`, true],
    ['fra1/h1', `${n01} gpu0`, true],
    ['fra1/h1/r1', `${n01} gpu0`, true],
    [n01, `${n01} gpu0`, true],
    [`${n01}/gpu0`, `${n01} gpu0`, true],
    [`${n01}/gpu0`, `${n01} gpu1`, false],
    [`${n01}/gpu0`, `${n01} gpu0-1`, false],
    [`${n01}/gpu0`, `${n01} 0:100`, true],
    [`${n01}/gpu1`, `${n01} 0:100`, false],
    [`${n01}/gpu0`, `${n01} cpu1`, false],
    [n01, `${n01} cpu1`, true],
    ['fra1/h1/r', `${n01} gpu0`, false],
    ['fra1/h1/r2', `${n01} gpu0`, false],
    [n02, `${n01} gpu0`, false],
    ['ams2', `${n01} gpu0`, false],
  ])('%s has %s: %s', (place, words, isIn) => {
    const found = where({ where: [place] }, words);
    expect(found).toEqual(isIn ? [] : [`where: \`train\` 0 on ${n01} is outside ${place}`]);
  });

  test('one of several is enough, for each GPU', () => {
    expect(where({ where: [`${n01}/gpu0`, `${n01}/gpu3`, 'ams2'] }, `${n01} gpu0,3`)).toEqual([]);
    expect(where({ where: ['ams2', 'fra1/h1/r1'] }, `${n01} gpu0`)).toEqual([]);
  });

  test('of a part count for that part, beside those of all', () => {
    const text = 'train: 1×1 at:fra1 + eval: 1×1 at:ams2 + load: 1×1';
    const held = placement(4, `eval 0 ${n01} gpu0`, `load 0 ${far} gpu0`, `train 0 ${n02} gpu0`);
    expect(saidBy(whereAllowed, fleet, demand(text), held)).toEqual([
      `where: \`eval\` 0 on ${n01} is outside ams2`,
    ]);
    expect(saidBy(whereAllowed, fleet, demand(text, { where: [n01, n02] }), held)).toEqual([
      `where: \`eval\` 0 on ${n01} is outside ams2`,
      `where: \`load\` 0 on ${far} is outside ${n01}, ${n02}`,
    ]);
  });

  test('are those of the rack that was stated, not of the path', () => {
    const moved = world(...racks, { nodes: { [n01]: { rack: 'fra1/h1/r2' } } });
    const at = (place: string) =>
      saidBy(whereAllowed, moved, demand('1×1', { where: [place] }), placement(4, `train 0 ${n01} gpu0`));
    expect([at('fra1/h1/r2'), at(n01), at('fra1')]).toEqual([[], [], []]);
    expect(at('fra1/h1/r1')).toHaveLength(1);
  });
});

describe('the places that were excluded', () => {
  test.each<readonly [string, string, boolean]>([
    ['fra1', `${n01} gpu0`, true],
    [`${n01}/gpu0`, `${n01} gpu0`, true],
    [`${n01}/gpu0`, `${n01} gpu0-1`, true],
    [`${n01}/gpu0`, `${n01} gpu1`, false],
    [`${n01}/gpu0`, `${n01} 0:100`, true],
    [`${n01}/nic1`, `${n01} gpu0 nic1`, true],
    [`${n01}/nic1`, `${n01} gpu0 nic0`, false],
    [n01, `${n01} cpu1`, true],
    ['fra1/h1/r2', `${n01} cpu1`, false],
  ])('%s keeps out %s: %s', (place, words, isUsed) => {
    const found = where({ avoid: [place] }, words);
    expect(found).toEqual(isUsed ? [`avoid: \`train\` 0 on ${n01} uses ${place}`] : []);
  });

  test('are each told', () => {
    expect(where({ avoid: ['ams2', 'fra1', n01] }, `${n01} cpu1`)).toEqual([
      `avoid: \`train\` 0 on ${n01} uses fra1`,
      `avoid: \`train\` 0 on ${n01} uses ${n01}`,
    ]);
  });
});

/** What keeping together or apart says of replicas on these nodes. */
function saidOf(on: World, text: string, ...members: readonly string[]): readonly string[] {
  const lines = members.map((member, at) => `train ${at} ${member}`);
  return saidBy(kept, on, demand(`${members.length}×1 ${text}`), placement(4, ...lines));
}

function sharing(nodes: NonNullable<Details['nodes']>): World {
  return world(...racks, { nodes });
}

describe('an accelerator link domain', () => {
  const partly: Details = { gpus: { [`${n01}/gpu0`]: { island: 1 }, [`${n01}/gpu1`]: { island: 1 } } };
  test.each<readonly [string, World, readonly string[]]>([
    ['is the node where one link joins all its GPUs', fleet, []],
    ['is the one it shares with others', sharing({ [n01]: { island: 'fra1/nvl' } }), []],
    ['is none where nobody recorded a link', world('fra1/h1/r1 1×4 H100'), unrecorded('island')],
    ['is none where there is no link', world('fra1/h1/r1 1×4 H100 nolink'), unrecorded('island')],
    ['is none where the node has several', world('fra1/h1/r1 1×4 H100 nvlink island2'), unrecorded('island')],
    [
      'is none where it joins only some of its GPUs',
      world('fra1/h1/r1 1×4 H100 nvlink', partly),
      unrecorded('island'),
    ],
    ['is none without GPUs', world('fra1/h1/r1 1 nvlink cpu4'), unrecorded('island')],
  ])('%s', (_, on, expected) => {
    expect(saidOf(on, 'within:island', `${n01} cpu1`)).toEqual(expected);
  });

  test('may span nodes', () => {
    const both = sharing({ [n01]: { island: 'fra1/nvl' }, [n02]: { island: 'fra1/nvl' } });
    expect(saidOf(both, 'within:island', `${n01} gpu0`, `${n02} gpu0`)).toEqual([]);
    expect(saidOf(both, 'apart:island', `${n01} gpu0`, `${n02} gpu0`)).toEqual([
      'apart: `train` has 2 members in island fra1/nvl',
    ]);
    expect(saidOf(both, 'within:island', `${n01} gpu0`, `${other} gpu0`)).toEqual([
      `within: \`train\` is spread over 2 islands: fra1/h1/r2/n01, fra1/nvl`,
    ]);
  });
});

function unrecorded(level: string): readonly string[] {
  return [`within: \`train\`: the ${level} of some members is not recorded`];
}

describe('inside a node', () => {
  const on = world('fra1/h1/r1 2×4 H100 nvlink rdma numa2 roots4', {
    nics: { [`${n01}/nic1`]: { numaNode: 1 } },
  });
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['within:numa', [`${n01} gpu0`, `${n01} gpu1`], []],
    [
      'within:numa',
      [`${n01} gpu1`, `${n01} gpu2`],
      [`within: \`train\` is spread over 2 numas: ${n01} numaNode 0, ${n01} numaNode 1`],
    ],
    [
      'within:numa',
      [`${n01} gpu0`, `${n02} gpu0`],
      [`within: \`train\` is spread over 2 numas: ${n01} numaNode 0, ${n02} numaNode 0`],
    ],
    ['within:numa', [`${n01} gpu1-2`], unrecorded('numa')],
    ['within:numa', [`${n01} gpu0 nic1`], unrecorded('numa')],
    ['within:numa', [`${n01} gpu0 nic0`], []],
    ['within:numa', [`${n01} cpu1`], unrecorded('numa')],
    ['within:numa', [`${n01} 0:100 1:100`], []],
    [
      'within:pcie-root',
      [`${n01} gpu0`, `${n01} gpu1`],
      [`within: \`train\` is spread over 2 pcie-roots: ${n01} pcieRoot 0, ${n01} pcieRoot 1`],
    ],
    ['apart:numa', [`${n01} gpu1`, `${n01} gpu2`], []],
    [
      'apart:numa',
      [`${n01} gpu0`, `${n01} gpu1`],
      [`apart: \`train\` has 2 members in numa ${n01} numaNode 0`],
    ],
    ['apart:numa', [`${n01} gpu0`, `${n02} gpu0`], []],
  ])('%s of %j', (text, members, expected) => {
    expect(saidOf(on, text, ...members)).toEqual(expected);
  });
});

describe('spares that are there for the loss of a site', () => {
  const survive = { survive: { loss: 'site', membersLeft: 2 } };
  const said = (more: object, ...lines: readonly string[]) =>
    saidBy(
      kept,
      world(...racks, 'muc3/h1/m1 2×4 H100'),
      demand('2×1', { ...survive, ...more }),
      placement(4, ...lines),
    );
  const two = [`train 0 ${n01} gpu0`, `train 1 ${n02} gpu0`];
  test.each<readonly [string, object, readonly string[], readonly string[]]>([
    ['stand at one other', {}, ['ams2/h1/a1/n01 gpu0', 'ams2/h1/a1/n02 gpu0'], []],
    [
      'do not stand at two',
      {},
      ['ams2/h1/a1/n01 gpu0', 'muc3/h1/m1/n01 gpu0'],
      ['together: the spares is spread over 2 sites: ams2, muc3'],
    ],
    [
      'keep among themselves what the gang keeps',
      { together: 'rack' },
      ['ams2/h1/a1/n01 gpu0', 'ams2/h1/a1/n02 gpu0'],
      [],
    ],
  ])('%s', (_, more, spares, expected) => {
    expect(said(more, ...two, ...spares.map((spare, at) => `+ train ${2 + at} ${spare}`))).toEqual(expected);
  });

  test('are apart from each other where members are, and not from those', () => {
    const parts = demand('2×1 apart:rack').parts;
    const gang = [`train 0 ${n01} gpu0`, `train 1 ${other} gpu0`];
    expect(said({ parts }, ...gang, '+ train 2 ams2/h1/a1/n01 gpu0')).toEqual([]);
    expect(
      said({ parts }, ...gang, '+ train 2 ams2/h1/a1/n01 gpu0', '+ train 3 ams2/h1/a1/n02 gpu0'),
    ).toEqual(['apart: `train` has 2 members in rack ams2/h1/a1']);
  });

  test('stand with the members where a node or rack may be lost', () => {
    const wish = demand('2×1', { survive: { loss: 'rack', membersLeft: 2 } });
    const held = placement(4, ...two, `+ train 2 ${far} gpu0`);
    expect(saidBy(kept, fleet, wish, held)).toEqual([
      'together: the gang is spread over 2 sites: ams2, fra1',
    ]);
  });
});

describe('parts that choose their own site', () => {
  const text = 'train: 2×1 at:fra1|ams2 + eval: 1×1 + load: 1×1';
  const said = (more: object, ...nodes: readonly string[]) => {
    const names = ['eval 0', 'load 0', 'train 0', 'train 1'];
    const lines = names.map((name, at) => `${name} ${nodes[at]} gpu${at}`);
    return saidBy(kept, fleet, demand(text, more), placement(4, ...lines));
  };

  test('may leave the others, which stay together', () => {
    expect(said({}, n01, other, far, far)).toEqual([]);
    expect(said({}, n01, far, far, far)).toEqual(['together: the gang is spread over 2 sites: ams2, fra1']);
  });

  test('are each at one', () => {
    expect(said({}, n01, other, far, n01)).toEqual(['together: `train` is spread over 2 sites: ams2, fra1']);
  });

  test('stay where the gang is kept together in so many words', () => {
    expect(said({ together: 'site' }, n01, other, far, far)).toEqual([
      'together: the gang is spread over 2 sites: ams2, fra1',
    ]);
  });
});

const nodes = [
  'fra1/h1/r1/n01',
  'fra1/h1/r1/n02',
  'fra1/h1/r2/n01',
  'fra1/h2/r3/n01',
  'fra1/h2/r3/n02',
] as const;
const tree = world('fra1/h1/r1 2×8 H100 leaf', 'fra1/h1/r2 1×8 H100 leaf', 'fra1/h2/r3 2×8 H100 leaf');
const depths = { site: 1, hall: 2, rack: 3, leaf: 3, node: 4 } as const;

test('wherever replicas stand: one domain together, a domain each apart', () => {
  assert(
    property(
      array(integer({ min: 0, max: nodes.length - 1 }), { minLength: 1, maxLength: 5 }),
      constantFrom('site', 'hall', 'rack', 'leaf', 'node'),
      (at, level) => {
        const domains = at.map((one) => (nodes[one] ?? '').split('/').slice(0, depths[level]).join('/'));
        const members = at.map((one, gpu) => `${nodes[one]} gpu${gpu}`);
        const different = new Set(domains).size;
        const crowded = [...new Set(domains)].filter(
          (own) => domains.filter((one) => one === own).length > 1,
        );
        expect(saidOf(tree, `within:${level}`, ...members)).toHaveLength(different > 1 ? 1 : 0);
        expect(saidOf(tree, `together:${level}`, ...members)).toHaveLength(different > 1 ? 1 : 0);
        expect(saidOf(tree, `apart:${level}`, ...members)).toHaveLength(crowded.length);
      },
    ),
    { seed, numRuns: 60 },
  );
});
