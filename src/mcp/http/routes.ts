import type { Access } from '../access.ts';
import type { AuthDoor } from '../auth/door.ts';
import type { McpServerOptions } from '../server.ts';
import type { Metrics } from './metrics.ts';
import type { Pace } from './pace.ts';
import { json, refusal, text } from './reply.ts';

/** What stands at one path. */
export type Route = (request: Request) => Response | Promise<Response>;
/** What stands there for callers who have said who they are. */
export type AdmittedRoute = (request: Request, access: Access) => Response | Promise<Response>;

export type RouteParts = Pick<McpServerOptions, 'caller' | 'control'> & {
  readonly mcp: AdmittedRoute;
  readonly metrics: Metrics;
  readonly pace: Pace;
  readonly isClosing: () => boolean;
  readonly auth?: AuthDoor;
};

/** Everything there is, by path. What tells about callers and calls asks who is there; health does not. */
export function routesOf(parts: RouteParts): ReadonlyMap<string, Route> {
  const { auth, metrics } = parts;
  const numbers: AdmittedRoute = async (_request, access) => {
    const beyond = auth?.beyond(access, ['berth:audit']);
    if (beyond !== undefined) return beyond;
    const { text: body, contentType } = await metrics.read();
    return text(200, body, contentType);
  };
  return new Map<string, Route>([
    ['/mcp', admitted(parts, parts.mcp)],
    ['/metrics', reading(admitted(parts, numbers))],
    ['/healthz', reading(() => text(200, 'ok\n'))],
    ['/readyz', reading(() => ready(parts))],
    ...[...(auth?.documents ?? [])].map(([path, show]) => [path, reading(show)] as const),
  ]);
}

export function tooFast(waitS: number): Response {
  return refusal(429, 'too many requests', { headers: { 'retry-after': String(waitS) } });
}

/** For everybody where no tokens are asked; else for whoever has one, at a pace of its own. */
function admitted({ auth, caller, pace }: RouteParts, route: AdmittedRoute): Route {
  if (auth === undefined) return (request) => route(request, { party: caller });
  return async (request) => {
    const access = await auth.admit(request);
    if (access instanceof Response) return access;
    const waitS = pace.take(access.party.principal);
    return waitS > 0 ? tooFast(waitS) : route(request, access);
  };
}

function reading(route: Route): Route {
  return (request) =>
    request.method === 'GET' || request.method === 'HEAD'
      ? route(request)
      : refusal(405, 'this is only read', { headers: { allow: 'GET, HEAD' } });
}

/** Ready while the ledger can be read and nobody has asked the server to end. */
async function ready({ control, isClosing }: RouteParts): Promise<Response> {
  const isReadable = await Promise.resolve(control)
    .then((door) => door.head())
    .then(
      () => true,
      () => false,
    );
  const isReady = isReadable && !isClosing();
  return json(isReady ? 200 : 503, { ready: isReady });
}
