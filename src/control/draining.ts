import { never } from '../core/calendar/calendar.ts';
import { type Drained, drain, type DrainMove, type Hindrance } from '../core/drain/drain.ts';
import { type Waves, wavesOf } from '../core/drain/waves.ts';
import type { State } from '../core/state.ts';
import { BerthError } from '../model/error.ts';
import { type Path, siteOf } from '../model/id.ts';
import { identify } from '../model/plan.ts';
import type { DrainMoveView, HindranceView, MaintenancePlan } from '../model/simulation-view.ts';
import { standsIn } from '../model/standing.ts';
import { compareText } from '../model/text.ts';
import { requireOperator } from './caller.ts';
import type { Caller, MaintenanceWish } from './control.ts';
import type { Door } from './door.ts';
import { heldOn, type HeldThere, heldWords } from './held-plans.ts';
import { placeNamed } from './place-name.ts';
import { judgeAt } from './ruling.ts';
import { zoneAt } from './scenario-edits.ts';
import { replacedWords } from './simulating.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** So many nodes are emptied or put into waves at once. */
const nodeLimit = 200;

/** So many of them are named in the title. */
const namedLimit = 6;

/** Plans how nodes get empty, at once or in windows one after the other. Nothing of it is done. */
export async function planMaintenance(
  door: Door,
  caller: Caller,
  wish: MaintenanceWish,
): Promise<MaintenancePlan> {
  requireOperator(caller, 'plan the maintenance of shared places');
  const moment = await door.moment();
  const nodes = nodesIn(moment.state, wish.places);
  const fromMs = Math.max(wish.fromMs ?? moment.nowMs, moment.nowMs);
  const untilMs = wish.untilMs ?? never;
  if (untilMs <= fromMs) throw tooEarly('until', 'is not later than `from` and now', 'give a later instant');
  const zone = zoneAt(moment.state, siteOf(nodes[0]));
  const held = heldOn(moment.state, { nodes, fromMs, untilMs }, moment.nowMs);
  if (door.ledger.readOnly === undefined)
    for (const { instead } of held) if (instead !== undefined) await door.library.keepPlan(instead);
  const asked = { ...wish, nodes, fromMs, untilMs, held };
  return wish.lengthS === undefined
    ? drained(door, moment, asked, zone)
    : inWaves(moment, { ...asked, lengthS: wish.lengthS }, zone);
}

type Asked = MaintenanceWish & {
  readonly nodes: readonly [Path, ...Path[]];
  readonly fromMs: number;
  readonly untilMs: number;
  readonly held: readonly HeldThere[];
};

async function drained(door: Door, moment: Moment, asked: Asked, zone: string): Promise<MaintenancePlan> {
  const { nodes, fromMs, untilMs, allowPrice = false } = asked;
  const wish = { nodes, fromMs, untilMs, allowPrice, offers: true };
  const done = drain(moment.state, wish, judgeAt(moment.nowMs), moment.nowMs);
  const offers = done.moves.flatMap(({ offer }) => offer ?? []);
  if (door.ledger.readOnly === undefined) for (const offer of offers) await door.library.keepPlan(offer);
  const stuck = done.nodes.filter(({ heldBy }) => heldBy.length > 0).length;
  return {
    ...common(moment, asked.held, zone),
    what: `drain ${named(nodes)} from ${isoIn(fromMs, zone)}${untilMs === never ? '' : ` until ${isoIn(untilMs, zone)}`}`,
    outcome: outcomeOf(stuck, nodes.length),
    moves: done.moves.map((move) => moveView(move, zone)),
    hindrances: done.hindrances.map((one) => hindranceView(one, zone)),
    untouched: done.untouched.length,
    nodes: done.nodes.map((node) => nodeView(node, zone)),
    waves: [],
    left: [],
    next: nextOf(done.moves, zone),
  };
}

/** What to do with the moves. */
function nextOf(moves: readonly DrainMove[], zone: string): string {
  const [first] = moves.flatMap(({ offer }) => offer ?? []);
  if (first === undefined) return 'nothing of this is done or held: it is a plan on a copy';
  const expires = isoIn(first.expiresAtMs, zone);
  const rest = moves.some(({ offer }) => offer === undefined) ? '; then drain again for the other moves' : '';
  return `nothing of this is done or held: commit the plans in this order before ${expires}${rest}; last close the places with \`berth maintenance\``;
}

function inWaves(moment: Moment, asked: Asked & { readonly lengthS: number }, zone: string): MaintenancePlan {
  const { nodes, fromMs, untilMs, lengthS, atMost = nodes.length, allowPrice = false } = asked;
  const lengthMs = lengthS * 1000;
  if (untilMs === never) throw tooEarly('until', 'is missing', 'say until when the last window is over');
  if (fromMs + lengthMs > untilMs)
    throw tooEarly('until', 'leaves no room for one window', 'give a later instant, or shorter windows');
  const wish = { nodes, lengthMs, fromMs, untilMs, atMost, allowPrice };
  const done = wavesOf(moment.state, wish, judgeAt(moment.nowMs), moment.nowMs);
  return {
    ...common(moment, asked.held, zone),
    what: `${nodes.length} nodes in windows of ${lengthS / 3600} h between ${isoIn(fromMs, zone)} and ${isoIn(untilMs, zone)}`,
    outcome: outcomeOf(done.left.length, nodes.length),
    moves: [],
    hindrances: [],
    untouched: 0,
    nodes: [],
    ...wavesView(done, zone),
    next: 'nothing of this is done or held: it is a plan on a copy',
  };
}

function named(nodes: readonly Path[]): string {
  const more = nodes.length - namedLimit;
  return `${nodes.slice(0, namedLimit).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function common(moment: Moment, held: readonly HeldThere[], zone: string) {
  return {
    snapshot: snapshotOf(moment, zone),
    hints: [
      'a contract that can stand the loss of a node is moved like every other',
      ...held.map((one) => heldWords(one, zone)),
    ],
  };
}

function outcomeOf(stuck: number, all: number): MaintenancePlan['outcome'] {
  if (stuck === 0) return 'free';
  return stuck === all ? 'blocked' : 'in-part';
}

function wavesView(
  { waves, left, proven }: Waves,
  zone: string,
): Pick<MaintenancePlan, 'waves' | 'left' | 'proven'> {
  return {
    waves: waves.map(({ fromMs, untilMs, nodes, moves }) => ({
      from: isoIn(fromMs, zone),
      until: isoIn(untilMs, zone),
      nodes: [...nodes],
      moves: moves.map((move) => moveView(move, zone)),
    })),
    left: left.map(({ node, hindrances }) => ({
      node,
      hindrances: hindrances.map((one) => hindranceView(one, zone)),
    })),
    proven,
  };
}

function moveView(move: DrainMove, zone: string): DrainMoveView {
  const { contract, how, placement, wasMicroEurPerHour, isMicroEurPerHour, offer, makesWayFor } = move;
  const { endMs, members } = placement;
  const before = new Set(contract.placement.members.map(({ node }) => node));
  const nodes = new Set(members.map(({ node }) => node));
  const fresh = [...nodes].filter((node) => !before.has(node));
  return {
    contract: contract.id,
    tenant: contract.tenant,
    guarantee: contract.demand.guarantee ?? 'reserved',
    gpuCount: members.reduce((sum, member) => sum + member.gpus.length, 0),
    ...(endMs === undefined ? {} : { until: isoIn(endMs, zone) }),
    from: isoIn(placement.startMs, zone),
    to: how === 'in-part' && fresh.length > 0 ? fresh : [...nodes],
    why: makesWayFor === undefined ? replacedWords[how] : `makes way for ${makesWayFor}`,
    ...(offer === undefined ? {} : { plan: identify(offer).id }),
    ...(wasMicroEurPerHour === undefined ? {} : { wasMicroEurPerHour }),
    ...(isMicroEurPerHour === undefined ? {} : { isMicroEurPerHour }),
  };
}

function hindranceView({ contract, binding, why }: Hindrance, zone: string): HindranceView {
  const { endMs } = contract.placement;
  return {
    contract: contract.id,
    tenant: contract.tenant,
    ...(endMs === undefined ? {} : { until: isoIn(endMs, zone) }),
    binding,
    why,
  };
}

function nodeView({ node, freeAtMs, heldBy }: Drained['nodes'][number], zone: string) {
  return {
    node,
    ...(freeAtMs === undefined ? {} : { freeAt: isoIn(freeAtMs, zone) }),
    heldBy: heldBy.map(({ id }) => id),
  };
}

/** The nodes of all places, each once, in order. Throws when a place has none, or all together too many. */
function nodesIn(state: State, names: readonly string[]): readonly [Path, ...Path[]] {
  const places = names.map((name) => placeNamed(state, name));
  const found = state.fleet.nodes.filter((node) => places.some((place) => standsIn(node, place)));
  const [first, ...others] = found.map(({ id }) => id).toSorted(compareText);
  if (first === undefined)
    throw tooEarly('places', `hold no node: ${places.join(', ')}`, 'name nodes, or places that have some');
  if (found.length > nodeLimit)
    throw tooEarly(
      'places',
      `hold ${found.length} nodes, at most ${nodeLimit}`,
      'name fewer or smaller places',
    );
  return [first, ...others];
}

function tooEarly(field: string, what: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message: `\`${field}\` ${what}`, fix, field });
}
