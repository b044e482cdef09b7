import { cleanText } from '../../model/text.ts';
import { invalidFile } from '../evidence.ts';
import type { Evidence } from '../source.ts';
import { numberOf, type Sample } from './sample.ts';

/**
 * The samples of a text in the Prometheus exposition format 0.0.4, or in OpenMetrics. Our own reader, because the one
 * that npm has (parse-prometheus-text-format 1.1.1) drops lines that it cannot read without a word and knows no lines.
 * Throws INVALID_INPUT with the line for anything that is neither sample nor comment, and for a last line without its line
 * feed, whose number may have lost digits.
 */
export function readExposition(evidence: Evidence, text: string): Sample[] {
  if (!text.endsWith('\n'))
    throw invalidFile(evidence, 'ends within a line', 'a truncated copy is the usual cause; fetch it again', {
      line: text.split('\n').length,
    });
  const samples: Sample[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    samples.push(readSample(evidence, line, index + 1));
  }
  return samples;
}

const start = /([A-Za-z_:][A-Za-z0-9_:]*)[ \t]*(\{)?/uy;
const label =
  /[ \t]*(?:([A-Za-z_][A-Za-z0-9_]*)|"((?:[^"\\]|\\.)*)")[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(,|(?=\}))/uy;
const end = /[ \t]*\}[ \t]*/uy;

function readSample(evidence: Evidence, line: string, number: number): Sample {
  const fail = (what: string) =>
    invalidFile(
      evidence,
      `${what}: \`${cleanText(line, 80)}\``,
      'it is no line of the Prometheus text format',
      {
        line: number,
      },
    );
  start.lastIndex = 0;
  const [head, name = '', brace] = start.exec(line) ?? [];
  if (head === undefined) throw fail('no name of a metric');
  const labels = new Map<string, string>();
  let at = head.length;
  if (brace !== undefined) {
    for (let found = matchAt(label, line, at); found !== null; found = matchAt(label, line, at)) {
      const key = found[1] ?? unescaped(found[2] ?? '');
      if (labels.has(key)) throw fail(`the label \`${cleanText(key, 40)}\` stands twice`);
      labels.set(key, unescaped(found[3] ?? ''));
      at += found[0].length;
    }
    const closing = matchAt(end, line, at);
    if (closing === null) throw fail('labels that cannot be read');
    at += closing[0].length;
  }
  const [value = '', stamp, ...rest] = line
    .slice(at)
    .split(/ # /u, 1)
    .join()
    .trim()
    .split(/[ \t]+/u);
  const read = numberOf(value);
  if (read === undefined || rest.length > 0) throw fail('no single value');
  const atMs = stamp === undefined ? undefined : numberOf(stamp);
  if (stamp !== undefined && (atMs === undefined || !Number.isFinite(atMs)))
    throw fail('no time behind the value');
  return {
    name,
    labels,
    value: read,
    evidence,
    line: number,
    ...(atMs === undefined ? {} : { atMs: millis(atMs) }),
  };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  const sticky = pattern;
  sticky.lastIndex = at;
  return sticky.exec(text);
}

/** The older format counts milliseconds, OpenMetrics seconds: no metric is from before 1973. */
function millis(time: number): number {
  return Math.round(Math.abs(time) < 1e11 ? time * 1000 : time);
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gu, (_, character: string) => (character === 'n' ? '\n' : character));
}
