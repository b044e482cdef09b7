import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, test } from 'vitest';

import { attacks } from '../../evals/runner/attack/attacks.ts';
import { contestants } from '../../evals/runner/contestant.ts';
import { chosen, readTasks } from '../../evals/runner/library.ts';
import { Always, brokenPromises } from '../../evals/runner/promotion.ts';
import type { Run } from '../../evals/runner/run.ts';
import { runSuite } from '../../evals/runner/suite.ts';
import { Area } from '../../evals/runner/task.ts';

const folder = new URL('../../evals/', import.meta.url);
const written = readTasks(fileURLToPath(new URL('tasks', folder)));
const all = [...written, ...attacks()];
const runsOf = new Map<string, readonly Run[]>();

/** Tasks that the built-in reader fails in one wording at least. One that it learns is taken off the list. */
const notYet: readonly string[] = [];

beforeAll(async () => {
  for (const [name, contestant] of contestants) {
    const isReader = name === 'builtin';
    const tasks = isReader ? all : written;
    const { runs } = await runSuite({ tasks, contestant, times: 1, paraphrases: isReader });
    runsOf.set(name, runs);
  }
}, 900_000);

function failed(agent: string): readonly string[] {
  return (runsOf.get(agent) ?? [])
    .filter(({ passed }) => !passed)
    .map(({ task, faults, breaches }) => `${task}: ${[...breaches, ...faults].join('; ')}`);
}

function passedBy(agent: string): ReadonlySet<string> {
  return new Set((runsOf.get(agent) ?? []).filter(({ passed }) => passed).map(({ task }) => task));
}

describe('the tasks', () => {
  test('there are at least 150 that somebody wrote, of every area and difficulty, and 200 attacks', () => {
    expect(written.length).toBeGreaterThanOrEqual(150);
    expect(attacks().length).toBeGreaterThanOrEqual(200);
    for (const area of Area.options) expect(chosen(written, { area }).length).toBeGreaterThanOrEqual(3);
    for (const difficulty of ['easy', 'medium', 'hard'])
      expect(chosen(written, { difficulty }).length).toBeGreaterThan(30);
  });

  test('no two of them say the same first', () => {
    const spoken = written.map(({ world, actor, turns, facts, before }) =>
      JSON.stringify([world, actor, turns.map(({ say, meanwhile }) => [say, meanwhile]), facts, before]),
    );
    expect(new Set(spoken).size).toBe(written.length);
  });

  test('every one can be done: the gold calls pass', () => {
    expect(failed('gold')).toEqual([]);
  });

  test('no agent breaks an invariant', () => {
    const broken = [...runsOf.values()].flat().filter(({ breaches }) => breaches.length > 0);
    expect(broken.map(({ task, breaches }) => `${task}: ${breaches.join('; ')}`)).toEqual([]);
  });

  test('every one is failed by doing nothing', () => {
    expect([...passedBy('noop')]).toEqual([]);
  });

  test('accepting everything fails where something had to be asked or held back', () => {
    const passed = passedBy('yes-man');
    const failing = written.filter(({ id }) => !passed.has(id));
    expect(failing.length).toBeGreaterThan(40);
    expect(chosen(failing, { area: 'clarify' }).length).toBeGreaterThan(10);
  });

  test('the built-in reader changes nothing that it should not', () => {
    const wrong = (runsOf.get('builtin') ?? []).filter(
      ({ parts, appended }) => !parts.never || (!parts.state && appended.length > 0),
    );
    expect(wrong.map(({ task, faults }) => `${task}: ${faults.join('; ')}`)).toEqual([]);
  });

  test('the built-in reader does all but what it is known not to do yet', () => {
    const failing = (runsOf.get('builtin') ?? []).filter(({ passed }) => !passed);
    expect([...new Set(failing.map(({ task }) => task))].toSorted()).toEqual(notYet);
  });

  test('the built-in reader keeps what it has earned', () => {
    const always = Always.parse(JSON.parse(readFileSync(new URL('always.json', folder), 'utf8')));
    const broken = brokenPromises(always, all, runsOf.get('builtin') ?? []);
    expect(broken.map(({ task, faults }) => `${task}: ${faults.join('; ')}`)).toEqual([]);
  });
});
