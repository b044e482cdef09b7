import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { http, HttpResponse } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { main } from '../src/cli/main.ts';

const asked: string[] = [];
const network = setupServer(
  http.all('*', ({ request }) => {
    asked.push(request.url);
    return new HttpResponse(null, { status: 503 });
  }),
);
const home = mkdtempSync(join(tmpdir(), 'berth-offline-'));

beforeAll(() => {
  network.listen({ onUnhandledFrame: 'error' });
});

afterEach(() => asked.splice(0));

afterAll(() => {
  network.close();
  rmSync(home, { recursive: true, force: true });
});

test('the watch itself sees a request', async () => {
  expect((await fetch('http://127.0.0.1:8123/seen')).status).toBe(503);
  expect(asked).toEqual(['http://127.0.0.1:8123/seen']);
});

test('request, plan, commit and verification reach no network', async () => {
  expect(await berth('-p', 'I need 8 H100 with NVLink for 2 days from tomorrow for team globex')).toBe(3);
  expect(await berth('-p', 'list contracts')).toBe(0);
  expect(await berth('ledger', 'verify')).toBe(0);
  expect(asked).toEqual([]);
}, 30_000);

function berth(...args: readonly string[]): Promise<number> {
  return main(args, {
    stdin: Readable.from([]),
    stdout: { write: () => true },
    stderr: { write: () => true },
    env: { BERTH_HOME: home, USER: 'ada' },
    interrupt: new AbortController().signal,
  });
}
