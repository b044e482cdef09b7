import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { berth, demoHome, newFolder } from './run.ts';

let home = '';

/** C-106 stands in Frankfurt, its spare in Ashburn. */
beforeAll(async () => {
  home = await demoHome();
  const file = join(newFolder(), 'd.yaml');
  writeFileSync(
    file,
    `tenant: globex
parts: [{ name: serve, count: 1, each: { gpus: { count: 8, models: [H100] } } }]
where: [fra1/h1/r12, iad3]
survive: { loss: site, membersLeft: 1 }
window: { earliestStart: 2026-11-25T10:00:00+01:00, durationS: 86400 }
`,
  );
  const planned = await berth(['plan', '-f', file, '--json'], { home });
  const { plan } = z.object({ plan: z.object({ id: z.string() }) }).parse(JSON.parse(planned.stdout));
  await berth(['commit', plan.id], { home });
}, 60_000);

const bind = (...args: readonly string[]) => berth(['bind', 'C-106', ...args], { home });

describe('berth bind for several engines', () => {
  test('hands each its sites, and prints one object', async () => {
    const ran = await bind(
      '--engine',
      'fra1=slurm',
      '--engine',
      'iad3=kubernetes',
      '--option',
      'slurm:users=ada',
      '--json',
    );
    expect(ran.code).toBe(0);
    const { bindings } = z
      .object({
        bindings: z.array(
          z.object({
            engine: z.string(),
            objects: z.array(z.string()),
            notes: z.array(z.string()),
            files: z.array(z.object({ text: z.string() })),
          }),
        ),
      })
      .parse(JSON.parse(ran.stdout));
    expect(bindings.map(({ engine }) => engine)).toEqual(['slurm', 'kubernetes']);
    const [slurm, kubernetes] = bindings.map(({ files }) => files.map(({ text }) => text).join('\n'));
    expect(slurm).toContain('Users=ada Nodes=fra1-r12-n03');
    expect(slurm).not.toContain('iad3');
    expect(kubernetes).toContain('iad3-c01-n01');
    expect(kubernetes).not.toContain('fra1');
    expect(bindings[1]?.notes[0]).toMatch(/^only spares stand here/);
  });

  test('sites of one engine are one hand-over', async () => {
    const ran = await bind('--engine', 'fra1=slurm', '--engine', 'iad3=slurm', '--option', 'users=ada');
    expect(ran.stdout).toContain('Nodes=fra1-r12-n03,iad3-c01-n01');
  });

  test.each([
    [[], 'nobody recorded one of fra1, iad3'],
    [['--engine', 'slurm', '--engine', 'fra1=kubernetes'], 'several engines are named'],
    [['--engine', 'fra1=slurm', '--within', 'fra1'], 'several engines are named'],
    [['--engine', 'slurm', '--dry-run=server'], 'slurm cannot be asked what it would say'],
    [['--engine', 'slurm', '--dry-run=client'], '`client` is no dry run'],
    [['--engine', 'fra1=slurmy'], 'no engine is called `slurmy`'],
    [['--engine', 'nowhere=slurm', '--option', 'users=a'], '`nowhere`'],
    [
      ['--engine', 'fra1=slurm', '--engine', 'iad3=kubernetes', '--option', 'users=ada'],
      '`users=ada` does not say which engine it is for',
    ],
  ])('%j is refused', async (args, message) => {
    const ran = await bind(...args);
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain(message);
  });
});
