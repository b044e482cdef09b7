import { z } from 'zod';

import { tools } from '../../../tools/index.ts';
import type { Caller } from '../../control/control.ts';
import { serveStdio } from '../../mcp/stdio.ts';
import { Digest } from '../../model/id.ts';
import { principalOf } from '../caller.ts';
import type { Io } from '../io.ts';
import { parsed } from '../parsed.ts';
import { openSession } from '../session.ts';
import { version } from '../version.ts';
import type { Common } from '../words.ts';

const Software = z.strictObject({ software: Digest });

export type McpOptions = Common & {
  readonly readOnly?: boolean;
  readonly onBehalfOf?: string;
  readonly model?: string;
  readonly software?: string;
};

export async function mcp(io: Io, options: McpOptions): Promise<number> {
  const session = await openSession(io, { ...options, client: 'mcp' }, 'demo');
  const { control } = session;
  const { onBehalfOf, model, software } = options;
  const caller: Caller = {
    ...session.caller,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf: principalOf(onBehalfOf) }),
    ...(model === undefined ? {} : { model }),
    ...(software === undefined ? {} : parsed(Software, { software })),
  };
  const served = options.readOnly === true ? tools.filter((tool) => tool.annotations.readOnlyHint) : tools;
  await serveStdio({ tools: served, control, caller, version: version() });
  return 0;
}
