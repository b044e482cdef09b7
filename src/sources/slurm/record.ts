import type { Collected } from '../collected.ts';
import type { Evidence } from '../source.ts';

/** What the first word of a record says it is about. */
type SlurmRecordKind =
  | 'node'
  | 'gres'
  | 'partition'
  | 'reservation'
  | 'switch'
  | 'block'
  | 'down-nodes'
  | 'job';

/** One record of `scontrol` or one line of a configuration file. Keys are lower case; the first of equal ones counts. */
export type SlurmRecord = {
  readonly kind: SlurmRecordKind | 'other';
  readonly fields: ReadonlyMap<string, string>;
  readonly evidence: Evidence;
  readonly line: number;
};

/** The words that begin a record. */
const starts: ReadonlyMap<string, SlurmRecordKind> = new Map(
  Object.entries({
    nodename: 'node',
    name: 'gres',
    autodetect: 'gres',
    partitionname: 'partition',
    reservationname: 'reservation',
    switchname: 'switch',
    blockname: 'block',
    downnodes: 'down-nodes',
    jobid: 'job',
  }),
);

/**
 * The whole lines of a text. What stands behind the last end of a line may be half a name, of a machine that does not
 * exist: it is left out and reported, unless it is all there is.
 */
export function wholeLines(evidence: Evidence, text: string, collected: Collected): string {
  const end = text.lastIndexOf('\n');
  if (end === text.length - 1 || end < 0) return text;
  const why = 'the last line has no end: it may be cut and is not read';
  collected.gap({ attribute: 'file', why, at: { evidence, line: text.split('\n').length } });
  return text.slice(0, end + 1);
}

/**
 * The records of a text: what `scontrol show …` prints with and without `-o`, and the lines of `slurm.conf`,
 * `gres.conf` and `topology.conf` with comments and continued lines. Lines that begin no record are read as records of
 * kind `other` where they have the form `Key=Value`.
 */
export function readRecords(evidence: Evidence, text: string): readonly SlurmRecord[] {
  const records: SlurmRecord[] = [];
  let open: Open | undefined;
  for (const { words, line } of linesOf(text)) {
    const first = /^\s*([A-Za-z]\w*)=/u.exec(words)?.[1]?.toLowerCase() ?? '';
    const begins = isBegin(words, first, open);
    if (open !== undefined && !begins && words.trim() !== '') open.text += `\n${words}`;
    if (open !== undefined && (begins || words.trim() === '')) {
      records.push(recordOf(open, evidence));
      open = undefined;
    }
    if (begins) open = { kind: starts.get(first) ?? 'other', text: words, line };
  }
  if (open !== undefined) records.push(recordOf(open, evidence));
  return records;
}

type Open = { readonly kind: SlurmRecordKind | 'other'; text: string; readonly line: number };

/** A reservation lists its nodes' cores on indented lines that begin like a record of a node. */
function isBegin(words: string, first: string, open: Open | undefined): boolean {
  if (first === '') return false;
  if (!/^\s/u.test(words)) return true;
  if (open?.kind === 'reservation') return false;
  return starts.has(first) && (first !== 'name' || open === undefined);
}

/** Lines without comments, those that end in `\` joined with the next. */
function* linesOf(text: string): Generator<{ readonly words: string; readonly line: number }> {
  let joined = '';
  let begun = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const words = withoutComment(raw.replace(/\r$/u, ''));
    if (joined === '') begun = index + 1;
    if (words.endsWith('\\')) {
      joined += `${words.slice(0, -1)} `;
      continue;
    }
    if (raw.trim() !== '' && words.trim() === '' && joined === '') continue;
    yield { words: joined + words, line: begun };
    joined = '';
  }
  if (joined !== '') yield { words: joined, line: begun };
}

/** A `#` is a comment, but for one behind what people and kernels wrote. */
function withoutComment(line: string): string {
  const at = line.search(/(?:^|\s)#/u);
  if (at < 0 || /\b(?:OS|Reason|Comment|Extra)=/u.test(line.slice(0, at))) return line;
  return line.slice(0, at);
}

/** Behind these words people write what they like, also something that looks like a field. */
const free = new Set(['reason', 'comment', 'extra']);

function recordOf({ kind, text, line }: Open, evidence: Evidence): SlurmRecord {
  const fields = new Map<string, string>();
  const found = [...text.matchAll(/(?:^|\s)([A-Za-z][\w:/]*)=("[^"]*")?/gu)];
  for (const [at, match] of found.entries()) {
    const key = (match[1] ?? '').toLowerCase();
    const isQuoted = match[2] !== undefined;
    const end = free.has(key) && !isQuoted ? text.length : found[at + 1]?.index;
    const value = match[2]?.slice(1, -1) ?? text.slice(match.index + match[0].length, end);
    if (!fields.has(key)) fields.set(key, value.trim().replace(/^\(null\)$/u, ''));
    if (free.has(key) && !isQuoted) break;
  }
  return { kind: kindOf(kind, fields), fields, evidence, line };
}

/** A line of `gres.conf` may begin with the nodes that it is about. */
function kindOf(kind: Open['kind'], fields: ReadonlyMap<string, string>): SlurmRecord['kind'] {
  const isGres = fields.has('name') || fields.has('autodetect');
  return kind === 'node' && isGres ? 'gres' : kind;
}
