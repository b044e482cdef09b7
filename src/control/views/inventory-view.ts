import { type Hold, never, peakOf, roomOf } from '../../core/calendar/calendar.ts';
import type { FleetNode, FleetSite } from '../../core/inventory/fleet.ts';
import { freeUnits } from '../../core/inventory/units.ts';
import { sizeOf } from '../../core/mask.ts';
import type { State } from '../../core/state.ts';
import { ContractId, MaintenanceId, type Path } from '../../model/id.ts';
import type {
  FlavorView,
  GpuCounts,
  InventorySummary,
  NodeView,
  SiteView,
} from '../../model/inventory-view.ts';
import { standsIn } from '../../model/standing.ts';
import { compareText } from '../../model/text.ts';
import { mayActFor } from '../caller.ts';
import type { Caller } from '../control.ts';
import { partlyUsed } from './slice-view.ts';

export type Span = { readonly fromMs: number; readonly toMs: number };

export function siteView(state: State, site: FleetSite, span: Span): SiteView {
  const { facts } = site;
  return {
    id: site.id,
    ...(facts.name === undefined ? {} : { name: facts.name }),
    aliases: facts.aliases ?? [],
    ...(facts.kind === undefined ? {} : { kind: facts.kind }),
    ...(facts.country === undefined ? {} : { country: facts.country }),
    ...(facts.zone === undefined ? {} : { zone: facts.zone }),
    ...(facts.operator === undefined ? {} : { operator: facts.operator }),
    nodeCount: site.nodes.length,
    rackCount: new Set(site.nodes.flatMap((node) => node.rack ?? [])).size,
    gpus: totals(site.nodes.map((node) => countsOf(state, node, span))),
  };
}

/** One line for each GPU model at each site, in the order of site and model. */
export function flavorViews(state: State, span: Span): FlavorView[] {
  return state.fleet.sites.flatMap((site) => {
    const models = new Set(site.nodes.flatMap((node) => node.shape.models.map(({ model }) => model)));
    return [...models].toSorted(compareText).map((model) => flavorView(state, site, model, span));
  });
}

function flavorView(state: State, site: FleetSite, model: string, span: Span): FlavorView {
  const nodes = site.nodes.filter((node) => node.shape.models.some((known) => known.model === model));
  const sizes = nodes.map((node) => sizeOf(maskOfModel(node, model)));
  const memory = nodes.flatMap(
    (node) => node.shape.models.find((known) => known.model === model)?.memoryMib ?? [],
  );
  const price = site.facts.gpuPrices?.[model];
  const [first] = nodes;
  return {
    site: site.id,
    model,
    gpus: totals(nodes.map((node) => countsOf(state, node, span, model))),
    nodeCount: nodes.length,
    gpusPerNode: [...new Set(sizes)].toSorted((a, b) => b - a),
    ...(memory.length === 0 ? {} : { gpuMemoryMib: Math.min(...memory) }),
    link: nodes.every((node) => node.shape.link === first?.shape.link)
      ? (first?.shape.link ?? 'unknown')
      : 'unknown',
    islandGpus: Math.max(1, ...nodes.flatMap((node) => node.shape.islands.map(sizeOf))),
    rdma: nodes.every((node) => node.shape.rdma === first?.shape.rdma)
      ? (first?.shape.rdma ?? 'unknown')
      : 'unknown',
    ...(price === undefined ? {} : { microEurPerGpuHour: price }),
  };
}

export function nodeView(
  state: State,
  node: FleetNode,
  asked: { readonly span: Span; readonly caller: Caller; readonly labels: boolean },
): NodeView {
  const { shape } = node;
  const holds = (state.calendar[node.index] ?? []).filter(
    (hold) =>
      hold.startMs < asked.span.toMs && hold.endMs > asked.span.fromMs && mayBeTold(asked.caller, hold),
  );
  const windows = [...new Set(holds.flatMap(windowOf))].toSorted(compareText);
  const partly = partlyUsed(state, node, asked.span);
  return {
    id: node.id,
    hostName: node.hostName,
    site: node.site,
    ...(node.rack === undefined ? {} : { rack: node.rack }),
    ...(shape.models.length === 0 ? {} : { gpuModel: shape.models.map(({ model }) => model).join(', ') }),
    gpuCount: shape.gpus.length,
    freeGpus: countsOf(state, node, asked.span).free,
    ...(partly.length === 0 ? {} : { partlyUsed: partly }),
    link: shape.link,
    rdma: shape.rdma,
    ...(shape.cpuMilli === undefined ? {} : { cpuMilli: shape.cpuMilli }),
    ...(shape.memoryMib === undefined ? {} : { memoryMib: shape.memoryMib }),
    health: node.health,
    schedulable: node.schedulable,
    contracts: [...new Set(holds.flatMap(contractOf))].toSorted(compareText),
    ...(windows.length === 0 ? {} : { maintenance: windows }),
    ...(asked.labels ? { labels: node.facts.labels ?? {} } : {}),
  };
}

/** GPUs of a node that are free over a whole span. GPUs of unusable nodes are unavailable, whoever holds them. */
export function countsOf(state: State, node: FleetNode, span: Span, model?: string): GpuCounts {
  const mask = model === undefined ? undefined : maskOfModel(node, model);
  const total = mask === undefined ? node.shape.gpus.length : sizeOf(mask);
  const among = (gpus: number) => sizeOf(mask === undefined ? gpus : (gpus & mask) >>> 0);
  if (!node.schedulable || node.health === 'down' || node.shape.whole !== 'yes') {
    return { total, free: 0, reserved: 0, unavailable: total };
  }
  const free = among(roomOf(node, state.calendar[node.index] ?? [], span.fromMs, span.toMs).gpus);
  const unavailable = among(node.downMask);
  return { total, free, reserved: total - free - unavailable, unavailable };
}

export function rackViews(state: State, span: Span): NonNullable<InventorySummary['racks']> {
  return [...state.fleet.racks.values()].map((rack) => {
    const holds = state.fleet.nodes
      .filter((node) => node.rack === rack.id)
      .flatMap((node) => state.calendar[node.index] ?? [])
      .filter((hold) => hold.startMs < span.toMs && hold.endMs > span.fromMs);
    const free = freeUnits(state.fleet, rack.id);
    const { units } = rack.facts;
    return {
      id: rack.id,
      ...(rack.powerLimitW === undefined ? {} : { powerLimitW: rack.powerLimitW }),
      powerReservedW: peakOf(holds, span.fromMs, (hold) => hold.powerW),
      ...(rack.coolingLimitW === undefined ? {} : { coolingLimitW: rack.coolingLimitW }),
      ...(units === undefined ? {} : { units }),
      ...(free === undefined ? {} : { freeUnits: free }),
    };
  });
}

/** The contract that holds a GPU at an instant, if the caller may know. */
export function holderOf(
  state: State,
  node: FleetNode,
  gpu: number,
  asked: { readonly atMs: number; readonly caller: Caller },
) {
  const held = (state.calendar[node.index] ?? []).filter(
    (hold) =>
      hold.startMs <= asked.atMs &&
      asked.atMs < hold.endMs &&
      ((hold.gpus >>> gpu) & 1) === 1 &&
      mayBeTold(asked.caller, hold),
  );
  return held.flatMap(contractOf)[0];
}

/** What closes a place to everybody is told to everybody. */
function mayBeTold(caller: Caller, { tenant }: Hold): boolean {
  return tenant === undefined || mayActFor(caller, tenant);
}

/** The window of maintenance behind a hold; none behind what a tenant holds. */
function windowOf({ holder }: Hold): MaintenanceId[] {
  const id = MaintenanceId.safeParse(holder);
  return id.success ? [id.data] : [];
}

/** The contract behind a hold; none behind what is held for other reasons. */
function contractOf({ holder }: Hold): ContractId[] {
  const id = ContractId.safeParse(holder);
  return id.success ? [id.data] : [];
}

/** A span of one instant. */
export function instant(atMs: number): Span {
  return { fromMs: atMs, toMs: Math.min(atMs + 1, never) };
}

export function nodesWithin(state: State, place: Path | undefined): readonly FleetNode[] {
  return place === undefined ? state.fleet.nodes : state.fleet.nodes.filter((node) => standsIn(node, place));
}

function maskOfModel(node: FleetNode, model: string): number {
  return node.shape.models.find((known) => known.model === model)?.mask ?? 0;
}

function totals(counts: readonly GpuCounts[]): GpuCounts {
  const sum = { total: 0, free: 0, reserved: 0, unavailable: 0 };
  for (const count of counts) {
    sum.total += count.total;
    sum.free += count.free;
    sum.reserved += count.reserved;
    sum.unavailable += count.unavailable;
  }
  return sum;
}
