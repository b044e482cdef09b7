import { expect, test } from 'vitest';

import type { Toolbox, ToolAnswer, ToolProgress } from '../../src/agent/agent.ts';
import { nothingOpen } from '../../src/chat/conversation.ts';
import { contextOf, createLookups } from '../../src/chat/look.ts';
import { Path } from '../../src/model/id.ts';
import { allPictures } from './pictured.ts';
import { approvals, plan, samples, turnOf } from './samples.ts';

/** Tools that answer from a list, and write down what they were asked. */
function toolbox(answers: Readonly<Record<string, unknown>>) {
  const asked: unknown[] = [];
  const box: Toolbox = {
    call: (tool, args, options = {}) => {
      asked.push([tool, args]);
      options.onProgress?.({ done: 1, total: 2 });
      const content = answers[tool];
      return Promise.resolve(
        content === undefined
          ? { ok: false, error: { code: 'FORBIDDEN', message: 'not yours', fix: 'ask', retryable: false } }
          : { ok: true, content },
      );
    },
  };
  return { asked, box };
}

const open = (answers: Readonly<Record<string, unknown>>) => {
  const { asked, box } = toolbox(answers);
  const places: unknown[] = [];
  const picture = (place: string, window?: unknown) => {
    places.push([place, window]);
    return place === 'nowhere' ? Promise.reject(new Error('no such place')) : Promise.resolve(allPictures);
  };
  return { asked, places, lookups: createLookups({ toolbox: box, picture, now: () => 0 }) };
};

test('events are asked for by place, and none is said in words', async () => {
  const list = samples.events.list;
  const { asked, lookups } = open({ event_search: list });
  expect(await lookups.look({ kind: 'events', place: 'r12' }, {})).toMatchObject({
    outcome: 'answered',
    shown: [{ kind: 'events' }],
  });
  expect(asked).toEqual([['event_search', { limit: 20, within: 'r12' }]]);
  const none = open({ event_search: { ...list, events: [], total: 0 } });
  expect(await none.lookups.look({ kind: 'events', place: '' }, {})).toMatchObject({ shown: [] });
});

test('approvals are counted by what is open, and nobody is told that a chat could say yes', async () => {
  const { asked, lookups } = open({ approval_list: approvals });
  const turn = await lookups.look({ kind: 'approvals', all: true }, {});
  expect(asked).toEqual([['approval_list', { all: true, limit: 50 }]]);
  expect(turn).toMatchObject({ outcome: 'answered', shown: [{ kind: 'approvals' }] });
  expect(turn.reply).toMatch(/^1 act waits for a person\. Nobody can say yes in a chat/);
  const none = open({ approval_list: { ...approvals, approvals: [], total: 0 } });
  expect(await none.lookups.look({ kind: 'approvals', all: false }, {})).toMatchObject({
    reply: 'Nothing waits for a person.',
    shown: [],
  });
});

test.each([
  ['', { limit: 20 }],
  ['c-101', { contract: 'C-101', limit: 20 }],
  ['olga', { principal: 'person:olga', limit: 20 }],
  ['agent:ops-bot', { principal: 'agent:ops-bot', limit: 20 }],
])('the ledger is asked about `%s` as %j', async (who, query) => {
  const { asked, lookups } = open({ ledger_search: samples.audit.list });
  expect((await lookups.look({ kind: 'audit', who }, {})).shown).toHaveLength(1);
  expect(asked).toEqual([['ledger_search', query]]);
});

test('what a tool refuses is the answer, with the call on record', async () => {
  const { lookups } = open({});
  const turn = await lookups.look({ kind: 'policy', tenant: 'acme' }, {});
  expect(turn).toMatchObject({ outcome: 'error', error: { code: 'FORBIDDEN' } });
  expect(turn.toolCalls).toMatchObject([{ tool: 'policy_check', ok: false, args: { tenant: 'acme' } }]);
});

test('whoever listens hears each call, how far it is, and its whole answer', async () => {
  const heard: string[] = [];
  const progress: ToolProgress[] = [];
  const answers: ToolAnswer[] = [];
  const { lookups } = open({ policy_check: samples.policy.check });
  await lookups.look(
    { kind: 'policy', tenant: 'initech-bank', site: 'iad3' },
    {
      onEvent: (event) => {
        heard.push(event.kind);
        if (event.kind === 'tool-progress') progress.push(event.progress);
        if (event.kind === 'tool-ended') answers.push(event.answer);
      },
    },
  );
  expect(heard).toEqual(['tool-started', 'tool-progress', 'tool-ended']);
  expect(progress).toEqual([{ done: 1, total: 2 }]);
  expect(answers).toEqual([{ ok: true, content: samples.policy.check }]);
});

test('a plan is drawn with its rack over its own time; without a picture it is drawn all the same', async () => {
  const { places, lookups } = open({});
  const racks = await lookups.racks(plan);
  expect(places).toEqual([['fra1/h1/r12', { fromMs: plan.startMs, toMs: plan.endMs }]]);
  expect(racks.every(({ kind }) => kind === 'rack')).toBe(true);
  const failing = { ...lookups, racks: () => Promise.reject(new Error('closed')) };
  const turn = turnOf({ outcome: 'planned', plan });
  expect(await contextOf(turn, { ...nothingOpen, plan }, failing)).toEqual({ racks: [], plan });
  expect(await contextOf(turnOf({}), nothingOpen, failing)).toEqual({ racks: [] });
});

test('a plan over more racks than a person reads at once has no picture', async () => {
  const { places, lookups } = open({});
  const [part] = plan.parts;
  const [member] = part?.members ?? [];
  if (part === undefined || member === undefined) throw new Error('the sample has a member');
  const members = Array.from({ length: 5 }, (_, i) => ({ ...member, node: Path.parse(`fra1/h1/r${i}/n01`) }));
  expect(await lookups.racks({ ...plan, parts: [{ ...part, members }] })).toEqual([]);
  expect(places).toEqual([]);
});
