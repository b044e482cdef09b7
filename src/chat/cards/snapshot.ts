import type { Snapshot } from '../../model/view.ts';
import { shortDigest } from './amount.ts';
import { bullets, columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { section } from './section.ts';
import { formatInstant } from './time.ts';

/** What answers have in common: what they were computed from, and whether they were shortened. */
export type Answer = {
  readonly snapshot: Snapshot;
  readonly truncated?: boolean | undefined;
  readonly nextCursor?: string | undefined;
  readonly hints?: readonly string[] | undefined;
};

/**
 * The end of a card. A set clock is said, because nothing else on the screen would show it; that there is more
 * is said, because a list looks whole.
 */
export function answerEnd({ snapshot, truncated, nextCursor, hints = [] }: Answer, room: Room): Line[] {
  const more = truncated === true || nextCursor !== undefined;
  const { seq, head, at, clock, readOnly } = snapshot;
  const set = clock === 'set' ? ' (clock set)' : '';
  const from = `  as of ${formatInstant(at)}${set}, ledger entry ${seq} ${shortDigest(head)}`;
  return [
    ...section(
      'Hints',
      bullets(
        hints.map((hint) => [span(hint)]),
        room,
      ),
      room,
    ),
    ...(more
      ? wrap([span('  There is more than is shown here: narrow the question.', 'warn')], columnsOf(room), 2)
      : []),
    ...(readOnly === undefined
      ? []
      : wrap([span(`  reading only: ${readOnly}`, 'warn')], columnsOf(room), 2)),
    ...wrap([span(from, 'dim')], columnsOf(room), 4),
  ];
}
