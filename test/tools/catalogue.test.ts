import { readdirSync } from 'node:fs';

import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { connectInProcess } from '../../src/mcp/in-process.ts';
import type { Tool } from '../../src/mcp/tool.ts';
import { type Toolset, toolsets, toolsOf, usualToolsets } from '../../src/mcp/toolset.ts';
import { PrincipalId } from '../../src/model/id.ts';
import { tools } from '../../tools/index.ts';
import { fakeControl } from '../mcp/fake-control.ts';

/** A tool as a client gets it, with nothing left out. */
const Served = z.strictObject({
  name: z.string().regex(/^[a-z]+_[a-z]+$/),
  description: z.string().min(40).max(600),
  inputSchema: z.looseObject({ type: z.literal('object'), additionalProperties: z.literal(false) }),
  outputSchema: z.looseObject({ type: z.literal('object'), required: z.array(z.string()).min(1) }),
  annotations: z.strictObject({
    title: z.string().min(1),
    readOnlyHint: z.boolean(),
    destructiveHint: z.boolean(),
    idempotentHint: z.literal(true),
    openWorldHint: z.literal(false),
  }),
});
type Served = z.infer<typeof Served>;

const combinators = ['anyOf', 'oneOf', 'allOf', 'not', 'if', '$ref', '$defs'];
const nounGroups = [
  'approval',
  'contract',
  'event',
  'inventory',
  'ledger',
  'maintenance',
  'operation',
  'placement',
  'policy',
  'template',
];
const writes = ['contract_commit', 'contract_release', 'maintenance_start'];

let client: Client;
let served: Map<string, unknown>;

beforeAll(async () => {
  client = await connectInProcess({
    tools,
    control: fakeControl().control,
    caller: { principal: PrincipalId.parse('person:ada') },
    version: '0.0.0',
    log: () => undefined,
    client: 'snapshot',
  });
  served = new Map((await client.listTools()).tools.map((tool) => [tool.name, tool]));
});

afterAll(() => client.close());

function get(name: string): Served {
  return Served.parse(served.get(name));
}

test('no snapshot is left of a tool that is gone', () => {
  const kept = readdirSync(new URL('../toolsnaps', import.meta.url));
  expect(kept.filter((file) => !tools.some(({ name }) => file === `${name}.json`))).toEqual([]);
});

test('names differ, and the order is the one of the list', () => {
  expect([...served.keys()]).toEqual(tools.map(({ name }) => name));
  expect(served.size).toBe(tools.length);
});

describe.each(tools.map(({ name }) => name))('%s', (name) => {
  test('is served as it was last reviewed', async () => {
    await expect(`${JSON.stringify(served.get(name), undefined, 2)}\n`).toMatchFileSnapshot(
      `../toolsnaps/${name}.json`,
    );
  });

  test('speaks plainly to a client', () => {
    const { inputSchema, outputSchema, description, annotations } = get(name);
    for (const schema of [inputSchema, outputSchema])
      expect(combinators.filter((word) => Object.hasOwn(schema, word))).toEqual([]);
    expect(nounGroups).toContain(name.split('_')[0]);
    expect(annotations.readOnlyHint).toBe(!writes.includes(name));
    expect(annotations.destructiveHint).toBe(writes.includes(name));
    expect(description.match(/[^\x20-\x7E]/)).toBeNull();
  });

  test('names only tools that exist', () => {
    const named =
      get(name).description.match(
        /\b(?:approval|inventory|policy|placement|contract|maintenance|ledger|operation|event|template)_[a-z]+/g,
      ) ?? [];
    expect(named.filter((other) => !served.has(other))).toEqual([]);
  });

  test('has no schema inside that a strict client would stumble over', () => {
    expect(JSON.stringify(get(name))).not.toMatch(
      /"(?:\$ref|\$defs|\$schema|propertyNames)":|"readOnly":true/,
    );
  });
});

test('a write asks for a key', () => {
  for (const name of writes) {
    const { inputSchema } = get(name);
    expect(inputSchema['required']).toContain('idempotencyKey');
  }
});

/** What each list costs a model, in tokens of o200k_base; a change beyond 5 % is a decision, and is written here. */
const recorded = { usual: 3_742, all: 4_042 };

/** Name, description and input: what every host shows its model. */
function told(list: readonly Tool[]): string[] {
  return list.map(({ name }) => {
    const { description, inputSchema } = get(name);
    return name + description + JSON.stringify(inputSchema);
  });
}

function tokens(list: readonly Tool[]): number {
  return told(list).reduce((sum, text) => sum + countTokens(text), 0);
}

function namesOf(sets: readonly Toolset[], readOnly = false): string[] {
  return toolsOf(tools, { sets, readOnly }).map(({ name }) => name);
}

describe('the list stays small', () => {
  const usual = toolsOf(tools, { sets: usualToolsets, readOnly: false });

  test('by a tokenizer', () => {
    const now = { usual: tokens(usual), all: tokens(tools) };
    expect(now.usual).toBeLessThanOrEqual(recorded.usual * 1.05);
    expect(now.usual).toBeGreaterThanOrEqual(recorded.usual * 0.95);
    expect(now.all).toBeLessThanOrEqual(recorded.all * 1.05);
    expect(now.usual).toBeLessThanOrEqual(4_000);
  });

  test('by a quarter of its bytes', () => {
    const bytes = told(usual).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    expect(Math.ceil(bytes / 4)).toBeLessThanOrEqual(4_000);
    expect(tools.length).toBeLessThanOrEqual(20);
  });
});

describe('toolsets', () => {
  test('leave maintenance out until it is asked for', () => {
    expect(namesOf(usualToolsets)).toHaveLength(18);
    expect(namesOf(usualToolsets).filter((name) => name.startsWith('maintenance'))).toEqual([]);
    expect(namesOf(['operate'])).toEqual(['maintenance_plan', 'maintenance_start']);
    expect(namesOf(toolsets)).toEqual(tools.map(({ name }) => name));
  });

  test('never bring back what reading only leaves out', () => {
    for (const sets of [toolsets, usualToolsets, ['operate', 'contracts'] as const])
      expect(namesOf(sets, true).filter((name) => writes.includes(name))).toEqual([]);
    expect(namesOf(['contracts'], true)).toEqual([]);
    expect(namesOf(['operate'], true)).toEqual(['maintenance_plan']);
  });
});
