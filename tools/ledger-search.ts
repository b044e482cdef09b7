import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { Cursor, Instant, Limit } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { AuditList } from '../src/model/audit.ts';
import { ContractId, PrincipalId } from '../src/model/id.ts';

export const ledgerSearch = defineTool({
  name: 'ledger_search',
  description:
    'Who did what, why and under which rule: ledger entries, newest first, by time, tenant, principal or ' +
    'contract. To check that they are genuine use ledger_verify.',
  input: z.strictObject({
    from: Instant.exactOptional(),
    to: Instant.exactOptional().describe('before then'),
    tenant: z.string().min(1).max(63).exactOptional(),
    principal: PrincipalId.exactOptional().describe('who acted, or for whom'),
    contract: ContractId.exactOptional(),
    limit: Limit,
    cursor: Cursor.exactOptional(),
    responseFormat: ResponseFormat.exactOptional(),
  }),
  output: AuditList,
  annotations: reading('Search the ledger'),
  scope: 'berth:audit',
  cuts: [],
  brief: [
    ...briefSnapshot,
    'entries[].digest',
    'entries[].atMs',
    'entries[].clock',
    'entries[].actor.catalogue',
    'entries[].actor.toolDigest',
    'entries[].actor.software',
    'entries[].policy',
    'entries[].core',
  ],
  narrow: 'use a smaller `limit`, or a shorter time',
  run: ({ from, to, ...filter }, { control, caller }) =>
    control.audit(caller, {
      ...filter,
      ...(from === undefined ? {} : { fromMs: from }),
      ...(to === undefined ? {} : { toMs: to }),
    }),
});
