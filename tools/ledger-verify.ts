import { z } from 'zod';

import { defineTool, reading } from '../src/mcp/tool.ts';
import { VerifyResult } from '../src/model/view.ts';

export const ledgerVerify = defineTool({
  name: 'ledger_verify',
  description:
    'Checks the ledger: hash chain, Merkle tree, blobs, keys, clock, and a replay of every decision. To read ' +
    'entries use ledger_search. Says for each check whether it held and which entry failed ' +
    'first. May take minutes.',
  input: z.strictObject({}),
  output: VerifyResult,
  annotations: reading('Verify the ledger'),
  scope: 'berth:audit',
  cuts: [],
  narrow: 'verify at the terminal',
  run: (_nothing, { control, progress, signal }) =>
    control.verify((done, total, what) => {
      signal?.throwIfAborted();
      progress?.(done, total, what);
    }),
});
