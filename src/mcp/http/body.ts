import { readRequestBody } from '@modelcontextprotocol/server';

import { refusal } from './reply.ts';

/** The largest request that is read. Arguments may be a quarter of it. */
export const bodyCapBytes = 1024 * 1024;

/** A body as JSON, or the answer to whoever sent something else. */
export async function readBody(request: Request): Promise<{ readonly value: unknown } | Response> {
  const { tooLarge, ...body } = { text: '', ...(await readRequestBody(request, bodyCapBytes)) };
  if (tooLarge) return refusal(413, `the request is longer than ${bodyCapBytes} bytes`);
  try {
    const value: unknown = JSON.parse(body.text);
    return { value };
  } catch {
    return refusal(400, 'the request is not JSON', { code: -32_700 });
  }
}
