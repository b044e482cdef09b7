import { describe, expect, test } from 'vitest';

import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { Pressure } from '../../../src/core/packing/pressure.ts';
import { thrifty } from '../../../src/core/packing/thrifty.ts';
import { fleetOf, nodesOf, shapeOf } from './given.ts';

const times = (count: number, text: string) => Array.from({ length: count }, () => shapeOf(text));

/** Per mille by model. */
function pressures({ nodes, target }: Fleet): Record<string, number> {
  const pressure = new Pressure(nodes, target);
  return Object.fromEntries(nodes.models.map((name, model) => [name, pressure.of(model)]));
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

describe('a thrifty policy', () => {
  const flat = { score: () => 7, choose: () => 0 };
  const bonuses = (fleet: Fleet, text: string) => {
    const policy = thrifty(flat, fleet, 0);
    const shape = fleet.shapes.idOf(shapeOf(text));
    return fleet.nodes.models.map((_, model) => policy.bonus?.(model, shape));
  };
  const scores = (fleet: Fleet, text: string, wholePoints = 0) => {
    const policy = thrifty(flat, fleet, wholePoints);
    const shape = fleet.shapes.idOf(shapeOf(text));
    return fleet.nodes.ids.map((_, node) => policy.score(node, shape));
  };

  test('charges for pressure by its square', () => {
    // 999² × 50 / 10,000 hundredths of a point, of 64 steps each.
    expect(bonuses(small(), 'cpu4 1x1000')).toEqual([-4990 * 64, -0]);
  });

  test('charges requests without GPUs for CPUs that the GPUs left will need', () => {
    // 4 CPUs for each GPU: 8 of 64 on H100, 64 of 128 on T4.
    expect(bonuses(small(), 'cpu4')).toEqual([-125 * 64, -500 * 64]);
  });

  test('counts GPUs left without CPUs in steps of a half', () => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu16 mem99', 'b 2xT4 cpu40 mem99'), times(1, 'cpu8 1x1000'));
    const none = 7 * 6400 + 16;
    expect(scores(fleet, 'cpu3')).toEqual([none, none]);
    expect(scores(fleet, 'cpu4')).toEqual([none - 1, none]);
    expect(scores(fleet, 'cpu12')).toEqual([none - 3, none]);
    expect(scores(fleet, 'cpu12 1x1000')).toEqual([none - 1, none]);
  });

  test('a node that is whole is worth points to those who would break it', () => {
    const fleet = fleetOf(nodesOf('a 2xT4 cpu90 mem99', 'b 2xT4 cpu90 mem99'), times(1, 'cpu1 1x1000'));
    fleet.nodes.take(1, fleet.shapes, fleet.shapes.idOf(shapeOf('cpu1 1x100')), 0b1);
    const plain = 7 * 6400 + 16;
    expect(scores(fleet, 'cpu1 1x500', 3)).toEqual([plain, plain + 3 * 6400]);
    expect(scores(fleet, 'cpu1', 3)).toEqual([plain, plain + 3 * 6400]);
    expect(scores(fleet, 'cpu1 2x1000', 3)[0]).toBe(plain + 3 * 6400);
  });
});
