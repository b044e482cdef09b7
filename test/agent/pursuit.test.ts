import { describe, expect, test } from 'vitest';

import type { Agent, Toolbox, Turn } from '../../src/agent/agent.ts';
import { CallTally } from '../../src/agent/pursuit/call-tally.ts';
import { goalsIn } from '../../src/agent/pursuit/goals.ts';
import { type Journal, pursue, type Pursuit } from '../../src/agent/pursuit/pursue.ts';
import { ApprovalView } from '../../src/model/approval-view.ts';
import type { Note, RunEnd } from '../../src/model/run.ts';
import { change, operations, planned } from '../mcp/answers.ts';

describe('the sentences of a goal', () => {
  test.each([
    ['one', ['8 H100 for acme'], ['8 H100 for acme']],
    ['two', ['List contracts. Release C-104.'], ['List contracts.', 'Release C-104.']],
    ['lines of a list', ['- first\n2) second\n\n3. third'], ['first', 'second', 'third']],
    ['several words on a command line', ['one', 'two; three'], ['one', 'two', 'three']],
    ['a number is not two', ['2.5 kW for acme'], ['2.5 kW for acme']],
    ['a time is not two', ['from 10 a.m. tomorrow for acme'], ['from 10 a.m. tomorrow for acme']],
    ['a month is not two', ['until 4 Dec. 2026 for acme'], ['until 4 Dec. 2026 for acme']],
    ['an abbreviation is not two', ['e.g. r12 of acme'], ['e.g. r12 of acme']],
    ['a question ends one', ['What is free? Drain n02.'], ['What is free?', 'Drain n02.']],
    ['nothing', ['', ' . ', '\n'], []],
  ])('%s', (_, said, goals) => {
    expect(goalsIn(said)).toEqual(goals);
  });
});

const nothing = { shown: [], unread: [], toolCalls: [] };
const answered: Turn = { ...nothing, outcome: 'answered', reply: 'so it is' };
const { plan } = planned();
if (plan === undefined) throw new Error('the fake answer has no plan');
const aPlan: Turn = { ...nothing, outcome: 'planned', reply: 'planned', plan };
const committed: Turn = {
  ...nothing,
  outcome: 'committed',
  reply: 'done',
  shown: [{ kind: 'change', change: change('committed') }],
};
const denied: Turn = { ...nothing, outcome: 'denied', reply: 'no' };

/** An agent that answers in this order, and remembers what it was asked. */
function scripted(...turns: readonly Turn[]): { readonly agent: Agent; readonly asked: string[] } {
  const asked: string[] = [];
  const next = (said: string): Promise<Turn> => {
    asked.push(said);
    return Promise.resolve(turns[asked.length - 1] ?? answered);
  };
  return { agent: { name: 'test', turn: next, confirm: ({ id }) => next(`yes to ${id}`) }, asked };
}

function parts(
  agent: Agent,
  barriers: readonly (RunEnd | undefined)[] = [],
  more: Partial<Pursuit> = {},
): { readonly pursuit: Pursuit; readonly notes: Note[] } {
  const notes: Note[] = [];
  let count = 0;
  const journal: Journal = {
    barrier: () => Promise.resolve(barriers[count++]),
    note: (note) => Promise.resolve(void notes.push(note)),
    deed: () => Promise.resolve(7),
  };
  return { pursuit: { agent, journal, tally: new CallTally(10), ...more }, notes };
}

function waitingFor(id = 'A-1'): ApprovalView {
  return ApprovalView.parse({
    id,
    state: 'open',
    action: 'commit',
    expiresAtMs: 1,
    tier: 3,
    persons: 1,
    summary: 'it wants to',
    why: [],
    need: { gpus: 1, blastGpus: 1 },
    requestedBy: { principal: 'agent:ops-bot' },
    requestedAt: 'now',
    expires: 'soon',
    mayDecide: [],
    yes: [],
    digest: `sha256:${'a'.repeat(64)}`,
    command: `berth approve ${id}`,
  });
}

describe('pursuing a goal', () => {
  test('says what is proposed before it is done, and what came of it', async () => {
    const { agent, asked } = scripted(aPlan, committed);
    const { pursuit, notes } = parts(agent);
    expect((await pursue(['16 GPUs'], pursuit)).end).toBe('done');
    expect(asked).toEqual(['16 GPUs', `yes to ${plan.id}`]);
    expect(notes.map(({ proposed, did }) => [proposed?.how, did?.result])).toEqual([
      ['plan', undefined],
      ['plan', 'done'],
    ]);
  });

  test('does nothing of a sentence of which a word was not read', async () => {
    const { agent, asked } = scripted({ ...aPlan, unread: ['except'] });
    const { pursuit } = parts(agent);
    expect((await pursue(['a', 'b'], pursuit)).end).toBe('not-read');
    expect(asked).toEqual(['a']);
  });

  test.each(['stopped', 'mandate', 'time'] as const)(
    '%s between plan and commit: nothing is done',
    async (end) => {
      const { agent, asked } = scripted(aPlan, committed);
      const { pursuit, notes } = parts(agent, [undefined, end]);
      const { end: why, steps } = await pursue(['a'], pursuit);
      expect([why, asked, steps[0]?.deeds]).toEqual([end, ['a'], []]);
      expect(notes).toHaveLength(1);
    },
  );

  test('interrupted between plan and commit: nothing is done', async () => {
    const stop = new AbortController();
    const { agent, asked } = scripted(aPlan, committed);
    const { pursuit } = parts(agent, [], { signal: stop.signal });
    const journal = { ...pursuit.journal, note: () => Promise.resolve(stop.abort()) };
    expect((await pursue(['a'], { ...pursuit, journal })).end).toBe('interrupted');
    expect(asked).toEqual(['a']);
  });

  test('interrupted while it commits: the deed is done and noted, the next one not begun', async () => {
    const stop = new AbortController();
    const { agent, asked } = scripted(aPlan, committed);
    const slow: Agent = {
      ...agent,
      confirm: (one, options) => {
        stop.abort();
        expect(options?.signal).toBeUndefined();
        return agent.confirm(one, options);
      },
    };
    const { pursuit, notes } = parts(slow, [], { signal: stop.signal });
    const { end, steps } = await pursue(['a', 'b'], pursuit);
    expect([end, asked.length, steps.length]).toEqual(['interrupted', 2, 1]);
    expect(notes.at(-1)?.did?.result).toBe('done');
  });

  test('ends at the first no, or goes on where that is wanted', async () => {
    const first = scripted(denied);
    expect((await pursue(['a', 'b'], parts(first.agent).pursuit)).end).toBe('refused');
    expect(first.asked).toEqual(['a']);
    const second = scripted(denied);
    const going = parts(second.agent, [], { goesOn: true });
    expect((await pursue(['a', 'b'], going.pursuit)).end).toBe('refused');
    expect(second.asked).toEqual(['a', 'b']);
  });

  test('plans anew what no longer holds, a few times', async () => {
    const stale: Turn = { ...aPlan, outcome: 'stale' };
    const { agent, asked } = scripted(aPlan, stale, stale, stale, committed);
    const { pursuit, notes } = parts(agent);
    expect((await pursue(['a'], pursuit)).end).toBe('refused');
    expect(asked).toHaveLength(4);
    expect(notes.filter(({ did }) => did?.result === 'again')).toHaveLength(3);
  });

  test('of what waits for a person it waits where it may, and heeds the word', async () => {
    const [approval] = operations.operations;
    const asked = {
      ...change('committed'),
      decision: 'pending_approval' as const,
      approval: waitingFor(approval?.id),
    };
    const waiting: Turn = {
      ...nothing,
      outcome: 'pending_approval',
      reply: 'not yet',
      shown: [{ kind: 'change', change: asked }],
    };
    for (const [word, end] of [
      ['yes', 'done'],
      ['no', 'refused'],
      ['waiting', 'waiting'],
      ['stopped', 'stopped'],
    ] as const) {
      const { pursuit } = parts(scripted(aPlan, waiting).agent);
      const journal = { ...pursuit.journal, word: () => Promise.resolve(word) };
      expect((await pursue(['a'], { ...pursuit, journal })).end).toBe(end);
    }
    expect((await pursue(['a'], parts(scripted(aPlan, waiting).agent).pursuit)).end).toBe('waiting');
  });

  test('asks a model again after each deed, and not for ever', async () => {
    const turns = Array.from({ length: 60 }, (_, at) => (at % 2 === 0 ? aPlan : committed));
    const { agent, asked } = scripted(...turns);
    const { pursuit } = parts(agent, [], { asksAgain: true });
    expect((await pursue(['all of it'], pursuit)).end).toBe('done');
    expect(asked.length).toBeLessThanOrEqual(26);
    expect(asked[2]).toContain('If anything of the goal is still open');
  });
});

describe('the tally', () => {
  test('gives as many answers as there may be, over all toolboxes together', async () => {
    let reached = 0;
    const toolbox: Toolbox = { call: () => Promise.resolve({ ok: true, content: (reached += 1) }) };
    const tally = new CallTally(3);
    const [one, other] = [tally.through(toolbox), tally.through(toolbox)];
    for (const box of [one, other, one, other, one]) await box.call('inventory_summary', {});
    expect([reached, tally.count, tally.isSpent]).toEqual([3, 3, true]);
    expect(tally.take()).toHaveLength(3);
    expect(tally.take()).toEqual([]);
    const refused = await other.call('contract_commit', {});
    expect(refused).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
  });
});
