import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { BerthError } from '../model/error.ts';
import { cleanText } from '../model/text.ts';
import { readText } from './trace.ts';

const ByColumn = z.record(z.string(), z.number());
const Anchors = z.object({
  variants: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({ allocMean: ByColumn, perSeedAlloc: z.record(z.string(), ByColumn).optional() }),
    ),
  ),
});

/** A published row: the policy, whether it is of one seed or the mean of all, and percent in use by column. */
export type Anchor = {
  readonly policy: string;
  readonly of: 'seed' | 'mean';
  readonly alloc: Readonly<Record<string, number>>;
};

/**
 * The published figures for a list, from `anchors.json` of the folder; none where it has none. Rows of the seed are
 * taken where the order is the published one. Throws INVALID_INPUT where the file is something else.
 */
export function readAnchors(folder: string, list: string, seed: number | undefined): Anchor[] {
  const file = join(folder, 'anchors.json');
  if (!existsSync(file)) return [];
  const parsed = Anchors.safeParse(parseJson(readText(file, fix)));
  if (!parsed.success)
    throw new BerthError({ code: 'INVALID_INPUT', message: '`anchors.json` has no `variants`', fix });
  return Object.entries(parsed.data.variants[list] ?? {}).map(([policy, { allocMean, perSeedAlloc }]) => {
    const ofSeed = seed === undefined ? undefined : perSeedAlloc?.[String(seed)];
    const name = cleanText(policy, 40);
    return ofSeed === undefined
      ? { policy: name, of: 'mean', alloc: allocMean }
      : { policy: name, of: 'seed', alloc: ofSeed };
  });
}

const fix = 'repair or remove `anchors.json` in the folder of the trace';

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new BerthError({ code: 'INVALID_INPUT', message: '`anchors.json` is not JSON', fix }, { cause });
  }
}
