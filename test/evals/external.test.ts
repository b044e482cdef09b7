import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { chosen, readTasks } from '../../evals/runner/library.ts';
import { runSuite } from '../../evals/runner/suite.ts';

const tasks = readTasks(fileURLToPath(new URL('../../evals/tasks', import.meta.url)));
const agentFile = fileURLToPath(new URL('line-agent.ts', import.meta.url));

async function play(only: string, command: string) {
  const contestant = { kind: 'program', name: 'line', command } as const;
  const { runs } = await runSuite({
    tasks: chosen(tasks, { only }),
    contestant,
    times: 1,
    paraphrases: false,
  });
  return runs;
}

test(
  'a program of somebody else drives the server and is scored by the end state',
  { timeout: 240_000 },
  async () => {
    const command = `${process.execPath} ${agentFile}`;
    const [released] = await play('ops-release-own', command);
    expect(released).toMatchObject({ passed: true, breaches: [] });
    expect(released?.appended).toEqual([expect.stringContaining('release-contract by person:mila')]);
    const [declined] = await play('ops-release-declined', command);
    expect(declined).toMatchObject({ passed: true, appended: [] });
    const [booked] = await play('place-l4-edge', command);
    expect(booked).toMatchObject({ passed: false, faults: ['0 contracts are new, 1 were wanted'] });
  },
);

test('a program that breaks the protocol is an error that quotes it', { timeout: 240_000 }, async () => {
  await expect(play('ops-release-own', 'echo no json; cat >/dev/null')).rejects.toThrow('answered `no json`');
  await expect(play('ops-release-own', 'echo broken >&2; exit 3')).rejects.toThrow('it wrote: broken');
});
