import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import { nodeIn } from '../fabric/ask.ts';
import { world } from '../fleet.ts';

const path = 'fra1/r1/n01';

/** A node from the line of its rack, with GPUs and NICs that say more of themselves. */
export function nodeOf(
  line: string,
  gpus: Readonly<Record<number, object>> = {},
  nics: Readonly<Record<number, object>> = {},
): FleetNode {
  const named = (kind: string, facts: Readonly<Record<number, object>>) =>
    Object.fromEntries(Object.entries(facts).map(([at, fact]) => [`${path}/${kind}${at}`, fact]));
  return nodeIn(world(`fra1/r1 1×${line}`, { gpus: named('gpu', gpus), nics: named('nic', nics) }), path);
}
