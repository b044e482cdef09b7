import { type Arbitrary, array, constantFrom, integer, record } from 'fast-check';

import { type Calendar, type Hold, never } from '../../../src/core/calendar/calendar.ts';
import { Isolation } from '../../../src/model/demand.ts';
import { TenantId } from '../../../src/model/id.ts';

/** Hours that somebody holds GPUs of a node, by its index: nobody's close the node, and some have no length or no end. */
export type Drawn = {
  readonly node: number;
  readonly gpus: number;
  readonly from: number;
  readonly length: number;
  readonly who: string;
  readonly alone: string;
};

export function drawnHolds(nodes: number, most: number): Arbitrary<readonly Drawn[]> {
  return array(
    record({
      node: integer({ min: 0, max: nodes - 1 }),
      gpus: integer({ min: 0, max: 15 }),
      from: integer({ min: 0, max: 30 }),
      length: constantFrom(0, 1, 2, 3, 5, 9, Infinity),
      who: constantFrom('acme', 'globex', 'initech', 'nobody'),
      alone: constantFrom('shared', 'shared', 'node', 'rack', 'site'),
    }),
    { maxLength: most },
  );
}

export function calendarOf(nodes: number, drawn: readonly Drawn[]): Calendar {
  return Array.from({ length: nodes }, (_, node) => drawn.filter((one) => one.node === node).map(holdOf));
}

function holdOf({ gpus, from, length, who, alone }: Drawn, at: number): Hold {
  const isNobody = who === 'nobody';
  return {
    holder: isNobody ? `W-${at}` : `C-${101 + at}`,
    ...(isNobody ? {} : { tenant: TenantId.parse(who) }),
    startMs: from,
    endMs: length === Infinity ? never : from + length,
    gpus: isNobody ? 15 : gpus,
    nics: [],
    cpuMilli: 0,
    memoryMib: 0,
    storageGib: 0,
    powerW: isNobody ? 0 : 100 * (gpus + 1),
    aligned: false,
    alone: isNobody ? 'shared' : Isolation.parse(alone),
  };
}
