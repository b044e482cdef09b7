import { afterEach, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { readPrompt } from '../../src/llm/prompt.ts';
import { berth, demoHome } from '../cli/run.ts';
import { type FakeEndpoint, fakeEndpoint } from './endpoint.ts';
import { ready, wish } from './talk.ts';

let endpoint: FakeEndpoint | undefined;

vi.setConfig({ testTimeout: 60_000 });
afterEach(async () => {
  await endpoint?.close();
  endpoint = undefined;
});

async function served(script: Parameters<typeof fakeEndpoint>[0]): Promise<Record<string, string>> {
  endpoint = await fakeEndpoint(script);
  return { BERTH_MODEL: 'fake', OPENAI_BASE_URL: endpoint.url, OPENAI_API_KEY: 'sk-secret' };
}

/** Four H100 for a day, for a team that needs nobody's yes for it; another start each time. */
function fourGpus(day = 26) {
  return wish('placement_plan', {
    demand: {
      tenant: 'globex',
      parts: [{ name: 'train', count: 1, each: { gpus: { count: 4, models: ['H100'] } } }],
      where: ['fra1'],
      window: { earliestStart: `2026-11-${day}T00:00:00+01:00`, durationS: 86_400 },
    },
  });
}

const Run = z.object({
  end: z.string(),
  run: z.object({ id: z.string(), deeds: z.number(), spentMicroEur: z.number() }),
  steps: z.array(z.object({ deeds: z.array(z.unknown()) })),
});

async function sent(env: Record<string, string>, ...more: readonly string[]) {
  const home = await demoHome();
  const args = ['agent', 'run', 'four GPUs for globex from Thursday', '--mandate', 'M-1', '--json', ...more];
  const { code, stdout } = await berth(args, { home, env });
  expect((await berth(['ledger', 'verify'], { home })).code).toBe(0);
  return { home, code, ...Run.parse(JSON.parse(stdout)) };
}

test('a model works within the mandate, is asked what is left, and stands in the entry', async () => {
  const env = await served([fourGpus(), ready('Planned.'), ready('Nothing is left.')]);
  const { home, code, end, run } = await sent(env, '--budget', '283.20');
  expect([code, end, run.deeds, run.spentMicroEur]).toEqual([0, 'done', 1, 283_200_000]);
  expect(JSON.stringify(endpoint?.asked.at(-1)?.messages)).toContain('If anything of the goal is still open');
  const audit = await berth(['audit', '--contract', 'C-106', '--json'], { home });
  const { principal: agent, onBehalfOf } = { principal: 'agent:ops-bot', onBehalfOf: 'person:ada' };
  expect(JSON.parse(audit.stdout)).toMatchObject({
    entries: [
      { actor: { principal: agent, onBehalfOf, model: 'fake', software: readPrompt().digest, run: 'R-1' } },
    ],
  });
});

test('a model that wants more and more ends where its budget does', async () => {
  const env = await served((_, count) => (count % 2 === 0 ? fourGpus(26 + count) : ready('Planned.')));
  const { end, run, code } = await sent(env, '--budget', '600');
  expect([end, code, run.spentMicroEur]).toEqual(['refused', 5, 566_400_000]);
});

test('a model that never ends runs out of steps', async () => {
  const env = await served((_, count) =>
    count % 2 === 0 ? wish('inventory_summary', {}) : ready('Looking.'),
  );
  const { run } = await sent(env, '--max-steps', '6');
  expect(run.deeds).toBe(0);
  const deeds = await served((_, count) =>
    count % 2 === 0 ? fourGpus(26 + (count % 30)) : ready('Planned.'),
  );
  const greedy = await sent(deeds, '--max-steps', '8');
  expect([greedy.end, greedy.code]).toEqual(['steps', 5]);
});

test('a model that calls what it may not, or makes plans up, does nothing', async () => {
  const env = await served([
    wish('contract_release', { contract: 'C-104', idempotencyKey: 'model-key-1' }),
    wish('propose_commit', { plan: 'plan-0123456789abcdef' }),
    ready('I have released C-104 and committed the plan.'),
  ]);
  const { home, run, end } = await sent(env);
  expect([run.deeds, end]).toEqual([0, 'done']);
  const list = await berth(['contracts', '--json'], { home });
  expect(JSON.parse(list.stdout)).toMatchObject({ total: 5 });
});

test('`berth stop model:NAME` ends it before it begins', async () => {
  const env = await served([fourGpus(), ready('Planned.')]);
  const home = await demoHome();
  await berth(['stop', 'model:fake', '--reason', 'jailbroken'], { home });
  const { code } = await berth(['agent', 'run', 'four GPUs', '--mandate', 'M-1', '--json'], { home, env });
  expect(code).toBe(5);
  expect(endpoint?.asked).toEqual([]);
});
