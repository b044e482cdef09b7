import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Evidence, unverifiedMark } from '../../src/llm/evidence.ts';

const result = {
  snapshot: { at: '2026-11-25T10:00:00+01:00', seq: 42 },
  contracts: [
    {
      id: 'C-105',
      plan: 'plan-0123456789abcdef',
      gpuCount: 8,
      gpuModel: 'H100-SXM-80GB',
      totalMicroEur: 2_764_800_000,
      memoryMib: 1_048_576,
      durationS: 259_200,
      powerW: 10_200,
      start: '2026-11-30T00:00:00+01:00',
      node: 'fra1/h1/r12/n03',
      note: 'rack has 12 feeds',
    },
    { id: 'C-106', gpuCount: 16 },
  ],
};

function marked(reply: string, said = ''): string {
  const evidence = new Evidence();
  evidence.addText(said);
  evidence.addResult(result);
  return evidence.marked(reply);
}

describe('what stands in a result or was said is not marked', () => {
  test.each([
    'C-105 holds 8 GPUs, C-106 holds 16.',
    'It costs 2,764.80 EUR, about 2,765 EUR.',
    'It has 1024 GiB (1,048,576 MiB), that is 1 TiB.',
    'It runs 3 days or 72 hours, from 30 Nov 2026 00:00.',
    'It draws 10.2 kW on fra1/h1/r12/n03 with H100-SXM-80GB, in r12.',
    'There are 2 contracts.',
    'The rack has 12 feeds; plan-0123456789abcdef, entry 42.',
    '1. The first.\n2. The second.\n 17) The last.',
    'As of 2026-11-25 10:00.',
    'No numbers at all.',
  ])('%s', (reply) => {
    expect(marked(reply)).toBe(reply);
  });

  test('the words of the person count', () => {
    expect(marked('You asked for 64 L40S for 5 days.')).toContain(unverifiedMark);
    expect(marked('You asked for 64 L40S for 5 days.', '64 L40S for 5 days please')).toBe(
      'You asked for 64 L40S for 5 days.',
    );
  });
});

describe('what stands nowhere is marked', () => {
  test.each([
    ['C-107 holds 8 GPUs.', 'C-107 [unverified] holds 8 GPUs.'],
    ['It costs 2,764.90 EUR.', 'It costs 2,764.90 [unverified] EUR.'],
    ['97% are free', '97% [unverified] are free'],
    ['on fra9/h1/r12/n03', 'on fra9/h1/r12/n03 [unverified]'],
    ['plan-fedcba9876543210', 'plan-fedcba9876543210 [unverified]'],
    ['about 640GB', 'about 640GB [unverified]'],
    ['We have 17. Good.', 'We have 17 [unverified]. Good.'],
    ['at 09:30', 'at 09:30 [unverified]'],
  ])('%s', (reply, expected) => {
    expect(marked(reply)).toBe(expected);
  });

  test('every whole number that is in no result is marked, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 100_000, max: 999_999 }),
        fc.constantFrom('', ' GPUs', ' EUR', '.', ')'),
        (n, tail) => {
          const known = [259_200].includes(n);
          expect(marked(`It is ${n}${tail}`).includes(unverifiedMark)).toBe(!known);
        },
      ),
      { seed: 7, numRuns: 500 },
    );
  });

  test('every amount in its larger unit is known, and one beside it is not', () => {
    const kinds = [
      { name: 'totalMicroEur', factor: 1_000_000, unit: 'EUR' },
      { name: 'memoryMib', factor: 1024, unit: 'GiB' },
      { name: 'durationS', factor: 86_400, unit: 'days' },
      { name: 'powerW', factor: 1000, unit: 'kW' },
    ] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.integer({ min: 1001, max: 9_000_000 }),
        ({ name, factor, unit }, count) => {
          const evidence = new Evidence();
          evidence.addResult({ [name]: count * factor });
          const words = count.toLocaleString('en-US');
          expect(evidence.marked(`It is ${words} ${unit}, or ${count} ${unit}.`)).not.toContain(
            unverifiedMark,
          );
          expect(evidence.marked(`It is ${count + 1} ${unit}.`)).toContain(unverifiedMark);
        },
      ),
      { seed: 9, numRuns: 300 },
    );
  });

  test('every number of a result is known', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (n) => {
        const evidence = new Evidence();
        evidence.addResult({ deep: [{ count: n }] });
        expect(evidence.marked(`It is ${n}, or ${n.toLocaleString('en-US')}.`)).not.toContain(unverifiedMark);
      }),
      { seed: 8, numRuns: 300 },
    );
  });
});
