import { z } from 'zod';

import { type Line, span, wrap } from '../../chat/cards/line.ts';
import { paintOf, renderAnsi } from '../../chat/render.ts';
import { toJsonObject } from '../../mcp/json.ts';
import { DemandRequest } from '../../model/demand.ts';
import { ScenarioEdit } from '../../model/scenario.ts';
import { Template } from '../../model/template.ts';
import { InventoryDocument } from '../../sources/inventory/schema.ts';
import { columnsOf, type Io } from '../io.ts';
import { type Key, keysIn } from '../key-list.ts';

/** The files that people write, by what they hold. */
const files = {
  demand: DemandRequest,
  scenario: z.strictObject({ edits: z.array(ScenarioEdit).min(1).max(20) }),
  inventory: InventoryDocument,
  template: Template,
};
export type FileKind = keyof typeof files;

/** Prints every key of a kind of file, or its JSON Schema for editors and programs. */
export function schema(io: Io, kind: FileKind, { json }: { readonly json?: boolean }): number {
  const whole = toJsonObject(z.toJSONSchema(files[kind], { io: 'input' }));
  if (json === true) io.stdout.write(`${JSON.stringify(whole)}\n`);
  else io.stdout.write(`${renderAnsi(linesOf(kind, keysIn(whole), io), colored(io))}\n`);
  return 0;
}

function linesOf(kind: FileKind, keys: readonly Key[], io: Io): readonly Line[] {
  const columns = columnsOf(io);
  const title = span(`Keys of ${articles[kind]} ${kind} file, * where one is needed:`, 'strong');
  return [...wrap([title], columns), ...keys.flatMap((key) => wrap(lineOf(key), columns, 6))];
}

function lineOf({ path, isNeeded, takes, meaning }: Key): Line {
  const words = [takes, meaning].filter((text) => text !== '').join('; ');
  return [span(`  ${path}${isNeeded ? '*' : ''}`, 'accent'), span(words === '' ? '' : `: ${words}`)];
}

const articles = { demand: 'a', scenario: 'a', inventory: 'an', template: 'a' } as const;

function colored(io: Io) {
  return paintOf(io.env, io.stdout.isTTY === true);
}
