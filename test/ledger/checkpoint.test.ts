import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { findCheckpoint } from '../../src/ledger/checkpoint.ts';
import { parseVkey } from '../../src/ledger/note-key.ts';
import { openNote } from '../../src/ledger/note.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { grow } from './conformance.ts';
import { draft } from './drafts.ts';
import { newFolder, open, writeLedger } from './files.ts';
import { rejection } from './rejection.ts';

/** How many entries the checkpoint at `file` vouches for. */
function sizeAt(file: string): number {
  const found = findCheckpoint(file);
  return 'size' in found ? found.size : 0;
}

/** What a Berth without keys left beside its ledger. */
function unsigned(seq: number, digest: string): string {
  return `${JSON.stringify({ format: 'berth/checkpoint/1', seq, digest })}\n`;
}

describe('the checkpoint', () => {
  test('is signed with every append, and never says more than the ledger holds', async () => {
    const path = `${newFolder()}/ledger.db`;
    const ledger = await open(path);
    const { vkeys } = await ledger.checkpoint();
    for (let i = 1; i <= 5; i++) {
      await grow(ledger, [draft()]);
      const opened = openNote(readFileSync(`${path}.checkpoint`, 'utf8'), vkeys.map(parseVkey));
      const root = (await ledger.tree()).root(i).toString('base64');
      expect(opened).toMatchObject({ kind: 'signed', signatures: 1 });
      expect(opened.kind === 'signed' ? opened.text : '').toMatch(/^berth\.ledger\/[0-9a-f]{16}\n/);
      expect(opened.kind === 'signed' ? opened.text.split('\n').slice(1) : []).toEqual([`${i}`, root, '']);
    }
  });

  test('the key is for the owner only', async () => {
    const path = `${newFolder()}/ledger.db`;
    await open(path);
    expect(statSync(`${path}.key`).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['is missing', (file: string) => rmSync(file)],
    ['was emptied by a power cut', (file: string) => writeFileSync(file, '')],
    ['was zeroed by a power cut', (file: string) => writeFileSync(file, Buffer.alloc(120))],
  ])('that %s is no reason to refuse', async (_, change) => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 3);
    change(`${path}.checkpoint`);
    const ledger = await open(path);
    expect(ledger.readOnly).toBeUndefined();
    await grow(ledger, [draft()]);
    expect(sizeAt(`${path}.checkpoint`)).toBe(4);
  });

  test.each([
    ['is no note', 'checkpoint 3', 'cannot be read'],
    ['is of another format', '{"format":"berth/checkpoint/2","seq":1,"digest":"x"}', 'cannot be read'],
    ['has no digest', '{"format":"berth/checkpoint/1","seq":1}', 'cannot be read'],
    [
      'has a number that is none',
      '{"format":"berth/checkpoint/1","seq":-1,"digest":"sha256:0"}',
      'cannot be read',
    ],
    ['is far too large', 'x'.repeat(70_000), 'cannot be read'],
    ['is not signed', `x\n1\n${Buffer.alloc(32).toString('base64')}\n\n`, 'is not signed with the key'],
  ])('that %s makes the ledger read-only, and stays as it is', async (_, text, why) => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 3);
    writeFileSync(`${path}.checkpoint`, text);
    const ledger = await open(path);
    expect(ledger.readOnly?.why).toContain(why);
    expect(ledger.readOnly?.fix).toContain(`${path}.checkpoint`);
    await ledger.close();
    expect(readFileSync(`${path}.checkpoint`, 'utf8')).toBe(text);
  });

  test.each([
    ['is gone', (file: string) => rmSync(file), 'is gone'],
    ['is no key', (file: string) => writeFileSync(file, 'key'), 'cannot be read'],
    ['is another one', (file: string) => anotherKey(file), 'is not signed with the key'],
  ])('whose key %s shows nothing, so the ledger is read-only', async (_, change, why) => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 3);
    change(`${path}.key`);
    const ledger = await open(path);
    expect(ledger.readOnly?.why).toContain(why);
    expect(await ledger.read(0, 10)).toHaveLength(3);
    expect((await rejection(grow(ledger, [draft()]))).code).toBe('LEDGER_REFUSED');
  });

  test('of another history of the same length makes the ledger read-only', async () => {
    const folder = newFolder();
    await writeLedger(`${folder}/ledger.db`, 3);
    await writeLedger(`${folder}/other.db`, 2);
    copyFileSync(`${folder}/ledger.db.key`, `${folder}/other.db.key`);
    rmSync(`${folder}/other.db.checkpoint`);
    const other = await openSqliteLedger(`${folder}/other.db`);
    await grow(other, [draft({ subjectCount: 99 })]);
    await other.close();
    copyFileSync(`${folder}/other.db.checkpoint`, `${folder}/ledger.db.checkpoint`);
    expect((await open(`${folder}/ledger.db`)).readOnly?.why).toContain('rewritten');
  });

  test('an abandoned temporary file only delays it', async () => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 1);
    writeFileSync(`${path}.checkpoint.tmp`, '');
    execFileSync('touch', ['-d', '1 minute ago', `${path}.checkpoint.tmp`]);
    const ledger = await open(path);
    await grow(ledger, [draft()]);
    await grow(ledger, [draft()]);
    expect(sizeAt(`${path}.checkpoint`)).toBe(3);
    expect(existsSync(`${path}.checkpoint.tmp`)).toBe(false);
  });
});

describe('a ledger of a Berth without keys', () => {
  test('opens, and gets its key with the first append', async () => {
    const { path, digest } = await oldLedger();
    const reader = await open(path);
    expect(reader.readOnly).toBeUndefined();
    await reader.close();
    expect(existsSync(`${path}.key`)).toBe(false);
    expect(readFileSync(`${path}.checkpoint`, 'utf8')).toBe(unsigned(3, digest));
    await grow(await open(path), [draft()]);
    expect(findCheckpoint(`${path}.checkpoint`)).toMatchObject({ kind: 'note', size: 4 });
  });

  test('gets its key when a checkpoint is asked for', async () => {
    const { path } = await oldLedger();
    const { note, size } = await (await open(path)).checkpoint();
    expect(size).toBe(3);
    expect(readFileSync(`${path}.checkpoint`, 'utf8')).toBe(note);
  });

  test.each([
    [4, 'has seen entry 4'],
    [2, 'rewritten'],
  ])('is still compared with its checkpoint of entry %i', async (seq, why) => {
    const { path, digest } = await oldLedger();
    writeFileSync(`${path}.checkpoint`, unsigned(seq, digest));
    expect((await open(path)).readOnly?.why).toContain(why);
  });
});

describe('the second place', () => {
  test('gets every checkpoint too', async () => {
    const { path, file } = await twoPlaces();
    expect(readFileSync(file, 'utf8')).toBe(readFileSync(`${path}.checkpoint`, 'utf8'));
  });

  test('knows of a ledger whose folder was rolled back as a whole', async () => {
    const { path, checkpointFolder } = await twoPlaces();
    const kept = ['', '.checkpoint', '.key'].map(
      (suffix) => [path + suffix, readFileSync(path + suffix)] as const,
    );
    const ledger = await openSqliteLedger(path, { checkpointFolder });
    await grow(ledger, [draft()]);
    await ledger.close();
    for (const [file, bytes] of kept) writeFileSync(file, bytes);
    expect((await open(path)).readOnly).toBeUndefined();
    expect((await open(path, { checkpointFolder })).readOnly?.why).toContain('has seen entry 4');
  });

  test('knows of another ledger in the same folder', async () => {
    const { path, checkpointFolder } = await twoPlaces();
    for (const suffix of ['', '.checkpoint', '.key']) rmSync(path + suffix);
    await writeLedger(path, 5);
    expect((await open(path, { checkpointFolder })).readOnly?.why).toContain('not signed with the key');
  });

  test('knows that a ledger is gone', async () => {
    const { path, checkpointFolder } = await twoPlaces();
    for (const suffix of ['', '.checkpoint', '.key']) rmSync(path + suffix);
    expect((await rejection(openSqliteLedger(path, { checkpointFolder }))).message).toContain('is gone');
  });

  test('takes nothing that is not signed', async () => {
    const { path, checkpointFolder, file } = await twoPlaces();
    writeFileSync(file, unsigned(1, `sha256:${'0'.repeat(64)}`));
    expect((await open(path, { checkpointFolder })).readOnly?.why).toContain('cannot be read');
  });

  test('that is not there refuses writes and not reads', async () => {
    const { path, checkpointFolder } = await twoPlaces();
    rmSync(checkpointFolder, { recursive: true });
    const ledger = await open(path, { checkpointFolder });
    expect(ledger.readOnly).toMatchObject({ kind: 'unwritable' });
    expect(await ledger.read(0, 10)).toHaveLength(3);
    expect((await rejection(grow(ledger, [draft()]))).message).toContain('second place');
  });

  test('that goes away while the ledger is open stops it within one append, and lets it go on when it is back', async () => {
    const { path, checkpointFolder, file } = await twoPlaces();
    const ledger = await open(path, { checkpointFolder });
    rmSync(checkpointFolder, { recursive: true });
    await grow(ledger, [draft({ subjectCount: 4 })]);
    expect((await rejection(grow(ledger, [draft({ subjectCount: 5 })]))).code).toBe('LEDGER_REFUSED');
    expect(await ledger.read(0, 10)).toHaveLength(4);
    mkdirSync(checkpointFolder);
    await grow(ledger, [draft({ subjectCount: 5 })]);
    expect(sizeAt(file)).toBe(5);
  });
});

function anotherKey(file: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

async function oldLedger(): Promise<{ path: string; digest: string }> {
  const path = `${newFolder()}/ledger.db`;
  await writeLedger(path, 3);
  const ledger = await openSqliteLedger(path);
  const { digest } = await ledger.head();
  await ledger.close();
  rmSync(`${path}.key`);
  writeFileSync(`${path}.checkpoint`, unsigned(3, digest));
  return { path, digest };
}

async function twoPlaces(): Promise<{ path: string; checkpointFolder: string; file: string }> {
  const folder = newFolder();
  mkdirSync(`${folder}/second`);
  const path = `${folder}/ledger.db`;
  const ledger = await openSqliteLedger(path, { checkpointFolder: `${folder}/second` });
  for (let i = 0; i < 3; i++) await grow(ledger, [draft({ subjectCount: i })]);
  await ledger.close();
  return { path, checkpointFolder: `${folder}/second`, file: `${folder}/second/ledger.checkpoint` };
}
