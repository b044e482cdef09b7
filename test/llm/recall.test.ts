import { expect, test } from 'vitest';

import type { PastTurn } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { type Journal, journaled } from '../../src/agent/journal.ts';
import { createModelAgent } from '../../src/llm/agent.ts';
import { readPrompt } from '../../src/llm/prompt.ts';
import { offered } from '../../src/llm/tools.ts';
import { listTools } from '../../src/mcp/catalogue.ts';
import { ChatAnswer } from '../../src/model/chat-turn.ts';
import { tools } from '../../tools/index.ts';
import { fakeFleet } from '../agent/fleet.ts';
import { fakeEndpoint } from './endpoint.ts';
import { demand, ready, wish } from './talk.ts';

type Script = Parameters<typeof fakeEndpoint>[0];

/** An agent whose model is a script, and what it asked that model. */
async function agentOf(script: Script) {
  const fleet = fakeFleet();
  const endpoint = await fakeEndpoint(script);
  const agent = createModelAgent({
    endpoint: { model: 'fake', baseUrl: endpoint.url, apiKey: 'sk-secret' },
    prompt: readPrompt(),
    toolbox: fleet,
    tools: listTools(tools).map(offered),
    builtin: createInterpreter({ toolbox: fleet }),
    sleep: () => Promise.resolve(),
  });
  return { fleet, endpoint, agent };
}

/** Turns of a chat with a model, as a ledger would give them back. */
async function recorded(script: Script, lines: readonly string[]): Promise<readonly PastTurn[]> {
  const { agent, endpoint } = await agentOf(script);
  const past: PastTurn[] = [];
  const journal: Journal = {
    begin: async (said) => async (answer, reader) => {
      past.push({ said, reader, answer: ChatAnswer.parse(JSON.parse(JSON.stringify(answer))) });
    },
  };
  const talking = journaled(agent, journal);
  for (const line of lines) await talking.turn(line);
  await endpoint.close();
  return past;
}

const planning: Script = [wish('placement_plan', { demand }), ready('Planned for acme.')];

test('a yes after a model chat was taken up commits the plan that was open, without asking the model', async () => {
  const past = await recorded(planning, ['16 H100 for acme for 3 days from Monday']);
  const { agent, fleet, endpoint } = await agentOf([]);
  await agent.recall(past);
  expect(fleet.calls).toEqual([]);
  expect((await agent.turn('yes')).outcome).toBe('committed');
  expect(fleet.last('contract_commit')).toMatchObject({ plan: past[0]?.answer?.plan });
  expect(endpoint.asked).toEqual([]);
  await endpoint.close();
});

test('a no before it was left stays a no', async () => {
  const past = await recorded(planning, ['16 H100 for acme for 3 days from Monday', 'no']);
  const { agent, fleet, endpoint } = await agentOf([ready('There is nothing to commit.')]);
  await agent.recall(past);
  await agent.turn('yes');
  expect(fleet.calls.map(({ tool }) => tool)).not.toContain('contract_commit');
  await endpoint.close();
});

test('the model is told what was said before, with the names of tools instead of their answers', async () => {
  const past = await recorded(planning, ['16 H100 for acme for 3 days from Monday']);
  const { agent, endpoint } = await agentOf([ready('It is the only site that fits.')]);
  await agent.recall(past);
  await agent.turn('why there?');
  const asked = JSON.stringify(endpoint.asked[0]);
  expect(asked).toContain('16 H100 for acme for 3 days from Monday');
  expect(asked).toContain('(called: placement_plan)');
  await agent.recall([]);
  await endpoint.close();
});

test('the built-in reader goes on with a plan that a model made', async () => {
  const past = await recorded(planning, ['16 H100 for acme for 3 days from Monday']);
  const fleet = fakeFleet();
  const reader = createInterpreter({ toolbox: fleet });
  await reader.recall(past);
  expect((await reader.turn('yes')).outcome).toBe('committed');
});
