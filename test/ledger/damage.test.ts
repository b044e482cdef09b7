import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import type { Entry } from '../../src/model/entry.ts';
import { BerthError } from '../../src/model/error.ts';
import { PlanId } from '../../src/model/id.ts';
import { expectSound, grow } from './conformance.ts';
import { draft } from './drafts.ts';
import { newFolder } from './files.ts';
import { runs } from './long.ts';

/** How a damaged ledger opened: refused, for reading only, or as if nothing had happened. */
type Verdict = 'refused' | 'read-only' | 'accepted';

/** The files of a ledger by their suffix, and the entries that were acknowledged. */
type Sample = { readonly files: ReadonlyMap<string, Buffer>; readonly entries: readonly Entry[] };

const suffixes = ['', '-wal', '.checkpoint', '.key'];

/** A small ledger as it lies on the disk: closed, or as a crash leaves it, with everything still in the log. */
async function sample(end: 'closed' | 'crashed'): Promise<Sample> {
  const path = `${newFolder()}/ledger.db`;
  const ledger = await openSqliteLedger(path);
  for (let i = 0; i < 30; i++) await grow(ledger, [draft({ key: `key-${i + 10}`, subjectCount: i })]);
  await ledger.putPlan(PlanId.parse('plan-0123456789abcdef'), Buffer.alloc(700, 'p'));
  const entries = await ledger.read(0, 100);
  if (end === 'closed') await ledger.close();
  const files = new Map<string, Buffer>();
  // A process of its own reads them: closing them in this one would drop the open ledger's locks.
  for (const suffix of end === 'closed' ? ['', '.checkpoint', '.key'] : suffixes)
    files.set(suffix, execFileSync('cat', [path + suffix]));
  await ledger.close();
  return { files, entries };
}

/** Opens the sample with one file changed. Whatever comes out is true, or is said not to be whole. */
async function verdict({ files, entries }: Sample, suffix: string, bytes: Buffer): Promise<Verdict> {
  const path = `${newFolder()}/ledger.db`;
  for (const [name, content] of files) writeFileSync(path + name, name === suffix ? bytes : content);
  try {
    return await openAndRead(path, entries);
  } catch (error) {
    if (error instanceof BerthError) return 'refused';
    throw error;
  }
}

async function openAndRead(path: string, entries: readonly Entry[]): Promise<Verdict> {
  const ledger = await openSqliteLedger(path);
  try {
    const read = await ledger.read(0, 1_000);
    expect(read).toEqual(entries.slice(0, read.length));
    if (ledger.readOnly !== undefined) return 'read-only';
    expect(read).toHaveLength(entries.length);
    await grow(ledger, [draft({ key: 'key-after' })]);
    expectSound(await ledger.read(0, 1_000));
    return 'accepted';
  } finally {
    await ledger.close();
  }
}

function flipBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return flipped;
}

function cut(bytes: Buffer, at: number): Buffer {
  return bytes.subarray(0, at);
}

/** Damages one file in `numRuns` random ways and counts how the ledger opened. */
async function survey(
  of: Sample,
  suffix: string,
  numRuns: number,
  damage: (bytes: Buffer, at: number) => Buffer,
  unit: number,
): Promise<Record<Verdict, number>> {
  const bytes = of.files.get(suffix) ?? Buffer.alloc(0);
  const counts = { refused: 0, 'read-only': 0, accepted: 0 };
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length * unit - 1), async (at) => {
      counts[await verdict(of, suffix, damage(bytes, at))]++;
    }),
    { seed: 20_261_122, numRuns, endOnFailure: true },
  );
  return counts;
}

describe('one bit flipped', () => {
  test(
    'in the database never shows a false entry, nor hides one',
    async () => {
      const counts = await survey(await sample('closed'), '', runs(200, 3_000), flipBit, 8);
      expect(counts.refused + counts['read-only']).toBeGreaterThan(runs(80, 1_200));
    },
    runs(60_000, 3_600_000),
  );

  test(
    'in the write-ahead log never hides an acknowledged entry',
    async () => {
      const counts = await survey(await sample('crashed'), '-wal', runs(100, 1_500), flipBit, 8);
      expect(counts.refused + counts['read-only']).toBeGreaterThan(runs(80, 1_200));
    },
    runs(60_000, 3_600_000),
  );

  test(
    'in the checkpoint never changes what is read',
    async () => {
      const counts = await survey(await sample('closed'), '.checkpoint', runs(100, 500), flipBit, 8);
      expect(counts.refused).toBe(0);
      expect(counts.accepted).toBe(0);
    },
    runs(60_000, 3_600_000),
  );
});

describe('cut off at a random place', () => {
  test(
    'the database never shows a false entry, nor hides one',
    async () => {
      const counts = await survey(await sample('closed'), '', runs(60, 400), cut, 1);
      expect(counts.accepted).toBe(0);
    },
    runs(60_000, 3_600_000),
  );

  test(
    'the write-ahead log never hides an acknowledged entry',
    async () => {
      const counts = await survey(await sample('crashed'), '-wal', runs(60, 400), cut, 1);
      expect(counts.refused + counts['read-only']).toBeGreaterThan(runs(50, 350));
    },
    runs(60_000, 3_600_000),
  );
});

test.each(['closed', 'crashed'] as const)(
  'a %s ledger that is whole never raises an alarm',
  async (end) => {
    const whole = await sample(end);
    for (let i = 0; i < runs(20, 500); i++)
      expect(await verdict(whole, '', whole.files.get('') ?? Buffer.alloc(0))).toBe('accepted');
  },
  runs(60_000, 3_600_000),
);

test('the log may be gone altogether: the checkpoint knows', async () => {
  const whole = await sample('crashed');
  const files = new Map([...whole.files].filter(([suffix]) => suffix !== '-wal'));
  expect(await verdict({ ...whole, files }, '', files.get('') ?? Buffer.alloc(0))).toBe('read-only');
});

test('a crashed ledger that is undamaged opens as if nothing had happened', async () => {
  const whole = await sample('crashed');
  expect(await verdict(whole, '-wal', whole.files.get('-wal') ?? Buffer.alloc(0))).toBe('accepted');
});
