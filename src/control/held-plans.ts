import { never } from '../core/calendar/calendar.ts';
import { renewed } from '../core/life/replan.ts';
import { plan } from '../core/plan.ts';
import type { Lease, State } from '../core/state.ts';
import type { Path } from '../model/id.ts';
import { seatsOf } from '../model/placement.ts';
import { identify, type Plan } from '../model/plan.ts';
import { verdictFor } from './ruling.ts';
import { isoIn } from './zone.ts';

/** A demand avoids at most so many places. */
const avoidLimit = 64;

/** A plan that somebody holds on nodes that are to be empty, and the same off them, where there is room for both. */
export type HeldThere = { readonly lease: Lease; readonly instead?: Plan };

type Asked = { readonly nodes: readonly Path[]; readonly fromMs: number; readonly untilMs: number };

/**
 * Plans that are held on these nodes at some time of the span. Nobody moves them: whoever holds one can hold the plan
 * that is offered instead, and drop it. That one is made on the state as it is, so that it can be committed.
 */
export function heldOn(state: State, { nodes, fromMs, untilMs }: Asked, atMs: number): readonly HeldThere[] {
  const wanted = new Set(nodes);
  return [...state.leases.values()].flatMap((lease) => {
    const { placement, held = [placement] } = lease;
    const meets = held.some(
      ({ startMs, endMs = never, ...seats }) =>
        startMs < untilMs && fromMs < endMs && seatsOf(seats).some(({ node }) => wanted.has(node)),
    );
    if (!meets) return [];
    const instead = lease.held === undefined ? elsewhere(state, lease, nodes, atMs) : undefined;
    return [{ lease, ...(instead === undefined ? {} : { instead }) }];
  });
}

function elsewhere(state: State, lease: Lease, nodes: readonly Path[], atMs: number): Plan | undefined {
  const demand = renewed({ demand: lease.demand }, atMs);
  if (demand === undefined) return undefined;
  const avoid = [...new Set([...(demand.avoid ?? []), ...nodes])];
  if (avoid.length > avoidLimit) return undefined;
  const answer = plan(state, { atMs, verdict: verdictFor(state, demand, atMs) }, { ...demand, avoid });
  return answer.kind === 'planned' ? answer.plan : undefined;
}

/** What the holder has to do before the nodes can be closed. */
export function heldWords({ lease, instead }: HeldThere, zone: string): string {
  const { plan: id, tenant, untilMs } = lease;
  const held = `${id} of ${tenant} is held there until ${isoIn(untilMs, zone)}, and no window is granted before that`;
  if (instead !== undefined) {
    const { id: other } = identify(instead);
    return `${held}: its holder can hold ${other}, which is the same off these nodes, and then drop it (\`berth hold ${id} --drop\`)`;
  }
  const why =
    lease.held === undefined ? 'there is no room for the same off these nodes' : 'it changes a contract';
  return `${held}: ${why}, so its holder has to commit it, or to drop it`;
}
