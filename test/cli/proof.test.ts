import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { ProofResult } from '../../src/model/proof.ts';
import { berth, demoHome, newFolder, spawned } from './run.ts';

/** The demo world, and a folder of somebody who has nothing but what was sent to them. */
async function sent(): Promise<{
  home: string;
  file: (name: string, text: string) => string;
  folder: string;
}> {
  const folder = newFolder();
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return { home: await demoHome(), file, folder };
}

describe('a proof', () => {
  test('is made, sent, and verified in an empty folder without a home', async () => {
    const { home, file, folder } = await sent();
    const key = file('berth.pub', (await berth(['ledger', 'key'], { home })).stdout);
    const proof = file('c101.proof', (await berth(['ledger', 'prove', 'C-101'], { home })).stdout);
    const result = await spawned(['ledger', 'verify-proof', proof, '--key', key, '--json'], {
      env: { BERTH_HOME: '' },
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(ProofResult.parse(JSON.parse(result.stdout))).toMatchObject({
      ok: true,
      proves: 'contract',
      size: 26,
    });
    expect(readdirSync(folder).toSorted()).toEqual(['berth.pub', 'c101.proof']);
    expect(existsSync('/nonexistent')).toBe(false);
  }, 30_000);

  test('is refused after one changed byte', async () => {
    const { home, file } = await sent();
    const key = (await berth(['ledger', 'key'], { home })).stdout.trim();
    const { stdout } = await berth(['ledger', 'prove', 'C-101'], { home });
    const forged = file('forged.proof', stdout.replace('person:mila', 'person:mile'));
    const result = await berth(['ledger', 'verify-proof', forged, '--key', key]);
    expect(result).toMatchObject({
      code: 9,
      stdout: 'Not proved: entry 8 is not in the log as it stands here\n',
    });
  });

  test('of another tenant’s contract is not given', async () => {
    const { home } = await sent();
    const result = await berth(['ledger', 'prove', 'C-101', '--tenant', 'globex'], { home });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('no contract `C-101`');
    const entry = await berth(['ledger', 'prove', '--entry', '8', '--tenant', 'globex'], { home });
    expect(entry.stderr).toContain('no entry 8');
    expect((await berth(['ledger', 'export', '--tenant', 'globex'], { home })).code).toBe(5);
  });

  test('of one entry goes into two files that other tools read', async () => {
    const { home, folder } = await sent();
    const made = await berth(['ledger', 'prove', '--entry', '10', '--into', folder], { home });
    const [entry = '', proof = ''] = made.stdout.split('\n');
    const key = (await berth(['ledger', 'key'], { home })).stdout.trim();
    const verified = await berth(['ledger', 'verify-proof', proof, '--entry', entry, '--key', key]);
    expect(verified.stdout).toContain(
      'entry 10, 2026-11-13T09:05:00.000Z (by a clock that was set): contract-granted',
    );
  });

  test('of growth needs a checkpoint that was kept', async () => {
    const { home, file } = await sent();
    const key = (await berth(['ledger', 'key'], { home })).stdout.trim();
    const since = file('old.checkpoint', (await berth(['ledger', 'checkpoint'], { home })).stdout);
    await berth(['release', 'C-103', '--key', 'release-103'], { home });
    const growth = file('growth', (await berth(['ledger', 'prove', '--since', since], { home })).stdout);
    const verified = await berth(['ledger', 'verify-proof', growth, '--since', since, '--key', key]);
    expect(verified.stdout).toContain('the first 26 of 27 entries are those that the older checkpoint saw');
  });

  test('is signed with ML-DSA-44 too when that is wanted', async () => {
    const { home, file } = await sent();
    const { stdout } = await berth(['ledger', 'key', '--add-ml-dsa'], { home });
    const [, quantum = ''] = stdout.split('\n');
    const proof = file('c101.proof', (await berth(['ledger', 'prove', 'C-101'], { home })).stdout);
    const verified = await berth(['ledger', 'verify-proof', proof, '--key', file('quantum.pub', quantum)]);
    expect(verified.code).toBe(0);
  });

  test.each([
    [['ledger', 'prove'], 'say what is to be proved'],
    [['ledger', 'prove', 'C-101', '--entry', '3'], 'say what is to be proved'],
    [['ledger', 'prove', 'plan-1'], 'is not a contract'],
    [['ledger', 'prove', '--entry', '99'], 'no entry 99'],
    [['ledger', 'verify-proof', '/dev/null', '--key', 'a+b+c'], 'is not the public key of a log'],
  ])('%j is refused in words', async (args, why) => {
    const result = await berth(args, { home: await demoHome() });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(why);
  });
});

describe('an export', () => {
  test('holds every entry and its own proof', async () => {
    const { home, file } = await sent();
    const key = (await berth(['ledger', 'key'], { home })).stdout.trim();
    const text = (await berth(['ledger', 'export'], { home })).stdout;
    const verified = await berth(['ledger', 'verify-proof', file('ledger.jsonl', text), '--key', key]);
    expect(verified.stdout).toContain('all 26 entries are the ones that were signed');
    const lines = text.split('\n');
    const shorter = file('shorter.jsonl', [...lines.slice(0, 8), ...lines.slice(9)].join('\n'));
    expect((await berth(['ledger', 'verify-proof', shorter, '--key', key])).code).toBe(9);
  });
});

describe('backup and restore', () => {
  test('a backup that reaches the checkpoint is as good as the ledger', async () => {
    const { home, folder } = await sent();
    const file = join(folder, 'backup.db');
    expect((await berth(['ledger', 'backup', file], { home })).stdout).toContain('entries 1 to 26');
    expect((await berth(['ledger', 'backup', file], { home })).stderr).toContain('there is a file');
    writeFileSync(join(home, 'ledger.db'), readFileSync(join(home, 'ledger.db')).subarray(0, 30_000));
    const restored = await berth(['ledger', 'restore', file], { home });
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(restored.stdout).toContain('moved aside');
    expect((await berth(['release', 'C-103', '--key', 'release-103'], { home })).code).toBe(0);
    expect((await berth(['ledger', 'verify'], { home })).code).toBe(0);
  });

  test('an older backup is known as older: it is read, said to be short, and not written', async () => {
    const { home, folder } = await sent();
    const file = join(folder, 'backup.db');
    await berth(['ledger', 'backup', file], { home });
    await berth(['release', 'C-103', '--key', 'release-103'], { home });
    const kept = await berth(['ledger', 'restore', file], { home });
    expect(kept).toMatchObject({ code: 9, stdout: '' });
    expect(kept.stderr).toContain('is sound and reaches entry 27');
    writeFileSync(join(home, 'ledger.db'), 'destroyed');
    const restored = await berth(['ledger', 'restore', file], { home });
    expect(restored.code).toBe(9);
    expect(restored.stdout).toContain('restored entries 1 to 26; entries 27 to 27 are missing');
    expect(restored.stderr).toContain('its checkpoint has seen entry 27');
    const read = await berth(['contracts'], { home });
    expect(read).toMatchObject({ code: 0 });
    expect(read.stderr).toContain('note: reading only');
    expect((await berth(['release', 'C-104', '--key', 'release-104'], { home })).code).toBe(9);
  });

  test('the loss can be accepted: then the ledger goes on as another log', async () => {
    const { home, folder } = await sent();
    const file = join(folder, 'backup.db');
    const second = join(folder, 'second');
    mkdirSync(second);
    const env = { BERTH_CHECKPOINT_DIR: second };
    const before = (await berth(['ledger', 'key'], { home, env })).stdout;
    await berth(['ledger', 'backup', file], { home, env });
    await berth(['release', 'C-103', '--key', 'release-103'], { home, env });
    const restored = await berth(['ledger', 'restore', file, '--accept-loss'], { home, env });
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect((await berth(['release', 'C-104', '--key', 'release-104'], { home, env })).code).toBe(0);
    expect((await berth(['ledger', 'key'], { home, env })).stdout).not.toBe(before);
    expect(readdirSync(second).filter((name) => name.startsWith('ledger.checkpoint.replaced-'))).toHaveLength(
      1,
    );
  });

  test.each([
    ['is no ledger', 'not a database at all'],
    ['is cut off', undefined],
  ])('a backup that %s changes nothing', async (_, text) => {
    const { home, folder } = await sent();
    const file = join(folder, 'backup.db');
    await berth(['ledger', 'backup', file], { home });
    writeFileSync(file, text ?? readFileSync(file).subarray(0, 50_000));
    const before = readFileSync(join(home, 'ledger.db'));
    const restored = await berth(['ledger', 'restore', file], { home });
    expect(restored.code).toBe(9);
    expect(readFileSync(join(home, 'ledger.db'))).toEqual(before);
  });

  test('a backup whose checkpoint says otherwise is not restored', async () => {
    const { home, folder } = await sent();
    const file = join(folder, 'backup.db');
    await berth(['ledger', 'backup', file], { home });
    await berth(['release', 'C-103', '--key', 'release-103'], { home });
    copyFileSync(join(home, 'ledger.db.checkpoint'), `${file}.checkpoint`);
    expect((await berth(['ledger', 'restore', file, '--accept-loss'], { home })).stderr).toContain(
      'not at 27',
    );
  });
});

describe('audit at the terminal', () => {
  test.each([
    ['last week', '', down(26, 11)],
    ['yesterday', '', []],
    ['13 November', '', down(26, 10)],
    ['friday', '', down(26, 25)],
    ['2026-11-11T00:00:00Z', '12 Nov 2026', ['9']],
  ])('from %s to %s', async (from, to, expected) => {
    const args = ['audit', '--from', from, ...(to === '' ? [] : ['--to', to]), '--csv'];
    const { stdout, stderr, code } = await berth(args, { home: await demoHome() });
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(
      stdout
        .split('\r\n')
        .slice(1, -1)
        .map((row) => row.split(',')[0]),
    ).toEqual(expected);
  });

  test('a time that is none is refused with examples', async () => {
    const result = await berth(['audit', '--from', 'the day the music died'], { home: await demoHome() });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('`last week`');
  });

  test('a cell that a spreadsheet would run is made harmless', async () => {
    const home = await demoHome();
    await berth(['release', 'C-103', '--key', 'release-103', '--reason', '=HYPERLINK("x","y")'], { home });
    const { stdout } = await berth(['audit', '--limit', '1', '--csv'], { home });
    expect(stdout).toContain(`"'=HYPERLINK(""x"",""y"")"`);
  });

  test('words are erased after a second look', async () => {
    const home = await demoHome();
    await berth(['release', 'C-103', '--key', 'release-103', '--reason', 'for private use'], { home });
    const look = await berth(['ledger', 'erase', 'ada'], { home });
    expect(look.stdout).toContain(
      '1 text of person:ada would be erased, for good: confirm with `--confirm 1`',
    );
    expect((await berth(['ledger', 'erase', 'ada', '--confirm', '1'], { home })).stdout).toContain(
      'erased 1 text',
    );
    expect((await berth(['audit', '--limit', '2', '--csv'], { home })).stdout).toContain('(erased)');
    const files = readdirSync(home).filter((name) => name.startsWith('ledger.db'));
    for (const name of files) expect(readFileSync(join(home, name)).includes('for private use')).toBe(false);
    expect((await berth(['ledger', 'verify'], { home })).code).toBe(0);
  });
});

/** From one entry down to another, as CSV writes them. */
function down(from: number, to: number): string[] {
  return Array.from({ length: from - to + 1 }, (_, i) => String(from - i));
}
