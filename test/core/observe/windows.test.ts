import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { countOf, type Glance, settled, windowCount } from '../../../src/core/observe/windows.ts';

/** `k` kept, `x` broken, `.` no samples. */
function glances(text: string): readonly Glance[] {
  return [...text].map((sign) => (sign === 'k' ? 'kept' : sign === 'x' ? 'broken' : undefined));
}

describe('what five windows come to', () => {
  test.each([
    // windows, was broken, result
    ['.....', false, 'not-measured'],
    ['.....', true, 'not-measured'],
    ['kkkkk', false, 'kept'],
    ['kkkkk', true, 'kept'],
    ['..kkk', true, 'kept'],
    ['...kk', false, 'not-measured'],
    ['...kk', true, 'not-measured'],
    ['...xx', false, 'not-measured'],
    ['..xxx', false, 'broken'],
    ['kkxxx', false, 'broken'],
    ['xxxkk', false, 'broken'],
    ['kkkxx', false, 'kept'],
    ['kkkxx', true, 'broken'],
    ['kkkkx', true, 'broken'],
    ['kkkkx', false, 'kept'],
    ['k.x.x', false, 'kept'],
    ['k.x.x', true, 'broken'],
    ['xxxxx', true, 'broken'],
  ] as const)('%s, broken before: %s', (text, wasBroken, result) => {
    expect(settled(glances(text), wasBroken)).toBe(result);
  });

  const some = fc.array(fc.constantFrom<Glance>('kept', 'broken', undefined), {
    minLength: windowCount,
    maxLength: windowCount,
  });

  test('the order of windows does not matter, and every window is counted once', () => {
    fc.assert(
      fc.property(some, fc.boolean(), (list, wasBroken) => {
        expect(settled(list.toReversed(), wasBroken)).toBe(settled(list, wasBroken));
        const { kept, broken, silent } = countOf(list);
        expect(kept + broken + silent).toBe(windowCount);
      }),
      { seed: 7 },
    );
  });

  test('one more broken window never makes it better, one more silent window never makes it kept', () => {
    const rank = { kept: 0, 'not-measured': 1, broken: 2 };
    fc.assert(
      fc.property(some, fc.nat(windowCount - 1), fc.boolean(), (list, at, wasBroken) => {
        const before = settled(list, wasBroken);
        if (list[at] === 'kept')
          expect(rank[settled(list.with(at, 'broken'), wasBroken)]).toBeGreaterThanOrEqual(rank[before]);
        if (before !== 'kept' && list[at] === 'kept')
          expect(settled(list.with(at, undefined), wasBroken)).not.toBe('kept');
      }),
      { seed: 11 },
    );
  });
});
