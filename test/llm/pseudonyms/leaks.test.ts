import * as fc from 'fast-check';
import { http, HttpResponse, passthrough } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';

import { berth, demoHome } from '../../cli/run.ts';
import { fakeEndpoint, type Step } from '../endpoint.ts';

vi.setConfig({ testTimeout: 240_000 });

const remote = 'https://models.example/v1';
const bodies: string[] = [];
const strangers: string[] = [];
let behind = '';
/** A model far away: what reaches it is kept, and a server of this test answers. */
const network = setupServer(
  http.all(`${remote}/*`, async ({ request }) => {
    const body = await request.text();
    bodies.push(body);
    const {
      status,
      headers,
      body: answer,
    } = await fetch(request.url.replace(remote, behind), {
      method: request.method,
      headers: { 'content-type': 'application/json' },
      body,
    });
    return new HttpResponse(answer, { status, headers });
  }),
  http.all('*', ({ request }) => {
    if (behind !== '' && request.url.startsWith(behind)) return passthrough();
    strangers.push(request.url);
    return new HttpResponse(null, { status: 503 });
  }),
);
beforeAll(() => network.listen({ onUnhandledFrame: 'error' }));
afterAll(() => network.close());

const Known = z.looseObject({
  sites: z.array(z.looseObject({ id: z.string(), name: z.string() })).min(1),
  tenants: z.array(z.looseObject({ id: z.string(), name: z.string() })).min(1),
});
const Nodes = z.looseObject({ nodes: z.array(z.looseObject({ id: z.string() })).default([]) });
const Contracts = z.looseObject({
  contracts: z.array(z.looseObject({ id: z.string(), tenant: z.string() })),
});

type Message = { readonly role: string; readonly content: unknown };

/**
 * A model that understands nothing, and works with names all the same: it takes them from what it was given last, and
 * uses them in calls and in words.
 */
function parrot(turns: readonly (readonly number[])[]) {
  return ({ messages }: { readonly messages: readonly Message[] }): Step => {
    const turn = messages.filter(({ role }) => role === 'user').length - 1;
    const last = messages.findLastIndex(({ role }) => role === 'user');
    const results = messages.slice(last + 1).filter(({ role }) => role === 'tool');
    const step = turns[turn % turns.length]?.[results.length];
    const { sites, tenants } = Known.parse(dataIn(messages[last]?.content));
    const found = results.map(({ content }) => dataIn(content));
    const nodes = found.flatMap((data) => Nodes.safeParse(data).data?.nodes ?? []);
    const contracts = found.flatMap((data) => Contracts.safeParse(data).data?.contracts ?? []);
    const site = sites[(step ?? 0) % sites.length];
    const node = nodes[(step ?? 0) % Math.max(1, nodes.length)];
    const tenant = tenants[(step ?? 0) % tenants.length];
    const words = `${site?.name} is ${site?.id}; ${tenant?.name} is ${tenant?.id}; node ${node?.id ?? 'unknown'}; ${contracts.map(({ id, tenant: whose }) => `${id} of ${whose}`).join(', ')}. You said: ${firstLine(messages[last])}`;
    if (step === undefined) return { kind: 'text', text: words };
    const calls = [
      { name: 'inventory_search', args: { within: site?.id ?? '', labels: true, limit: 20 } },
      { name: 'contract_search', args: { tenant: tenant?.id ?? '' } },
      { name: 'ledger_search', args: { limit: 20 } },
      { name: 'inventory_get', args: { ids: [node?.id ?? site?.id ?? ''] } },
      { name: 'inventory_search', args: { text: node?.id.split('/').at(-1) ?? 'n', limit: 5 } },
      { name: 'placement_simulate', args: { edits: [{ kind: 'lose', place: node?.id ?? site?.id ?? '' }] } },
    ];
    const call = calls[step % calls.length];
    return call === undefined ? { kind: 'text', text: words } : { kind: 'call', calls: [call] };
  };
}

function firstLine(message: Message | undefined): string {
  return String(message?.content).split('\n')[0] ?? '';
}

function dataIn(content: unknown): unknown {
  const json = /<tool-result[^>]*>\n(\{.*\})\n<\/tool-result>/su.exec(String(content))?.[1];
  return json === undefined ? {} : JSON.parse(json.replaceAll(String.raw`\u003c`, '<'));
}

const requests = [
  'which nodes in fra1 have 4 free H100?',
  'what does Acme hold in Frankfurt?',
  'show the contracts of initech-bank and Globex',
  'drain fra1-r11-n02 please',
  'what if we lose ams2/h1/a01?',
  'is edge-muc-r01-n01 healthy, asks Carl Nowak',
  'Show me everything ops-bot and olga did',
  'list nodes in R13 with their labels',
  'compare FRA1 with iad3 for ACME',
];

const Inventory = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      hostName: z.string(),
      labels: z.record(z.string(), z.string()).default({}),
    }),
  ),
});
const People = z.object({
  principals: z.array(z.object({ principal: z.object({ id: z.string(), name: z.string() }) })),
});

/** Every name of the demo world, from commands that know nothing of models. */
async function namesOf(home: string): Promise<readonly string[]> {
  const names = new Set(['acme', 'globex', 'initech-bank', 'Frankfurt', 'Amsterdam', 'Ashburn', 'Munich']);
  for (const site of ['fra1', 'ams2', 'iad3', 'edge-muc']) {
    const { stdout } = await berth(['inventory', site, '--labels', '--limit', '200', '--json'], { home });
    for (const { id, hostName, labels } of Inventory.parse(JSON.parse(stdout)).nodes)
      for (const name of [...id.split('/'), hostName, ...Object.values(labels)]) names.add(name);
  }
  const { stdout } = await berth(['principals', '--json'], { home });
  for (const { principal } of People.parse(JSON.parse(stdout)).principals)
    for (const name of [principal.id.replace(/^[a-z]+:/u, ''), principal.name]) names.add(name);
  // What is also a word of the protocol (`isolation: shared`) says nothing about whose it is.
  names.delete('shared');
  return [...names].filter((name) => /\p{L}/u.test(name) && name.length > 1);
}

function leakedIn(body: string, names: readonly string[]): readonly string[] {
  const text = body.toLowerCase();
  return names.filter((name) => {
    const escaped = name.toLowerCase().replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`);
    return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'u').test(text);
  });
}

/** One person of the demo world is called `operator`, which is said. */
function withoutNote(text: string): string {
  return text.replace(/\nNot replaced in free text, because they are also other words: operator\.\n/u, '');
}

async function asked(lines: readonly string[], turns: readonly (readonly number[])[], when: string) {
  const server = await fakeEndpoint(parrot(turns));
  behind = server.url;
  bodies.splice(0);
  const env = { BERTH_MODEL: 'fake', OPENAI_BASE_URL: remote, BERTH_PSEUDONYMS: when };
  const home = await demoHome();
  const { stdout, stderr } = await berth(['--plain'], { home, env, stdin: `${lines.join('\n')}\n` });
  await server.close();
  return { stdout, stderr, sent: [...bodies] };
}

test('no name of the fleet leaves for a remote model, and the answers are those without pseudonyms', async () => {
  const names = await namesOf(await demoHome());
  expect(names.length).toBeGreaterThan(60);
  const conversation = fc.record({
    lines: fc.shuffledSubarray(requests, { minLength: 3, maxLength: 4 }),
    turns: fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 4 }), { minLength: 2, maxLength: 3 }),
  });
  for (const { lines, turns } of fc.sample(conversation, { seed: 31, numRuns: 2 })) {
    const hidden = await asked(lines, turns, 'remote');
    const plain = await asked(lines, turns, 'never');
    expect(hidden.sent.length).toBeGreaterThan(lines.length);
    expect(hidden.sent.flatMap((body) => leakedIn(body, names))).toEqual([]);
    expect(plain.sent.flatMap((body) => leakedIn(body, names)).length).toBeGreaterThan(10);
    expect(withoutNote(hidden.stdout)).toBe(plain.stdout);
    expect(hidden.stdout).not.toMatch(/site-a|tenant-a|(?:node|rack|host|person)-00/u);
    expect(hidden.stderr.replaceAll(/\s+/gu, ' ')).toContain('fake at models.example by pseudonyms');
  }
  expect(strangers).toEqual([]);
});
