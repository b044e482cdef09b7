import { z } from 'zod';

import { isSpoken } from '../../chat/mode.ts';
import { svgOf } from '../../chat/svg/document.ts';
import { Instant, Place } from '../../mcp/field.ts';
import { BerthError } from '../../model/error.ts';
import type { PictureKind, PictureList } from '../../model/picture-view.ts';
import { asOption } from '../as-option.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { parsed } from '../parsed.ts';
import type { Session } from '../session.ts';
import { writeSvg } from '../svg-file.ts';
import type { Common } from '../words.ts';

export type LookOptions = Common & {
  readonly tree?: boolean;
  readonly depth?: number;
  readonly picture?: boolean;
  readonly view?: PictureKind;
  readonly svg?: string;
  readonly plain?: boolean;
  readonly from?: string;
  readonly to?: string;
};

const Look = z.strictObject({
  place: Place.exactOptional(),
  depth: z.int().min(1).max(20).exactOptional(),
  from: Instant.exactOptional(),
  to: Instant.exactOptional(),
});

/** Prints the inventory, or a place of it, from the outside in. */
export async function showTree(
  io: Io,
  { control, caller }: Session,
  place: string | undefined,
  options: LookOptions,
): Promise<number> {
  const { svg, picture, view } = options;
  if (picture === true || view !== undefined || svg !== undefined) throw bothWays();
  const { depth, ...look } = lookOf(place, options);
  const { of: within, ...window } = look;
  const tree = await asTyped(
    control.tree(caller, {
      ...window,
      ...(within === undefined ? {} : { within }),
      ...(depth === undefined ? {} : { depth }),
    }),
  );
  print(io, options.json, { kind: 'tree', tree }, tree, {
    spoken: options.plain === true || isSpoken(io.env),
  });
  return 0;
}

/** Draws a place, or every site: on the terminal, in sentences, as JSON, or into an SVG file. */
export async function showPictures(
  io: Io,
  { control, caller }: Session,
  place: string | undefined,
  options: LookOptions,
): Promise<number> {
  const { view, svg, json } = options;
  const { depth: _depth, ...look } = lookOf(place, options);
  const wish = { ...look, ...(view === undefined ? {} : { view }) };
  const list = await asTyped(control.pictures(caller, wish));
  if (svg !== undefined) writePictures(io, svg, list);
  if (svg === undefined || json === true)
    print(io, json, { kind: 'pictures', list }, list, { spoken: options.plain === true || isSpoken(io.env) });
  return 0;
}

function writePictures(io: Io, file: string, list: PictureList): void {
  const text = svgOf(list);
  if (file === '-') {
    io.stdout.write(text);
    return;
  }
  writeSvg(file, text);
  const count = list.pictures.length;
  io.stderr.write(`wrote ${count === 1 ? 'a picture' : `${count} pictures`} to ${file}\n`);
}

function lookOf(place: string | undefined, { depth, from, to }: LookOptions) {
  const look = parsed(Look, { place, depth, from, to });
  return {
    ...(look.place === undefined ? {} : { of: look.place }),
    ...(look.depth === undefined ? {} : { depth: look.depth }),
    ...(look.from === undefined ? {} : { fromMs: look.from }),
    ...(look.to === undefined ? {} : { toMs: look.to }),
  };
}

/** Errors in the words of the command line. */
async function asTyped<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw asOption(error);
  }
}

function bothWays(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: '`--tree` and `--depth` show a tree, `--picture`, `--view` and `--svg` a picture',
    fix: 'ask for one of them',
  });
}
