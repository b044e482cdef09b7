import { expect, test } from 'vitest';

import { capacityWords, countWords, heldDevices, leftWords } from '../../src/chat/cards/slices.ts';
import { Path } from '../../src/model/id.ts';
import { SliceView } from '../../src/model/plan-view.ts';

const deviceOf = (name: string) => Path.parse(`fra1/r1/n01/${name}`);
const slices = '2 MIG slices 1g.10gb';

test.each([
  [{ gpuCount: 16, gpuModel: 'H100' }, '16 H100', '16'],
  [{ gpuCount: 1 }, '1 GPU', '1'],
  [{ gpuCount: 0, slices, gpuModel: 'H100' }, `${slices} (H100)`, slices],
  [{ gpuCount: 0, slices }, slices, slices],
  [{ gpuCount: 2, slices, gpuModel: 'H100' }, `2 H100 and ${slices} (H100)`, `2 GPUs and ${slices}`],
  [{ gpuCount: 0 }, '', '0'],
])('%j is %s, in a column %s', (held, words, column) => {
  expect(capacityWords(held)).toBe(words);
  expect(countWords(held)).toBe(column);
});

test.each([
  ['', [], ''],
  ['gpu0 gpu1', [], 'gpu0-1'],
  ['', [['gpu3', '1g.10gb', 2]], '1g.10gb at start 2 on gpu3'],
  ['', [['gpu0', '250/1000']], '250/1000 of gpu0'],
  [
    '',
    [
      ['gpu0', '250/1000'],
      ['gpu1', '250/1000'],
      ['gpu0', '250/1000'],
    ],
    '2 x 250/1000 of gpu0, 250/1000 of gpu1',
  ],
  [
    'gpu7',
    [
      ['gpu0', '1g.10gb', 6],
      ['gpu0', '3g.40gb', 0],
      ['gpu0', '1g.10gb', 4],
      ['gpu0', '1g.10gb', 5],
    ],
    'gpu7, 1g.10gb at start 4-6 on gpu0, 3g.40gb at start 0 on gpu0',
  ],
] as const)('whole %s beside %j reads %s', (whole, parts, expected) => {
  const held = parts.map(([gpu, what, start]) => SliceView.parse({ gpu: deviceOf(gpu), what, start }));
  const gpus = whole === '' ? [] : whole.split(' ').map(deviceOf);
  expect(heldDevices({ gpus, slices: held })).toBe(expected);
});

test.each([
  [750, [], 'free 750/1000'],
  [0, ['3g.40gb', '1g.10gb'], 'free for 3g.40gb or 1g.10gb'],
  [0, [], 'nothing free'],
])('%i thousandths and %j left are said to be %s', (freeMilli, freeProfiles, expected) => {
  expect(leftWords({ freeMilli, freeProfiles })).toBe(expected);
});
