/**
 * How long Berth takes to be there: `--help` printed, the line chat's prompt, an answer to MCP's `initialize` over stdio,
 * each beside a bare `node -e 0` of the same round. Wall time says what somebody waits on this machine now, CPU time
 * of all threads what it costs however busy the machine is. `npm run build && npm run bench:start -- --rounds 15`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { quantile } from '../../src/bench/speed.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, cli: { type: 'string', default: 'dist/src/cli.js' } },
});
const roundCount = Number(values.rounds);
if (!Number.isSafeInteger(roundCount) || roundCount < 1)
  throw new Error(`\`${values.rounds}\` is no whole number above 0`);
const cli = resolve(values.cli);
if (!existsSync(cli)) throw new Error(`no \`${values.cli}\`: run \`npm run build\` first`);

const hello = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } },
};

/** What is started, what it is told, and what stands on stdout once it is there. */
type Start = {
  readonly command: readonly [string, ...string[]];
  readonly told?: string;
  readonly shows: string;
};

const node = process.execPath;
const starts: Readonly<Record<string, Start>> = {
  'node alone': { command: [node, '-e', 'process.stdout.write("there")'], shows: 'there' },
  'berth --help': { command: [node, cli, '--help'], shows: 'Usage:' },
  'berth (prompt)': { command: ['script', '-qec', `exec '${node}' '${cli}'`, '/dev/null'], shows: '> ' },
  'berth mcp': {
    command: [node, cli, 'mcp'],
    told: `${JSON.stringify(hello)}\n`,
    shows: '"protocolVersion"',
  },
};

type Spent = { readonly wallMs: number; readonly cpuMs: number };

async function spent({ command: [program, ...args], told, shows }: Start, home: string): Promise<Spent> {
  const env = {
    PATH: process.env['PATH'],
    TERM: 'xterm',
    USER: 'ada',
    HOME: home,
    BERTH_HOME: join(home, 'berth'),
  };
  const startedMs = performance.now();
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  child.stdin.on('error', () => {});
  child.stderr.resume();
  if (told !== undefined) child.stdin.write(told);
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes(shows)) break;
  }
  const wallMs = performance.now() - startedMs;
  const cpuMs = cpuMsOf(String(child.pid));
  if (!said.includes(shows)) throw new Error(`${program} ${args.join(' ')} never said ${shows}: ${said}`);
  child.kill('SIGTERM'); // An end at which Node writes down what it compiled.
  await closed;
  return { wallMs, cpuMs };
}

/** What all threads of a process and of its children have run so far; 0 where the system is not Linux, which says it. */
function cpuMsOf(pid: string): number {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return 0;
  const ownMs = readdirSync(tasks).map(
    (task) => Number(procFile(`${tasks}/${task}/schedstat`).split(' ')[0]) / 1e6,
  );
  return [...ownMs, ...childrenOf(pid).map(cpuMsOf)].reduce((sum, each) => sum + each, 0);
}

function childrenOf(parent: string): readonly string[] {
  return readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && procFile(`/proc/${pid}/status`).includes(`\nPPid:\t${parent}\n`),
  );
}

/** Nothing where a process or a thread ended while we looked. */
function procFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function median(all: readonly number[]): number {
  return quantile(Float64Array.from(all).toSorted(), 500);
}

async function bench(home: string): Promise<void> {
  const rounds = new Map(Object.keys(starts).map((name) => [name, Array<Spent>()]));
  // Round 0 makes the demo and whatever is kept from start to start.
  for (let round = 0; round <= roundCount; round++) {
    for (const [name, start] of Object.entries(starts)) {
      const taken = await spent(start, home);
      if (round > 0) rounds.get(name)?.push(taken);
      else process.stdout.write(`  ${name.padEnd(16)} first time ${taken.wallMs.toFixed(0)} ms\n`);
    }
  }
  const alone = rounds.get('node alone') ?? [];
  const base = {
    wallMs: median(alone.map(({ wallMs }) => wallMs)),
    cpuMs: median(alone.map(({ cpuMs }) => cpuMs)),
  };
  for (const [name, all] of rounds) {
    const wallMs = median(all.map((each) => each.wallMs));
    const cpuMs = median(all.map((each) => each.cpuMs));
    process.stdout.write(
      `  ${name.padEnd(16)} wall ${wallMs.toFixed(0)} ms (${(wallMs / base.wallMs).toFixed(1)} x node)  ` +
        `CPU ${cpuMs.toFixed(0)} ms (${(cpuMs / base.cpuMs).toFixed(1)} x node)\n`,
    );
  }
}

const home = mkdtempSync(join(tmpdir(), 'berth-bench-start-'));
process.stdout.write(`load ${loadavg()[0]?.toFixed(1)}, median of ${roundCount} rounds\n`);
try {
  await bench(home);
} finally {
  rmSync(home, { recursive: true, force: true });
}
