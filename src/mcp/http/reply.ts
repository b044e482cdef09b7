import { cleanObject, isJsonObject, type JsonObject, toJsonObject } from '../json.ts';

/** Nothing that is answered here may be kept, sniffed or framed. */
const headers = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

export function json(
  status: number,
  body: JsonObject,
  more: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(body, { status, headers: { ...headers, ...more } });
}

export function text(status: number, body: string, contentType = 'text/plain; charset=utf-8'): Response {
  return new Response(body, { status, headers: { ...headers, 'content-type': contentType } });
}

/** A refusal before the protocol has begun, in the form in which clients of MCP look for one. */
export function refusal(
  status: number,
  message: string,
  more: { readonly code?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Response {
  const error = { code: more.code ?? -32_000, message };
  return json(status, { jsonrpc: '2.0', error, id: null }, more.headers);
}

/** The same answer; where it is an error of the protocol, without characters that act: SDKs quote what callers sent. */
export async function cleaned(response: Response): Promise<Response> {
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  if (!isJson) return response;
  const { status, headers: before } = response;
  const body = await response.text();
  if (!body.includes('"error":{"code":-')) return new Response(body, { status, headers: before });
  const said: unknown = JSON.parse(body);
  return json(status, isJsonObject(said) ? cleanObject(toJsonObject(said)) : {}, Object.fromEntries(before));
}
