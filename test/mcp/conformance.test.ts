import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { conformanceProfile } from '../../src/mcp/conformance/profile.ts';
import { loopbackGate } from '../../src/mcp/http/gate.ts';
import { serveHttp } from '../../src/mcp/http/listen.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import { fakeControl } from './fake-control.ts';
import { endpointWith, fetchFrom, legacyClient, modernClient } from './http/endpoint-at.ts';

const run = promisify(execFile);
const released = resolve('node_modules/@modelcontextprotocol/conformance/dist/index.js');
const next = resolve('node_modules/conformance-next/dist/index.js');

let url = '';
let ended: Promise<void>;
const folder = mkdtempSync(join(tmpdir(), 'berth-conformance-'));

beforeAll(async () => {
  const { promise, resolve: listening } = Promise.withResolvers<string>();
  ended = serveHttp({
    tools,
    control: fakeControl().control,
    caller: { principal: PrincipalId.parse('person:ada') },
    version: '0.0.0',
    gate: loopbackGate(),
    rate: { burst: 10_000, perSecond: 10_000 },
    address: { host: '127.0.0.1', port: 0 },
    profile: conformanceProfile(),
    stderr: { write: () => undefined },
    onListening: listening,
  });
  url = await promise;
});

afterAll(async () => {
  process.emit('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a suite against the server; the scenarios by name, with how many checks passed and failed. */
async function suite(program: string, ...options: readonly string[]) {
  const args = [program, 'server', '--url', url, '-o', folder, ...options];
  const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: unknown) => z.object({ stdout: z.string() }).parse(error),
  );
  const rows = stdout.matchAll(/^[✓✗] (?<name>\S+): (?<passed>\d+) passed, (?<failed>\d+) failed$/gm);
  return new Map([...rows].map(({ groups }) => [groups?.['name'] ?? '', Number(groups?.['failed'])]));
}

/** The scenarios that a revision requires of servers, as the suite itself has frozen them. */
function required(revision: string): readonly string[] {
  const text = readFileSync(
    resolve('node_modules/conformance-next/requirements', `${revision}.yaml`),
    'utf8',
  );
  const list = /^server:\n(?<items>(?: {2}- .*\n)+)/m.exec(text)?.groups?.['items'] ?? '';
  return [...list.matchAll(/- (\S+)/g)].map(([, name = '']) => name);
}

describe('the official suite, with its fixtures', () => {
  test('0.1.16: all 32 server scenarios, of which 30 are active', async () => {
    const found = await suite(released, '--suite', 'all');
    expect([...found].filter(([, failed]) => failed > 0)).toEqual([]);
    expect(found.size).toBe(32);
  }, 60_000);

  test.each([
    ['2025-11-25', 30],
    ['2026-07-28', 37],
  ] as const)(
    '0.2.0-alpha.12: everything that %s requires of a server: %i scenarios',
    async (revision, count) => {
      const wanted = required(revision);
      expect(wanted).toHaveLength(count);
      const found = await suite(next, '--requirements', revision);
      expect(wanted.filter((name) => found.get(name) !== 0)).toEqual([]);
    },
    120_000,
  );
});

describe('without the flag', () => {
  test.each([
    ['handshake', legacyClient],
    ['stateless', modernClient],
  ] as const)('there are no fixtures in the %s era', async (_era, connect) => {
    const client = await connect(fetchFrom(endpointWith()));
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(tools.map(({ name }) => name));
    const result = await client.callTool({ name: 'test_simple_text', arguments: {} });
    expect(result.isError).toBe(true);
    expect(JSON.stringify(client.getServerCapabilities())).not.toMatch(/logging|subscribe|listChanged/);
  });

  test('nothing loads them but the flag', () => {
    const sources = globSync('{src,tools,evals}/**/*.{ts,tsx}').filter(
      (file) => !file.startsWith(join('src', 'mcp', 'conformance')),
    );
    const loading = sources.filter((file) => readFileSync(file, 'utf8').includes('/conformance/'));
    expect(loading).toEqual([join('src', 'cli', 'run', 'mcp.ts')]);
    expect(readFileSync(join('src', 'cli', 'run', 'mcp.ts'), 'utf8')).toMatch(
      /conformance === true \? \{ profile: await fixtures\(\) \} : \{\}/,
    );
  });
});
