import type { Turn } from '../../src/agent/agent.ts';
import { createModelAgent } from '../../src/llm/agent.ts';
import { type Endpoint, namedEndpoint } from '../../src/llm/endpoint.ts';
import type { CallStyle } from '../../src/llm/json-step.ts';
import { readPrompt } from '../../src/llm/prompt.ts';
import { offered } from '../../src/llm/tools.ts';
import { listTools } from '../../src/mcp/catalogue.ts';
import { BerthError } from '../../src/model/error.ts';
import { tools } from '../../tools/index.ts';
import { type Contestant, type Reply, replyOf } from './contestant.ts';
import { readTranscript, recorded, replayed, type Speaker, staleStatus } from './transcript.ts';

type Inside = Extract<Contestant, { kind: 'inside' }>;

/**
 * `openai:MODEL@URL`: our agent with that model, and without the built-in reader behind it. With a file, whatever the
 * model says is written to it. Throws INVALID_INPUT.
 */
export async function modelContestant(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
  record?: string,
): Promise<Contestant> {
  const endpoint = namedEndpoint(name.slice('openai:'.length), env);
  if (record === undefined) return contestantAt(name, endpoint);
  return withSpeaker(name, endpoint.model, await recorded(record, endpoint));
}

/** `replay:FILE`: the model that was recorded there, word by word, through the whole of our agent. Throws INVALID_INPUT. */
export async function replayContestant(name: string): Promise<Contestant> {
  const transcript = readTranscript(name.slice('replay:'.length));
  return withSpeaker(name, transcript.model, await replayed(transcript));
}

function withSpeaker(name: string, model: string, speaker: Speaker): Contestant {
  return { ...contestantAt(name, { model, baseUrl: speaker.url }, 'tools'), close: () => speaker.close() };
}

/** Without a style a model is tested where its first answer calls nothing; recordings hold no such test. */
function contestantAt(name: string, endpoint: Endpoint, style?: CallStyle): Inside {
  const prompt = readPrompt();
  const catalogue = listTools(tools).map(offered);
  return {
    kind: 'inside',
    name,
    join({ toolbox, seed }) {
      const agent = createModelAgent({
        endpoint: { ...endpoint, seed },
        prompt,
        toolbox,
        tools: catalogue,
        ...(style !== undefined && { style }),
      });
      return { turn: async (text) => answered(await agent.turn(text)) };
    },
  };
}

/** A server that is down says nothing about a model: the run ends instead of being scored. */
function answered(turn: Turn): Reply {
  const { error } = turn;
  if (error?.code !== 'MODEL_FAILED' || !error.message.startsWith('the model endpoint failed'))
    return replyOf(turn);
  if (error.message.includes(`HTTP ${staleStatus}`)) return { ...replyOf(turn), outcome: 'stale-recording' };
  throw new BerthError({ ...error, fix: 'look whether the server runs, and start again' });
}
