import { contractOf, type State } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId } from '../../../src/model/id.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

/** A contract in words, and what its demand says besides. */
export type Booking = string | readonly [words: string, more: object];

/**
 * Contracts put onto a fleet by hand, one a line, numbered from C-101 on: `preemptible 24h r1/n01 gpu0-3` and, with
 * more replicas or a spare, `reserved open r1/n01 gpu0-3, r1/n02 gpu0-3, + r1/n03 gpu0-3`. `5-24h` begins five hours
 * after `t0`. Seats are in `fra1/h1`; all have as many GPUs as the first. Theirs is `globex`.
 */
export function booked(fleet: World, ...bookings: readonly Booking[]): World {
  return bookings.reduce<World>((before, booking) => {
    const [words, more] = typeof booking === 'string' ? [booking, {}] : booking;
    const [, guarantee = '', length = '', where = ''] = /^(\S+) (\S+) (.*)$/.exec(words) ?? [];
    const [from, to] = hoursOf(length);
    const held = placement(to, ...where.split(', ').map(seatLine));
    const span = to === undefined ? {} : { durationS: (to - from) * 3600 };
    const wish = demand(`${held.members.length}×${held.members[0]?.gpus.length ?? 0} H100`, {
      tenant: 'globex',
      guarantee,
      window: { earliestStartMs: t0 + from * hourMs, ...span },
      ...more,
    });
    return granted(before, wish, { ...held, startMs: t0 + from * hourMs });
  }, fleet);
}

/** The contract of a number, for which there must be one. */
export function contractIn({ state }: { readonly state: State }, number: number): Contract {
  const found = contractOf(state, ContractId.parse(`C-${number}`));
  if (found === undefined) throw new Error(`no C-${number}`);
  return found;
}

/** `24h`, `5-24h` and `open`, in hours from `t0`. */
function hoursOf(length: string): readonly [from: number, to: number | undefined] {
  if (length === 'open') return [0, undefined];
  const [first = 0, last] = length.replace('h', '').split('-').map(Number);
  return last === undefined ? [0, first] : [first, last];
}

function seatLine(seat: string, at: number): string {
  return seat.startsWith('+ ')
    ? `+ train ${at} fra1/h1/${seat.slice('+ '.length)}`
    : `train ${at} fra1/h1/${seat}`;
}
