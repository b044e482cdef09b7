import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { createControl } from '../../src/control/create.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { TenantId } from '../../src/model/id.ts';
import { operator } from '../control/desk.ts';
import { newFolder, start } from './run.ts';

/** A home by the real clock, and a `kubectl` that writes down what it is asked and has nothing to list. */
async function asked(...args: readonly string[]) {
  const folder = newFolder();
  const list = `echo "$@" >> ${join(folder, 'asked')}; echo '{"kind":"List","items":[]}'`;
  writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\n${list}\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}`, BERTH_NOW: '' };
  const home = newFolder();
  const ledger = await openSqliteLedger(join(home, 'ledger.db'));
  const control = createControl({ ledger, clock: { kind: 'system', nowMs: () => Date.now() } });
  const tenant = { id: TenantId.parse('acme'), name: 'Acme', zone: 'Europe/Berlin', rules: {} };
  await control.registerTenant(operator, tenant);
  await control.close();
  const ran = await start(['admit', '--json', ...args], { home, env }).ended;
  return { ...ran, calls: readFileSync(join(folder, 'asked'), 'utf8').split('\n') };
}

test(
  'berth admit asks the cluster of the context that it is given, in every call',
  { timeout: 60_000 },
  async () => {
    const { calls, stdout } = await asked('--context', 'edge');
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'passed', checks: 0 });
    const lines = calls.filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !line.startsWith('--context=edge '))).toEqual([]);
  },
);

test('and the current one without it', { timeout: 60_000 }, async () => {
  const { calls } = await asked();
  expect(calls.filter((line) => line.includes('--context'))).toEqual([]);
});
