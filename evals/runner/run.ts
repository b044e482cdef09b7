import { mcpToolbox } from '../../src/agent/toolbox.ts';
import { connectInProcess } from '../../src/mcp/in-process.ts';
import { cleanText } from '../../src/model/text.ts';
import { tools } from '../../tools/index.ts';
import { type Contestant, gold, type Player, type Reply } from './contestant.ts';
import { ExternalAgent } from './external.ts';
import { breaches } from './invariants.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { type MadeCall, recording } from './recorder.ts';
import type { Scene, Stage } from './scene.ts';
import { type Parts, score } from './score.ts';
import type { Task } from './task.ts';

/** One line of a person and what came of it. */
export type TurnRecord = Reply & { readonly say: string; readonly calls: readonly MadeCall[] };

/** One task, once, by one agent. */
export type Run = {
  readonly task: string;
  /** 0 for the words of the task, 1 and on for its paraphrases. */
  readonly paraphrase: number;
  readonly passed: boolean;
  readonly parts: Parts;
  /** What was not as it had to be, in words. */
  readonly faults: readonly string[];
  readonly breaches: readonly string[];
  readonly turns: readonly TurnRecord[];
  /** What was appended, one line an entry. */
  readonly appended: readonly string[];
  readonly contracts: readonly string[];
  readonly tookMs: number;
};

export type Asked = { readonly task: Task; readonly paraphrase: number; readonly contestant: Contestant };

/** Plays one task in a world of its own and scores what is there afterwards. */
export async function runTask(stage: Stage, { task, paraphrase, contestant }: Asked): Promise<Run> {
  const began = performance.now();
  const { scene, turns } = await talk(stage, { task, paraphrase, contestant });
  const outcome = await outcomeOf(scene.ledger, scene.fromSeq, scene.clock.nowMs());
  const wanted = task.end.sameAsGold === true ? await goldDigest(stage, task) : undefined;
  const calls = turns.flatMap((turn) => turn.calls);
  const isSeen = contestant.kind === 'inside';
  const { parts, faults } = score(task, {
    turns,
    outcome,
    isSeen,
    ...(wanted === undefined ? {} : { wanted }),
  });
  const found = await breaches(scene, outcome, isSeen ? calls : undefined);
  await scene.control.close();
  return {
    task: task.id,
    paraphrase,
    passed: faults.length === 0 && found.length === 0,
    parts,
    faults,
    breaches: found.map((text) => cleanText(text, 300)),
    turns,
    appended: outcome.entries.map(
      ({ seq, command, actor }) => `${seq} ${command.kind} by ${actor.principal}`,
    ),
    contracts: outcome.added.map(({ id, tenant, placement }) => `${id} ${tenant} ${placesOf(placement)}`),
    tookMs: performance.now() - began,
  };
}

type Talk = { readonly scene: Scene; readonly turns: readonly TurnRecord[] };

async function talk(stage: Stage, { task, paraphrase, contestant }: Asked): Promise<Talk> {
  const scene = await stage.open(task);
  const says = saysOf(task, paraphrase);
  return contestant.kind === 'outside'
    ? { scene, turns: await talkOutside(scene, contestant.command, says) }
    : { scene, turns: await talkInside(scene, { task, contestant, says }) };
}

/** Through a process of its own; its calls are not seen, only what it says and what it leaves behind. */
async function talkOutside(
  scene: Scene,
  command: string,
  says: readonly string[],
): Promise<readonly TurnRecord[]> {
  const agent = await ExternalAgent.start(command, scene);
  try {
    const turns: TurnRecord[] = [];
    for (const say of says) turns.push({ say, ...(await agent.turn(say)), calls: [] });
    return turns;
  } finally {
    await agent.end(scene);
  }
}

type AskedInside = {
  readonly task: Task;
  readonly contestant: Extract<Contestant, { kind: 'inside' }>;
  readonly says: readonly string[];
};

async function talkInside(
  scene: Scene,
  { task, contestant, says }: AskedInside,
): Promise<readonly TurnRecord[]> {
  const client = await connectInProcess({
    tools,
    control: scene.control,
    caller: scene.caller,
    version: '0.0.0',
    log: () => undefined,
    client: `eval-${contestant.name}`,
  });
  try {
    const { toolbox, calls } = recording(mcpToolbox(client));
    return await converse(contestant.join({ toolbox, task }), calls, says);
  } finally {
    await client.close();
  }
}

async function converse(
  player: Player,
  calls: readonly MadeCall[],
  says: readonly string[],
): Promise<readonly TurnRecord[]> {
  const turns: TurnRecord[] = [];
  for (const say of says) {
    const before = calls.length;
    const reply = await player.turn(say);
    turns.push({ say, ...reply, calls: calls.slice(before) });
  }
  return turns;
}

function saysOf(task: Task, paraphrase: number): readonly string[] {
  const own = task.turns.map(({ say }) => say);
  return paraphrase === 0 ? own : (task.paraphrases[paraphrase - 1] ?? own);
}

async function goldDigest(stage: Stage, task: Task): Promise<string> {
  const { scene } = await talk(stage, { task, paraphrase: 0, contestant: gold });
  const { digest }: Outcome = await outcomeOf(scene.ledger, scene.fromSeq, scene.clock.nowMs());
  await scene.control.close();
  return digest;
}

function placesOf({ members }: { readonly members: readonly { readonly node: string }[] }): string {
  const nodes = [...new Set(members.map(({ node }) => node))];
  return nodes.length <= 4
    ? nodes.join(', ')
    : `${nodes.slice(0, 4).join(', ')} and ${nodes.length - 4} more`;
}
