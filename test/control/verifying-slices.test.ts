import { expect, test } from 'vitest';

import { claimsOf, type GpuClaim, slicesClash } from '../../src/control/verifying-slices.ts';
import { ContractId } from '../../src/model/id.ts';
import type { Member } from '../../src/model/placement.ts';
import { world } from '../core/fleet.ts';
import { placement } from '../core/placement.ts';

const [node] = world('fra1/h1/r1 1×2 H100-SXM-80GB mig').state.fleet.nodes;
const gpu0 = 'fra1/h1/r1/n01/gpu0';

/** What contracts hold of GPU 0: `0-4 0:250` is a share from hour 0 to 4. */
function claims(...lines: readonly string[]): GpuClaim[] {
  return lines.flatMap((line, at) => {
    const [times = '', ...words] = line.split(' ');
    const [startMs = 0, endMs = 0] = times.split('-').map(Number);
    const { members } = placement(1, `train 0 fra1/h1/r1/n01 ${words.join(' ')}`);
    const span = { contract: ContractId.parse(`C-${101 + at}`), startMs, endMs };
    return members
      .flatMap((member: Member) => claimsOf(member, span))
      .flatMap(([path, claim]) => (path === gpu0 ? [claim] : []));
  });
}

test.each([
  ['instances side by side', ['0-9 0:1g.10gb@6', '0-9 0:3g.40gb@0'], undefined],
  ['one slice after the other', ['0-4 0:7g.80gb@0', '4-9 0:1g.10gb@6'], undefined],
  ['modes after each other', ['0-4 0:500', '4-5 gpu0', '5-6 0:1g.10gb@0'], undefined],
  ['shares that fill it', ['0-9 0:500', '0-9 0:500'], undefined],
  ['another GPU', ['0-9 gpu0', '0-9 1:500'], undefined],
  ['whole ones only, which are looked at elsewhere', ['0-9 gpu0', '3-5 gpu0'], undefined],
  ['instances that overlap', ['0-9 0:3g.40gb@4', '8-9 0:1g.10gb@6'], ['C-101', 'C-102']],
  ['an instance twice', ['0-9 0:1g.10gb@6', '0-9 0:1g.10gb@6'], ['C-102', 'C-101']],
  ['an instance on a whole GPU', ['0-9 gpu0', '5-9 0:1g.10gb@6'], ['C-101', 'C-102']],
  ['a share beside an instance', ['0-9 0:1g.10gb@6', '5-6 0:1'], ['C-101', 'C-102']],
  ['shares above a thousand', ['0-9 0:400', '3-6 0:400', '5-9 0:201'], ['C-101', 'C-102', 'C-103']],
])('%s: %j', (_, lines, expected) => {
  expect(slicesClash(claims(...lines), node)).toEqual(expected);
});
