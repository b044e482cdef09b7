import { readFileSync } from 'node:fs';

import { BerthError, type ErrorCode } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import type { Io } from '../io.ts';

/** How a system is asked that the user named with `--url`. */
export type HttpOptions = {
  /** The file or the environment variable, named by the user, that holds the secret. Never the secret itself. */
  readonly secret?: SecretPlace;
  /** How the secret is presented: `Bearer` without it, `Token` for NetBox, `Basic` for `name:password`. */
  readonly scheme?: 'Bearer' | 'Token' | 'Basic';
  /** Media types that are asked for. */
  readonly accept?: string;
  /** Most bytes of an answer, once unpacked; 64 MiB without it. */
  readonly capBytes?: number;
  /** For the whole exchange, redirects and body included; 30 s without it. */
  readonly timeoutMs?: number;
};

export type SecretPlace = { readonly file: string } | { readonly variable: string };

const defaultCapBytes = 64 * 1024 * 1024;
const defaultTimeoutMs = 30_000;
const maxRedirects = 5;

/** The JSON that a URL answers with. Throws as `fetchBytes` does, and when the answer is no JSON. */
export async function fetchJson(io: Io, url: string, options: HttpOptions = {}): Promise<unknown> {
  const text = await fetchText(io, url, { accept: 'application/json', ...options });
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw failed(url, 'does not answer with JSON', 'check the address: a login page is the usual cause', {
      cause,
    });
  }
}

/** The text that a URL answers with. Throws as `fetchBytes` does, and when the answer is not UTF-8. */
export async function fetchText(io: Io, url: string, options: HttpOptions = {}): Promise<string> {
  const bytes = await fetchBytes(io, url, options);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw failed(url, 'does not answer in UTF-8', 'check the address', { cause });
  }
}

/**
 * What a URL answers with. Redirects are followed on the same host only. A secret goes out over https, or over http
 * to this machine. Throws a `BerthError` that names the address without its query, and never the secret.
 */
export async function fetchBytes(io: Io, url: string, options: HttpOptions = {}): Promise<Uint8Array> {
  const start = addressOf(url);
  const timeout = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs);
  const signal = AbortSignal.any([io.interrupt, timeout]);
  try {
    const response = await follow(start, headersOf(io, start, options), signal);
    return await bodyOf(response, start, options.capBytes ?? defaultCapBytes);
  } catch (error) {
    if (error instanceof BerthError) throw error;
    throw unreachable(start, error, { isTimeout: timeout.aborted, isInterrupt: io.interrupt.aborted });
  }
}

/** An address that may be asked: http or https, without a name and a password in it. */
function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol !== 'http:' && address?.protocol !== 'https:')
    throw invalid(
      `\`${cleanText(url.split(/[?#@]/u, 1).join(), 120)}\` is no http address`,
      'pass one such as `--url https://prometheus.example:9090`',
    );
  if (address.username !== '' || address.password !== '')
    throw invalid(
      `the address of \`${address.host}\` holds a name or a password`,
      'leave it out; name a file or an environment variable that holds it instead',
    );
  return address;
}

function headersOf(io: Io, address: URL, options: HttpOptions): Headers {
  const headers = new Headers({ 'user-agent': 'berth' });
  if (options.accept !== undefined) headers.set('accept', options.accept);
  if (options.secret === undefined) return headers;
  if (address.protocol !== 'https:' && !isHere(address))
    throw invalid(`a secret is not sent to \`${address.host}\` over plain http`, 'use its https address');
  const secret = secretOf(io, options.secret);
  const scheme = options.scheme ?? 'Bearer';
  const shown = scheme === 'Basic' ? Buffer.from(secret).toString('base64') : secret;
  headers.set('authorization', `${scheme} ${shown}`);
  return headers;
}

function isHere({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/u.test(hostname);
}

/** One line of printable ASCII: what a header can carry. */
function secretOf(io: Io, place: SecretPlace): string {
  const name = 'file' in place ? `the file \`${place.file}\`` : `the variable \`${place.variable}\``;
  const secret = 'file' in place ? fileText(place.file) : io.env[place.variable];
  const line = secret?.trim() ?? '';
  if (/^[\u0021-\u007e]+$/u.test(line)) return line;
  const why = line === '' ? 'holds no secret' : 'holds more than one word of plain characters';
  throw invalid(`${name} ${why}`, 'put the secret there, alone');
}

function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw invalid(
      `cannot read the secret in \`${file}\` (${why})`,
      'pass a file that exists and may be read',
      cause,
    );
  }
}

async function follow(start: URL, headers: Headers, signal: AbortSignal): Promise<Response> {
  let address = start;
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const response = await fetch(address, { headers, signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null)
      return expectOk(response, start);
    await response.body?.cancel();
    address = nextOf(address, location);
  }
  throw failed(start.href, `redirects more than ${maxRedirects} times`, 'pass the address it leads to');
}

/** The same host, and never from https to http: whoever was named is asked, and nobody else. */
function nextOf(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const isUpgrade = from.protocol === 'http:' && next?.protocol === 'https:';
  if (next !== undefined && next.hostname === from.hostname && (next.origin === from.origin || isUpgrade))
    return next;
  throw failed(
    from.href,
    `redirects to \`${cleanText(next?.origin ?? 'nowhere', 120)}\``,
    'pass that address yourself if it is the right one',
  );
}

function expectOk(response: Response, asked: URL): Response {
  if (response.ok) return response;
  const { status } = response;
  const said = `answers ${status}${response.statusText === '' ? '' : ` ${cleanText(response.statusText, 60)}`}`;
  if (status === 401 || status === 403)
    throw failed(asked.href, said, 'name the file or the variable that holds a valid secret', {
      code: 'FORBIDDEN',
    });
  const isTheirs = status >= 500 || status === 429;
  const fix = isTheirs ? 'look at that system, then try again' : 'check the address';
  throw failed(asked.href, said, fix, {
    code: status === 404 ? 'NOT_FOUND' : 'INVALID_INPUT',
    retryable: isTheirs,
  });
}

/** Reads until the cap: what a server says of its length is not believed. */
async function bodyOf(response: Response, asked: URL, capBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<unknown> | null = response.body;
  for await (const piece of body ?? []) {
    if (!(piece instanceof Uint8Array)) continue;
    size += piece.length;
    if (size > capBytes)
      throw failed(
        asked.href,
        `answers with more than ${Math.floor(capBytes / 2 ** 20)} MiB`,
        'ask for less, or save parts of it and import the files',
      );
    pieces.push(piece);
  }
  return Buffer.concat(pieces, size);
}

function unreachable(
  address: URL,
  cause: unknown,
  { isTimeout, isInterrupt }: { readonly isTimeout: boolean; readonly isInterrupt: boolean },
): BerthError {
  if (isInterrupt)
    return failed(address.href, 'was not read to the end', 'run it again; nothing was recorded', {
      code: 'INTERRUPTED',
      cause,
    });
  const why = isTimeout ? 'does not answer in time' : `cannot be reached (${reasonOf(cause)})`;
  return failed(address.href, why, 'check the address, and that it can be reached from here', {
    code: 'NOT_FOUND',
    retryable: true,
    cause,
  });
}

/** Node wraps the reason: a code of the system where there is one. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error ? error.cause : undefined;
  if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string')
    return cleanText(inner.code, 60);
  return inner instanceof Error ? cleanText(inner.message, 120) : 'the connection broke';
}

type Failure = { readonly code?: ErrorCode; readonly retryable?: boolean; readonly cause?: unknown };

/** The query is left out of messages: some systems take secrets there. */
function failed(url: string, what: string, fix: string, more: Failure = {}): BerthError {
  const { origin, pathname } = new URL(url);
  const { code = 'INVALID_INPUT', retryable = false, cause } = more;
  const message = `\`${cleanText(`${origin}${pathname}`, 300)}\` ${what}`;
  return new BerthError({ code, message, fix, retryable }, { cause });
}

function invalid(message: string, fix: string, cause?: unknown): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix }, { cause });
}
