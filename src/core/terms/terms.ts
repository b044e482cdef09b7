import { type Demand, responseOf } from '../../model/demand.ts';
import { siteOf } from '../../model/id.ts';
import { type Placement, type Price, seatsOf, type Term } from '../../model/placement.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { hourS } from '../../model/unit.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { layoutOf, limitsOn } from '../place/layout.ts';
import { alignment } from './alignment.ts';
import { devices, isShared } from './devices.ts';
import { fabricTerms } from './fabric.ts';
import { survival } from './survival.ts';

/**
 * What the contract promises, each with how it is held, enforced and measured (DESIGN: a term that cannot be
 * measured is declared, not guaranteed). Until an engine reports back, Berth itself holds the calendar only.
 */
export function termsOf(fleet: Fleet, demand: Demand, placement: Placement, price: Price): readonly Term[] {
  const nodes = seatsOf(placement).flatMap((member) => fleet.nodeById.get(member.node) ?? []);
  return [
    ...devices(demand, placement),
    startAndLength(demand),
    ...storage(placement),
    ...link(demand, nodes),
    ...alignment(demand),
    ...fabricTerms(fleet, demand, placement),
    ...power(fleet, demand, placement, nodes),
    ...powerAbove(fleet, placement, nodes),
    ...residency(demand, nodes),
    ...isolation(demand),
    ...survival(fleet, demand, placement),
    ...priceTerm(price),
    ...response(demand),
  ];
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

function storage(placement: Placement): Term[] {
  const totalGib = seatsOf(placement).reduce((sum, { storageGib = 0 }) => sum + storageGib, 0);
  if (totalGib === 0) return [];
  return [
    {
      kind: 'space',
      promise: `${totalGib} GiB of storage local to the nodes`,
      strength: 'guaranteed',
      heldAs: 'GiB on the nodes named',
      enforcedBy: 'the placement core; no engine sets a quota yet',
      measuredBy: 'sizes in the inventory',
    },
  ];
}

function link(demand: Demand, nodes: readonly FleetNode[]): Term[] {
  const asked = demand.parts.find((part) => part.each.gpus?.link !== undefined);
  if (asked === undefined) return [];
  const speeds = nodes.flatMap((node) => (node.shape.gpus.length === 0 ? [] : [node.shape.linkMbps]));
  const isSliced = asked.each.gpus?.slice !== undefined;
  const slowest =
    isSliced || speeds.some((speed) => speed === undefined)
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

function power(fleet: Fleet, demand: Demand, placement: Placement, nodes: readonly FleetNode[]): Term[] {
  const powerW = seatsOf(placement).reduce((sum, member) => sum + member.powerW, 0);
  const { powerCapW } = demand;
  return [
    ...(powerW === 0 ? [] : [rackPower(fleet, placement, nodes)]),
    ...(powerCapW === undefined ? [] : [capTerm(placement, powerW, powerCapW)]),
  ];
}

/** Only hardware keeps a tenant to its part of a GPU's draw, and it does so for MIG alone. */
function rackPower(fleet: Fleet, placement: Placement, nodes: readonly FleetNode[]): Term {
  const powerW = seatsOf(placement).reduce((sum, member) => sum + member.powerW, 0);
  const sliced = seatsOf(placement).some(({ slices = [] }) => slices.length > 0);
  const racks = new Set(nodes.flatMap((node) => node.rack ?? []));
  const limited = [...racks].every((rack) => fleet.racks.get(rack)?.powerLimitW !== undefined);
  return {
    kind: 'power',
    promise: `${powerW} W held on ${racks.size} ${racks.size === 1 ? 'rack' : 'racks'}${sliced ? ', a slice counted as its part of a GPU, rounded up' : ''}`,
    strength: limited && !isShared(placement.members) ? 'guaranteed' : 'declared',
    heldAs: limited ? 'watts on the racks, with one feed lost' : 'nothing: the racks have no recorded limit',
    enforcedBy: 'the placement core',
    measuredBy: 'ratings in the inventory',
  };
}

/** Cooling loops, halls and the site, where they have recorded limits. */
function powerAbove(fleet: Fleet, placement: Placement, nodes: readonly FleetNode[]): Term[] {
  const layout = layoutOf(fleet);
  const limits = new Set(nodes.flatMap((node) => limitsOn(layout, node)));
  const above = [...limits].filter(({ name }) => name !== 'rack-power');
  const termOf = (kind: 'power' | 'cooling', places: readonly string[]): Term[] =>
    places.length === 0 || seatsOf(placement).every(({ powerW }) => powerW === 0)
      ? []
      : [
          {
            kind,
            promise: `within the recorded ${kind} limits of ${places.join(', ')}`.slice(0, 300),
            strength: isShared(placement.members) ? 'declared' : 'guaranteed',
            heldAs: 'watts of everything held there at one time',
            enforcedBy: 'the placement core',
            measuredBy: 'ratings in the inventory; PUE is not applied',
          },
        ];
  const placesOf = (cooling: boolean) =>
    [
      ...new Set(above.filter(({ name }) => name.endsWith('-cooling') === cooling).map(({ place }) => place)),
    ].toSorted(compareText);
  return [...termOf('power', placesOf(false)), ...termOf('cooling', placesOf(true))];
}

function capTerm(placement: Placement, powerW: number, capW: number): Term {
  return {
    kind: 'power',
    promise: `draws at most ${powerW} W of the ${capW} W it may, by the ratings of its devices`,
    strength: isShared(placement.members) ? 'declared' : 'guaranteed',
    heldAs: 'watts of all members and spares together',
    enforcedBy: 'choice of devices; no engine caps them yet',
    measuredBy: 'ratings in the inventory',
  };
}

function residency(demand: Demand, nodes: readonly FleetNode[]): Term[] {
  const sites = [...new Set(nodes.map((node) => siteOf(node.id)))];
  return [
    {
      kind: 'residency',
      promise: `runs at ${cleanText(sites.join(', '), 240)} only${demand.rules === undefined ? '' : ', which satisfies the recorded data rules'}`,
      strength: 'guaranteed',
      heldAs: 'site of every device',
      enforcedBy: 'the rules, asked at planning and again at commit',
      measuredBy: 'recorded facts about the site',
    },
  ];
}

function isolation({ isolation: level = 'shared' }: Demand): Term[] {
  if (level === 'shared') return [];
  const places = { node: 'nodes', rack: 'racks', site: 'sites' }[level];
  return [
    {
      kind: 'isolation',
      promise: `no other tenant on the ${places} of this contract`,
      strength: 'guaranteed',
      heldAs: `${places} closed to other tenants in the calendar`,
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

/** What the application itself is to show: nothing that a placement could hold. */
function response(demand: Demand): Term[] {
  const asked = responseOf(demand);
  if (asked === undefined) return [];
  return [
    {
      kind: 'response',
      promise: `the application answers within ${asked.atMostMs} ms, by its own metric`,
      strength: 'declared',
      heldAs: 'nothing',
      enforcedBy: 'nothing',
      measuredBy: 'the query of the demand, in Prometheus',
    },
  ];
}
