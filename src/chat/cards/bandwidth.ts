import type { BandwidthView } from '../../model/plan-view.ts';
import { bullets, type Line, type Room, span } from './line.ts';
import { formatInstant } from './time.ts';

/** No more edges than a person reads at once; the contract has them all. */
const shown = 6;

/** What is held on the edges of fabrics, and what has to be moved before the start; nothing where there is none. */
export function bandwidthLines(bandwidth: BandwidthView | undefined, room: Room): Line[] {
  if (bandwidth === undefined) return [];
  const { edges, edgeCount, transfers } = bandwidth;
  const rest = edgeCount - Math.min(shown, edges.length);
  return bullets(
    [
      ...edges
        .slice(0, shown)
        .map(({ fabric, edge, mbps }) => [span(`${fabric} `, 'dim'), span(`${speedOf(mbps)} on ${edge}`)]),
      ...(rest > 0 ? [[span(`and ${rest} more`, 'dim')]] : []),
      ...transfers.map(({ dataset, from, to, wanLink, mbps, start, end }) => [
        span(`${dataset} from ${from} to ${to} over ${wanLink} at ${speedOf(mbps)}, `),
        span(`${formatInstant(start)} until ${formatInstant(end)}`),
      ]),
    ],
    room,
  );
}

/** `400 Gbit/s`, `2500 Mbit/s`. */
function speedOf(mbps: number): string {
  return mbps % 1000 === 0 ? `${mbps / 1000} Gbit/s` : `${mbps} Mbit/s`;
}
