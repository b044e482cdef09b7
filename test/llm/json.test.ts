import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';

import { readStep } from '../../src/llm/json-step.ts';
import { isPrice, priced, priceOf, together } from '../../src/llm/price.ts';
import { called, demand, ready, talk, wish } from './talk.ts';

// The first turn of a process loads LangChain.
vi.setConfig({ testTimeout: 60_000 });

const raw = (text: string) => ({ kind: 'raw', text }) as const;

const toolless = [
  ['ignores tools', { tools: 'ignored' }],
  ['refuses tools', { tools: 'refused' }],
  ['knows no schema', { tools: 'refused', forms: ['json_object'] }],
  ['knows no form at all', { tools: 'ignored', forms: [] }],
] as const;

describe('a model that cannot call tools', () => {
  test.each(toolless)('%s: plans and commits like any other', async (_, skills) => {
    const first = skills.tools === 'ignored' ? [{ kind: 'raw', text: 'I would plan that.' } as const] : [];
    const script = [...first, wish('placement_plan', { demand }), ready('Planned for acme.')];
    const talked = await talk(script, ['16 H100 for acme for 3 days from Monday', 'yes'], {
      style: 'unknown',
      skills,
    });
    expect(talked.turns.map(({ outcome }) => outcome)).toEqual(['planned', 'committed']);
    expect(talked.turns[0]?.reply).toMatch(/^Planned for acme\.\nNothing is held yet/u);
    expect(called(talked)).toEqual(['placement_plan', 'contract_commit']);
    expect(talked.name).toMatch(/^fake at 127\.0\.0\.1:\d+ in JSON$/u);
    const { messages, tools } = talked.endpoint.asked.at(-1) ?? { messages: [], tools: [] };
    expect(tools).toEqual([]);
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
    expect(String(messages[0]?.content)).toContain('- placement_plan: ');
    expect(String(messages[2]?.content)).toContain('{"calls":[{"tool":"placement_plan"');
    expect(String(messages[3]?.content)).toMatch(/^<tool-result tool="placement_plan">/u);
  });

  test('is tested once, and what that took is counted', async () => {
    const talked = await talk([{ kind: 'raw', text: 'Hm.' }, ready('Hello.'), ready('Again.')], ['a', 'b'], {
      style: 'unknown',
      skills: { tools: 'ignored' },
    });
    expect(talked.turns.map(({ reply }) => reply)).toEqual(['Hello.', 'Again.']);
    expect(talked.endpoint.tests).toHaveLength(2);
    expect(talked.turns[0]?.usage).toEqual({ modelCalls: 4, inputTokens: 400, outputTokens: 40 });
    expect(talked.used).toEqual({ modelCalls: 5, inputTokens: 500, outputTokens: 50 });
  });

  test('a model that knows tools is tested once where its first answer calls none, and never where it calls one', async () => {
    const words = await talk([ready('Hello.'), ready('Again.')], ['hello', 'again'], { style: 'unknown' });
    expect(words.last.reply).toBe('Again.');
    expect(words.endpoint.tests).toHaveLength(1);
    expect(words.name).not.toContain('JSON');
    const calls = await talk([wish('contract_search'), ready('Five.')], ['how many contracts?'], {
      style: 'unknown',
    });
    expect(calls.endpoint.tests).toHaveLength(0);
  });

  test('a model that can do neither is not used any more', async () => {
    const talked = await talk(() => ({ kind: 'raw', text: 'I am a poet.' }), ['show C-101', 'show C-105'], {
      style: 'unknown',
      skills: { tools: 'ignored', json: false },
    });
    expect(talked.turns[0]?.reply).toMatch(
      /^The model cannot be used: it calls no tools and does not answer in JSON/u,
    );
    expect(talked.turns[0]?.shown).toMatchObject([{ kind: 'contract' }]);
    expect(talked.endpoint.asked).toHaveLength(1);
    expect(talked.name).toBe('built-in');
  });

  test('a busy endpoint proves nothing about its model', async () => {
    const talked = await talk(() => ({ kind: 'status', status: 401 }), ['show C-101'], { style: 'unknown' });
    expect(talked.last.reply).toMatch(/^The model endpoint failed: it refused the key/u);
    expect(talked.endpoint.tests).toHaveLength(0);
  });

  test('an answer in another form is sent back, twice and no more', async () => {
    const mended = await talk(
      [
        raw('C-101, I think.'),
        raw('{"tool": "contract_get"}'),
        wish('contract_get', { contract: 'C-101' }),
        ready('Here.'),
      ],
      ['show C-101'],
      { style: 'schema' },
    );
    expect(mended.last.reply).toBe('Here.');
    const sentBack = mended.endpoint.asked.map(({ messages }) => String(messages.at(-1)?.content));
    expect(sentBack[1]).toContain('not one JSON object');
    expect(sentBack[2]).toContain('Unrecognized key');
    const stubborn = await talk(() => raw('no'), ['show C-101'], { style: 'schema' });
    expect(stubborn.endpoint.asked).toHaveLength(3);
    expect(stubborn.last.reply).toMatch(/^The model was stopped: it did not answer in the JSON asked for/u);
    expect(stubborn.last.shown).toMatchObject([{ kind: 'contract' }]);
  });

  test('writing tools are out of its reach too, and loops are stopped', async () => {
    const deed = await talk(
      [wish('contract_release', { contract: 'C-101', idempotencyKey: 'mine-1234' }), ready('Released.')],
      ['list labels'],
      { style: 'object' },
    );
    expect(called(deed)).toEqual([]);
    const loop = await talk(() => wish('contract_search'), ['show C-101'], { style: 'text' });
    expect(loop.last.reply).toMatch(/^The model was stopped: it called `contract_search` 3 times/u);
  });
});

describe('a step', () => {
  const step = { calls: [{ tool: 'contract_get', arguments: { contract: 'C-1' } }], reply: '' };
  const json = JSON.stringify(step);

  test.each([
    json,
    `\n${json}\n`,
    `Sure:\n\`\`\`json\n${json}\n\`\`\`\nDone.`,
    `I call ${json} now`,
    `<think>{"reply": "no"} hm</think>\n${json}`,
  ])('%j is read', (text) => {
    expect(readStep(text)).toEqual(step);
  });

  test.each([
    '',
    'hello',
    '[]',
    '{}',
    '{"calls":[]}',
    '{"reply":""}',
    '{"reply":1}',
    '{"calls":[{"tool":""}]}',
  ])('%j is none', (text) => {
    expect(readStep(text)).toHaveProperty('problem');
  });

  test('whatever stands there, it is read as a step or has a problem', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((text) => `x ${text} y`),
        ),
        (text) => {
          const read = readStep(text);
          expect('problem' in read ? read.problem.length > 0 : Array.isArray(read.calls)).toBe(true);
        },
      ),
      { seed: 11, numRuns: 500 },
    );
  });

  test('every step survives being written', () => {
    const call = fc.record({
      tool: fc.string({ minLength: 1, maxLength: 60 }),
      arguments: fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
    });
    const steps = fc.record({ calls: fc.array(call, { maxLength: 8, minLength: 1 }), reply: fc.string() });
    fc.assert(
      fc.property(steps, (said) => {
        const text = JSON.stringify(said);
        expect(readStep(text)).toEqual(JSON.parse(text));
      }),
      { seed: 12, numRuns: 300 },
    );
  });
});

describe('what a model costs', () => {
  const price = { inputMicroEur: 250_000, outputMicroEur: 2_000_000 };

  test('a price is two amounts of euros, or a mistake that is said', () => {
    expect(priceOf({})).toBeUndefined();
    expect(priceOf({ BERTH_MODEL_PRICE: ' ' })).toBeUndefined();
    expect(priceOf({ BERTH_MODEL_PRICE: '0.25, 2' })).toEqual(price);
    expect(priceOf({ BERTH_MODEL_PRICE: '0.000001,99999' })).toEqual({
      inputMicroEur: 1,
      outputMicroEur: 99_999_000_000,
    });
    for (const text of ['1', '1;2', '-1,2', '1,2,3', '1e3,2', '0.0000001,1', 'free', '١,٢']) {
      expect(isPrice(text)).toBe(false);
      expect(() => priceOf({ BERTH_MODEL_PRICE: text })).toThrow('two amounts of euros');
    }
  });

  test('the cost is exact and rounded up; without a price or a count there is none', () => {
    const usage = { modelCalls: 1, inputTokens: 1_000_000, outputTokens: 500_000 };
    expect(priced(usage, price).costMicroEur).toBe(1_250_000);
    expect(priced({ ...usage, inputTokens: 1, outputTokens: 0 }, price).costMicroEur).toBe(1);
    expect(priced(usage, undefined)).toEqual(usage);
    expect(priced({ ...usage, uncountedCalls: 1 }, price)).not.toHaveProperty('costMicroEur');
  });

  test('a sum costs what its parts cost, but for the rounding', () => {
    const tokens = fc.integer({ min: 0, max: 10_000_000 });
    const usages = fc.record({ modelCalls: fc.nat(9), inputTokens: tokens, outputTokens: tokens });
    fc.assert(
      fc.property(usages, usages, (a, b) => {
        const cost = (usage: typeof a) => priced(usage, price).costMicroEur ?? Number.NaN;
        const apart = cost(a) + cost(b);
        expect([apart, apart - 1]).toContain(cost(together(a, b)));
      }),
      { seed: 13, numRuns: 300 },
    );
  });

  test('it stands in the turn and in the sum of the conversation', async () => {
    const { turns, used } = await talk([ready('Hello.'), ready('Again.')], ['hello', 'again'], { price });
    expect(turns.map(({ usage }) => usage?.costMicroEur)).toEqual([45, 45]);
    expect(used).toEqual({ modelCalls: 2, inputTokens: 200, outputTokens: 20, costMicroEur: 90 });
    const uncounted = await talk([ready('Hello.')], ['hello'], { price, skills: { counts: false } });
    expect(uncounted.last.usage).toEqual({
      modelCalls: 1,
      inputTokens: 0,
      outputTokens: 0,
      uncountedCalls: 1,
    });
  });
});
