import { readdirSync, readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import type { Agent, Turn } from '../../src/agent/agent.ts';
import { createInterpreter } from '../../src/agent/interpreter.ts';
import { createReaderLoop } from '../../src/llm/reader-loop.ts';
import { offered } from '../../src/llm/tools.ts';
import { listTools } from '../../src/mcp/catalogue.ts';
import { tools } from '../../tools/index.ts';
import { fakeFleet } from '../agent/fleet.ts';
import { berth, demoHome } from '../cli/run.ts';

// The first turn of a process loads LangChain, and conversations are many.
vi.setConfig({ testTimeout: 240_000 });

const Requests = z.array(z.looseObject({ say: z.array(z.string()) }));
const folder = 'evals/requests';
const conversations = ['public.yaml', ...readdirSync(folder).filter((file) => file !== 'public.yaml')]
  .flatMap((file) => Requests.parse(parse(readFileSync(`${folder}/${file}`, 'utf8'))))
  .map(({ say }) => say);
const catalogue = listTools(tools).map(offered);
const now = () => 0;

type Said = { readonly turns: readonly Turn[]; readonly calls: readonly unknown[] };

async function said(
  make: (fleet: ReturnType<typeof fakeFleet>) => Agent,
  lines: readonly string[],
): Promise<Said> {
  const fleet = fakeFleet();
  const agent = make(fleet);
  const turns: Turn[] = [];
  for (const line of lines) turns.push(await agent.turn(line));
  return { turns, calls: fleet.calls };
}

function direct(lines: readonly string[]): Promise<Said> {
  return said((toolbox) => createInterpreter({ toolbox, now }), lines);
}

function inLoop(lines: readonly string[]): Promise<Said> {
  return said((toolbox) => createReaderLoop({ toolbox, tools: catalogue, now }), lines);
}

describe('the built-in reader in the loop of the models answers as it does by itself', () => {
  test('in the fifteen public conversations and those that follow them', async () => {
    expect(conversations.length).toBeGreaterThan(60);
    for (const lines of conversations.slice(0, 40)) expect(await inLoop(lines)).toEqual(await direct(lines));
  });

  test('in drawn ones, with yes and no anywhere', async () => {
    const line = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...conversations.flat()) },
      fc.constantFrom('yes', 'no', 'commit', 'release C-105', 'make it two weeks', 'why?', 'the second one'),
    );
    const drawn = fc.array(line, { minLength: 2, maxLength: 6 });
    for (const lines of fc.sample(drawn, { seed: 51, numRuns: 15 }))
      expect(await inLoop(lines)).toEqual(await direct(lines));
  });

  test('a plan that is chosen is committed once', async () => {
    const fleet = fakeFleet();
    const agent = createReaderLoop({ toolbox: fleet, tools: catalogue, now });
    const { plan } = await agent.turn('16 H100 for acme for 3 days from Monday');
    if (plan === undefined) throw new Error('nothing was planned');
    expect(await agent.confirm(plan)).toMatchObject({ outcome: 'committed' });
    expect(fleet.calls.filter(({ tool }) => tool === 'contract_commit')).toHaveLength(1);
  });
});

describe('its gate', () => {
  test('lets nothing write but after a plain yes, whatever the reader asks for', async () => {
    const { ReaderGate } = await import('../../src/llm/reader-gate.ts');
    const fleet = fakeFleet();
    const wish = {
      tool: 'contract_release',
      args: { contract: 'C-101', expectedVersion: 1, idempotencyKey: 'k-12345678' },
    };
    const reach = (tool: string, args: Record<string, unknown>) => fleet.call(tool, args);
    const closed = new ReaderGate({ tools: catalogue, isYes: false, reach });
    expect(await closed.carryOut(wish)).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } });
    expect(fleet.calls).toEqual([]);
    const open = new ReaderGate({ tools: catalogue, isYes: true, reach });
    expect(await open.carryOut(wish)).toMatchObject({ ok: true });
  });

  test('a stop of the person is an answer', async () => {
    const controller = new AbortController();
    controller.abort();
    const agent = createReaderLoop({ toolbox: fakeFleet(), tools: catalogue, now });
    const turn = await agent.turn('which nodes have 4 free H100?', { signal: controller.signal });
    expect(turn).toMatchObject({ outcome: 'error', error: { code: 'INTERRUPTED' } });
  });
});

test('as BERTH_MODEL it answers like the reader itself, from plan to contract', async () => {
  const stdin = '1 L4 for acme for 3 days from Monday\nyes\nshow C-106\n';
  const run = async (env: Record<string, string>) =>
    berth(['--plain', '--as', 'mila', '--tenant', 'acme'], { home: await demoHome(), env, stdin });
  const looped = await run({ BERTH_MODEL: 'built-in-loop' });
  const alone = await run({});
  expect(looped.stdout).toContain('Committed as C-106');
  expect(looped).toMatchObject({ code: alone.code, stdout: alone.stdout });
});
