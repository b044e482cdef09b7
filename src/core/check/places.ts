import type { Demand, TopologyLevel } from '../../model/demand.ts';
import { compareText } from '../../model/text.ts';
import type { Violation } from '../given.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { type Audit, broken, hasBit, named, type Seat } from './audit.ts';
import { oneSiteEach } from './companies.ts';
import { touched } from './slice-parts.ts';
import { isAt } from './standing.ts';

/** Inside one of the places that were named, also for its part, and outside all that were excluded, down to the single device. */
export function* whereAllowed({ demand: { where, avoid = [], parts }, seats }: Audit): Generator<Violation> {
  const isFree = where === undefined && parts.every((part) => part.where === undefined);
  if (isFree && avoid.length === 0) return;
  for (const { member, node, part } of seats) {
    const gpus = touched(member).map((index) => `${member.node}/gpu${index}`);
    const stands = gpus.length > 0 ? gpus : [member.node];
    const isIn = (path: string, place: string) => isAt(node, place) || path === place;
    for (const wanted of [where, part?.where])
      if (wanted !== undefined && !stands.every((path) => wanted.some((place) => isIn(path, place))))
        yield broken('where', `${named(member)} is outside ${wanted.join(', ')}`);
    const uses = [member.node, ...gpus, ...member.nics.map((index) => `${member.node}/nic${index}`)];
    for (const place of avoid.filter((excluded) => uses.some((path) => isIn(path, excluded))))
      yield broken('avoid', `${named(member)} uses ${place}`);
  }
}

/**
 * The gang, and each part for itself, keeps together or apart as asked. Without a word it is in one site, but for parts
 * that choose for themselves where to be, of which each is in one. Spares stand
 * where members may; those that are there for the loss of a site are at one other, and keep among themselves.
 */
export function* kept({ demand, seats }: Audit): Generator<Violation> {
  const level = demand.together ?? 'site';
  if (demand.survive?.loss !== 'site') {
    for (const { who, seats: own } of oneSiteEach(demand, seats))
      yield* together('together', who, level, own);
    yield* partsKept(demand, seats);
    return;
  }
  const members = seats.filter(({ isSpare }) => !isSpare);
  const spares = seats.filter(({ isSpare }) => isSpare);
  for (const { who, seats: own } of oneSiteEach(demand, members))
    yield* together('together', who, level, own);
  yield* together('together', 'the spares', 'site', spares);
  yield* partsKept(demand, members);
  yield* partsKept(demand, spares);
}

function* partsKept(demand: Demand, seats: readonly Seat[]): Generator<Violation> {
  for (const part of demand.parts) {
    const own = seats.filter((seat) => seat.part === part);
    if (part.within !== undefined) yield* together('within', `\`${part.name}\``, part.within, own);
    if (part.apart !== undefined) yield* apart(`\`${part.name}\``, part.apart, own);
  }
}

function* together(
  constraint: string,
  who: string,
  level: TopologyLevel,
  seats: readonly Seat[],
): Generator<Violation> {
  const domains = new Set(seats.map((seat) => domainOf(seat, level)));
  if (domains.delete(undefined))
    yield broken(constraint, `${who}: the ${level} of some members is not recorded`);
  if (domains.size > 1)
    yield broken(constraint, `${who} is spread over ${domains.size} ${level}s: ${inOrder(domains)}`);
}

function* apart(who: string, level: TopologyLevel, seats: readonly Seat[]): Generator<Violation> {
  for (const [domain, sharing] of Map.groupBy(seats, (seat) => domainOf(seat, level))) {
    if (domain === undefined && seats.length > 1)
      yield broken('apart', `${who}: the ${level} of ${sharing.length} members is not recorded`);
    if (domain !== undefined && sharing.length > 1)
      yield broken('apart', `${who} has ${sharing.length} members in ${level} ${domain}`);
  }
}

/** The place of a member on a level; nothing where it is not recorded. */
function domainOf(seat: Seat, level: TopologyLevel): string | undefined {
  const { node } = seat;
  switch (level) {
    case 'site':
    case 'hall':
    case 'rack':
    case 'leaf':
      return node[level];
    case 'node':
      return node.id;
    case 'spine':
      return node.spine;
    case 'island':
      return node.island ?? (isLinked(node) ? node.id : undefined);
    case 'numa':
      return inside(seat, 'numaNode');
    case 'pcie-root':
      return inside(seat, 'pcieRoot');
    default:
      return level satisfies never;
  }
}

/** The one place inside its node that all GPUs of a member have, and all its NICs. */
function inside({ member, node }: Seat, attribute: 'numaNode' | 'pcieRoot'): string | undefined {
  const { gpus, nics } = node.shape;
  const numbers = new Set([
    ...touched(member).map((index) => gpus[index]?.[attribute]),
    ...member.nics.map((index) => nics[index]?.[attribute]),
  ]);
  const [only] = numbers;
  return numbers.size === 1 && only !== undefined ? `${node.id} ${attribute} ${only}` : undefined;
}

/** Whether one link joins all GPUs of a node. */
function isLinked({ shape: { gpus, islands, link } }: FleetNode): boolean {
  return (
    link !== 'none' &&
    gpus.length > 0 &&
    islands.length === 1 &&
    gpus.every((_, at) => hasBit(islands[0] ?? 0, at))
  );
}

function inOrder(domains: ReadonlySet<string | undefined>): string {
  return [...domains]
    .flatMap((domain) => domain ?? [])
    .toSorted(compareText)
    .join(', ');
}
