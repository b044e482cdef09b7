import { describe, expect, test } from 'vitest';

import { createInterpreter } from '../../src/agent/interpreter.ts';
import { fakeFleet } from './fleet.ts';
import { planned, talk } from './say.ts';

const first = '8 H100 for acme for 3 days from next Monday';

describe('amending', () => {
  const plain = {
    tenant: 'acme',
    window: { earliestStart: '2026-11-30T00:00:00+01:00', durationS: 259_200 },
  };
  const changes: readonly (readonly [string, object])[] = [
    ['make it two weeks', { window: { ...plain.window, durationS: 1_209_600 } }],
    ['make it two days longer', { window: { ...plain.window, durationS: 432_000 } }],
    ['a day shorter', { window: { ...plain.window, durationS: 172_800 } }],
    ['push it by a day', { window: { ...plain.window, earliestStart: '2026-12-01T00:00:00+01:00' } }],
    ['move it to December', { window: { ...plain.window, earliestStart: '2026-12-01T00:00:00+01:00' } }],
    ['same but 24', { parts: [{ count: 3, each: { gpus: { count: 8 } } }] }],
    ['8 more', { parts: [{ count: 2, each: { gpus: { count: 8 } } }] }],
    ['no, 16', { parts: [{ count: 2, each: { gpus: { count: 8 } } }] }],
    ['in Amsterdam instead', { where: ['ams2'] }],
    ['for globex', { tenant: 'globex' }],
    ['for globex instead of acme', { tenant: 'globex' }],
    ['with H200', { parts: [{ each: { gpus: { models: ['H200-SXM-141GB'] } } }] }],
    ['cheapest', { objective: 'cheapest' }],
    ['not in Frankfurt', { avoid: ['fra1'] }],
    [
      'until Friday 6pm',
      { window: { earliestStart: '2026-11-30T00:00:00+01:00', durationS: 4 * 86_400 + 18 * 3600 } },
    ],
    ['yes, but for a week', { window: { ...plain.window, durationS: 604_800 } }],
  ];
  test.each(changes)('%s', async (line, changed) => {
    const { demand } = await planned(first, line);
    expect(demand).toMatchObject({ ...plain, ...changed });
  });

  test('a whole new request keeps nothing of the old one', async () => {
    const { demand } = await planned(
      `${first} in Amsterdam, cheapest, under 100 € per day`,
      'I need 4 L40S for globex for a day from tomorrow',
    );
    expect(demand).toMatchObject({ tenant: 'globex' });
    expect(Object.keys(demand).toSorted()).toEqual(['parts', 'tenant', 'window']);
  });

  test('a place asked for is no longer avoided', async () => {
    const { demand } = await planned(first, 'not in Frankfurt', 'in fra1 rather than ams2');
    expect(demand).toMatchObject({ where: ['fra1'] });
    expect(demand.avoid).toBeUndefined();
  });
});

test('an offer of a refusal is taken by its number, exactly as it was offered', async () => {
  const { turns, fleet } = await talk([
    '2,000 H100 for acme for 3 days from next Monday',
    'take the first one',
  ]);
  expect(turns.map(({ outcome }) => outcome)).toEqual(['infeasible', 'planned']);
  expect(turns[0]?.reply).toBe('Too many. This would fit: (1) 16 instead.');
  expect(fleet.last('placement_plan')).toMatchObject({
    demand: { parts: [{ count: 2, each: { gpus: { count: 8 } } }] },
  });
});

describe('answering a question', () => {
  test('the next lines fill the empty slots', async () => {
    const { turns, fleet } = await talk([
      'get me some GPUs',
      'H100, 16 of them',
      'acme',
      '3 days from tomorrow',
    ]);
    expect(turns.map(({ outcome }) => outcome)).toEqual([
      'needs_input',
      'needs_input',
      'needs_input',
      'planned',
    ]);
    expect(fleet.last('placement_plan')).toMatchObject({
      demand: {
        tenant: 'acme',
        parts: [{ count: 2, each: { gpus: { count: 8, models: ['H100-SXM-80GB'] } } }],
        window: { earliestStart: '2026-11-26T00:00:00+01:00', durationS: 259_200 },
      },
    });
  });

  test('an unread exception stays open until it is answered or dropped', async () => {
    const { turns } = await talk([`${first} except on old hardware`, 'cheapest', 'ok', 'leave it out']);
    expect(turns.map(({ outcome }) => outcome)).toEqual([
      'needs_input',
      'needs_input',
      'needs_input',
      'planned',
    ]);
  });
});

describe('committing', () => {
  test('three turns end in one contract', async () => {
    const { turns, fleet } = await talk([
      '8 H200 in Amsterdam for a week for acme',
      'make it two weeks and move it to December',
      'ok do it',
      'ok do it',
    ]);
    expect(turns.map(({ outcome }) => outcome)).toEqual(['needs_input', 'planned', 'committed', 'answered']);
    expect(fleet.last('placement_plan')).toMatchObject({
      demand: {
        where: ['ams2'],
        window: { earliestStart: '2026-12-01T00:00:00+01:00', durationS: 1_209_600 },
      },
    });
    const commits = fleet.calls.filter(({ tool }) => tool === 'contract_commit');
    expect(commits).toEqual([
      {
        tool: 'contract_commit',
        args: { plan: turns[1]?.plan?.id, idempotencyKey: `chat-${turns[1]?.plan?.id}` },
      },
    ]);
  });

  test('confirm uses the key of the plan, so that a retry is the same act', async () => {
    const fleet = fakeFleet();
    const agent = createInterpreter({ toolbox: fleet });
    const { plan } = await agent.turn(first);
    if (plan === undefined) throw new Error('no plan');
    await agent.confirm(plan);
    await agent.confirm(plan);
    const keys = fleet.calls
      .filter(({ tool }) => tool === 'contract_commit')
      .map(({ args }) => args['idempotencyKey']);
    expect(keys).toEqual([`chat-${plan.id}`, `chat-${plan.id}`]);
  });

  test.each(['no', 'cancel', 'never mind', 'forget it', 'drop it'])('%s drops the plan', async (no) => {
    const { last, fleet } = await talk([first, no, 'yes']);
    expect(last.reply).toContain('nothing waiting for a yes');
    expect(fleet.last('contract_commit')).toBeUndefined();
  });

  test('a yes behind a line that was not understood commits nothing', async () => {
    const { fleet } = await talk([first, 'double it', 'yes']);
    expect(fleet.last('contract_commit')).toBeUndefined();
  });

  test('a plan of another conversation is not committed by its id alone', async () => {
    const { last, fleet } = await talk(['commit plan-0123456789abcdef']);
    expect(last.outcome).toBe('needs_input');
    expect(fleet.last('contract_commit')).toBeUndefined();
  });
});

describe('releasing', () => {
  test.each(['release C-104', 'give back C-104 please', 'terminate contract 104'])(
    '%s asks first',
    async (line) => {
      const { last, fleet } = await talk([line]);
      expect(last.question?.missing).toEqual([{ slot: 'confirm', suggestions: ['yes', 'no'] }]);
      expect(fleet.last('contract_release')).toBeUndefined();
    },
  );

  test('yes releases the version that was shown', async () => {
    const { fleet } = await talk(['release C-104', 'yes']);
    expect(fleet.last('contract_release')).toEqual({
      contract: 'C-104',
      idempotencyKey: 'chat-release-C-104-v3',
      expectedVersion: 3,
    });
  });

  test.each([
    ['release C-104', 'no', 'yes'],
    ['release C-104', 'what do we have?', 'yes'],
    ["don't release C-104", 'yes'],
    [first, 'release C-104', 'no', 'yes'],
  ])('%s, %s, %s releases and commits nothing', async (...lines) => {
    const { fleet } = await talk(lines);
    const changes = fleet.calls.filter(
      ({ tool }) => tool === 'contract_release' || tool === 'contract_commit',
    );
    expect(changes).toEqual([]);
  });

  test('undo gives back what the last yes committed, and asks first', async () => {
    const { turns, fleet } = await talk([first, 'yes', 'show it', 'release C-104', 'no', 'undo']);
    expect(turns[2]?.toolCalls.at(-1)?.args).toEqual({ contract: 'C-106' });
    expect(fleet.last('contract_get')).toEqual({ contract: 'C-106' });
    expect(fleet.last('contract_release')).toBeUndefined();
  });

  test('undo without a commit asks which contract', async () => {
    const { last } = await talk(['show C-104', 'undo']);
    expect(last.question?.missing.map(({ slot }) => slot)).toEqual(['contract']);
  });

  test('the second one of the last list', async () => {
    const { fleet } = await talk(['show contracts', 'release the second one', 'yes']);
    expect(fleet.last('contract_release')).toMatchObject({ contract: 'C-102' });
  });
});

test('the second node of the last list is shown', async () => {
  const { fleet } = await talk(['which nodes have free H100s?', 'show me the second one']);
  expect(fleet.last('inventory_get')).toEqual({ ids: ['fra1/h1/r11/n02'] });
});

test('calls are announced and recorded in order', async () => {
  const fleet = fakeFleet();
  const events: string[] = [];
  const turn = await createInterpreter({ toolbox: fleet }).turn('show C-101', {
    onEvent: (event) => {
      if (event.kind === 'tool-started') events.push(`> ${event.tool}`);
      if (event.kind === 'tool-ended') events.push(`< ${event.call.tool}`);
    },
  });
  expect(events).toEqual(['> inventory_summary', '< inventory_summary', '> contract_get', '< contract_get']);
  expect(turn.toolCalls.map(({ tool, ok }) => [tool, ok])).toEqual([
    ['inventory_summary', true],
    ['contract_get', true],
  ]);
});

test('an aborted turn calls nothing', async () => {
  const fleet = fakeFleet();
  const turn = await createInterpreter({ toolbox: fleet }).turn(first, { signal: AbortSignal.abort() });
  expect([turn.outcome, turn.error?.code, fleet.calls]).toEqual(['error', 'INTERRUPTED', []]);
});

test('a tool that answers nonsense is an error, not a crash', async () => {
  const agent = createInterpreter({
    toolbox: { call: () => Promise.resolve({ ok: true, content: { nonsense: 1 } }) },
  });
  expect(await agent.turn(first)).toMatchObject({ outcome: 'error', error: { code: 'INTERNAL' } });
});
