import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { ContractList } from '../../src/model/contract-view.ts';
import { flaws, headOf } from './refusal.ts';
import { berth, demoHome, newFolder, spawned } from './run.ts';

// Every test starts processes of its own, which take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const release = ['release', 'C-102', '--key', 'release-102'];

describe('a home that cannot be used', () => {
  test('BERTH_HOME is a file', async () => {
    const home = join(newFolder(), 'home');
    writeFileSync(home, 'mine');
    for (const args of [['contracts'], ['init'], ['init', '--demo', 'four-sites'], release])
      expect(flaws(await berth(args, { home }), 9, home)).toEqual([]);
    expect(readFileSync(home, 'utf8')).toBe('mine');
  });

  test.each([
    ['words', 'hello\n'],
    ['nothing but a list', '- a\n'],
    ['bytes', '\u0000\u0001\u0002'],
    ['broken YAML', 'schema: [\n'],
    ['a key that is not known', 'schema: berth/settings/1\nclok: 2026-11-25T10:00:00Z\n'],
    ['a clock that is none', 'schema: berth/settings/1\nclock: noon\n'],
    ['a later version', 'schema: berth/settings/2\n'],
  ])('settings.yaml holds %s', async (_what, text) => {
    const home = await demoHome();
    const head = await headOf(home);
    const settings = join(home, 'settings.yaml');
    const kept = readFileSync(settings);
    writeFileSync(settings, text);
    for (const args of [['contracts'], release, ['init', '--demo', 'four-sites']])
      expect(flaws(await berth(args, { home }), 2, 'settings.yaml', 'correct it, or remove it')).toEqual([]);
    expect(readFileSync(settings, 'utf8')).toBe(text);
    writeFileSync(settings, kept);
    expect(await headOf(home)).toBe(head);
  });

  test.each(['garbage', '10:00+01:00', '2026-11-25T10:00:00', '2500-01-01T00:00:00Z', '\u001b[2J'])(
    'BERTH_NOW is `%s`',
    async (now) => {
      const home = await demoHome();
      const head = await headOf(home);
      const env = { BERTH_NOW: now };
      for (const args of [['contracts'], release])
        expect(flaws(await berth(args, { home, env }), 2, '`BERTH_NOW`', 'ISO 8601')).toEqual([]);
      expect(await headOf(home)).toBe(head);
      const nowhere = join(newFolder(), 'new');
      expect(flaws(await berth(['contracts'], { home: nowhere, env }), 2, '`BERTH_NOW`')).toEqual([]);
      expect(existsSync(nowhere)).toBe(false);
    },
  );

  test('there is no such demo world', async () => {
    for (const name of ['five-sites', '../../../etc/passwd', '']) {
      const home = join(newFolder(), 'new');
      expect(
        flaws(await berth(['init', '--demo', name], { home }), 2, 'no demo world', '`four-sites`'),
      ).toEqual([]);
      expect(existsSync(home)).toBe(false);
    }
  });
});

/** The files of a home, byte for byte. */
function filesOf(home: string): Record<string, string> {
  const names = readdirSync(home, { withFileTypes: true })
    .filter((found) => found.isFile() && !/-(?:wal|shm)$/.test(found.name))
    .map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(home, name), 'base64')]));
}

describe('a ledger that cannot be trusted', () => {
  test.each([
    ['cut in half', (file: string) => truncateSync(file, 40_000), 'or a destroyed one'],
    ['cut to nothing', (file: string) => truncateSync(file, 0), 'is an empty file'],
    ['words', (file: string) => writeFileSync(file, 'hello'.repeat(400)), 'something else than a ledger'],
    ['another database', strangersDatabase, 'of another program'],
    ['from a newer Berth', newerFormat, 'has format 2, this Berth knows format 1'],
    ['a folder', asFolder, 'is a folder'],
    [
      'gone, though its checkpoint is there',
      (file: string) => rmSync(file),
      'is gone, but its checkpoint is still there',
    ],
    [
      'flipped in one bit of entry 10',
      flippedBit,
      'entry 10 does not match its digest; entries 1 to 9 are sound',
    ],
    ['an older copy than was seen before', olderCopy, 'but its checkpoint has seen entry 27'],
  ])(
    '%s: nothing is written, and everything stays as it is for whoever looks into it',
    async (_what, harm, said) => {
      const home = await demoHome();
      copyFileSync(join(home, 'ledger.db'), join(home, 'ledger.db.before'));
      await berth(['release', 'C-103', '--key', 'release-103'], { home });
      const file = join(home, 'ledger.db');
      harm(file);
      // A settings file would make the next start play a demo world into what is restored.
      rmSync(join(home, 'settings.yaml'));
      const before = existsSync(file) && _what !== 'a folder' ? filesOf(home) : {};
      for (const args of [release, ['init', '--demo', 'four-sites'], ['tenants', 'add', 'new']]) {
        const ran = await berth(args, { home });
        expect([9, 2]).toContain(ran.code);
        expect(flaws(ran, ran.code ?? 0)).toEqual([]);
      }
      expect(flaws(await berth(release, { home }), 9, said)).toEqual([]);
      const verified = await berth(['ledger', 'verify'], { home });
      expect(verified.code).toBe(9);
      expect((verified.stdout + verified.stderr).replaceAll(/\s+/g, ' ')).toContain(said);
      expect(existsSync(join(home, 'settings.yaml'))).toBe(false);
      expect(existsSync(file) && _what !== 'a folder' ? filesOf(home) : {}).toEqual(before);
    },
  );

  test('what is sound of a broken ledger can still be read', async () => {
    const home = await demoHome();
    flippedBit(join(home, 'ledger.db'));
    const { code, stdout, stderr } = await berth(['contracts', '--json'], { home });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^note: reading only, .* entry 10 does not match its digest.*\n {2}keep the file .*\n$/,
    );
    expect(ContractList.parse(JSON.parse(stdout)).contracts.map(({ id }) => id)).toEqual(['C-101', 'C-102']);
  });
});

function strangersDatabase(file: string): void {
  rmSync(file);
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE mine (a)');
  db.close();
}

function newerFormat(file: string): void {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version = 2');
  db.close();
}

function asFolder(file: string): void {
  rmSync(file);
  mkdirSync(file);
}

/** Changes one letter of what C-103's grant says. */
function flippedBit(file: string): void {
  const bytes = readFileSync(file);
  const at = bytes.indexOf('"idemKey":"four-sites-c103"') + '"idemKey":"four'.length;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 2, at);
  writeFileSync(file, bytes);
}

/** What `release` in the test has not been done in yet. */
function olderCopy(file: string): void {
  copyFileSync(`${file}.before`, file);
}

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

test('a ledger that may only be read answers questions and takes nothing', async () => {
  const home = await demoHome();
  const head = await headOf(home);
  for (const name of ['', ...readdirSync(home)]) {
    if (isRoot) chownSync(join(home, name), nobody, nobody);
    chmodSync(join(home, name), name === '' ? 0o555 : 0o444);
  }
  onTestFinished(() => chmodSync(home, 0o755));
  // Root may write everywhere; somebody else's process may not.
  const options = { home, ...(isRoot ? { uid: nobody } : {}) };
  const read = await spawned(['contracts', '--json'], options);
  expect(read.code).toBe(0);
  expect(read.stderr).toMatch(/^note: reading only, .* is read-only\n {2}give this user write access .*\n$/);
  expect(ContractList.parse(JSON.parse(read.stdout)).total).toBe(5);
  const written = await spawned(release, options);
  expect(flaws(written, 9, 'is read-only', 'give this user write access')).toEqual([]);
  expect(readdirSync(home).toSorted()).toEqual([
    'keys',
    'ledger.db',
    'ledger.db.checkpoint',
    'ledger.db.key',
    'settings.yaml',
  ]);
  chmodSync(home, 0o755);
  expect(await headOf(home)).toBe(head);
});

/** Two mebibytes of memory as a disk of its own. Mounting is for root: other people skip what needs it. */
function tinyDisk(): string {
  const place = newFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', place]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', place]));
  return place;
}

function mayMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'berth-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Takes all the space that is left but `leaveBytes`. */
function fill(place: string, leaveBytes: number): string {
  const filler = join(place, 'filler');
  const { bavail, bsize } = statfsSync(place);
  writeFileSync(filler, Buffer.alloc(bavail * bsize - leaveBytes));
  return filler;
}

describe.skipIf(!mayMount())('a full disk', () => {
  test('nothing is half-written, and the same command works once there is space', async () => {
    const place = tinyDisk();
    const home = join(place, 'home');
    cpSync(await demoHome(), home, { recursive: true });
    const head = await headOf(home);
    const filler = fill(place, 40_960);
    expect(flaws(await berth(release, { home }), 9, 'the disk or quota is full', 'free some space')).toEqual(
      [],
    );
    rmSync(filler);
    expect(await headOf(home)).toBe(head);
    expect(await berth(release, { home })).toMatchObject({ code: 0 });
  });

  test.each([0, 40_960, 163_840])(
    'after %i bytes of a first start: the next start finishes it',
    async (bytes) => {
      expect(await interruptedAt(bytes)).toBe(await headOf(await demoHome()));
    },
  );
});

/** The head of a demo world whose first start came to the end of the disk after so many bytes. */
async function interruptedAt(bytes: number): Promise<string> {
  const place = tinyDisk();
  const home = join(place, 'home');
  const filler = fill(place, bytes);
  const ran = await berth(['contracts'], { home });
  expect(flaws(ran, 9)).toEqual([]);
  rmSync(filler);
  await berth(['contracts'], { home });
  return headOf(home);
}
