import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { berth } from './run.ts';

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
])('%s without --http is said to mean nothing, instead of being passed over', async (option, value) => {
  const { code, stderr } = await berth(['mcp', option, value], { home: folder });
  expect(code).toBe(2);
  expect(stderr).toContain(`\`${option}\` means nothing over stdio`);
});
