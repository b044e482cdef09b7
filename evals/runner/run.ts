import type { Usage } from '../../src/agent/agent.ts';
import { mcpToolbox } from '../../src/agent/toolbox.ts';
import { connectInProcess } from '../../src/mcp/in-process.ts';
import { cleanText } from '../../src/model/text.ts';
import { tools } from '../../tools/index.ts';
import { type Contestant, gold, type Player, type Reply } from './contestant.ts';
import { type Change, changesOf } from './diff.ts';
import { breaches } from './invariants.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { sayings } from './person.ts';
import { ProgramAgent } from './program.ts';
import { type MadeCall, recording } from './recorder.ts';
import { meanwhile, type Scene, type Stage } from './scene.ts';
import { type Parts, score } from './score.ts';
import { ServiceAgent } from './service.ts';
import type { Deed, Task } from './task.ts';
import { usageOf } from './usage.ts';

/** One line of a person and what came of it. */
export type TurnRecord = Reply & {
  readonly say: string;
  readonly calls: readonly MadeCall[];
  readonly tookMs: number;
};

/** One task, once, by one agent. */
export type Run = {
  readonly task: string;
  /** 0 for the words of the task, 1 and on for its paraphrases. */
  readonly paraphrase: number;
  /** Which of its k times, from 0. Models are given it as their seed, with that of the suite added. */
  readonly attempt: number;
  readonly passed: boolean;
  readonly parts: Parts;
  /** What was not as it had to be, in words. */
  readonly faults: readonly string[];
  readonly breaches: readonly string[];
  readonly turns: readonly TurnRecord[];
  /** What was appended, one line an entry. */
  readonly appended: readonly string[];
  readonly contracts: readonly string[];
  /** Each contract that is not as it was, before and after. */
  readonly changes: readonly Change[];
  readonly usage: Usage;
  /** Its recording does not know what was asked: nothing was scored. */
  readonly stale?: true;
  readonly tookMs: number;
};

export type Asked = {
  readonly task: Task;
  readonly paraphrase: number;
  readonly attempt: number;
  readonly seed: number;
  readonly contestant: Contestant;
};

/** Plays one task in a world of its own and scores what is there afterwards. */
export async function runTask(stage: Stage, asked: Asked): Promise<Run> {
  const began = performance.now();
  const { task, paraphrase, attempt, contestant } = asked;
  const { scene, turns } = await talk(stage, asked);
  const outcome = await outcomeOf(scene);
  const wanted = task.end.sameAsGold === true ? await goldDigest(stage, task) : undefined;
  const isSeen = contestant.kind === 'inside';
  const happened = { turns, outcome, isSeen, ...(wanted === undefined ? {} : { wanted }) };
  const { parts, faults } = score(task, happened);
  const calls = isSeen ? turns.flatMap((turn) => turn.calls) : undefined;
  const found = await breaches(stage, { scene, outcome, calls });
  await scene.control.close();
  const isStale = turns.some((turn) => turn.outcome === 'stale-recording');
  return {
    task: task.id,
    paraphrase,
    attempt,
    passed: faults.length === 0 && found.length === 0 && !isStale,
    parts,
    faults,
    breaches: found.map((text) => cleanText(text, 300)),
    turns,
    appended: outcome.entries.map((entry) => entryLine(entry, scene.others)),
    contracts: outcome.added.map(({ id, tenant, placement }) => `${id} ${tenant} ${placesOf(placement)}`),
    changes: changesOf(scene.before.state, outcome),
    usage: usageOf(turns),
    ...(isStale ? { stale: true as const } : {}),
    tookMs: performance.now() - began,
  };
}

function entryLine(
  { seq, command, actor, decision }: Outcome['entries'][number],
  others: ReadonlySet<number>,
): string {
  const refused = decision.kind === 'refused' ? ', refused' : '';
  const waits = decision.kind === 'approval-requested' ? `, waits as ${decision.approval}` : '';
  return `${seq} ${command.kind} by ${actor.principal}${refused}${waits}${others.has(seq) ? ' (not the agent)' : ''}`;
}

type Talk = { readonly scene: Scene; readonly turns: readonly TurnRecord[] };

async function talk(stage: Stage, asked: Asked): Promise<Talk> {
  const scene = await stage.open(asked.task);
  return { scene, turns: await talkIn(scene, asked) };
}

function talkIn(scene: Scene, asked: Asked): Promise<readonly TurnRecord[]> {
  const { contestant } = asked;
  if (contestant.kind === 'program') return talkWithProgram(scene, asked, contestant.command);
  if (contestant.kind === 'service') return talkWithService(scene, asked, contestant.url);
  return talkInside(scene, asked, contestant);
}

/** Its calls are not seen, only what it says and what it leaves behind: its ledger is one on the disk. */
async function talkWithProgram(scene: Scene, asked: Asked, command: string): Promise<readonly TurnRecord[]> {
  const agent = await ProgramAgent.start(command, scene, asked.seed);
  try {
    return await converse(agent, { ...asked, others: (deeds) => agent.meanwhile(scene, deeds) });
  } finally {
    await agent.end(scene);
  }
}

async function talkWithService(scene: Scene, asked: Asked, url: string): Promise<readonly TurnRecord[]> {
  const agent = await ServiceAgent.join(url, scene, asked);
  try {
    return await converse(agent, { ...asked, others: (deeds) => meanwhile(scene, deeds) });
  } finally {
    await agent.end();
  }
}

async function talkInside(
  scene: Scene,
  asked: Asked,
  contestant: Extract<Contestant, { kind: 'inside' }>,
): Promise<readonly TurnRecord[]> {
  const client = await connectInProcess({
    tools,
    control: scene.control,
    caller: scene.caller,
    version: '0.0.0',
    log: () => undefined,
    client: 'eval',
  });
  try {
    const { toolbox, calls } = recording(mcpToolbox(client));
    const player = contestant.join({ toolbox, task: asked.task, seed: asked.seed });
    return await converse(player, { ...asked, others: (deeds) => meanwhile(scene, deeds), calls });
  } finally {
    await client.close();
  }
}

type Conversation = Asked & {
  /** What others do between two lines. */
  readonly others: (deeds: readonly Deed[]) => Promise<void>;
  /** What the recorder has seen so far; nothing of agents whose calls are not seen. */
  readonly calls?: readonly MadeCall[];
};

async function converse(
  player: Player,
  { task, paraphrase, others, calls = [] }: Conversation,
): Promise<readonly TurnRecord[]> {
  const turns: TurnRecord[] = [];
  const person = sayings(task, paraphrase);
  for (let line = person.next(); line !== undefined; line = person.next(turns.at(-1))) {
    await others(line.meanwhile);
    const before = calls.length;
    const began = performance.now();
    const reply = await player.turn(line.say);
    turns.push({
      say: line.say,
      ...reply,
      calls: calls.slice(before),
      tookMs: performance.now() - began,
    });
  }
  return turns;
}

async function goldDigest(stage: Stage, task: Task): Promise<string> {
  const { scene } = await talk(stage, { task, paraphrase: 0, attempt: 0, seed: 0, contestant: gold });
  const { digest } = await outcomeOf(scene);
  await scene.control.close();
  return digest;
}

function placesOf({ members }: { readonly members: readonly { readonly node: string }[] }): string {
  const nodes = [...new Set(members.map(({ node }) => node))];
  return nodes.length <= 4
    ? nodes.join(', ')
    : `${nodes.slice(0, 4).join(', ')} and ${nodes.length - 4} more`;
}
