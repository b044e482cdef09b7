import { type Arbitrary, constantFrom, integer, oneof, option, record, string, tuple } from 'fast-check';

import type { Sight } from '../../src/control/pictures/placed-node.ts';
import { fleets } from '../core/arbitrary.ts';
import { hourMs, t0, world } from '../core/fleet.ts';
import { calendarsOf } from '../core/index/holds.ts';
import { sightOf } from './pictured.ts';

/** Text as nobody should write it into a label: markup, control characters, wide and joined ones. */
const hostile = oneof(
  string({ unit: 'binary', maxLength: 60 }),
  constantFrom(
    '</title><script>alert(1)</script>',
    ']]>&amp;"\'<!--',
    '\u{1b}[2J\u{1b}]0;x\u{7}',
    '\u{202e}gnp.exe',
    '机架机架机架机架机架机架机架机架机架机架机架机架机架机架',
    '\u{fffe}\u{ffff}\u{0}',
    'x'.repeat(200),
    '👩‍👩‍👧‍👦'.repeat(9),
  ),
);

const own = record(
  {
    position: integer({ min: 1, max: 60 }),
    units: integer({ min: 1, max: 12 }),
    machine: hostile,
    hostName: hostile,
    healthReason: hostile,
    health: constantFrom('healthy', 'degraded', 'down'),
    nameplateW: integer({ min: 0, max: 20_000 }),
    measuredW: integer({ min: 0, max: 20_000 }),
    island: constantFrom('fra1/nvl', 'ams2/nvl'),
    feeds: constantFrom(['A'], ['B'], ['A', 'B']),
  },
  { requiredKeys: [] },
);

/** What somebody sees of a random fleet in which random things are held, at an instant or over some hours. */
export const sights: Arbitrary<Sight> = tuple(fleets, own, own, option(integer({ min: 1, max: 60 }))).chain(
  ([lines, first, second, units]) => {
    const places = lines.flatMap((line) => (typeof line === 'string' ? [line.split(' ', 1).join()] : []));
    const [one = '', two = one] = places;
    const { state } = world(...lines, {
      nodes: {
        [`${one}/n01`]: first,
        [`${one}/${'long-name-'.repeat(6)}x`]: { gpuCount: 4, gpuModel: 'H100', island: 'fra1/nvl' },
        ...(two === one ? {} : { [`${two}/n01`]: second }),
      },
      ...(units === null ? {} : { racks: { [one]: { units, feedLimitW: { A: units * 100, B: 9000 } } } }),
    });
    return tuple(calendarsOf(state), integer({ min: 0, max: 20 }), integer({ min: 0, max: 6 })).map(
      ([calendar, fromH, hours]) => {
        const fromMs = t0 + fromH * hourMs;
        return sightOf(
          { ...state, calendar },
          { span: { fromMs, toMs: fromMs + Math.max(1, hours * hourMs) } },
        );
      },
    );
  },
);
