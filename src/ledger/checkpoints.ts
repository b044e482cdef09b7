import { statSync } from 'node:fs';
import { join } from 'node:path';

import { findCheckpoint, type FoundCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { shownPath } from './ledger-error.ts';
import { ensureLogKey, findLogKey, type FoundKey, type LogKey, logKeyPath } from './log-key.ts';
import type { ReadOnlyReason } from './port.ts';
import type { SoundChain } from './sound-chain.ts';

/** The file beside the ledger at `path` that remembers how far it had come. */
export function checkpointPath(path: string): string {
  return `${path}.checkpoint`;
}

/** The file in a second place: each ledger has a folder of its own there. */
export function secondPath(folder: string): string {
  return join(folder, 'ledger.checkpoint');
}

/**
 * What remembers a ledger outside of it: its checkpoints beside it and in a second place, and the key that signs them.
 * Made before the ledger is read, because others may append and checkpoint meanwhile.
 */
export class Checkpoints {
  readonly #path: string;
  readonly #folder: string | undefined;
  readonly #beside: FoundCheckpoint;
  readonly #second: FoundCheckpoint;
  #found: FoundKey;
  #durableSize = 0;
  /** Why the second place has not got the newest checkpoint, if so. */
  #late: string | undefined;

  constructor(path: string, folder: string | undefined) {
    this.#path = path;
    this.#folder = folder;
    this.#beside = findCheckpoint(checkpointPath(path));
    this.#second = folder === undefined ? { kind: 'none' } : signedOnly(findCheckpoint(secondPath(folder)));
    this.#found = findLogKey(path);
  }

  /** Whether something remembers a ledger here. */
  get hasSeen(): boolean {
    return this.#beside.kind !== 'none' || this.#second.kind !== 'none';
  }

  /** Makes the key if there is none. Throws LEDGER_REFUSED when it cannot be read. */
  key(): LogKey {
    if (this.#found.kind === 'key') return this.#found.key;
    const key = ensureLogKey(this.#path);
    this.#found = { kind: 'key', key };
    return key;
  }

  /** Why the ledger may not be written when what remembers it says otherwise; nothing when all agree. */
  fault(chain: SoundChain, digestAt: (seq: number) => unknown): ReadOnlyReason | undefined {
    const beside = { file: checkpointPath(this.#path), found: this.#beside };
    const first = this.#faultOf(beside, chain, digestAt);
    if (first !== undefined || this.#folder === undefined) return first;
    if (!isFolder(this.#folder)) return unreachable(this.#folder);
    return this.#faultOf({ file: secondPath(this.#folder), found: this.#second }, chain, digestAt);
  }

  /** How many entries the checkpoint beside the ledger vouches for with this ledger's own key. */
  get vouchedSize(): number {
    const { kind } = this.#beside;
    if (kind !== 'note' || this.#found.kind !== 'key') return 0;
    const file = checkpointPath(this.#path);
    return this.#signatureFault(this.#beside.note, file) === undefined ? this.#beside.head.size : 0;
  }

  /** Why this user cannot sign, though others can. */
  get keyFault(): ReadOnlyReason | undefined {
    if (this.#found.kind !== 'denied') return undefined;
    const file = shownPath(logKeyPath(this.#path));
    return {
      kind: 'unwritable',
      why: `ledger ${shownPath(this.#path)} cannot be written: this user may not read its key ${file}`,
      fix: `give this user read access to ${file}, or let the ledger's owner write`,
    };
  }

  /** Remembers the whole chain, which must be durable; waits for the disk now and then, or when it is told to. */
  remember(chain: SoundChain, isLast = false): void {
    const { size } = chain.tree;
    if (size === 0 || (isLast && size === this.#durableSize)) return;
    const durable = isLast || size - this.#durableSize >= durableEvery;
    const signed = { size, note: this.key().sign(chain.tree) };
    const beside = writeCheckpoint(checkpointPath(this.#path), signed, durable);
    if (durable && beside === 'written') this.#durableSize = size;
    if (this.#folder === undefined) return;
    const isLate = writeCheckpoint(secondPath(this.#folder), signed, durable) === 'failed';
    this.#late = isLate ? this.#folder : undefined;
  }

  /** Takes a checkpoint that was found as durable: it need not be written again. */
  rest(size: number): void {
    this.#durableSize = size;
  }

  /** What was found beside the ledger when it was opened, in entries. */
  get besideSize(): number {
    return 'size' in this.#beside ? this.#beside.size : 0;
  }

  /** Why nothing may be appended now: the second place could not take the last checkpoint, and still cannot. */
  lateness(chain: SoundChain): ReadOnlyReason | undefined {
    if (this.#late !== undefined) this.remember(chain);
    return this.#late === undefined ? undefined : unreachable(this.#late);
  }

  #faultOf(place: Place, chain: SoundChain, digestAt: (seq: number) => unknown): ReadOnlyReason | undefined {
    const { found, file } = place;
    if (found.kind === 'none') return undefined;
    if (found.kind === 'unreadable')
      return this.#unsure(`checkpoint ${shownPath(file)} cannot be read`, file);
    const broken = found.kind === 'note' ? this.#signatureFault(found.note, file) : undefined;
    if (broken !== undefined) return broken;
    if (chain.head.seq < found.size) return this.#shorter(place, chain.head.seq, found.size);
    const isSame =
      found.kind === 'unsigned'
        ? digestAt(found.size) === found.digest
        : chain.tree.root(found.size).equals(found.head.root);
    return isSame ? undefined : this.#rewritten(place, found.size);
  }

  /** Who may not read the key cannot check the signature, but size and root all the same. */
  #signatureFault(note: string, file: string): ReadOnlyReason | undefined {
    const key = this.#found;
    if (key.kind === 'denied') return undefined;
    const keyFile = shownPath(logKeyPath(this.#path));
    if (key.kind !== 'key')
      return this.#unsure(
        `checkpoint ${shownPath(file)} is signed, but the key ${keyFile} ${key.kind === 'none' ? 'is gone' : 'cannot be read'}`,
        file,
        `restore ${keyFile} from a copy, or `,
      );
    const opened = key.key.open(note);
    if (opened.kind === 'signed' && opened.text.startsWith(`${key.key.origin}\n`)) return undefined;
    return this.#unsure(
      `checkpoint ${shownPath(file)} is not signed with the key ${keyFile} of this ledger`,
      file,
    );
  }

  #unsure(what: string, file: string, before = ''): ReadOnlyReason {
    return {
      kind: 'unsound',
      why: `${what}, so nothing shows that ledger ${shownPath(this.#path)} is whole`,
      fix: `${before === '' ? 'restore it from a copy, or ' : before}remove ${shownPath(file)} to accept the ledger as it is`,
    };
  }

  #shorter({ file }: Place, lastSeq: number, size: number): ReadOnlyReason {
    return {
      kind: 'unsound',
      why: `ledger ${shownPath(this.#path)} ends at entry ${lastSeq}, but its checkpoint has seen entry ${size}: the end is lost or an old copy was restored`,
      fix: this.#wayBack(file, size),
    };
  }

  #rewritten({ file }: Place, size: number): ReadOnlyReason {
    return {
      kind: 'unsound',
      why: `ledger ${shownPath(this.#path)} has another entry ${size} than its checkpoint has seen, or another before it: its history was rewritten`,
      fix: this.#wayBack(file, size),
    };
  }

  #wayBack(file: string, size: number): string {
    return `restore a backup that reaches entry ${size} with \`berth ledger restore\`; what remembers it is ${shownPath(file)}; \`berth ledger restore --accept-loss\` goes on without what is lost, as another log`;
  }
}

type Place = { readonly file: string; readonly found: FoundCheckpoint };

/** Between two checkpoints that wait for the disk. The others may be lost in a power cut, never in a crash. */
const durableEvery = 64;

/** Elsewhere Berth has never written anything that is not signed. */
function signedOnly(found: FoundCheckpoint): FoundCheckpoint {
  return found.kind === 'unsigned' ? { kind: 'unreadable' } : found;
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

function unreachable(folder: string): ReadOnlyReason {
  return {
    kind: 'unwritable',
    why: `the second place for checkpoints ${shownPath(folder)} cannot be written, so nobody outside would know what is decided now`,
    fix: `mount or make ${shownPath(folder)}, or set BERTH_CHECKPOINT_DIR to another folder`,
  };
}
