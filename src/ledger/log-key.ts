import { createPrivateKey, generateKeyPairSync, hash, type KeyObject, randomUUID } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { ledgerRefused, shownPath } from './ledger-error.ts';
import { parseVkey, rawPublicKey, type SigningKey, signingKey } from './note-key.ts';
import { type OpenedNote, openNote, signNote } from './note.ts';
import { syncFolder } from './sqlite-file.ts';
import { headText } from './tree-head.ts';
import type { Tree } from './tree.ts';

/** What signs for one ledger, and how others know it. */
export type LogKey = {
  /** The name of the log in its checkpoints. It follows from the first key. */
  readonly origin: string;
  /** What `--key` takes: one for Ed25519, and one for ML-DSA-44 where there is such a key. */
  readonly vkeys: readonly string[];
  /** The signed checkpoint of a tree at a size; without it at the one that it has. */
  sign(tree: Tree, size?: number): string;
  open(note: string): OpenedNote;
};

/** What lies where the key belongs: nothing, a key, one that this user may not read, or something that is none. */
export type FoundKey =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'key'; readonly key: LogKey };

/** The file with the private key of the ledger at `path`, in PEM (PKCS #8); nobody else may read it. */
export function logKeyPath(path: string): string {
  return `${path}.key`;
}

export function findLogKey(path: string): FoundKey {
  let pem: string;
  try {
    pem = readFileSync(logKeyPath(path), 'utf8');
  } catch (error) {
    return { kind: kindOf(error) };
  }
  const key = parseLogKey(pem);
  return key === undefined ? { kind: 'unreadable' } : { kind: 'key', key };
}

function kindOf(error: unknown): 'none' | 'denied' | 'unreadable' {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOENT') return 'none';
  return code === 'EACCES' || code === 'EPERM' ? 'denied' : 'unreadable';
}

/** The key of the ledger at `path`, made if there is none. Of several processes that make one, exactly one wins. */
export function ensureLogKey(path: string): LogKey {
  if (findLogKey(path).kind === 'none') placeNew(path, newPem('ed25519'));
  const found = findLogKey(path);
  if (found.kind === 'key') return found.key;
  throw ledgerRefused(
    `the key ${shownPath(logKeyPath(path))} of the log cannot be read`,
    'restore it from a copy; it is a PEM file that only the owner of the ledger may read',
  );
}

/** A key that lives as long as the process. */
export function passingLogKey(): LogKey {
  return logKeyOf([generateKeyPairSync('ed25519').privateKey]);
}

/** Adds an ML-DSA-44 key, which a quantum computer does not break, beside the Ed25519 key. */
export function addPostQuantumKey(path: string): LogKey {
  const key = ensureLogKey(path);
  if (key.vkeys.length > 1) return key;
  appendFileSync(logKeyPath(path), newPem('ml-dsa-44'));
  return ensureLogKey(path);
}

function newPem(kind: 'ed25519' | 'ml-dsa-44'): string {
  const { privateKey } =
    kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Written whole beside its place and linked into it: a crash leaves no half a key. */
function placeNew(path: string, pem: string): void {
  const draft = `${logKeyPath(path)}.new-${randomUUID()}`;
  try {
    const fd = openSync(draft, 'wx', 0o600);
    try {
      writeFileSync(fd, pem);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(draft, logKeyPath(path));
    syncFolder(dirname(path));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function parseLogKey(pem: string): LogKey | undefined {
  const blocks =
    pem.match(/-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\n/g) ?? [];
  if (blocks.join('') !== pem || blocks.length === 0) return undefined;
  try {
    return logKeyOf(blocks.map(privateKeyIn));
  } catch {
    return undefined;
  }
}

/** OpenSSL may answer with an error that something else left behind; whoever asks again gets the answer. */
function privateKeyIn(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    return createPrivateKey(pem);
  }
}

function logKeyOf(keys: readonly KeyObject[]): LogKey {
  const [first] = keys;
  if (first === undefined) throw new TypeError('a log has at least one key');
  const origin = `berth.ledger/${hash('sha256', rawPublicKey(first)).slice(0, 16)}`;
  const signers: readonly SigningKey[] = keys.map((key) => signingKey(origin, key));
  const verifiers = signers.map(({ vkey }) => parseVkey(vkey));
  return {
    origin,
    vkeys: signers.map(({ vkey }) => vkey),
    sign: (tree, size = tree.size) => signNote(headText({ origin, size, root: tree.root(size) }), signers),
    open: (note) => openNote(note, verifiers),
  };
}
