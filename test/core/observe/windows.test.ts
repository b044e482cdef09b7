import { array, assert, boolean, constantFrom, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { countOf, type Glance, settled, windowCount } from '../../../src/core/observe/windows.ts';

/** `k` kept, `x` broken, `.` no samples. */
function glances(text: string): readonly Glance[] {
  return text.split('').map((sign) => (sign === 'k' ? 'kept' : sign === 'x' ? 'broken' : undefined));
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

  const some = array(constantFrom<Glance>('kept', 'broken', undefined), {
    minLength: windowCount,
    maxLength: windowCount,
  });

  test('the order of windows does not matter, and every window is counted once', () => {
    assert(
      property(some, boolean(), (list, wasBroken) => {
        expect(settled(list.toReversed(), wasBroken)).toBe(settled(list, wasBroken));
        const { kept, broken, silent } = countOf(list);
        expect(kept + broken + silent).toBe(windowCount);
      }),
      { seed: 7 },
    );
  });

  test('one more broken window never makes it better, one more silent window never makes it kept', () => {
    const rank = { kept: 0, 'not-measured': 1, broken: 2 };
    assert(
      property(some, nat(windowCount - 1), boolean(), (list, at, wasBroken) => {
        const before = settled(list, wasBroken);
        const worse = settled(list.with(at, list[at] === 'kept' ? 'broken' : list[at]), wasBroken);
        const quieter = settled(list.with(at, list[at] === 'kept' ? undefined : list[at]), wasBroken);
        expect(rank[worse]).toBeGreaterThanOrEqual(rank[before]);
        expect(before !== 'kept' && quieter === 'kept').toBe(false);
      }),
      { seed: 11 },
    );
  });
});
