/**
 * The MCP Inspector, a client that Berth's authors did not write, against a server on the demo world: every default
 * tool over stdio and HTTP in both eras of the protocol, the schema lint, the exit code of an error, a load run, and an
 * agent's whole way to a contract and back. `--story` tells that alone.
 * Run by `.ci/run`; prints one line for each leg and fails with what was wrong.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { tellStory } from './inspect-story.ts';
import { readyUrl } from './ready.ts';

const run = promisify(execFile);
const inspector = resolve('node_modules/.bin/mcp-inspector');
const cli = resolve('src/cli.ts');
const home = mkdtempSync(join(tmpdir(), 'berth-inspect-'));
const env = { ...process.env, BERTH_HOME: home, USER: 'ada' };

const demand = {
  tenant: 'globex',
  parts: [{ name: 'main', count: 1, each: { gpus: { count: 8, models: ['H100'] } } }],
  window: { earliestStart: '2026-11-30T00:00:00+01:00', durationS: 86_400 },
};
const calls: readonly (readonly [string, object])[] = [
  ['inventory_summary', {}],
  ['inventory_search', { limit: 3 }],
  ['inventory_get', { ids: ['fra1'] }],
  ['event_search', { kind: 'fault' }],
  ['template_search', { text: 'train' }],
  ['policy_check', { tenant: 'acme' }],
  ['placement_plan', { demand }],
  ['placement_plan', { template: 'fine-tune', parameters: { tenant: 'globex', site: 'iad3' } }],
  ['placement_explain', { contract: 'C-101' }],
  ['placement_simulate', { lose: ['fra1/h1/r12'] }],
  ['contract_search', {}],
  ['contract_get', { contract: 'C-101' }],
  ['contract_change', { contract: 'C-101', change: { extendS: 3600 } }],
  ['contract_commit', { plan: 'plan-0123456789abcdef', idempotencyKey: 'inspect-1' }],
  ['contract_release', { contract: 'C-999', idempotencyKey: 'inspect-2' }],
  ['operation_get', { waitS: 1 }],
  ['approval_list', {}],
  ['ledger_search', { limit: 3 }],
  ['ledger_verify', {}],
];
/** These name what is not there: an error that says so, with exit code 5, is what has to come. */
const failing = ['contract_commit', 'contract_release'];

type Said = { readonly code: number; readonly out: string };

async function inspect(...args: readonly string[]): Promise<Said> {
  const all = [inspector, '--cli', '-q', '--format', 'json', ...args];
  return run(process.execPath, all, { env, maxBuffer: 64 * 1024 * 1024 }).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code?: number; stdout?: string }) => ({ code: error.code ?? -1, out: error.stdout ?? '' }),
  );
}

async function leg(name: string, target: readonly string[]): Promise<void> {
  const started = performance.now();
  const wrong: string[] = [];
  const listed = await inspect(...target, '--method', 'tools/list', '--strict');
  if (listed.code !== 0) wrong.push(`tools/list --strict: exit ${listed.code}`);
  for (const [tool, args] of calls) {
    if (!listed.out.includes(`"${tool}"`)) wrong.push(`${tool} is not listed`);
    const how = ['--method', 'tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(args)];
    const { code, out } = await inspect(...target, ...how);
    const expected = failing.includes(tool) ? 5 : 0;
    if (code !== expected) wrong.push(`${tool}: exit ${code} instead of ${expected}: ${out.slice(0, 300)}`);
  }
  if (wrong.length > 0) throw new Error(`${name}:\n${wrong.join('\n')}`);
  const tookS = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `inspector, ${name}: ${calls.length} tools, --strict, errors with exit 5 (${tookS} s)\n`,
  );
}

async function withServer(use: (url: string) => Promise<void>): Promise<void> {
  const server = spawn(process.execPath, [cli, 'mcp', '--http', '127.0.0.1:0'], { env });
  const url = await readyUrl(server);
  try {
    await use(url);
  } finally {
    server.removeAllListeners('exit');
    server.kill('SIGTERM');
  }
}

/** The Inspector starts a server with nothing of its own surroundings. */
const given = ['-e', `BERTH_HOME=${home}`, '-e', 'USER=ada'];

async function story(): Promise<void> {
  const server = [...given, process.execPath, cli, 'mcp', '--as', 'agent:ops-bot'];
  process.stdout.write('inspector, from a first look to a contract that a person approved, and back:\n');
  await tellStory({
    home,
    say: (line) => process.stdout.write(line),
    ask: (tool, args) =>
      inspect(
        ...server,
        '--method',
        'tools/call',
        '--tool-name',
        tool,
        '--tool-args-json',
        JSON.stringify(args),
      ),
  });
}

async function matrix(): Promise<void> {
  for (const era of ['legacy', 'modern'])
    await leg(`stdio, ${era}`, [...given, process.execPath, cli, 'mcp', '--protocol-era', era]);
  await withServer(async (url) => {
    for (const era of ['legacy', 'modern'])
      await leg(`HTTP, ${era}`, ['--server-url', url, '--transport', 'http', '--protocol-era', era]);
    const call = ['--method', 'tools/call', '--tool-name', 'inventory_summary'];
    const load = await inspect(
      '--server-url',
      url,
      '--transport',
      'http',
      ...call,
      '--load',
      '--load-requests',
      '100',
    );
    if (load.code !== 0) throw new Error(`--load: exit ${load.code}: ${load.out.slice(0, 500)}`);
    process.stdout.write(`inspector, load: ${load.out.replaceAll(/\s+/g, ' ').slice(0, 300)}\n`);
  });
}

try {
  await run(process.execPath, [cli, 'init', '--demo', 'four-sites'], { env });
  if (!process.argv.includes('--story')) await matrix();
  await story();
} finally {
  rmSync(home, { recursive: true, force: true });
}
