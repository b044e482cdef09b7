import { fileURLToPath } from 'node:url';

import { expect, test, vi } from 'vitest';

import { contestants } from '../../evals/runner/contestant.ts';
import { chosen, readTasks } from '../../evals/runner/library.ts';
import { runSuite } from '../../evals/runner/suite.ts';
import type * as Holding from '../../src/core/calendar/holding.ts';

// A core that forgets what it has promised: nothing is ever held, so that everything is always free.
vi.mock('../../src/core/calendar/holding.ts', async (original) => ({
  ...(await original<typeof Holding>()),
  withHolding: (state: unknown) => state,
  withoutHolding: (state: unknown) => state,
}));

const tasks = readTasks(fileURLToPath(new URL('../../evals/tasks', import.meta.url)));

test('a core that books twice is caught by the invariants, though the task itself passes', async () => {
  const contestant = contestants.get('gold');
  if (contestant === undefined) throw new Error('there is no gold');
  const wanted = chosen(tasks, { only: 'place-not-the-us-for-acme' });
  const {
    runs: [run],
  } = await runSuite({ tasks: wanted, contestant, times: 1, paraphrases: false });
  expect(run?.parts.state).toBe(true);
  expect(run?.passed).toBe(false);
  expect(run?.breaches.join('\n')).toMatch(/fra1\/h1\/\S+\/gpu\d: C-10\d and C-106/);
});
