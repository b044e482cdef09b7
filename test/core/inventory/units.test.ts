import { describe, expect, test } from 'vitest';

import { freeUnits } from '../../../src/core/inventory/units.ts';
import { Path } from '../../../src/model/id.ts';
import { fact } from '../fleet-text.ts';
import { type Details, observe, world } from '../fleet.ts';

/** Two nodes of a shape in `fra1/h1/r1`, and one more of its own kind where that is given. */
function free(rack: object, shape: object, more: Details = {}): number | undefined {
  const on = observe(
    world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 1×8 H100', { racks: { 'fra1/h1/r1': rack } }, more),
    [fact('shape', 'fra1-h1-r1-1', shape)],
    { source: 'netbox' },
  );
  return freeUnits(on.state.fleet, Path.parse('fra1/h1/r1'));
}

describe('free rack units', () => {
  test.each<readonly [string, object, object, Details, number | undefined]>([
    ['are those that no node takes up', { units: 42 }, { units: 8 }, {}, 26],
    ['are none when the rack is full', { units: 16 }, { units: 8 }, {}, 0],
    ['are none when nodes say that they take up more than there is', { units: 10 }, { units: 8 }, {}, 0],
    ['are not known of a rack without a height', {}, { units: 8 }, {}, undefined],
    ['are not known beside nodes without a height', { units: 42 }, {}, {}, undefined],
    [
      'are not known beside one node without a shape',
      { units: 42 },
      { units: 8 },
      { nodes: { 'fra1/h1/r1/n09': {} } },
      undefined,
    ],
    [
      'are not taken up by nodes of other racks',
      { units: 42 },
      { units: 8 },
      { nodes: { 'fra1/h1/r2/n09': {} } },
      26,
    ],
  ])('%s', (_, rack, shape, more, expected) => {
    expect(free(rack, shape, more)).toBe(expected);
  });

  test('are all of an empty rack, and not known of a place that is none', () => {
    const { fleet } = world('fra1/h1/r1 1×8 H100', { racks: { 'fra1/h1/new': { units: 42 } } }).state;
    expect(freeUnits(fleet, Path.parse('fra1/h1/new'))).toBe(42);
    expect(freeUnits(fleet, Path.parse('fra1/h1/none'))).toBe(undefined);
  });
});
