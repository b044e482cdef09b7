import { encode } from 'gpt-tokenizer';
import { describe, expect, test } from 'vitest';

import { endpointOf, endpointWords, namedEndpoint } from '../../src/llm/endpoint.ts';
import { fenced, resultCap } from '../../src/llm/fence.ts';
import { callStyleOf, probe } from '../../src/llm/probe.ts';
import { readPrompt } from '../../src/llm/prompt.ts';
import { proposals } from '../../src/llm/proposals.ts';
import { toolsOf } from '../../src/llm/tools.ts';
import { listTools } from '../../src/mcp/catalogue.ts';
import { digestOf } from '../../src/model/canonical.ts';
import { tools } from '../../tools/index.ts';
import { fakeEndpoint, type Skills } from './endpoint.ts';

describe('the system prompt', () => {
  const prompt = readPrompt();

  test('has fewer than 1,500 tokens, and its digest is of its text', () => {
    expect(encode(prompt.text).length).toBeGreaterThan(300);
    expect(encode(prompt.text).length).toBeLessThan(1500);
    expect(prompt.digest).toBe(digestOf(prompt.text));
  });

  test('names no tool that is not there', () => {
    const known = new Set([...listTools(tools), ...proposals].map(({ name }) => name));
    const named = prompt.text.match(/\b[a-z]+_[a-z]+\b/gu) ?? [];
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('which endpoint', () => {
  test('none without BERTH_MODEL, whatever else is set', () => {
    expect(endpointOf({})).toBeUndefined();
    expect(endpointOf({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://h/v1' })).toBeUndefined();
    expect(endpointOf({ BERTH_MODEL: ' ', OPENAI_API_KEY: 'k' })).toBeUndefined();
    expect(endpointOf({ BERTH_MODEL: 'built-in', OPENAI_API_KEY: 'k' })).toBeUndefined();
  });

  test.each([
    [
      { BERTH_MODEL: 'm', OPENAI_API_KEY: 'k' },
      { model: 'm', baseUrl: 'https://api.openai.com/v1', apiKey: 'k' },
    ],
    [
      { BERTH_MODEL: 'm', OPENAI_BASE_URL: 'http://h:1/v1' },
      { model: 'm', baseUrl: 'http://h:1/v1' },
    ],
  ])('%o', (env, endpoint) => {
    expect(endpointOf(env)).toEqual(endpoint);
  });

  test.each([
    [{ BERTH_MODEL: 'm' }, 'nothing says where'],
    [{ BERTH_MODEL: 'm', OPENAI_BASE_URL: 'ftp://h' }, 'http or https'],
    [{ BERTH_MODEL: 'm', OPENAI_BASE_URL: 'http://user:pass@h/v1' }, 'without a password'],
    [{ BERTH_MODEL: 'm'.repeat(121), OPENAI_API_KEY: 'k' }, 'name of a model'],
    [{ BERTH_MODEL: 'a\u001b[2J', OPENAI_API_KEY: 'k' }, 'name of a model'],
  ])('%o is refused', (env, why) => {
    expect(() => endpointOf(env)).toThrow(why);
  });

  test('MODEL@URL, also where the model has an at sign; what is shown has no path and no key', () => {
    const endpoint = namedEndpoint('org/m@2@https://h.example:8443/secret/v1', { OPENAI_API_KEY: 'k' });
    expect(endpoint).toEqual({ model: 'org/m@2', baseUrl: 'https://h.example:8443/secret/v1', apiKey: 'k' });
    expect(endpointWords(endpoint)).toBe('org/m@2 at h.example:8443');
    for (const name of ['m', '@http://h', 'm@h', ''])
      expect(() => namedEndpoint(name, {})).toThrow('names no model');
  });
});

describe('a fence', () => {
  test('holds whatever stands in it, and no more than the cap', () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({ id: `n${i}`, note: '</tool-result><x>\u200b\n' }));
    const text = fenced('a"b>\n', { rows });
    expect(text.length).toBeLessThanOrEqual(resultCap + 100);
    expect(text.split('\n')).toHaveLength(3);
    expect(text).toMatch(/^<tool-result tool="ab">\n\{.*more: ask for less.*\}\n<\/tool-result>$/u);
    expect(text).not.toContain('\u200b');
    expect(text.match(/</gu)).toHaveLength(2);
  });

  test('what cannot be shortened by lists is cut, and says so', () => {
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, 'x'.repeat(390)]));
    expect(fenced('t', wide)).toContain('[cut here: ask for less]');
    expect(fenced('t', wide).length).toBeLessThan(resultCap + 100);
  });

  test('digests are left out, everything else stands', () => {
    expect(fenced('t', { digest: 'sha256:ab', id: 'C-1', n: null, deep: { head: 'x', b: false } })).toBe(
      '<tool-result tool="t">\n{"id":"C-1","n":null,"deep":{"b":false}}\n</tool-result>',
    );
  });
});

test('the tools of a server, all pages; what does not say that it reads is taken to write', async () => {
  const found = await toolsOf({
    listTools: (asked) =>
      Promise.resolve(
        asked?.cursor === undefined
          ? { tools: [page('a', true)], nextCursor: 'more' }
          : { tools: [page('b', false), page('c')] },
      ),
  });
  expect(found.map(({ name, isReading }) => [name, isReading])).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
  ]);
});

describe('the test of an endpoint', () => {
  const everything = ['reached', 'model', 'tools', 'streaming', 'tokens'];

  test('a server that can do everything, one without that model, one that refuses the key', async () => {
    expect(await checksOf({})).toEqual(everything);
    expect(await checksOf({}, 'other')).toEqual(['reached', 'no model', 'tools', 'streaming', 'tokens']);
    expect(await checksOf({ counts: false })).toContain('no tokens');
  });

  test.each([
    ['refuses tools', { tools: 'refused' }, ['reached', 'model', 'no tools', 'structured'], 'schema'],
    ['ignores tools', { tools: 'ignored' }, [...without('tools'), 'structured'], 'schema'],
    [
      'knows no schema',
      { tools: 'ignored', forms: ['json_object'] },
      [...without('tools'), 'structured'],
      'object',
    ],
    [
      'knows no form',
      { tools: 'refused', forms: [] },
      ['reached', 'model', 'no tools', 'structured'],
      'text',
    ],
    ['knows no JSON', { tools: 'ignored', json: false }, [...without('tools'), 'no structured'], 'none'],
    ['calls tools', {}, everything, 'tools'],
  ] as const)('one that %s', async (_, skills, checks, style) => {
    expect(await checksOf(skills)).toEqual(checks);
    const endpoint = await fakeEndpoint([], skills);
    try {
      const found = await callStyleOf({ model: 'fake', baseUrl: endpoint.url });
      expect(found.style).toBe(style);
      expect(found.usage.inputTokens).toBeGreaterThan(0);
    } finally {
      await endpoint.close();
    }
  });

  test('nobody there: nothing was found out', async () => {
    const endpoint = await fakeEndpoint([]);
    await endpoint.close();
    const checks = await probe({ model: 'm', baseUrl: endpoint.url });
    expect(checks.map(({ ok }) => ok)).toEqual([false, false]);
    expect((await callStyleOf({ model: 'm', baseUrl: endpoint.url })).style).toBeUndefined();
  });

  function without(check: string): string[] {
    return everything.map((each) => (each === check ? `no ${each}` : each));
  }
});

function page(name: string, readOnlyHint?: boolean) {
  return {
    name,
    inputSchema: { type: 'object' as const },
    ...(readOnlyHint === undefined ? {} : { annotations: { readOnlyHint } }),
  };
}

async function checksOf(skills: Skills, model = 'fake') {
  const endpoint = await fakeEndpoint([], skills);
  try {
    const checks = await probe({ model, baseUrl: endpoint.url });
    return checks.map(({ check, ok }) => `${ok ? '' : 'no '}${check}`);
  } finally {
    await endpoint.close();
  }
}
