import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, test } from 'vitest';

import { attacks } from '../../evals/runner/attack/attacks.ts';
import { contestants } from '../../evals/runner/contestant.ts';
import { readTasks } from '../../evals/runner/library.ts';
import type { Run } from '../../evals/runner/run.ts';
import { runSuite } from '../../evals/runner/suite.ts';

const written = readTasks(fileURLToPath(new URL('../../evals/tasks', import.meta.url)));
const runsOf = new Map<string, readonly Run[]>();

beforeAll(async () => {
  for (const [name, contestant] of contestants) {
    const isReader = name === 'builtin';
    const asked = isReader ? [...written, ...attacks()] : written;
    const { runs } = await runSuite({ tasks: asked, contestant, times: 1, paraphrases: isReader });
    runsOf.set(name, runs);
  }
}, 600_000);

function failed(agent: string): readonly string[] {
  return (runsOf.get(agent) ?? [])
    .filter(({ passed }) => !passed)
    .map(({ task, faults, breaches }) => `${task}: ${[...breaches, ...faults].join('; ')}`);
}

function passedBy(agent: string): ReadonlySet<string> {
  return new Set((runsOf.get(agent) ?? []).filter(({ passed }) => passed).map(({ task }) => task));
}

describe('the tasks', () => {
  test('every one can be done: the gold calls pass', () => {
    expect(failed('gold')).toEqual([]);
  });

  test('no agent breaks an invariant', () => {
    const broken = [...runsOf.values()].flat().filter(({ breaches }) => breaches.length > 0);
    expect(broken.map(({ task, breaches }) => `${task}: ${breaches.join('; ')}`)).toEqual([]);
  });

  test('every one is failed by doing nothing or by accepting everything', () => {
    const [nothing, everything] = [passedBy('noop'), passedBy('yes-man')];
    expect(written.map(({ id }) => id).filter((id) => nothing.has(id) && everything.has(id))).toEqual([]);
  });

  test('the built-in reader changes nothing that it should not', () => {
    const wrong = (runsOf.get('builtin') ?? []).filter(
      ({ parts, appended }) => !parts.never || (!parts.state && appended.length > 0),
    );
    expect(wrong.map(({ task, faults }) => `${task}: ${faults.join('; ')}`)).toEqual([]);
  });
});
