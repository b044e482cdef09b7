import { type Html, markup, type Value } from './markup.ts';

/**
 * Of every answer. `same-origin` and not `no-referrer`: with the latter a browser says `Origin: null` when a form is
 * sent, and nothing could be told by it any more.
 */
const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export type More = Readonly<Record<string, string>>;

/** Who reads the page; nobody who has signed in without it. */
type Reader = { readonly who?: string };

/** One whole page. It needs no script, and may load nothing but its own style. */
export function page(
  status: number,
  { title, body, who }: Reader & { readonly title: string; readonly body: Value },
  more: More = {},
): Response {
  const whole = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - Berth</title>
        <link rel="stylesheet" href="/style.css" />
      </head>
      <body>
        <header>
          <p><a href="/approvals">Berth approvals</a></p>
          ${who === undefined ? undefined : signedIn(who)}
        </header>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
        <footer>
          <p>
            A yes is signed with your own key over the digest that is shown. Nothing here can be said by a
            program.
          </p>
        </footer>
      </body>
    </html>
    `;
  return reply(status, whole.toString(), { 'content-type': 'text/html; charset=utf-8', ...more });
}

/** A page that says one thing, and where to go on. */
export function note(
  status: number,
  { title, lines, who, tone = 'warn' }: Reader & Notice,
  more: More = {},
): Response {
  const back = who === undefined ? undefined : markup`<p><a href="/approvals">What waits now</a></p>`;
  return page(
    status,
    { title, body: markup`${notice(lines, tone)}${back}`, ...(who === undefined ? {} : { who }) },
    more,
  );
}

export type Tone = 'good' | 'warn' | 'bad';
type Notice = { readonly title: string; readonly lines: readonly string[]; readonly tone?: Tone };

export function notice(lines: readonly string[], tone: Tone): Html {
  return markup`<div class="note ${tone}" role="status">${lines.map((line) => markup`<p>${line}</p>`)}</div>`;
}

/** Names and values, without those that have none. */
export function facts(rows: readonly (readonly [name: string, value: Value])[]): Html {
  const said = rows.filter(([, value]) => value !== undefined && value !== '');
  return markup`<dl>
    ${said.map(
      ([name, value]) =>
        markup`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** Goes on at another address of this page, as the answer to a form. */
export function seeOther(path: string, more: More = {}): Response {
  return reply(303, '', { location: path, ...more });
}

export function reply(status: number, body: string, more: More): Response {
  return new Response(body, { status, headers: { ...headers, ...more } });
}

function signedIn(who: string): Html {
  return markup`<form method="post" action="/sign-out">
    <p>${who} <button class="plain">Sign out</button></p>
  </form>`;
}
