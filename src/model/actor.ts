import { z } from 'zod';

import { Digest, MandateId, PrincipalId, RunId } from './id.ts';

const word = z.string().min(1).max(120);

/** Everyone and everything that stood between the wish and the decision. */
export const Actor = z.strictObject({
  principal: PrincipalId,
  onBehalfOf: PrincipalId.optional(),
  client: word.optional().describe('the program that called: `berth-cli`, `berth-chat`, an MCP client name'),
  model: word.optional().describe('the language model, or `built-in`'),
  tool: word.optional(),
  toolDigest: Digest.optional().describe('of what the caller was told about the tool'),
  catalogue: Digest.optional().describe('of the whole list of tools; absent in old entries'),
  software: Digest.optional().describe('of the agent, as it says itself'),
  byHand: z.literal(true).optional().describe('a person, through a front end of Berth itself'),
  confirmed: z.literal('form').optional().describe('its own yes, in a form that its client showed'),
  mandate: MandateId.optional(),
  run: RunId.optional().describe('of an agent that works by itself'),
});
export type Actor = z.infer<typeof Actor>;
