import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';

import { type Access, passFor } from '../access.ts';
import type { Running } from '../running.ts';
import { createMcpServer, type McpServerOptions } from '../server.ts';
import { refusal } from './reply.ts';

export type Sessions = {
  /** Answers one request of the handshake era. `body` is there for a POST. */
  fetch(request: Request, access: Access, body: unknown): Promise<Response>;
  count(): number;
  close(): Promise<void>;
};

type Session = {
  readonly owner: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly close: () => Promise<void>;
  usedMs: number;
};

/** So many sessions are kept; one more ends the one that was silent longest. */
const sessionsMost = 256;
const idleMs = 30 * 60_000;

/**
 * The sessions of the handshake era. A session belongs to whoever began it: to anybody else it does not exist, and
 * knowing its id is no right to it.
 */
export function createSessions(options: McpServerOptions, running: Running, nowMs: () => number): Sessions {
  const sessions = new Map<string, Session>();
  const end = async (id: string) => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.close();
  };
  return {
    fetch: async (request, access, body) => {
      const id = request.headers.get('mcp-session-id');
      const at = nowMs();
      await Promise.all(over(sessions, { atMs: at, isBeginning: id === null }).map(end));
      const session = id === null ? await begin(sessions, access, { options, running }) : sessions.get(id);
      if (session === undefined || session.owner !== ownerOf(access))
        return refusal(404, 'there is no such session: begin a new one', { code: -32_001 });
      session.usedMs = at;
      const answer = await session.transport.handleRequest(request, {
        parsedBody: body,
        authInfo: passFor(access),
      });
      if (id === null && session.transport.sessionId === undefined) await session.close();
      return answer;
    },
    count: () => sessions.size,
    close: async () => {
      await Promise.all([...sessions.keys()].map(end));
    },
  };
}

/** A server of its own for a new session. It counts once its client has shaken hands. */
async function begin(
  sessions: Map<string, Session>,
  access: Access,
  { options, running }: { readonly options: McpServerOptions; readonly running: Running },
): Promise<Session> {
  const server = createMcpServer({ ...options, caller: access.party }, running);
  const transport = new WebStandardStreamableHTTPServerTransport({
    ...options.profile?.streams(),
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id) => {
      sessions.set(id, session);
    },
    onsessionclosed: (id) => {
      sessions.delete(id);
    },
  });
  const session: Session = {
    owner: ownerOf(access),
    transport,
    close: () => server.close(),
    usedMs: 0,
  };
  await server.connect(transport);
  return session;
}

/** Sessions that were silent for too long, and the longest silent ones where there are too many. */
function over(
  sessions: ReadonlyMap<string, Session>,
  { atMs, isBeginning }: { readonly atMs: number; readonly isBeginning: boolean },
): string[] {
  const byUse = [...sessions].toSorted(([, a], [, b]) => a.usedMs - b.usedMs);
  const tooMany = isBeginning ? Math.max(0, sessions.size - sessionsMost + 1) : 0;
  return byUse.filter(([, { usedMs }], index) => index < tooMany || atMs - usedMs > idleMs).map(([id]) => id);
}

function ownerOf({ party }: Access): string {
  return JSON.stringify([party.principal, party.onBehalfOf, party.tenants?.toSorted()]);
}
