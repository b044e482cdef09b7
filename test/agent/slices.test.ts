import { describe, expect, test } from 'vitest';

import { planned, talk } from './say.ts';

const share = (milli: number) => ({ kind: 'share', milli });
const mig = (profile: string) => ({ kind: 'mig', profile });

describe('parts of GPUs', () => {
  test.each([
    ['Give me half an H100 for a notebook from now until Friday 6pm, team acme', 1, 1, share(500)],
    ['0.5 H100 for acme tomorrow for a day', 1, 1, share(500)],
    ['a quarter of an A100 for acme now for 3 hours', 1, 1, share(250)],
    ['reserve 1/4 H100 for acme now for 3 hours', 1, 1, share(250)],
    ['50% of an H100 for acme now for 3 hours', 1, 1, share(500)],
    ['half of an H100 for acme now for 3 hours', 1, 1, share(500)],
    ['3 x 0.2 H100 for acme now for 3 hours', 3, 1, share(200)],
    ['a 3g.40gb MIG slice for globex now for 2 hours', 1, 1, mig('3g.40gb')],
    ['two 1g.10gb MIG slices for acme now for 3 hours', 2, 1, mig('1g.10gb')],
    ['two 1g.10gb MIG slices of an H100 for acme now for 3 hours', 2, 1, mig('1g.10gb')],
    ['7 x 1g.10gb on H100 for acme now for 3 hours', 7, 1, mig('1g.10gb')],
    ['4 H100 MIG 2g.20gb instances for acme now for 3 hours', 4, 1, mig('2g.20gb')],
    ['I need one 1g.10gb+me for acme now for 3 hours', 1, 1, mig('1g.10gb+me')],
  ])('%s', async (line, count, each, slice) => {
    const { demand } = await planned(line);
    expect(demand.parts.map((part) => [part.count, part.each.gpus?.count, part.each.gpus?.slice])).toEqual([
      [count, each, slice],
    ]);
  });

  test('models that are named with a slice are asked for, and none is needed for a MIG profile', async () => {
    const named = await planned('two 1g.10gb MIG slices of an H100 for acme now for 3 hours');
    expect(named.demand.parts[0]?.each.gpus?.models).toEqual(['H100-SXM-80GB']);
    const any = await planned('two 1g.10gb MIG slices for acme now for 3 hours');
    expect(any.demand.parts[0]?.each.gpus?.models).toBeUndefined();
  });

  test('how many instances are wanted is asked for', async () => {
    const { last } = await talk(['reserve 3g.40gb slices for globex now for 2 hours']);
    expect(last.outcome).toBe('needs_input');
    expect(last.reply).toContain('how many');
  });

  test('a count goes on counting slices; a count of a model asks for whole GPUs again', async () => {
    const first = 'a 3g.40gb MIG slice for globex now for 2 hours';
    const more = await planned(first, 'make it 3');
    expect(more.demand.parts[0]).toMatchObject({ count: 3, each: { gpus: { slice: mig('3g.40gb') } } });
    const whole = await planned(first, 'make it 8 H100');
    expect(whole.demand.parts[0]?.each.gpus).toEqual({ count: 8, models: ['H100-SXM-80GB'] });
    const smaller = await planned('2 H100 for globex now for 2 hours', 'make it half an H100');
    expect(smaller.demand.parts[0]).toMatchObject({ count: 1, each: { gpus: { slice: share(500) } } });
  });

  test.each([
    'a MIG slice of an H100 for acme for 2 hours',
    'time-sliced H100 for acme for 2 hours',
    '1.5 H100 for acme for 2 hours',
  ])('%s does not say which part', async (line) => {
    const { last, fleet } = await talk([line]);
    expect(last.outcome).toBe('answered');
    expect(last.reply).toContain('Which part of a GPU');
    expect(fleet.calls.map(({ tool }) => tool)).toEqual(['inventory_summary']);
  });
});
