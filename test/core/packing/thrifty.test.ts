import { describe, expect, test } from 'vitest';

import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { Pressure } from '../../../src/core/packing/pressure.ts';
import { Stranded, Stranding } from '../../../src/core/packing/stranding.ts';
import { thrifty, type Weights } from '../../../src/core/packing/thrifty.ts';
import { fleetOf, nodesOf, shapeOf } from './given.ts';

const times = (count: number, text: string) => Array.from({ length: count }, () => shapeOf(text));

/** Per mille by model. */
function pressures({ nodes, target }: Fleet): Record<string, number> {
  const pressure = new Pressure(nodes, target);
  return Object.fromEntries(nodes.models.map((name, model) => [name, pressure.of(model, nodes.modelLeft)]));
}

const small = () =>
  fleetOf(nodesOf('a 2xH100 cpu64 mem99', 'b 8xT4 cpu64 mem99', 'c 8xT4 cpu64 mem99'), [
    ...times(16, 'cpu4 1x1000'),
    ...times(2, 'cpu4 1x1000 H100'),
  ]);

describe('the pressure on a model', () => {
  test('is what its claimants will want of what is left of it', () => {
    // 2 of 18 GPUs asked for are bound to H100, which has 2 of 18: just enough, rounded down.
    expect(pressures(small())).toEqual({ H100: 999, T4: 0 });
  });

  test('grows as others take of it, and falls as others take elsewhere', () => {
    const fleet = small();
    const { nodes, shapes } = fleet;
    nodes.take(0, shapes, shapes.idOf(shapeOf('cpu4 1x1000')), 0b1);
    expect(pressures(fleet)).toEqual({ H100: 1888, T4: 0 });
    nodes.release(0, shapes, shapes.idOf(shapeOf('cpu4 1x1000')), 0b1);
    nodes.take(1, shapes, shapes.idOf(shapeOf('cpu4 8x1000')), 0xff);
    expect(pressures(fleet)).toEqual({ H100: 555, T4: 0 });
  });

  test('is shared by the models that a claim names, by their GPUs', () => {
    const nodes = nodesOf('a 2xA10 cpu64 mem99', 'b 6xH100 cpu64 mem99', 'c 8xT4 cpu64 mem99');
    const expected = [...times(1, 'cpu4 1x1000 A10|H100'), ...times(1, 'cpu4 1x1000')];
    // Half of all that is asked for falls on 8 of 16 GPUs.
    expect(pressures(fleetOf(nodes, expected))).toEqual({ A10: 1000, H100: 1000, T4: 0 });
  });

  test.each([
    ['one node in five', 4, { H100: 1666, T4: 0 }],
    ['most nodes', 0, { H100: 0 }],
  ])('who names no model but fits on few claims those: %s', (_, small4, expected) => {
    const t4 = Array.from({ length: small4 }, (__, n) => `t${n} 8xT4 cpu60 mem999`);
    const asked = [...times(16, 'cpu4 1x1000'), ...times(1, 'cpu120 8x1000')];
    expect(pressures(fleetOf(nodesOf('a 8xH100 cpu120 mem999', ...t4), asked))).toEqual(expected);
  });

  test('who fits on most of the fleet, or nowhere, claims nothing', () => {
    const lines = nodesOf('a 8xH100 cpu120 mem999', 'b 8xH100 cpu120 mem999', 't 8xT4 cpu60 mem999');
    const asked = [...times(16, 'cpu4 1x1000'), ...times(1, 'cpu120 8x1000'), ...times(1, 'cpu200 1x1000')];
    expect(pressures(fleetOf(lines, asked))).toEqual({ H100: 0, T4: 0 });
  });
});

describe('stranding', () => {
  /** 8 CPUs and 8 GiB for each GPU, on average. */
  const expected = times(1, 'cpu8 1x1000');
  const growths = (line: string, ...texts: readonly string[]) => {
    const { nodes, shapes, target } = fleetOf(nodesOf(line), expected);
    const stranding = new Stranding(nodes, shapes, target);
    return texts.map((text) => stranding.growth(0, shapes.idOf(shapeOf(text))));
  };

  test('is what the target asks for with each whole GPU, on average', () => {
    const { target } = fleetOf(nodesOf('a 2xT4 cpu9 mem9'), [
      ...times(1, 'cpu6 1x500'),
      ...times(3, 'cpu2 1x1000'),
      ...times(9, 'cpu99'),
    ]);
    const { cpuMilliPerGpu, memoryMibPerGpu } = new Stranded(target);
    // 12 CPUs and 12 GiB for 3.5 GPUs.
    expect([cpuMilliPerGpu, memoryMibPerGpu]).toEqual([3428, 3510]);
  });

  test.each([
    ['a 2xT4 cpu20 mem99', 'cpu4', 0],
    ['a 2xT4 cpu20 mem99', 'cpu8', 500],
    ['a 2xT4 cpu20 mem99', 'cpu20', 2000],
    ['a 2xT4 cpu99 mem20', 'cpu8', 500],
    ['a 2xT4 cpu12 mem99', 'cpu4', 500],
    ['a 2xT4 cpu12 mem99', 'cpu4 1x1000', 0 - 500],
    ['a 2xT4 cpu20 mem99', 'cpu16 1x1000', 500],
    ['a 0x cpu20 mem99', 'cpu16', 0],
  ])('on %s the request %s lets %d GPU milli more be stranded', (line, text, expectedMilli) => {
    expect(growths(line, text)).toEqual([expectedMilli]);
  });

  test('of memory and of CPUs, the scarcer counts', () => {
    expect(growths('a 4xT4 cpu32 mem24', 'cpu8')).toEqual([1000]);
    expect(growths('a 4xT4 cpu16 mem32', 'cpu8')).toEqual([1000]);
  });

  test('where nothing is asked for with GPUs, nothing is stranded', () => {
    const { nodes, shapes, target } = fleetOf(nodesOf('a 2xT4 cpu9 mem9'), times(3, 'cpu4'));
    expect(new Stranding(nodes, shapes, target).growth(0, shapes.idOf(shapeOf('cpu9')))).toBe(0);
  });
});

describe('a thrifty policy', () => {
  const flat = { score: () => 7, choose: () => 0 };
  const policyOf = (fleet: Fleet, weights: Partial<Weights>) =>
    thrifty(flat, fleet, { wholePoints: 0, strandedPoints: 0, ...weights });
  const bonuses = (fleet: Fleet, text: string) => {
    const shape = fleet.shapes.idOf(shapeOf(text));
    return fleet.nodes.models.map((_, model) => policyOf(fleet, {}).bonus?.(model, shape));
  };
  const scores = (fleet: Fleet, text: string, weights: Partial<Weights>) => {
    const shape = fleet.shapes.idOf(shapeOf(text));
    return fleet.nodes.ids.map((_, node) => policyOf(fleet, weights).score(node, shape));
  };
  /** 7 points of the base, and 32 that stranding may cost. */
  const none = 39 * 100;

  test('charges for pressure by its square', () => {
    // 999² × 50 / 10,000 hundredths of a point.
    expect(bonuses(small(), 'cpu4 1x1000')).toEqual([-4990, -0]);
  });

  test('charges requests without GPUs for CPUs that the GPUs left will need', () => {
    // 4 CPUs for each GPU: 8 of 64 on H100, 64 of 128 on T4.
    expect(bonuses(small(), 'cpu4')).toEqual([-125, -500]);
  });

  test('counts GPUs left without CPUs or memory in steps of a quarter', () => {
    const lines = nodesOf('a 2xT4 cpu16 mem99', 'b 2xT4 cpu40 mem99', 'c 2xT4 cpu40 mem16');
    const fleet = fleetOf(lines, times(1, 'cpu8 1x1000'));
    const weights = { strandedPoints: 20 };
    expect(scores(fleet, 'cpu1', weights)).toEqual([none, none, none]);
    expect(scores(fleet, 'cpu2', weights)).toEqual([none - 500, none, none - 500]);
    expect(scores(fleet, 'cpu12', weights)).toEqual([none - 3000, none, none - 3000]);
    expect(scores(fleet, 'cpu12', { strandedPoints: 0 })).toEqual([none, none, none]);
  });

  test('stranding costs at most 32 points, and using up what was stranded gains', () => {
    const fleet = fleetOf(nodesOf('a 8xT4 cpu64 mem999'), times(1, 'cpu8 1x1000'));
    expect(scores(fleet, 'cpu64', { strandedPoints: 50 })).toEqual([none - 3200]);
    fleet.nodes.take(0, fleet.shapes, fleet.shapes.idOf(shapeOf('cpu8')), 0);
    expect(scores(fleet, 'cpu0 1x500', { strandedPoints: 20 })).toEqual([none + 1000]);
  });

  test('a node that is whole is worth points to those who would break it', () => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu90 mem99', 'b 2xT4 cpu90 mem99'), times(1, 'cpu1 1x1000'));
    fleet.nodes.take(1, fleet.shapes, fleet.shapes.idOf(shapeOf('cpu1 1x100')), 0b1);
    const weights = { wholePoints: 3 };
    expect(scores(fleet, 'cpu1 1x500', weights)).toEqual([none, none + 300]);
    expect(scores(fleet, 'cpu1', weights)).toEqual([none, none + 300]);
    expect(scores(fleet, 'cpu1 2x1000', weights)[0]).toBe(none + 300);
  });
});
