import { z } from 'zod';

import { Instant } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { InventorySummary } from '../src/model/inventory-view.ts';

export const inventorySummary = defineTool({
  name: 'inventory_summary',
  description:
    'Start here: sites, GPU models with free and reserved counts and prices, and tenants, with the ids ' +
    'and names that other tools take. For single nodes use inventory_search; whether a workload fits, ' +
    'placement_plan says.',
  input: z.strictObject({
    detail: z.enum(['sites', 'racks']).default('sites').describe('`racks` adds power and cooling by rack'),
    at: Instant.exactOptional().describe('default now'),
  }),
  output: InventorySummary,
  annotations: reading('Summarise the inventory'),
  scope: 'berth:read',
  cuts: ['racks', 'tenants', 'flavors', 'sites'],
  narrow: 'leave out `detail`, or look at one place with inventory_search and `within`',
  run: ({ detail, at }, { control, caller }) =>
    control.summary(caller, { racks: detail === 'racks', ...(at !== undefined && { atMs: at }) }),
});
