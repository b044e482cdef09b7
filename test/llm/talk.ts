import type { Toolbox, Turn, TurnEvent, Usage } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { createModelAgent } from '../../src/llm/agent.ts';
import type { CallStyle } from '../../src/llm/json-step.ts';
import type { Price } from '../../src/llm/price.ts';
import { readPrompt } from '../../src/llm/prompt.ts';
import { offered } from '../../src/llm/tools.ts';
import { listTools } from '../../src/mcp/catalogue.ts';
import { tools } from '../../tools/index.ts';
import { type FakeFleet, fakeFleet } from '../agent/fleet.ts';
import { type FakeEndpoint, fakeEndpoint, type Skills, type Step } from './endpoint.ts';

export type Talked = {
  readonly turns: readonly Turn[];
  readonly last: Turn;
  readonly fleet: FakeFleet;
  readonly endpoint: FakeEndpoint;
  readonly events: readonly TurnEvent[];
  readonly slept: readonly number[];
  readonly name: string;
  readonly used: Usage | undefined;
};

export type TalkOptions = {
  readonly alone?: boolean;
  readonly toolbox?: (fleet: FakeFleet) => Toolbox;
  readonly signal?: AbortSignal;
  /** How the model is asked; found out by a test with `unknown`. */
  readonly style?: CallStyle | 'unknown';
  readonly price?: Price;
  readonly skills?: Skills;
  readonly pseudonyms?: boolean;
};

type Script = Parameters<typeof fakeEndpoint>[0];

export const ready = (text: string): Step => ({ kind: 'text', text });
export const wish = (name: string, args: Record<string, unknown> | string = {}): Step => ({
  kind: 'call',
  calls: [{ name, args }],
});

/** What a model makes of `16 H100 for acme for 3 days from Monday`. */
export const demand = {
  tenant: 'acme',
  parts: [{ name: 'main', count: 2, each: { gpus: { count: 8, models: ['H100-SXM-80GB'] } } }],
  window: { earliestStart: '2026-11-30T00:00:00+01:00', durationS: 259_200 },
};

/** Says lines to an agent whose model is a script, on a fresh fake fleet. */
export async function talk(
  script: Script,
  lines: readonly string[],
  options: TalkOptions = {},
): Promise<Talked> {
  const { style = 'tools' } = options;
  const fleet = fakeFleet();
  const endpoint = await fakeEndpoint(script, options.skills);
  const events: TurnEvent[] = [];
  const slept: number[] = [];
  const toolbox = options.toolbox?.(fleet) ?? fleet;
  const agent = createModelAgent({
    endpoint: { model: 'fake', baseUrl: endpoint.url, apiKey: 'sk-secret' },
    prompt: readPrompt(),
    toolbox,
    tools: listTools(tools).map(offered),
    ...(options.alone === true ? {} : { builtin: createInterpreter({ toolbox: fleet }) }),
    ...(style === 'unknown' ? {} : { style }),
    price: options.price,
    pseudonyms: options.pseudonyms === true,
    sleep: (ms) => Promise.resolve(void slept.push(ms)),
  });
  const turns: Turn[] = [];
  try {
    for (const line of lines)
      turns.push(
        await agent.turn(line, {
          onEvent: (event) => events.push(event),
          ...(options.signal !== undefined && { signal: options.signal }),
        }),
      );
  } finally {
    await endpoint.close();
  }
  const last = turns.at(-1);
  if (last === undefined) throw new Error('nothing was said');
  return { turns, last, fleet, endpoint, events, slept, name: agent.name, used: agent.used };
}

/** The tools that were called, without the look at the fleet that every turn begins with. */
export function called({ fleet }: Talked): readonly string[] {
  return fleet.calls.map(({ tool }) => tool).filter((tool) => tool !== 'inventory_summary');
}
