import { type Lease, contractOf } from '../../../src/core/state.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { Event } from '../../../src/model/event.ts';
import { ContractId } from '../../../src/model/id.ts';
import { lease, planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { enter, hourMs, t0, type World, world } from '../fleet.ts';

export const at = (hours: number): number => t0 + hours * hourMs;

/** A world after one more entry, as it would be written down. */
export function tell(before: World, atMs: number, ...events: readonly object[]): World {
  return enter(
    before,
    events.map((event) => Event.parse(event)),
    atMs,
  );
}

export function contract({ state }: World, number = 101): Contract {
  const found = contractOf(state, ContractId.parse(`C-${number}`));
  if (found === undefined) throw new Error(`C-${number} was granted`);
  return found;
}

export function onlyLease({ state }: World): Lease {
  const [one, ...others] = [...state.leases.values()];
  if (one === undefined || others.length > 0) throw new Error(`${state.leases.size} plans are held`);
  return one;
}

const hour = (ms: number) => (ms > at(100_000) ? '' : (ms - t0) / hourMs);

/** Which node is held by whom, from hour to hour. */
export function held({ state }: World): string[] {
  return state.calendar
    .flatMap((holds, node) =>
      holds.map(({ holder, startMs, endMs }) => `n${node + 1} ${holder} ${hour(startMs)}–${hour(endMs)}`),
    )
    .toSorted();
}

export const window = (id: string, from: number, to: number, place = 'fra1/h1/r1/n06'): object => ({
  kind: 'maintenance-scheduled',
  id,
  place,
  fromMs: at(from),
  toMs: at(to),
  reason: 'new fans',
});

const fleet = world('fra1/h1/r1 8×4 H100');
const elastic = demand('2×4 H100 10h', { guarantee: 'elastic' });

/** C-101 is reserved, C-102 may be preempted, C-103 is elastic: one of its two replicas is an extra. */
const contracts = [
  demand('1×4 H100 10h'),
  demand('1×4 H100 10h', { guarantee: 'preemptible' }),
  { ...elastic, parts: elastic.parts.map((part) => ({ ...part, minCount: 1 })) },
].reduce((now, wish) => take(now, wish), fleet);

/** A plan that is held in `busy`. */
export const offer = planned(contracts, demand('1×4 H100 5h'));

/** Something of everything that a state says. */
export const busy = tell(
  lease(contracts, offer, 4).world,
  t0,
  window('MW-1', 2, 4),
  {
    kind: 'binding-begun',
    subject: 'C-101',
    engine: 'slurm',
    version: 1,
    objects: digestOf('objects'),
    objectCount: 1,
    places: [],
  },
  {
    kind: 'contract-observed',
    contract: 'C-101',
    version: 1,
    measurement: digestOf('measured'),
    atMs: t0,
    untilMs: t0,
    findings: [],
  },
  { kind: 'model-registered', model: { name: 'small' } },
  {
    kind: 'run-begun',
    run: 'R-1',
    mandate: 'M-1',
    what: 'goal',
    limits: { steps: 5, untilMs: at(9) },
  },
);
