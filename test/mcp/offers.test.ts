import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { readPrompts } from '../../src/cli/prompts.ts';
import { instructions } from '../../src/mcp/exchange.ts';
import { fillPrompt, readPrompt } from '../../src/mcp/prompt.ts';
import { resourceAt, resources } from '../../src/mcp/resource.ts';
import { toolsOf } from '../../src/mcp/toolset.ts';
import { DemandRequest } from '../../src/model/demand.ts';
import { BerthError } from '../../src/model/error.ts';
import { tools } from '../../tools/index.ts';
import * as answers from './answers.ts';
import { fakeControl } from './fake-control.ts';
import { endpointWith, fetchFrom, legacyClient, modernClient } from './http/endpoint-at.ts';

const prompts = readPrompts();
const eras = [
  ['handshake', legacyClient, -32_002],
  ['stateless', modernClient, -32_602],
] as const;

const Text = z.object({ contents: z.tuple([z.object({ mimeType: z.string(), text: z.string() })]) });
const Said = z.object({ messages: z.tuple([z.object({ content: z.object({ text: z.string() }) })]) });

describe.each(eras)('in the %s era', (_era, connect, notFound) => {
  const serve = (instead: Parameters<typeof fakeControl>[0] = {}, list = tools) => {
    const { control, calls } = fakeControl(instead);
    return {
      client: connect(fetchFrom(endpointWith({ control, prompts: () => prompts, tools: list }))),
      calls,
    };
  };

  test('every resource that is listed can be read, as its tool answers it', async () => {
    const { client, calls } = serve();
    const { resources: listed } = await (await client).listResources();
    for (const { uri } of listed) {
      const [{ mimeType, text }] = Text.parse(await (await client).readResource({ uri })).contents;
      expect(mimeType).toBe('application/json');
      expect(Object.keys(z.record(z.string(), z.unknown()).parse(JSON.parse(text)))).not.toEqual([]);
    }
    expect(listed).toHaveLength(5);
    expect(calls.map(({ method }) => method).toSorted()).toEqual(['approvals', 'head', 'summary']);
    expect(calls[0]?.args[0]).toMatchObject({ principal: 'person:ada', tool: 'inventory_summary' });
  });

  test.each([
    ['berth://site/fra1', 'records', { ids: ['fra1'], devices: false }],
    ['berth://contract/C-106', 'contract', 'C-106'],
    ['berth://rules/acme', 'checkPolicy', { tenant: 'acme' }],
    ['berth://site/fra1%2Fh1', undefined, undefined],
  ])('%s asks the door', async (uri, method, asked) => {
    const { client, calls } = serve();
    const read = (await client).readResource({ uri });
    const answered = await read.then(
      () => true,
      () => false,
    );
    expect(answered).toBe(method !== undefined);
    expect(calls.map((call) => [call.method, call.args[1]])).toEqual(
      method === undefined ? [] : [[method, asked]],
    );
  });

  test.each([
    'berth://contract/C-9',
    'berth://contract/',
    'berth://contract/../ledger',
    'berth://nowhere',
    'file:///etc/passwd',
    'berth://contract/C-106/%00',
    'berth://contract/%',
  ])('there is nothing at %s, and it is said so', async (uri) => {
    const missing = new BerthError({ code: 'NOT_FOUND', message: 'no contract `C-9`', fix: 'look' });
    const { client } = serve({ contract: () => Promise.reject(missing) });
    await expect((await client).readResource({ uri })).rejects.toMatchObject({ code: notFound });
  });

  test('what may not be called may not be read either', async () => {
    const observing = toolsOf(tools, { sets: ['audit'], readOnly: true });
    const { client, calls } = serve({}, observing);
    expect((await (await client).listResources()).resources.map(({ uri }) => uri)).toEqual([
      'berth://ledger/head',
    ]);
    expect((await (await client).listResourceTemplates()).resourceTemplates).toEqual([]);
    expect((await (await client).listPrompts()).prompts).toEqual([]);
    await expect((await client).readResource({ uri: 'berth://inventory' })).rejects.toMatchObject({
      code: notFound,
    });
    expect(calls).toEqual([]);
  });

  test('prompts are listed and filled', async () => {
    const { client } = serve();
    const { prompts: listed } = await (await client).listPrompts();
    expect(listed.map(({ name }) => name)).toEqual([
      'request_capacity',
      'why_rejected',
      'capacity_review',
      'incident_impact',
      'audit_trail',
    ]);
    const given = { contract: 'C-101' };
    const filled = await (await client).getPrompt({ name: 'audit_trail', arguments: given });
    const [{ content }] = Said.parse(filled).messages;
    expect(content.text).toContain('Write the audit trail of contract C-101.');
    expect(content.text).not.toContain('{{');
    await expect((await client).getPrompt({ name: 'audit_trail', arguments: {} })).rejects.toThrow(
      '`contract` is needed',
    );
    await expect((await client).getPrompt({ name: 'approve_all' })).rejects.toMatchObject({ code: -32_602 });
  });

  test('ids are completed', async () => {
    const { client } = serve();
    const argument = { name: 'contract', value: 'c-1' };
    const ask = async (ref: Parameters<Awaited<typeof client>['complete']>[0]['ref'], what = argument) =>
      (await (await client).complete({ ref, argument: what })).completion.values;
    expect(await ask({ type: 'ref/resource', uri: 'berth://contract/{contract}' })).toEqual(
      answers.contracts.contracts.map(({ id }) => id),
    );
    expect(await ask({ type: 'ref/prompt', name: 'audit_trail' }, { name: 'contract', value: 'x' })).toEqual(
      [],
    );
    expect(
      await ask({ type: 'ref/prompt', name: 'request_capacity' }, { name: 'tenant', value: 'AC' }),
    ).toEqual(['acme']);
    expect(
      await ask({ type: 'ref/prompt', name: 'request_capacity' }, { name: 'request', value: 'a' }),
    ).toEqual([]);
    expect(await ask({ type: 'ref/resource', uri: 'berth://nowhere/{x}' })).toEqual([]);
  });
});

function head(list: string): string {
  return `---\ntitle: t\ndescription: d\ntools: [a]\narguments: ${list}\n---\n`;
}

describe('prompts', () => {
  test.each(prompts.map((prompt) => [prompt.name, prompt] as const))(
    '%s names only tools that it needs, and needs all it lists',
    (_name, prompt) => {
      const named = new Set([...prompt.text.matchAll(/\b[a-z]+_[a-z]+\b/g)].map(([word]) => word));
      const known = tools.map(({ name }) => name).filter((name) => named.has(name));
      expect(prompt.tools.filter((name) => !named.has(name))).toEqual([]);
      expect(
        known.filter(
          (name) => !prompt.tools.includes(name) && name !== 'contract_commit' && name !== 'placement_plan',
        ),
      ).toEqual([]);
      expect(
        [...named].filter(
          (word) =>
            /^(?:inventory|placement|contract|ledger|policy|approval|maintenance)_/.test(word) &&
            !known.includes(word),
        ),
      ).toEqual([]);
    },
  );

  test('a value is text: it names no further arguments and ends no line of ours', () => {
    const [prompt] = prompts;
    const filled = fillPrompt(prompt ?? readPrompt('x', ''), { request: '{{tenant}} $& $1', tenant: 'acme' });
    expect(filled).toContain('on the fleet: {{tenant}} $& $1\n');
    expect(filled).toContain('Tenant: acme');
    expect(fillPrompt(prompt ?? readPrompt('x', ''), { request: 'x', __proto__: 'y' })).toContain(
      'Tenant: not said',
    );
  });

  test.each([
    [`${head('[{ name: x, description: d }]')}no use of it`, 'exactly its arguments'],
    [`${head('[]')}uses {{x}}`, 'exactly its arguments'],
    [head('[]'), 'exactly its arguments'],
    ['no head', 'expected object'],
  ])('a file that does not fit is not loaded: %j', (file, why) => {
    expect(() => readPrompt('broken', file)).toThrow(why);
  });
});

test('the schema of a demand is the one that demands are read with', () => {
  const schema = resources.find(({ uri }) => uri === 'berth://schema/demand');
  const content = schema?.content?.(fakeControl().control);
  expect(content).toEqual(
    JSON.parse(JSON.stringify(z.toJSONSchema(DemandRequest, { target: 'draft-2020-12', io: 'input' }))),
  );
});

test('an address is one resource', () => {
  for (const { uri } of resources)
    expect(resourceAt(resources, uri.replace(/\{.*/, 'x'))?.resource.uri).toBe(uri);
});

test('everything that is offered is as it was last reviewed', async () => {
  const client = await legacyClient(fetchFrom(endpointWith({ prompts: () => prompts })));
  const surface = {
    instructions,
    tools: (await client.listTools()).tools.map(({ name, annotations }) => ({ name, annotations })),
    ...(await client.listResources()),
    ...(await client.listResourceTemplates()),
    ...(await client.listPrompts()),
  };
  await expect(`${JSON.stringify(surface, undefined, 2)}\n`).toMatchFileSnapshot(
    '../golden/mcp-surface.json',
  );
});
