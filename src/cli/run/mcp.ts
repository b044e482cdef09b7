import { tools } from '../../../tools/index.ts';
import { serveStdio } from '../../mcp/stdio.ts';
import type { Io } from '../io.ts';
import { openSession } from '../session.ts';
import { version } from '../version.ts';
import type { Common } from '../words.ts';

export async function mcp(io: Io, options: Common & { readonly readOnly?: boolean }): Promise<number> {
  const { control, caller } = await openSession(io, { ...options, client: 'mcp' }, 'demo');
  const served = options.readOnly === true ? tools.filter((tool) => tool.annotations.readOnlyHint) : tools;
  await serveStdio({ tools: served, control, caller, version: version() });
  return 0;
}
