import { z } from 'zod';

import { Instant, Place, Words } from '../src/mcp/field.ts';
import { committing, defineTool } from '../src/mcp/tool.ts';
import { MaintenanceResult } from '../src/model/deed-view.ts';
import { IdemKey } from '../src/model/id.ts';

/** The instant as it was written: the door reads its offset. */
const Written = Instant.in;

export const maintenanceStart = defineTool({
  name: 'maintenance_start',
  description:
    'Closes a place to everybody for a time. Refused while a contract stands there: move it first, as maintenance_plan ' +
    'says. Nearly always `pending_approval`: a person types the command it names; do not retry.',
  input: z.strictObject({
    place: Place,
    from: Written,
    to: Written,
    reason: Words,
    idempotencyKey: IdemKey.describe('new for each window'),
  }),
  output: MaintenanceResult,
  annotations: committing('Close a place'),
  scope: 'berth:operate',
  cuts: ['refusal.sites', 'refusal.refusal.relaxations', 'refusal.relaxations'],
  narrow: 'close one node at a time',
  run: ({ idempotencyKey, ...window }, { control, caller }) =>
    control.scheduleMaintenance(caller, { ...window, idemKey: idempotencyKey }),
});
