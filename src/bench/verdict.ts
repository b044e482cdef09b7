import type { State } from '../core/state.ts';
import { digestOf } from '../model/canonical.ts';
import type { PolicyVerdict } from '../model/policy.ts';

/** Every site open: what is measured is placement, not rules. */
export function allowAll({ fleet }: State): PolicyVerdict {
  return {
    policy: digestOf('no rules'),
    packs: [],
    sites: fleet.sites.map(({ id }) => ({ site: id, answer: 'allowed', hits: [] })),
  };
}
