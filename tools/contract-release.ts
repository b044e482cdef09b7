import { z } from 'zod';

import { Words } from '../src/mcp/field.ts';
import { committing, defineTool } from '../src/mcp/tool.ts';
import { ChangeResult } from '../src/model/deed-view.ts';
import { ContractId, IdemKey } from '../src/model/id.ts';

export const contractRelease = defineTool({
  name: 'contract_release',
  description:
    'Ends a contract now and frees its devices; there is no undo. Only on the wish of the person it ' +
    'belongs to, never to make room. `pending_approval` waits for a person. After a lost reply call again with the same key. Read the version ' +
    'with contract_get.',
  input: z.strictObject({
    contract: ContractId,
    idempotencyKey: IdemKey.describe('new for each release'),
    expectedVersion: z.int().min(1).exactOptional().describe('refuse if the contract has changed since'),
    reason: Words.exactOptional(),
  }),
  output: ChangeResult,
  annotations: committing('Release a contract'),
  scope: 'berth:contract',
  cuts: ['refusal.sites', 'refusal.refusal.relaxations', 'refusal.relaxations'],
  narrow: 'read the contract with contract_get',
  run: ({ idempotencyKey, ...release }, { control, caller }) =>
    control.release(caller, { ...release, idemKey: idempotencyKey }),
});
