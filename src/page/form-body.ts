import { z } from 'zod';

import { Digest } from '../model/id.ts';
import { cleanText } from '../model/text.ts';

/** A filled form is shorter than this. */
const capBytes = 8 * 1024;

const Filled = z.strictObject({
  form: z.string().max(100),
  digest: Digest,
  decision: z.enum(['approve', 'reject']),
  reason: z
    .string()
    .max(2000)
    .transform((text) => cleanText(text, 300).trim())
    .default(''),
});
export type Filled = z.output<typeof Filled>;

/** The form that a request carries, or the status of what is wrong with it. */
export async function filledForm(request: Request): Promise<Filled | 400 | 413 | 415> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return 415;
  const text = await textOf(request);
  if (text === undefined) return 413;
  const pairs = [...new URLSearchParams(text)];
  const fields = new Map(pairs);
  if (fields.size !== pairs.length) return 400;
  return Filled.safeParse(Object.fromEntries(fields)).data ?? 400;
}

/** Nothing once it is too long: the rest is neither read nor cancelled, which would cut off the answer as well. */
async function textOf({ body }: Request): Promise<string | undefined> {
  if (body === null) return '';
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const chunks: Uint8Array[] = [];
  for (let size = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks).toString('utf8');
    size += value.byteLength;
    if (size > capBytes) {
      reader.releaseLock();
      return undefined;
    }
    chunks.push(value);
  }
}
