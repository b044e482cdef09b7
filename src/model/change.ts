import { z } from 'zod';

import { DemandRequest, instant } from './demand.ts';
import { Count, DurationS } from './unit.ts';

const places = z.array(z.string().min(1).max(200)).min(1).max(64);

/** What is to be different about a contract, as people and agents say it. Several at once are one change. */
export const ChangeRequest = z.strictObject({
  until: instant.optional().describe('its new end'),
  extendS: DurationS.optional().describe('so many seconds after its end'),
  openEnded: z.literal(true).optional().describe('no end any more'),
  replicas: z
    .record(z.string().max(41), Count.max(100_000))
    .optional()
    .describe('how many there shall be of a part; the others stay as they are'),
  avoid: places.optional().describe('nothing inside these places any more'),
  where: places.optional().describe('only inside one of these places'),
  demand: DemandRequest.optional().describe('all of it anew'),
});
export type ChangeRequest = z.infer<typeof ChangeRequest>;
