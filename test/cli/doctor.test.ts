import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';

import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { runtimeChecks } from '../../src/cli/doctor/runtime.ts';
import { terminalChecks } from '../../src/cli/doctor/terminal.ts';
import { inspectLedger } from '../../src/ledger/inspect.ts';
import { lastEntry } from '../control/desk.ts';
import { fakeEndpoint, type Skills } from '../llm/endpoint.ts';
import { berth, demoHome, newFolder, type RunOptions, spawned } from './run.ts';

// Some tests start processes or play a world, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

const Report = z.strictObject({
  schema: z.literal('berth/doctor/1'),
  ok: z.boolean(),
  checks: z.array(
    z.strictObject({
      area: z.enum(['runtime', 'config', 'ledger', 'model', 'terminal', 'programs']),
      check: z.string(),
      status: z.enum(['ok', 'warn', 'fail']),
      found: z.string().min(1),
      fix: z.string().min(1).optional(),
    }),
  ),
});

type Options = RunOptions & { readonly uid?: number };

/** What the doctor says, row by row, and with which exit code; every row that is not ok says what to do. */
async function examine(options: Options, ...args: readonly string[]) {
  const run = options.uid === undefined ? berth : spawned;
  const ran = await run(['doctor', '--json', ...args], options);
  expect(ran.stderr).toBe('');
  const { ok, checks } = Report.parse(JSON.parse(ran.stdout));
  expect(ok).toBe(ran.code === 0);
  expect(checks.filter(({ status, fix }) => (status === 'ok') !== (fix === undefined))).toEqual([]);
  const row = (area: string, check: string) => {
    const found = checks.find((each) => each.area === area && each.check === check);
    return found === undefined ? 'no such row' : [found.status, found.found, found.fix].join(' | ');
  };
  return { code: ran.code, row, failures: checks.filter(({ status }) => status === 'fail'), checks };
}

/** Every file below a folder, with its bytes and when it was changed. */
function contents(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => {
      const stats = statSync(path);
      const bytes = stats.isFile() ? readFileSync(path).toString('base64') : '';
      return `${path} ${stats.mode} ${stats.mtimeMs} ${bytes}`;
    })
    .toSorted();
}

describe('nothing is changed', () => {
  test('where no ledger is, none is made, and that is no failure', async () => {
    const home = join(newFolder(), 'deep', 'home');
    const { code, row } = await examine({ home, env: { BERTH_NOW: '2026-11-25T10:00:00Z' } });
    expect(code).toBe(0);
    expect(row('ledger', 'ledger')).toBe(
      `warn | none yet at ${home}/ledger.db | \`berth\` makes the demo world there, \`berth init\` an empty one`,
    );
    expect(existsSync(join(home, '..'))).toBe(false);
  });

  test('a ledger that is there keeps every byte, and nothing appears beside it', async () => {
    const home = await demoHome();
    const before = contents(home);
    const { code, row } = await examine({ home });
    expect({ code, after: contents(home) }).toEqual({ code: 0, after: before });
    expect(row('ledger', 'ledger')).toBe(`ok | ${lastEntry} entries in ${home}/ledger.db | `);
    expect(row('ledger', 'writable')).toBe('ok | by this user | ');
    expect(row('ledger', 'head')).toContain(`, ${lastEntry} by a signed checkpoint`);
    expect(row('runtime', 'clock')).toContain('ok | stands at 2026-11-25T10:00:00+01:00, as the demo world');
  });

  test('so do those that cannot be used', async () => {
    const home = await demoHome();
    writeFileSync(join(home, 'ledger.db'), Buffer.from('garbage\u0000'.repeat(400)));
    const before = contents(home);
    expect((await examine({ home })).code).toBe(9);
    expect(contents(home)).toEqual(before);
  });

  test('a ledger somebody else has open, with entries only in the log, is read with them', async () => {
    const home = await demoHome();
    const path = join(home, 'ledger.db');
    const other = new DatabaseSync(path);
    other.exec('PRAGMA journal_mode = WAL');
    other.exec("INSERT INTO blob (digest, bytes) VALUES ('sha256:none', x'00')");
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    expect(await inspectLedger(path)).toMatchObject({ kind: 'found', head: { seq: lastEntry } });
    other.close();
  });
});

describe('a ledger that fails ends with 9', () => {
  const unlock = 'DROP TRIGGER entry_no_update; DROP TRIGGER entry_no_delete;';
  const edit = (sql: string) => (home: string) => {
    const db = new DatabaseSync(join(home, 'ledger.db'));
    db.exec(`${unlock}${sql}`);
    db.close();
  };
  test.each<[string, (home: string) => void, string]>([
    [
      'one entry was edited',
      edit("UPDATE entry SET json = replace(json, 'acme', 'emca') WHERE seq = 3"),
      'head',
    ],
    ['the last entry is gone', edit('DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)'), 'head'],
    ['the file is something else', (home) => writeFileSync(join(home, 'ledger.db'), 'hello'), 'ledger'],
    ['the file is empty', (home) => writeFileSync(join(home, 'ledger.db'), ''), 'ledger'],
    ['the file is gone', (home) => rmSync(join(home, 'ledger.db')), 'ledger'],
    [
      'a folder is in its place',
      (home) => {
        rmSync(join(home, 'ledger.db'));
        mkdirSync(join(home, 'ledger.db'));
      },
      'ledger',
    ],
    ['the key is another file', (home) => writeFileSync(join(home, 'ledger.db.key'), 'no key'), 'head'],
  ])('%s', async (_what, harm, check) => {
    const home = await demoHome();
    harm(home);
    const { code, failures } = await examine({ home });
    expect(code).toBe(9);
    expect(failures).toMatchObject([{ area: 'ledger', check }]);
  });

  test('a home under a file, and one under a folder nobody may write to', async () => {
    const file = join(newFolder(), 'file');
    writeFileSync(file, '');
    expect((await examine({ home: join(file, 'home') })).failures).toMatchObject([{ check: 'ledger' }]);
    const folder = newFolder();
    chmodSync(folder, 0o555);
    const { code, row } = await examine({ home: join(folder, 'home'), uid: 65_534 });
    expect(code).toBe(9);
    expect(row('ledger', 'ledger')).toContain(`\`${folder}\` is no folder that this user may write to`);
  });

  test('a second place for checkpoints that is not there, or not to be written', async () => {
    const home = await demoHome();
    const at = join(newFolder(), 'mount');
    const absent = await examine({ home, env: { BERTH_CHECKPOINT_DIR: at } });
    expect(absent.code).toBe(9);
    expect(absent.failures).toMatchObject([{ check: 'checkpoints' }]);
    expect(absent.row('ledger', 'head')).toMatch(/^ok/);
    mkdirSync(at);
    const there = await examine({ home, env: { BERTH_CHECKPOINT_DIR: at } });
    expect(there.row('ledger', 'checkpoints')).toBe(`ok | also in ${at} | `);
    expect(readdirSync(at)).toEqual([]);
  });

  test('one that may only be read is a warning: answers go on', async () => {
    const home = await demoHome();
    for (const name of ['', 'ledger.db', 'ledger.db.key', 'ledger.db.checkpoint', 'settings.yaml'])
      chownSync(join(home, name), 65_534, 65_534);
    chmodSync(join(home, 'ledger.db'), 0o444);
    chmodSync(home, 0o555);
    const { code, row } = await examine({ home, uid: 65_534 });
    expect(code).toBe(0);
    expect(row('ledger', 'writable')).toContain('cannot be written');
    chmodSync(home, 0o755);
  });
});

function folderWith(text: string): string {
  const folder = newFolder();
  mkdirSync(join(folder, 'berth'));
  writeFileSync(join(folder, 'berth', 'config.yaml'), text, { mode: 0o600 });
  return folder;
}

describe('the config', () => {
  test('is named, with what it sets', async () => {
    const { row } = await examine({ env: { XDG_CONFIG_HOME: folderWith('theme: light\ncolor: never\n') } });
    expect(row('config', 'config file')).toMatch(/^ok \| sets theme, color, /);
    expect(row('config', 'rights')).toBe('no such row');
  });

  test('that is wrong ends with 2, and everything else is looked at all the same', async () => {
    const home = await demoHome();
    const { code, row } = await examine({ home, env: { XDG_CONFIG_HOME: folderWith('# x\nthem: light\n') } });
    expect(code).toBe(2);
    expect(row('config', 'config file')).toMatch(
      /^fail \| .*line 2: `them` is not known \| did you mean `theme`\?/,
    );
    expect(row('ledger', 'head')).toMatch(/^ok/);
  });

  test('that others may write is a warning', async () => {
    const folder = folderWith('theme: light\n');
    chmodSync(join(folder, 'berth', 'config.yaml'), 0o666);
    const { code, row } = await examine({ home: newFolder(), env: { XDG_CONFIG_HOME: folder } });
    expect(code).toBe(0);
    expect(row('config', 'rights')).toMatch(/^warn.*chmod go-w/s);
  });

  test('of the home that is wrong ends with 2', async () => {
    const home = await demoHome();
    writeFileSync(join(home, 'settings.yaml'), 'hello');
    const { code, row } = await examine({ home });
    expect(code).toBe(2);
    expect(row('config', 'home')).toContain('is not a settings file');
  });

  test('a word of the environment that nobody understands is a warning', async () => {
    const { row } = await examine({ env: { BERTH_FALLBACK: 'non', BERTH_THEME: 'purple', TZ: 'Mars/X' } });
    expect(row('config', 'fallback')).toContain('warn | BERTH_FALLBACK is `non`, which is read as built-in');
    expect(row('terminal', 'colours')).toContain('warn | the theme `purple` is not known; dark is used');
    expect(row('runtime', 'time zone')).toContain('warn | TZ names no zone');
  });
});

describe('the runtime', () => {
  const io = {
    stdin: Readable.from([]),
    stdout: { write: () => true },
    stderr: { write: () => true },
    env: { BERTH_HOME: '/dev/null/none' },
    interrupt: new AbortController().signal,
  };
  const rowOf = (check: string, versions?: Record<string, string>) =>
    runtimeChecks(io, versions).find((each) => each.check === check);

  test.each([
    ['22.14.0', 'fail'],
    ['23.11.1', 'fail'],
    ['24.0.0', 'ok'],
    ['100.1.0', 'ok'],
  ])('Node %s: %s', (node, status) => {
    expect(rowOf('node', { node })).toMatchObject({ status });
  });

  test('without SQLite nothing works', () => {
    expect(rowOf('sqlite', { node: '24.0.0' })).toMatchObject({ status: 'fail' });
    expect(rowOf('sqlite')).toMatchObject({ status: 'ok' });
  });

  test('a clock that stands still is a warning, a garbled one a failure with 2', async () => {
    const home = newFolder();
    const still = await examine({ home, env: { BERTH_NOW: '2026-11-25T10:00:00+01:00' } });
    expect(still.row('runtime', 'clock')).toMatch(/^warn \| stands at .*unset BERTH_NOW$/);
    const garbled = await examine({ home, env: { BERTH_NOW: 'noon' } });
    expect(garbled.code).toBe(2);
    expect(garbled.row('runtime', 'clock')).toMatch(/^fail/);
  });
});

describe('the model', () => {
  const key = { OPENAI_API_KEY: 'sk-secret' };

  test('is not asked without --ask, and the key is never shown', async () => {
    const endpoint = await fakeEndpoint([]);
    const env = { ...key, BERTH_MODEL: 'fake', OPENAI_BASE_URL: endpoint.url };
    const home = newFolder();
    const { code, row, checks } = await examine({ home, env });
    expect({ code, asked: endpoint.asked.length }).toEqual({ code: 0, asked: 0 });
    expect(row('model', 'reader')).toMatch(/^ok \| fake at 127\.0\.0\.1:\d+, with a key \| $/);
    expect(row('model', 'answer')).toContain('not asked');
    expect(JSON.stringify(checks)).not.toContain('sk-secret');
    await endpoint.close();
  });

  test('is asked with it: tools are good, JSON will do, neither ends with 7 and so does nobody', async () => {
    const home = newFolder();
    const asked = async (skills: Skills) => {
      const endpoint = await fakeEndpoint([], skills);
      const env = { BERTH_MODEL: 'fake', OPENAI_BASE_URL: endpoint.url };
      const { code, row } = await examine({ home, env }, '--ask');
      await endpoint.close();
      const gone = await examine({ home, env }, '--ask');
      return { code, tools: row('model', 'tools'), json: row('model', 'structured'), gone: gone.code };
    };
    expect(await asked({})).toMatchObject({ code: 0, tools: 'ok | calls tools | ', gone: 7 });
    const poor = await asked({ tools: 'ignored' });
    expect(poor.code).toBe(0);
    expect(poor.tools).toMatch(/^warn \| called no tool/);
    expect(poor.json).toMatch(/^ok \| says calls as JSON/);
    const none = await asked({ tools: 'ignored', json: false });
    expect(none.code).toBe(7);
    expect(none.json).toMatch(/^fail \| answered no JSON/);
  });

  test('without an address, or with one that is none, ends with 7', async () => {
    const home = newFolder();
    for (const url of ['', 'ftp://x', 'http://me:sk-secret@x']) {
      const ran = await examine({ home, env: { BERTH_MODEL: 'm', OPENAI_BASE_URL: url } });
      expect(ran.code).toBe(7);
      expect(JSON.stringify(ran.checks)).not.toContain('sk-secret');
    }
  });

  test('without one nothing is asked even with --ask', async () => {
    const { code, row } = await examine({ home: newFolder(), env: key }, '--ask');
    expect(code).toBe(0);
    expect(row('model', 'reader')).toContain('built-in: no model is set, and nothing is sent anywhere');
  });
});

function rowsFor(env: Record<string, string>, columns?: number): Record<string, string> {
  const isTTY = columns !== undefined;
  const checks = terminalChecks({
    stdin: Object.assign(Readable.from([]), { isTTY }),
    stdout: { write: () => true, isTTY, ...(columns !== undefined && { columns }) },
    stderr: { write: () => true },
    env,
    interrupt: new AbortController().signal,
  });
  return Object.fromEntries(checks.map(({ check, status, found }) => [check, `${status} ${found}`]));
}

describe('the terminal', () => {
  test.each([
    [
      { TERM: 'xterm', LANG: 'de_DE.UTF-8' },
      120,
      'ok the whole screen',
      'ok 120',
      'ok yes, theme dark',
      'ok de_DE.UTF-8',
    ],
    [
      { TERM: 'dumb', LANG: 'C' },
      79,
      'ok plain lines: TERM is dumb',
      'warn 79',
      'ok none',
      'warn `C` is no UTF-8',
    ],
    [
      { LC_ALL: 'C', LANG: 'C.UTF-8' },
      80,
      'ok the whole screen',
      'ok 80',
      'ok yes, theme dark',
      'warn `C` is no UTF-8',
    ],
    [
      { LC_ALL: '', LC_CTYPE: 'C.utf8', NO_COLOR: '1' },
      80,
      'ok the whole screen',
      'ok 80',
      'ok none',
      'ok C.utf8',
    ],
    [
      { BERTH_THEME: 'mono', ACCESSIBLE: '1' },
      40,
      'ok plain lines: ACCESSIBLE is set',
      'warn 40',
      'ok yes, theme mono',
      'warn no locale is set',
    ],
    [
      { COLUMNS: '90' },
      undefined,
      'ok plain lines: input is not a terminal',
      'ok 90 (no terminal)',
      'ok none',
      'warn no locale is set',
    ],
  ])('%j in %j columns', (env, columns, chat, width, colours, unicode) => {
    const given: Record<string, string> = { ...env };
    expect(rowsFor(given, columns)).toEqual({ chat, columns: width, colours, unicode });
  });
});

test('programs are looked for as the shell does, and none is started', async () => {
  const [folder, other] = [newFolder(), newFolder()];
  const trace = join(folder, 'started');
  writeFileSync(join(other, 'kubectl'), `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'kubectl'), 'not a program', { mode: 0o644 });
  mkdirSync(join(folder, 'lstopo'));
  const { code, row } = await examine({ home: newFolder(), env: { PATH: `:${folder}:bin:${other}` } });
  expect(code).toBe(0);
  expect(row('programs', 'kubectl')).toBe(`ok | ${other}/kubectl | `);
  expect(row('programs', 'lstopo')).toContain('warn | not on the PATH');
  expect(row('programs', 'scontrol')).toContain('berth import slurm --live');
  expect(existsSync(trace)).toBe(false);
});

test('people read rows that fit, with a fix below what is not ok', async () => {
  const home = await demoHome();
  renameSync(join(home, 'ledger.db'), join(home, 'away.db'));
  const { code, stdout } = await berth(['doctor'], { home, env: { COLUMNS: '72' } });
  expect(code).toBe(9);
  const rows = stdout.split('\n');
  expect(rows.filter((row) => row.length > 72)).toEqual([]);
  expect(rows.filter((row) => /^\S/.test(row)).slice(0, 6)).toEqual([
    'runtime',
    'config',
    'ledger',
    'model',
    'terminal',
    'programs',
  ]);
  expect(stdout).toMatch(/^ {2}fail {2}ledger {2,}ledger /m);
  expect(stdout).toMatch(/^ {9}\s+fix: restore a backup/m);
  expect(stdout).toMatch(/\d+ ok, \d+ to look at, 1 failed\n$/);
});
