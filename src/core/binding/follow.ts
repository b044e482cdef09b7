import type { Contract } from '../../model/contract.ts';
import type { Event } from '../../model/event.ts';
import { seatsOf } from '../../model/placement.ts';
import { standsIn } from '../../model/standing.ts';
import type { Stamp, State } from '../state.ts';
import { type Binding, boundKey } from './binding.ts';

type BindingEvent = Extract<Event, { kind: 'binding-begun' | 'binding-reported' }>;

/** The bindings after an event. Throws when nothing was begun that is reported on. */
export function followedBindings(
  bindings: State['bindings'],
  event: BindingEvent,
  { atMs }: Stamp,
): State['bindings'] {
  const key = boundKey(event);
  return new Map(bindings).set(
    key,
    event.kind === 'binding-begun' ? begun(event, atMs) : reported(bindings.get(key), event, atMs),
  );
}

function begun(
  { kind: _kind, ...asked }: Extract<BindingEvent, { kind: 'binding-begun' }>,
  atMs: number,
): Binding {
  return { ...asked, beganAtMs: atMs, attempts: 0, nextAtMs: atMs };
}

function reported(
  before: Binding | undefined,
  event: Extract<BindingEvent, { kind: 'binding-reported' }>,
  atMs: number,
): Binding {
  if (before === undefined) throw new Error(`\`${boundKey(event)}\` was never begun`);
  const { nextAtMs: _next, ...rest } = before;
  const { result, differences } = event.account;
  return {
    ...rest,
    attempts: event.attempts,
    ...(event.nextAtMs === undefined ? {} : { nextAtMs: event.nextAtMs }),
    last: { result, differences, atMs },
  };
}

/** Whether engines keep every node of a contract, as it is now. */
export function isCovered(state: State, contract: Contract): boolean {
  const kept = [...state.bindings.values()].filter(
    ({ subject, version, last }) =>
      subject === contract.id && version === contract.version && last?.result === 'kept',
  );
  if (kept.length === 0) return false;
  if (kept.some(({ places }) => places.length === 0)) return true;
  const places = kept.flatMap((binding) => binding.places);
  return seatsOf(contract.placement).every(({ node }) => {
    const found = state.fleet.nodeById.get(node);
    return found !== undefined && places.some((place) => standsIn(found, place));
  });
}
