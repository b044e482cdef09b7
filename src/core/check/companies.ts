import type { Demand, Part } from '../../model/demand.ts';
import type { Seat } from './audit.ts';

/** The seats that have to be at one site, with who they are in words: all, but for parts that choose for themselves. */
export function oneSiteEach(
  demand: Demand,
  seats: readonly Seat[],
): readonly { readonly who: string; readonly seats: readonly Seat[] }[] {
  const loners = demand.together === undefined ? demand.parts.filter(isPlacedByItself) : [];
  const gang = seats.filter(({ part }) => part === undefined || !loners.includes(part));
  return [
    { who: 'the gang', seats: gang },
    ...loners.map((part) => ({ who: `\`${part.name}\``, seats: seats.filter((seat) => seat.part === part) })),
  ];
}

/** Whether one part may be at another site than another. */
export function spansSites({ parts, together }: Demand): boolean {
  return together === undefined && parts.length > 1 && parts.some(isPlacedByItself);
}

function isPlacedByItself(part: Part): boolean {
  return [part.where, part.siteKind, part.latencyMsByRegion].some((wish) => wish !== undefined);
}
