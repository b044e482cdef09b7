import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

import type { Io } from '../../src/cli/io.ts';
import { openSession, type Session } from '../../src/cli/session.ts';
import { ChangeResult } from '../../src/model/deed-view.ts';
import { InventorySummary } from '../../src/model/inventory-view.ts';
import { PlanResult } from '../../src/model/plan-view.ts';
import { VerifyResult } from '../../src/model/verify-view.ts';

/** The MCP Inspector's command line: a client that Berth's authors did not write. */
const inspector = resolve('node_modules/.bin/mcp-inspector');
const home = mkdtempSync(join(tmpdir(), 'berth-inspector-'));
const io: Io = {
  stdin: Readable.from([]),
  stdout: { write: () => true },
  stderr: { write: () => true },
  env: { BERTH_HOME: home, USER: 'ada' },
  interrupt: new AbortController().signal,
};
let open: Session;

beforeAll(async () => {
  open = await openSession(io, { client: 'berth-chat' }, 'demo');
}, 30_000);

afterAll(async () => {
  await open.control.close();
  rmSync(home, { recursive: true, force: true });
});

test('the Inspector looks, plans, commits, verifies and releases over stdio while another client has the ledger open', async () => {
  expect(Listed.parse(inspect('--method', 'tools/list', '--strict')).result.tools).toHaveLength(18);

  expect(InventorySummary.parse(call('inventory_summary', {})).tenants.map(({ id }) => id)).toContain('acme');

  const { plan } = PlanResult.parse(call('placement_plan', { demand, responseFormat: 'detailed' }));
  const commit = { plan: plan?.id, idempotencyKey: 'inspector-1' };
  const change = ChangeResult.parse(call('contract_commit', commit));
  expect(change).toMatchObject({
    decision: 'committed',
    replayed: false,
    contract: { id: 'C-106', gpuCount: 16 },
  });
  expect(ChangeResult.parse(call('contract_commit', commit))).toMatchObject({
    decision: 'committed',
    replayed: true,
  });

  const verified = VerifyResult.parse(call('ledger_verify', {}));
  expect(verified.ok).toBe(true);
  const seen = await open.control.contracts(open.caller, { limit: 50 });
  expect(seen.contracts.map((contract) => contract.id)).toContain('C-106');
  expect(seen.snapshot.head).toBe(verified.head);

  const release = { contract: 'C-106', idempotencyKey: 'inspector-2', expectedVersion: 1 };
  expect(ChangeResult.parse(call('contract_release', release))).toMatchObject({
    decision: 'released',
    contract: { id: 'C-106', state: 'released' },
  });
}, 180_000);

const Listed = z.object({ result: z.object({ tools: z.array(z.unknown()) }) });

const demand = {
  tenant: 'acme',
  parts: [
    { name: 'main', count: 2, each: { gpus: { count: 8, models: ['H100'], link: 'nvlink' }, rdma: {} } },
  ],
  window: { earliestStart: '2026-11-30T00:00:00+01:00', durationS: 259_200 },
};

function call(tool: string, args: object): unknown {
  const answer = inspect(
    '--method',
    'tools/call',
    '--tool-name',
    tool,
    '--tool-args-json',
    JSON.stringify(args),
  );
  return z.object({ result: z.object({ structuredContent: z.unknown() }) }).parse(answer).result
    .structuredContent;
}

function inspect(...args: readonly string[]): unknown {
  const server = [process.execPath, resolve('src/cli.ts'), 'mcp', '--as', 'inspector'];
  const text = execFileSync(
    process.execPath,
    [inspector, '--cli', '-q', '--format', 'json', '-e', `BERTH_HOME=${home}`, ...server, ...args],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  return JSON.parse(text);
}
