import { cleanText, compareText } from '../../model/text.ts';
import type { Texts } from './listed.ts';

const maxLabels = 100;

/** Labels that describe the CPU and the kernel bit by bit: the first to go when there are too many. */
const noise = /^feature\.node\.kubernetes\.io\/(?:cpu|kernel|memory|storage|system|usb)/u;

/** Labels made safe to show, at most 100 in the order of their names, and how many were left out. */
export function cleanLabels(labels: Texts): {
  readonly labels?: Record<string, string>;
  readonly leftOut: number;
} {
  const ordered = [...labels]
    // No object can hold this key as plain data.
    .filter(([key]) => key !== '__proto__')
    .toSorted(([a], [b]) => Number(noise.test(a)) - Number(noise.test(b)) || compareText(a, b));
  const kept = ordered
    .slice(0, maxLabels)
    .map(([key, value]): [string, string] => [cleanText(key, 320), cleanText(value)]);
  if (kept.length === 0) return { leftOut: 0 };
  const leftOut = ordered.length - kept.length;
  return { labels: Object.fromEntries(kept.toSorted(([a], [b]) => compareText(a, b))), leftOut };
}
