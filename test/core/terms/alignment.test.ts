import { describe, expect, test } from 'vitest';

import type { Demand } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { lines, promised } from './promised.ts';

const fleet = world('fra1/h1/r1 2×8 H100 numa2 roots4');
const held = placement(24, 'train 0 fra1/h1/r1/n01 gpu0');

const alignments = (asked: Demand) => lines(promised(fleet, asked, held), 'alignment');

const numa = 'guaranteed: GPUs, their RDMA NICs, cores and memory of a replica under one NUMA node';
const root = 'guaranteed: GPUs, their RDMA NICs, cores and memory of a replica under one PCIe root';

describe('what is promised of places inside nodes', () => {
  test.each<[string, string, readonly string[]]>([
    ['nobody asked: nothing', '2×1 24h', []],
    ['levels outside a node: nothing', '2×1 within:rack apart:node together:hall 24h', []],
    ['replicas under a NUMA node', '2×1 align:numa 24h', [numa]],
    ['replicas under a PCIe root', '2×1 align:pcie-root 24h', [root]],
    ['two parts that ask for the same: said once', 'a: 1×1 align:numa + b: 1×1 align:numa 24h', [numa]],
    [
      'two parts at different levels: the NUMA node first, whatever their order',
      'a: 1×1 align:pcie-root + b: 1×1 align:numa 24h',
      [numa, root],
    ],
    [
      'the whole gang together: each replica is, too',
      '2×1 together:numa 24h',
      [numa, 'guaranteed: the whole gang under one NUMA node of one node'],
    ],
    [
      'a part kept together',
      'a: 2×1 within:pcie-root + b: 1×1 24h',
      [root, 'guaranteed: all replicas of a under one PCIe root of one node'],
    ],
    [
      'a part kept apart',
      'a: 2×1 apart:numa + b: 1×1 24h',
      [numa, 'guaranteed: no two replicas of a under one NUMA node'],
    ],
    [
      'together under one and apart by the narrower: replicas are aligned to the narrower',
      '2×1 within:numa apart:pcie-root 24h',
      [
        root,
        'guaranteed: all replicas of train under one NUMA node of one node',
        'guaranteed: no two replicas of train under one PCIe root',
      ],
    ],
    [
      'of the whole before that of its parts, and what is together before what is apart',
      'a: 2×1 apart:pcie-root + b: 2×1 within:numa together:numa 24h',
      [
        numa,
        root,
        'guaranteed: the whole gang under one NUMA node of one node',
        'guaranteed: all replicas of b under one NUMA node of one node',
        'guaranteed: no two replicas of a under one PCIe root',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(alignments(demand(text))).toEqual(expected);
  });
});
