import { expect, test } from 'vitest';

import { numbered, railsOf } from '../../src/sources/device-place.ts';

test('numbers follow the names, whatever the order of the devices', () => {
  expect(numbered(['b', undefined, 'a', 'b', 'c'])).toEqual([1, undefined, 0, 1, 2]);
  expect(numbered([])).toEqual([]);
});

const nic = (pcieSwitch: number | undefined, rdma = true) => ({ pcieSwitch, rdma });

test.each([
  ['one NIC a GPU', [0, 1], [nic(0), nic(1)], [0, 1]],
  ['NICs in another order', [0, 1], [nic(1), nic(0)], [1, 0]],
  ['two GPUs share one NIC: the rail of the first', [0, 0, 1, 1], [nic(0), nic(1)], [0, 2]],
  ['two of each on a switch', [0, 0], [nic(0), nic(0)], [0, 1]],
  ['more NICs than GPUs', [0], [nic(0), nic(0)], [0, undefined]],
  ['a NIC away from all GPUs', [0], [nic(3), nic(undefined)], [undefined, undefined]],
  [
    'no RDMA, or nobody knows',
    [0, 0],
    [nic(0, false), { pcieSwitch: 0, rdma: undefined }, nic(0)],
    [undefined, undefined, 0],
  ],
  ['GPUs on nothing known', [undefined, undefined], [nic(0)], [undefined]],
])('%s', (_, gpus, nics, rails) => {
  expect(railsOf(gpus, nics)).toEqual(rails);
});
