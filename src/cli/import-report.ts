import { fields } from '../chat/cards/fields.ts';
import { bullets, type Line, paragraph, span } from '../chat/cards/line.ts';
import { renderAnsi, wantsColor } from '../chat/render.ts';
import type { ImportResult } from '../model/view.ts';
import { columnsOf, type Io } from './io.ts';

/** So many conflicts and unknowns are shown; `--json` has up to fifty, the counts are whole. */
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
        ['not seen', [span(String(result.notSeen))]],
        ['conflict', [span(String(result.conflictCount), result.conflictCount > 0 ? 'warn' : undefined)]],
        ['unknown', [span(String(result.unknownCount), result.unknownCount > 0 ? 'warn' : undefined)]],
      ],
      room,
    ),
    ...list('assumed', result.assumptions, room),
    ...list('in conflict', result.conflicts.map(conflictText), room, result.conflictCount),
    ...list('unknown', result.unknown.map(unknownText), room, result.unknownCount),
  ];
  return `${renderAnsi(lines, { color: wantsColor(io.env, io.stdout.isTTY === true) })}\n`;
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

function conflictText({ subject, attribute, values }: ImportResult['conflicts'][number]): string {
  const said = values.map(({ value, source, used }) => `${value} by ${source}${used ? ' (used)' : ''}`);
  return `${subject} ${attribute}: ${said.join(', ')}`;
}

function unknownText({ subject, attribute, why }: ImportResult['unknown'][number]): string {
  return `${subject === undefined ? '' : `${subject} `}${attribute}: ${why}`;
}
