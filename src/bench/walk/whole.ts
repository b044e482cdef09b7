import type { State } from '../../core/state.ts';
import type { Contract } from '../../model/contract.ts';
import { type Part, guaranteedCount } from '../../model/demand.ts';
import { type Member, seatsOf } from '../../model/placement.ts';

/** What is wrong with a placement that is new: the gang is whole, on nodes that take work, where it asked to be. */
export function* whole(state: State, contract: Contract): Generator<string> {
  const { id, demand, placement } = contract;
  for (const part of demand.parts) for (const why of partOf(part, contract)) yield `${id}: ${why}`;
  for (const { node: name, gpus } of seatsOf(placement)) {
    const node = state.fleet.nodes.find((known) => known.id === name);
    if (node === undefined || node.health === 'down' || !node.schedulable)
      yield `${id}: ${name} takes no work`;
    if (gpus.some((gpu) => node?.shape.gpus[gpu] === undefined)) yield `${id}: ${name} has no such GPU`;
    if ((demand.avoid ?? []).some((place) => isIn(name, place))) yield `${id}: ${name} is to be avoided`;
    if (demand.where !== undefined && !demand.where.some((place) => isIn(name, place)))
      yield `${id}: ${name} is not where it asked to be`;
  }
  const { durationS } = demand.window;
  const lengthMs = placement.endMs === undefined ? undefined : placement.endMs - placement.startMs;
  if (lengthMs !== (durationS === undefined ? undefined : durationS * 1000)) yield `${id}: another length`;
  const powerW = seatsOf(placement).reduce((sum, seat) => sum + seat.powerW, 0);
  if (powerW > (demand.powerCapW ?? Infinity)) yield `${id}: ${powerW} W of ${demand.powerCapW}`;
  yield* survives(state, contract);
  yield* bandwidthDue(state, contract);
}

function* partOf(part: Part, { placement }: Contract): Generator<string> {
  const { name, count, each, apart, where } = part;
  const members = placement.members.filter((member) => member.part === name);
  const replicas = new Set(members.map(({ replica }) => replica));
  if (members.length > count || members.length < guaranteedCount(part) || replicas.size !== members.length)
    yield `${members.length} of ${count} \`${name}\``;
  const seats = seatsOf(placement).filter((member) => member.part === name);
  if (where !== undefined && !seats.every(({ node }) => where.some((place) => isIn(node, place))))
    yield `\`${name}\` is not where it asked to be`;
  const due = each.gpus?.count ?? 0;
  const isSliced = each.gpus?.slice !== undefined;
  for (const { gpus, slices = [] } of seats)
    if (gpus.length !== (isSliced ? 0 : due) || slices.length !== (isSliced ? due : 0))
      yield 'another number of GPUs';
  if (apart === 'node' && new Set(members.map(({ node }) => node)).size < members.length) yield 'not apart';
  if (apart === 'rack' && new Set(members.map(({ node }) => rackOf(node))).size < members.length)
    yield 'not apart';
}

/** Loses every place in turn and counts who still has one: those that count are the replicas with GPUs. */
function* survives(state: State, { id, demand, placement }: Contract): Generator<string> {
  const { survive } = demand;
  if (survive === undefined) return;
  const counts = ({ part }: Member) => {
    const own = demand.parts.find(({ name }) => name === part);
    return own?.each.gpus !== undefined || demand.parts.every(({ each }) => each.gpus === undefined);
  };
  const seats = seatsOf(placement).filter(counts);
  const replicas = placement.members.filter(counts).length;
  const places = seats.map(({ node }) => placeOf(state, node, survive.loss));
  for (const lost of new Set(places)) {
    const left = Math.min(replicas, places.filter((place) => place !== lost).length);
    if (lost !== undefined && left < survive.membersLeft)
      yield `${id}: the loss of ${lost} leaves ${left} of ${survive.membersLeft}`;
  }
}

/** What a node falls with; nothing where one feed of several is lost. */
function placeOf({ fleet }: State, node: string, loss: string): string | undefined {
  if (loss === 'node') return node;
  if (loss === 'rack') return rackOf(node);
  if (loss === 'site') return node.slice(0, node.indexOf('/'));
  const rack = [...fleet.racks.values()].find((known) => known.id === rackOf(node));
  const own = fleet.nodes.find((known) => known.id === node)?.facts.feeds;
  const letters = own ?? Object.keys(rack?.facts.feedLimitW ?? {});
  const feeds = new Set(letters.map((letter) => rack?.facts.feeds?.[letter] ?? `${rack?.id} ${letter}`));
  return feeds.size === 1 ? [...feeds].join() : undefined;
}

/** Members hold at least the bandwidth that they ask for, found pair by pair; spares may hold more besides. */
function* bandwidthDue({ fleet }: State, { id, demand, placement }: Contract): Generator<string> {
  const { members, bandwidth = [] } = placement;
  const due = new Map<string, number>();
  const owe = (edge: string, mbps: number) => due.set(edge, (due.get(edge) ?? 0) + mbps);
  for (const { name, each } of demand.parts) {
    const nodes = members.flatMap(({ part, node }) => (part === name ? [node] : []));
    const leafs = new Set(nodes.map((node) => fleet.nodes.find((known) => known.id === node)?.leaf));
    if (leafs.size > 1) for (const leaf of leafs) owe(`rdma ${leaf}`, each.rdma?.uplinkMbps ?? 0);
  }
  for (const { from, to, mbps } of demand.flows ?? []) {
    const [senders, receivers] = [from, to].map((end) => members.filter(({ part }) => part === end));
    const ends = { from: senders ?? [], to: receivers ?? [] };
    for (const node of new Set(members.map((member) => member.node))) {
      const pairs = (from === 'dataset' ? [undefined] : ends.from).flatMap((sender) =>
        ends.to.map((receiver) => [sender?.node, receiver.node]),
      );
      const crossing = pairs.filter(([a, b]) => a !== b && (a === node || b === node)).length;
      const all = wanted(demand.parts, from) * wanted(demand.parts, to);
      owe(`data ${node}`, Math.ceil((mbps * crossing) / all));
    }
    if (from === 'dataset') owe('storage fra/nvme', mbps);
    const sites = new Set([...ends.from, ...ends.to].map(({ node }) => node.slice(0, node.indexOf('/'))));
    if (sites.size > 1) owe('wan fra/wan', mbps);
  }
  for (const [key, mbps] of due) {
    const held = bandwidth.find(({ fabric, edge }) => `${fabric} ${edge}` === key)?.mbps ?? 0;
    if (held < mbps) yield `${id}: ${key} holds ${held} of ${mbps} Mbit/s`;
  }
  const isThere = placement.members.every(({ node }) => node.startsWith('fra/'));
  const comes = placement.transfers?.some(({ endMs }) => endMs <= placement.startMs) === true;
  if (demand.dataset !== undefined && !isThere && !comes) yield `${id}: its dataset is not there`;
}

function wanted(parts: readonly Part[], name: string): number {
  return parts.find((part) => part.name === name)?.count ?? 1;
}

/** Walk fleets have racks directly above their nodes. */
function rackOf(node: string): string {
  return node.slice(0, node.lastIndexOf('/'));
}

function isIn(node: string, place: string): boolean {
  return `${node}/`.startsWith(`${place}/`);
}
