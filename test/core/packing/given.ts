import {
  type Arbitrary,
  array,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  subarray,
} from 'fast-check';

import type { Fleet } from '../../../src/core/packing/fleet.ts';
import { type NodeCapacity, Nodes } from '../../../src/core/packing/nodes.ts';
import { type Shape, Shapes } from '../../../src/core/packing/shape.ts';
import { targetOf } from '../../../src/core/packing/target.ts';

/** All property tests draw the same cases every time. */
export const seed = 20_261_122;

/** `n1 8xA100 cpu96 mem512`: capacity of a node, CPUs in whole ones and memory in GiB; ranks as they stand. */
export function nodesOf(...lines: readonly string[]): NodeCapacity[] {
  return lines.map((line, rank) => {
    const [, id = '', gpus = '0', model = '', cpu = '', memory = ''] =
      /^(\S+) (\d+)x(\S*) cpu(\d+) mem(\d+)$/.exec(line) ?? [];
    return {
      id,
      rank,
      gpuCount: Number(gpus),
      model,
      cpuMilli: Number(cpu) * 1000,
      memoryMib: Number(memory) * 1024,
    };
  });
}

/** `cpu4 1x500` a share, `cpu8 2x1000 A100|H100` two whole GPUs of these models, `cpu2` none. */
export function shapeOf(text: string): Shape {
  const [, cpu = '', gpus = '0', milli = '0', models = ''] =
    /^cpu(\d+)(?: (\d+)x(\d+))?(?: (\S+))?$/.exec(text) ?? [];
  return {
    cpuMilli: Number(cpu) * 1000,
    memoryMib: Number(cpu) * 1024,
    gpuCount: Number(gpus),
    gpuMilli: Number(milli),
    models: models === '' ? [] : models.split('|'),
  };
}

export function fleetOf(nodes: readonly NodeCapacity[], expected: readonly Shape[]): Fleet {
  const made = new Nodes(nodes);
  return { nodes: made, shapes: new Shapes(made.models), target: targetOf(expected) };
}

/** Of models whose draw is known, so that every policy can be asked. */
const models = ['A100', 'V100M16', 'T4'] as const;

export const someNodes = array(
  record({
    gpuCount: constantFrom(0, 1, 2, 4, 8),
    model: constantFrom(...models),
    cpuMilli: integer({ min: 2, max: 60 }).map((cpu) => cpu * 1000),
    memoryMib: integer({ min: 4, max: 96 }).map((gib) => gib * 1024),
    rank: nat(5),
  }),
  { minLength: 1, maxLength: 7 },
).map((nodes) => nodes.map((node, index) => ({ ...node, id: `n${index}` })));

const someShape: Arbitrary<Shape> = record({
  cpuMilli: integer({ min: 0, max: 7 }).map((cpu) => cpu * 1000),
  memoryMib: integer({ min: 0, max: 8 }).map((gib) => gib * 1024),
  gpus: constantFrom<readonly [number, number]>(
    [0, 0],
    [1, 100],
    [1, 330],
    [1, 500],
    [1, 999],
    [1, 1000],
    [2, 1000],
    [4, 1000],
    [8, 1000],
  ),
  models: oneof(constant([]), subarray([...models], { minLength: 1 })),
}).map(({ gpus: [gpuCount, gpuMilli], ...rest }) => ({ ...rest, gpuCount, gpuMilli }));

/** A few shapes, and what happens: number of a shape to place, or minus the number of a seat to give back. */
export const someShapes = array(someShape, { minLength: 1, maxLength: 6 });
export const someSteps = array(integer({ min: -8, max: 24 }), { minLength: 15, maxLength: 60 });
