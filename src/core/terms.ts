import type { Demand } from '../model/demand.ts';
import { siteOf } from '../model/id.ts';
import type { Placement, Price, Term } from '../model/placement.ts';
import { hourS } from '../model/unit.ts';
import type { Fleet, FleetNode } from './inventory/fleet.ts';

/**
 * What the contract promises, each with how it is held, enforced and measured (DESIGN: a term that cannot be
 * measured is declared, not guaranteed). Until an engine reports back, Berth itself holds the calendar only.
 */
export function termsOf(fleet: Fleet, demand: Demand, placement: Placement, price: Price): readonly Term[] {
  const nodes = placement.members.flatMap((member) => fleet.nodeById.get(member.node) ?? []);
  return [
    devices(demand, placement),
    startAndLength(demand),
    ...link(demand, nodes),
    ...rdma(demand),
    ...power(fleet, placement, nodes),
    ...residency(demand, nodes),
    ...isolation(demand),
    ...priceTerm(price),
  ];
}

function devices(demand: Demand, placement: Placement): Term {
  const gpuCount = placement.members.reduce((sum, member) => sum + member.gpus.length, 0);
  const nodeCount = new Set(placement.members.map((member) => member.node)).size;
  const preemptible = demand.guarantee === 'preemptible';
  return {
    kind: 'devices',
    promise: `${gpuCount} GPUs on ${nodeCount} ${nodeCount === 1 ? 'node' : 'nodes'}, ${preemptible ? 'until a guaranteed contract needs them' : 'for this contract alone'}`,
    strength: preemptible ? 'declared' : 'guaranteed',
    heldAs: 'exclusive intervals on the devices named',
    enforcedBy: 'the placement core: no later commit can take them',
    measuredBy: 'check of every later placement; replay of the ledger',
  };
}

function startAndLength(demand: Demand): Term {
  const open = demand.window.durationS === undefined;
  return {
    kind: 'start-and-length',
    promise: open
      ? 'from the start on, until released'
      : `for ${lengthOf(demand.window.durationS ?? 0)} from the start`,
    strength: 'guaranteed',
    heldAs: 'interval in the calendar',
    enforcedBy: 'the placement core',
    measuredBy: 'ledger time of grant and release',
  };
}

function lengthOf(seconds: number): string {
  return seconds % hourS === 0 ? `${seconds / hourS} h` : `${seconds} s`;
}

function link(demand: Demand, nodes: readonly FleetNode[]): Term[] {
  const asked = demand.parts.find((part) => part.each.gpus?.link !== undefined);
  if (asked === undefined) return [];
  const speeds = nodes.flatMap((node) => (node.shape.gpus.length === 0 ? [] : [node.shape.linkMbps]));
  const slowest = speeds.some((speed) => speed === undefined)
    ? undefined
    : Math.min(...speeds.flatMap((speed) => speed ?? []));
  const rate =
    slowest === undefined || !Number.isFinite(slowest)
      ? ''
      : `, ${speedOf(slowest)} for each GPU by its rating`;
  return [
    {
      kind: 'accelerator-link',
      promise: `all GPUs of a replica in one ${asked.each.gpus?.link === 'any' ? 'accelerator link' : (asked.each.gpus?.link ?? '')} domain${rate}`,
      strength: 'guaranteed',
      heldAs: 'devices of one link domain',
      enforcedBy: 'choice of devices',
      measuredBy: 'topology in the inventory; link counters once an engine reports',
    },
  ];
}

function speedOf(mbps: number): string {
  return mbps % 1000 === 0 ? `${mbps / 1000} Gbit/s` : `${mbps} Mbit/s`;
}

function rdma(demand: Demand): Term[] {
  if (!demand.parts.some((part) => part.each.rdma !== undefined)) return [];
  return [
    {
      kind: 'rdma',
      promise: 'an RDMA NIC for every GPU, on its own rail where the rails are known',
      strength: 'guaranteed',
      heldAs: 'exclusive intervals on the NICs named',
      enforcedBy: 'choice of devices',
      measuredBy: 'topology in the inventory; port counters once an engine reports',
    },
    {
      kind: 'bandwidth',
      promise: 'bandwidth between nodes is not reserved by this version',
      strength: 'declared',
      heldAs: 'nothing',
      enforcedBy: 'nothing',
      measuredBy: 'nothing',
    },
  ];
}

function power(fleet: Fleet, placement: Placement, nodes: readonly FleetNode[]): Term[] {
  const powerW = placement.members.reduce((sum, member) => sum + member.powerW, 0);
  if (powerW === 0) return [];
  const racks = new Set(nodes.flatMap((node) => node.rack ?? []));
  const limited = [...racks].every((rack) => fleet.racks.get(rack)?.powerLimitW !== undefined);
  return [
    {
      kind: 'power',
      promise: `${powerW} W held on ${racks.size} ${racks.size === 1 ? 'rack' : 'racks'}`,
      strength: limited ? 'guaranteed' : 'declared',
      heldAs: limited
        ? 'watts on the racks, with one feed lost'
        : 'nothing: the racks have no recorded limit',
      enforcedBy: 'the placement core',
      measuredBy: 'ratings in the inventory',
    },
  ];
}

function residency(demand: Demand, nodes: readonly FleetNode[]): Term[] {
  const sites = [...new Set(nodes.map((node) => siteOf(node.id)))];
  return [
    {
      kind: 'residency',
      promise: `runs at ${sites.join(', ')} only${demand.rules === undefined ? '' : ', which satisfies the recorded data rules'}`,
      strength: 'guaranteed',
      heldAs: 'site of every device',
      enforcedBy: 'the rules, asked at planning and again at commit',
      measuredBy: 'recorded facts about the site',
    },
  ];
}

function isolation(demand: Demand): Term[] {
  if (demand.isolation === undefined || demand.isolation === 'shared') return [];
  return [
    {
      kind: 'isolation',
      promise: 'no other tenant on the nodes of this contract',
      strength: 'guaranteed',
      heldAs: 'nodes closed to other tenants in the calendar',
      enforcedBy: 'the placement core',
      measuredBy: 'check of every later placement',
    },
  ];
}

function priceTerm(price: Price): Term[] {
  if (price.microEurPerHour === undefined) return [];
  return [
    {
      kind: 'price',
      promise: `price book ${price.priceBook}`.slice(0, 300),
      strength: 'guaranteed',
      heldAs: 'price lines in the contract',
      enforcedBy: 'the contract',
      measuredBy: 'reserved time × price',
    },
  ];
}
