import { expect, test } from 'vitest';

import { expandNames } from '../../src/sources/inventory/names.ts';

test.each([
  ['n01', ['n01']],
  ['n01..n04', ['n01', 'n02', 'n03', 'n04']],
  ['n08..n11', ['n08', 'n09', 'n10', 'n11']],
  ['n8..n11', ['n8', 'n9', 'n10', 'n11']],
  ['gpu-a1..3', ['gpu-a1', 'gpu-a2', 'gpu-a3']],
  ['7..9', ['7', '8', '9']],
  [
    ['n01..n02', 'spare'],
    ['n01', 'n02', 'spare'],
  ],
  ['a.b', ['a.b']],
])('%j', (written, names) => {
  expect(expandNames(written)).toEqual(names);
});

test.each([
  '',
  '..',
  'n4..n1',
  'n01..m04',
  'n01..n004',
  'N1..N4',
  'n1..n99999999',
  'a/b',
  'n 1',
  '-n1',
  'n..',
])('no names: %j', (written) => {
  expect(expandNames(written)).toBeUndefined();
});
