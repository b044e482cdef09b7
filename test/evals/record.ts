import { fileURLToPath } from 'node:url';

import { readTasks } from '../../evals/runner/library.ts';
import { modelContestant } from '../../evals/runner/model-player.ts';
import { runSuite } from '../../evals/runner/suite.ts';
import { fakeModels } from './fake-models.ts';

// Records what the two fake models say to every task that somebody wrote: `npm run transcripts`.
const folder = new URL('../../evals/', import.meta.url);
const tasks = readTasks(fileURLToPath(new URL('tasks', folder)));
const endpoint = await fakeModels(tasks);
for (const model of ['careful', 'sloppy']) {
  const file = fileURLToPath(new URL(`transcripts/${model}.jsonl`, folder));
  const contestant = await modelContestant(`openai:${model}@${endpoint.url}`, {}, file);
  const { runs } = await runSuite({ tasks, contestant, times: 1, paraphrases: false, lanes: 4 });
  const passed = runs.filter((run) => run.passed).length;
  process.stdout.write(`${model}: ${passed} of ${runs.length} passed\n`);
}
await endpoint.close();
