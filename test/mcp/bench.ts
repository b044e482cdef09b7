/**
 * How long answers take over stdio and HTTP, from processes that were started for it: `placement_plan` beside a ping and
 * `inventory_summary` in the same rounds, on the demo and on 10,000 nodes. `npm run bench:mcp -- --calls 200`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { quantile } from '../../src/bench/speed.ts';
import { readyUrl } from './ready.ts';

const { values } = parseArgs({ options: { calls: { type: 'string', default: '100' } } });
const callCount = Number(values.calls);
if (!Number.isSafeInteger(callCount) || callCount < 1)
  throw new Error(`\`${values.calls}\` is no whole number above 0`);

const cli = resolve('src/cli.ts');
const worlds = [
  { name: 'four-sites', tenant: 'globex', startMs: Date.parse('2026-11-30T00:00:00Z') },
  { name: 'ten-thousand', tenant: 'orbit', startMs: Date.parse('2027-06-07T00:00:00Z') },
] as const;
type World = (typeof worlds)[number];

/** A demand that differs from the one before: nothing is answered from what was answered. */
function demandOf({ tenant, startMs }: World, round: number): object {
  const earliestStart = new Date(startMs + (round % 48) * 3_600_000).toISOString();
  const gpus = { count: [1, 2, 4, 8][round % 4], models: ['H100'] };
  return {
    tenant,
    parts: [{ name: 'main', count: 1 + (round % 3), each: { gpus } }],
    window: { earliestStart, durationS: 86_400 + 600 * round },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/** Unmeasured rounds before those that count, so that what is measured is compiled. */
const warmUp = 10;

async function measure(client: Client, world: World, over: string): Promise<void> {
  const ms = { ping: Array<number>(), inventory_summary: Array<number>(), placement_plan: Array<number>() };
  let planned = 0;
  for (let round = -warmUp; round < callCount; round++) {
    const ping = await timed(() => client.ping());
    const summary = await timed(() => client.callTool({ name: 'inventory_summary', arguments: {} }));
    const plan = await timed(async () => {
      const demand = demandOf(world, round + warmUp);
      const result = await client.callTool({ name: 'placement_plan', arguments: { demand } });
      if (result.isError === true) throw new Error(JSON.stringify(result.content));
      if (JSON.stringify(result.structuredContent).includes('"planned"')) planned += 1;
    });
    if (round < 0) continue;
    ms.ping.push(ping);
    ms.inventory_summary.push(summary);
    ms.placement_plan.push(plan);
  }
  if (planned === 0) throw new Error(`nothing fits in ${world.name}: refusals are not what is measured`);
  process.stdout.write(`${world.name} over ${over}: ${callCount} rounds, ${planned} planned with warm-up\n`);
  const base = quantile(Float64Array.from(ms.ping).toSorted(), 500);
  for (const [what, each] of Object.entries(ms)) {
    const sorted = Float64Array.from(each).toSorted();
    const [p50, p99] = [quantile(sorted, 500), quantile(sorted, 990)];
    process.stdout.write(
      `  ${what.padEnd(18)} p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  ` +
        `${(p50 / base).toFixed(1)} pings\n`,
    );
  }
}

async function bench(world: World): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'berth-bench-mcp-'));
  const env = { BERTH_HOME: home, USER: 'ada' };
  const made = spawn(process.execPath, [cli, 'init', '--demo', world.name], { env, stdio: 'ignore' });
  await new Promise((done) => made.once('exit', done));
  const server = spawn(process.execPath, [cli, 'mcp', '--http', '127.0.0.1:0', '--rate', '100000'], { env });
  try {
    const piped = new Client({ name: 'bench', version: '1' });
    const command = { command: process.execPath, args: [cli, 'mcp'] };
    await piped.connect(new StdioClientTransport({ ...command, env, stderr: 'ignore' }));
    await measure(piped, world, 'stdio');
    await piped.close();
    const client = new Client({ name: 'bench', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(await readyUrl(server))));
    await measure(client, world, 'HTTP');
    await client.close();
  } finally {
    server.kill('SIGTERM');
    rmSync(home, { recursive: true, force: true });
  }
}

process.stdout.write(`load ${loadavg()[0]?.toFixed(1)} at the beginning\n`);
for (const world of worlds) await bench(world);
process.stdout.write(`load ${loadavg()[0]?.toFixed(1)} at the end\n`);
