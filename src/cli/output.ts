import type { Shown } from '../agent/agent.ts';
import { drawCard } from '../chat/cards/card.ts';
import type { Room } from '../chat/cards/line.ts';
import { paintOf, renderAnsi } from '../chat/render.ts';
import { columnsOf, type Io } from './io.ts';

/** Prints what a person reads, or with `--json` the object itself on one line. */
export function print(
  io: Io,
  json: boolean | undefined,
  shown: Shown,
  object: unknown,
  room: Partial<Room> = {},
): void {
  if (json === true) {
    io.stdout.write(`${JSON.stringify(object)}\n`);
    return;
  }
  const lines = drawCard(shown, { columns: columnsOf(io), ...room });
  io.stdout.write(`${renderAnsi(lines, paintOf(io.env, io.stdout.isTTY === true))}\n`);
}
