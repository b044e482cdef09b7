import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { berth } from '../run.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-scontrol-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const newHome = () => mkdtempSync(join(folder, 'home-'));
const data = new URL('../../data/slurm/', import.meta.url).pathname;
let made = 0;

/** A PATH with an `scontrol` that writes down what it was asked and answers as the script says. */
function pathWith(answer: string): { readonly path: string; readonly asked: () => string } {
  const bin = join(folder, `bin${made++}`);
  mkdirSync(bin);
  writeFileSync(join(bin, 'scontrol'), `#!/bin/sh\necho "$*" >> ${bin}/asked\n${answer}\n`);
  chmodSync(join(bin, 'scontrol'), 0o755);
  return { path: `${bin}:/usr/bin:/bin`, asked: () => readFileSync(join(bin, 'asked'), 'utf8') };
}

const recorded = `case "$*" in
  "-d show node") cat ${data}berthtest-busy/scontrol-d-show-node.txt;;
  "show partition") cat ${data}berthtest-22.05/scontrol-show-partition.txt;;
  "show reservation") echo "No reservations in the system";;
  "show topology") cat ${data}berthtest-22.05/scontrol-show-topology.txt;;
  *) exit 9;;
esac`;

const Answer = z.object({
  source: z.string(),
  subjects: z.record(z.string(), z.number()),
  factCount: z.number(),
});

describe('berth import slurm --live', () => {
  const importing = ['import', 'slurm', '--live', '--site', 'fra1', '--dry-run'];

  test('reads nodes, partitions, reservations and switches, and only reads', async () => {
    const { path, asked } = pathWith(recorded);
    const { code, stdout } = await berth([...importing, '--json'], { home: newHome(), env: { PATH: path } });
    expect(code).toBe(0);
    const { source, subjects } = Answer.parse(JSON.parse(stdout));
    expect([source, subjects['node'], subjects['leaf'], subjects['spine']]).toEqual(['slurm', 9, 4, 1]);
    expect(asked()).toBe('-d show node\nshow partition\nshow reservation\nshow topology\n');
  });

  test('names the command as the file of each fact', async () => {
    const { path } = pathWith(recorded);
    const { stdout } = await berth([...importing, '--json'], { home: newHome(), env: { PATH: path } });
    expect(stdout).toContain('"file":"scontrol -d show node"');
  });

  test.each([
    [
      'a cluster that does not answer',
      'echo "slurm_load_node error: Unable to contact slurm controller" >&2; exit 1',
      /`scontrol` failed with exit code 1: slurm_load_node error/,
    ],
    ['an answer that is none', 'echo hello', /is not what was expected/],
  ])('%s is an error that says so', async (_, answer, message) => {
    const { code, stderr } = await berth(importing, {
      home: newHome(),
      env: { PATH: pathWith(answer).path },
    });
    expect(code).not.toBe(0);
    expect(stderr.replaceAll(/\s+/gu, ' ')).toMatch(message);
  });

  test('without scontrol it says what is missing', async () => {
    const { stderr } = await berth(importing, { env: { PATH: '/nowhere' } });
    expect(stderr).toContain('`scontrol` is not on the PATH');
  });

  test.each([
    [['import', 'slurm', 'a.txt', '--live'], /both files and `--live` are given/],
    [['import', 'openb', '--live'], /openb is not read with `--live`/],
    [['import', 'slurm'], /read the cluster of your scontrol with `--live`/],
  ])('%j is refused', async (words, message) => {
    const { code, stderr } = await berth(words);
    expect(code).not.toBe(0);
    expect(stderr.replaceAll(/\s+/gu, ' ')).toMatch(message);
  });
});
