import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { describe, expect, test } from 'vitest';

import { engineKinds, engineNamed } from '../../../src/cli/live/engines.ts';
import { k0rdentCompiler } from '../../../src/engines/k0rdent/compile.ts';
import { kubernetesCompiler } from '../../../src/engines/kubernetes/engine.ts';
import { EngineName } from '../../../src/model/binding.ts';
import { berth, demoHome, newFolder } from '../run.ts';

/** A `kubectl` that writes down what it is asked. */
function kubectlIn(folder: string): Readonly<Record<string, string>> {
  const file = join(folder, 'kubectl');
  writeFileSync(file, `#!/bin/sh\necho "$@" >> ${join(folder, 'asked')}\necho '{}'\n`);
  chmodSync(file, 0o755);
  return { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
}

describe('engines by their names', () => {
  test('a kind alone, and one of several by its context', async () => {
    expect(engineKinds().map(({ compiler }) => compiler.name)).toEqual(['slurm', 'kubernetes', 'k0rdent']);
    const folder = newFolder();
    const io = {
      stdin: Readable.from([]),
      stdout: { write: () => true },
      stderr: { write: () => true },
      env: kubectlIn(folder),
      interrupt: new AbortController().signal,
    };
    const kinds = { kubernetes: kubernetesCompiler, k0rdent: k0rdentCompiler };
    for (const [word, kind] of [
      ['kubernetes', 'kubernetes'],
      ['kubernetes:edge', 'kubernetes'],
      ['k0rdent:arn:aws:eks:eu:1:cluster/x', 'k0rdent'],
    ] as const) {
      const { compiler, open } = engineNamed(word);
      expect([compiler.name, open(io).name, compiler.compiler]).toEqual([word, word, kinds[kind].compiler]);
      await open(io).probe();
    }
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe(
      [
        '--request-timeout=60s version -o json',
        '--context=edge --request-timeout=60s version -o json',
        '--context=arn:aws:eks:eu:1:cluster/x --request-timeout=60s version -o json',
        '',
      ].join('\n'),
    );
  });

  test.each([
    ['slurn', 'no engine is called `slurn`'],
    ['slurm:other', 'there is one slurm'],
    ['kubernetes:', 'names no context of kubernetes'],
    ['kubernetes:--kubeconfig=/etc/x', 'names no context of kubernetes'],
    ['kubernetes:a b', 'names no context of kubernetes'],
    ['kubernetes:a;rm', 'names no context of kubernetes'],
    [`kubernetes:${'a'.repeat(200)}`, 'names no context of kubernetes'],
  ])('%s is none', (word, message) => {
    expect(() => engineNamed(word)).toThrow(message);
  });

  test('the ledger takes the same names', () => {
    for (const word of ['slurm', 'kubernetes:edge', 'kubernetes:user@host:6443/x'])
      expect(EngineName.safeParse(word).success).toBe(true);
    for (const word of ['Slurm', ':edge', 'kubernetes:', 'kubernetes:-x', 'kubernetes:a b', 'a'.repeat(200)])
      expect(EngineName.safeParse(word).success).toBe(false);
  });
});

describe('options of one of several engines', () => {
  const sites = [
    '--engine',
    'fra1=slurm',
    '--engine',
    'ams2=kubernetes',
    '--engine',
    'edge-muc=kubernetes:edge',
  ];
  const demand = `tenant: acme
parts:
  - { name: train, count: 1, each: { gpus: { count: 8, models: [H100] } }, where: [fra1] }
  - { name: test, count: 1, each: { gpus: { count: 1, models: [L40S] } }, where: [ams2] }
  - { name: answer, count: 1, each: { gpus: { count: 1, models: [L4] } }, siteKind: edge }
window: { earliestStart: 2026-11-25T10:00:00+01:00, durationS: 3600 }
`;

  test(
    'reach the one that they name, the longer name first; what one refuses stops no other',
    { timeout: 60_000 },
    async () => {
      const home = await demoHome();
      const { stdout } = await berth(['plan', '-f', '-', '--json'], { home, stdin: demand });
      const plan = /"id":"(plan-[0-9a-f]{16})"/u.exec(stdout)?.[1] ?? '';
      expect((await berth(['commit', plan, '--key', 'three-options-1'], { home })).code).toBe(0);
      const bind = (...options: readonly string[]) =>
        berth(['bind', 'C-106', ...sites, ...options.flatMap((one) => ['--option', one])], { home });
      const kai = await bind('slurm:accounts=acme', 'kubernetes:edge:queue=kai');
      expect([kai.code, kai.stderr]).toEqual([0, '']);
      expect(kai.stdout.match(/C-106 \(version 1\) in [a-z0-9:]+(?=: )/gu)).toEqual([
        'C-106 (version 1) in slurm',
        'C-106 (version 1) in kubernetes',
        'C-106 (version 1) in kubernetes:edge',
      ]);
      expect(kai.stdout.split('kind: ClusterQueue')).toHaveLength(2);
      const unfit = await bind('slurm:gpus=all', 'kubernetes:queue=kueue');
      expect(unfit.code).toBe(2);
      expect(unfit.stderr).toContain('slurm does not take the option `gpus=all`');
      expect(unfit.stdout).toContain('in kubernetes:edge:');
      const loose = await bind('accounts=acme');
      expect(loose.stderr).toContain('does not say which engine it is for');
    },
  );
});
