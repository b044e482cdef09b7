import { array, assert, integer, nat, property, record, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { devicesListed, devicesOnce } from '../../../src/core/check/devices.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { t0, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { during, heldByOthers, node, saidBy } from './findings.ts';

const nodes = [node, 'fra1/h1/r1/n02'] as const;
const fleet = world('fra1/h1/r1 2×4 H100 rdma');

const devices = record({
  at: nat(1),
  gpus: uniqueArray(integer({ min: 0, max: 3 }), { maxLength: 3 }),
  nics: uniqueArray(integer({ min: 0, max: 3 }), { maxLength: 2 }),
});
type Devices = { readonly at: number; readonly gpus: readonly number[]; readonly nics: readonly number[] };

function inWords({ at, gpus, nics }: Devices): string {
  return `${nodes[at]} gpu${gpus.toSorted((a, b) => a - b).join()} nic${nics.toSorted((a, b) => a - b).join()}`;
}

function pathsOf({ at, gpus, nics }: Devices): readonly string[] {
  return [...gpus.map((gpu) => `${nodes[at]}/gpu${gpu}`), ...nics.map((nic) => `${nodes[at]}/nic${nic}`)];
}

test('whoever holds what: each device that a second seat or somebody else has is named once for each', () => {
  const held = record({ devices, fromH: integer({ min: 0, max: 9 }), hours: integer({ min: 1, max: 4 }) });
  assert(
    property(
      array(devices, { minLength: 1, maxLength: 3 }),
      array(held, { maxLength: 3 }),
      (seats, others) => {
        const on = others.reduce(
          (now, one) =>
            heldByOthers(now, [one.fromH, one.fromH + one.hours], `load 0 ${inWords(one.devices)}`),
          fleet,
        );
        const there = others.filter(({ fromH, hours }) => fromH < 8 && fromH + hours > 4);
        const taken = seats.flatMap((seat) =>
          there.flatMap((one) => pathsOf(one.devices).filter((path) => pathsOf(seat).includes(path))),
        );
        const all = seats.flatMap(pathsOf);
        const doubled = all.filter((path, at) => all.indexOf(path) < at);
        const lines = seats.map((seat, replica) => `train ${replica} ${inWords(seat)}`);
        const said = saidBy(devicesOnce, on, demand('1×1'), during(placement(4, ...lines), 4, 8));
        const named = said.map((note) => note.replace(/^device-once: (\S+) .*$/, '$1'));
        expect(named.toSorted()).toEqual([...taken, ...doubled].toSorted());
      },
    ),
    { seed, numRuns: 120 },
  );
});

test('who has it, from when and until when, is said', () => {
  const on = heldByOthers(fleet, [1, 2], `load 0 ${node} gpu1`);
  expect(saidBy(devicesOnce, on, demand('1×2'), placement(4, `train 0 ${node} gpu0-1`))).toEqual([
    `device-once: ${node}/gpu1 is held by C-101 from ${t0 + 3_600_000} until ${t0 + 7_200_000}`,
  ]);
});

describe('the list of devices', () => {
  test.each<readonly [string, string, readonly string[]]>([
    ['of all GPUs', 'gpu0-3', []],
    [
      'with the one after the last',
      'gpu1-4',
      ['device-known: `train` 0: GPU 4 does not exist, the node has 4'],
    ],
    ['with one too few', 'gpu0-2', ['gpu-count: `train` 0 has 3 GPUs, asked for 4']],
    ['with one twice', 'gpu0-2,2', ['device-list: `train` 0: GPUs 0 1 2 2 are not in order, each once']],
    ['out of order', 'gpu0,2,1,3', ['device-list: `train` 0: GPUs 0 2 1 3 are not in order, each once']],
    [
      'of NICs out of order',
      'gpu0-3 nic1,0',
      ['device-list: `train` 0: NICs 1 0 are not in order, each once'],
    ],
    [
      'with a NIC after the last',
      'gpu0-3 nic3-4',
      ['device-known: `train` 0: NIC 4 does not exist, the node has 4'],
    ],
    [
      'with an unknown one twice is told of it once',
      'gpu0-1,7,7',
      [
        'device-list: `train` 0: GPUs 0 1 7 7 are not in order, each once',
        'device-known: `train` 0: GPU 7 does not exist, the node has 4',
      ],
    ],
  ])('%s', (_, words, expected) => {
    const said = saidBy(devicesListed, fleet, demand('1×4'), placement(4, `train 0 ${node} ${words}`));
    expect(said.map((note) => note.replace(` on ${node}`, ''))).toEqual(expected);
  });
});
