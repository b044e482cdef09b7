import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { buildProgram } from '../../src/cli/commands.ts';
import type { Io } from '../../src/cli/io.ts';
import { type ClientName, clientNames, clients } from '../../src/cli/mcp-clients.ts';
import { entryText, withEntry } from '../../src/cli/mcp-config.ts';
import { install, type InstallOptions } from '../../src/cli/run/mcp-install.ts';
import { version } from '../../src/cli/version.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'berth-install-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function run(client: ClientName, options: Partial<InstallOptions> = {}, env: Record<string, string> = {}) {
  const printed = { stdout: '', stderr: '' };
  const io: Io = {
    stdin: Readable.from([]),
    stdout: { write: (said: string) => (printed.stdout += said) },
    stderr: { write: (said: string) => (printed.stderr += said) },
    env: { HOME: home, ...env },
    interrupt: new AbortController().signal,
  };
  const code = install(io, client, { name: 'berth', project: home, ...options });
  return { code, ...printed };
}

function fileOf(client: ClientName): string {
  return clients[client].file({ home, project: home, platform: process.platform, appData: undefined });
}

const launch = { command: 'berth', args: ['mcp', '--as', 'ada'], env: {} };
const json = clientNames.filter((name) => clients[name].format === 'json');

describe.each(clientNames)('%s', (name) => {
  test('is shown what it has to be told, and nothing is written', () => {
    const { code, stdout, stderr } = run(name, { as: 'ada', tenant: ['acme'], readOnly: true });
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\s/g, '')).toContain('["mcp","--as","ada","--tenant","acme","--read-only"]');
    expect(stdout).toContain(clients[name].key);
    expect(stderr).toContain(fileOf(name));
    expect(readdirSync(home)).toEqual([]);
  });

  test('gets it into its file, once, and again without a change', () => {
    expect(run(name, { write: true, as: 'ada' }).stdout).toBe(`wrote ${fileOf(name)}\n`);
    const first = readFileSync(fileOf(name), 'utf8');
    expect(first.replaceAll(/\s/g, '')).toContain('["mcp","--as","ada"]');
    expect(readdirSync(dirname(fileOf(name))).filter((file) => file.includes('before-berth'))).toEqual([]);
  });
});

describe.each(json)('the file of %s', (name) => {
  const before = { theme: 'dark', [clients[name].key]: { other: { command: 'other', args: ['"x"'] } } };
  const write = (text: string) => {
    mkdirSync(dirname(fileOf(name)), { recursive: true });
    writeFileSync(fileOf(name), text);
  };
  const read = () => z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(fileOf(name), 'utf8')));

  test('keeps all else, and what was there is beside it', () => {
    write(JSON.stringify(before));
    const { stdout } = run(name, { write: true });
    expect(read()).toMatchObject({ ...before, [clients[name].key]: { berth: { command: 'berth' } } });
    expect(stdout).toContain(`${fileOf(name)}.before-berth`);
    expect(readFileSync(`${fileOf(name)}.before-berth`, 'utf8')).toBe(JSON.stringify(before));
    run(name, { write: true, as: 'ada' });
    expect(readFileSync(`${fileOf(name)}.before-berth`, 'utf8')).toBe(JSON.stringify(before));
    expect(run(name, { write: true, as: 'ada' }).stdout).toBe(`${fileOf(name)} says so already\n`);
    expect(readdirSync(dirname(fileOf(name))).filter((file) => file.includes('before-berth'))).toHaveLength(
      2,
    );
  });

  test.each(['{ // comment\n}', '[]', '{"mcpServers": [], "servers": 7}', 'nonsense'])(
    'is left alone where it holds %j',
    (text) => {
      write(text);
      expect(() => run(name, { write: true })).toThrow('the file is left as it is');
      expect(readFileSync(fileOf(name), 'utf8')).toBe(text);
      expect(readdirSync(dirname(fileOf(name))).filter((file) => file.includes('berth'))).toEqual([]);
    },
  );
});

describe('TOML', () => {
  const codex = clients.codex;
  test('gets a table of its own behind what is there', () => {
    const before = 'model = "gpt"\n\n[mcp_servers.other]\ncommand = "x"\n';
    const after = withEntry({ client: codex, name: 'berth', launch }, before);
    expect(after).toBe(`${before}\n[mcp_servers.berth]\ncommand = "berth"\nargs = ["mcp","--as","ada"]\n`);
    expect(() => withEntry({ client: codex, name: 'berth', launch }, after)).toThrow(
      'has [mcp_servers.berth] already',
    );
  });
  test('says where the ledger is', () => {
    expect(entryText(codex, 'berth', { ...launch, env: { BERTH_HOME: '/a "b"\\c' } })).toContain(
      '[mcp_servers.berth.env]\nBERTH_HOME = "/a \\"b\\"\\\\c"\n',
    );
  });
});

test('what is installed is a command line that the program takes', () => {
  const { stdout } = run(
    'cursor',
    { as: 'ada', tenant: ['acme', 'globex'], toolsets: ['observe', 'plan'], readOnly: true },
    { BERTH_HOME: '/x' },
  );
  const { berth } = z
    .object({ mcpServers: z.object({ berth: z.object({ args: z.array(z.string()), env: z.unknown() }) }) })
    .parse(JSON.parse(stdout)).mcpServers;
  expect(berth.env).toEqual({ BERTH_HOME: '/x' });
  const io: Io = {
    stdin: Readable.from([]),
    stdout: { write: () => true },
    stderr: { write: () => true },
    env: {},
    interrupt: new AbortController().signal,
  };
  const mcp = buildProgram(io, () => undefined).commands.find((command) => command.name() === 'mcp');
  const known = mcp?.options.map(({ long }) => long) ?? [];
  expect(berth.args.filter((word) => word.startsWith('--') && !known.includes(word))).toEqual([]);
});

test('the entry for the registry is about this version and this command line', () => {
  const Server = z.object({
    name: z.string(),
    version: z.string(),
    description: z.string().max(100),
    packages: z.tuple([
      z.object({
        identifier: z.string(),
        version: z.string(),
        packageArguments: z.array(z.object({ name: z.string().optional() })),
      }),
    ]),
  });
  const server = Server.parse(JSON.parse(readFileSync('server.json', 'utf8')));
  const own = z
    .object({ name: z.string(), mcpName: z.string() })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));
  const [npm] = server.packages;
  expect([server.version, npm.version]).toEqual([version(), version()]);
  expect([server.name, npm.identifier]).toEqual([own.mcpName, own.name]);
  expect(npm.packageArguments.flatMap(({ name }) => name ?? [])).toEqual(['--as', '--tenant']);
});
