import { expect, test } from 'vitest';
import { z } from 'zod';

import { isJsonObject, type Json, type JsonObject, toJsonObject } from '../../src/mcp/json.ts';
import { fakeControl } from './fake-control.ts';
import { endpointWith, fetchFrom, modernClient } from './http/endpoint-at.ts';

const Failed = z.object({ error: z.object({ code: z.string(), fix: z.string() }) });

/** Does what one sentence of `fix` says to the value at its field, and nothing that it does not say. */
function mended(value: Json | undefined, said: string): Json | undefined {
  const least = /send at least (?<bound>\d+)/.exec(said)?.groups?.['bound'];
  if (least !== undefined) return Number(least);
  if (said.includes('send a number')) return Number(value);
  if (said.includes('send text') || said.includes('give text'))
    return typeof value === 'number' ? String(value) : 'acme';
  if (said.includes('`true` or `false`')) return value === 'yes';
  if (said.includes('/^[a-z]'))
    return (typeof value === 'string' ? value : '').toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
  return /`(?<word>[^`]+)`/.exec(said.replace(/^.*?(?:such as|write)/, ''))?.groups?.['word'];
}

/** The arguments after one round of advice. A key that is not known gets the name that the advice gives. */
function heeding(args: JsonObject, fix: string): JsonObject {
  const copy = toJsonObject(args);
  for (const advice of fix.split(/; (?=`)/)) {
    const [, field = '', said = ''] = /^`([^`]+)`: (.*)$/.exec(advice) ?? [];
    const steps = field.match(/[^.[\]]+/g) ?? [];
    const key = steps.pop() ?? '';
    const parent = steps.reduce<Json | undefined>(
      (at, step) => (Array.isArray(at) ? at[Number(step)] : isJsonObject(at) ? at[step] : undefined),
      copy,
    );
    if (!isJsonObject(parent)) continue;
    const name = /^write `(?<name>[a-zA-Z]+)`$/.exec(said)?.groups?.['name'];
    const isKey =
      name !== undefined &&
      (isJsonObject(parent[key] ?? 0) || typeof parent[key] === 'string') &&
      misspelt.includes(key);
    const next = isKey ? parent[key] : mended(parent[key], said);
    if (isKey) delete parent[key];
    if (next !== undefined) parent[isKey ? name : key] = next;
  }
  return copy;
}

const misspelt = ['wthin', 'gpu', 'tenat'];

test.each<[string, JsonObject]>([
  [
    'inventory_search',
    {
      wthin: 'fra1',
      model: 7,
      link: 'NVLINK',
      rdma: 'yes',
      country: 'Germany',
      minFreeGpus: -1,
      from: 'tomorrow',
      limit: 0,
    },
  ],
  [
    'placement_plan',
    {
      demand: {
        tenat: 'acme',
        parts: [{ name: 'Train it', count: 0, each: { gpu: { count: '8' } } }],
        window: { earliestStart: 'monday' },
        objective: 'fast',
      },
    },
  ],
])(
  'a call of %s with an error in every field is mended by what the errors say alone',
  async (name, wrong) => {
    const { control, calls } = fakeControl();
    const client = await modernClient(fetchFrom(endpointWith({ control })));
    let args = wrong;
    let tries = 0;
    let result = await client.callTool({ name, arguments: args });
    while (result.isError === true && tries < 4) {
      const [block] = z.tuple([z.object({ text: z.string() })]).parse(result.content);
      const { error } = Failed.parse(JSON.parse(block.text));
      expect(error.code).toBe('INVALID_INPUT');
      args = heeding(
        args,
        error.fix.startsWith('`')
          ? error.fix
          : `\`${z.object({ error: z.object({ field: z.string() }) }).parse(JSON.parse(block.text)).error.field}\`: ${error.fix}`,
      );
      tries += 1;
      result = await client.callTool({ name, arguments: args });
    }
    expect(result.isError).toBeUndefined();
    expect(tries).toBeLessThanOrEqual(3);
    expect(calls).toHaveLength(1);
  },
);
