import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { PastTurn, Turn } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { inJournal, type Journal, journaled } from '../../src/agent/journal.ts';
import { ChatAnswer, ChatSaid } from '../../src/model/chat-turn.ts';
import { type FakeFleet, fakeFleet } from './fleet.ts';

/** A journal in memory, whose turns went through JSON as those in a ledger do. */
class Notes implements Journal {
  readonly turns: PastTurn[] = [];

  async begin(said: ChatSaid) {
    const at = this.turns.push({ said: ChatSaid.parse(said), reader: 'built-in' }) - 1;
    return async (answer: ChatAnswer, reader: string) => {
      const kept = ChatAnswer.parse(JSON.parse(JSON.stringify(answer)));
      this.turns[at] = { said: ChatSaid.parse(said), reader, answer: kept };
    };
  }
}

type Recorded = { readonly notes: Notes; readonly fleet: FakeFleet; readonly turns: readonly Turn[] };

async function record(lines: readonly string[]): Promise<Recorded> {
  const [notes, fleet] = [new Notes(), fakeFleet()];
  const agent = journaled(createInterpreter({ toolbox: fleet }), notes);
  const turns: Turn[] = [];
  for (const line of lines) turns.push(await agent.turn(line));
  return { notes, fleet, turns };
}

/** What is the same about two turns, whatever time they took. */
function bare({ toolCalls, ...turn }: Turn) {
  return { ...turn, toolCalls: toolCalls.map(({ tool, args, ok }) => ({ tool, args, ok })) };
}

const lines = [
  '16 H100 with NVLink for 3 days from next Monday in fra1 for acme',
  'make it two weeks',
  'in ams2 instead',
  'and 8 more',
  'yes',
  'no',
  'same again but 24',
  'undo that',
  'list contracts',
  'the second one',
  'show C-101',
  'release it',
  '64 H100 for 2 days from tomorrow in fra1 for acme',
  'option 1',
  'for acme',
  'which nodes have 4 free H100?',
  'the first one',
  'what does it cost?',
  'why this plan',
  '8 H200 for a week',
  'do not do it',
  'is fra1-r12-n03 free',
  '',
  'blorp',
];

test('a chat that goes on at any turn answers and calls as if it had never stopped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...lines), { minLength: 2, maxLength: 7 }),
      fc.nat(),
      async (said, cut) => {
        const at = 1 + (cut % (said.length - 1));
        const whole = await record(said);
        const before = whole.notes.turns.slice(0, at);
        const fleet = fakeFleet();
        // The fleet has changed by what was done before: the same acts are done to the second one.
        const actor = createInterpreter({ toolbox: fleet });
        for (const line of said.slice(0, at)) await actor.turn(line);
        const resumed = createInterpreter({ toolbox: fleet });
        const remade = await resumed.recall(before);
        expect(remade.map(({ difference }) => difference)).toEqual(before.map(() => undefined));
        expect(remade.map(({ turn }) => bare(turn))).toEqual(whole.turns.slice(0, at).map(bare));
        const rest: Turn[] = [];
        for (const line of said.slice(at)) rest.push(await resumed.turn(line));
        expect(rest.map(bare)).toEqual(whole.turns.slice(at).map(bare));
      },
    ),
    { seed: 20261125, numRuns: 60 },
  );
}, 120_000);

test('recalling calls no tool, and forgets what was said before it', async () => {
  const { notes } = await record(['16 H100 for 3 days from next Monday in fra1 for acme']);
  const fleet = fakeFleet();
  const agent = createInterpreter({ toolbox: fleet });
  await agent.recall(notes.turns);
  expect(fleet.calls).toEqual([]);
  await agent.recall([]);
  expect((await agent.turn('yes')).reply).toContain('nothing waiting for a yes');
});

test('a plan that was offered is committed by a yes after it, with the key of that plan', async () => {
  const { notes, turns } = await record(['16 H100 for 3 days from next Monday in fra1 for acme']);
  const fleet = fakeFleet();
  const agent = createInterpreter({ toolbox: fleet });
  await agent.recall(notes.turns);
  expect((await agent.turn('yes')).outcome).toBe('committed');
  expect(fleet.last('contract_commit')).toMatchObject({ plan: turns[0]?.plan?.id });
});

const ended = (turns: readonly PastTurn[], change: (answer: ChatAnswer) => ChatAnswer): PastTurn[] =>
  turns.map((turn) => (turn.answer === undefined ? turn : { ...turn, answer: change(turn.answer) }));

test.each<[string, (answer: ChatAnswer) => ChatAnswer, RegExp]>([
  [
    'another reply',
    (answer) => ({ ...answer, reply: 'Planned nothing.' }),
    /^it says `Planned 16.*and said `Planned nothing/,
  ],
  [
    'another outcome',
    (answer) => ({ ...answer, outcome: 'denied' }),
    /^it comes to `planned`, and came to `denied`/,
  ],
  [
    'a call less',
    (answer) => ({ ...answer, calls: answer.calls.slice(0, 1) }),
    /^call 2 to `placement_plan` is new/,
  ],
  [
    'a call more',
    (answer) => ({ ...answer, calls: [...answer.calls, ...answer.calls] }),
    /^call 3 to `inventory_summary` is not made/,
  ],
  [
    'other arguments',
    (answer) => ({ ...answer, calls: answer.calls.map((call) => ({ ...call, args: { detail: 'none' } })) }),
    /^call 1 to `inventory_summary` has other arguments/,
  ],
])('%s is the first difference, and what it came to counts', async (_, change, difference) => {
  const { notes, turns } = await record(['16 H100 for 3 days from next Monday in fra1 for acme']);
  const agent = createInterpreter({ toolbox: fakeFleet() });
  const [first] = await agent.recall(ended(notes.turns, change));
  expect(first?.difference).toMatch(difference);
  expect(first?.turn.plan?.id).toBe(
    notes.turns[0]?.answer &&
      change(notes.turns[0].answer).calls.some(({ tool }) => tool === 'placement_plan')
      ? turns[0]?.plan?.id
      : undefined,
  );
});

test('what another reader read leaves its plan, and nothing else is made of it', async () => {
  const { notes } = await record(['16 H100 for 3 days from next Monday in fra1 for acme']);
  const fleet = fakeFleet();
  const agent = createInterpreter({ toolbox: fleet });
  const byModel = notes.turns.map((turn) => ({ ...turn, reader: 'gpt-x at example' }));
  const [first] = await agent.recall(byModel);
  expect(first?.difference).toBeUndefined();
  expect((await agent.turn('yes')).outcome).toBe('committed');
});

test('turns that were erased or never ended are passed over', async () => {
  const { notes } = await record([
    '16 H100 for 3 days from next Monday in fra1 for acme',
    'make it two weeks',
  ]);
  const [plan, change] = notes.turns;
  if (plan === undefined || change?.said === undefined) throw new Error('two turns');
  const agent = createInterpreter({ toolbox: fakeFleet() });
  const past = [{ reader: 'built-in' }, plan, { reader: 'built-in', said: change.said }];
  const remade = await agent.recall(past);
  expect(remade.map(({ turn }) => turn.outcome)).toEqual(['error', 'planned', 'error']);
  expect((await agent.turn('yes')).outcome).toBe('committed');
});

test('a turn that was stopped is stopped again at the same place', async () => {
  const notes = new Notes();
  const stop = new AbortController();
  const agent = journaled(createInterpreter({ toolbox: fakeFleet() }), notes);
  await agent.turn('16 H100 for 3 days from next Monday in fra1 for acme', {
    signal: stop.signal,
    onEvent: ({ kind }) => (kind === 'tool-ended' ? stop.abort() : undefined),
  });
  const [first] = await createInterpreter({ toolbox: fakeFleet() }).recall(notes.turns);
  expect(first?.difference).toBeUndefined();
  expect(first?.turn.error?.code).toBe('INTERRUPTED');
});

test('what an agent throws ends its turn in the journal too, with the calls that were made', async () => {
  const notes = new Notes();
  const said = { kind: 'said', text: 'hello' } as const;
  const run = inJournal(notes, { said, reader: () => 'built-in', options: {} }, async ({ onEvent }) => {
    const call = { tool: 'ledger_search', args: {}, ok: true, tookMs: 3.6 };
    onEvent?.({ kind: 'tool-started', ...call });
    onEvent?.({ kind: 'tool-ended', call, answer: { ok: true, content: { a: 1 } } });
    throw new Error('broken');
  });
  await expect(run).rejects.toThrow('broken');
  expect(notes.turns[0]?.answer).toMatchObject({
    outcome: 'error',
    error: { code: 'INTERNAL', message: 'broken' },
    calls: [{ tool: 'ledger_search', answer: { ok: true, content: { a: 1 } } }],
  });
});
