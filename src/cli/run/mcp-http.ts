import { z } from 'zod';

import { AuthConfig } from '../../mcp/auth/config.ts';
import { createAuthDoor } from '../../mcp/auth/door.ts';
import { isLoopback, readAddress } from '../../mcp/http/address.ts';
import { loopbackGate, publicGate } from '../../mcp/http/gate.ts';
import { serveHttp } from '../../mcp/http/listen.ts';
import { rateOf } from '../../mcp/http/pace.ts';
import { inputError } from '../../mcp/input-error.ts';
import { BerthError } from '../../model/error.ts';
import { readYaml } from '../files.ts';
import type { Io } from '../io.ts';
import type { McpOptions, Served } from './mcp.ts';

/** Without a login whoever reaches the port acts as the person who started it: so only this machine may. */
export async function serveOverHttp(
  io: Io,
  options: McpOptions,
  open: () => Promise<Served>,
): Promise<number> {
  const address = readAddress(options.http ?? true);
  const config = options.auth === undefined ? undefined : await readAuth(io, options, options.auth);
  const own = isLoopback(address.host);
  if (!own && config === undefined) throw needsLogin(address.host);
  const { hostname, origin } = new URL(config?.resource ?? 'http://localhost');
  const { allowHost = [], allowOrigin = [] } = options;
  const names = [
    [hostname, ...allowHost],
    [origin, ...allowOrigin],
  ] as const;
  const gate = own ? loopbackGate(...names) : publicGate(...names);
  const auth = config === undefined ? {} : { auth: createAuthDoor(config) };
  const asked = options.rate === undefined ? config?.rate : { perSecond: options.rate };
  const rate = asked === undefined ? {} : { rate: rateOf(asked) };
  const served = await open();
  await serveHttp({ ...served, ...auth, ...rate, address, gate, stderr: io.stderr });
  return 0;
}

/** With tokens it is they who say who acts, for whom. */
async function readAuth(io: Io, options: McpOptions, file: string): Promise<AuthConfig> {
  const given = (['as', 'tenant', 'onBehalfOf', 'model', 'software'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (given !== undefined) {
    throw new BerthError({
      code: 'INVALID_INPUT',
      message: `\`${asOptionName(given)}\` and \`--auth\` both say who acts`,
      fix: 'leave one of them out: with `--auth` every token says it',
    });
  }
  const said = z.record(z.string(), z.unknown()).safeParse(await readYaml(io, file)).data ?? {};
  const result = AuthConfig.safeParse(said);
  if (result.success) return result.data;
  throw inputError(AuthConfig, said, result.error.issues);
}

function asOptionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function needsLogin(host: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${host}\` is reached by others, and nobody would have to say who they are`,
    fix: 'listen on 127.0.0.1, or say with `--auth auth.yaml` who issues tokens',
  });
}
