import { z } from 'zod';

import { BerthError } from '../../model/error.ts';
import { PublicKey } from '../../model/key.ts';
import { principalOf } from '../caller.ts';
import type { Io } from '../io.ts';
import { keyFileOf, makeKey } from '../keys.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';
import { record, recordIn } from './record.ts';

const Typed = z.strictObject({ publicKey: PublicKey });

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

function noKey(): BerthError {
  return new BerthError({ code: 'NOT_FOUND', message: 'no such key', fix: 'list them with `berth keys`' });
}
