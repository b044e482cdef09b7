import { assert, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Packer } from '../../../src/core/packing/packer.ts';
import { policyNamed } from '../../../src/core/packing/policies.ts';
import { PowerMeter, PowerModel, unknownModels } from '../../../src/core/packing/power.ts';
import { fleetOf, nodesOf, seed, shapeOf, someNodes, someShapes, someSteps } from './given.ts';

/** Watts of a node on which the requests run, each on GPUs from the first. */
function wattsOf(line: string, ...requests: readonly string[]): number {
  const { nodes, shapes } = fleetOf(nodesOf(line), []);
  let next = 0;
  for (const text of requests) {
    const shape = shapeOf(text);
    const gpus = Array.from({ length: shape.gpuCount }, () => 1 << next++);
    nodes.take(
      0,
      shapes,
      shapes.idOf(shape),
      gpus.reduce((mask, gpu) => mask | gpu, 0),
    );
  }
  return new PowerModel(nodes).watts(0);
}

describe('the power model', () => {
  // Lettich et al. (CCGrid 2025): idle and full watts of each GPU; a CPU of 1 core needs one socket, 15 W idle, 120 W full.
  test.each([
    ['T4', 10, 70],
    ['P100', 25, 250],
    ['V100M16', 30, 300],
    ['V100M32', 30, 300],
    ['A10', 30, 150],
    ['A100', 50, 400],
    ['G2', 30, 150],
    ['G3', 50, 400],
  ])('%s draws %d W idle and %d W in use', (model, idle, full) => {
    expect(wattsOf(`n 4x${model} cpu2 mem9`)).toBe(4 * idle + 15);
    expect(wattsOf(`n 4x${model} cpu2 mem9`, 'cpu0 1x1000', 'cpu0 1x1')).toBe(2 * idle + 2 * full + 15);
  });

  test.each([
    [[], 3 * 15],
    [['cpu1'], 120 + 2 * 15],
    [['cpu32'], 120 + 2 * 15],
    [['cpu33'], 2 * 120 + 15],
    [['cpu64', 'cpu1'], 3 * 120],
    [['cpu96'], 3 * 120],
  ])('of the 3 sockets of 96 CPUs, %j lets so many run that it draws %d W', (requests, watts) => {
    expect(wattsOf('n 0x cpu96 mem999', ...requests)).toBe(watts);
  });

  test('an odd CPU is a core of its own', () => {
    expect(wattsOf('n 0x cpu33 mem999')).toBe(2 * 15);
    expect(wattsOf('n 0x cpu33 mem999', 'cpu32')).toBe(120 + 15);
    expect(wattsOf('n 0x cpu33 mem999', 'cpu33')).toBe(2 * 120);
  });

  test('what a GPU draws is a fact: without it there is no figure', () => {
    const { nodes } = fleetOf(nodesOf('a 1xT4 cpu8 mem9', 'b 1xH900 cpu8 mem9', 'c 0x cpu8 mem9'), []);
    expect(unknownModels(nodes)).toEqual(['H900']);
    expect(() => new PowerModel(nodes)).toThrow(
      'how many watts a GPU of the model `H900` draws is not known',
    );
  });
});

describe('the power meter', () => {
  test('knows the sum of all nodes after every change', () => {
    const cases = record({ nodes: someNodes, shapes: someShapes, steps: someSteps });
    assert(
      property(cases, ({ nodes, shapes, steps }) => {
        const fleet = fleetOf(nodes, shapes);
        const model = new PowerModel(fleet.nodes);
        const meter = new PowerMeter(fleet.nodes);
        const packer = new Packer(fleet.nodes, fleet.shapes, policyNamed('power', fleet).policy);
        for (const step of steps) {
          const wanted = shapes[Math.abs(step) % shapes.length];
          if (wanted === undefined) continue;
          const id = fleet.shapes.idOf(wanted);
          const before = meter.totalW;
          const seat = packer.place(id);
          if (seat !== undefined) meter.update(seat.node);
          const sum = [...fleet.nodes.ids.keys()].reduce((total, node) => total + model.watts(node), 0);
          expect(meter.totalW).toBe(sum);
          expect(meter.totalW).toBeGreaterThanOrEqual(before);
        }
      }),
      { seed, numRuns: 60 },
    );
  });
});

describe('the policy that saves power', () => {
  test('takes the models first whose GPUs draw least', () => {
    const lines = ['a 4xA100 cpu64 mem99', 't 4xT4 cpu64 mem99', 'p 4xP100 cpu64 mem99'];
    expect(placed(lines, ['cpu1 1x1000', 'cpu1 1x1000'])).toEqual(['t', 't']);
  });

  test('wakes a second socket or GPU only where it must', () => {
    const lines = ['a 1xT4 cpu64 mem99', 'b 1xT4 cpu64 mem99'];
    // 31 and 40 CPUs of 64 run: one more than one wakes the second socket of `a`, but none of `b`.
    expect(placed(lines, ['cpu31', 'cpu40', 'cpu2', 'cpu1'])).toEqual(['a', 'b', 'b', 'a']);
    expect(placed(lines, ['cpu1 1x300', 'cpu1 1x300', 'cpu1 1x300', 'cpu1 1x300'])).toEqual([
      'a',
      'a',
      'a',
      'b',
    ]);
  });

  test('stops to care for models when nine tenths of the GPUs are in use', () => {
    const lines = ['a 1xA100 cpu64 mem99', 't 10xT4 cpu64 mem999', 'u 1xT4 cpu64 mem99'];
    const fleet = fleetOf(nodesOf(...lines), [shapeOf('cpu1 1x1000')]);
    const { policy } = policyNamed('power', fleet);
    const shape = fleet.shapes.idOf(shapeOf('cpu1 1x1000'));
    // 400 − 50 W against 70 − 10 W.
    expect([policy.bonus?.(0, shape), policy.bonus?.(1, shape)]).toEqual([-35_000, -6000]);
    fleet.nodes.take(1, fleet.shapes, fleet.shapes.idOf(shapeOf('cpu1 9x1000')), 0x1ff);
    // 9 of 12 are in use: half of the way from 600 to 900 per mille.
    expect([policy.bonus?.(0, shape), policy.bonus?.(1, shape)]).toEqual([-17_500, -3000]);
    fleet.nodes.take(2, fleet.shapes, shape, 1);
    fleet.nodes.take(1, fleet.shapes, shape, 1 << 9);
    expect([policy.bonus?.(0, shape), policy.bonus?.(1, shape)]).toEqual([-0, -0]);
  });
});

/** Nodes that the requests are placed on, one after the other. */
function placed(lines: readonly string[], requests: readonly string[]): string[] {
  const fleet = fleetOf(nodesOf(...lines), requests.map(shapeOf));
  const packer = new Packer(fleet.nodes, fleet.shapes, policyNamed('power', fleet).policy);
  return requests.map((text) => {
    const seat = packer.place(fleet.shapes.idOf(shapeOf(text)));
    return seat === undefined ? '-' : (fleet.nodes.ids[seat.node] ?? '');
  });
}
