import type { Holding } from '../../../src/core/calendar/calendar.ts';
import type { Placement } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { hourMs, t0 } from '../fleet.ts';
import { placement } from '../placement.ts';

/** An instant so many hours after `t0`. */
export function hour(hours: number): number {
  return t0 + hours * hourMs;
}

/** Who holds what from when to when, in hours after `t0` (the end may be missing), by the lines of `placement`. */
export function holding(
  id: string,
  [fromH, toH]: readonly [number, (number | undefined)?],
  lines: readonly string[],
  { demanded = '1×1', more = {}, ...rest }: Partial<Placement> & { demanded?: string; more?: object } = {},
): Holding {
  const asked = demand(demanded, more);
  const { startMs: _start, endMs: _end, ...held } = placement(undefined, ...lines);
  return {
    id,
    tenant: asked.tenant,
    demand: asked,
    placement: {
      ...held,
      startMs: hour(fromH),
      ...(toH === undefined ? {} : { endMs: hour(toH) }),
      ...rest,
    },
  };
}
