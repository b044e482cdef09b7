import { fromBase64 } from './base64.ts';

/** Signs texts as one key. `id` is the four bytes by which a signature names its key. */
export type NoteSigner = {
  readonly name: string;
  readonly id: Buffer;
  sign(text: string): Buffer;
};

/** Knows the signatures of one key. */
export type NoteVerifier = {
  readonly name: string;
  readonly id: Buffer;
  verifies(text: string, signature: Buffer): boolean;
};

/** What came of opening a note: its text, which a known key has signed, or why it says nothing. */
export type OpenedNote =
  | { readonly kind: 'signed'; readonly text: string; readonly signatures: number }
  | { readonly kind: 'refused'; readonly why: string };

/** More than this is not read as a note. */
export const noteBytesMax = 64 * 1024;

/** A text and under it one line for each signature: C2SP signed-note v1. The text ends in a newline. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  const lines = signers.map(
    (signer) => `— ${signer.name} ${Buffer.concat([signer.id, signer.sign(text)]).toString('base64')}\n`,
  );
  return `${text}\n${lines.join('')}`;
}

/**
 * Reads a signed note. Signatures of keys that are not known are passed over; one of a known key that does not hold
 * spoils the note, and so does none at all.
 */
export function openNote(note: string, known: readonly NoteVerifier[]): OpenedNote {
  const parts = partsOf(note);
  if (parts === undefined) return refused('is not a signed note');
  let held = 0;
  for (const { name, id, signature } of parts.signatures) {
    const key = known.find((one) => one.name === name && one.id.equals(id));
    if (key === undefined) continue;
    if (!key.verifies(parts.text, signature)) return refused(`carries a false signature of \`${name}\``);
    held++;
  }
  return held === 0
    ? refused('carries no signature of the key that was asked for')
    : { kind: 'signed', text: parts.text, signatures: held };
}

type Signature = { readonly name: string; readonly id: Buffer; readonly signature: Buffer };

function partsOf(note: string): { text: string; signatures: readonly Signature[] } | undefined {
  const cut = note.lastIndexOf('\n\n');
  if (cut < 0 || !note.endsWith('\n') || note.length > noteBytesMax || forbidden.test(note)) return undefined;
  const lines = note.slice(cut + 2, -1).split('\n');
  const signatures = lines.map(signatureOf);
  if (signatures.length > signatureCountMax || signatures.includes(undefined)) return undefined;
  return { text: note.slice(0, cut + 1), signatures: signatures.filter((one) => one !== undefined) };
}

function signatureOf(line: string): Signature | undefined {
  const [, name, encoded] = /^— ([^\s+]+) (\S+)$/u.exec(line) ?? [];
  const bytes = fromBase64(encoded ?? '');
  if (name === undefined || bytes === undefined || bytes.length <= 4) return undefined;
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

/** Verifiers have to accept sixteen. */
const signatureCountMax = 64;

/** Control characters other than the newline. */
const forbidden = /(?!\n)\p{Cc}/u;

function refused(why: string): OpenedNote {
  return { kind: 'refused', why };
}
