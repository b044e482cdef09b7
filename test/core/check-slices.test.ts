import { describe, expect, test } from 'vitest';

import { check } from '../../src/core/check.ts';
import type { Demand } from '../../src/model/demand.ts';
import type { Placement } from '../../src/model/placement.ts';
import { demand } from './demand.ts';
import { type Details, hourMs, t0, verdictAll, type World, world } from './fleet.ts';
import { granted, placement } from './placement.ts';

const h100 = 'H100-SXM-80GB nvlink mig gpumem80 cpu128 mem1024 gpuw700 basew1600';
const line = `fra1/h1/r1 1×2 ${h100}`;
const fleet = world(line);
const n01 = 'fra1/h1/r1/n01';

/** `1g.10gb` and `250` with what belongs to them on this node. */
const mig = 'cpu8 mem64 215W';
const half = 'cpu32 mem256 750W';

type Row = {
  readonly fault: string;
  readonly given?: World;
  readonly ask?: Demand;
  readonly hold?: Placement;
  readonly finds: readonly string[];
};

function findings({
  given = fleet,
  ask = demand('1×1 mig:1g.10gb 1h'),
  hold = ours(`0:1g.10gb@6 ${mig}`),
}: Row) {
  return check(given.state, ask, verdictAll(given.state, 'allowed'), hold).map(
    ({ constraint, note }) => `${constraint}: ${note}`,
  );
}

function finds(rows: readonly Row[]): void {
  test.each(rows.map((row) => [row.fault, row] as const))('%s', (_, row) => {
    expect(findings(row)).toEqual(row.finds);
  });
}

function ours(...words: readonly string[]): Placement {
  return placement(1, ...words.map((word, replica) => `train ${replica} ${n01} ${word}`));
}

/** The node with somebody else's member on it, from `fromH` to `toH`. */
function busy(words: string, [fromH, toH] = [0, 1], before = fleet): World {
  const held = placement(1, `train 0 ${n01} ${words}`);
  const times = { startMs: t0 + fromH * hourMs, endMs: t0 + toH * hourMs };
  return granted(before, demand('1×1', { tenant: 'globex' }), { ...held, ...times });
}

function known(details: Details, words = line): World {
  return world(words, details);
}

const replicas = (count: number, slice: string) => demand(`${count}×1 ${slice} 1h`);

describe('slices that keep every promise', () => {
  finds([
    { fault: 'an instance at a legal start', finds: [] },
    { fault: 'beside another instance', given: busy('0:1g.10gb@5'), finds: [] },
    { fault: 'where media engines are held by another', given: busy('0:1g.10gb+me@0'), finds: [] },
    {
      fault: 'two shares that fill a GPU',
      ask: replicas(2, 'share:500'),
      hold: ours(`0:500 ${half}`, `0:500 ${half}`),
      finds: [],
    },
    {
      fault: 'a share beside shares that are never there together',
      given: busy('0:600', [1, 2], busy('0:600', [0, 1])),
      ask: demand('1×1 share:400 cpu0 mem0 2h'),
      hold: { ...ours('0:400 600W'), endMs: t0 + 2 * hourMs },
      finds: [],
    },
    { fault: 'beginning when a whole hold ends', given: busy('gpu0', [-1, 0]), finds: [] },
    { fault: 'ending when another mode begins', given: busy('0:999', [1, 2]), finds: [] },
    {
      fault: 'whole where slices are over',
      given: busy('0:1g.10gb@0', [-3, 0]),
      ask: demand('1×1 1h'),
      hold: ours('gpu0 cpu64 mem512 1500W'),
      finds: [],
    },
  ]);
});

describe('the list of slices', () => {
  const shares = demand('1×2 share:500 1h');
  const both = 'cpu64 mem512 1500W';
  finds([
    {
      fault: 'one too few',
      ask: shares,
      hold: ours(`0:500 ${both}`),
      finds: [
        'cpu-share: `train` 0 on fra1/h1/r1/n01 holds 64000 mCPU, it is due 32000',
        'memory-share: `train` 0 on fra1/h1/r1/n01 holds 524288 MiB, it is due 262144',
        'slice-count: `train` 0 on fra1/h1/r1/n01 has 1 slices, asked for 2',
      ],
    },
    {
      fault: 'two shares of a replica on one GPU',
      ask: shares,
      hold: ours(`0:500 0:500 ${both}`),
      finds: ['slice-list: `train` 0 on fra1/h1/r1/n01: 500/1000 of gpu0, 500/1000 of gpu0 are not in order'],
    },
    {
      fault: 'not in the order of GPUs',
      ask: shares,
      hold: ours(`1:500 0:500 ${both}`),
      finds: ['slice-list: `train` 0 on fra1/h1/r1/n01: 500/1000 of gpu1, 500/1000 of gpu0 are not in order'],
    },
    {
      fault: 'a smaller share than was asked for',
      ask: replicas(1, 'share:501'),
      hold: ours(`0:500 ${half}`),
      finds: ['slice: `train` 0 on fra1/h1/r1/n01: 500/1000 of gpu0, asked for 501/1000'],
    },
    {
      fault: 'another profile than was asked for',
      ask: replicas(1, 'mig:2g.20gb'),
      finds: ['slice: `train` 0 on fra1/h1/r1/n01: 1g.10gb at start 6 on gpu0, asked for 2g.20gb'],
    },
    {
      fault: 'a share in place of an instance',
      hold: ours('0:125 cpu8 mem64 215W'),
      finds: ['slice: `train` 0 on fra1/h1/r1/n01: 125/1000 of gpu0, asked for 1g.10gb'],
    },
    {
      fault: 'a slice where a whole GPU was asked for',
      ask: demand('1×1 1h'),
      hold: ours('0:999 cpu64 mem512 1500W'),
      finds: [
        'gpu-count: `train` 0 on fra1/h1/r1/n01 has 0 GPUs, asked for 1',
        'slice-count: `train` 0 on fra1/h1/r1/n01 has 1 slices, asked for 0',
      ],
    },
    {
      fault: 'a whole GPU where a slice was asked for',
      hold: ours('gpu0 cpu64 mem512 1500W'),
      finds: [
        'gpu-count: `train` 0 on fra1/h1/r1/n01 has 1 GPUs, asked for 0',
        'slice-count: `train` 0 on fra1/h1/r1/n01 has 0 slices, asked for 1',
      ],
    },
    {
      fault: 'a GPU that the node does not have',
      hold: ours(`2:1g.10gb@6 ${mig}`),
      finds: [
        'cpu-share: `train` 0 on fra1/h1/r1/n01 holds 8000 mCPU, it is due 64000',
        'device-known: `train` 0 on fra1/h1/r1/n01: 1g.10gb at start 6 on gpu2: the node has 2 GPUs',
        'member-power: `train` 0 on fra1/h1/r1/n01 holds 215 W, it may draw 1500',
        'memory-share: `train` 0 on fra1/h1/r1/n01 holds 65536 MiB, it is due 524288',
      ],
    },
  ]);
});

describe('what a GPU can give', () => {
  const at = '`train` 0 on fra1/h1/r1/n01: 1g.10gb at start 6 on gpu0';
  const share = '`train` 0 on fra1/h1/r1/n01: 500/1000 of gpu0';
  const sharing = (word: string, gpu: object = {}) =>
    known({ nodes: { [n01]: { sharing: word } }, gpus: { [`${n01}/gpu0`]: gpu } });
  const bare = (words: string) => known({}, line.replace(' mig ', ` ${words} `));
  const shared: Pick<Row, 'ask' | 'hold'> = { ask: replicas(1, 'share:500'), hold: ours(`0:500 ${half}`) };
  finds([
    {
      fault: 'a start where none may begin',
      hold: ours(`0:1g.10gb@7 ${mig}`),
      finds: [
        'mig-start: `train` 0 on fra1/h1/r1/n01: 1g.10gb at start 7 on gpu0 begins where none may begin',
      ],
    },
    {
      fault: 'an odd start of a large instance',
      ask: replicas(1, 'mig:3g.40gb'),
      hold: ours(`0:3g.40gb@2 ${half}`),
      finds: [
        'mig-start: `train` 0 on fra1/h1/r1/n01: 3g.40gb at start 2 on gpu0 begins where none may begin',
      ],
    },
    {
      fault: 'four compute slices behind three',
      ask: replicas(1, 'mig:4g.40gb'),
      hold: ours('0:4g.40gb@4 cpu32 mem256 858W'),
      finds: [
        'mig-start: `train` 0 on fra1/h1/r1/n01: 4g.40gb at start 4 on gpu0 begins where none may begin',
      ],
    },
    {
      fault: 'a profile of another model',
      ask: replicas(1, 'mig:1g.5gb'),
      hold: ours('0:1g.5gb@6 cpu64 mem512 1500W'),
      finds: [
        'mig-profile: `train` 0 on fra1/h1/r1/n01: 1g.5gb at start 6 on gpu0: H100-SXM-80GB is not known to have it',
      ],
    },
    {
      fault: 'a profile of no model',
      given: known({}, line.replace('H100-SXM-80GB', 'L40S-48GB')),
      finds: [
        'cpu-share: `train` 0 on fra1/h1/r1/n01 holds 8000 mCPU, it is due 64000',
        'member-power: `train` 0 on fra1/h1/r1/n01 holds 215 W, it may draw 1500',
        'memory-share: `train` 0 on fra1/h1/r1/n01 holds 65536 MiB, it is due 524288',
        `mig-profile: ${at}: L40S-48GB is not known to have it`,
      ],
    },
    {
      fault: 'MIG where it is not possible',
      given: bare('nomig'),
      finds: [`mig-capable: ${at}: MIG is not possible`],
    },
    {
      fault: 'MIG where nobody said so',
      given: bare('nolink'),
      finds: [`mig-capable: ${at}: MIG is not recorded`],
    },
    {
      fault: 'MIG on a node with time slices',
      given: sharing('time-slicing'),
      finds: [`gpu-sharing: ${at}: the node's sharing is time-slicing`],
    },
    {
      fault: 'another profile on a node with one',
      given: sharing('mig-single', { migProfile: '3g.40gb' }),
      finds: [`mig-profile: ${at}: the node is cut into 3g.40gb only`],
    },
    {
      fault: 'any profile on a node whose one is not known',
      given: sharing('mig-single'),
      finds: [`mig-profile: ${at}: the node is cut into unknown profiles only`],
    },
    {
      fault: 'the one profile of a node',
      given: sharing('mig-single', { migProfile: '1g.10gb' }),
      finds: [],
    },
    { fault: 'a share of time slices', given: sharing('time-slicing'), ...shared, finds: [] },
    {
      fault: 'a share on a node in MIG mode',
      given: sharing('mig-mixed'),
      ...shared,
      finds: [`gpu-sharing: ${share}: the node's sharing is mig-mixed`],
    },
    {
      fault: 'a share where nobody knows how GPUs are shared',
      given: sharing('unknown'),
      ...shared,
      finds: [`gpu-sharing: ${share}: the node's sharing is unknown`],
    },
    {
      fault: 'a GPU that is down',
      given: sharing('none', { health: 'down' }),
      finds: [`gpu-health: ${at}: the GPU is down`],
    },
    {
      fault: 'too little memory of a share',
      ask: replicas(1, 'share:500 gpumem41'),
      hold: ours(`0:500 ${half}`),
      finds: [`gpu-memory: ${share} has 40960 MiB, asked for 41984`],
    },
    {
      fault: 'too little memory of an instance',
      ask: replicas(1, 'mig:1g.10gb gpumem11'),
      finds: [`gpu-memory: ${at} has 10240 MiB, asked for 11264`],
    },
    {
      fault: 'another model',
      ask: demand('1×1 A100 mig:1g.10gb 1h'),
      finds: ['gpu-model: `train` 0 on fra1/h1/r1/n01: GPU 0 is H100-SXM-80GB, asked for A100'],
    },
    {
      fault: 'an excluded GPU',
      ask: demand('1×1 mig:1g.10gb 1h', { avoid: [`${n01}/gpu0`] }),
      finds: ['avoid: `train` 0 on fra1/h1/r1/n01 uses fra1/h1/r1/n01/gpu0'],
    },
    {
      fault: 'too little of the node, and too few watts',
      hold: ours('0:1g.10gb@6 cpu7 mem63 214W'),
      finds: [
        'cpu-share: `train` 0 on fra1/h1/r1/n01 holds 7000 mCPU, it is due 8000',
        'member-power: `train` 0 on fra1/h1/r1/n01 holds 214 W, it may draw 215',
        'memory-share: `train` 0 on fra1/h1/r1/n01 holds 64512 MiB, it is due 65536',
      ],
    },
  ]);
});

describe('one mode at a time', () => {
  const [fromMs, toMs] = [t0, t0 + hourMs];
  const gpu0 = 'fra1/h1/r1/n01/gpu0';
  finds([
    {
      fault: 'an instance on a GPU that is held whole',
      given: busy('gpu0'),
      finds: [`gpu-mode: ${gpu0} is held whole by C-101 from ${fromMs} until ${toMs}`],
    },
    {
      fault: 'an instance on a GPU that is shared at the end of the window',
      given: busy('0:1', [0.5, 2]),
      finds: [
        `gpu-mode: ${gpu0}: \`train\` 0 on fra1/h1/r1/n01 has 1g.10gb at start 6 on gpu0, C-101 from ${t0 + hourMs / 2} until ${t0 + 2 * hourMs} 1/1000 of gpu0`,
      ],
    },
    {
      fault: 'a share on a GPU that is cut',
      given: busy('0:1g.10gb@0'),
      ask: replicas(1, 'share:500'),
      hold: ours(`0:500 ${half}`),
      finds: [
        `gpu-mode: ${gpu0}: \`train\` 0 on fra1/h1/r1/n01 has 500/1000 of gpu0, C-101 from ${fromMs} until ${toMs} 1g.10gb at start 0 on gpu0`,
      ],
    },
    {
      fault: 'a whole GPU that is partly held',
      given: busy('0:1g.10gb@0'),
      ask: demand('1×1 1h'),
      hold: ours('gpu0 cpu64 mem512 1500W'),
      finds: [
        `gpu-mode: ${gpu0} is promised whole, but C-101 from ${fromMs} until ${toMs} has 1g.10gb at start 0 on gpu0`,
      ],
    },
    {
      fault: 'whole and cut in one gang',
      ask: demand('train: 1×1 + notebook: 1×1 mig:1g.10gb 1h'),
      hold: placement(1, `notebook 0 ${n01} 0:1g.10gb@0 ${mig}`, `train 0 ${n01} gpu0 cpu64 mem512 1500W`),
      finds: [
        `gpu-mode: ${gpu0} is promised whole, but \`notebook\` 0 on fra1/h1/r1/n01 has 1g.10gb at start 0 on gpu0`,
      ],
    },
    {
      fault: 'an instance over another',
      given: busy('0:2g.20gb@4'),
      ask: replicas(1, 'mig:3g.40gb'),
      hold: ours(`0:3g.40gb@4 ${half}`),
      finds: [
        `mig-overlap: ${gpu0}: \`train\` 0 on fra1/h1/r1/n01 has 3g.40gb at start 4 on gpu0, C-101 from ${fromMs} until ${toMs} 2g.20gb at start 4 on gpu0`,
      ],
    },
    {
      fault: 'an instance twice in one gang',
      ask: replicas(2, 'mig:1g.10gb'),
      hold: ours(`0:1g.10gb@6 ${mig}`, `0:1g.10gb@6 ${mig}`),
      finds: [
        `mig-overlap: ${gpu0}: \`train\` 0 on fra1/h1/r1/n01 has 1g.10gb at start 6 on gpu0, \`train\` 1 on fra1/h1/r1/n01 1g.10gb at start 6 on gpu0`,
      ],
    },
    {
      fault: 'media engines twice',
      given: busy('0:1g.10gb+me@0'),
      ask: replicas(1, 'mig:1g.10gb+me'),
      hold: ours(`0:1g.10gb+me@6 ${mig}`),
      finds: [
        `mig-media: ${gpu0}: \`train\` 0 on fra1/h1/r1/n01 has 1g.10gb+me at start 6 on gpu0, C-101 from ${fromMs} until ${toMs} 1g.10gb+me at start 0 on gpu0`,
      ],
    },
    {
      fault: 'beside an instance that the GPU does not have any more',
      given: busy('0:1g.5gb@0'),
      finds: [
        `mig-overlap: ${gpu0}: \`train\` 0 on fra1/h1/r1/n01 has 1g.10gb at start 6 on gpu0, C-101 from ${fromMs} until ${toMs} 1g.5gb at start 0 on gpu0`,
      ],
    },
    {
      fault: 'more than a thousand thousandths with what others hold at one instant',
      given: busy('0:300', [0.5, 2], busy('0:300', [0, 0.75])),
      ask: replicas(1, 'share:500'),
      hold: ours(`0:500 ${half}`),
      finds: [`gpu-share: ${gpu0}: held by others 600/1000, asked for 500, limit 1000`],
    },
    {
      fault: 'more than a thousand thousandths in one gang',
      ask: replicas(3, 'share:500'),
      hold: ours(`0:500 ${half}`, `0:500 ${half}`, `0:500 ${half}`),
      finds: [`gpu-share: ${gpu0}: held by others 0/1000, asked for 1500, limit 1000`],
    },
  ]);
});
