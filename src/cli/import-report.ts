import { type Field, fields } from '../chat/cards/fields.ts';
import { bullets, type Line, paragraph, span } from '../chat/cards/line.ts';
import { paintOf, renderAnsi } from '../chat/render.ts';
import type { ImportResult } from '../model/import-view.ts';
import { columnsOf, type Io } from './io.ts';

/** So many of each list are shown; `--json` has all of them. */
const shown = 8;

/** What an import did, for people: counts first, then what does not fit together and what nobody knows. */
export function drawImport(io: Io, result: ImportResult): string {
  const room = { columns: columnsOf(io) };
  const subjects = Object.entries(result.subjects).map(
    ([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`,
  );
  const lines: Line[] = [
    ...paragraph(
      result.dryRun
        ? 'Dry run: nothing was recorded.'
        : `Recorded in ledger entry ${result.entry?.seq ?? '?'}.`,
      room,
      'strong',
    ),
    ...fields(
      [
        [
          'source',
          [span(`${result.source}: ${result.factCount} facts about ${subjects.join(', ') || 'nothing'}`)],
        ],
        ['new', [span(String(result.added))]],
        ['changed', [span(String(result.changed))]],
        ['unchanged', [span(String(result.unchanged))]],
        ['gone', [span(String(result.gone), result.gone > 0 ? 'warn' : undefined)]],
        ['conflict', [span(String(result.conflictCount), result.conflictCount > 0 ? 'warn' : undefined)]],
        ['unknown', [span(String(result.unknownCount), result.unknownCount > 0 ? 'warn' : undefined)]],
        ...(result.notRecordedCount === 0
          ? []
          : [['not recorded', [span(String(result.notRecordedCount), 'warn')]] satisfies Field]),
      ],
      room,
    ),
    ...list('not recorded', result.notRecorded.map(problemText), room),
    ...list('assumed', result.assumptions, room),
    ...(result.unchanged === 0 && result.changed === 0
      ? []
      : list('new', subjectTexts(result.addedSubjects), room)),
    ...list('changed', result.changes.map(changeText), room),
    ...list('gone', subjectTexts(result.goneSubjects), room),
    ...list('in conflict', result.conflicts.map(conflictText), room, result.conflictCount),
    ...list('unknown', result.unknown.map(unknownText), room, result.unknownCount),
  ];
  return `${renderAnsi(lines, paintOf(io.env, io.stdout.isTTY === true))}\n`;
}

function list(
  title: string,
  items: readonly string[],
  room: { readonly columns: number },
  total = items.length,
): Line[] {
  if (items.length === 0) return [];
  const more = total > shown ? [[span(`and ${total - shown} more (--json)`, 'dim')]] : [];
  return [
    [span(title, 'accent')],
    ...bullets([...items.slice(0, shown).map((text) => [span(text)]), ...more], room),
  ];
}

function subjectTexts(subjects: ImportResult['addedSubjects']): readonly string[] {
  return subjects.map(({ kind, id }) => `${kind} ${id}`);
}

function problemText({ subject, why, fix }: ImportResult['notRecorded'][number]): string {
  return `${subject}: ${why}; ${fix}`;
}

function changeText({ subject, attribute, was, is }: ImportResult['changes'][number]): string {
  return `${subject} ${attribute}: ${was ?? 'nothing'} → ${is ?? 'nothing'}`;
}

function conflictText({ subject, attribute, values }: ImportResult['conflicts'][number]): string {
  const said = values.map(({ value, source, used }) => `${value} by ${source}${used ? ' (used)' : ''}`);
  return `${subject} ${attribute}: ${said.join(', ')}`;
}

function unknownText({ subject, attribute, why }: ImportResult['unknown'][number]): string {
  return `${subject === undefined ? '' : `${subject} `}${attribute}: ${why}`;
}
