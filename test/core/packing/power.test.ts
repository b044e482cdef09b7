import { assert, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { policyOn, powerBase } from '../../../src/core/packing/bases.ts';
import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { Load } from '../../../src/core/packing/load.ts';
import { Packer } from '../../../src/core/packing/packer.ts';
import { policyNamed } from '../../../src/core/packing/policies.ts';
import type { Policy } from '../../../src/core/packing/policy.ts';
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
    // 400 − 50 W against 70 − 10 W, in hundredths of a point, of which 500 of 1,000 parts count.
    expect([policy.bonus?.(0, shape), policy.bonus?.(1, shape)]).toEqual([-35_000 * 500, -6000 * 500]);
    fleet.nodes.take(1, fleet.shapes, fleet.shapes.idOf(shapeOf('cpu1 9x1000')), 0x1ff);
    // 9 of 12 are in use: half of the way from 600 to 900 per mille.
    expect([policy.bonus?.(0, shape), policy.bonus?.(1, shape)]).toEqual([-17_500 * 500, -3000 * 500]);
    fleet.nodes.take(2, fleet.shapes, shape, 1);
    fleet.nodes.take(1, fleet.shapes, shape, 1 << 9);
    expect([policy.bonus?.(0, shape), policy.bonus?.(1, shape)]).toEqual([-0, -0]);
  });
});

describe('how much watts weigh', () => {
  const lines = ['a 4xA100 cpu64 mem99', 'b 2xA100 cpu64 mem99', 't 1xT4 cpu64 mem99', 'u 8xT4 cpu64 mem99'];
  const requests = ['cpu1 1x1000', 'cpu1 1x500', 'cpu1 2x1000', 'cpu33', 'cpu1 1x500', 'cpu40 4x1000'];

  test('nothing: the base alone decides', () => {
    const fleet = fleetOf(nodesOf(...lines), requests.map(shapeOf));
    const base = policyOn(powerBase, fleet);
    const { policy } = policyNamed('power', fleet, 0);
    for (const text of requests) {
      const shape = fleet.shapes.idOf(shapeOf(text));
      const bonuses = fleet.nodes.models.map((_, model) => (base.bonus?.(model, shape) ?? 0) * 1000 || 0);
      expect(fleet.nodes.models.map((_, model) => policy.bonus?.(model, shape) || 0)).toEqual(bonuses);
    }
    expect(placed(lines, requests, 0)).toEqual(placedBy(fleet, base, requests));
  });

  test('everything: the fewest watts more, whatever they break', () => {
    // A T4 draws 60 W more in use, an A100 350 W; then the half that is left of the T4 that runs costs nothing.
    expect(placed(lines, ['cpu1 1x500', 'cpu1 1x500'], 1000)).toEqual(['t', 't']);
    const scarce = ['x 1xT4 cpu64 mem99', 'a 4xA100 cpu64 mem99'];
    const claimed = ['cpu1 1x1000 T4', 'cpu1 1x1000 T4', 'cpu1 1x1000'];
    // Under the base alone, a request that names no model leaves the T4 to those that do.
    expect(placed(scarce, claimed.toReversed(), 0)[0]).toBe('a');
    expect(placed(scarce, claimed.toReversed(), 1000)[0]).toBe('x');
  });

  test.each([-1, 1001, 0.5, Number.NaN])('%d is no weight', (weight) => {
    const fleet = fleetOf(nodesOf(...lines), []);
    expect(() => policyNamed('power', fleet, weight)).toThrow(RangeError);
  });
});

describe('how full a fleet is', () => {
  test('is what is used up first: GPUs, or CPUs beside them', () => {
    const { nodes, shapes } = fleetOf(
      nodesOf('a 4xT4 cpu10 mem99', 'b 0x cpu90 mem99', 'c 1xA100 cpu10 mem99'),
      [],
    );
    const load = new Load(nodes);
    const take = (node: number, text: string, gpus = 0) =>
      nodes.take(node, shapes, shapes.idOf(shapeOf(text)), gpus);
    expect(load.usedPerMille()).toBe(0);
    take(0, 'cpu1 2x1000', 0b11);
    expect(load.usedPerMille()).toBe(400);
    // CPUs of nodes without GPUs are no loss; those beside GPUs are: now 13 of 20.
    take(1, 'cpu90');
    expect(load.usedPerMille()).toBe(400);
    take(0, 'cpu9');
    take(2, 'cpu3');
    expect(load.usedPerMille()).toBe(650);
  });

  test('without GPUs, or without CPUs beside them, that part is not full', () => {
    expect(new Load(fleetOf(nodesOf('b 0x cpu9 mem9'), []).nodes).usedPerMille()).toBe(0);
    expect(new Load(fleetOf(nodesOf('b 1xT4 cpu0 mem9'), []).nodes).usedPerMille()).toBe(0);
  });
});

/** Nodes that the requests are placed on, one after the other. */
function placed(lines: readonly string[], requests: readonly string[], weight?: number): string[] {
  const fleet = fleetOf(nodesOf(...lines), requests.map(shapeOf));
  return placedBy(fleet, policyNamed('power', fleet, weight).policy, requests);
}

function placedBy(fleet: Fleet, policy: Policy, requests: readonly string[]): string[] {
  const packer = new Packer(fleet.nodes, fleet.shapes, policy);
  return requests.map((text) => {
    const seat = packer.place(fleet.shapes.idOf(shapeOf(text)));
    return seat === undefined ? '-' : (fleet.nodes.ids[seat.node] ?? '');
  });
}
