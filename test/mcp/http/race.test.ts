import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { expect, onTestFinished, test, vi } from 'vitest';

import { ChangeResult } from '../../../src/model/deed-view.ts';
import { type Desk, nodesOf, openDesk, planned, wish } from '../../control/desk.ts';
import { endpointWith, fetchFrom, legacyClient, modernClient } from './endpoint-at.ts';

vi.setConfig({ testTimeout: 60_000 });

type Racer = Awaited<ReturnType<typeof legacyClient>> | Awaited<ReturnType<typeof modernClient>>;

/** What came of two clients who each want the last node. */
async function race(desk: Desk, racers: readonly Racer[]) {
  const plans = [await planned(desk, wish()), await planned(desk, wish({ tenant: 'acme' }))];
  const before = await desk.control.head();
  const results = await Promise.all(
    racers.map((racer, index) =>
      racer.callTool({
        name: 'contract_commit',
        arguments: { plan: plans[index]?.id, idempotencyKey: `race-key-${index}` },
      }),
    ),
  );
  const changes = results.map(({ structuredContent }) => ChangeResult.parse(structuredContent));
  return {
    isForTheSame: nodesOf(plans[0]).join() === nodesOf(plans[1]).join(),
    decisions: changes.map(({ decision }) => decision).toSorted(),
    refusals: changes.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal.kind])),
    newOffers: changes.filter(({ freshPlan }) => freshPlan !== undefined).length,
    appended: (await desk.control.head()).seq - before.seq,
    verified: (await desk.control.verify()).ok,
  };
}

/** Exactly one books it, and the other is told what became of it, with a new offer. */
const oneWinner = {
  isForTheSame: true,
  decisions: ['committed', 'rejected'],
  refusals: ['plan-stale'],
  newOffers: 1,
  appended: 1,
  verified: true,
};

test.each(['one server', 'two servers'])(
  'of two clients of %s that want the last node exactly one gets it',
  async (servers) => {
    const desk = await openDesk();
    const other = servers === 'one server' ? desk : await openDesk(desk.home);
    const near = fetchFrom(endpointWith({ control: desk.control }));
    const far = servers === 'one server' ? near : fetchFrom(endpointWith({ control: other.control }));
    expect(await race(desk, [await legacyClient(near), await modernClient(far)])).toEqual(oneWinner);
  },
);

/** A client of a server that is a process of its own, over pipes. */
async function piped(home: string): Promise<Client> {
  const client = new Client({ name: 'piped', version: '1' });
  const command = { command: process.execPath, args: [cli, 'mcp', '--as', 'ada'] };
  await client.connect(new StdioClientTransport({ ...command, env: { BERTH_HOME: home }, stderr: 'ignore' }));
  onTestFinished(() => client.close());
  return client;
}

const cli = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));

test('over HTTP and stdio, in two processes, exactly one gets it', async () => {
  const desk = await openDesk();
  const near = fetchFrom(endpointWith({ control: desk.control }));
  expect(await race(desk, [await modernClient(near), await piped(desk.home)])).toEqual(oneWinner);
});

test('over stdio alone, in two processes, exactly one gets it', async () => {
  const desk = await openDesk();
  expect(await race(desk, [await piped(desk.home), await piped(desk.home)])).toEqual(oneWinner);
});
