import { describe, expect, test } from 'vitest';

import { indexesOf } from '../../../src/core/mask.ts';
import { Packer } from '../../../src/core/packing/packer.ts';
import { type PolicyName, policyNamed } from '../../../src/core/packing/policies.ts';
import { fleetOf, nodesOf, shapeOf } from './given.ts';

/** Places the requests one after the other: `node:gpus` or `-`. */
function placed(
  policy: PolicyName,
  lines: readonly string[],
  requests: readonly string[],
  expected = requests,
) {
  const fleet = fleetOf(nodesOf(...lines), expected.map(shapeOf));
  const packer = new Packer(fleet.nodes, fleet.shapes, policyNamed(policy, fleet).policy);
  return requests.map((text) => {
    const seat = packer.place(fleet.shapes.idOf(shapeOf(text)));
    return seat === undefined ? '-' : `${fleet.nodes.ids[seat.node]}:${indexesOf(seat.gpus).join('+')}`;
  });
}

describe('policies', () => {
  test('fgd keeps whole GPUs whole for those who will ask for them', () => {
    const lines = ['a 2xT4 cpu9 mem99', 'b 2xT4 cpu9 mem99'];
    expect(placed('fgd', lines, ['cpu1 1x500', 'cpu1 1x500', 'cpu1 1x1000', 'cpu1 2x1000'])).toEqual([
      'a:0',
      'a:0',
      'a:1',
      'b:0+1',
    ]);
  });

  test('best fit takes the node with the least left', () => {
    expect(placed('bestfit', ['a 8xT4 cpu64 mem99', 'b 2xT4 cpu16 mem99'], ['cpu1 1x500'])).toEqual(['b:0']);
  });

  test('packing prefers GPUs in use, then nodes in use, then small idle nodes', () => {
    const lines = ['a 8xT4 cpu64 mem99', 'b 2xT4 cpu16 mem99'];
    expect(
      placed('packing', lines, ['cpu1 1x300', 'cpu1 1x300', 'cpu1 1x1000', 'cpu1 1x1000', 'cpu1']),
    ).toEqual(['b:0', 'b:0', 'b:1', 'a:0', 'a:']);
  });

  test('clustering keeps kinds together', () => {
    const lines = ['a 4xT4 cpu64 mem99', 'b 4xT4 cpu64 mem99'];
    expect(placed('clustering', lines, ['cpu1 1x300', 'cpu1 1x1000', 'cpu1 1x800', 'cpu1 1x1000'])).toEqual([
      'a:0',
      'b:0',
      'a:1',
      'b:1',
    ]);
  });

  test('dot product takes the node whose free resources lie least along the request', () => {
    expect(placed('dotprod', ['a 8xT4 cpu128 mem99', 'b 8xT4 cpu8 mem99'], ['cpu8 1x1000'])).toEqual(['b:0']);
  });

  test('the default policy leaves a scarce model to those who can use no other', () => {
    const lines = ['a 2xH100 cpu64 mem99', 'b 8xT4 cpu64 mem99', 'c 8xT4 cpu64 mem99'];
    const free = Array.from({ length: 16 }, () => 'cpu4 1x1000');
    const bound = ['cpu4 1x1000 H100', 'cpu4 1x1000 H100'];
    const seatsOfBound = (policy: PolicyName) => placed(policy, lines, [...free, ...bound]).slice(16);
    expect(seatsOfBound('bestfit')).toEqual(['-', '-']);
    expect(seatsOfBound('default')).toEqual(['a:0', 'a:1']);
  });

  test('the default policy keeps requests for few CPUs off a node that alone can hold large ones', () => {
    const lines = [
      'a 8xH100 cpu120 mem999',
      ...Array.from({ length: 4 }, (_, n) => `t${n} 8xT4 cpu60 mem999`),
    ];
    const expected = [...Array.from({ length: 16 }, () => 'cpu4 1x1000'), 'cpu120 8x1000'];
    const large = (policy: PolicyName) =>
      placed(policy, lines, ['cpu4 1x1000', 'cpu120 8x1000'], expected)[1];
    expect(large('clustering')).toBe('-');
    expect(large('default')).toBe('a:0+1+2+3+4+5+6+7');
  });

  test('the default policy takes, of equals, the node where fewer GPUs are left without CPUs', () => {
    // 4 CPUs of the 16 on `a` leave half a GPU without its 8; nothing of the target feels it yet.
    const lines = ['a 2xT4 cpu16 mem99', 'b 2xT4 cpu40 mem99'];
    const expected = [...Array.from({ length: 20 }, () => 'cpu8 1x1000'), 'cpu4'];
    expect(placed('fgd', lines, ['cpu4'], expected)).toEqual(['a:']);
    expect(placed('default', lines, ['cpu4'], expected)).toEqual(['b:']);
  });
});
