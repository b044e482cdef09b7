import { type Demand, guaranteedCount, type Part } from '../../model/demand.ts';
import type { FleetNode } from '../inventory/fleet.ts';

/** What becomes of a node when something around it is lost: it falls with one such place, or with none alone. */
type Fate =
  | { readonly kind: 'falls'; readonly place: string }
  | { readonly kind: 'stays' }
  | { readonly kind: 'unknown'; readonly attribute: string };

/** How many replicas may fall together, so that losing any one place leaves enough; below 0 there never are enough. */
export type Spread = {
  readonly limit: number;
  readonly fateOf: (node: FleetNode) => Fate;
};

/**
 * The spread that survives the loss a demand names; nothing when it names none. A gang stands at one site, so no
 * spread survives the loss of that: spares elsewhere do (see `spares.ts`).
 */
export function spreadOf(demand: Demand): Spread | undefined {
  const { survive } = demand;
  if (survive === undefined || survive.loss === 'site') return undefined;
  return { limit: countedReplicas(demand) - survive.membersLeft, fateOf: fates[survive.loss] };
}

/** Replicas that count for survival: guaranteed ones. */
export function countedReplicas(demand: Demand): number {
  return demand.parts.reduce((sum, part) => sum + (isCounted(part, demand) ? guaranteedCount(part) : 0), 0);
}

/** Replicas with GPUs count, or all where none has any. */
export function isCounted({ each }: Part, { parts }: Demand): boolean {
  return each.gpus !== undefined || parts.every((part) => part.each.gpus === undefined);
}

const fates = {
  node: (node: FleetNode): Fate => ({ kind: 'falls', place: node.id }),
  rack: ({ rack }: FleetNode): Fate =>
    rack === undefined ? { kind: 'unknown', attribute: 'rack' } : { kind: 'falls', place: rack },
  feed: fateByFeeds,
} as const;

/**
 * A node falls with a feed when it hangs on that one only. With several it stays, as the limits of the racks and
 * feeds allow for the load of a lost one: for that they have to be known.
 */
function fateByFeeds({ supplies }: FleetNode): Fate {
  const [first] = supplies;
  if (first === undefined) return { kind: 'unknown', attribute: 'feeds' };
  if (supplies.every(({ feed }) => feed === first.feed)) return { kind: 'falls', place: first.feed };
  if (supplies.some(({ limitW }) => limitW === undefined))
    return { kind: 'unknown', attribute: 'feedLimitW' };
  const unlimited = supplies.some(
    ({ building, buildingLimitW }) => building !== undefined && buildingLimitW === undefined,
  );
  return unlimited ? { kind: 'unknown', attribute: 'limitW of the feeds' } : { kind: 'stays' };
}
