import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { expectSound } from './conformance.ts';
import { newFolder } from './files.ts';
import { runs } from './long.ts';

const writerFile = fileURLToPath(new URL('writer.ts', import.meta.url));

/** A running writer and the lines it has printed: what the ledger acknowledged to it. */
type Writer = {
  readonly process: ChildProcess;
  readonly acks: readonly string[];
  readonly errors: readonly string[];
  readonly ended: Promise<unknown>;
};

function startWriter(path: string, name: string, first: number, last: number): Writer {
  const child = spawn(process.execPath, [writerFile, path, name, String(first), String(last)]);
  const acks: string[] = [];
  const errors: string[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    acks.push(...lines);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  return { process: child, acks, errors, ended: once(child, 'close') };
}

/** Waits until the writer has printed so many lines, or has ended. */
async function acked(writer: Writer, count: number): Promise<void> {
  while (writer.acks.length < count && writer.process.exitCode === null) await sleep(1);
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

/** Every acknowledged entry is there with its digest, the chain is sound, no key stands twice. */
async function expectKept(path: string, acks: readonly string[]): Promise<void> {
  const ledger = await openSqliteLedger(path);
  const entries = await ledger.read(0, 100_000);
  await ledger.close();
  expect(ledger.readOnly).toBeUndefined();
  expectSound(entries);
  const kept = new Map(entries.map((entry) => [entry.seq, `${entry.seq} ${entry.digest} ${entry.idemKey}`]));
  expect(acks.filter((ack) => kept.get(Number(ack.split(' ')[0])) !== ack)).toEqual([]);
  expect(new Set(entries.map(({ idemKey }) => idemKey)).size).toBe(entries.length);
}

test('four processes that append at once lose and double nothing, and say nothing on stderr', async () => {
  const path = `${newFolder()}/ledger.db`;
  const writers = ['anna', 'bela', 'cleo', 'dana'].map((name) => startWriter(path, name, 1, 50));
  await Promise.all(writers.map(({ ended }) => ended));
  expect(writers.map(({ process: { exitCode } }) => exitCode)).toEqual([0, 0, 0, 0]);
  expect(writers.flatMap(({ errors }) => errors)).toEqual([]);
  const acks = writers.flatMap((writer) => writer.acks);
  expect(acks).toHaveLength(200);
  await expectKept(path, acks);
}, 60_000);

test(
  'no acknowledged entry is lost when writers are killed, and retries double nothing',
  async () => {
    const path = `${newFolder()}/ledger.db`;
    const acksOf = { anna: new Array<string>(), bela: new Array<string>() };
    const rounds = runs(8, 255);
    let killCount = 0;
    for (let round = 0; round < rounds; round++) {
      const anna = startWriter(path, 'anna', acksOf.anna.length + 1, 1_000_000);
      const bela = startWriter(path, 'bela', acksOf.bela.length + 1, 1_000_000);
      await Promise.all([acked(anna, 1 + (round % 8) + runs(0, 38)), acked(bela, 1 + runs(0, 38))]);
      await sleep((round % 8) * 7);
      for (const writer of [anna, bela]) if (writer.process.kill('SIGKILL')) killCount++;
      await Promise.all([anna.ended, bela.ended]);
      expect([...anna.errors, ...bela.errors]).toEqual([]);
      acksOf.anna.push(...anna.acks);
      acksOf.bela.push(...bela.acks);
      // Every writer that starts verifies the whole ledger too; this looks for each acknowledged entry.
      if (round % runs(1, 15) === 0) await expectKept(path, [...acksOf.anna, ...acksOf.bela]);
    }
    const acks = [...acksOf.anna, ...acksOf.bela];
    await expectKept(path, acks);
    expect(killCount).toBe(2 * rounds);
    expect(acks.length).toBeGreaterThanOrEqual(runs(16, 20_000));
  },
  runs(120_000, 7_200_000),
);
