import { digestOf } from '../../../src/model/canonical.ts';
import { Contract } from '../../../src/model/contract.ts';
import { demand } from '../../core/demand.ts';
import { t0 } from '../../core/fleet.ts';
import { placement } from '../../core/placement.ts';

/** Contract `C-106` from `t0` for a day: a replica of eight GPUs on `fra1/r/n01`, and what else is named. */
export function contract(text = '1×8 H100 24h', ...seats: readonly string[]): Contract {
  const planDigest = digestOf('a plan');
  return Contract.parse({
    id: 'C-106',
    version: 1,
    tenant: 'acme',
    state: 'granted',
    plan: `plan-${planDigest.slice(7, 23)}`,
    planDigest,
    demand: demand(text),
    placement: placement(24, 'train 0 fra1/r/n01 gpu0-7 cpu128 mem1024', ...seats),
    price: { priceBook: 'none', lines: [] },
    terms: [],
    grantedBy: { principal: 'person:ada' },
    grantedAtMs: t0,
    grantedSeq: 7,
  });
}
