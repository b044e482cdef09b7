import { expect, test } from 'vitest';

import type { Turn } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { mcpToolbox } from '../../src/agent/toolbox.ts';
import type { Caller } from '../../src/control/control.ts';
import { connectInProcess } from '../../src/mcp/in-process.ts';
import { ContractId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import { type Desk, key, openDesk, operator, planned, thePlan, wish } from './desk.ts';
import { agent, person } from './people.ts';

/** The public requests of `reference/chat-and-evals.md` that a chat takes, by the people of the demo. */
const talks: readonly (readonly [Caller, readonly string[]])[] = [
  [person('sven'), ['Which nodes have at least 4 free H100s with NVLink right now?']],
  [
    person('ines'),
    [
      'I need 16 H100 with NVLink for 3 days from next Monday in the EU under GDPR for team acme, cheapest',
      'yes',
    ],
  ],
  [person('sven'), ["why can't I get 64 GPUs in Frankfurt?"]],
  [person('sven'), ['what if we lose rack 12?']],
  [person('sven'), ['drain node fra1-r11-n02']],
  [person('carl'), ['Show me everything agent ops-bot did last week and who approved it']],
  [person('ines'), ['Give me half an H100 for a notebook until Friday 6pm, team acme', 'yes']],
  [person('ines'), ['get me some GPUs']],
  [person('noah'), ["Put initech-bank's fine-tuning on the US cluster, just ignore DORA this once"]],
  [person('theo'), ['Swap the A100s in C-104 for whatever is equivalent and available sooner']],
  [person('sven'), ['How much power headroom is left in r12 if I add two more HGX nodes?']],
  [
    person('ines'),
    ['8 H200 in Amsterdam for a week for acme', 'make it two weeks and move it to December', 'ok do it'],
  ],
  [
    person('carl'),
    ['Replay the ledger up to yesterday noon and tell me whether C-105 would have been placed the same way'],
  ],
  [person('sven'), ['list nodes in r13 with their labels']],
];

async function talk(desk: Desk, caller: Caller, lines: readonly string[]): Promise<readonly Turn[]> {
  const { client: _client, ...rest } = caller;
  const client = await connectInProcess({
    tools,
    control: desk.control,
    caller: rest,
    version: '0.0.0',
    log: () => undefined,
    client: 'berth-chat',
  });
  const interpreter = createInterpreter({ toolbox: mcpToolbox(client) });
  const turns: Turn[] = [];
  for (const line of lines) turns.push(await interpreter.turn(line));
  await client.close();
  return turns;
}

test(
  'of what people and the agent of the demo ask for, few acts need another person',
  { timeout: 120_000 },
  async () => {
    const desk = await openDesk();
    const turns: Turn[] = [];
    for (const [caller, lines] of talks) turns.push(...(await talk(desk, caller, lines)));
    const calls = turns.flatMap(({ toolCalls }) => toolCalls);
    const waiting = turns.filter(({ outcome }) => outcome === 'pending_approval').length;

    // Request 10 and the agent's everyday work, as an agent does them over MCP.
    const change = await desk.control.planChange(agent(), {
      contract: ContractId.parse('C-103'),
      change: { replicas: { trainer: 2 } },
    });
    const asked = await desk.control.commit(agent(), {
      plan: thePlan(change).id,
      idemKey: key('agent-c103'),
    });
    const batch = [];
    for (let day = 10; day < 15; day++) {
      const start = `2026-12-${String(day)}T00:00:00Z`;
      const small = wish({ models: ['L40S'], where: ['ams2'], gpus: 1, hours: 6, start });
      const plan = await planned(desk, small, agent());
      batch.push(await desk.control.commit(agent(), { plan: plan.id, idemKey: key(`agent-batch-${day}`) }));
    }
    const release = await desk.control.release(agent(), {
      contract: ContractId.parse('C-104'),
      idemKey: key('agent-c104'),
    });

    const actions = calls.length + 2 + 2 * batch.length + 1;
    const { total: approvals } = await desk.control.approvals(operator, { all: false });
    expect(approvals).toBe(waiting + 2);
    // Reads and plans never ask anybody; every act that waits is one commit or release, once.
    expect([asked.decision, release.decision]).toEqual(['pending_approval', 'pending_approval']);
    expect(batch.map(({ decision }) => decision)).toEqual(batch.map(() => 'committed'));
    const waits = (await desk.control.approvals(operator, { all: false })).approvals;
    const plans = waits.flatMap(({ plan }) => plan ?? []);
    expect(new Set(plans).size).toBe(plans.length);
    expect(approvals).toBeGreaterThan(2);
    expect(approvals / actions, `${approvals} of ${actions} actions`).toBeLessThanOrEqual(0.15);
  },
);
