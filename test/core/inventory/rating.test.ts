import { expect, test } from 'vitest';

import { fact } from '../fleet-text.ts';
import { observe, world } from '../fleet.ts';

function ratingOf(node: object, shape: object): number | undefined {
  const facts = [fact('shape', 'tray', shape), fact('node', 'fra1/n1', node)];
  return observe(world(), facts).state.fleet.nodes[0]?.facts.nameplateW;
}

test.each<readonly [object, object, number | undefined]>([
  [{ shape: 'tray' }, { nameplateW: 5400 }, 5400],
  [{ shape: 'tray', nameplateW: 3000 }, { nameplateW: 5400 }, 3000],
  [{ shape: 'other' }, { nameplateW: 5400 }, undefined],
  [{}, { nameplateW: 5400 }, undefined],
  [{ shape: 'tray' }, { units: 1 }, undefined],
])('a node that says %j of a shape that says %j is rated %s W', (node, shape, watts) => {
  expect(ratingOf(node, shape)).toBe(watts);
});
