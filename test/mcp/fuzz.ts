/**
 * The long run of what every test run does with 10,000 calls: `npm run fuzz -- --calls 1000000 --seed 7`. Four tenths
 * of the calls go straight to the tools, four over HTTP, two over stdio. Stops at the first finding, made small; the
 * same seed finds it again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

const files = ['test/hijack/fuzz.test.ts', 'test/mcp/http/fuzz.test.ts', 'test/mcp/stdio-fuzz.test.ts'];

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
for (const word of [values.calls, values.seed])
  if (!/^[1-9]\d{0,9}$/.test(word)) throw new Error(`\`${word}\` is no whole number above 0`);

process.stdout.write(`fuzz: ${values.calls} calls, seed ${values.seed}\n`);
const started = performance.now();
const child = spawn('vitest', ['run', '--no-file-parallelism', '--bail=1', ...files], {
  stdio: 'inherit',
  env: { ...process.env, BERTH_FUZZ: values.calls, BERTH_FUZZ_SEED: values.seed },
});
await once(child, 'exit');
const tookS = (performance.now() - started) / 1000;
process.stdout.write(
  `fuzz: ${child.exitCode === 0 ? 'nothing found' : 'stopped'} after ${tookS.toFixed(0)} s, ` +
    `${Math.round(Number(values.calls) / tookS)} calls/s\n`,
);
process.exitCode = child.exitCode ?? 1;
