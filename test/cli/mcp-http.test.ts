import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test, vi } from 'vitest';

import { readyUrl } from '../mcp/ready.ts';
import { berth, demoHome, start } from './run.ts';

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), 'berth-auth-'));
const file = join(folder, 'auth.yaml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(lines: string): string {
  writeFileSync(file, lines);
  return file;
}

const good = `schema: berth/mcp-auth/1
resource: https://berth.example/mcp
issuers: [{ issuer: https://login.example, jwksUri: https://login.example/jwks }]
`;

describe('berth mcp --http does not start', () => {
  test.each(['0.0.0.0', '192.168.0.7:80', '[::]:80', 'berth.example'])(
    'at %s without a login',
    async (at) => {
      const { code, stderr, stdout } = await berth(['mcp', '--http', at], { home: folder });
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain('nobody would have to say who they are');
      expect(stderr).toContain('--auth auth.yaml');
    },
  );

  test.each([
    ['--as', 'ada'],
    ['--tenant', 'acme'],
    ['--on-behalf-of', 'ada'],
    ['--model', 'qwen3'],
  ])('with tokens and %s, which both say who acts', async (option, value) => {
    const args = ['mcp', '--http', '--auth', written(good), option, value];
    const { code, stderr } = await berth(args, { home: folder });
    expect(code).toBe(2);
    expect(stderr).toContain(`\`${option}\` and \`--auth\` both say who acts`);
  });

  test.each([
    ['nothing', 'issuers'],
    [good.replace('jwksUri', 'jwksUrl'), 'jwksUrl'],
    [good.replace('https://login.example/jwks', 'http://login.example/jwks'), 'use https'],
    [good.replace('berth/mcp-auth/1', 'berth/mcp-auth/2'), 'berth/mcp-auth/1'],
  ])('with %j, and says what is wrong', async (text, said) => {
    const { code, stderr } = await berth(['mcp', '--http', '--auth', written(text)], { home: folder });
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });
});

test.each([
  ['--auth', 'auth.yaml'],
  ['--allow-host', 'berth.example'],
  ['--allow-origin', 'https://tools.example'],
  ['--rate', '5'],
])('%s without --http is said to mean nothing, instead of being passed over', async (option, value) => {
  const { code, stderr } = await berth(['mcp', option, value], { home: folder });
  expect(code).toBe(2);
  expect(stderr).toContain(`\`${option}\` means nothing over stdio`);
});

/** The statuses of so many requests to a server that is started with these arguments, one right after the other. */
async function statuses(args: readonly string[], count: number): Promise<readonly number[]> {
  const { process: server, ended } = start(['mcp', '--http', '127.0.0.1:0', ...args], {
    home: await demoHome(),
  });
  const { origin } = new URL(await readyUrl(server));
  const all: number[] = [];
  for (let at = 0; at < count; at++) all.push((await fetch(`${origin}/readyz`)).status);
  server.kill('SIGTERM');
  await ended;
  return all;
}

function rated(rate: string): string {
  return written(`${good}rate: ${rate}\n`);
}

describe('how often one caller may ask', () => {
  test('is what the flag says, and twice that at once', async () => {
    const said = await statuses(['--rate', '1'], 20);
    expect([said.slice(0, 2), said.includes(429)]).toEqual([[200, 200], true]);
    expect(new Set(await statuses([], 20))).toEqual(new Set([200]));
  });

  test('is what the file says', async () => {
    const said = await statuses(['--auth', rated('{ perSecond: 0.1, burst: 3 }')], 20);
    expect([said.slice(0, 3).includes(429), said.slice(3).includes(429)]).toEqual([false, true]);
  });

  test.each(['{ perSecond: 0 }', '{ perSecond: 1, burst: 0 }', '{ burst: 5 }', '100'])(
    'is not %s',
    async (rate) => {
      const { code, stderr } = await berth(['mcp', '--http', '--auth', rated(rate)], { home: folder });
      expect([code, stderr.includes('rate')]).toEqual([2, true]);
    },
  );

  test('is not nothing', async () => {
    const { code, stderr } = await berth(['mcp', '--http', '--rate', '0'], { home: folder });
    expect([code, stderr.includes('from 1 on')]).toEqual([2, true]);
  });
});
