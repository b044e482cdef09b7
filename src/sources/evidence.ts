import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import type { Evidence, ImportContext } from './source.ts';

const maxMib = 100;
const maxBytes = maxMib * 2 ** 20;

/** First bytes of things people hand in by mistake, and how to get the text out of them. */
const containers: readonly {
  readonly magic: readonly number[];
  readonly what: string;
  readonly fix: string;
}[] = [
  { magic: [0x1f, 0x8b], what: 'gzip', fix: 'unpack it with `gunzip` first' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], what: 'zstd', fix: 'unpack it with `unzstd` first' },
  { magic: [0x50, 0x4b, 0x03, 0x04], what: 'a zip archive', fix: 'unpack it first' },
  { magic: [0xff, 0xfe], what: 'UTF-16', fix: 'convert it with `iconv -f UTF-16 -t UTF-8`' },
  { magic: [0xfe, 0xff], what: 'UTF-16', fix: 'convert it with `iconv -f UTF-16 -t UTF-8`' },
];

/**
 * The text of a file: strict UTF-8, without its byte order mark. Refuses what is empty, binary, compressed, in
 * another encoding or above 100 MiB, and says which.
 */
export function readText(evidence: Evidence): string {
  const { bytes } = evidence;
  if (bytes.length > maxBytes)
    throw invalidFile(
      evidence,
      `has ${Math.ceil(bytes.length / 2 ** 20)} MiB, above the limit of ${maxMib} MiB`,
      'split it and import the parts together',
    );
  const container = containers.find(({ magic }) => magic.every((byte, i) => bytes[i] === byte));
  if (container !== undefined) throw invalidFile(evidence, `is ${container.what}`, container.fix);
  if (bytes.includes(0)) throw invalidFile(evidence, 'is binary', 'hand in a text file in UTF-8');
  const text = decode(evidence);
  if (text.trim() === '') throw invalidFile(evidence, 'is empty', 'check how the file was made');
  return text;
}

/**
 * A text without its last line where that has no end: a copy that was cut off there may have lost digits of a number.
 * Formats that close what they open (XML, JSON) notice it themselves.
 */
export function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

/**
 * The beginning of a file as text, up to the last whole line in its first `size` bytes; refuses what `readText` does, as
 * far as the beginning tells. A large file is decoded once, by whoever reads all of it.
 */
export function readStart(evidence: Evidence, size: number): string {
  const { bytes } = evidence;
  if (bytes.length <= size || bytes.length > maxBytes) return readText(evidence);
  const end = bytes.lastIndexOf(0x0a, size);
  return end <= 0 ? readText(evidence) : readText({ ...evidence, bytes: bytes.subarray(0, end) });
}

/** An input error about a file: `fra1.yaml line 12: …`. `what` reads on from the file's name. */
export function invalidFile(
  evidence: Evidence,
  what: string,
  fix: string,
  more: { line?: number; didYouMean?: string | undefined; allowed?: readonly string[] } = {},
): BerthError {
  const where = more.line === undefined ? '' : ` line ${more.line}:`;
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${fileName(evidence)}\`${where} ${what}`,
    fix,
    ...(more.didYouMean === undefined ? {} : { didYouMean: more.didYouMean }),
    ...(more.allowed === undefined ? {} : { allowed: more.allowed }),
  });
}

/** The file's name as it may stand in a fact, a message or a terminal. */
export function fileName(evidence: Evidence): string {
  return cleanText(evidence.file, 300);
}

/** Says how far reading has come, and stops when the caller no longer wants the answer. */
export function reportProgress(context: ImportContext, done: number, total?: number): void {
  if (context.signal?.aborted === true)
    throw new BerthError({
      code: 'INTERRUPTED',
      message: 'the import was interrupted',
      fix: 'start it again; nothing was recorded',
      retryable: true,
    });
  context.progress?.(done, total);
}

function decode(evidence: Evidence): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(evidence.bytes);
  } catch {
    throw invalidFile(evidence, 'is not UTF-8', 'save it as UTF-8', { line: firstBadLine(evidence.bytes) });
  }
}

/** A line feed is never part of a longer UTF-8 sequence, so each line can be judged alone. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    try {
      decoder.decode(bytes.subarray(start, end < 0 ? undefined : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    start = end + 1;
  }
}
