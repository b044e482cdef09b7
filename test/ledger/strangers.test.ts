import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { newFolder, tamper, writeLedger } from './files.ts';
import { rejection } from './rejection.ts';

describe('what is not a ledger is refused and left as it is', () => {
  const strangers: readonly (readonly [string, string, (path: string) => void])[] = [
    ['an empty file', 'empty file', (path) => writeFileSync(path, '')],
    ['a text', 'something else', (path) => writeFileSync(path, 'to do: buy GPUs\n'.repeat(99))],
    ['one byte', 'something else', (path) => writeFileSync(path, 'S')],
    ['random bytes', 'something else', (path) => writeFileSync(path, Buffer.alloc(8_192, 0xa7))],
    ['a header alone', 'something else', (path) => writeFileSync(path, 'SQLite format 3\0')],
    ['a folder', 'is a folder', (path) => mkdirSync(path)],
    ['another database', 'another program', (path) => tamper(path, 'CREATE TABLE entry (seq, json, digest)')],
    [
      'another database with a log',
      'another program',
      (path) => tamper(path, 'PRAGMA journal_mode = WAL; CREATE TABLE t (x)'),
    ],
  ];

  test.each(strangers)('%s', async (_, part, make) => {
    const folder = newFolder();
    const path = `${folder}/ledger.db`;
    make(path);
    const before = bytesOf(path);
    const { code, message, fix } = await rejection(openSqliteLedger(path));
    expect(code).toBe('LEDGER_REFUSED');
    expect(message).toContain(`\`${path}\``);
    expect(message).toContain(part);
    expect(fix).not.toBe('');
    expect(readdirSync(folder)).toEqual(['ledger.db']);
    expect(bytesOf(path)).toEqual(before);
  });

  test.each([
    [2, 'has format 2, this Berth knows format 1', 'newer'],
    [0, 'has format 0, this Berth knows format 1', 'restore'],
  ])('a ledger of format %i', async (format, part, mend) => {
    const path = `${newFolder()}/ledger.db`;
    await writeLedger(path, 1);
    tamper(path, `PRAGMA user_version = ${format}`);
    const before = readFileSync(path);
    const { code, message, fix } = await rejection(openSqliteLedger(path));
    expect(code).toBe('LEDGER_REFUSED');
    expect(message).toContain(part);
    expect(fix).toContain(mend);
    expect(readFileSync(path)).toEqual(before);
  });

  test('a device', async () => {
    const { code, message } = await rejection(openSqliteLedger('/dev/null'));
    expect(code).toBe('LEDGER_REFUSED');
    expect(message).toContain('not a regular file');
  });

  test('a path through a file, and one with a zero in it', async () => {
    const folder = newFolder();
    writeFileSync(`${folder}/file`, 'x');
    expect((await rejection(openSqliteLedger(`${folder}/file/ledger.db`))).code).toBe('LEDGER_REFUSED');
    expect((await rejection(openSqliteLedger(`${folder}/a\0b`))).code).toBe('LEDGER_REFUSED');
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

function bytesOf(path: string): Buffer | undefined {
  return statSync(path).isFile() ? readFileSync(path) : undefined;
}
