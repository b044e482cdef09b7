import { z } from 'zod';

import { Cursor, Limit } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { OperationId } from '../src/model/id.ts';
import { OperationList } from '../src/model/operation.ts';

export const operationGet = defineTool({
  name: 'operation_get',
  description:
    'How far something is that outlasts its call: an approval, a hand-over to an engine, a closed place, a later ' +
    'start. Without `operation` all under way. `waitS` waits for a change.',
  input: z.strictObject({
    operation: OperationId.exactOptional().describe('as a result named it: `A-3`, `MW-1`, `C-106.2`'),
    waitS: z.int().min(0).max(50).default(0),
    limit: Limit,
    cursor: Cursor.exactOptional(),
  }),
  output: OperationList,
  annotations: reading('Follow an operation'),
  scope: 'berth:read',
  cuts: ['operations[].engines', 'operations'],
  narrow: 'name one `operation`',
  run: (query, { control, caller, progress, signal, stopping }) =>
    control.operations(caller, query, { progress, signal, stopping }),
});
