import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { assert, asyncProperty, uint8Array } from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { settings } from '../../src/cli/config/settings.ts';
import { variablesOf } from '../../src/cli/config/variables.ts';
import { fakeEndpoint } from '../llm/endpoint.ts';
import { flaws } from './refusal.ts';
import { berth, demoHome, newFolder, type Ran, spawned } from './run.ts';

// Some tests start processes or play a world, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

type Place = { readonly folder: string; readonly file: string; readonly env: Record<string, string> };

/** A config folder of this test, with a file in it where there is a text. */
function place(text?: string | Uint8Array): Place {
  const folder = newFolder();
  const file = join(folder, 'berth', 'config.yaml');
  if (text !== undefined) {
    mkdirSync(dirname(file));
    writeFileSync(file, text);
  }
  return { folder, file, env: { XDG_CONFIG_HOME: folder } };
}

const Listed = z.object({
  settings: z.array(
    z.object({ name: z.string(), value: z.string(), from: z.string(), by: z.string().optional() }),
  ),
});

async function listed(env: Record<string, string>, ...args: readonly string[]) {
  const ran = await berth(['config', 'list', '--json', ...args], { env });
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: '' });
  const all = Listed.parse(JSON.parse(ran.stdout)).settings;
  return new Map(all.map(({ name, value, from, by }) => [name, [value, from, by]]));
}

function config(words: string, at: Place, env: Record<string, string> = {}): Promise<Ran> {
  return berth(['config', ...words.split(' ')], { env: { ...at.env, ...env } });
}

describe('where a setting comes from', () => {
  test('without anything it is what happens by itself', async () => {
    const all = await listed(place().env);
    expect(all.get('model')).toEqual(['built-in', 'default', undefined]);
    expect(all.get('apiKey')).toEqual(['none', 'default', undefined]);
    expect(all.get('as')).toEqual(['ada', 'environment', 'USER']);
  });

  test('a flag wins over the environment, that over the file, that over the default', async () => {
    const { env, file } = place('theme: light\n');
    expect((await listed(env)).get('theme')).toEqual(['light', 'file', file]);
    expect((await listed({ ...env, BERTH_THEME: 'mono' })).get('theme')).toEqual([
      'mono',
      'environment',
      'BERTH_THEME',
    ]);
    expect((await listed(env, '--as', 'grace')).get('as')).toEqual(['grace', 'flag', '--as']);
  });

  test('a variable that says nothing wins too', async () => {
    const { env } = place('model: qwen3\nbaseUrl: http://127.0.0.1:9/v1\n');
    expect((await listed({ ...env, BERTH_MODEL: '' })).get('model')).toEqual([
      'built-in',
      'environment',
      'BERTH_MODEL is empty',
    ]);
    const ran = await berth(['model'], { env: { ...env, BERTH_MODEL: '' } });
    expect(ran.stdout).toContain('built-in reader');
  });

  test('what a demo world set for its home is said, and BERTH_NOW wins', async () => {
    const at = { ...place().env, BERTH_HOME: await demoHome() };
    expect((await listed(at)).get('now')).toEqual(['2026-11-25T10:00:00+01:00', 'home', 'settings.yaml']);
    const now = { BERTH_NOW: '2026-12-01T00:00:00Z' };
    expect((await listed({ ...at, ...now })).get('now')).toEqual([now.BERTH_NOW, 'environment', 'BERTH_NOW']);
  });

  test('a secret is never shown, nor is what stands in an address besides its place', async () => {
    const env = {
      ...place().env,
      OPENAI_API_KEY: 'sk-hidden-1',
      OPENAI_BASE_URL: 'https://me:sk-hidden-2@host/v1?key=sk-hidden-3',
    };
    for (const words of ['list', 'list --json', 'get apiKey', 'get OPENAI_API_KEY --json', 'get baseUrl']) {
      const ran = await berth(['config', ...words.split(' ')], { env });
      expect({ code: ran.code, hidden: `${ran.stdout}${ran.stderr}`.includes('sk-hidden') }).toEqual({
        code: 0,
        hidden: false,
      });
    }
    expect((await listed(env)).get('baseUrl')?.[0]).toBe('https://host/v1');
  });

  test('every variable that the source reads is a setting, or says what the terminal is', () => {
    const terminal = ['PATH', 'COLUMNS', 'TERM', 'COLORFGBG', 'CI', 'HOME', 'NODE_ENV', 'LANGSMITH_TRACING'];
    const read = globSync('{src,tools}/**/*.ts')
      .filter((file) => !file.includes('policy'))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/env\['([A-Z_]+)'\]/g)])
      .map(([, name = '']) => name);
    expect(read.length).toBeGreaterThan(20);
    const known = [...terminal, ...settings.flatMap(({ variables }) => variables)];
    expect(
      read.filter((name) => !known.includes(name) && !name.startsWith('XDG_') && !/^L(?:C_|ANG)/.test(name)),
    ).toEqual([]);
  });
});

describe('the file takes effect', () => {
  test('home, for a command that reads the ledger, unless the environment names another', async () => {
    const home = await demoHome();
    const at = place(`home: ${home}\n`);
    // In a process of its own, without BERTH_HOME.
    const ran = await spawned(['contracts', 'C-101'], { env: { ...at.env, BERTH_HOME: '/dev/null/none' } });
    expect(ran.code).toBe(9);
    const env = { PATH: process.env['PATH'], ...at.env, USER: 'ada', TZ: 'UTC' };
    const said = execFileSync(process.execPath, ['src/cli.ts', 'contracts', 'C-101'], { env });
    expect(said.toString()).toContain('C-101');
  });

  test('colours and a theme, for cards', async () => {
    const home = await demoHome();
    const escape = String.fromCodePoint(27);
    const shown = async (text: string, env: Record<string, string> = {}) =>
      (await berth(['contracts'], { home, env: { ...place(text).env, ...env } })).stdout.includes(escape);
    expect(await shown('color: always\n')).toBe(true);
    expect(await shown('color: auto\n')).toBe(false);
    expect(await shown('color: never\n', { FORCE_COLOR: '1' })).toBe(true);
    expect(await shown('color: always\n', { NO_COLOR: '1' })).toBe(false);
  });

  test('the model, for whoever reads requests', async () => {
    const { env } = place('model: qwen3\nfallback: none\n');
    const ran = await berth(['model'], { env });
    expect(flaws(ran, 2, 'BERTH_MODEL is `qwen3`', 'set OPENAI_BASE_URL')).toEqual([]);
  });

  test('the chat: the model of the file answers, and lines are never repainted', async () => {
    const endpoint = await fakeEndpoint(() => ({ kind: 'text', text: 'Hello from the file.' }));
    const { env } = place(`model: fake\nbaseUrl: ${endpoint.url}\naccessible: true\n`);
    const home = await demoHome();
    const ran = await berth(['-p', 'hello', '--output', 'json'], { home, env });
    expect({ code: ran.code, said: ran.stdout.includes('Hello from the file.') }).toEqual({
      code: 0,
      said: true,
    });
    expect(endpoint.asked).toMatchObject([{ model: 'fake' }]);
    const other = await berth(['-p', 'hello', '--output', 'json'], {
      home,
      env: { ...env, BERTH_MODEL: '' },
    });
    expect(other.stdout).not.toContain('Hello from the file.');
    expect(endpoint.asked).toHaveLength(1);
    await endpoint.close();
    expect((await berth(['doctor'], { home, env })).stdout).toContain('plain lines: ACCESSIBLE is set');
  });

  test('only where the environment says nothing by any name of the setting', () => {
    const values = { editor: 'vi', accessible: true, color: 'never', theme: 'mono', fallback: 'none' };
    expect(variablesOf(values, {})).toEqual({
      EDITOR: 'vi',
      ACCESSIBLE: '1',
      NO_COLOR: '1',
      BERTH_THEME: 'mono',
      BERTH_FALLBACK: 'none',
    });
    const env = { VISUAL: 'emacs', INK_SCREEN_READER: '', FORCE_COLOR: '0', BERTH_THEME: '' };
    expect(variablesOf(values, env)).toEqual({ BERTH_FALLBACK: 'none' });
  });
});

describe('a file that is wrong', () => {
  test.each([
    ['theme: light\nthem: dark\n', 'line 2: `them` is not known', 'did you mean `theme`?'],
    ['BERTH_THEME: dark\n', 'line 1: `BERTH_THEME` is not known', 'did you mean `theme`?'],
    ['what: dark\n', 'line 1: `what` is not known', 'allowed there: home, model,'],
    [
      '# mine\n\ntheme: purple\n',
      'line 3: `theme` takes dark, light, mono or contrast',
      'config unset theme',
    ],
    ['accessible: maybe\n', 'line 1: `accessible` takes true or false', 'config unset accessible'],
    ['home: relative/path\n', 'line 1: `home` takes an absolute path', 'config unset home'],
    ['baseUrl: https://me:sk-1@host\n', '`baseUrl` takes an http or https address without', 'correct it'],
    ['apiKey: sk-1\n', 'line 1: `apiKey` does not belong there: it is a secret', 'take it out'],
    ['OPENAI_API_KEY: sk-1\n', '`OPENAI_API_KEY` does not belong there', 'take it out'],
    ['checkpointDir: /x\n', 'it belongs to one ledger', 'take it out'],
    ['theme: light\ntheme: dark\n', 'line 2', 'correct the YAML there'],
    ['theme: [\n', 'line', 'correct the YAML there'],
    ['- theme\n', 'holds no settings', 'write lines such as `theme: light`'],
    ['hello\n', 'holds no settings', 'write lines such as `theme: light`'],
    ['a: &a x\ntheme: *a\n', 'cannot be read', 'without aliases'],
    [new Uint8Array([0xff, 0xfe, 0x00, 0x01]), 'is not UTF-8', 'save it as UTF-8'],
    ['\u0000\u0001\u0007', 'config.yaml', ''],
    ['x'.repeat(2 ** 20 + 1), 'more than', '1 MiB'],
  ])('%j is said with its line, and nothing is done by half', async (text, fault, fix) => {
    const at = place(text);
    const env = { ...at.env, BERTH_HOME: join(at.folder, 'home') };
    for (const args of [['contracts'], ['-p', 'free GPUs?'], ['config', 'list']])
      expect(flaws(await berth(args, { env }), 2, fault, fix)).toEqual([]);
    expect((await berth(['contracts'], { env })).stderr).not.toContain('sk-1');
    expect(readdirSync(at.folder)).toEqual(['berth']);
    expect((await berth(['config', 'path'], { env })).stdout).toBe(`${at.file}\n`);
    for (const args of [['contracts', '--help'], ['--version'], ['completion', 'bash']])
      expect((await berth(args, { env })).code).toBe(0);
  });

  test('random bytes are never a crash', async () => {
    const at = place('');
    await assert(
      asyncProperty(uint8Array({ maxLength: 60 }), async (bytes) => {
        writeFileSync(at.file, bytes);
        const ran = await config('get theme', at);
        expect([0, 2]).toContain(ran.code);
        expect(ran.stderr).not.toContain('bug');
      }),
      { seed: 20261122, numRuns: 150 },
    );
  });

  test('a folder, a pipe and a link to nowhere are no file, and nobody waits for them', async () => {
    for (const make of [
      (file: string) => mkdirSync(file),
      (file: string) => execFileSync('mkfifo', [file]),
      (file: string) => symlinkSync('nowhere', file),
    ]) {
      const at = place();
      mkdirSync(dirname(at.file));
      make(at.file);
      expect(flaws(await config('list', at), 2, 'is not a file', 'put a file there')).toEqual([]);
    }
  });

  test('an empty file and one with nothing but comments are good', async () => {
    for (const text of ['', '# nothing yet\n', '---\n', '{}\n'])
      expect((await listed(place(text).env)).get('theme')?.[1]).toBe('default');
  });
});

describe('set and unset', () => {
  test('keep comments and what else is there, and the file is for its owner alone', async () => {
    const at = place();
    expect(await config('set theme light', at)).toEqual({
      code: 0,
      stdout: `theme is light in ${at.file}\n`,
      stderr: '',
    });
    expect(statSync(at.file).mode & 0o777).toBe(0o600);
    writeFileSync(at.file, '# mine\ntheme: light # bright room\n');
    expect((await config('set accessible true', at)).code).toBe(0);
    expect(readFileSync(at.file, 'utf8')).toBe('# mine\ntheme: light # bright room\naccessible: true\n');
    expect((await config('unset theme', at)).stdout).toContain('theme is not set any more');
    expect(readFileSync(at.file, 'utf8')).toContain('accessible: true');
    expect((await config('unset BERTH_THEME', at)).stdout).toContain('nothing was changed');
    expect((await config('unset accessible', at)).code).toBe(0);
    expect((await listed(at.env)).get('accessible')).toEqual(['false', 'default', undefined]);
    expect(readFileSync(at.file, 'utf8')).not.toContain('{}');
    expect(readdirSync(dirname(at.file))).toEqual(['config.yaml']);
  });

  test('what is set comes back as it was typed, and takes effect', async () => {
    for (const [name, value] of [
      ['model', 'true-1'],
      ['baseUrl', 'http://127.0.0.1:11434/v1'],
      ['fallback', 'none'],
      ['theme', 'contrast'],
      ['color', 'never'],
      ['accessible', 'true'],
      ['editor', 'vi -n'],
    ] as const) {
      const at = place();
      const ran = await berth(['config', 'set', name, value], { env: at.env });
      expect(ran.code).toBe(0);
      const { stdout } = await berth(['config', 'get', name, '--json'], { env: at.env });
      const shown: unknown = JSON.parse(stdout);
      expect(shown).toEqual({ name, value, from: 'file', by: at.file });
    }
  });

  test('the environment that wins is said', async () => {
    const ran = await config('set theme light', place(), { BERTH_THEME: 'mono' });
    expect(ran.stderr).toBe('note: BERTH_THEME is set in the environment, and wins over the file\n');
  });

  test.each([
    ['set apiKey sk-1', '`apiKey` does not belong into the config file: it is a secret', 'the file takes'],
    ['set OPENAI_API_KEY sk-1', 'it is a secret', 'the file takes'],
    ['set now 2026-12-01T00:00:00Z', 'it is for one command', 'the file takes'],
    ['set theme purple', '`theme` takes dark, light, mono or contrast', 'with one of those'],
    ['set baseUrl https://me:sk-1@host', 'without a user, a password or a query', 'with one of those'],
    ['set baseUrl https://host/?key=sk-1', 'without a user, a password or a query', 'with one of those'],
    ['set baseUrl javascript:alert(1)', '`baseUrl` takes', 'with one of those'],
    ['set thme light', 'there is no setting `thme`', 'did you mean `theme`?'],
    ['get thme', 'there is no setting `thme`', 'did you mean `theme`?'],
    ['unset thme', 'there is no setting `thme`', 'did you mean `theme`?'],
  ])('`%s` is refused, and no file is made', async (words, fault, fix) => {
    const at = place();
    const ran = await config(words, at);
    expect(flaws(ran, 2, fault, fix)).toEqual([]);
    expect(ran.stderr).not.toContain('sk-1');
    expect(existsSync(at.file)).toBe(false);
  });

  test('a bad file is not written over, and unset mends it', async () => {
    const at = place('them: light\ncolor: never\n');
    expect(flaws(await config('set theme dark', at), 2, '`them` is not known')).toEqual([]);
    expect(readFileSync(at.file, 'utf8')).toBe('them: light\ncolor: never\n');
    expect((await config('unset them', at)).code).toBe(0);
    expect(readFileSync(at.file, 'utf8')).toBe('color: never\n');
    const broken = place('theme: [\n');
    expect(flaws(await config('unset theme', broken), 2, 'correct the YAML there')).toEqual([]);
  });

  test('a link is followed, not replaced', async () => {
    const at = place();
    const real = join(at.folder, 'dotfiles.yaml');
    writeFileSync(real, 'color: never\n');
    mkdirSync(dirname(at.file));
    symlinkSync(real, at.file);
    expect((await config('set theme light', at)).code).toBe(0);
    expect(readFileSync(real, 'utf8')).toBe('color: never\ntheme: light\n');
  });

  test('a folder that cannot be made is said', async () => {
    const folder = join(newFolder(), 'file');
    writeFileSync(folder, '');
    const ran = await berth(['config', 'set', 'theme', 'light'], { env: { XDG_CONFIG_HOME: folder } });
    expect(flaws(ran, 2, 'cannot write', 'XDG_CONFIG_HOME')).toEqual([]);
  });

  test('so is one that is only to be read, and a file that nobody may read', async () => {
    const at = place('theme: light\n');
    chmodSync(at.file, 0o444);
    chmodSync(dirname(at.file), 0o555);
    chmodSync(at.folder, 0o755);
    const env = at.env;
    // As somebody whom permissions hold.
    const ran = await spawned(['config', 'set', 'theme', 'dark'], { env, uid: 65_534 });
    expect(flaws(ran, 2, 'cannot write', 'make its folder writable')).toEqual([]);
    expect(readFileSync(at.file, 'utf8')).toBe('theme: light\n');
    chmodSync(at.file, 0o000);
    expect(flaws(await spawned(['contracts'], { env, uid: 65_534 }), 2, 'EACCES')).toEqual([]);
    chmodSync(dirname(at.file), 0o755);
  });

  test('without HOME and XDG_CONFIG_HOME there is none, and the environment goes on', async () => {
    for (const env of [{}, { HOME: '' }, { HOME: 'relative', XDG_CONFIG_HOME: 'relative' }]) {
      expect(flaws(await berth(['config', 'path'], { env }), 2, 'no folder', 'XDG_CONFIG_HOME')).toEqual([]);
      expect(flaws(await berth(['config', 'set', 'theme', 'mono'], { env }), 2, 'no folder')).toEqual([]);
      expect((await listed({ ...env, BERTH_THEME: 'mono' })).get('theme')?.[0]).toBe('mono');
    }
    const { stdout } = await berth(['config', 'path'], { env: { HOME: '/h' } });
    expect(stdout).toBe('/h/.config/berth/config.yaml\n');
  });
});

test('settings are completed', async () => {
  const { stdout } = await berth(['completion', 'bash']);
  expect(stdout).toMatch(/'config'\) words='list get set unset path /);
  expect(stdout).toMatch(/'config set'\) words='home model baseUrl .* --help'/);
  expect(stdout).toMatch(/'config get'\) words='home checkpointDir .* --as --json --help'/);
});
