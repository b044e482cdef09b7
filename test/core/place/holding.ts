import type { Hold } from '../../../src/core/calendar/calendar.ts';
import type { State } from '../../../src/core/state.ts';
import { TenantId } from '../../../src/model/id.ts';
import { hourMs, t0 } from '../fleet.ts';

/** What a tenant, or nobody, has on the first GPU of a node for five hours from `t0` on. */
export function hold(tenant: string | undefined, more: Partial<Hold> = {}): Hold {
  const nothing = { nics: [], cpuMilli: 0, memoryMib: 0, storageGib: 0, powerW: 0, aligned: false };
  const about = { holder: 'C-1', startMs: t0, endMs: t0 + 5 * hourMs, gpus: 1, alone: 'shared' } as const;
  return {
    ...nothing,
    ...about,
    ...(tenant === undefined ? {} : { tenant: TenantId.parse(tenant) }),
    ...more,
  };
}

/** A state on which exactly this is held, by the tails of the nodes' ids: `r1/n01`. */
export function holding(state: State, held: Readonly<Record<string, Hold | readonly Hold[]>>): State {
  const calendar = state.fleet.nodes.map(({ id }) =>
    Object.entries(held).flatMap(([tail, own]) => (`/${id}`.endsWith(`/${tail}`) ? own : [])),
  );
  return { ...state, calendar };
}
