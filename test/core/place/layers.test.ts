import { array, assert, constantFrom, integer, property, tuple } from 'fast-check';
import { expect, test } from 'vitest';

import { Layers } from '../../../src/core/place/layers.ts';
import { seed } from '../arbitrary.ts';

test('what is written over a layer hides what is below and leaves it as it is', () => {
  const below = new Layers<string, number>();
  below.set('cores', 64);
  below.set('disk', 9);
  const above = new Layers(below);
  above.set('cores', 48);
  expect([above.get('cores'), above.get('disk'), above.get('mem')]).toEqual([48, 9, undefined]);
  expect([below.get('cores'), below.get('disk')]).toEqual([64, 9]);
  expect([...above.own()]).toEqual([['cores', 48]]);
});

test('zero is a value: it hides a number below', () => {
  const below = new Layers<string, number>();
  below.set('gpus', 8);
  const above = new Layers(below);
  above.set('gpus', 0);
  expect(above.get('gpus')).toBe(0);
});

test('a stack is empty as long as nothing was written on any layer of it', () => {
  const bottom = new Layers<string, number>();
  const middle = new Layers(bottom);
  const top = new Layers(middle);
  expect([bottom, middle, top].map(({ isEmpty }) => isEmpty)).toEqual([true, true, true]);
  middle.set('a', 1);
  expect([bottom, middle, top].map(({ isEmpty }) => isEmpty)).toEqual([true, false, false]);
});

test('two layers over one do not see each other', () => {
  const below = new Layers<string, number>();
  const [one, other] = [new Layers(below), new Layers(below)];
  one.set('a', 1);
  expect([other.get('a'), other.isEmpty, below.isEmpty]).toEqual([undefined, true, true]);
});

test('a stack reads like a copy of the map below it, however deep it gets', () => {
  const writes = array(tuple(constantFrom('a', 'b', 'c', 'd'), integer({ min: 0, max: 9 })), {
    maxLength: 5,
  });
  assert(
    property(array(writes, { maxLength: 5 }), (layers) => {
      let stack = new Layers<string, number>();
      let model = new Map<string, number>();
      for (const written of layers) {
        [stack, model] = [new Layers(stack), new Map(model)];
        for (const [key, value] of written) {
          stack.set(key, value);
          model.set(key, value);
        }
        for (const key of ['a', 'b', 'c', 'd', 'e']) expect(stack.get(key)).toBe(model.get(key));
        expect(new Map(stack.own())).toEqual(new Map(written));
        expect(stack.isEmpty).toBe(model.size === 0);
      }
    }),
    { seed, numRuns: 100 },
  );
});
