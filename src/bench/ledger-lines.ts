import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import { z } from 'zod';

/** One decision as a ledger keeps it: canonical JSON, and the plan that it names. */
export type Line = { readonly entry: string; readonly plan?: string };

/** Which decisions a file holds: those that this seed makes about a fleet of so many nodes. */
export const KeptAbout = z.strictObject({
  format: z.literal('berth/replay/1'),
  nodes: z.int().min(1).max(100_000),
  decisions: z.int().min(1).max(10_000_000),
  seed: z.int().min(0),
});
export type KeptAbout = z.infer<typeof KeptAbout>;

/** So many lines are packed together: a million decisions come to some 200 MB instead of 3 GB. */
export const linesOfBlock = 1000;

/** No block has more text than this when it is unpacked. */
const blockBytesMax = 2 ** 28;

/** Canonical JSON holds neither tabs nor line feeds. */
export function packed(lines: readonly Line[]): Uint8Array {
  return zstdCompressSync(lines.map(({ entry, plan = '' }) => `${entry}\t${plan}\n`).join(''));
}

export function unpacked(block: Uint8Array): readonly Line[] {
  const text = zstdDecompressSync(block, { maxOutputLength: blockBytesMax }).toString('utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line): Line => {
      const [entry = '', plan = ''] = line.split('\t');
      return plan === '' ? { entry } : { entry, plan };
    });
}

/** Writes what a file is about and then block after block, each behind its length in four bytes. */
export class KeptWriter {
  readonly #file: number;

  constructor(path: string, about: KeptAbout) {
    this.#file = openSync(path, 'wx');
    this.add(new TextEncoder().encode(JSON.stringify(about)));
  }

  add(block: Uint8Array): void {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(block.length);
    for (const bytes of [length, block])
      for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Reads such a file once, block by block. Throws where it ends in the middle of one. */
export class KeptReader {
  readonly about: KeptAbout;
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    const head = this.#next();
    if (head === undefined) throw new Error(`${path} is empty`);
    this.about = KeptAbout.parse(JSON.parse(Buffer.from(head).toString('utf8')));
  }

  *blocks(): Generator<Uint8Array> {
    for (let block = this.#next(); block !== undefined; block = this.#next()) yield block;
    closeSync(this.#file);
  }

  #next(): Uint8Array | undefined {
    const length = this.#read(4);
    if (length.length === 0) return undefined;
    const size = length.length < 4 ? 0 : length.readUInt32LE();
    if (size === 0 || size > blockBytesMax)
      throw new Error('no kept decisions: a block of no or too many bytes');
    const block = this.#read(size);
    if (block.length < size) throw new Error('the kept decisions end in the middle of a block');
    return block;
  }

  #read(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    let done = 0;
    for (let count = -1; count !== 0 && done < size; done += count)
      count = readSync(this.#file, bytes, done, size - done, null);
    return bytes.subarray(0, done);
  }
}
