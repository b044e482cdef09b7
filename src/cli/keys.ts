import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Signer } from '../control/approving.ts';
import { publicKeyOf, signBallot, signDocument } from '../control/signatures.ts';
import { BerthError } from '../model/error.ts';
import type { PrincipalId } from '../model/id.ts';
import type { PublicKey, Signature } from '../model/key.ts';
import { homeOf, readSettings } from './home.ts';
import type { Io } from './io.ts';
import { askPassphrase, requireTerminal } from './passphrase.ts';

/** A file of a private key is shorter than this. */
const keyCapBytes = 16 * 1024;

/** A passphrase that guards a key for years. */
const shortestPassphrase = 8;

/** Where somebody's own key is: `--key-file`, else what the settings of the home say, else in its folder `keys`. */
export function keyFileOf(io: Io, principal: PrincipalId, asked: string | undefined): string {
  const home = homeOf(io);
  return asked ?? readSettings(home).keyFile ?? join(home, 'keys', `${principal.replace(':', '-')}.pem`);
}

/** Makes a new Ed25519 key and keeps it in a file that only its passphrase opens. Never writes over one. */
export async function makeKey(io: Io, file: string): Promise<PublicKey> {
  requireTerminal(io);
  if (existsSync(file))
    throw badKey(`there is a file \`${file}\` already`, 'name another one with `--key-file`');
  const passphrase = await askPassphrase(io, `new passphrase for ${file}`);
  if (passphrase.length < shortestPassphrase)
    throw badKey('the passphrase is too short', `use at least ${shortestPassphrase} characters`);
  if ((await askPassphrase(io, 'the same again')) !== passphrase)
    throw badKey('the two passphrases differ', 'try again');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeKey(file, privateKey, { passphrase });
  return publicKeyOf(privateKey);
}

/** PKCS #8 in PEM, encrypted, for its owner's eyes only. Text before it is for people. */
export function writeKey(
  file: string,
  key: KeyObject,
  { passphrase, note = '' }: { readonly passphrase: string; readonly note?: string },
): void {
  const pem = key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${note}${pem}`, { mode: 0o600, flag: 'wx' });
}

/** Opens somebody's key at a terminal, for one signature after the other. Throws where the passphrase is wrong. */
export async function openSigner(io: Io, file: string): Promise<Signer> {
  const key = await openKey(io, file);
  return { publicKey: publicKeyOf(key), sign: (ballot) => signBallot(key, ballot) };
}

/** Signs documents with somebody's key at a terminal. */
export async function openDocumentSigner(
  io: Io,
  file: string,
): Promise<(document: object) => { readonly key: PublicKey; readonly signature: Signature }> {
  const key = await openKey(io, file);
  return (document) => ({ key: publicKeyOf(key), signature: signDocument(key, document) });
}

async function openKey(io: Io, file: string): Promise<KeyObject> {
  requireTerminal(io);
  const pem = readKey(file);
  return opened(pem, await askPassphrase(io, `passphrase of ${file}`), file);
}

function readKey(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    throw badKey(
      `there is no key at \`${file}\``,
      'make one with `berth keys new`, or name its file with `--key-file`',
    );
  }
  const pem = bytes.toString('utf8');
  if (bytes.length <= keyCapBytes && pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----')) return pem;
  throw badKey(
    `\`${file}\` is no key with a passphrase`,
    'make one with `berth keys new`; keys without one are not used',
  );
}

function opened(pem: string, passphrase: string, file: string): KeyObject {
  try {
    const key = createPrivateKey({ key: pem, passphrase });
    publicKeyOf(key);
    return key;
  } catch {
    throw badKey(`\`${file}\` does not open with that passphrase`, 'try again');
  }
}

function badKey(message: string, fix: string): BerthError {
  return new BerthError({ code: 'FORBIDDEN', message, fix, field: '--key-file' });
}
