import { readFileSync } from 'node:fs';

import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';

import { askNetbox } from '../../../src/cli/live/netbox.ts';
import { netbox } from '../../../src/sources/netbox/netbox.ts';
import { capture, parsed, withoutLines } from '../../sources/given.ts';
import { berth, newFolder } from '../run.ts';
import { type Answer, type Answering, answering, quietIo } from './walk.ts';

const open: Answering[] = [];
afterEach(() => {
  for (const { server } of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function service(answer: Answer): Promise<Answering> {
  const made = await answering(answer);
  open.push(made);
  return made;
}

const tables = z
  .record(z.string(), z.array(z.unknown()))
  .parse(
    JSON.parse(readFileSync(new URL('../../data/netbox-site/made-up-site.json', import.meta.url), 'utf8')),
  );

/** A page of a table, at most `most` objects long, as a server that is set up so gives it. */
function page(
  address: string,
  most: number,
  rows: (table: string) => readonly unknown[] | undefined,
): object | 404 {
  const { pathname, searchParams } = new URL(address, 'http://x');
  const found = rows(/\/api\/(?:dcim|tenancy)\/([a-z-]+)\/$/u.exec(pathname)?.[1] ?? '');
  if (found === undefined) return 404;
  const offset = Number(searchParams.get('offset') ?? 0);
  const limit = Math.min(most, Number(searchParams.get('limit') ?? 50));
  const results = found.slice(offset, offset + limit);
  // NetBox behind a proxy names itself by another address: nobody is to follow it.
  return { count: found.length, next: 'http://127.0.0.2/next', previous: null, results };
}

const asIs = (table: string) => tables[table] ?? [];

test('all pages of all tables say what the export says', async () => {
  const { url, asked } = await service((one) => page(one.url, 7, asIs));
  const files = await askNetbox(quietIo({ TOKEN: 'abc' }), {
    url: `${url}/api/`,
    secret: { variable: 'TOKEN' },
  });
  const live = parsed(netbox, files);
  expect(withoutLines(live)).toEqual(
    withoutLines(parsed(netbox, [capture('netbox-site/made-up-site.json')])),
  );
  expect(live.unknown.some(({ why }) => why.includes('pages are missing'))).toBe(false);
  expect(new Set(asked.map(({ method }) => method))).toEqual(new Set(['GET']));
  expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set(['Token abc']));
});

test('a token of the second version is presented as Bearer', async () => {
  const { url, asked } = await service((one) =>
    one.authorization === 'Bearer nbt_a.b' ? page(one.url, 50, asIs) : 403,
  );
  const files = await askNetbox(quietIo({ TOKEN: 'nbt_a.b' }), { url, secret: { variable: 'TOKEN' } });
  expect(parsed(netbox, files).facts.length).toBeGreaterThan(0);
  expect(asked.filter(({ authorization }) => authorization?.startsWith('Token') === true)).toHaveLength(1);
});

test('tables that an older NetBox lacks are left out; the sites are needed', async () => {
  const older = await service((one) =>
    page(one.url, 50, (table) => (table === 'modules' ? undefined : asIs(table))),
  );
  const seen = parsed(netbox, await askNetbox(quietIo(), { url: older.url }));
  expect(seen.facts.some(({ kind }) => kind === 'gpu')).toBe(false);
  expect(seen.facts.some(({ kind }) => kind === 'node')).toBe(true);
  const none = await service(() => 404);
  await expect(askNetbox(quietIo(), { url: none.url })).rejects.toThrow('answers 404');
});

test('a table that shrinks or grows while it is read, and an answer that is none, are refused', async () => {
  let calls = 0;
  const growing = await service((one) =>
    page(one.url, 1, () => Array.from({ length: ++calls === 1 ? 3 : 1 }, (_, id) => ({ id }))),
  );
  await expect(askNetbox(quietIo(), { url: growing.url })).rejects.toThrow('changed while it was read');
  const other = await service(() => ({ hello: 'world' }));
  await expect(askNetbox(quietIo(), { url: other.url })).rejects.toThrow('does not answer as NetBox does');
  const broken = await service(() => 500);
  await expect(askNetbox(quietIo(), { url: broken.url })).rejects.toThrow('answers 500');
});

test('berth import netbox --url reads it, and never prints the token', async () => {
  const { url } = await service((one) =>
    one.authorization === 'Token s3cret' ? page(one.url, 50, asIs) : 403,
  );
  const args = ['import', 'netbox', '--url', url, '--token-env', 'NETBOX_TOKEN', '--dry-run', '--json'];
  const ran = await berth(args, { home: newFolder(), env: { NETBOX_TOKEN: 's3cret' } });
  expect(ran.code).toBe(0);
  expect(ran.stdout).toContain('"source":"netbox"');
  expect(ran.stdout + ran.stderr).not.toContain('s3cret');
  const wrong = await berth(args, { home: newFolder(), env: { NETBOX_TOKEN: 'wr0ng' } });
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr + wrong.stdout).not.toContain('wr0ng');
}, 30_000);
