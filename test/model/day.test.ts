import * as fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';

import { instantNamed } from '../../src/model/day.ts';

describe('an instant', () => {
  test.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01T01:00:00+01:00', 0],
    ['1969-12-31T23:30:00-00:30', 0],
    ['2026-11-24T09:00+01:00', Date.UTC(2026, 10, 24, 8)],
    ['2028-02-29T23:59:59.5Z', Date.UTC(2028, 1, 29, 23, 59, 59, 500)],
    ['2026-11-24T09:00:00.042+05:45', Date.UTC(2026, 10, 24, 3, 15, 0, 42)],
  ])('%s', (text, ms) => {
    expect(instantNamed(text)).toBe(ms);
  });

  test.each([
    '2026-11-24',
    '2026-11-24T09:00:00',
    '2026-02-29T09:00:00Z',
    '2026-04-31T09:00:00Z',
    '2026-13-01T09:00:00Z',
    '2026-11-24T24:00:00Z',
    '2026-11-24T09:60:00Z',
    '2026-11-24T09:00:60Z',
    '2026-11-24T09:00:00+24:00',
    '2026-11-24T09:00:00+01',
    '2026-11-24t09:00:00z',
    '2026-11-24T09:00:00.1234Z',
    ' 2026-11-24T09:00:00Z',
    '2026-11-24T09:00:00Z\n',
    '',
  ])('%j is none', (text) => {
    expect(instantNamed(text)).toBeUndefined();
  });

  test('is read as another reader reads it, in every zone', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Chatham');
    const at = fc.integer({ min: Date.UTC(1972, 0), max: Date.UTC(2199, 0) });
    fc.assert(
      fc.property(at, zone, (ms, where) => {
        expect(instantNamed(DateTime.fromMillis(ms, { zone: where }).toISO() ?? '')).toBe(ms);
      }),
      { seed: 4, numRuns: 1000 },
    );
  });
});
