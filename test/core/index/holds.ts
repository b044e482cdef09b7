import { type Arbitrary, array, boolean, constantFrom, integer, record } from 'fast-check';

import type { Calendar, Hold } from '../../../src/core/calendar/calendar.ts';
import type { State } from '../../../src/core/state.ts';
import { TenantId } from '../../../src/model/id.ts';
import { hourMs, t0 } from '../fleet.ts';

/** Something that is held for some hours of a day, by somebody or nobody, alone or not. */
export const holds: Arbitrary<Hold> = record({
  holder: constantFrom('C-1', 'C-2', 'W-1'),
  owner: constantFrom('acme', 'acme', 'globex', 'initech', undefined),
  devicesOnly: boolean(),
  fromH: integer({ min: 0, max: 22 }),
  hours: integer({ min: 1, max: 9 }),
  gpus: integer({ min: 0, max: 255 }),
  nics: array(integer({ min: 0, max: 7 }), { maxLength: 3 }),
  cpuMilli: integer({ min: 0, max: 9000 }),
  memoryMib: integer({ min: 0, max: 9000 }),
  storageGib: integer({ min: 0, max: 9 }),
  powerW: integer({ min: 0, max: 3000 }),
  alone: constantFrom('shared', 'shared', 'shared', 'node', 'rack', 'site'),
}).map(({ owner, devicesOnly, fromH, hours, alone, ...rest }) => ({
  ...rest,
  startMs: t0 + fromH * hourMs,
  endMs: t0 + (fromH + hours) * hourMs,
  aligned: false,
  ...(owner === undefined
    ? { alone: 'shared', ...(devicesOnly ? { devicesOnly } : {}) }
    : { tenant: TenantId.parse(owner), alone }),
}));

/** Holds on some of the nodes of a fleet. */
export function calendarsOf({ fleet }: State): Arbitrary<Calendar> {
  const entry = record({ node: integer({ min: 0, max: fleet.nodes.length - 1 }), hold: holds });
  return array(entry, { maxLength: 14 }).map((entries) =>
    fleet.nodes.map(({ index }) => entries.flatMap(({ node, hold }) => (node === index ? [hold] : []))),
  );
}

/** Some hours of the same day. */
export const spans = record({
  fromH: integer({ min: 0, max: 22 }),
  hours: integer({ min: 1, max: 12 }),
}).map(({ fromH, hours }) => ({ startMs: t0 + fromH * hourMs, endMs: t0 + (fromH + hours) * hourMs }));
