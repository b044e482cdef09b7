import { expect, test } from 'vitest';

import { contractOf } from '../../src/core/state.ts';
import { ContractState, stateAt } from '../../src/model/contract.ts';
import { ContractId } from '../../src/model/id.ts';
import { demand } from '../core/demand.ts';
import { hourMs, t0, world } from '../core/fleet.ts';
import { granted, placement } from '../core/placement.ts';

const held = granted(
  world('fra1/h1/r1 1×8 H100'),
  demand('1×1 H100 1h'),
  placement(1, 'train 0 fra1/h1/r1/n01 gpu0'),
);
const contract = contractOf(held.state, ContractId.parse('C-101'));
const endMs = t0 + hourMs;

test.each([
  ['granted, before its start', 'granted', t0 - 1, 'granted'],
  ['granted and not bound, after its start', 'granted', t0, 'granted'],
  ['bound, before its start', 'bound', t0 - 1, 'bound'],
  ['bound, from its start on', 'bound', t0, 'active'],
  ['granted, a millisecond before its end', 'granted', endMs - 1, 'granted'],
  ['granted, at its end, which is not included', 'granted', endMs, 'expired'],
  ['active, at its end', 'active', endMs, 'expired'],
  ['released, whenever', 'released', endMs + 1, 'released'],
  ['preempted, whenever', 'preempted', endMs, 'preempted'],
] as const)('a contract that is %s', (_, state, atMs, expected) => {
  if (contract === undefined) throw new Error('it was granted');
  expect(stateAt({ ...contract, state: ContractState.parse(state) }, atMs)).toBe(expected);
});
