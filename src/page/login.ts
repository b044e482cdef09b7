import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import type { ApprovalId, Digest } from '../model/id.ts';

/** What somebody was shown when a form was made. */
export type Seen = {
  readonly approval: ApprovalId;
  readonly digest: Digest;
  readonly yes: readonly string[];
};

/** Somebody at a browser who has opened the link of the terminal. */
export type Login = {
  /** A word for one form: good for one use, and for what was shown with it. */
  formFor(seen: Seen): string;
  /** What was shown with a word, once. */
  redeem(word: string): Seen | undefined;
  /** What the last word on an approval came to, for the next look at it. */
  readonly outcomes: Map<ApprovalId, Outcome>;
};

export type Outcome = { readonly tone: 'good' | 'warn' | 'bad'; readonly lines: readonly string[] };

/** Who may read the page: whoever brought the newest link, in one browser. */
export type Logins = {
  /** A word for a link. It is good once, for ten minutes, and ends the one before. */
  newLink(): string;
  /** The cookie for whoever brings the word of the newest link. Whoever was signed in before is out. */
  signIn(word: string): string | undefined;
  /** Who sends these headers, if it is who signed in, and that was not silent for half an hour. */
  at(headers: Headers): Login | undefined;
  /** Ends it, and gives the cookie that says so. */
  signOut(): string;
};

const linkMs = 10 * 60_000;
const idleMs = 30 * 60_000;
/** So many forms are remembered; older ones were left behind by looking. */
const formsMost = 100;

/** `nowMs` is a clock that never goes back. */
export function createLogins(nowMs: () => number): Logins {
  // Cookies know no ports: the name keeps those of two pages on one machine apart.
  const name = `berth-page-${randomBytes(4).toString('hex')}`;
  let link: { readonly word: string; readonly atMs: number } | undefined;
  let held: { readonly word: string; readonly login: Login; usedMs: number } | undefined;
  const cookie = (value: string, more = '') => `${name}=${value}; Path=/; HttpOnly; SameSite=Strict${more}`;
  return {
    newLink: () => {
      link = { word: newWord(), atMs: nowMs() };
      return link.word;
    },
    signIn: (word) => {
      const known = link;
      if (known === undefined || nowMs() - known.atMs > linkMs || !isSame(word, known.word)) return undefined;
      link = undefined;
      held = { word: newWord(), login: createLogin(), usedMs: nowMs() };
      return cookie(held.word);
    },
    at: (headers) => {
      const brought = cookieIn(headers, name);
      if (held === undefined || brought === undefined || !isSame(brought, held.word)) return undefined;
      if (nowMs() - held.usedMs > idleMs) {
        held = undefined;
        return undefined;
      }
      held.usedMs = nowMs();
      return held.login;
    },
    signOut: () => {
      held = undefined;
      return cookie('', '; Max-Age=0');
    },
  };
}

function createLogin(): Login {
  const forms = new Map<string, Seen>();
  return {
    formFor: (seen) => {
      const word = newWord();
      forms.set(word, seen);
      const [oldest] = forms.keys();
      if (forms.size > formsMost && oldest !== undefined) forms.delete(oldest);
      return word;
    },
    redeem: (word) => {
      const seen = forms.get(word);
      forms.delete(word);
      return seen;
    },
    outcomes: new Map(),
  };
}

/** 256 bits that nobody can guess. */
function newWord(): string {
  return randomBytes(32).toString('base64url');
}

/** Takes as long for every wrong word. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(digestOf(a), digestOf(b));
}

function digestOf(word: string): Buffer {
  return createHash('sha256').update(word).digest();
}

function cookieIn(headers: Headers, name: string): string | undefined {
  const pairs = (headers.get('cookie') ?? '').split(/; ?/);
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}
