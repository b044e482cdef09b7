import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { array, assert, asyncProperty, constantFrom, record } from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';

import { ChangeResult } from '../../src/model/deed-view.ts';
import { demoHome } from '../cli/run.ts';
import { type Desk, openDesk, planned, wish } from '../control/desk.ts';
import { endpointWith, type Fetch, fetchFrom, legacyClient, modernClient } from './http/endpoint-at.ts';

vi.setConfig({ testTimeout: 180_000 });

/** What becomes of one attempt at a call. */
type Fate = 'arrives' | 'request lost' | 'reply lost' | 'twice';

/** A network that loses calls before or after they are carried out, or delivers them twice. */
function losing(fetch: Fetch, fates: Fate[]): Fetch {
  return async (to, init) => {
    const isCall = typeof init?.body === 'string' && init.body.includes('"tools/call"');
    const fate = isCall ? (fates.shift() ?? 'arrives') : 'arrives';
    if (fate === 'request lost') throw new TypeError('fetch failed');
    if (fate === 'twice') await (await fetch(to, init)).text();
    const response = await fetch(to, init);
    if (fate !== 'reply lost') return response;
    await response.text();
    throw new TypeError('fetch failed');
  };
}

type Connection = Awaited<ReturnType<typeof legacyClient>> | Awaited<ReturnType<typeof modernClient>>;

/** Calls until an answer comes, each time at the next replica, as an agent that does not know what became of it. */
async function insist(replicas: readonly Connection[], name: string, args: Record<string, unknown>) {
  for (let attempt = 0; attempt < 12; attempt++) {
    const replica = replicas[attempt % replicas.length];
    try {
      const result = await replica?.callTool({ name, arguments: args });
      if (result !== undefined) return ChangeResult.parse(result.structuredContent);
    } catch (error) {
      if (!String(error).includes('fetch failed')) throw error;
    }
  }
  throw new Error('no attempt got through');
}

const fate = constantFrom<Fate>('arrives', 'request lost', 'reply lost', 'twice');
const trouble = record({
  commit: array(fate, { maxLength: 5 }),
  release: array(fate, { maxLength: 5 }),
  hour: constantFrom(0, 24, 48, 72, 96),
});

async function keysSince({ ledger }: Desk, seq: number): Promise<readonly string[]> {
  return (await ledger.read(seq, 1000)).map(({ idemKey }) => String(idemKey));
}

test('whatever the network loses or doubles, at two replicas and in both eras, a command is done once', async () => {
  const desk = await openDesk();
  const other = await openDesk(desk.home);
  const fates: Fate[] = [];
  const near = losing(fetchFrom(endpointWith({ control: desk.control })), fates);
  const far = losing(fetchFrom(endpointWith({ control: other.control })), fates);
  const replicas = [await legacyClient(near), await modernClient(far)];
  let round = 0;
  await assert(
    asyncProperty(trouble, async ({ commit, release, hour }) => {
      round += 1;
      const start = new Date(Date.UTC(2026, 10, 26, hour)).toISOString();
      const { id: plan } = await planned(desk, wish({ start, where: ['iad3'] }));
      const { seq } = await desk.control.head();
      fates.push(...commit);
      const keys = { commit: `retry-${round}-commit`, release: `retry-${round}-release` };
      const made = await insist(replicas, 'contract_commit', { plan, idempotencyKey: keys.commit });
      expect(made.decision).toBe('committed');
      fates.splice(0, fates.length, ...release);
      const contract = made.contract?.id;
      const ended = await insist(replicas, 'contract_release', { contract, idempotencyKey: keys.release });
      expect(ended.decision).toBe('released');
      fates.length = 0;
      expect(await keysSince(desk, seq)).toEqual([keys.commit, keys.release]);
    }),
    { seed: 5, numRuns: 10 },
  );
  expect((await desk.control.verify()).ok).toBe(true);
});

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

const hello = {
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'retry', version: '1' } },
};

function tell(server: ChildProcessWithoutNullStreams, message: object): void {
  server.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/** Resolves when the server has said this; rejects where it ends before. */
function heard(server: ChildProcessWithoutNullStreams, word: string): Promise<string> {
  return new Promise((found, failed) => {
    let said = '';
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(word)) found(said);
    });
    server.once('exit', () => failed(new Error(`it ended: ${said}`)));
  });
}

async function served(home: string): Promise<ChildProcessWithoutNullStreams> {
  const server = spawn(process.execPath, [cli, 'mcp', '--as', 'ada'], { env: { BERTH_HOME: home } });
  onTestFinished(() => {
    server.kill('SIGKILL');
  });
  server.stdin.on('error', () => {});
  server.stderr.resume();
  const ready = heard(server, '"serverInfo"');
  tell(server, hello);
  await ready;
  tell(server, { method: 'notifications/initialized' });
  return server;
}

test.each([0, 80])(
  'a server that is killed %i ms after it got a command has done it once or not at all, and the next one finishes',
  async (afterMs) => {
    const home = await demoHome();
    const desk = await openDesk(home);
    const { id: plan } = await planned(desk, wish());
    const { seq } = await desk.control.head();
    const params = { name: 'contract_commit', arguments: { plan, idempotencyKey: 'killed-0001' } };
    const first = await served(home);
    tell(first, { id: 2, method: 'tools/call', params });
    await new Promise((later) => {
      setTimeout(later, afterMs);
    });
    first.kill('SIGKILL');
    await once(first, 'exit');
    const left = await keysSince(desk, seq);
    expect(left.length).toBeLessThanOrEqual(1);
    const second = await served(home);
    const answer = heard(second, '"id":3');
    tell(second, { id: 3, method: 'tools/call', params });
    expect(await answer).toContain(`"decision":"committed"`);
    expect(await keysSince(desk, seq)).toEqual(['killed-0001']);
    expect((await desk.control.verify()).ok).toBe(true);
  },
);
