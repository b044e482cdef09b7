import { z } from 'zod';

import type { OfferedTool } from './tools.ts';

export const AskPerson = z.strictObject({
  question: z.string().min(1).max(600),
  missing: z
    .array(
      z.strictObject({
        slot: z.string().min(1).max(40).describe('tenant, count, model, length, start, site, contract …'),
        suggestions: z.array(z.string().min(1).max(80)).max(8).default([]),
      }),
    )
    .max(8)
    .default([]),
});

export const ProposeCommit = z.strictObject({ plan: z.string().max(60) });

export const ProposeRelease = z.strictObject({ contract: z.string().max(60) });

/** What a model may do beside reading: put one question to the person. None of these changes anything. */
export const proposals: readonly OfferedTool[] = [
  proposal(
    'ask_person',
    'Asks the person for what is missing, all of it in one question, and ends your turn.',
    AskPerson,
  ),
  proposal(
    'propose_commit',
    'Puts one of the plans of this conversation before the person, who alone can commit it. The last plan is put before them anyway.',
    ProposeCommit,
  ),
  proposal(
    'propose_release',
    'Asks the person whether to end a contract, which cannot be undone, and ends your turn. Only where the person wants it.',
    ProposeRelease,
  ),
];

function proposal(name: string, description: string, schema: z.ZodType): OfferedTool {
  return { name, description, inputSchema: { ...z.toJSONSchema(schema, { io: 'input' }) }, isReading: true };
}
