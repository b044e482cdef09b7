import { columnsOf, indent, type Line, type Room, span, widthOf, wrap } from './line.ts';

/** A label and its value, one below the other. An empty value is left out. */
export type Field = readonly [label: string, value: Line];

const narrow = 50;

/** Labels in one column, values wrapped in the next; `label: value` when there is no room for two columns. */
export function fields(list: readonly Field[], room: Room): Line[] {
  const filled = list.filter(([, value]) => value.some(({ text }) => text !== ''));
  const columns = columnsOf(room) - 2;
  if (columns < narrow)
    return indent(
      filled.flatMap((field) => stacked(field, columns)),
      2,
    );
  const labelWidth = Math.max(0, ...filled.map(([label]) => widthOf(label))) + 2;
  return indent(
    filled.flatMap((field) => beside(field, labelWidth, columns)),
    2,
  );
}

function beside([label, value]: Field, labelWidth: number, columns: number): Line[] {
  return wrap(value, columns - labelWidth).map((row, y) =>
    y === 0 ? [span(label.padEnd(labelWidth), 'dim'), ...row] : [{ text: ' '.repeat(labelWidth) }, ...row],
  );
}

function stacked([label, value]: Field, columns: number): Line[] {
  return wrap([span(`${label}: `, 'dim'), ...value], columns, 2);
}
