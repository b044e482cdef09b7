import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';

import { cleanText } from '../../model/text.ts';
import { type Access, passFor } from '../access.ts';
import { createModernServer } from '../modern.ts';
import { createRunning } from '../running.ts';
import type { McpServerOptions } from '../server.ts';
import { bodyCapBytes, readBody } from './body.ts';
import { barred, type Gate } from './gate.ts';
import { createMetrics } from './metrics.ts';
import { createPace, type Rate } from './pace.ts';
import { json, refusal, text } from './reply.ts';
import { createSessions } from './sessions.ts';

export type EndpointOptions = McpServerOptions & {
  readonly gate: Gate;
  readonly rate?: Rate;
  /** A clock that never goes back. */
  readonly nowMs?: () => number;
};

/** Everything that is served over HTTP, without a socket. */
export type Endpoint = {
  /** Answers one request; `peer` is the address it came from. Never rejects. */
  fetch(request: Request, peer: string): Promise<Response>;
  /** Takes no new work, waits at most so long for what runs, and ends all streams. */
  close(patienceMs: number): Promise<void>;
};

const usualRate: Rate = { burst: 200, perSecond: 100 };

/**
 * One endpoint for both eras of the protocol at `/mcp`, with `/healthz`, `/readyz` and `/metrics` beside it. Every
 * route asks the gate first, then how often its caller has asked.
 */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const { log, nowMs = () => performance.now(), rate = usualRate } = options;
  const running = createRunning();
  const metrics = createMetrics(() => sessions.count());
  const serving: McpServerOptions = { ...options, observe: metrics.call };
  const sessions = createSessions(serving, running, nowMs);
  const modern = createMcpHandler(
    ({ authInfo }) => createModernServer(serving, { running, pass: authInfo }),
    {
      legacy: 'reject',
      maxRequestBodySize: bodyCapBytes,
      ...(options.profile === undefined ? {} : { bus: options.profile.bus }),
    },
  );
  const pace = createPace(rate, nowMs);
  let closing = false;

  const mcp: Route = async (request, { access }) => {
    if (closing) return refusal(503, 'the server is ending', { headers: { 'retry-after': '5' } });
    const body = request.method === 'POST' ? await readBody(request) : { value: undefined };
    if (body instanceof Response) return body;
    if (await isLegacyRequest(request, body.value)) return sessions.fetch(request, access, body.value);
    return modern.fetch(request, { parsedBody: body.value, authInfo: passFor(access) });
  };
  const routes: Readonly<Record<string, Route>> = {
    '/mcp': mcp,
    '/healthz': reading(() => text(200, 'ok\n')),
    '/readyz': reading(() => ready(options, closing)),
    '/metrics': reading(async () => {
      const { text: body, contentType } = await metrics.read();
      return text(200, body, contentType);
    }),
  };

  const answer = async (request: Request, peer: string): Promise<Response> => {
    const why = barred(request.headers, options.gate);
    if (why !== undefined) return refusal(403, `the ${why} of the request is not one of this server`);
    const waitS = pace.take(peer);
    if (waitS > 0) return refusal(429, 'too many requests', { headers: { 'retry-after': String(waitS) } });
    const route = routes[pathOf(request)];
    if (route === undefined) return refusal(404, 'there is nothing here: the tools are at /mcp');
    return route(request, { access: { party: options.caller } });
  };

  return {
    fetch: async (request, peer) => {
      const started = performance.now();
      const response = await answer(request, peer).catch((error: unknown) => failed(log, error));
      const known = Object.hasOwn(routes, pathOf(request)) ? pathOf(request) : 'other';
      const seen = { route: known, method: methodOf(request), status: response.status };
      metrics.request(seen);
      log('info', 'http', { ...seen, peer, tookMs: Math.round(performance.now() - started) });
      return response;
    },
    close: async (patienceMs) => {
      closing = true;
      await Promise.race([running.idle(), new Promise((resolve) => setTimeout(resolve, patienceMs).unref())]);
      await Promise.all([sessions.close(), modern.close()]);
    },
  };
}

type Route = (request: Request, by: { readonly access: Access }) => Response | Promise<Response>;

/** A route that is read and nothing else. */
function reading(answer: () => Response | Promise<Response>): Route {
  return ({ method }) =>
    method === 'GET' || method === 'HEAD'
      ? answer()
      : refusal(405, 'this is only read', { headers: { allow: 'GET, HEAD' } });
}

/** Ready while the ledger can be read and nobody has asked the server to end. */
async function ready({ control }: McpServerOptions, closing: boolean): Promise<Response> {
  const readable = await control.head().then(
    () => true,
    () => false,
  );
  return json(readable && !closing ? 200 : 503, { ready: readable && !closing });
}

function failed(log: McpServerOptions['log'], error: unknown): Response {
  const reference = crypto.randomUUID().slice(0, 8);
  const message = error instanceof Error ? (error.stack ?? error.message) : cleanText(String(error), 1000);
  log('error', 'http-failed', { reference, error: message });
  return refusal(500, `internal error, reference ${reference}`, { code: -32_603 });
}

function pathOf(request: Request): string {
  return new URL(request.url).pathname;
}

/** Of the methods there are: a label that callers cannot make up. */
function methodOf({ method }: Request): string {
  return ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'].includes(method) ? method : 'other';
}
