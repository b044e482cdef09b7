import { array, assert, asyncProperty, constantFrom, nat, shuffledSubarray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { talk } from './say.ts';

const changeOf = async (...lines: string[]) => (await talk(lines)).fleet.last('contract_change')?.['change'];

describe('a change of a contract', () => {
  test.each([
    ['extend C-101 by two days', { extendS: 172_800 }],
    ['prolong C-101 for another week', { extendS: 604_800 }],
    ['C-101 shall run until 20 December 2026', { until: '2026-12-20T00:00:00+01:00' }],
    ['shorten C-101 by 12 hours', { until: '2026-12-03T12:00:00+01:00' }],
    ['scale C-101 to 4 replicas', { replicas: { trainer: 4 } }],
    ['grow C-101 from 24 to 32 GPUs', { replicas: { trainer: 4 } }],
    ['add 8 more GPUs to C-101', { replicas: { trainer: 4 } }],
    ['reduce C-101 by 8 GPUs', { replicas: { trainer: 2 } }],
    ['double C-101', { replicas: { trainer: 6 } }],
    ['move C-101 off r11', { avoid: ['fra1/h1/r11'] }],
    ['move C-101 to iad3', { where: ['iad3'] }],
    ['extend C-101 by a day and move it to iad3', { extendS: 86_400, where: ['iad3'] }],
  ])('%s', async (line, change) => {
    expect(await changeOf(line)).toEqual(change);
  });

  test('it, after looking at it', async () => {
    expect(await changeOf('show C-101', 'extend it by a day')).toEqual({ extendS: 86_400 });
  });

  test('nothing is committed before a yes, and then that plan is', async () => {
    const { turns, fleet } = await talk(['extend C-101 by a day', 'yes']);
    expect(turns.map(({ outcome }) => outcome)).toEqual(['planned', 'committed']);
    expect(fleet.last('contract_commit')).toMatchObject({ plan: turns[0]?.plan?.id });
  });

  test.each([
    ['extend C-101', 'length'],
    ['scale C-101 to 20 GPUs', 'count'],
    ['change C-101', 'change'],
    ['extend C-101 and C-104 by a day', 'contract'],
    ['extend C-101 by a day for globex', 'exception'],
    ['change C-101 to 24 H200', 'exception'],
    ['extend C-101 by a day in Atlantis', 'place'],
    ['extend C-101 to 30 February', 'end'],
  ])('%s: asks for %s and plans nothing', async (line, slot) => {
    const { last, fleet } = await talk([line]);
    expect(last.outcome).toBe('needs_input');
    expect(last.question?.missing.map((one) => one.slot)).toContain(slot);
    expect(fleet.last('contract_change')).toBeUndefined();
  });
});

/** The wishes of one change; each says one thing. */
const wishes = ['extend C-101', 'by 2 days', 'to 4 replicas', 'off r12'];
const runs = { seed: 20261122, numRuns: 40 } as const;

test('any order of the wishes, with filler between them, is the same change', async () => {
  const filler = constantFrom('please', 'just', 'um', 'and', 'thanks', 'basically');
  const words = array(filler, { minLength: wishes.length, maxLength: wishes.length });
  await assert(
    asyncProperty(shuffledSubarray(wishes, { minLength: wishes.length }), words, async (order, between) => {
      const line = order.map((wish, i) => `${between[i] ?? ''} ${wish}`).join(', ');
      expect(await changeOf(line)).toEqual({
        extendS: 172_800,
        replicas: { trainer: 4 },
        avoid: ['fra1/h1/r12'],
      });
    }),
    runs,
  );
});

test('an unread denial, condition or repetition stops a change wherever it stands', async () => {
  const stops = constantFrom(
    'unless it is expensive',
    'but not at night',
    'never on Sundays',
    'if cheap',
    'without downtime',
    'every week',
    'except the last one',
    'ohne Unterbrechung',
  );
  await assert(
    asyncProperty(stops, nat(wishes.length), async (stop, at) => {
      const { last, fleet } = await talk([wishes.toSpliced(at, 0, stop).join(', ')]);
      expect(fleet.last('contract_change')).toBeUndefined();
      expect(last.outcome).toBe('needs_input');
    }),
    runs,
  );
});
