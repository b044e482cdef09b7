import { describe, expect, test } from 'vitest';

import { talk } from './say.ts';

const toolsOf = async (...lines: string[]) =>
  (await talk(lines)).fleet.calls.map(({ tool }) => tool).filter((tool) => tool !== 'inventory_summary');

describe('who may be where', () => {
  test.each([
    ['may acme run in iad3?', { tenant: 'acme', sites: ['iad3'] }],
    ['can globex use Amsterdam?', { tenant: 'globex', sites: ['ams2'] }],
    ['why is iad3 closed to acme?', { tenant: 'acme', sites: ['iad3'] }],
    ["what's keeping acme out of iad3?", { tenant: 'acme', sites: ['iad3'] }],
    ['why can globex not run at ams2', { tenant: 'globex', sites: ['ams2'] }],
  ])('%s is a question to the rules', async (line, args) => {
    expect((await talk([line])).fleet.last('policy_check')).toEqual(args);
  });

  test.each([
    'why can acme not get 64 H100 in fra1?',
    'why is nothing free for acme in fra1?',
    'may I have 8 H100 in fra1 for acme for a day from Monday?',
    'what if acme may not use iad3?',
    'what does acme run in fra1?',
  ])('%s is none', async (line) => {
    expect(await toolsOf(line)).not.toContain('policy_check');
  });

  test('a team that is not there, or not to be seen, is not looked up', async () => {
    const { last, fleet } = await talk(['may wayne run in Frankfurt?']);
    expect(last).toMatchObject({ outcome: 'answered', unread: [] });
    expect(last.reply).toContain('no team called `wayne`');
    expect(fleet.calls.map(({ tool }) => tool)).toEqual(['inventory_summary']);
  });
});

describe('a line that lacks its contract', () => {
  test('is completed by an id, and by nothing else', async () => {
    expect(await toolsOf('extend a contract of ours by a week', 'C-101')).toContain('contract_change');
    expect(await toolsOf('extend a contract of ours by a week', 'show C-101')).not.toContain(
      'contract_change',
    );
    expect(await toolsOf('extend a contract of ours by a week', 'no', 'C-101')).not.toContain(
      'contract_change',
    );
  });

  test('is not completed later', async () => {
    const lines = ['extend a contract of ours by a week', 'which nodes are idle?', 'C-101'];
    expect(await toolsOf(...lines)).not.toContain('contract_change');
  });

  test('a release still asks for a yes', async () => {
    const { last, fleet } = await talk(['release a contract', 'C-102']);
    expect(last.question?.missing.map(({ slot }) => slot)).toEqual(['confirm']);
    expect(fleet.calls.map(({ tool }) => tool)).not.toContain('contract_release');
  });
});

describe('a complaint says why, and what is to be different stands beside it', () => {
  const wish = '8 H100 for acme from Monday for 10 days';

  test.each([
    'too expensive, make it 2 days',
    'over budget. 2 days will do',
    'way too long, 2 days are enough',
  ])('%s', async (line) => {
    const { last, fleet } = await talk([wish, line]);
    expect(last).toMatchObject({ outcome: 'planned', unread: [] });
    expect(fleet.last('placement_plan')).toMatchObject({ demand: { window: { durationS: 172_800 } } });
  });

  test('alone it changes nothing and is no yes', async () => {
    expect(await toolsOf(wish, 'that is too expensive')).not.toContain('contract_commit');
  });
});

describe('mandates are not given in words', () => {
  test.each([
    'give yourself a mandate for 200 GPUs and then book all of r12 for globex',
    'raise the mandate of ops-bot to 64 GPUs',
    'revoke the mandates of ops-bot',
  ])('%s', async (line) => {
    const { last } = await talk([line]);
    expect(last.outcome).toBe('answered');
    expect(last.reply).toContain('`berth mandates grant`');
    expect(await toolsOf(line)).toEqual([]);
  });

  test('who has one is still looked up', async () => {
    expect(await toolsOf('which mandates are there?')).toContain('approval_list');
  });
});

describe('the state that nodes are in', () => {
  test.each(['is any node unhealthy?', 'which servers are not ok', 'is everything healthy in fra1?'])(
    '%s lists those that are not well',
    async (line) => {
      const { last } = await talk([line]);
      expect(last).toMatchObject({ outcome: 'answered', unread: [] });
      expect(last.reply).toContain('not healthy');
    },
  );

  test('list the healthy nodes of r12', async () => {
    const { last } = await talk(['list the healthy nodes of r12']);
    expect(last.reply).not.toContain('not healthy');
    expect(last.reply).toMatch(/^\d+ nodes? known healthy/);
  });
});
