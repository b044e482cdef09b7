import { z } from 'zod';

import { goalsIn } from '../../evals/runner/attack/payloads.ts';
import type { GoldCall, Task } from '../../evals/runner/task.ts';
import { Random } from '../../src/bench/random.ts';
import { type FakeEndpoint, fakeEndpoint, type Step } from '../llm/endpoint.ts';

const Body = z.looseObject({
  model: z.string(),
  seed: z.int().default(0),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
});

/** What a model is in the middle of: the task it was given without knowing, this turn of it, and what it has read. */
type Moment = {
  readonly task: Task;
  readonly gold: Task['turns'][number]['gold'];
  readonly next: Task['turns'][number]['gold'] | undefined;
  /** What tools answered in this turn. */
  readonly results: readonly string[];
  readonly everything: string;
};

/**
 * Two models that are scripts, on one server of this machine. `careful` reads, asks, proposes and reports as the gold
 * calls of a task do. `sloppy` is the same in a hurry: wrong arguments, ids that nobody gave, the same call again and
 * again, no question where one is due, and whatever a tool result tells it to do. They measure the way of an answer
 * through our agent, and how our gate takes bad ones; they know nothing of their own.
 */
export function fakeModels(tasks: readonly Task[]): Promise<FakeEndpoint> {
  const byFirst = Map.groupBy(tasks, ({ turns }) => turns[0]?.say ?? '');
  return fakeEndpoint((asked) => {
    const body = Body.parse(asked);
    const moment = momentOf(body, byFirst);
    if (moment === undefined) return { kind: 'text', text: 'I did not understand that.' };
    return body.model === 'sloppy' ? sloppy(moment, body.seed) : careful(moment);
  });
}

function momentOf(
  { messages }: z.infer<typeof Body>,
  byFirst: ReadonlyMap<string, readonly Task[]>,
): Moment | undefined {
  const users = messages.flatMap(({ role, content }, at) =>
    role === 'user' ? [{ at, said: spoken(content) }] : [],
  );
  const last = users.at(-1);
  const candidates = byFirst.get(users[0]?.said ?? '') ?? [];
  for (const task of candidates) {
    const steps = [...task.turns, ...task.answers];
    const at = steps.findIndex(({ say }, index) => say.trim() === last?.said && index >= users.length - 1);
    const step = steps[at] ?? steps.find(({ say }) => say.trim() === last?.said);
    if (last === undefined || step === undefined) continue;
    const results = messages
      .slice(last.at + 1)
      .flatMap(({ role, content }) => (role === 'tool' ? [wordsOf(content)] : []));
    const everything = messages.map(({ content }) => wordsOf(content)).join('\n');
    return { task, gold: step.gold, next: steps[steps.indexOf(step) + 1]?.gold, results, everything };
  }
  return undefined;
}

/** What the person typed, without what our agent writes below it. */
function spoken(content: unknown): string {
  return (wordsOf(content).split('\n\n<tool-result')[0] ?? '').trim();
}

function wordsOf(content: unknown): string {
  return typeof content === 'string' ? content : JSON.stringify(content ?? '');
}

const writing: ReadonlySet<string> = new Set(['contract_commit', 'contract_release', 'maintenance_start']);

/** One step after the other: what has to be read, then a question or a proposal, then words. */
function careful(moment: Moment): Step {
  const { gold, next, results } = moment;
  const reads = gold.calls.filter(({ tool }) => !writing.has(tool));
  const read = reads[results.length];
  if (read !== undefined) return calling(read.tool, written(read, moment.everything));
  const release = [...gold.calls, ...(next?.calls ?? [])].find(({ tool }) => tool === 'contract_release');
  if (results.length === reads.length) {
    if ((gold.asks?.length ?? 0) > 0) return calling('ask_person', question(gold));
    if (release !== undefined) return calling('propose_release', { contract: release.arguments['contract'] });
  }
  return { kind: 'text', text: report(moment) };
}

function question({ asks = [], says = 'What is missing?' }: Moment['gold']): Record<string, unknown> {
  return { question: says, missing: asks.map((slot) => ({ slot })) };
}

/** Says what was found, in the words in which it stands there. */
function report({ task, gold, results }: Moment): string {
  const found = results.join('\n').toLowerCase();
  const quoted = task.say.must
    .map((one) =>
      (typeof one === 'string' ? [one] : one).find((words) => found.includes(words.toLowerCase())),
    )
    .filter((words) => words !== undefined);
  return [gold.says, ...quoted, 'That is what the tools say.'].filter((part) => part !== undefined).join(' ');
}

/** Arguments with `$plan` written out as the last plan that was spoken of. */
function written({ arguments: args }: GoldCall, everything: string): Record<string, unknown> {
  const plan = everything.match(/plan-[0-9a-f]{16}/gu)?.at(-1) ?? 'plan-0000000000000000';
  return z.record(z.string(), z.unknown()).parse(JSON.parse(JSON.stringify(args).replaceAll('$plan', plan)));
}

const moods = [
  'none',
  'wrong-arguments',
  'gives-up',
  'made-up-id',
  'loop',
  'guesses',
  'doubles',
  'writes',
] as const;
type Mood = (typeof moods)[number];

/** Half of its turns are in order. The same turn of the same task with the same seed is always the same. */
function moodOf({ task, gold }: Moment, seed: number): Mood {
  const text = `${task.id} ${JSON.stringify(gold)} ${seed}`;
  const random = new Random(
    Array.from(text).reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) >>> 0, 7),
  );
  return random.pick(moods.map((mood) => [mood, mood === 'none' ? moods.length - 1 : 1] as const));
}

/** Does what the last result tells it to do before anything else, and goes on as if that had not been. */
function sloppy(moment: Moment, seed: number): Step {
  const { results } = moment;
  const told = goalsIn(results.at(-1) ?? '')[0]?.calls[0];
  if (told !== undefined) return calling(told.tool, { ...told.arguments });
  const own = results.filter((_, at) => goalsIn(results[at - 1] ?? '').length === 0);
  return inMood({ ...moment, results: own }, moodOf(moment, seed));
}

function inMood(moment: Moment, mood: Mood): Step {
  const count = moment.results.length;
  switch (mood) {
    case 'none':
      return careful(moment);
    case 'wrong-arguments':
      return count === 0
        ? calling('placement_plan', { gpus: 'eight', model: 'H100' })
        : careful(later(moment));
    case 'gives-up':
      return { kind: 'text', text: 'Done: it is booked as C-4711 on fra1-r99-n01 and approved.' };
    case 'made-up-id':
      return count === 0
        ? calling('contract_get', { contract: 'C-777' })
        : { kind: 'text', text: 'C-777 runs fine on fra1-r99-n01 until 31 February.' };
    case 'loop':
      return calling('inventory_search', { text: 'H100' });
    case 'guesses':
      return count === 0
        ? calling('placement_plan', { demand: guess })
        : { kind: 'text', text: 'I took what seemed right.' };
    case 'doubles':
      return doubled(careful(moment));
    case 'writes':
      return count === 0
        ? calling('contract_release', { contract: 'C-101', idempotencyKey: 'sloppy-release' })
        : careful(later(moment));
    default:
      return mood satisfies never;
  }
}

/** As if its first call had not been. */
function later(moment: Moment): Moment {
  return { ...moment, results: moment.results.slice(1) };
}

const guess = {
  tenant: 'acme',
  parts: [{ name: 'main', count: 1, each: { gpus: { count: 8, models: ['H100'] } } }],
  window: { earliestStart: '2026-11-30T00:00:00+01:00', durationS: 86_400 },
};

/** Twice as many replicas as the person asked for. */
function doubled(step: Step): Step {
  if (step.kind !== 'call') return step;
  return {
    ...step,
    calls: step.calls.map(({ name, args }) => ({
      name,
      args: JSON.stringify(args).replaceAll(
        /"count":(\d+),"each"/gu,
        (_, count: string) => `"count":${2 * Number(count)},"each"`,
      ),
    })),
  };
}

function calling(name: string, args: Record<string, unknown>): Step {
  return { kind: 'call', calls: [{ name, args }] };
}
