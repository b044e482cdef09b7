import { z } from 'zod';

import { Instant, Place } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { MaintenancePlan } from '../src/model/simulation-view.ts';
import { DurationS } from '../src/model/unit.ts';

export const maintenancePlan = defineTool({
  name: 'maintenance_plan',
  description:
    'Plans how to empty nodes without breaking a contract: moves in order, what prevents it, when each node ' +
    'is free. With `lengthS` in windows one after the other. Does nothing of it.',
  input: z.strictObject({
    places: z.array(Place).min(1).max(50).describe('nodes, or places with all their nodes'),
    from: Instant.exactOptional(),
    until: Instant.exactOptional(),
    lengthS: DurationS.exactOptional().describe('of one window, all between `from` and `until`'),
    atMost: z.int().min(1).max(200).exactOptional().describe('nodes in one window'),
    allowPrice: z.boolean().exactOptional().describe('also where the price is higher'),
  }),
  output: MaintenancePlan,
  annotations: reading('Plan maintenance'),
  scope: 'berth:operate',
  cuts: ['waves[].moves', 'left', 'moves[].to', 'nodes', 'moves', 'waves'],
  narrow: 'name fewer places at once',
  run: ({ from, until, ...wish }, { control, caller }) =>
    control.planMaintenance(caller, {
      ...wish,
      ...(from !== undefined && { fromMs: from }),
      ...(until !== undefined && { untilMs: until }),
    }),
});
