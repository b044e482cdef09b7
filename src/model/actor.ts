import { z } from 'zod';

import { Digest, MandateId, PrincipalId } from './id.ts';

const word = z.string().min(1).max(120);

/** Everyone and everything that stood between the wish and the decision. */
export const Actor = z.strictObject({
  principal: PrincipalId,
  onBehalfOf: PrincipalId.optional(),
  client: word.optional().describe('the program that called: `berth-cli`, `berth-chat`, an MCP client name'),
  model: word.optional().describe('the language model, or `built-in`'),
  tool: word.optional(),
  toolDigest: Digest.optional(),
  mandate: MandateId.optional(),
});
export type Actor = z.infer<typeof Actor>;
