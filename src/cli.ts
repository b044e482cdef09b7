#!/usr/bin/env node
import { keepCompiled } from './cli/compile-cache.ts';

const interruption = new AbortController();
let signals = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interruption.abort();
    signals++;
    if (signals > 1) process.exit(130);
  });
}

// A reader that goes away (`berth … | head`) is no error of ours; nobody hears what is said to a closed stderr.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.stderr.on('error', () => {});

// What is imported before it is told to keep what it compiles is compiled at every start.
keepCompiled(process.env);
const { main } = await import('./cli/main.ts');
process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  interrupt: interruption.signal,
});
