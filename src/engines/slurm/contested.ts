import { cleanText } from '../../model/text.ts';
import { coresKey, listOf, type SlurmRecord } from './record.ts';
import { slurmTimeMs } from './time.ts';

export type Names = { readonly kind: 'names'; readonly names: readonly string[] };

type Others = {
  readonly rivals: readonly SlurmRecord[];
  readonly namesOf: (hostlist: string | undefined) => Promise<Names | { readonly kind: string }>;
};

/**
 * Reservations of others that hold cores of this one at some time, a line each. Slurm does not refuse them all: 24.11
 * makes one of whole nodes over one of parts of them (measured).
 */
export async function contestedBy(
  record: SlurmRecord,
  nodes: readonly string[],
  { rivals, namesOf }: Others,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const rival of rivals.filter((other) => areTogether(record, other))) {
    const theirs = await namesOf(rival.get('Nodes'));
    if (!('names' in theirs)) continue;
    const own = new Set(nodes);
    const shared = theirs.names.filter((node) => own.has(node) && collides(record, rival, node));
    const [first] = shared;
    if (first === undefined) continue;
    const more = shared.length === 1 ? '' : ` and ${shared.length - 1} more`;
    const name = rival.get('ReservationName') ?? '';
    const span = `from ${rival.get('StartTime') ?? ''} to ${rival.get('EndTime') ?? ''}`;
    lines.push(cleanText(`${name} holds ${first}${more} too, ${span}`, 300));
  }
  return lines;
}

function areTogether(a: SlurmRecord, b: SlurmRecord): boolean {
  const [own, theirs] = [spanOf(a), spanOf(b)];
  return (
    own !== undefined && theirs !== undefined && own.startMs < theirs.endMs && theirs.startMs < own.endMs
  );
}

function spanOf(record: SlurmRecord): { readonly startMs: number; readonly endMs: number } | undefined {
  const startMs = slurmTimeMs(record.get('StartTime') ?? '');
  const endMs = slurmTimeMs(record.get('EndTime') ?? '');
  return startMs === undefined || endMs === undefined ? undefined : { startMs, endMs };
}

/** What names no cores holds the whole node. */
function collides(a: SlurmRecord, b: SlurmRecord, node: string): boolean {
  const [own, theirs] = [a.get(coresKey(node)), b.get(coresKey(node))];
  if (own === undefined || theirs === undefined) return true;
  const ranges = rangesOf(theirs);
  return rangesOf(own).some(([from, to]) => ranges.some(([start, end]) => from <= end && start <= to));
}

/** `0-15,56-70,88`. */
function rangesOf(text: string): readonly (readonly [number, number])[] {
  return listOf(text).map((piece) => {
    const [from = '', to = from] = piece.split('-');
    return [Number(from), Number(to)];
  });
}
