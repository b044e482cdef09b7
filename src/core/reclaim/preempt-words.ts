import type { Contract } from '../../model/contract.ts';
import { type Member, seatsOf } from '../../model/placement.ts';
import type { PreemptReport } from '../../model/plan.ts';
import { lostOf } from '../life/shrink.ts';
import { gpuCountIn, gpuCountOf, gpuSeconds, lossOfSeat } from './loss.ts';
import { endedOf, shrunkOf, type Victim } from './victim.ts';
import type { Preemption } from './victims.ts';

/** So many contracts are named one by one in a sentence. */
const namedLimit = 4;

const minuteMs = 60_000;
const units = [
  { ms: 1440 * minuteMs, one: 'day', many: 'days' },
  { ms: 60 * minuteMs, one: 'hour', many: 'hours' },
  { ms: minuteMs, one: 'minute', many: 'minutes' },
];

/** `ends preemptible C-102 (16 GPUs, 9 days left), takes 2 extras of elastic C-104 (8 GPUs, 2 hours left)`. */
export function lossWords(victims: readonly Victim[], atMs: number): string {
  const ended = endedOf(victims).map(
    (contract) => `${contract.id} (${counted(gpuCountOf(contract), 'GPU')}, ${leftWords(contract, atMs)})`,
  );
  const taken = shrunkOf(victims).map(({ contract, left }) => {
    const lost = lostOf(contract, left);
    const what = `${counted(lost.length, 'extra')} of elastic ${contract.id}`;
    return `${what} (${counted(gpuCountIn(lost), 'GPU')}, ${leftWords(contract, atMs)})`;
  });
  return [
    ...(ended.length === 0 ? [] : [`ends preemptible ${named(ended)}`]),
    ...(taken.length === 0 ? [] : [`takes ${named(taken)}`]),
  ].join(', ');
}

function named(words: readonly string[]): string {
  const more = words.length - namedLimit;
  return listed([...words.slice(0, namedLimit), ...(more > 0 ? [`${more} more`] : [])]);
}

/** Whom a plan ends or takes extras of, what each loses from `atMs` on, and why these and not others. */
export function preemptReports(
  { victims, ground, candidates }: Preemption,
  atMs: number,
): readonly PreemptReport[] {
  const among = `${candidateWords(candidates)} in ${ground}`;
  const why =
    victims.length < candidates.length
      ? `the least loss that makes room, out of ${among}`
      : candidates.length === 1
        ? `the only ${candidates[0]?.extra === undefined ? 'preemptible contract' : 'extra'} in ${ground}`
        : `nothing else makes room: all ${among} must end`;
  const reported = (contract: Contract, seats: readonly Member[]) => ({
    contract: contract.id,
    gpuCount: gpuCountIn(seats),
    ...lostSeconds(contract, seats, atMs),
    why,
  });
  return [
    ...endedOf(victims).map((contract) => reported(contract, seatsOf(contract.placement))),
    ...shrunkOf(victims).map(({ contract, left }) => {
      const lost = lostOf(contract, left);
      return { ...reported(contract, lost), extras: lost.length };
    }),
  ];
}

function lostSeconds(
  contract: Contract,
  seats: readonly Member[],
  atMs: number,
): Pick<PreemptReport, 'gpuSecondsLost'> {
  if (contract.placement.endMs === undefined) return {};
  const loss = seats.reduce((sum, seat) => sum + lossOfSeat(contract, seat, atMs), 0n);
  return { gpuSecondsLost: gpuSeconds(loss) };
}

function candidateWords(candidates: readonly Victim[]): string {
  const ended = endedOf(candidates).length;
  const extras = candidates.length - ended;
  return [
    ...(ended > 0 ? [counted(ended, 'preemptible contract')] : []),
    ...(extras > 0 ? [counted(extras, 'extra')] : []),
  ].join(' and ');
}

/** The largest unit of which there are two, else what there is of it. */
function leftWords({ placement: { startMs, endMs } }: Contract, atMs: number): string {
  if (endMs === undefined) return 'no end';
  const leftMs = Math.max(0, endMs - Math.max(startMs, atMs));
  const unit = units.find(({ ms }) => leftMs >= 2 * ms) ?? units.find(({ ms }) => leftMs >= ms);
  if (unit === undefined) return 'less than a minute left';
  const count = Math.floor(leftMs / unit.ms);
  return `${count} ${count === 1 ? unit.one : unit.many} left`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
