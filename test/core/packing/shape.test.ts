import { describe, expect, test } from 'vitest';

import { admitsModel, gpuMilliOf, type Shape, shapeKey, Shapes } from '../../../src/core/packing/shape.ts';
import { shapeOf } from './given.ts';

const models = ['A100', 'H100', 'T4'];

/** Two GPUs of a request that is valid, with something else said about it. */
function shapeWith(more: Partial<Shape>): Shape {
  return { ...shapeOf('cpu4 2x1000'), ...more };
}

describe('request shapes', () => {
  test('are numbered in the order of first asking, and equal ones share a number', () => {
    const shapes = new Shapes(models);
    const asked = ['cpu4 1x500', 'cpu2', 'cpu4 1x500', 'cpu4 1x501', 'cpu2'].map(shapeOf);
    expect(asked.map((shape) => shapes.idOf(shape))).toEqual([0, 1, 0, 2, 1]);
    expect(shapes.count).toBe(3);
    expect([shapes.cpuMilli, shapes.memoryMib, shapes.gpuCount, shapes.gpuMilli]).toEqual([
      [4000, 2000, 4000],
      [4096, 2048, 4096],
      [1, 0, 1],
      [500, 0, 501],
    ]);
  });

  test.each([
    ['CPUs', { cpuMilli: 4001 }],
    ['memory', { memoryMib: 4095 }],
    ['the number of GPUs', { gpuCount: 3 }],
    ['how much of a GPU', { gpuCount: 1, gpuMilli: 999 }],
    ['models', { models: ['T4'] }],
  ])('that differ in %s are two', (_, more) => {
    const shapes = new Shapes(models);
    expect([shapes.idOf(shapeWith({})), shapes.idOf(shapeWith(more))]).toEqual([0, 1]);
  });

  test('list models in any order, and as often as they like', () => {
    const [one, other] = [
      ['T4', 'A100'],
      ['A100', 'T4', 'A100'],
    ].map((list) => shapeWith({ models: list }));
    const shapes = new Shapes(models);
    expect(shapes.idOf(one ?? shapeWith({}))).toBe(shapes.idOf(other ?? shapeWith({})));
    expect(shapeKey(shapeWith({ models: ['T4', 'A100'] }))).not.toBe(shapeKey(shapeWith({ models: ['T4'] })));
  });

  test.each([
    [[], [true, true, true]],
    [['H100'], [false, true, false]],
    [
      ['T4', 'A100'],
      [true, false, true],
    ],
    [['B200'], [false, false, false]],
  ])('of models %j admit, by number, %j', (list, expected) => {
    const shapes = new Shapes(models);
    const id = shapes.idOf(shapeWith({ models: list }));
    expect(models.map((_, model) => shapes.admits(id, model))).toEqual(expected);
    expect(models.map((model) => admitsModel({ models: list }, model))).toEqual(expected);
    expect([shapes.admits(id, 3), shapes.admits(id, -1), shapes.admits(id + 1, 0)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test.each([
    ['cpu1 1x1', true, 1],
    ['cpu1 1x999', true, 999],
    ['cpu1 1x1000', false, 1000],
    ['cpu1 2x1000', false, 2000],
    ['cpu1', false, 0],
  ])('%s is a share: %s, of %d GPU milli', (text, isShare, milli) => {
    const shapes = new Shapes(models);
    expect(shapes.isShare(shapes.idOf(shapeOf(text)))).toBe(isShare);
    expect(gpuMilliOf(shapeOf(text))).toBe(milli);
  });

  test.each([
    ['a fraction of a CPU milli', { cpuMilli: 0.5 }],
    ['CPUs below none', { cpuMilli: -1 }],
    ['more CPUs than can be counted', { cpuMilli: 2 ** 31 }],
    ['memory below none', { memoryMib: -1 }],
    ['no number', { memoryMib: Number.NaN }],
    ['GPUs below none', { gpuCount: -1 }],
    ['part of a GPU without a GPU', { gpuCount: 0, gpuMilli: 1 }],
    ['nothing of a GPU', { gpuCount: 1, gpuMilli: 0 }],
    ['more than all of a GPU', { gpuCount: 1, gpuMilli: 1001 }],
    ['shares of two GPUs', { gpuCount: 2, gpuMilli: 999 }],
  ])('are not made of %s', (_, more) => {
    const shapes = new Shapes(models);
    expect(() => shapes.idOf(shapeWith(more))).toThrow(RangeError);
    expect(shapes.count).toBe(0);
  });

  test.each([
    ['nothing at all', { cpuMilli: 0, memoryMib: 0, gpuCount: 0, gpuMilli: 0 }],
    ['as much as can be counted', { cpuMilli: 2 ** 31 - 1, memoryMib: 2 ** 31 - 1 }],
    ['a thousandth of a GPU', { gpuCount: 1, gpuMilli: 1 }],
  ])('may be made of %s', (_, more) => {
    expect(new Shapes(models).idOf(shapeWith(more))).toBe(0);
  });
});
