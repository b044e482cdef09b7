import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { indexesOf, type Mask } from '../../../src/core/mask.ts';
import { combinations, type Want } from '../../../src/core/place/want.ts';
import { demand } from '../demand.ts';
import { type Details, world } from '../fleet.ts';

/** What a demand in words wants of the model, part by part. */
export function wantsOf(text: string, model = 'H100', more: object = {}): readonly Want[] {
  const [wants] = combinations(demand(text, more), [model]);
  if (wants === undefined) throw new Error(`\`${text}\` wants nothing of ${model}`);
  return wants;
}

export function wantOf(text: string, model?: string, more?: object): Want {
  const [want] = wantsOf(text, model, more);
  if (want === undefined) throw new Error(`\`${text}\` has no part`);
  return want;
}

/** The first node of a fleet in words. */
export function nodeOf(...lines: readonly (string | Details)[]): FleetNode {
  const [node] = world(...lines).state.fleet.nodes;
  if (node === undefined) throw new Error('a fleet without nodes');
  return node;
}

/** `0-3,5` of a set of devices; `-` of none. */
export function listed(mask: Mask): string {
  const runs: [number, number][] = [];
  for (const at of indexesOf(mask)) {
    const last = runs.at(-1);
    if (last?.[1] === at - 1) last[1] = at;
    else runs.push([at, at]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',') || '-';
}
