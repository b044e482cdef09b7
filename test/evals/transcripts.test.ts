import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, describe, expect, test } from 'vitest';

import { readTasks } from '../../evals/runner/library.ts';
import { figures } from '../../evals/runner/metrics.ts';
import { modelContestant, replayContestant } from '../../evals/runner/model-player.ts';
import type { Run } from '../../evals/runner/run.ts';
import { runSuite } from '../../evals/runner/suite.ts';
import { messageIn, streamed } from '../../evals/runner/wire.ts';
import { fakeModels } from './fake-models.ts';

const folder = new URL('../../evals/', import.meta.url);
const written = readTasks(fileURLToPath(new URL('tasks', folder)));
const some = written.filter(({ area }) => area === 'clarify' || area === 'multi-turn' || area === 'ops');
const kept = (model: string) => fileURLToPath(new URL(`transcripts/${model}.jsonl`, folder));
const scratch = mkdtempSync(join(tmpdir(), 'berth-transcripts-'));

afterAll(() => rmSync(scratch, { recursive: true }));

const said = (runs: readonly Run[]) =>
  runs.map(({ task, passed, turns }) => [task, passed, turns.map(({ text }) => text)]);

async function replay(file: string) {
  const contestant = await replayContestant(`replay:${file}`);
  return (await runSuite({ tasks: some, contestant, times: 1, paraphrases: false })).runs;
}

describe('a recording', () => {
  test.each(['careful', 'sloppy'])(
    'of the %s model says again what it said, to the word; `npm run transcripts` makes it anew',
    { timeout: 300_000 },
    async (model) => {
      const endpoint = await fakeModels(written);
      const contestant = await modelContestant(`openai:${model}@${endpoint.url}`, {});
      const { runs } = await runSuite({ tasks: some, contestant, times: 1, paraphrases: false });
      await endpoint.close();
      const again = await replay(kept(model));
      expect(again.filter(({ stale }) => stale === true).map(({ task }) => task)).toEqual([]);
      expect(said(again)).toEqual(said(runs));
      expect(again.flatMap(({ breaches }) => breaches)).toEqual([]);
    },
  );

  test('the sloppy one fails where the careful one does not', { timeout: 300_000 }, async () => {
    const careful = (await replay(kept('careful'))).filter(({ passed }) => passed);
    const sloppy = (await replay(kept('sloppy'))).filter(({ passed }) => passed);
    expect(careful.length).toBeGreaterThan(some.length * 0.9);
    expect(sloppy.length).toBeLessThan(some.length * 0.85);
  });

  test('that does not know a question is stale, and scores nothing', { timeout: 120_000 }, async () => {
    const file = join(scratch, 'other.jsonl');
    writeFileSync(file, readFileSync(kept('careful'), 'utf8').split('\n').slice(0, 1).join('\n'));
    const runs = await replay(file);
    const asked = runs.filter(({ usage, stale }) => usage.modelCalls > 0 || stale === true);
    expect(asked.length).toBe(some.length);
    expect(asked.every(({ stale, passed }) => stale === true && !passed)).toBe(true);
    const found = figures(some, runs, { k: 1 });
    expect(found.stale).toBe(some.length);
    expect(found.areas.at(-1)?.pass1.of).toBe(0);
  });

  test('is refused where the file is none', async () => {
    writeFileSync(join(scratch, 'none.jsonl'), '{"a":1}\n');
    await expect(replayContestant(`replay:${join(scratch, 'none.jsonl')}`)).rejects.toThrow('no recording');
    await expect(replayContestant(`replay:${join(scratch, 'absent')}`)).rejects.toThrow('no recording');
  });
});

describe('an answer on the wire', () => {
  const message = {
    text: 'é "quoted" ',
    calls: [
      { name: 'placement_plan', args: '{"not": json' },
      { name: 'ask_person', args: '{}' },
    ],
    finish: 'tool_calls',
    usage: { input: 7, output: 3 },
  };

  test('comes out of a stream as it went in, broken arguments and all', () => {
    expect(messageIn(streamed(message))).toEqual(message);
    expect(messageIn(streamed({ text: '', refusal: 'no', calls: [], finish: 'stop' }))).toEqual({
      text: '',
      refusal: 'no',
      calls: [],
      finish: 'stop',
    });
  });

  test('may be cut anywhere, or come at once', () => {
    const pieces = [
      '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"a","arguments":"{"}}]}}]}',
    ];
    pieces.push(
      '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]},"finish_reason":"tool_calls"}]}',
    );
    const cut = pieces.map((piece) => `data: ${piece}\n\n`).join('');
    const whole = { text: '', calls: [{ name: 'a', args: '{}' }], finish: 'tool_calls' };
    expect(messageIn(`${cut}data: [DONE]\n\n`)).toEqual(whole);
    const once = {
      choices: [
        {
          message: { content: null, tool_calls: [{ function: { name: 'a', arguments: '{}' } }] },
          finish_reason: 'tool_calls',
        },
      ],
    };
    expect(messageIn(JSON.stringify(once))).toEqual(whole);
  });
});
