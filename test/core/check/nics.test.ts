import { describe, expect, test } from 'vitest';

import { chosenNics } from '../../../src/core/check/nics.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { node, saidBy } from './findings.ts';

/** Four rails of 400 Gbit/s, one NIC of unknown speed, and one that does no RDMA. */
const fleet = world('fra1/h1/r1 1×4 H100 mig gpumem80 nvlink rdma', {
  nics: { [`${node}/nic4`]: { rdma: true }, [`${node}/nic5`]: { rdma: false, mbps: 400_000 } },
});

function said(wish: Demand, ...members: readonly string[]): readonly string[] {
  return saidBy(
    chosenNics,
    fleet,
    wish,
    placement(4, ...members.map((words) => words.replace('@', node))),
  ).map((line) => line.replaceAll(` on ${node}`, '').replace('rdma: ', ''));
}

const cores = (rdma: object = {}) => withRdma('load: 1×cpu0 rdma', rdma);
const several = (rdma: object = {}) => withRdma('1×2 rdma', { nicsPerGpu: 2, ...rdma });
const shares = (rdma: object = {}) => withRdma('1×2 share:100 rdma', rdma);

describe('NICs that are not those of rails', () => {
  test.each<readonly [string, Demand, string, readonly string[]]>([
    ['a replica of cores holds one', cores(), 'load 0 @ nic3', []],
    ['not none', cores(), 'load 0 @', ['`load` 0 holds 0 NICs, it is due 1']],
    ['not two', cores(), 'load 0 @ nic0-1', ['`load` 0 holds 2 NICs, it is due 1']],
    [
      'not one twice where two are due',
      several(),
      'train 0 @ gpu0-1 nic0-2,2',
      ['`train` 0 holds 3 NICs, it is due 4'],
    ],
    ['a replica holds so many for each GPU', several(), 'train 0 @ gpu0-1 nic0-3', []],
    ['and for each slice one', shares(), 'train 0 @ 0:100 1:100 nic0-1', []],
    ['not fewer', shares(), 'train 0 @ 0:100 1:100 nic0', ['`train` 0 holds 1 NICs, it is due 2']],
    [
      'two for each slice where it asked for that',
      shares({ nicsPerGpu: 2 }),
      'train 0 @ 0:100 1:100 nic0-3',
      [],
    ],
    ['they do RDMA', cores(), 'load 0 @ nic5', ['`load` 0: NIC 5 is not recorded as RDMA']],
    ['they are there', cores(), 'load 0 @ nic9', ['`load` 0: NIC 9 is not recorded as RDMA']],
    ['they are as fast as asked for', cores({ nicMbps: 400_000 }), 'load 0 @ nic0', []],
    [
      'not a Mbit/s slower',
      cores({ nicMbps: 400_001 }),
      'load 0 @ nic0',
      ['`load` 0: NIC 0 has 400000 Mbit/s, asked for 400001'],
    ],
    [
      'not of unknown speed',
      cores({ nicMbps: 1 }),
      'load 0 @ nic4',
      ['`load` 0: NIC 4 has unknown Mbit/s, asked for 1'],
    ],
    ['but that is no matter where nobody asked', cores(), 'load 0 @ nic4', []],
    ['who asked for none is asked for none', demand('load: 1×cpu0'), 'load 0 @ nic5', []],
    [
      'one for a whole GPU is that of its rail, and asked about elsewhere',
      withRdma('1×1 rdma', {}),
      'train 0 @ gpu0 nic5',
      [],
    ],
  ])('%s', (_, wish, member, expected) => {
    expect(said(wish, member)).toEqual(expected);
  });

  test('are asked of every part, whatever comes before it', () => {
    const wish = withRdma('eval: 1×cpu0 + load: 1×1 rdma + train: 1×cpu0 rdma', {});
    expect(said(wish, 'eval 0 @', 'load 0 @ gpu0 nic0', 'train 0 @')).toEqual([
      '`train` 0 holds 0 NICs, it is due 1',
    ]);
  });
});
