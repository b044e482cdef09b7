import { array, assert, integer, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { expandHostlist } from '../../src/sources/slurm/hostlist.ts';

describe('a hostlist', () => {
  test.each([
    ['h100-[01-04]', ['h100-01', 'h100-02', 'h100-03', 'h100-04']],
    ['a,b', ['a', 'b']],
    ['a, b\n c', ['a', 'b', 'c']],
    ['n[1,3-4,10]', ['n1', 'n3', 'n4', 'n10']],
    ['n[08-11]', ['n08', 'n09', 'n10', 'n11']],
    ['n[98-101]', ['n98', 'n99', 'n100', 'n101']],
    ['r[1-2]n[1-2]', ['r1n1', 'r1n2', 'r2n1', 'r2n2']],
    ['r[1-2]-ib,x', ['r1-ib', 'r2-ib', 'x']],
    ['[1101-1102]', ['1101', '1102']],
    ['a,a,a[1]', ['a', 'a1']],
    ['/dev/nvidia[0-1]', ['/dev/nvidia0', '/dev/nvidia1']],
    ['', []],
  ])('%j stands for %j', (text, names) => {
    expect(expandHostlist(text)).toEqual({ names });
  });

  test.each([
    ['n[1-', /brackets that do not match/],
    ['n]1[', /brackets that do not match/],
    ['n[[1]]', /brackets that do not match/],
    ['n[]', /range that is none/],
    ['n[a-b]', /range that is none/],
    ['n[1-2-3]', /range that is none/],
    ['n[-1]', /range that is none/],
    ['n[5-1]', /ends before it begins: 5-1/],
    ['n[0-999999999999]', /more than 100000 names/],
    ['n[1-1000][1-1000]', /more than 100000 names/],
    ['n[1-60000],m[1-60000]', /more than 100000 names/],
    ['n[1-10]'.repeat(12), /more than 100000 names/],
    ['x'.repeat(1_000_001), /has 1000001 characters/],
  ])('%j is refused', (text, why) => {
    expect(expandHostlist(text).why).toMatch(why);
  });

  test('of a hundred thousand names is read at once', () => {
    const text = Array.from({ length: 100_000 }, (_, at) => `node${at}`).join(',');
    const begin = performance.now();
    expect(expandHostlist(text).names?.length).toBe(100_000);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  test('has every number of its ranges once', () => {
    assert(
      property(array(integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 8 }), (numbers) => {
        const text = `n[${numbers.map((low) => `${low}-${low + 3}`).join(',')}]`;
        const all = new Set(numbers.flatMap((low) => [0, 1, 2, 3].map((more) => `n${low + more}`)));
        expect(new Set(expandHostlist(text).names)).toEqual(all);
      }),
      { seed: 20_261_122, numRuns: 100 },
    );
  });
});
