import { z } from 'zod';

import { Instant } from '../src/mcp/field.ts';
import { defineTool, reading, type ToolContext } from '../src/mcp/tool.ts';
import { ContractId } from '../src/model/id.ts';
import { VerifyResult } from '../src/model/verify-view.ts';

export const ledgerVerify = defineTool({
  name: 'ledger_verify',
  description:
    'Checks the ledger: hash chain, Merkle tree, blobs, keys, clock, and a replay of every decision. To read ' +
    'entries use ledger_search. Says for each check whether it held and which entry failed ' +
    'first; with `contract`, whether its placement comes out the same. May take minutes.',
  input: z.strictObject({
    until: Instant.exactOptional().describe('replay no further than this'),
    contract: ContractId.exactOptional(),
  }),
  output: VerifyResult,
  annotations: reading('Verify the ledger'),
  scope: 'berth:audit',
  cuts: [],
  narrow: 'verify at the terminal',
  run: async ({ until, contract }, { control, caller, progress, signal }) => {
    // Of somebody else's contract not even that it exists.
    if (contract !== undefined) await control.contract(caller, contract);
    const tell: ToolContext['progress'] = (done, total, what) => {
      signal?.throwIfAborted();
      progress?.(done, total, what);
    };
    return control.verify(tell, {
      ...(until !== undefined && { untilMs: until }),
      ...(contract !== undefined && { contract }),
    });
  },
});
