import { describe, expect, test } from 'vitest';

import { admissionOf } from '../../../src/engines/kubernetes/admission.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { hourMs, t0 } from '../../core/fleet.ts';
import { contract } from './contract.ts';

const rows: readonly [string, Partial<Contract>, number, string, string][] = [
  ['an hour before it starts', {}, -hourMs, 'Retry', 'C-106 starts in 3600 s'],
  ['a millisecond before it starts', {}, -1, 'Retry', 'C-106 starts in 1 s'],
  ['at its start', {}, 0, 'Ready', 'C-106 has started'],
  ['a millisecond before its end', {}, 24 * hourMs - 1, 'Ready', 'C-106 has started'],
  ['at its end', {}, 24 * hourMs, 'Rejected', 'C-106 is expired'],
  ['bound and running', { state: 'bound' }, 1, 'Ready', 'C-106 has started'],
  ['released before it starts', { state: 'released' }, -hourMs, 'Rejected', 'C-106 is released'],
  [
    'before another takes its place',
    { preemptedAtMs: t0 + hourMs },
    hourMs - 1,
    'Ready',
    'C-106 has started',
  ],
  [
    'when another has taken its place',
    { preemptedAtMs: t0 + hourMs },
    hourMs,
    'Rejected',
    'C-106 is preempted',
  ],
  ['years before it starts', {}, -(2 ** 31) * 1000 - 5, 'Retry', 'C-106 starts in 2147483647 s'],
];

describe('the answer to a workload that waits for a contract', () => {
  test.each(rows)('%s', (_, more, afterMs, state, message) => {
    expect(admissionOf({ ...contract(), ...more }, ['train'], t0 + afterMs)).toMatchObject({
      state,
      message,
    });
  });

  test('names the seconds to wait, and never more than the field can hold', () => {
    expect(admissionOf(contract(), ['train'], t0 - 1500)).toMatchObject({ requeueAfterSeconds: 2 });
    expect(admissionOf(contract(), ['train'], 0)).toMatchObject({
      requeueAfterSeconds: Math.ceil(t0 / 1000),
    });
  });

  test('pins each pod set to the nodes of its part; the only part also under another name', () => {
    expect(admissionOf(contract(), ['main'], t0)).toMatchObject({
      podSetUpdates: [{ name: 'main', nodeSelector: { 'c-106.berth.internal/train': 'true' } }],
    });
    const two = contract('train: 1×8 H100 + load: 1×cpu16 mem64 24h', 'load 0 fra1/r/n02 cpu16 mem64');
    expect(admissionOf(two, ['load', 'train'], t0)).toMatchObject({
      podSetUpdates: [
        { name: 'load', nodeSelector: { 'c-106.berth.internal/load': 'true' } },
        { name: 'train', nodeSelector: { 'c-106.berth.internal/train': 'true' } },
      ],
    });
    expect(admissionOf(two, ['main'], t0)).toEqual({
      state: 'Rejected',
      message: 'pod set `main` is no part of C-106',
    });
  });
});
