import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';
import { z } from 'zod';

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
const run = promisify(execFile);
const Said = z.looseObject({ doing: z.string(), runs: z.array(z.unknown()) });

/** Hosts as far apart as they get, with days that begin at other hours, and other languages. */
const hosts = [
  { TZ: 'UTC', LANG: 'C.UTF-8' },
  { TZ: 'Pacific/Kiritimati', LANG: 'de_DE.UTF-8' },
  { TZ: 'America/St_Johns', LANG: 'tr_TR.UTF-8' },
  { TZ: 'Asia/Kathmandu', LANG: 'ar_EG.UTF-8' },
];

test(
  'the built-in reader does the same to the word on hosts of four time zones',
  { timeout: 300_000 },
  async () => {
    const doings: string[] = [];
    for (const host of hosts) {
      const { stdout } = await run(process.execPath, [cli, 'eval', '--area', 'placement', '--json'], {
        env: { ...process.env, ...host },
        maxBuffer: 64 * 1024 * 1024,
      });
      const { doing, runs } = Said.parse(JSON.parse(stdout));
      expect(runs.length).toBeGreaterThan(25);
      doings.push(doing);
    }
    expect(new Set(doings).size).toBe(1);
  },
);
