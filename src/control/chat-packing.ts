import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';

/** What is kept of a turn on a large fleet is mostly the same answers again: what is longer than this is packed. */
const packedFrom = 2048;

/** The most that one turn may unpack to, in bytes. */
const mostBytes = 64 * 1024 * 1024;

const mark = 'br:';

/** A value as it is kept: JSON, and where that is long Brotli of it in base64. */
export function packed(value: unknown): string {
  const json = JSON.stringify(value);
  if (json.length < packedFrom) return json;
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 22 } };
  return `${mark}${brotliCompressSync(json, options).toString('base64')}`;
}

/** The value again; undefined for a text that is none. */
export function unpacked(text: string): unknown {
  try {
    if (!text.startsWith(mark)) return JSON.parse(text);
    const bytes = brotliDecompressSync(Buffer.from(text.slice(mark.length), 'base64'), {
      maxOutputLength: mostBytes,
    });
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}
