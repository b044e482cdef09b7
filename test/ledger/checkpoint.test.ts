import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { grow } from './conformance.ts';
import { draft } from './drafts.ts';
import { newFolder, open, writeLedger } from './files.ts';

describe('the checkpoint', () => {
  test('is written with every append, and never says more than the ledger holds', async () => {
    const path = `${newFolder()}/ledger.db`;
    const ledger = await open(path);
    for (let i = 1; i <= 5; i++) {
      const [entry] = await grow(ledger, [draft()]);
      expect(JSON.parse(readFileSync(`${path}.checkpoint`, 'utf8'))).toEqual({
        format: 'berth/checkpoint/1',
        seq: i,
        digest: entry?.digest,
      });
    }
  });

  test.each([
    ['is missing', (file: string) => rmSync(file)],
    ['was emptied by a power cut', (file: string) => writeFileSync(file, '')],
    ['was zeroed by a power cut', (file: string) => writeFileSync(file, Buffer.alloc(120))],
    ['has members of a later Berth', (file: string) => addMember(file)],
  ])('that %s is no reason to refuse', async (_, change) => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 3);
    change(`${path}.checkpoint`);
    const ledger = await open(path);
    expect(ledger.readOnly).toBeUndefined();
    await grow(ledger, [draft()]);
    expect(readFileSync(`${path}.checkpoint`, 'utf8')).toContain('"seq":4');
  });

  test.each([
    ['is no JSON', 'checkpoint 3'],
    ['is of another format', '{"format":"berth/checkpoint/2","seq":1,"digest":"x"}'],
    ['has no digest', '{"format":"berth/checkpoint/1","seq":1}'],
    ['has a number that is none', '{"format":"berth/checkpoint/1","seq":-1,"digest":"sha256:0"}'],
    ['is far too large', 'x'.repeat(70_000)],
  ])('that %s makes the ledger read-only, and stays as it is', async (_, text) => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 3);
    writeFileSync(`${path}.checkpoint`, text);
    const ledger = await open(path);
    expect(ledger.readOnly?.why).toContain('cannot be read');
    expect(ledger.readOnly?.fix).toContain(`${path}.checkpoint`);
    await ledger.close();
    expect(readFileSync(`${path}.checkpoint`, 'utf8')).toBe(text);
  });

  test('an abandoned temporary file only delays it', async () => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 1);
    writeFileSync(`${path}.checkpoint.tmp`, '');
    execFileSync('touch', ['-d', '1 minute ago', `${path}.checkpoint.tmp`]);
    const ledger = await open(path);
    await grow(ledger, [draft()]);
    await grow(ledger, [draft()]);
    expect(readFileSync(`${path}.checkpoint`, 'utf8')).toContain('"seq":3');
    expect(existsSync(`${path}.checkpoint.tmp`)).toBe(false);
  });
});

function addMember(file: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replace('{', '{"signature":"later",'));
}
