import { z } from 'zod';

import { canonicalJson } from '../../model/canonical.ts';
import { BerthError } from '../../model/error.ts';
import { PublicKey } from '../../model/key.ts';
import { cleanText } from '../../model/text.ts';
import { callerOf, principalOf } from '../caller.ts';
import { readYaml } from '../files.ts';
import type { Io } from '../io.ts';
import { keyFileOf, makeKey, openDocumentSigner } from '../keys.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { requireTerminal } from '../passphrase.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { record, recordIn } from './record.ts';

const Typed = z.strictObject({ publicKey: PublicKey });

/** What is signed outside of an approval: a plain object that says what it is. */
const Body = z
  .object({ schema: z.enum(['berth/fact/1', 'berth/override/1']), by: z.never().exactOptional() })
  .catchall(z.json());

export async function listKeys(io: Io, options: Common): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    const { keys } = await control.authority(caller);
    const lines = keys.map(({ principal, publicKey, since, revoked }) => {
      return `${principal}  ${publicKey}  since ${since}${revoked === undefined ? '' : `, revoked ${revoked}`}`;
    });
    print(io, options.json, { kind: 'text', lines: lines.length === 0 ? ['no keys'] : lines }, keys);
    return 0;
  });
}

/** Makes the caller's own key and records its public half. The private one never leaves its file. */
export async function newKeyPair(io: Io, options: Common & { readonly keyFile?: string }): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const { principal } = session.caller;
    const file = keyFileOf(io, principal, options.keyFile);
    const publicKey = await makeKey(io, file);
    io.stderr.write(
      `the key of ${principal} is in ${file}; without its passphrase it is of no use to anybody\n`,
    );
    return recordIn(io, session, options, { kind: 'register-key', principal, publicKey });
  });
}

export async function addKey(
  io: Io,
  typed: string,
  options: Common & { readonly of: string },
): Promise<number> {
  const { publicKey } = parsed(Typed, { publicKey: typed });
  return record(io, options, { kind: 'register-key', principal: principalOf(options.of), publicKey });
}

/**
 * Signs the body of a fact or an override with the caller's own key: what `--signed` and `--second` take. The body is
 * shown first, as it is signed.
 */
export async function signBody(
  io: Io,
  file: string,
  options: Common & { readonly keyFile?: string },
): Promise<number> {
  requireTerminal(io);
  const { principal: by } = callerOf(io, options, 'berth-cli');
  const document = { ...bodyIn(file, await readYaml(io, file)), by };
  io.stderr.write(`${by} signs ${cleanText(canonicalJson(document), 4000)}\n`);
  const sign = await openDocumentSigner(io, keyFileOf(io, by, options.keyFile));
  io.stdout.write(`${JSON.stringify({ by, ...sign(document) })}\n`);
  return 0;
}

export async function revokeKey(
  io: Io,
  typed: string,
  options: Common & { readonly reason: string },
): Promise<number> {
  const { publicKey } = parsed(Typed, { publicKey: typed });
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const { keys } = await session.control.authority(session.caller);
    const principal = keys.find((key) => key.publicKey === publicKey)?.principal;
    if (principal === undefined) throw noKey();
    return recordIn(io, session, options, {
      kind: 'revoke-key',
      principal,
      publicKey,
      reason: options.reason,
    });
  });
}

function bodyIn(file: string, written: unknown): z.output<typeof Body> {
  const result = Body.safeParse(written);
  if (result.success) return result.data;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${file}\` is no body of a fact or an override`,
    fix: 'hand in what `berth facts record … --body` or `berth policy override … --body` prints',
  });
}

function noKey(): BerthError {
  return new BerthError({ code: 'NOT_FOUND', message: 'no such key', fix: 'list them with `berth keys`' });
}
