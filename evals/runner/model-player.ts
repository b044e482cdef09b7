import type { Turn } from '../../src/agent/agent.ts';
import { createModelAgent } from '../../src/llm/agent.ts';
import { type Endpoint, namedEndpoint } from '../../src/llm/endpoint.ts';
import { readPrompt } from '../../src/llm/prompt.ts';
import { offered } from '../../src/llm/tools.ts';
import { listTools } from '../../src/mcp/catalogue.ts';
import { BerthError } from '../../src/model/error.ts';
import { tools } from '../../tools/index.ts';
import { type Contestant, replyOf } from './contestant.ts';

/** `openai:MODEL@URL`: our agent with that model, and without the built-in reader behind it. Throws INVALID_INPUT. */
export function modelContestant(name: string, env: Readonly<Record<string, string | undefined>>): Contestant {
  const endpoint: Endpoint = namedEndpoint(name.slice('openai:'.length), env);
  const prompt = readPrompt();
  return {
    kind: 'inside',
    name,
    join({ toolbox }) {
      const agent = createModelAgent({ endpoint, prompt, toolbox, tools: listTools(tools).map(offered) });
      return { turn: async (text) => replyOf(answered(await agent.turn(text))) };
    },
  };
}

/** A server that is down says nothing about a model: the run ends instead of being scored. */
function answered(turn: Turn): Turn {
  const { error } = turn;
  if (error?.code !== 'MODEL_FAILED' || !error.message.startsWith('the model endpoint failed')) return turn;
  throw new BerthError({ ...error, fix: 'look whether the server runs, and start again' });
}
