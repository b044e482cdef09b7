import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { Cursor, Limit, Place } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { ContractList } from '../src/model/contract-view.ts';
import { ContractState } from '../src/model/contract.ts';

export const contractSearch = defineTool({
  name: 'contract_search',
  description:
    'Lists contracts, also ended ones, by tenant, state or place, with window, GPUs and price. For ' +
    'devices, terms and history use contract_get.',
  input: z.strictObject({
    tenant: z.string().min(1).max(63).exactOptional(),
    state: ContractState.exactOptional(),
    within: Place.exactOptional().describe('site, hall, rack or node'),
    limit: Limit,
    cursor: Cursor.exactOptional(),
    responseFormat: ResponseFormat.exactOptional(),
  }),
  output: ContractList,
  annotations: reading('Search contracts'),
  scope: 'berth:read',
  cuts: [],
  brief: [
    ...briefSnapshot,
    'contracts[].plan',
    'contracts[].planDigest',
    'contracts[].startMs',
    'contracts[].endMs',
    'contracts[].zone',
    'contracts[].price.priceBook',
    'contracts[].price.lines',
    'contracts[].grantedBy',
  ],
  narrow: 'use a smaller `limit`, or filter by `tenant`, `state` or `within`',
  run: (filter, { control, caller }) => control.contracts(caller, filter),
});
