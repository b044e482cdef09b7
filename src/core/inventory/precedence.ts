import type { SourceName } from '../../model/fact.ts';
import { compareText } from '../../model/text.ts';
import type { Claim } from './claims.ts';

/**
 * Whom to believe when sources differ, most trusted first. What an operator wrote down on purpose comes before
 * what a tool saw; tools that look at the hardware come before those that repeat a label.
 */
const trust: readonly SourceName[] = [
  'inventory',
  'hwloc',
  'nccl',
  'nvidia-smi',
  'rocm-smi',
  'redfish',
  'dra',
  'slurm',
  'kubernetes',
  'topograph',
  'ibnetdiscover',
  'netbox',
  'prometheus',
  'cloud',
  'openb',
];

/**
 * Orders claims, the one to use first: stated or derived before assumed, then the more trusted source, then the
 * newer observation, then the later line of the same file.
 */
export function byPrecedence(claims: readonly Claim[]): readonly Claim[] {
  return claims
    .map((claim, order) => ({ claim, order }))
    .toSorted(
      (a, b) =>
        Number(a.claim.confidence === 'assumed') - Number(b.claim.confidence === 'assumed') ||
        trust.indexOf(a.claim.source) - trust.indexOf(b.claim.source) ||
        b.claim.observedAtMs - a.claim.observedAtMs ||
        compareText(a.claim.source, b.claim.source) ||
        b.order - a.order,
    )
    .map(({ claim }) => claim);
}
