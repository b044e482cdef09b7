import { expect, test } from 'vitest';

import { Path } from '../../src/model/id.ts';
import { DeviceTable } from '../../src/sources/device-table.ts';
import { file, refusal } from './given.ts';

const machine = Path.parse('fra1/n1');
const evidence = file('f', '');
const at = (line: number) => ({ confidence: 'stated' as const, origin: { file: 'f', line }, evidence });

test('watts that were measured fold into the highest, other values into the last', () => {
  const table = new DeviceTable();
  table.say('gpu', 0, { measuredW: 700, health: 'down' }, at(1));
  table.say('gpu', 0, { measuredW: 90, health: 'healthy' }, at(2));
  expect(table.facts(machine).map(({ set, origin }) => [set, origin.line])).toEqual([
    [{ measuredW: 700 }, 1],
    [{ health: 'healthy' }, 2],
  ]);
});

test.each([
  ['uuid', { uuid: 'GPU-a' }, { uuid: 'GPU-b' }],
  ['model', { model: 'A100' }, { model: 'H100' }],
  ['memoryMib', { memoryMib: 1 }, { memoryMib: 2 }],
])('a number with two values of %s stands for two cards', (name, one, other) => {
  const table = new DeviceTable();
  table.say('gpu', 0, one, at(1));
  table.say('gpu', 0, one, at(2));
  const error = refusal(() => table.say('gpu', 0, other, at(3)));
  expect(error.message).toContain(`\`f\` line 3: gpu0 has the ${name}`);
  expect(error.message).toContain('in `f` line 2');
});

test('a value that no fact can carry is a gap, the others stay', () => {
  const table = new DeviceTable();
  table.say('gpu', 0, { memoryMib: 1e13, numaNode: 1 }, at(1));
  expect(table.facts(machine).map(({ set }) => set)).toEqual([{ numaNode: 1 }]);
  expect(table.gaps(machine).map(({ gap }) => gap)).toEqual([
    { attribute: 'memoryMib', why: 'the value `10000000000000` is none it can have' },
  ]);
});

test('a gap is closed by whoever knows, and the first reason stays', () => {
  const table = new DeviceTable();
  table.miss('gpu', 0, { attribute: 'uuid', why: 'first' }, at(1).origin);
  table.miss('gpu', 0, { attribute: 'uuid', why: 'second' }, at(2).origin);
  expect(table.gaps(machine).map(({ gap }) => gap.why)).toEqual(['first']);
  table.say('gpu', 0, { uuid: 'GPU-a' }, at(3));
  expect(table.gaps(machine)).toEqual([]);
});

test('more devices than a node can carry are counted, not kept', () => {
  const table = new DeviceTable();
  table.say('gpu', 31, { numaNode: 0 }, at(1));
  table.say('gpu', 40, { numaNode: 0 }, at(1));
  expect(table.facts(machine).map(({ subject }) => subject)).toEqual(['fra1/n1/gpu31']);
  expect(table.surplus).toEqual([{ kind: 'gpu', count: 41 }]);
  expect(table.count('gpu')).toBe(41);
});

test('facts come in one order, whoever spoke first', () => {
  const [a, b] = [new DeviceTable(), new DeviceTable()];
  a.say('nic', 0, { name: 'mlx5_0' }, at(9));
  a.say('nic', 0, { rdma: true }, at(3));
  b.say('nic', 0, { rdma: true }, at(3));
  b.say('nic', 0, { name: 'mlx5_0' }, at(9));
  expect(a.facts(machine)).toEqual(b.facts(machine));
  expect(a.isIndividual).toBe(false);
});
