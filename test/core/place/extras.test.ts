import { expect, test } from 'vitest';

import { Demand } from '../../../src/model/demand.ts';
import { planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';

/** Two parts, of each of which one replica is promised, and one is left whichever node is lost. */
function lasting(text: string): Demand {
  const fixed = demand(text);
  return Demand.parse({
    ...fixed,
    guarantee: 'elastic',
    parts: fixed.parts.map((part) => ({ ...part, minCount: 1 })),
    survive: { loss: 'node', membersLeft: 1 },
  });
}

test('extras stand with their part, after what is promised of it, in the order of the demand', () => {
  const { members } = planned(world('r/r1 4×4 H100 cpu16'), lasting('b: 3×2 + a: 2×1')).plan.placement;
  expect(members.map(({ part, replica }) => `${part}${replica}`)).toEqual(['b0', 'b1', 'b2', 'a0', 'a1']);
});
