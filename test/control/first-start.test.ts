import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';
import { z } from 'zod';

import { playWorld, readWorld } from '../../src/control/world.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { ContractList } from '../../src/model/contract-view.ts';
import { VerifyResult } from '../../src/model/verify-view.ts';
import { berth, demoHome, newFolder, start } from '../cli/run.ts';
import { retold, worldFile } from './desk.ts';

// Every test starts processes of its own, which take their time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const demo = ['init', '--demo', 'four-sites'];

/** The number of the last entry that was acknowledged; 0 before there is one, -1 before there is a home. */
function progressOf(home: string): number {
  if (!existsSync(join(home, 'settings.yaml'))) return -1;
  try {
    const text = readFileSync(join(home, 'ledger.db.checkpoint'), 'utf8');
    return z.object({ seq: z.int() }).parse(JSON.parse(text)).seq;
  } catch {
    return 0;
  }
}

/** What `ledger verify` says about a home, and which contracts are in it. */
async function foundIn(home: string): Promise<unknown> {
  const { code, stdout } = await berth(['ledger', 'verify', '--json'], { home });
  const list = ContractList.parse(JSON.parse((await berth(['contracts', '--json'], { home })).stdout));
  const verification = VerifyResult.parse(JSON.parse(stdout));
  return { code, ...verification, place: '', contracts: list.contracts.map(({ id }) => id) };
}

/** The demo world, once and whole, as it comes out when it is made in peace. */
async function wholeDemo(): Promise<unknown> {
  const found = await foundIn(await demoHome());
  expect(found).toMatchObject({
    code: 0,
    ok: true,
    contracts: ['C-101', 'C-102', 'C-103', 'C-104', 'C-105'],
  });
  return found;
}

test.each([-1, 1, 4, 7, 12, 20])(
  'a first start that is killed at entry %i is finished by the next',
  async (seq) => {
    const home = join(newFolder(), 'home');
    const { process: child, ended } = start(demo, { home });
    while (progressOf(home) < seq && child.exitCode === null)
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    child.kill('SIGKILL');
    await ended;
    expect(await foundIn(home)).toEqual(await wholeDemo());
  },
);

test('three first starts at once end in one ledger', async () => {
  const home = join(newFolder(), 'home');
  const starts = [demo, demo, ['contracts', '--json']].map((args) => start(args, { home }).ended);
  const ran = await Promise.all(starts);
  expect(
    ran.map(({ code, stderr }) => ({ code, stderr: stderr.replace(/^made the demo world .*\n/, '') })),
  ).toEqual(ran.map(() => ({ code: 0, stderr: '' })));
  expect(await foundIn(home)).toEqual(await wholeDemo());
  expect(readdirSync(home).filter((name) => name.endsWith('.new'))).toEqual([]);
});

test('a step that another process plays between our look and our plan is played once', async () => {
  const path = join(newFolder(), 'ledger.db');
  const [ours, theirs] = [await openSqliteLedger(path), await openSqliteLedger(path)];
  const world = readWorld(readFileSync(worldFile, 'utf8'), 'four-sites.yaml');
  const observation = retold({}, Date.parse(world.history[0]?.at ?? ''));
  let isFirst = true;
  const watched: Ledger = {
    place: path,
    readOnly: undefined,
    head: () => ours.head(),
    read: (after, limit) => ours.read(after, limit),
    append: (drafts, expected) => ours.append(drafts, expected),
    putBlob: (bytes) => ours.putBlob(bytes),
    getBlob: (digest) => ours.getBlob(digest),
    putPlan: (id, bytes) => ours.putPlan(id, bytes),
    findPlan: (id) => ours.findPlan(id),
    salted: (of, text) => ours.salted(of, text),
    keepAside: (row) => ours.keepAside(row),
    readAside: (digest) => ours.readAside(digest),
    countAsides: (of) => ours.countAsides(of),
    eraseAsides: (of) => ours.eraseAsides(of),
    chats: ours.chats,
    tree: () => ours.tree(),
    checkpoint: () => ours.checkpoint(),
    backup: (file) => ours.backup(file),
    close: () => ours.close(),
    async findByIdemKey(scope) {
      const found = await ours.findByIdemKey(scope);
      if (isFirst && scope.key === world.history[0]?.key) {
        isFirst = false;
        await playWorld(theirs, world, observation);
      }
      return found;
    },
  };
  await playWorld(watched, world, observation);
  expect(isFirst).toBe(false);
  expect((await ours.read(0, 100)).map(({ decision }) => decision.kind)).toEqual([
    ...Array.from({ length: 3 }, () => 'tenant-registered'),
    'observation-recorded',
    ...Array.from({ length: 3 }, () => 'facts-recorded'),
    ...Array.from({ length: 3 }, () => 'contract-granted'),
    ...Array.from({ length: 12 }, () => 'authority-recorded'),
    ...Array.from({ length: 2 }, () => ['approval-requested', 'contract-granted']).flat(),
  ]);
  await Promise.all([ours.close(), theirs.close()]);
});

test('a demo world that was made is left alone by the next init, whatever was changed in it since', async () => {
  const home = await demoHome();
  await berth(['tenants', 'add', 'acme', '--zone', 'UTC', '--country', 'US'], { home });
  await berth(['release', 'C-104'], { home });
  const before = await berth(['ledger', 'verify', '--json'], { home });
  expect(await berth(demo, { home })).toMatchObject({ code: 0 });
  expect(await berth(['ledger', 'verify', '--json'], { home })).toEqual(before);
});

test('a ledger that is there is not made again', async () => {
  const home = await demoHome();
  expect(await berth(['init'], { home })).toMatchObject({ code: 2, stdout: '' });
  const empty = join(newFolder(), 'home');
  expect(await berth(['init'], { home: empty })).toMatchObject({ code: 0, stderr: '' });
  const again = await berth(demo, { home: empty });
  expect(again).toMatchObject({ code: 2, stdout: '' });
  expect(again.stderr).toContain('a ledger is never overwritten');
  expect((await berth(['tenants'], { home: empty })).stdout).toBe('default  Default, UTC\n');
});
