import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { main } from '../../src/cli/main.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { berth, demoHome } from './run.ts';

/** A command line of ada at a terminal, where she types these lines. */
async function atTerminal(home: string, args: readonly string[], typed: readonly string[]) {
  const stdin = Object.assign(Readable.from(typed.map((line) => Buffer.from(`${line}\r`))), {
    isTTY: true,
    setRawMode: () => stdin,
  });
  const said = { stdout: '', stderr: '' };
  const code = await main(args, {
    stdin,
    stdout: { write: (text: string) => (said.stdout += text) },
    stderr: { write: (text: string) => (said.stderr += text) },
    env: { USER: 'ada', TZ: 'UTC', BERTH_HOME: home },
    interrupt: new AbortController().signal,
  });
  return { code, ...said };
}

const Keys = z.array(z.object({ principal: z.string(), publicKey: z.string() }));

async function keysOf(home: string, principal: string): Promise<readonly string[]> {
  const { stdout } = await berth(['keys', '--json'], { home });
  return Keys.parse(JSON.parse(stdout))
    .filter((key) => key.principal === principal)
    .map(({ publicKey }) => publicKey);
}

test('a new key is recorded, and its private half is for its owner alone', async () => {
  const home = await demoHome();
  const file = join(home, 'ada.pem');
  const made = await atTerminal(
    home,
    ['keys', 'new', '--key-file', file],
    ['correct horse', 'correct horse'],
  );
  expect(made).toMatchObject({ code: 0 });
  expect(await keysOf(home, 'person:ada')).toHaveLength(1);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toContain('ENCRYPTED PRIVATE KEY');
  expect(`${made.stdout}${made.stderr}`).not.toContain('correct horse');
  const again = await atTerminal(
    home,
    ['keys', 'new', '--key-file', file],
    ['correct horse', 'correct horse'],
  );
  expect(again.stderr).toContain('already');
});

test.each([
  ['too short', ['short', 'short'], 'the passphrase is too short'],
  ['mistyped', ['correct horse', 'correct house'], 'the two passphrases differ'],
])('%s: nothing is made and nothing is recorded', async (_, typed, why) => {
  const home = await demoHome();
  const file = join(home, 'ada.pem');
  const made = await atTerminal(home, ['keys', 'new', '--key-file', file], typed);
  expect(made.code).not.toBe(0);
  expect(made.stderr).toContain(why);
  expect(() => statSync(file)).toThrow('ENOENT');
  expect(await keysOf(home, 'person:ada')).toEqual([]);
});

test('without a terminal there is no key', async () => {
  const home = await demoHome();
  const made = await berth(['keys', 'new', '--key-file', join(home, 'ada.pem')], { home });
  expect(made.stderr).toContain('a person at a terminal');
});

test('what is typed at the shell carries the digest of the tools of this version', async () => {
  const home = await demoHome();
  await berth(['stop', 'tenant:globex', '--reason', 'unpaid'], { home });
  const ledger = await openSqliteLedger(join(home, 'ledger.db'));
  const { seq } = await ledger.head();
  const [entry] = await ledger.read(seq - 1, 1);
  await ledger.close();
  expect(entry?.command.kind).toBe('stop');
  expect(entry?.actor.catalogue).toMatch(/^sha256:/);
});

test('what a second person signs at a terminal is taken as an override', async () => {
  const home = await demoHome();
  const asked = [
    'policy',
    'override',
    'dora-29-concentration',
    '--of',
    'initech-bank',
    '--reason',
    'until we move',
    '--expires',
    '2027-01-31',
  ];
  const body = join(home, 'body.json');
  writeFileSync(body, (await berth([...asked, '--body'], { home })).stdout);
  const signed = await atTerminal(home, ['keys', 'sign', body, '--as', 'rita'], ['demo']);
  expect(signed.stderr).toContain('person:rita signs {"by":"person:rita"');
  const second = join(home, 'rita.json');
  writeFileSync(second, signed.stdout);
  const taken = await berth([...asked, '--second', second], { home });
  expect(taken).toMatchObject({ code: 0 });
  expect(taken.stdout).toContain('recorded as');
});

test.each([
  ['no body', '{"schema":"berth/plan/1"}'],
  ['somebody else’s name in it', '{"schema":"berth/override/1","by":"person:olga"}'],
  ['no YAML', '{{{'],
])('%s is not signed, and no passphrase is asked for', async (_, text) => {
  const home = await demoHome();
  const body = join(home, 'body.json');
  writeFileSync(body, text);
  const signed = await atTerminal(home, ['keys', 'sign', body, '--as', 'rita'], ['demo']);
  expect(signed.code).toBe(2);
  expect(signed.stdout).toBe('');
  expect(signed.stderr).not.toContain('passphrase');
});
