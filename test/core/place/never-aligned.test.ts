import { describe, expect, test } from 'vitest';

import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { misalignment } from '../../../src/core/place/locality.ts';
import { demand } from '../demand.ts';
import { wantOf, withRdma } from '../fabric/ask.ts';
import { nodeOf } from './node-of.ts';

/** Two NUMA nodes of four GPUs, 32 cores and 64 GiB each; four PCIe roots of two GPUs. */
const node = nodeOf('8 H100 rdma cpu64 mem128 numa2 roots4');

const shares = (count: number) =>
  lacks(nodeOf('4 H100 cpu8 mem8 numa2'), `1×${count} H100 share:100 cpu1 mem1 align:numa`);

const lacks = (on: FleetNode, text: string, rdma?: object) =>
  misalignment(on, wantOf(rdma === undefined ? demand(text) : withRdma(text, rdma), 'H100'));

const unknown = (attribute: string) => ({ unknown: attribute });

describe('what keeps a node from ever aligning a replica', () => {
  const no = {};

  test.each<[string, string, object | undefined]>([
    ['nobody asked', '1×8 H100', undefined],
    ['as many GPUs as a NUMA node has', '1×4 H100 cpu1 mem1 align:numa', undefined],
    ['one more', '1×5 H100 cpu1 mem1 align:numa', no],
    ['as many as a PCIe root has', '1×2 H100 cpu1 mem1 align:pcie-root', undefined],
    ['one more than a root has', '1×3 H100 cpu1 mem1 align:pcie-root', no],
    ['exactly the share of cores', '1×1 H100 cpu32 mem1 align:numa', undefined],
    ['one core more', '1×1 H100 cpu33 mem1 align:numa', no],
    ['exactly the share of memory', '1×1 H100 cpu1 mem64 align:numa', undefined],
    ['a GiB more', '1×1 H100 cpu1 mem65 align:numa', no],
    ['with the NICs of its rails', '1×4 H100 rdma cpu1 mem1 align:numa', undefined],
  ])('%s', (_, text, expected) => {
    expect(lacks(node, text)).toEqual(expected);
  });

  test.each<[string, FleetNode, string, object]>([
    [
      'how many NUMA nodes there are',
      nodeOf('4 H100 cpu8 mem8'),
      '1×1 H100 align:numa',
      unknown('numaNodes'),
    ],
    [
      'where one of the GPUs is',
      nodeOf('2 H100 cpu8 mem8 numa2', { 2: { model: 'H100' } }),
      '1×2 H100 cpu1 mem1 align:numa',
      unknown('numaNode'),
    ],
    [
      'on which root they are',
      nodeOf('2 H100 cpu8 mem8 numa2'),
      '1×1 H100 cpu1 mem1 align:pcie-root',
      unknown('pcieRoot'),
    ],
  ])('nobody recorded %s', (_, on, text, expected) => {
    expect(lacks(on, text)).toEqual(expected);
  });

  test('where all that is not recorded would not help, it is a plain no', () => {
    const silent = nodeOf('4 H100 rdma cpu8 mem8 numa2', { 4: { model: 'A100' } });
    expect(lacks(silent, '1×3 H100 cpu1 mem1 align:numa')).toEqual(no);
    expect(lacks(silent, '1×3 H100 cpu5 mem1 align:numa')).toEqual(no);
  });

  test('where a NIC is counts only where NICs are asked for', () => {
    const bare = nodeOf(
      '2 H100 cpu8 mem8 numa1',
      {},
      { 0: { rdma: true, rail: 0 }, 1: { rdma: true, rail: 1 } },
    );
    expect(lacks(bare, '1×1 H100 cpu1 mem1 align:numa')).toBeUndefined();
    expect(lacks(bare, '1×1 H100 rdma cpu1 mem1 align:numa')).toEqual(unknown('NIC numaNode'));
  });

  test('GPUs whose rails are known to be elsewhere are a plain no', () => {
    const crossed = nodeOf('2 H100 rdma cpu8 mem8 numa2', {}, { 0: { numaNode: 1 }, 1: { numaNode: 0 } });
    expect(lacks(crossed, '1×1 H100 rdma cpu1 mem1 align:numa')).toEqual(no);
  });

  test('a link is needed only where it is asked for: domains that cross the places', () => {
    // Domains 0,2 and 1,3 over NUMA nodes 0,1 and 2,3.
    const crossed = nodeOf('4 H100 nvlink cpu8 mem8 numa2', {
      0: { island: 0 },
      1: { island: 1 },
      2: { island: 0 },
      3: { island: 1 },
    });
    expect(lacks(crossed, '1×2 H100 cpu1 mem1 align:numa')).toBeUndefined();
    expect(lacks(crossed, '1×2 H100 nvlink cpu1 mem1 align:numa')).toEqual(no);
    expect(lacks(crossed, '1×1 H100 nvlink cpu1 mem1 align:numa')).toBeUndefined();
    const pair = nodeOf('4 H100 nvlink cpu8 mem8 numa2', {
      0: { island: 0 },
      1: { island: 0 },
      2: { island: 1 },
      3: { island: 2 },
    });
    expect(lacks(pair, '1×2 H100 nvlink cpu1 mem1 align:numa')).toBeUndefined();
  });

  test('a GPU that is down has no room, and where it is is nobody’s question', () => {
    const lame = nodeOf('4 H100 cpu8 mem8 numa2', { 1: { health: 'down' }, 3: { health: 'down' } });
    expect(lacks(lame, '1×2 H100 cpu1 mem1 align:numa')).toEqual(no);
    expect(lacks(lame, '1×1 H100 cpu1 mem1 align:numa')).toBeUndefined();
  });

  test('slices need room of their kind in one group', () => {
    // Shares of a replica lie on different GPUs, and a NUMA node has two.
    expect([shares(2), shares(3)]).toEqual([undefined, no]);
  });

  test('NICs that are chosen one by one have to be beside the group', () => {
    const four = '1×1 H100 rdma cpu1 mem1 align:numa';
    expect(lacks(node, four, { nicsPerGpu: 4 })).toBeUndefined();
    const lame = nodeOf(
      '8 H100 rdma cpu64 mem128 numa2',
      {},
      { 0: { health: 'down' }, 7: { health: 'down' } },
    );
    expect(lacks(lame, four, { nicsPerGpu: 3 })).toBeUndefined();
    expect(lacks(lame, four, { nicsPerGpu: 4 })).toEqual(no);
  });
});
