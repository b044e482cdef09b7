import { createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';

import { cleanText } from '../../model/text.ts';
import { passFor } from '../access.ts';
import { type AuthDoor, scopesWanted } from '../auth/door.ts';
import { createModernServer } from '../modern.ts';
import { createRunning, type Running } from '../running.ts';
import type { McpServerOptions } from '../server.ts';
import { bodyCapBytes, readBody } from './body.ts';
import { barred, type Gate } from './gate.ts';
import { createMetrics } from './metrics.ts';
import { createPace, type Pace, type Rate } from './pace.ts';
import { cleaned, refusal } from './reply.ts';
import { type AdmittedRoute, type Route, routesOf, tooFast } from './routes.ts';
import { createSessions, type Sessions } from './sessions.ts';

export type EndpointOptions = McpServerOptions & {
  readonly gate: Gate;
  readonly rate?: Rate;
  /** Asks every caller for a token. Without it whoever reaches the endpoint is `caller`. */
  readonly auth?: AuthDoor;
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
  const { nowMs = () => performance.now(), rate = usualRate } = options;
  const running = createRunning();
  const metrics = createMetrics(() => sessions.count());
  const stopping = new AbortController();
  const serving = { ...options, observe: metrics.call, stopping: stopping.signal };
  const sessions = createSessions(serving, running, nowMs);
  const modern = modernHandler(serving, running);
  const pace = createPace(rate, nowMs);
  let closing = false;
  const isClosing = () => closing;
  const mcp = protocolRoute(options, { sessions, modern, isClosing });
  const routes = routesOf({ ...options, mcp, metrics, pace, isClosing });

  return {
    fetch: async (request, peer) => {
      const started = performance.now();
      const asked = { request, peer };
      const response = await answer(asked, { gate: options.gate, pace, routes }).catch((error: unknown) =>
        failed(options.log, error),
      );
      const path = pathOf(request);
      const route = routes.has(path) ? path : 'other';
      const seen = { route, method: methodOf(request), status: response.status };
      metrics.request(seen);
      options.log('info', 'http', { ...seen, peer, tookMs: Math.round(performance.now() - started) });
      return response;
    },
    close: async (patienceMs) => {
      closing = true;
      stopping.abort();
      await Promise.race([running.idle(), new Promise((resolve) => setTimeout(resolve, patienceMs).unref())]);
      await Promise.all([sessions.close(), modern.close()]);
    },
  };
}

type Modern = ReturnType<typeof createMcpHandler>;

function modernHandler(serving: McpServerOptions, running: Running): Modern {
  return createMcpHandler(({ authInfo }) => createModernServer(serving, { running, pass: authInfo }), {
    legacy: 'reject',
    maxRequestBodySize: bodyCapBytes,
    ...(serving.profile === undefined ? {} : { bus: serving.profile.bus }),
  });
}

type Legs = { readonly sessions: Sessions; readonly modern: Modern; readonly isClosing: () => boolean };

/** The protocol itself: each request goes to the era that it is written in. */
function protocolRoute(
  { auth, tools }: EndpointOptions,
  { sessions, modern, isClosing }: Legs,
): AdmittedRoute {
  return async (request, access) => {
    if (isClosing()) return refusal(503, 'the server is ending', { headers: { 'retry-after': '5' } });
    const body = request.method === 'POST' ? await readBody(request) : { value: undefined };
    if (body instanceof Response) return body;
    const beyond = auth?.beyond(access, scopesWanted(body.value, tools));
    if (beyond !== undefined) return beyond;
    const isLegacy = await isLegacyRequest(request, body.value);
    return cleaned(
      isLegacy
        ? await sessions.fetch(request, access, body.value)
        : await modern.fetch(request, { parsedBody: body.value, authInfo: passFor(access) }),
    );
  };
}

type Ways = {
  readonly gate: Gate;
  readonly pace: Pace;
  readonly routes: ReadonlyMap<string, Route>;
};

async function answer(
  { request, peer }: { readonly request: Request; readonly peer: string },
  { gate, pace, routes }: Ways,
): Promise<Response> {
  const why = barred(request.headers, gate);
  if (why !== undefined) return refusal(403, `the ${why} of the request is not one of this server`);
  const waitS = pace.take(peer);
  if (waitS > 0) return tooFast(waitS);
  const route = routes.get(pathOf(request));
  return route === undefined ? refusal(404, 'there is nothing here: the tools are at /mcp') : route(request);
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
