import type { GpuCounts } from '../../model/inventory-view.ts';
import type { PlacedNode, Seat, Watts } from '../../model/picture-view.ts';
import { countOf, formatCount, formatWatts } from '../cards/amount.ts';
import { joinRuns } from '../cards/devices.ts';
import type { Line, Span, Tone } from '../cards/line.ts';
import { span } from '../cards/line.ts';
import { useWords } from './marks.ts';

/** `32 GPUs: 8 free, 24 held`. */
export function gpuWords({ total, free, reserved, unavailable }: GpuCounts): string {
  if (total === 0) return 'no GPUs recorded';
  const down = unavailable === 0 ? '' : `, ${formatCount(unavailable)} unavailable`;
  return `${countOf(total, 'GPU')}: ${formatCount(free)} free, ${formatCount(reserved)} held${down}`;
}

/** The same beside a label: `8 of 32 free, 24 held`. */
export function shareWords(counts: GpuCounts): string {
  const { total, reserved, unavailable } = counts;
  if (total === 0) return 'none recorded';
  const down = unavailable === 0 ? '' : `, ${formatCount(unavailable)} unavailable`;
  return `${freeWords(counts)}, ${formatCount(reserved)} held${down}`;
}

/** `0 of 8 free`. */
export function freeWords({ total, free }: GpuCounts): string {
  return total === 0 ? 'no GPUs recorded' : `${formatCount(free)} of ${formatCount(total)} free`;
}

/** A place by what its path says beyond the one around it; all of its path when it is not inside. */
export function nameIn(id: string, around: string): string {
  return id.startsWith(`${around}/`) ? id.slice(around.length + 1) : id;
}

/** `healthy`, or what is wrong. */
export function healthWords({ health, healthReason, schedulable }: Health): string {
  const why = healthReason === undefined || healthReason === '' ? '' : ` (${healthReason})`;
  const known = health === 'unknown' ? 'health unknown' : health;
  return `${known}${why}${schedulable ? '' : ', cordoned'}`;
}

type Health = Pick<PlacedNode, 'health' | 'healthReason' | 'schedulable'>;

export function healthSpan(node: Health): Span {
  return span(healthWords(node), healthTone(node));
}

function healthTone({ health, schedulable }: Health): Tone {
  if (health === 'down') return 'bad';
  return health === 'healthy' && schedulable ? 'dim' : 'warn';
}

/** `10.2 kW held of 10.2 kW`. */
export function wattWords({ heldW, mostW }: Pick<Watts, 'heldW' | 'mostW'>): string {
  if (mostW === undefined) return `${formatWatts(heldW)} held, most unknown`;
  return `${formatWatts(heldW)} held of ${formatWatts(mostW)}`;
}

/** The same in short: `10.2 kW of 10.2 kW`. */
export function wattsOfMost({ heldW, mostW }: Pick<Watts, 'heldW' | 'mostW'>): string {
  return `${formatWatts(heldW)} of ${mostW === undefined ? 'unknown' : formatWatts(mostW)}`;
}

/** `feeds A+B`. */
export function feedWords(feeds: readonly string[]): string {
  return `feed${feeds.length === 1 ? '' : 's'} ${feeds.join('+')}`;
}

/** Figures for the whole machine, each by what it is: `6,500 W on the nameplate, 1,172 W allocated`. */
export function figureWords({ nameplateW, allocatedW, measuredW }: Watts): string {
  const known = [
    [nameplateW, 'on the nameplate'],
    [allocatedW, 'allocated'],
    [measuredW, 'measured'],
  ] as const;
  return known
    .flatMap(([watts, what]) => (watts === undefined ? [] : [`${formatWatts(watts)} ${what}`]))
    .join(', ');
}

const barCells = 10;

/** `[███░░░░░░░] 31%`. Rounded up, so that something is never nothing; full and `over` past the limit. */
export function bar(amount: number, limit: number): Line {
  if (limit === 0) return [span(amount === 0 ? '' : 'over a limit of 0', 'bad')];
  const percent = Math.ceil(Number(((amount * 100) / limit).toFixed(6)));
  const full = Math.min(barCells, Math.round((amount * barCells) / limit));
  const filled = '█'.repeat(full) + '░'.repeat(barCells - full);
  const over = amount > limit;
  return [
    { text: `[${filled}] `, tone: over ? 'bad' : 'accent' },
    { text: `${formatCount(percent)}%${over ? ', over the limit' : ''}`, ...(over ? { tone: 'bad' } : {}) },
  ];
}

/** The same for ears: `31 percent`. */
export function percentWords(amount: number, limit: number): string {
  if (limit === 0) return amount === 0 ? '' : ', over a limit of 0';
  const percent = Math.ceil(Number(((amount * 100) / limit).toFixed(6)));
  return `, ${formatCount(percent)} percent${amount > limit ? ', over the limit' : ''}`;
}

/** GPUs that do the same together: `GPUs 0-3 held by C-101, GPUs 4-7 free`. */
export function seatWords(seats: readonly Seat[]): string {
  const alike = Map.groupBy(seats, useWords);
  return [...alike]
    .toSorted(([, [a]], [, [b]]) => (a?.index ?? 0) - (b?.index ?? 0))
    .map(([words, list]) => {
      const which = `GPU${list.length === 1 ? '' : 's'} ${joinRuns(list.map(({ index }) => index))}`;
      return list.length === seats.length && list.length > 1
        ? `all ${list.length} ${words}`
        : `${which} ${words}`;
    })
    .join(', ');
}

/** `x`, `x and y`, `x, y and z`. */
export function listWords(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}
