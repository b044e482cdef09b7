import type { VerifyResult } from '../../model/verify-view.ts';
import { countOf, shortDigest } from './amount.ts';
import { fields } from './fields.ts';
import { columnsOf, type Line, type Room, span, wrap } from './line.ts';
import { type Row, table } from './table.ts';

/** What `ledger verify` found, check by check. */
export function verificationCard(result: VerifyResult, room: Room): Line[] {
  const verdict = result.ok ? span('Verified', 'good') : span('Not verified', 'bad');
  const title = [
    verdict,
    span(`: ${countOf(result.entries, 'entry', 'entries')} in ${result.place}`, 'strong'),
  ];
  return [
    ...wrap(title, columnsOf(room)),
    ...checkTable(result.checks, room),
    ...fields(
      [
        ['head', [span(shortDigest(result.head))]],
        ['state', [span(shortDigest(result.stateDigest))]],
        ['core', [span(result.core)]],
        ['read-only', [span(result.readOnly ?? '', 'warn')]],
      ],
      room,
    ),
  ];
}

function checkTable(checks: VerifyResult['checks'], room: Room): Line[] {
  const columns = [
    { title: 'check', priority: 1 },
    { title: 'result', priority: 1 },
    { title: 'checked', priority: 1, align: 'right' as const },
    { title: 'first bad', priority: 1, align: 'right' as const },
    { title: 'note', priority: 1, narrowTo: 16 },
  ];
  return table(columns, checks.map(checkRow), room);
}

function checkRow({ check, ok, checked, firstBadSeq, note }: VerifyResult['checks'][number]): Row {
  return [
    span(check),
    span(ok ? 'ok' : 'failed', ok ? 'good' : 'bad'),
    span(String(checked)),
    span(firstBadSeq === undefined ? '' : String(firstBadSeq), 'bad'),
    span(note),
  ];
}
