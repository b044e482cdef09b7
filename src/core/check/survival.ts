import type { Demand } from '../../model/demand.ts';
import { siteOf } from '../../model/id.ts';
import type { Violation } from '../given.ts';
import type { Fleet } from '../inventory/fleet.ts';
import { type Audit, broken, named, type Seat } from './audit.ts';
import { hangsOn } from './feeds.ts';
import { canStandIn } from './stand-in.ts';

/**
 * Whichever one node, rack, feed or site is lost, as many replicas as were asked for still have a place: their own or
 * a spare's; of an elastic part only those that are guaranteed. Spares are there only for that, fit any replica that
 * counts, and none of them is too many. A spare stands in for what is lost at its own site, and only where a whole site
 * may be lost for what was elsewhere.
 */
export function* survival(audit: Audit): Generator<Violation> {
  const { demand, placement, seats } = audit;
  const { survive } = demand;
  const spares = placement.spares ?? [];
  if (survive === undefined) {
    if (spares.length > 0) yield broken('survive', `holds ${spares.length} spares, asked for none`);
    return;
  }
  const withGpus = demand.parts.some(({ each }) => each.gpus !== undefined);
  const counted = seats.filter((seat) => (!withGpus || seat.part?.each.gpus !== undefined) && isFirm(seat));
  const wanted = demand.parts
    .filter(({ each }) => !withGpus || each.gpus !== undefined)
    .reduce((sum, { count, minCount = count }) => sum + minCount, 0);
  if (wanted < survive.membersLeft)
    yield broken('survive', `${wanted} replicas cannot leave ${survive.membersLeft}`);
  const fates = fatesOf(audit.state.fleet, counted, survive.loss);
  for (const { seat, unknown } of fates)
    if (unknown !== undefined) yield broken('survive', `${named(seat.member)}: ${unknown} is not recorded`);
  yield* lossesLeaveEnough(survive, fates);
  yield* sparesFit(audit, counted);
  if (spares.length === 0) return;
  for (const { seat } of fates.filter((fate) => fate.seat.isSpare))
    if ([...lossesLeaveEnough(survive, fates, seat)].length === 0)
      yield broken('survive', `${named(seat.member)} is a spare that is not needed`);
}

/** Extras may be taken back, so they are neither counted on nor missed. */
function isFirm({ isSpare, member, part }: Seat): boolean {
  return isSpare || part === undefined || member.replica < (part.minCount ?? part.count);
}

/** A seat with what it falls with: nothing where it hangs on several feeds. */
type Fate = { readonly seat: Seat; readonly place?: string; readonly unknown?: string };
type Survive = NonNullable<Demand['survive']>;

function fatesOf(fleet: Fleet, seats: readonly Seat[], loss: Survive['loss']): readonly Fate[] {
  return seats.map((seat): Fate => {
    const { node } = seat;
    if (loss === 'feed') return { seat, ...fedBy(fleet, seat) };
    const place = loss === 'node' ? node.id : node[loss];
    return place === undefined ? { seat, unknown: `its ${loss}` } : { seat, place };
  });
}

/** On several feeds a node stays only if what each of them can carry is known: the rules about power hold it to that. */
function fedBy({ racks, feeds }: Fleet, { node }: Seat): Omit<Fate, 'seat'> {
  const hung = hangsOn(racks, node);
  const rack = node.rack === undefined ? undefined : racks.get(node.rack);
  const lines = new Set(hung.map(({ letter, building }) => building ?? `${node.rack} feed ${letter}`));
  const [only] = lines;
  if (only === undefined) return { unknown: 'what feeds it' };
  if (lines.size === 1) return { place: only };
  const unlimited = hung.find(
    ({ letter, building }) =>
      rack?.facts.feedLimitW?.[letter] === undefined ||
      (building !== undefined && feeds.get(building)?.limitW === undefined),
  );
  return unlimited === undefined ? {} : { unknown: `what feed ${unlimited.letter} can carry` };
}

/** Takes every place away in turn and counts, with one spare left out where that is asked. */
function* lossesLeaveEnough(
  { loss, membersLeft }: Survive,
  fates: readonly Fate[],
  without?: Seat,
): Generator<Violation> {
  const standing = fates.filter(({ seat }) => seat !== without);
  const isReplica = ({ seat }: Fate) => !seat.isSpare;
  for (const [place, lost] of Map.groupBy(standing, (fate) => fate.place)) {
    const [first] = lost;
    const isNear = ({ seat }: Fate) => loss === 'site' || seat.node.site === first?.seat.node.site;
    const near = standing.filter(isNear);
    const beyond = standing.filter((fate) => !isNear(fate) && isReplica(fate)).length;
    const left = beyond + Math.min(near.filter(isReplica).length, near.length - lost.length);
    if (place !== undefined && left < membersLeft)
      yield broken(
        'survive',
        `the loss of ${loss} ${place} leaves ${left} replicas, asked for ${membersLeft}`,
      );
  }
}

/** Spares go on with the numbers of their part, and each could be any replica that counts, on the same GPU model. */
function* sparesFit(
  { state, demand, placement: { spares = [] } }: Audit,
  counted: readonly Seat[],
): Generator<Violation> {
  const isCovered = ({ node }: Seat, site: string) => demand.survive?.loss === 'site' || node.site === site;
  const covered = new Map(
    [...new Set(spares.map(({ node }) => siteOf(node)))].map((site) => [
      site,
      counted.filter((seat) => isCovered(seat, site)),
    ]),
  );
  const coveredParts = new Map(
    [...covered].map(([site, own]) => [site, [...new Set(own.flatMap(({ part }) => part ?? []))]]),
  );
  for (const member of spares) {
    const parts = coveredParts.get(siteOf(member.node)) ?? [];
    const part = demand.parts.find(({ name }) => name === member.part);
    if (!state.fleet.nodeById.has(member.node))
      yield broken('node-known', `${named(member)}: the inventory has no such node`);
    const unfit = parts.find((other) => part === undefined || !canStandIn(part, other));
    if (part === undefined || !parts.includes(part))
      yield broken('survive', `${named(member)}: no such spare`);
    else if (unfit !== undefined)
      yield broken('survive', `${named(member)} cannot stand in for \`${unfit.name}\``);
  }
  for (const part of demand.parts) {
    const numbers = spares.filter((member) => member.part === part.name).map(({ replica }) => replica);
    if (numbers.toSorted((a, b) => a - b).some((replica, at) => replica !== part.count + at))
      yield broken(
        'survive',
        `spares of \`${part.name}\` are numbered ${numbers.join(' ')}, due from ${part.count}`,
      );
  }
  for (const own of covered.values()) {
    const models = new Set(
      own.flatMap(({ member, node }) => member.gpus.flatMap((gpu) => node.shape.gpus[gpu]?.model ?? [])),
    );
    if (models.size > 1) yield broken('survive', `spares stand in across ${models.size} GPU models`);
  }
}
