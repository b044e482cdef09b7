import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { createEndpoint, type Endpoint } from '../../src/mcp/http/endpoint.ts';
import { loopbackGate } from '../../src/mcp/http/gate.ts';
import { BerthError } from '../../src/model/error.ts';
import { cleanText } from '../../src/model/text.ts';
import { tools } from '../../tools/index.ts';
import type { Player, Reply } from './contestant.ts';
import { replyIn } from './reply.ts';
import type { Scene } from './scene.ts';

/** How long an agent may take for one answer. */
const answerMostMs = 300_000;

type Joined = { readonly task: { readonly id: string }; readonly seed: number };

/**
 * An agent that is a service of somebody else. Each line is POSTed to its URL as `{"talk", "say", "mcp", "seed"}`; `mcp`
 * is where Berth answers for the world of this talk. It answers with `{"text": …}`, and is scored by what stands in the
 * ledger afterwards.
 */
export class ServiceAgent implements Player {
  readonly #url: string;
  readonly #world: World;
  readonly #talk: string;
  readonly #seed: number;

  private constructor(url: string, world: World, { task, seed }: Joined) {
    this.#url = url;
    this.#world = world;
    this.#talk = `${task.id}-${seed}-${(talks += 1)}`;
    this.#seed = seed;
  }

  static async join(url: string, scene: Scene, joined: Joined): Promise<ServiceAgent> {
    return new ServiceAgent(url, await serveWorld(scene), joined);
  }

  async turn(say: string): Promise<Reply> {
    const body = JSON.stringify({ talk: this.#talk, say, mcp: this.#world.url, seed: this.#seed });
    const said = await this.#post(body);
    const reply = replyIn(jsonOf(said));
    if (reply === undefined) throw failed(this.#url, `answered \`${cleanText(said, 80)}\``);
    return reply;
  }

  async end(): Promise<void> {
    await this.#world.close();
  }

  async #post(body: string): Promise<string> {
    const signal = AbortSignal.timeout(answerMostMs);
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(this.#url, { method: 'POST', headers, body, signal }).catch(
      (cause: unknown) => {
        throw failed(this.#url, `did not answer: ${cause instanceof Error ? cause.message : String(cause)}`);
      },
    );
    if (response.ok) return response.text();
    throw failed(this.#url, `answered HTTP ${response.status}`);
  }
}

let talks = 0;

type World = { readonly url: string; close(): Promise<void> };

/** Berth's MCP server over HTTP for one world, on a free port of this machine. */
async function serveWorld({ control, caller }: Scene): Promise<World> {
  const endpoint = createEndpoint({
    tools,
    control,
    caller,
    version: '0.0.0',
    log: () => undefined,
    gate: loopbackGate(),
  });
  const server = createServer((incoming, outgoing) => void pass(endpoint, incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server)}/mcp`,
    close: async () => {
      await endpoint.close(1000);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function pass(endpoint: Endpoint, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  const body = method === 'POST' ? { body: await text(incoming) } : {};
  const request = new Request(new URL(url, 'http://127.0.0.1'), { method, headers, ...body });
  const response = await endpoint.fetch(request, '127.0.0.1');
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null) outgoing.end();
  else
    Readable.fromWeb(response.body)
      .on('error', () => outgoing.destroy())
      .pipe(outgoing);
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function failed(url: string, what: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `the agent at ${new URL(url).host} ${what}`,
    fix: 'answer every POST `{"talk": …, "say": …, "mcp": …}` with `{"text": …}`; see evals/README.md',
  });
}

function jsonOf(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return undefined;
  }
}
