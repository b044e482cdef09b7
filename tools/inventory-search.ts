import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { Cursor, Instant, Limit, Place } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { LinkKind } from '../src/model/fact.ts';
import { Country } from '../src/model/id.ts';
import { InventoryList } from '../src/model/inventory-view.ts';

const input = z
  .strictObject({
    within: Place.exactOptional().describe('site, hall or rack, such as `fra1/h1/r11`'),
    model: z.string().min(1).max(60).exactOptional().describe('GPU model, such as `H100-SXM-80GB`'),
    link: LinkKind.exactOptional(),
    rdma: z.boolean().exactOptional(),
    country: Country.exactOptional(),
    minFreeGpus: z.int().min(0).max(1_000_000).exactOptional(),
    text: z.string().min(1).max(120).exactOptional().describe('part of an id, host name or label'),
    from: Instant.exactOptional().describe('default now'),
    to: Instant.exactOptional(),
    labels: z.boolean().default(false).describe('include source labels: untrusted text'),
    limit: Limit,
    cursor: Cursor.exactOptional(),
    responseFormat: ResponseFormat.exactOptional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    error: '`to` must be later than `from`',
  });

export const inventorySearch = defineTool({
  name: 'inventory_search',
  description:
    'Finds nodes and how many GPUs of each stay free from `from` to `to`. Free nodes do not promise that ' +
    'a workload fits: ask placement_plan. One node down to its PCIe lanes: inventory_get.',
  input,
  output: InventoryList,
  annotations: reading('Search nodes'),
  scope: 'berth:read',
  cuts: [],
  brief: [
    ...briefSnapshot,
    'nodes[].hostName',
    'nodes[].site',
    'nodes[].rack',
    'nodes[].cpuMilli',
    'nodes[].memoryMib',
  ],
  narrow: 'use a smaller `limit`, `within`, or no `labels`',
  run: ({ from, to, ...filter }, { control, caller }) =>
    control.searchNodes(caller, {
      ...filter,
      ...(from !== undefined && { fromMs: from }),
      ...(to !== undefined && { toMs: to }),
    }),
});
