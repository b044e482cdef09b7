import { z } from 'zod';

import { Instant, Place } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { Simulation } from '../src/model/view.ts';

export const placementSimulate = defineTool({
  name: 'placement_simulate',
  description:
    'What breaks when places are lost: contracts hit, which can be re-placed and where, capacity left. ' +
    'Runs on a copy: changes and reserves nothing. For new capacity use placement_plan.',
  input: z.strictObject({
    lose: z.array(Place).min(1).max(20).describe('1 to 20 nodes, racks, halls or sites'),
    from: Instant.exactOptional().describe('ISO 8601 with offset; default now'),
  }),
  output: Simulation,
  annotations: reading('Simulate a loss'),
  scope: 'berth:plan',
  cuts: ['contracts[].to', 'remaining', 'contracts'],
  narrow: 'lose fewer places at once',
  run: ({ lose, from }, { control, caller }) =>
    control.simulate(caller, { lose, ...(from !== undefined && { fromMs: from }) }),
});
