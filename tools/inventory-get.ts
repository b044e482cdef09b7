import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { Place } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { RecordList } from '../src/model/inventory-view.ts';

export const inventoryGet = defineTool({
  name: 'inventory_get',
  description:
    'All that is known about up to 20 places, each attribute with source, time and conflicts. Use it ' +
    'after inventory_search, or to see why Berth believes something. Unknown ids come back in `notFound` ' +
    'with a suggestion.',
  input: z.strictObject({
    ids: z.array(Place).min(1).max(20).describe('1 to 20 paths, host names or unambiguous tails'),
    devices: z.boolean().default(false).describe('add GPUs and NICs with NUMA, PCIe, link and holder'),
    responseFormat: ResponseFormat.exactOptional(),
  }),
  output: RecordList,
  annotations: reading('Read inventory records'),
  scope: 'berth:read',
  cuts: ['records[].children', 'records'],
  brief: [
    ...briefSnapshot,
    'records[].attributes[].file',
    'records[].attributes[].line',
    'records[].attributes[].observedAt',
    'records[].attributes[].confidence',
  ],
  narrow: 'ask for fewer ids at once, or without `devices`',
  run: (query, { control, caller }) => control.records(caller, query),
});
