import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { VerifyResult } from '../../src/model/verify-view.ts';
import { newFolder } from '../cli/run.ts';
import { traceLike } from '../sources/trace.ts';
import { lastEntry } from './desk.ts';

const sequenceFile = fileURLToPath(new URL('sequence.ts', import.meta.url));

/** Time zones and locales of machines; Turkish has its own way with `i`, German its own order. */
const machines = [
  { TZ: 'UTC', LC_ALL: 'C' },
  { TZ: 'America/New_York', LC_ALL: 'de_DE.UTF-8' },
  { TZ: 'Asia/Kolkata', LC_ALL: 'tr_TR.UTF-8' },
  { TZ: 'Pacific/Auckland', LC_ALL: 'tr_TR.UTF-8' },
];

async function run(machine: Record<string, string>, ...args: readonly string[]): Promise<VerifyResult> {
  const env = { PATH: process.env['PATH'], ...machine };
  const { stdout } = await promisify(execFile)(process.execPath, [sequenceFile, ...args], { env });
  return VerifyResult.parse(JSON.parse(stdout));
}

/** What was found, without where. */
function found({ place: _place, ...result }: VerifyResult) {
  return result;
}

test('the same commands give the same ledger and state on every machine, and others verify it', async () => {
  const folder = newFolder();
  const nodes = join(folder, 'nodes.csv');
  writeFileSync(nodes, new TextDecoder().decode(traceLike().bytes).split('\n').slice(0, 200).join('\n'));
  const homes = machines.map((_, i) => join(folder, `home-${i}`));
  const made = await Promise.all(machines.map((machine, i) => run(machine, homes[i] ?? '', nodes)));
  const [first] = made;
  expect(first).toMatchObject({ ok: true, entries: lastEntry + 4 });
  for (const result of made) expect(found(result)).toEqual(first === undefined ? first : found(first));

  const verified = await Promise.all(machines.slice(1, 3).map((machine) => run(machine, homes[0] ?? '')));
  expect(verified).toEqual([first, first]);
}, 60_000);
