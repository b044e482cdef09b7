import { z } from 'zod';

import { Instant, Limit } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { ApprovalList } from '../src/model/authority-view.ts';
import { PrincipalId } from '../src/model/id.ts';

export const approvalList = defineTool({
  name: 'approval_list',
  description:
    'What waits for a person to say yes: who asked, why a person, who may decide, until when. With `all` also ' +
    'what was approved or rejected, by whom. Nothing can be approved here: a person types the `command`.',
  input: z.strictObject({
    all: z.boolean().exactOptional().describe('also what is over'),
    by: PrincipalId.exactOptional().describe('who asked, or in whose name'),
    from: Instant.exactOptional(),
    to: Instant.exactOptional(),
    limit: Limit,
  }),
  output: ApprovalList,
  annotations: reading('List approvals'),
  scope: 'berth:read',
  cuts: [],
  narrow: 'use a smaller `limit`, or a shorter time',
  run: ({ all = false, by, from, to, limit }, { control, caller }) =>
    control.approvals(caller, {
      all,
      ...(by === undefined ? {} : { by }),
      ...(from === undefined ? {} : { fromMs: from }),
      ...(to === undefined ? {} : { toMs: to }),
      limit,
    }),
});
