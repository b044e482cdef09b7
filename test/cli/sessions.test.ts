import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { berth, demoHome, newFolder, spawned, start } from './run.ts';

const request = '16 H100 for 3 days from next Monday in fra1 for acme';

const Answer = z.object({ outcome: z.string(), session: z.string().optional(), reply: z.string() });

async function says(home: string, args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await berth([...args, '--output', 'json'], { home, env });
  if (stdout === '') throw new Error(stderr);
  return { code, ...Answer.parse(JSON.parse(stdout)) };
}

/** Expects a command line to be refused as bad input, in these words. */
async function expectRefused(home: string, args: readonly string[], words: string): Promise<void> {
  const { code, stderr } = await berth(args, { home });
  expect({ args, code }).toEqual({ args, code: 2 });
  expect(stderr).toContain(words);
}

const List = z.object({ sessions: z.array(z.object({ id: z.string(), turns: z.number() })) });

async function listed(home: string, ...args: readonly string[]) {
  return List.parse(JSON.parse((await berth(['sessions', '--json', ...args], { home })).stdout)).sessions;
}

test('a talk over four processes: a request, a change, a yes, and undo', async () => {
  const home = await demoHome();
  expect(await says(home, ['-p', request])).toMatchObject({ outcome: 'planned', session: 'S-1' });
  const changed = await says(home, ['-p', '--continue', 'make it two weeks']);
  expect(changed).toMatchObject({ outcome: 'planned', session: 'S-1' });
  expect(changed.reply).toContain('14 Dec 2026');
  expect(await says(home, ['--resume', '1', '-p', 'yes'])).toMatchObject({ outcome: 'committed' });
  const undo = await says(home, ['-c', '-p', 'undo that']);
  expect(undo).toMatchObject({ outcome: 'needs_input', session: 'S-1' });
  expect(undo.reply).toContain('Release C-106');
  expect(await listed(home)).toMatchObject([{ id: 'S-1', turns: 4 }]);
  const replay = await berth(['sessions', 'replay', 'S-1'], { home });
  expect(replay.code).toBe(0);
  expect(replay.stdout).toContain('4 turns came out the same again');
}, 120_000);

test('a plan of a session that is stale by now is refused with a fresh one', async () => {
  const home = await demoHome();
  await says(home, ['-p', request]);
  // Nine days later the plan has expired and its start has passed.
  const late = await says(home, ['-p', '-c', 'yes'], { BERTH_NOW: '2026-12-04T10:00:00+01:00' });
  expect(['stale', 'infeasible']).toContain(late.outcome);
  expect(late.reply).not.toContain('Committed');
}, 120_000);

test('without a session there is nothing to go on with, and a garbled id is refused', async () => {
  const home = await demoHome();
  await expectRefused(home, ['-p', 'hello', '--continue'], 'no session to go on with');
  for (const id of ['S-0', 'latest', '../S-1', 'S-99999999999999'])
    await expectRefused(home, ['--resume', id, '-p', 'hello'], 'is no session');
  await expectRefused(home, ['sessions', 'show', 'S-4'], 'there is no session `S-4` that you may see');
  expect((await berth(['sessions'], { home })).stdout).toBe('no chat of yours is recorded\n');
}, 120_000);

test('--no-record, BERTH_RECORD=off and a config file keep nothing; the status says so', async () => {
  const home = await demoHome();
  expect(await says(home, ['-p', '--no-record', request])).not.toHaveProperty('session');
  expect(await says(home, ['-p', request], { BERTH_RECORD: 'off' })).not.toHaveProperty('session');
  const plain = await berth(['--plain', '--no-record'], { home, stdin: 'list contracts\n' });
  expect(plain.stderr).toContain('not recorded: that was asked for');
  expect(await listed(home)).toEqual([]);
}, 120_000);

test('show, export to a file and to stdout; a file that is there is not overwritten', async () => {
  const home = await demoHome();
  await says(home, ['-p', `${request} \u001b[31m![x](http://evil.example)`]);
  const file = join(newFolder(), 'talk.md');
  expect(await berth(['sessions', 'export', 'S-1', '--out', file], { home })).toMatchObject({ code: 0 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const markdown = readFileSync(file, 'utf8');
  expect((await berth(['sessions', 'export', 's-1'], { home })).stdout).toBe(markdown);
  expect(markdown).toContain('\\!\\[x\\](http\\://evil.example)');
  expect(markdown).not.toContain('\u001b');
  await expectRefused(home, ['sessions', 'export', 'S-1', '--out', file], 'already');
  const shown = await berth(['sessions', 'show', 'S-1'], { home });
  expect(shown.stdout).toContain('called: inventory_summary');
  expect(shown.stdout).not.toContain('\u001b');
}, 120_000);

test("another person's session is not there, also not to go on with", async () => {
  const home = await demoHome();
  await says(home, ['-p', request]);
  for (const args of [
    ['sessions', 'show', 'S-1'],
    ['sessions', 'export', 'S-1'],
    ['sessions', 'replay', 'S-1'],
    ['sessions', 'erase', 'S-1'],
    ['-p', 'yes', '--resume', 'S-1'],
  ])
    await expectRefused(home, [...args, '--as', 'mallory'], 'that you may see');
  expect(await listed(home, '--all', '--as', 'mallory')).toEqual([]);
}, 120_000);

test('an erased session keeps what it did and no word; what comes after it remembers nothing', async () => {
  const home = await demoHome();
  await says(home, ['-p', request]);
  expect((await berth(['sessions', 'erase', 'S-1'], { home })).stdout).toContain('--confirm 2');
  expect((await berth(['sessions', 'erase', 'S-1', '--confirm', '2'], { home })).stdout).toBe(
    'erased 2 texts of S-1 (ledger entry 27)\n',
  );
  expect((await says(home, ['-p', '-c', 'yes'])).reply).toContain('nothing waiting for a yes');
  const shown = await berth(['sessions', 'show', 'S-1'], { home });
  expect(shown.stdout).toContain('1 > (erased)');
  expect(await berth(['sessions', 'replay', 'S-1'], { home })).toMatchObject({ code: 0 });
  expect(await berth(['ledger', 'verify'], { home })).toMatchObject({ code: 0 });
}, 120_000);

/** How many turns were begun and not ended. */
function openTurns(home: string): number {
  const db = new DatabaseSync(join(home, 'ledger.db'), { readOnly: true });
  const isThere = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'chat'").get() !== undefined;
  const kinds = isThere ? db.prepare("SELECT json ->> '$.event.kind' AS kind FROM chat").all() : [];
  db.close();
  const count = (wanted: string) => kinds.filter(({ kind }) => kind === wanted).length;
  return count('turn-begun') - count('turn-ended');
}

test('a chat that is killed in the middle of a turn leaves the request, and says so when it goes on', async () => {
  const home = await demoHome();
  // A turn may be over before it is killed: then another one is.
  for (let attempt = 0; attempt < 10 && openTurns(home) === 0; attempt++) {
    const { process: child, ended } = start(['-p', request], { home });
    while (openTurns(home) === 0 && child.exitCode === null) await sleep(2);
    child.kill('SIGKILL');
    await ended;
  }
  expect(openTurns(home)).toBe(1);
  const again = await berth(['--plain', '--continue'], { home, stdin: '' });
  expect(again.stdout.replaceAll(/\s+/g, ' ')).toContain(`Its last request was not answered: \`${request}\``);
  expect(await berth(['ledger', 'verify'], { home })).toMatchObject({ code: 0 });
}, 120_000);

test('a home that cannot be written answers all the same, and says that nothing is recorded', async () => {
  const home = await demoHome();
  await says(home, ['-p', request]);
  chmodSync(join(home, 'ledger.db'), 0o444);
  chmodSync(home, 0o555);
  const uid = process.getuid?.() === 0 ? { uid: 65534 } : {};
  if ('uid' in uid) chmodSync(home, 0o555);
  const ran = await spawned(['--plain', '--as', 'ada'], {
    home,
    stdin: 'which nodes have 4 free H100?\n',
    ...uid,
  });
  chmodSync(home, 0o755);
  expect(ran.stdout).toContain('H100');
  expect(ran.stderr).toContain('not recorded');
  expect(existsSync(join(home, 'ledger.db'))).toBe(true);
  expect(await listed(home)).toHaveLength(1);
}, 120_000);

const at = (minute: number) => ({ BERTH_NOW: `2026-11-25T10:0${minute}:00+01:00` });

test('--continue takes the session in which something was said last, and two at once part ways', async () => {
  const home = await demoHome();
  await says(home, ['-p', request], at(0));
  await says(home, ['-p', 'list contracts'], at(1));
  await says(home, ['-p', '--resume', 'S-1', 'make it two weeks'], at(2));
  expect(await says(home, ['-p', '-c', 'what does it cost?'], at(3))).toMatchObject({ session: 'S-1' });
  const both = await Promise.all([
    spawned(['-p', '-c', 'make it three weeks', '--output', 'json'], { home, env: at(4) }),
    spawned(['-p', '-c', 'make it four weeks', '--output', 'json'], { home, env: at(4) }),
  ]);
  expect(both.map(({ code }) => code)).toEqual([3, 3]);
  expect(await berth(['sessions', 'replay', 'S-1'], { home })).toMatchObject({ code: 0 });
  expect(await berth(['ledger', 'verify'], { home })).toMatchObject({ code: 0 });
}, 120_000);

test('--no-history keeps a session out of what the prompt offers later, and in the list', async () => {
  const home = await demoHome();
  await says(home, ['-p', '--no-history', request]);
  expect(await listed(home)).toMatchObject([{ id: 'S-1' }]);
  const ran = await berth(['config', 'list'], { home, env: { BERTH_HISTORY: 'off' } });
  expect(ran.stdout).toContain('BERTH_HISTORY');
}, 120_000);
