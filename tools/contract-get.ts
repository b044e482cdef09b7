import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { ContractDetail } from '../src/model/contract-view.ts';
import { ContractId } from '../src/model/id.ts';

export const contractGet = defineTool({
  name: 'contract_get',
  description:
    'One contract whole: devices, terms, price, version and ledger entries. Find ids with ' +
    'contract_search; why it stands there, placement_explain says.',
  input: z.strictObject({ contract: ContractId, responseFormat: ResponseFormat.exactOptional() }),
  output: ContractDetail,
  annotations: reading('Read a contract'),
  scope: 'berth:read',
  cuts: ['entries', 'parts[].spares', 'parts[].members'],
  brief: [
    ...briefSnapshot,
    'contract.planDigest',
    'contract.startMs',
    'contract.endMs',
    'contract.price.lines',
    'contract.grantedBy.catalogue',
    'contract.grantedBy.toolDigest',
    'parts[].members[].gpus',
    'parts[].members[].nics',
    'parts[].members[].cpuMilli',
    'parts[].members[].memoryMib',
    'parts[].members[].powerW',
    'terms[].heldAs',
    'terms[].enforcedBy',
    'terms[].measuredBy',
    'entries[].digest',
  ],
  narrow: 'see which nodes it holds with inventory_search, one rack at a time',
  run: ({ contract }, { control, caller }) => control.contract(caller, contract),
});
