import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { expandHostlist } from '../../src/sources/slurm/hostlist.ts';
import { slurm } from '../../src/sources/slurm/slurm.ts';
import { berth } from '../cli/run.ts';
import { file, nodeIn, parsed, whyUnknown, withoutLines } from './given.ts';
import { type SlurmCluster, startSlurm, withoutSlurm } from './slurm-cluster.ts';

const read = (listing: string) => parsed(slurm, [file('listing', listing)], { site: 'fra1' });

const missing = withoutSlurm();

describe.skipIf(missing !== undefined)(
  `a real Slurm${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let cluster: SlurmCluster;

    beforeAll(async () => {
      cluster = await startSlurm();
      cluster.ask(
        'sbatch',
        '-w',
        'h100-01',
        '-N1',
        '--gpus-per-node=h100:8',
        '-o',
        '/dev/null',
        '--wrap',
        'sleep 60',
      );
      cluster.ask('scontrol', 'update', 'nodename=h100-02', 'state=drain', 'reason=xid 79');
      for (let tries = 0; tries < 80; tries++) {
        if (cluster.ask('squeue', '-h', '-o', '%T').trim() === 'RUNNING') break;
        await wait(250);
      }
    }, 90_000);

    afterAll(() => cluster.end(), 60_000);

    test('says the same as text, one line a node, and JSON', () => {
      const text = read(cluster.ask('scontrol', '-d', 'show', 'node'));
      expect(withoutLines(read(cluster.ask('scontrol', '-d', '-o', 'show', 'node')))).toEqual(
        withoutLines(text),
      );
      expect(withoutLines(read(cluster.ask('sinfo', '--json')))).toEqual(withoutLines(text));
      expect(nodeIn(text, 'fra1/h100-03')).toMatchObject({
        gpuCount: 8,
        health: 'healthy',
        schedulable: true,
      });
      expect(nodeIn(text, 'fra1/h100-02')).toMatchObject({ health: 'degraded', healthReason: 'xid 79' });
    });

    test('lie 30: a job has all GPUs of a node that is mixed', () => {
      expect(cluster.ask('sinfo', '-h', '-n', 'h100-01', '-o', '%n %T').trim()).toBe('localhost mixed');
      expect(
        whyUnknown(read(cluster.ask('scontrol', '-d', 'show', 'node')), 'fra1/h100-01', 'sharing'),
      ).toMatch(/hold 8 of 8 GPUs \(the state is MIXED\)/);
    });

    test('lie 31: a node with only a count is invalid', () => {
      const observation = read(cluster.ask('scontrol', 'show', 'node', 'h100-04'));
      expect(nodeIn(observation, 'fra1/h100-04')).toMatchObject({ health: 'down', schedulable: false });
      expect(whyUnknown(observation, 'fra1/h100-04', 'gpuCount')).toMatch(/the daemon found 0/);
    });

    test('is read with the user’s own scontrol', async () => {
      const home = mkdtempSync(join(tmpdir(), 'berth-slurm-home-'));
      const args = ['import', 'slurm', '--live', '--site', 'fra1', '--json'];
      const { code, stdout, stderr } = await berth(args, { home, env: cluster.env });
      rmSync(home, { recursive: true, force: true });
      expect(code).toBe(0);
      expect(stderr).toMatch(/^made an empty ledger/);
      expect(JSON.parse(stdout)).toMatchObject({ source: 'slurm', subjects: { node: 4, leaf: 2, spine: 1 } });
    });

    test('shows the switches that its configuration describes', () => {
      const path = cluster.env['SLURM_CONF'] ?? '';
      const written = readFileSync(path.replace('slurm.conf', 'topology.conf'), 'utf8');
      expect(withoutLines(read(cluster.ask('scontrol', 'show', 'topology')))).toEqual(
        withoutLines(read(written)),
      );
    });

    test('expands host lists to the same names', () => {
      const range = fc
        .tuple(fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 9 }), fc.constantFrom(1, 2, 4))
        .map(
          ([low, more, width]) =>
            `${String(low).padStart(width, '0')}-${String(low + more).padStart(width, '0')}`,
        );
      const word = fc
        .tuple(fc.constantFrom('n', 'r1n', 'gpu-'), fc.array(range, { minLength: 1, maxLength: 3 }))
        .map(([prefix, ranges]) => `${prefix}[${ranges.join(',')}]`);
      fc.assert(
        fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), (words) => {
          const shown = cluster.ask('scontrol', 'show', 'hostnames', words.join(',')).trim().split('\n');
          expect(new Set(expandHostlist(words.join(',')).names)).toEqual(new Set(shown));
        }),
        { seed: 20_261_122, numRuns: 25 },
      );
    }, 60_000);
  },
);
