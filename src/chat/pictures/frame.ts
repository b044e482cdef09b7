import { columnsOf, type Line, lineWidth, type Room, wrap } from '../cards/line.ts';

/** A box in a picture: what stands beside it, and what stands in it. */
export type Box = { readonly label: Line; readonly body: Line };

const widest = 110;
const narrowest = 18;

/** Boxes one above the other, with their labels in a column of their own. Below about 30 columns without lines. */
export function frame(boxes: readonly Box[], room: Room): Line[] {
  if (boxes.length === 0) return [];
  const columns = Math.min(columnsOf(room), widest);
  const labels = Math.max(...boxes.map(({ label }) => lineWidth(label)));
  const inner = columns - labels - 9;
  if (inner < narrowest)
    return boxes.flatMap((box) => wrap([...box.label, { text: '  ' }, ...box.body], columns, 2));
  const rule = (left: string, cross: string, right: string): Line => [
    { text: `  ${left}${'─'.repeat(labels + 2)}${cross}${'─'.repeat(inner + 2)}${right}`, tone: 'dim' },
  ];
  const rows = boxes.flatMap((box, at) => [
    ...(at === 0 ? [] : [rule('├', '┼', '┤')]),
    ...framed(box, labels, inner),
  ]);
  return [rule('┌', '┬', '┐'), ...rows, rule('└', '┴', '┘')];
}

function framed({ label, body }: Box, labels: number, inner: number): Line[] {
  return wrap(body, inner, 2).map((row, y) => [
    { text: '  │ ', tone: 'dim' },
    ...padded(y === 0 ? label : [], labels),
    { text: ' │ ', tone: 'dim' },
    ...padded(row, inner),
    { text: ' │', tone: 'dim' },
  ]);
}

function padded(line: Line, cells: number): Line {
  return [...line, { text: ' '.repeat(Math.max(0, cells - lineWidth(line))) }];
}
