import { describe, expect, test } from 'vitest';

import { addObservation, type Claims } from '../../../src/core/inventory/claims.ts';
import { doubtsAbout } from '../../../src/core/inventory/doubts.ts';
import type { Observation, SourceName } from '../../../src/model/fact.ts';
import { t0 } from '../fleet.ts';
import { placement } from '../placement.ts';
import { type Line, said } from './identity/said.ts';

const hour = 3_600_000;
const n1 = 'fra1/n1';

function told(source: SourceName, lines: readonly Line[], observedAtMs = t0): Observation {
  return said(source, lines, { observedAtMs });
}

/** `fra1/n1 health stale`: what is doubtful of GPU 0 and 1 and NIC 1 of `fra1/n1`. */
function doubts(
  observations: readonly Observation[],
  { atMs = t0, held = placement(1, `train 0 ${n1} gpu0,1 nic1`) } = {},
): readonly string[] {
  const claims = observations.reduce<Claims>(addObservation, new Map());
  return doubtsAbout(claims, held, atMs).map(
    ({ subject, attribute, why }) => `${subject} ${attribute.name} ${why}`,
  );
}

describe('a placement rests on', () => {
  test.each<[string, readonly Line[], readonly Line[], readonly string[]]>([
    ['nothing doubtful where one source speaks', [['node', n1, { cpuMilli: 1 }]], [], []],
    [
      'nothing doubtful where sources agree',
      [['node', n1, { cpuMilli: 1 }]],
      [['node', n1, { cpuMilli: 1 }]],
      [],
    ],
    [
      'a fact of its node that another source denies',
      [['node', n1, { cpuMilli: 1, memoryMib: 5 }]],
      [['node', n1, { cpuMilli: 2 }]],
      ['fra1/n1 cpuMilli conflict'],
    ],
    [
      'facts of its node, its GPUs and its NICs, in this order',
      [
        ['nic', `${n1}/nic1`, { mbps: 1 }],
        ['gpu', `${n1}/gpu1`, { model: 'A' }],
        ['gpu', `${n1}/gpu0`, { model: 'A' }],
        ['node', n1, { cpuMilli: 1 }],
      ],
      [
        ['nic', `${n1}/nic1`, { mbps: 2 }],
        ['gpu', `${n1}/gpu1`, { model: 'B' }],
        ['gpu', `${n1}/gpu0`, { model: 'B' }],
        ['node', n1, { cpuMilli: 2 }],
      ],
      [
        'fra1/n1 cpuMilli conflict',
        'fra1/n1/gpu0 model conflict',
        'fra1/n1/gpu1 model conflict',
        'fra1/n1/nic1 mbps conflict',
      ],
    ],
    [
      'nothing about devices that it does not use',
      [
        ['gpu', `${n1}/gpu2`, { model: 'A' }],
        ['nic', `${n1}/nic0`, { mbps: 1 }],
        ['node', 'fra1/n2', { cpuMilli: 1 }],
      ],
      [
        ['gpu', `${n1}/gpu2`, { model: 'B' }],
        ['nic', `${n1}/nic0`, { mbps: 2 }],
        ['node', 'fra1/n2', { cpuMilli: 2 }],
      ],
      [],
    ],
  ])('%s', (_, first, second, expected) => {
    expect(doubts([told('inventory', first), told('hwloc', second)])).toEqual(expected);
  });

  test.each(['hostName', 'serial', 'systemUuid', 'machine', 'driver', 'kubernetes', 'healthReason'])(
    'nothing that decides, where sources differ about its %s',
    (name) => {
      const both = ['a', 'b'].map((value, at) =>
        told(at === 0 ? 'inventory' : 'hwloc', [['node', n1, { [name]: value }]]),
      );
      expect(doubts(both)).toEqual([]);
    },
  );

  test('a shape whose word its node denies', () => {
    const shape: Line = ['shape', 'big', { cpuMilli: 1 }];
    expect(doubts([told('inventory', [shape, ['node', n1, { shape: 'big', cpuMilli: 2 }]])])).toEqual([
      'fra1/n1 cpuMilli conflict',
    ]);
  });

  test('a spare as on any other seat, and once on what two seats share', () => {
    const both = [
      told('inventory', [
        ['node', n1, { cpuMilli: 1 }],
        ['node', 'fra1/n2', { cpuMilli: 1 }],
      ]),
      told('hwloc', [
        ['node', n1, { cpuMilli: 2 }],
        ['node', 'fra1/n2', { cpuMilli: 2 }],
      ]),
    ];
    const held = placement(1, `train 0 ${n1} gpu0`, `train 1 ${n1} gpu1`, '+ train 2 fra1/n2 gpu0');
    expect(doubts(both, { held })).toEqual(['fra1/n1 cpuMilli conflict', 'fra1/n2 cpuMilli conflict']);
  });
});

describe('a word that is too old', () => {
  const fine = told('kubernetes', [['node', n1, { health: 'healthy', gpuCount: 8 }]]);

  test.each([
    [0, []],
    [hour, []],
    [hour + 1, ['fra1/n1 health stale']],
  ])('after %d ms, where nobody has said it anew', (afterMs, expected) => {
    expect(doubts([fine], { atMs: t0 + afterMs })).toEqual(expected);
  });

  test('contradicts nobody any more', () => {
    const down = told('prometheus', [['node', n1, { health: 'down' }]], t0 - hour);
    expect(doubts([down, fine])).toEqual([]);
    const lately = told('prometheus', [['node', n1, { health: 'down' }]], t0 - hour / 4);
    expect(doubts([lately, fine])).toEqual(['fra1/n1 health conflict']);
  });

  test('of the operator never is', () => {
    expect(
      doubts([told('inventory', [['node', n1, { health: 'healthy' }]])], { atMs: t0 + 999 * hour }),
    ).toEqual([]);
  });

  test('is one doubt with a conflict about the same fact, not two', () => {
    const worse = told('slurm', [['node', n1, { health: 'degraded' }]]);
    expect(doubts([fine, worse], { atMs: t0 + 2 * hour })).toEqual(['fra1/n1 health conflict']);
  });
});
