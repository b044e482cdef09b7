import { request as ask } from 'node:http';

import { onTestFinished } from 'vitest';

import type { Control } from '../../src/control/control.ts';
import { loopbackGate } from '../../src/mcp/http/gate.ts';
import { openSocket } from '../../src/mcp/http/socket.ts';
import { createApprovalServer } from '../../src/page/approval-server.ts';
import type { Desk } from '../control/desk.ts';
import { person, signerOf } from '../control/people.ts';

/** The page of one person of the demo, on a socket. */
export type Opened = {
  readonly origin: string;
  /** Everything that the operator of the page is told. */
  readonly told: string[];
  /** The clock of the login. */
  readonly clock: { atMs: number };
  newLink(): string;
};

export async function openPage(
  desk: Pick<Desk, 'control'>,
  name = 'olga',
  instead: Partial<Control> = {},
  tickMs = 1000,
): Promise<Opened> {
  const told: string[] = [];
  const clock = { atMs: 1000 };
  const server = createApprovalServer({
    control: { ...desk.control, ...instead },
    caller: { ...person(name), client: 'berth-page' },
    signer: signerOf(name),
    gate: loopbackGate(),
    log: (level, event, fields) => told.push(JSON.stringify({ level, event, ...fields })),
    onDecision: (id, { decision }) => told.push(`${id} ${decision}`),
    nowMs: () => (clock.atMs += tickMs),
  });
  const socket = await openSocket((request, peer) => server.fetch(request, peer), {
    host: '127.0.0.1',
    port: 0,
  });
  onTestFinished(() => socket.close(() => Promise.resolve()));
  return { origin: socket.origin, told, clock, newLink: () => `${socket.origin}${server.newLink()}` };
}

/** What somebody was answered. */
type Got = { readonly status: number; readonly text: string; readonly headers: Headers };

/** A browser that keeps a cookie, without what makes a browser safe: it sends what it is told to. */
export type Visitor = {
  get(path: string, headers?: Record<string, string>): Promise<Got>;
  post(path: string, fields: string | Record<string, string>, headers?: Record<string, string>): Promise<Got>;
  /** The hidden fields of the form on a page. */
  form(path: string): Promise<Record<string, string>>;
  /** Sends a word on an approval as the page's own form would. */
  say(id: string, decision: 'approve' | 'reject', reason?: string): Promise<Got>;
  readonly cookie: string;
};

export function visitorAt({ origin }: Pick<Opened, 'origin'>, cookie = ''): Visitor {
  const get = async (path: string, headers: Record<string, string> = {}) =>
    gotOf(await fetch(`${origin}${path}`, { redirect: 'manual', headers: { cookie, ...headers } }));
  const post: Visitor['post'] = async (path, fields, headers = {}) =>
    gotOf(
      await fetch(`${origin}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, origin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
      }),
    );
  const form = async (path: string) => fieldsIn((await get(path)).text);
  const say: Visitor['say'] = async (id, decision, reason = '') => {
    const path = `/approvals/${id}`;
    return post(path, { ...(await form(path)), decision, reason });
  };
  return { get, post, form, say, cookie };
}

/** Somebody who has opened the link of the terminal. */
export async function signedIn(page: Opened): Promise<Visitor> {
  const { status, headers } = await gotOf(await fetch(page.newLink(), { redirect: 'manual' }));
  if (status !== 303) throw new Error(`not signed in: ${status}`);
  return visitorAt(page, headers.get('set-cookie')?.split(';')[0]);
}

export function fieldsIn(text: string): Record<string, string> {
  const found = text.matchAll(/<input type="hidden" name="([a-z]+)" value="([^"]*)" \/>/g);
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, value]));
}

/** A request in which even Host is what somebody wants it to be. */
export function raw(origin: string, path: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    ask({ hostname, port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

async function gotOf(response: Response): Promise<Got> {
  return { status: response.status, text: await response.text(), headers: response.headers };
}
