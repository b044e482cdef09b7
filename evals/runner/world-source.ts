import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parse } from 'yaml';
import { z } from 'zod';

import { clockAt } from '../../src/control/clock.ts';
import { readWorld, type World } from '../../src/control/world.ts';
import { type Observation, SourceName } from '../../src/model/fact.ts';
import { sources } from '../../src/sources/registry.ts';

/** What is said to exist in a world, by which source, in the order in which they speak. */
export type WorldSource = { readonly world: World; readonly observations: readonly Observation[] };

/** Files that were captured from real machines: `test/data` holds them, with where each of them comes from. */
const Captures = z
  .array(
    z.strictObject({
      source: SourceName,
      files: z.array(z.string().regex(/^[a-z0-9][A-Za-z0-9./_-]{1,120}$/)).min(1),
      site: z.string().optional(),
      nodes: z.array(z.string()).max(16).optional(),
    }),
  )
  .max(16);

/**
 * A world of `evals/worlds`. Beside what Berth's own worlds say it may list `captures`: files of other systems that
 * were written by real machines, read as `berth import` reads them.
 */
export function readWorldSource(name: string): WorldSource {
  const bytes = readFileSync(fileURLToPath(import.meta.resolve(`#worlds/${name}.yaml`)));
  const text = new TextDecoder().decode(bytes);
  const { captures, world } = split(text, `${name}.yaml`);
  const observedAtMs = clockAt(world.history[0]?.at ?? world.clock, 'history').nowMs();
  const own = sourceOf('inventory').parse([{ file: `${name}.yaml`, bytes }], { observedAtMs });
  const others = captures.map(({ source, files, site, nodes }) =>
    sourceOf(source).parse(
      files.map((file) => ({ file, bytes: captured(file) })),
      {
        observedAtMs,
        ...(site === undefined ? {} : { site }),
        ...(nodes === undefined ? {} : { nodes }),
      },
    ),
  );
  return { world, observations: [own, ...others] };
}

function split(text: string, file: string): { captures: z.infer<typeof Captures>; world: World } {
  if (!/^captures:/mu.test(text)) return { captures: [], world: readWorld(text, file) };
  const { captures, ...rest } = z
    .looseObject({ captures: Captures })
    .parse(parse(text, { maxAliasCount: 0 }));
  return { captures, world: readWorld(JSON.stringify(rest), file) };
}

function sourceOf(name: SourceName) {
  const source = sources.get(name);
  if (source === undefined) throw new Error(`there is no source \`${name}\``);
  return source;
}

function captured(file: string): Uint8Array {
  return readFileSync(
    join(dirname(fileURLToPath(import.meta.resolve('#package.json'))), 'test', 'data', file),
  );
}
