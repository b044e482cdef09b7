import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, describe, expect, test } from 'vitest';

import { type Contestant, contestants, type Reply } from '../../evals/runner/contestant.ts';
import { Journal } from '../../evals/runner/journal.ts';
import { chosen, readTasks } from '../../evals/runner/library.ts';
import { sayings } from '../../evals/runner/person.ts';
import { type Always, promotionOf, taskDigest } from '../../evals/runner/promotion.ts';
import type { Run } from '../../evals/runner/run.ts';
import { runSuite, type SuiteOptions } from '../../evals/runner/suite.ts';
import { Task } from '../../evals/runner/task.ts';

const tasks = readTasks(fileURLToPath(new URL('../../evals/tasks', import.meta.url)));
const few = chosen(tasks, { only: 'refuse-' }).slice(0, 4);
const folder = mkdtempSync(join(tmpdir(), 'berth-playing-'));

afterAll(() => rmSync(folder, { recursive: true }));

const reply = (text: string): Reply => ({ text, asked: [], outcome: 'answered' });

/** Answers after a while of its own, and says with which seed it sat down. */
function slow(
  usage = { modelCalls: 1, inputTokens: 100, outputTokens: 10 },
): Contestant & { seats: number[]; most: number } {
  let now = 0;
  const one = {
    kind: 'inside' as const,
    name: 'slow',
    seats: [] as number[],
    most: 0,
    join({ seed }: { readonly seed: number }) {
      one.seats.push(seed);
      return {
        turn: async () => {
          now += 1;
          one.most = Math.max(one.most, now);
          await new Promise((resolve) => setTimeout(resolve, 5 * (3 - (seed % 3))));
          now -= 1;
          return { ...reply('no'), usage };
        },
      };
    },
  };
  return one;
}

function nameOf({ task, attempt }: Run): string {
  return `${task} ${attempt}`;
}

function play(contestant: Contestant, options: Partial<SuiteOptions> = {}) {
  return runSuite({ tasks: few, contestant, times: 3, paraphrases: false, ...options });
}

describe('a suite', () => {
  test('side by side comes out in the same order as one after the other', { timeout: 60_000 }, async () => {
    const [one, many] = [slow(), slow()];
    const first = (await play(one)).runs.map(nameOf);
    expect((await play(many, { lanes: 4 })).runs.map(nameOf)).toEqual(first);
    expect(one.most).toBe(1);
    expect(many.most).toBeGreaterThan(1);
    expect(many.most).toBeLessThanOrEqual(4);
    expect(first).toHaveLength(12);
  });

  test('gives each time the next seed', async () => {
    const one = slow();
    await play(one, { seed: 40 });
    expect(one.seats).toEqual(few.flatMap(() => [40, 41, 42]));
  });

  test.each([
    [{ tokens: 330 }, '330 tokens were used'],
    [{ modelCalls: 4 }, '4 model calls were made'],
    [{ eur: 0.0005, prices: { inputEur: 1, outputEur: 10 } }, '0.0005 EUR were spent'],
    [{ minutes: 0 }, '0 minutes have passed'],
  ])('stops at a budget of %j', async (budget, why) => {
    const { runs, stopped } = await play(slow(), { budget });
    expect(stopped).toBe(why);
    expect(runs.length).toBeLessThan(12);
    const turns = runs.reduce((sum, run) => sum + run.usage.modelCalls, 0);
    expect(turns).toBeLessThanOrEqual(4 + 2);
  });

  test('goes on where it was stopped, and only with the very same tasks', async () => {
    const file = join(folder, 'runs.jsonl');
    const journal = Journal.open(file, { agent: 'noop', seed: 0 });
    const noop = contestants.get('noop');
    const [first] = few;
    if (noop === undefined || first === undefined) throw new Error('nothing to play');
    await play(noop, { tasks: [first], times: 1, onRun: (run) => journal.add(first, run) });
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"of":"half a li`);
    const again = Journal.open(file, { agent: 'noop', seed: 0 });
    expect(again.size).toBe(1);
    const one = slow();
    await play(one, { times: 1, known: (wanted) => again.known(wanted) });
    expect(one.seats).toHaveLength(few.length - 1);
    expect(again.known({ task: { ...first, tags: ['other'] }, paraphrase: 0, attempt: 0 })).toBeUndefined();
    expect(() => Journal.open(file, { agent: 'builtin', seed: 0 })).toThrow('holds runs of `noop`');
  });
});

describe('the person of a script', () => {
  const task = Task.parse({
    id: 'talk',
    area: 'clarify',
    difficulty: 'easy',
    actor: { as: 'person:ada' },
    turns: [{ say: 'begin' }],
    answers: [
      { when: { asks: 'length' }, say: '3 days' },
      { when: { says: 'DEAR' }, say: 'cheaper', atMost: 2 },
      { when: { offers: 'plan' }, say: 'yes' },
    ],
    end: {},
  });

  test('answers by its table, each answer as often as it may, and then is silent', () => {
    const person = sayings(task, 0);
    const asks = { ...reply('how long?'), asked: ['length'] };
    const dear = { ...reply('that is dear'), offers: true };
    expect(person.next()?.say).toBe('begin');
    expect(person.next(asks)?.say).toBe('3 days');
    expect(person.next(asks)).toBeUndefined();
    expect([dear, dear, dear].map((last) => person.next(last)?.say)).toEqual(['cheaper', 'cheaper', 'yes']);
    expect(person.next(dear)).toBeUndefined();
  });

  test('has nothing to say to what it does not know', () => {
    const person = sayings(task, 0);
    person.next();
    expect(person.next(reply('fine'))).toBeUndefined();
  });
});

describe('what must always pass', () => {
  const [task] = few;
  const digest = task === undefined ? '' : taskDigest(task);
  const id = task?.id ?? '';
  const report = (passed: boolean, of = digest) => ({
    agent: 'builtin',
    tasks: [{ id, digest: of }],
    runs: [
      { task: id, passed: true },
      { task: id, passed },
    ],
  });
  const none: Always = { schema: 'berth/eval-always/1', agent: 'builtin', tasks: {} };
  const one: Always = { ...none, tasks: { [id]: digest } };
  const seven = (last: boolean) => [...Array.from({ length: 6 }, () => report(true)), report(last)];

  test.each([
    ['seven whole reports earn it', none, seven(true), [id], []],
    ['six do not', none, seven(true).slice(1), [], []],
    ['one failed run in seven does not', none, seven(false), [], []],
    ['what failed in the last report has to earn it again', one, [report(false)], [], [id]],
    ['what passed in the last one keeps it', one, [report(true)], [], []],
    ['another task of the same name has to earn it too', one, [report(true, 'other')], [], [id]],
    ['no report changes nothing', one, [], [], []],
  ])('%s', (_, before, reports, promoted, demoted) => {
    expect(promotionOf(before, reports)).toMatchObject({ promoted, demoted });
  });
});
