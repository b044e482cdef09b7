import { describe, expect, test } from 'vitest';

import { lostIn } from '../../src/agent/answers/scenario.ts';
import { talk } from './say.ts';

/** What the interpreter does not do is answered with the command that does it; nothing is called, nothing guessed. */
describe('what takes a command', () => {
  test.each([
    ['Swap the A100s in C-104 for whatever is equivalent and available sooner', '`berth change C-104 -f'],
    ['consolidate r13', '`berth consolidate --within fra1/h1/r13`'],
    ['defragment the fleet', '`berth consolidate --within PLACE`'],
    ['close r12 for maintenance tomorrow', '`berth maintenance fra1/h1/r12 --from'],
    ['show the maintenance windows', '`berth maintenance` lists'],
    ['hold that plan', '`berth hold PLAN'],
    ['hold the plan for two days', '`berth hold PLAN'],
  ])('%s', async (line, command) => {
    const { last, fleet } = await talk([line]);
    expect(last.outcome).toBe('answered');
    expect(last.reply).toContain(command);
    expect(last.reply).toContain('Nothing was changed');
    expect(fleet.calls.map(({ tool }) => tool)).toEqual(['inventory_summary']);
  });

  test('a plan that waits is named, stays, and is not planned again', async () => {
    const { turns, last, fleet } = await talk([
      '8 H100 for acme from Monday for a day',
      'hold that plan',
      'close r12 for maintenance tomorrow',
    ]);
    expect(turns[0]?.outcome).toBe('planned');
    expect(turns[1]?.reply).toContain(`\`berth hold ${turns[0]?.plan?.id} `);
    expect(last.reply).toContain('`berth maintenance fra1/h1/r12');
    expect(fleet.calls.filter(({ tool }) => tool === 'placement_plan')).toHaveLength(1);
    expect(fleet.calls.filter(({ tool }) => tool === 'contract_commit')).toEqual([]);
  });

  test.each(['hold 8 H100 for acme from Monday for a day', 'book 8 H100 for acme from Monday for a day'])(
    '%s is still a request',
    async (line) => expect((await talk([line])).last.outcome).toBe('planned'),
  );
});

describe('what is lost is what was said', () => {
  test.each([
    ['what if we lose rack r12', { lose: ['fra1/h1/r12'] }],
    ['what if we lose feed A of rack r12?', { lose: ['fra1/h1/r12/feed-a'] }],
    ['what if feed B of r11 and r12 fails', { lose: ['fra1/h1/r11/feed-b', 'fra1/h1/r12/feed-b'] }],
    ['what if we lose feed A?', { lose: ['feed-a'] }],
    ['what if we lose fra1/h1/feed-a?', { lose: ['fra1/h1/feed-a'] }],
    ['what if we lose leaf2 and r12', { lose: ['fra1/h1/r12', 'leaf2'] }],
    ['what if leaf switch 2 dies', { lose: ['leaf2'] }],
    ['what if we lose cdu1', { lose: ['cdu1'] }],
  ])('%s', async (line, args) => {
    const { last, fleet } = await talk([line]);
    expect(last.unread).toEqual([]);
    expect(fleet.last('placement_simulate')).toEqual(args);
  });

  test('a feed of the building is not one of every rack, and a node beside it is lost too', () => {
    const node = { path: 'fra1/h1/r12/n03', level: 'node' } as const;
    expect(lostIn('feed a and n03', [node])).toEqual(['feed-a', 'fra1/h1/r12/n03']);
    expect(lostIn('the feedback is bad, and we need feeds', [])).toEqual([]);
  });

  test.each([
    ['what if H100 in iad3 cost double', { model: 'H100-SXM-80GB', site: 'iad3', percent: 100 }],
    ['what if H200 prices fell by 20%', { model: 'H200-SXM-141GB', percent: -20 }],
    ['what if the price of L40S was 15 percent higher', { model: 'L40S-48GB', percent: 15 }],
  ])('%s changes a price and loses nothing', async (line, price) => {
    const { fleet } = await talk([line]);
    expect(fleet.last('placement_simulate')).toEqual({ edits: [{ price }] });
  });

  test.each([
    'what if H100 in iad3 and fra1 cost double',
    'what if H100 in iad3 cost more',
    'what if prices in iad3 rise by 20%',
    'what if we add four nodes to fra1',
    'what if we buy 32 more H100 for fra1',
    'what if globex is not allowed in iad3',
  ])('%s is not read as a loss of the place it names', async (line) => {
    const { last, fleet } = await talk([line]);
    expect(fleet.calls.map(({ tool }) => tool)).not.toContain('placement_simulate');
    expect(last.outcome === 'needs_input' || last.reply.includes('`berth whatif -f edits.yaml`')).toBe(true);
  });
});

describe('contracts by guarantee', () => {
  test.each([
    'which contracts can be preempted?',
    'which contracts are preemptible',
    'show preemptible contracts',
  ])('%s', async (line) => {
    const { last } = await talk([line]);
    expect(last.unread).toEqual([]);
    expect(last.reply).toContain('C-102');
    expect(last.reply).not.toContain('C-101');
  });

  test('what has been preempted is asked for by state', async () => {
    const { fleet } = await talk(['which contracts were preempted?']);
    expect(fleet.last('contract_search')).toMatchObject({ state: 'preempted' });
  });
});

test('surviving a loss is read, and what is left is asked for, never guessed', async () => {
  const { last } = await talk(['16 H100 for acme from Monday for 2 days surviving a node loss']);
  expect(last.outcome).toBe('needs_input');
  expect(last.reply).toContain('when a node is lost');
  expect(last.unread).toEqual([]);
});
