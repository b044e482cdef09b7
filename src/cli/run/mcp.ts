import { setImmediate as whatWaits } from 'node:timers/promises';

import { z } from 'zod';

import { tools } from '../../../tools/index.ts';
import type { Party } from '../../mcp/exchange.ts';
import type { Profile } from '../../mcp/profile.ts';
import type { McpServerOptions } from '../../mcp/server.ts';
import { type Toolset, toolsOf, usualToolsets } from '../../mcp/toolset.ts';
import { BerthError } from '../../model/error.ts';
import { Digest } from '../../model/id.ts';
import { principalOf } from '../caller.ts';
import type { Io } from '../io.ts';
import { parsed } from '../parsed.ts';
import { readPrompts } from '../prompts.ts';
import { openLedger } from '../session.ts';
import { startTraces } from '../telemetry.ts';
import { version } from '../version.ts';
import type { Common } from '../words.ts';

const Software = z.strictObject({ software: Digest });

export type McpOptions = Common & {
  readonly readOnly?: boolean;
  readonly onBehalfOf?: string;
  readonly model?: string;
  readonly software?: string;
  readonly http?: string | true;
  readonly allowHost?: string[];
  readonly allowOrigin?: string[];
  readonly conformance?: boolean;
  readonly auth?: string;
  readonly rate?: number;
  readonly toolsets?: Toolset[];
  readonly confirmByForm?: boolean;
  readonly approvalPage?: string;
};

export async function mcp(io: Io, options: McpOptions): Promise<number> {
  const endTraces = await startTraces(io);
  try {
    return await serve(io, options);
  } finally {
    await endTraces();
  }
}

async function serve(io: Io, options: McpOptions): Promise<number> {
  if (options.http !== undefined) {
    const { serveOverHttp } = await import('./mcp-http.ts');
    return serveOverHttp(io, options, () => servedBy(io, options));
  }
  const idle = (['auth', 'allowHost', 'allowOrigin', 'rate'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (idle !== undefined) throw onlyOverHttp(idle);
  const { serveStdio } = await import('../../mcp/stdio.ts');
  await serveStdio(await servedBy(io, options));
  return 0;
}

function onlyOverHttp(name: 'auth' | 'allowHost' | 'allowOrigin' | 'rate'): BerthError {
  const options = {
    auth: '--auth',
    allowHost: '--allow-host',
    allowOrigin: '--allow-origin',
    rate: '--rate',
  };
  const option = options[name];
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${option}\` means nothing over stdio`,
    fix: 'add `--http`, or leave it out',
  });
}

/** What is served, and as whom. */
export type Served = Omit<McpServerOptions, 'log'>;

async function servedBy(io: Io, options: McpOptions): Promise<Served> {
  const session = await openLedger(io, { ...options, client: 'mcp' }, 'demo');
  const { onBehalfOf, model, software } = options;
  const caller: Party = {
    ...session.caller,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf: principalOf(onBehalfOf) }),
    ...(model === undefined ? {} : { model }),
    ...(software === undefined ? {} : parsed(Software, { software })),
  };
  const sets = options.toolsets ?? usualToolsets;
  return {
    tools: toolsOf(tools, { sets, readOnly: options.readOnly === true }),
    prompts: readPrompts,
    // What stands on stdin by then is read first: the handshake, which needs none of it.
    control: whatWaits().then(session.control),
    caller,
    version: version(),
    confirmByForm: options.confirmByForm === true,
    ...(options.conformance === true ? { profile: await fixtures() } : {}),
  };
}

/** Loaded for this alone: nobody who serves people has them in the process. */
async function fixtures(): Promise<Profile> {
  const { conformanceProfile } = await import('../../mcp/conformance/profile.ts');
  return conformanceProfile();
}
