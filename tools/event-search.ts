import { z } from 'zod';

import { briefSnapshot, ResponseFormat } from '../src/mcp/brief.ts';
import { Cursor, Instant, Limit, Place } from '../src/mcp/field.ts';
import { defineTool, reading } from '../src/mcp/tool.ts';
import { ContractId } from '../src/model/id.ts';
import { OccurrenceKind, OccurrenceList } from '../src/model/occurrence.ts';

export const eventSearch = defineTool({
  name: 'event_search',
  description:
    'What happened to machines, places, engines and contracts, and the contracts touched; latest first. ' +
    'For what people and agents did use ledger_search.',
  input: z.strictObject({
    kind: OccurrenceKind.exactOptional(),
    within: Place.exactOptional(),
    contract: ContractId.exactOptional(),
    from: Instant.exactOptional(),
    to: Instant.exactOptional(),
    limit: Limit,
    cursor: Cursor.exactOptional(),
    responseFormat: ResponseFormat.exactOptional(),
  }),
  output: OccurrenceList,
  annotations: reading('Search events'),
  scope: 'berth:read',
  cuts: [],
  brief: [...briefSnapshot, 'events[].said.confidence', 'events[].said.file', 'events[].said.line'],
  narrow: 'use a smaller `limit`, `within`, or a shorter time',
  run: ({ from, to, ...filter }, { control, caller }) =>
    control.occurrences(caller, {
      ...filter,
      ...(from === undefined ? {} : { fromMs: from }),
      ...(to === undefined ? {} : { toMs: to }),
    }),
});
