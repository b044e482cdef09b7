import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import { traceLike } from '../sources/trace.ts';
import { headOf } from './refusal.ts';
import { demoHome, newFolder, spawned, start } from './run.ts';

// Every test starts processes of its own, which take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

test.each(['SIGINT', 'SIGTERM'] as const)('%s in the middle of an import records nothing', async (signal) => {
  const home = await demoHome();
  const head = await headOf(home);
  // The evidence comes through a pipe, so that the signal arrives while the import is reading.
  const pipe = join(newFolder(), 'nodes.csv');
  execFileSync('mkfifo', [pipe]);
  const { process: child, ended } = start(['import', 'openb', pipe], { home });
  const evidence = await open(pipe, 'w');
  child.kill(signal);
  await evidence.writeFile(traceLike().bytes);
  await evidence.close();
  const ran = await ended;
  expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 130, stdout: '' });
  expect(ran.stderr).toBe('berth: interrupted; nothing was half-written\n');
  expect(await headOf(home)).toBe(head);
});

test('the whole of a process: data on stdout, notices on stderr, the exit code at the end', async () => {
  const home = join(newFolder(), 'home');
  const made = await spawned(['contracts', 'C-999', '--json'], { home });
  expect(made).toMatchObject({ code: 2, stdout: '' });
  expect(made.stderr).toBe(
    `made the demo world four-sites in ${home} (its clock stands at 2026-11-25T10:00:00+01:00)\n` +
      'berth: no contract `C-999`\n  list them with `contract_search`, or `berth contracts`\n',
  );
});

test('a reader that goes away is no error: `berth … | head -1`', async () => {
  const home = await demoHome();
  const { process: child, ended } = start(['ledger', 'verify', '--json'], { home });
  child.stdout.destroy();
  expect(await ended).toEqual({ code: 0, stdout: '', stderr: '' });
});
