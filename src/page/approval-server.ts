import { barred } from '../mcp/http/gate.ts';
import { createPace, type Pace } from '../mcp/http/pace.ts';
import { describeError } from '../mcp/log.ts';
import { BerthError } from '../model/error.ts';
import { ApprovalId } from '../model/id.ts';
import { approvalList } from './approval-list.ts';
import { approvalPage } from './approval.ts';
import { decide } from './decide.ts';
import { note, page, reply, seeOther } from './frame.ts';
import { createLogins, type Login, type Logins } from './login.ts';
import { markup } from './markup.ts';
import type { PageParts } from './parts.ts';
import { isForeign, isOwnForm } from './same-origin.ts';
import { style } from './style.ts';

/** The page of one person, without a socket. */
export type ApprovalServer = {
  /** Answers one request; `peer` is the address it came from. Never rejects. */
  fetch(request: Request, peer: string): Promise<Response>;
  /** The path of a link that signs in once, within ten minutes. */
  newLink(): string;
};

/** More than a person clicks. */
const rate = { burst: 60, perSecond: 10 };

/**
 * A page on which one person sees what waits for a yes and says it, signed with the person's own key. Whoever has not
 * opened the newest link of the terminal sees nothing; a word counts once, for exactly what was shown with its form.
 */
export function createApprovalServer(parts: PageParts): ApprovalServer {
  const nowMs = parts.nowMs ?? (() => performance.now());
  const logins = createLogins(nowMs);
  const pace = createPace(rate, nowMs);
  return {
    newLink: () => `/sign-in/${logins.newLink()}`,
    fetch: (request, peer) =>
      answer(parts, { request, peer, logins, pace }).catch((error: unknown) => failed(parts, error)),
  };
}

type Asked = {
  readonly request: Request;
  readonly peer: string;
  readonly logins: Logins;
  readonly pace: Pace;
};

async function answer(parts: PageParts, { request, peer, logins, pace }: Asked): Promise<Response> {
  const why = barred(request.headers, parts.gate);
  if (why !== undefined || isForeign(request))
    return note(403, {
      title: 'Not from here',
      lines: [`The ${why ?? 'origin'} of the request is not one of this page.`],
    });
  const waitS = pace.take(peer);
  if (waitS > 0)
    return note(
      429,
      { title: 'Too many requests', lines: ['Wait a moment.'] },
      { 'retry-after': String(waitS) },
    );
  const { pathname } = new URL(request.url);
  if (request.method === 'POST') return posted(parts, { request, pathname, logins });
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return note(
      405,
      { title: 'Not that way', lines: ['This page is read, and its forms are sent.'] },
      { allow: 'GET, HEAD, POST' },
    );
  return read(parts, { request, pathname, logins });
}

type Way = { readonly request: Request; readonly pathname: string; readonly logins: Logins };

function read(parts: PageParts, { request, pathname, logins }: Way): Response | Promise<Response> {
  if (pathname === '/style.css') return reply(200, style, { 'content-type': 'text/css; charset=utf-8' });
  const [, link] = /^\/sign-in\/([A-Za-z0-9_-]{43})$/.exec(pathname) ?? [];
  if (link !== undefined) return request.method === 'GET' ? signIn(logins, link) : reply(200, '', {});
  if (pathname === '/') return seeOther('/approvals');
  const login = logins.at(request.headers);
  if (login === undefined) return signedOut(pathname);
  if (pathname === '/approvals') return showList(parts, new URL(request.url).searchParams.has('all'));
  const id = approvalIn(pathname);
  return id === undefined ? nothingHere(parts) : showOne(parts, login, id);
}

function posted(parts: PageParts, { request, pathname, logins }: Way): Response | Promise<Response> {
  if (!isOwnForm(request))
    return note(403, {
      title: 'Not from here',
      lines: ['This form was not sent by this page: nothing was done.'],
      tone: 'bad',
    });
  const login = logins.at(request.headers);
  if (login === undefined) return signedOut(pathname);
  if (pathname === '/sign-out') return seeOther('/approvals', { 'set-cookie': logins.signOut() });
  const id = approvalIn(pathname);
  return id === undefined ? nothingHere(parts) : decide(parts, login, { request, id });
}

function signIn(logins: Logins, link: string): Response {
  const cookie = logins.signIn(link);
  if (cookie !== undefined) return seeOther('/approvals', { 'set-cookie': cookie });
  return note(403, {
    title: 'This link is used up',
    lines: ['It is good once, for ten minutes. Press Enter at the terminal for a new one.'],
  });
}

/**
 * Says nothing of what there is. A browser that came from another site leaves a strict cookie at home; a link of this
 * page brings it along.
 */
function signedOut(pathname: string): Response {
  const id = approvalIn(pathname);
  const path = id === undefined ? '/approvals' : `/approvals/${id}`;
  const body = markup`<p>
      Open the link that <code>berth approvals serve</code> printed at your terminal. Enter prints a new one.
    </p>
    <p>
      You are signed in in this browser already?
      <a href="${path}">Go on${id === undefined ? undefined : ` to ${id}`}</a>
    </p>`;
  return page(401, { title: 'Sign in at your terminal', body });
}

async function showList({ control, caller }: PageParts, all: boolean): Promise<Response> {
  const [{ approvals, total }, { isClosed }] = await Promise.all([
    control.approvals(caller, { all }),
    control.authority(caller),
  ]);
  const body = approvalList({ approvals, total, isClosed, all }, caller.principal);
  return page(200, { title: 'What waits for a person', body, who: caller.principal });
}

async function showOne({ control, caller }: PageParts, login: Login, id: ApprovalId): Promise<Response> {
  const detail = await control.approval(caller, id);
  const { digest, yes, state } = detail.approval;
  const outcome = login.outcomes.get(id);
  login.outcomes.delete(id);
  const seen = { approval: id, digest, yes: yes.map(({ by }) => by) };
  const form = state === 'open' ? { form: login.formFor(seen) } : {};
  const body = approvalPage({ detail, reader: caller.principal, outcome, ...form });
  return page(200, { title: `${id} ${state}`, body, who: caller.principal });
}

function nothingHere({ caller }: PageParts): Response {
  return note(404, { title: 'Nothing here', lines: ['There is no such page.'], who: caller.principal });
}

function approvalIn(pathname: string): ApprovalId | undefined {
  return ApprovalId.safeParse(/^\/approvals\/([^/]{1,40})$/.exec(pathname)?.[1]).data;
}

function failed({ log, caller }: PageParts, error: unknown): Response {
  const who = caller.principal;
  if (error instanceof BerthError) {
    const { code, message, fix } = error.detail;
    return note(code === 'NOT_FOUND' ? 404 : 503, { title: 'That did not work', lines: [message, fix], who });
  }
  const reference = crypto.randomUUID().slice(0, 8);
  log('error', 'page-failed', { reference, error: describeError(error) });
  const lines = [
    `Internal error, reference ${reference}. The terminal has the cause; look again whether something was done.`,
  ];
  return note(500, { title: 'That did not work', lines, who, tone: 'bad' });
}
