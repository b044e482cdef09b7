import type { Contract } from '../../model/contract.ts';
import type { PreemptReport } from '../../model/plan.ts';
import { gpuCountOf, gpuSecondsLost } from './loss.ts';
import type { Preemption } from './victims.ts';

/** So many contracts are named one by one in a sentence. */
const namedLimit = 4;

const minuteMs = 60_000;
const units = [
  { ms: 1440 * minuteMs, one: 'day', many: 'days' },
  { ms: 60 * minuteMs, one: 'hour', many: 'hours' },
  { ms: minuteMs, one: 'minute', many: 'minutes' },
];

/** `ends preemptible C-102 (16 GPUs, 9 days left)`. */
export function endsWords(victims: readonly Contract[], atMs: number): string {
  const named = victims
    .slice(0, namedLimit)
    .map((victim) => `${victim.id} (${counted(gpuCountOf(victim), 'GPU')}, ${leftWords(victim, atMs)})`);
  const more = victims.length - named.length;
  return `ends preemptible ${listed([...named, ...(more > 0 ? [`${more} more`] : [])])}`;
}

/** Whom a plan ends, what each loses from `atMs` on, and why these and not others. */
export function preemptReports(
  { victims, ground, candidateCount }: Preemption,
  atMs: number,
): readonly PreemptReport[] {
  const why =
    victims.length === candidateCount
      ? `nothing else makes room: all ${counted(candidateCount, 'preemptible contract')} in ${ground} must end`
      : `the least loss that makes room, out of ${counted(candidateCount, 'preemptible contract')} in ${ground}`;
  return victims.map((victim) => {
    const lost = gpuSecondsLost(victim, atMs);
    return {
      contract: victim.id,
      gpuCount: gpuCountOf(victim),
      ...(lost === undefined ? {} : { gpuSecondsLost: lost }),
      why: victims.length === 1 && candidateCount === 1 ? `the only preemptible contract in ${ground}` : why,
    };
  });
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
