import { chmodSync, readdirSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import type { Ledger } from '../../src/ledger/port.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { expectSound, grow } from './conformance.ts';
import { draft, longDraft, scope } from './drafts.ts';
import { newFolder, open, writeLedger } from './files.ts';
import { rejection } from './rejection.ts';

describe('a ledger that cannot be written', () => {
  test('a full disk refuses the append whole, reading goes on, and space mends it', async () => {
    const path = `${newFolder()}/ledger.db`;
    const small = await open(path, { maxPages: 20 });
    const refused = await rejection(fill(small));
    expect(refused).toMatchObject({ code: 'LEDGER_REFUSED', retryable: false });
    expect(refused.message).toContain('full');
    const head = await small.head();
    expect(head.seq).toBeGreaterThan(0);
    const entries = await small.read(0, 1_000);
    expectSound(entries);
    expect(entries).toHaveLength(head.seq);
    expect((await rejection(small.putBlob(Buffer.alloc(90_000, 1)))).code).toBe('LEDGER_REFUSED');
    await small.close();
    const ledger = await open(path);
    expect(await ledger.read(0, 1_000)).toEqual(entries);
    await grow(ledger, [longDraft(20_000)]);
    expectSound(await ledger.read(0, 1_000));
  });

  test.each(['the file', 'the folder'])('%s is read-only', async (what) => {
    const folder = newFolder();
    const path = `${folder}/ledger.db`;
    await writeLedger(path, 3);
    const before = readFileSync(path);
    chmodSync(folder, 0o755);
    chmodSync(path, 0o644);
    chmodSync(`${path}.checkpoint`, 0o644);
    if (what === 'the file') chmodSync(path, 0o444);
    else chmodSync(folder, 0o555);
    await asOrdinaryUser(async () => {
      const ledger = await openSqliteLedger(path);
      expect(await ledger.read(0, 10)).toHaveLength(3);
      expect(await ledger.findByIdemKey(scope('key-last'))).toMatchObject({ seq: 3 });
      const { code, message, fix } = await rejection(grow(ledger, [draft()]));
      expect(code).toBe('LEDGER_REFUSED');
      expect(message).toContain('read-only');
      expect(fix).toContain('write access');
      expect(await ledger.read(0, 10)).toHaveLength(3);
      await ledger.close();
    });
    chmodSync(folder, 0o755);
    expect(readFileSync(path)).toEqual(before);
  });

  test('a folder that may not be written gets no ledger', async () => {
    const folder = newFolder();
    chmodSync(folder, 0o555);
    await asOrdinaryUser(async () => {
      expect((await rejection(openSqliteLedger(`${folder}/ledger.db`))).code).toBe('LEDGER_REFUSED');
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

async function fill(ledger: Ledger): Promise<void> {
  for (let i = 0; i < 100; i++) await grow(ledger, [draft({ subjectCount: i }), longDraft(3_000)]);
}

/** Root may write everything, so while `work` runs the process is somebody else. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}
