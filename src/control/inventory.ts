import { rememberedMs } from '../core/calendar/past.ts';
import { subjectKey } from '../core/inventory/claims.ts';
import type { FleetNode } from '../core/inventory/fleet.ts';
import { newestOf, type Resolved, resolveAttributes } from '../core/inventory/resolve.ts';
import { claimsAbout } from '../core/inventory/said-about.ts';
import { meansModel } from '../core/place/want.ts';
import { type State, withPast } from '../core/state.ts';
import { BerthError } from '../model/error.ts';
import type { FactKind, GpuFacts, NicFacts } from '../model/fact.ts';
import { parentOf, Path } from '../model/id.ts';
import type {
  InventoryList,
  InventorySummary,
  PartlyUsed,
  RecordList,
  RecordView,
} from '../model/inventory-view.ts';
import { cleanText, compareText } from '../model/text.ts';
import { mayActFor } from './caller.ts';
import type { Caller, NodeFilter } from './control.ts';
import type { Door } from './door.ts';
import { momentFor, seenBy } from './narrowing.ts';
import { pageOf } from './page.ts';
import { placeNamed } from './place-name.ts';
import {
  countsOf,
  flavorViews,
  holderOf,
  instant,
  nodesWithin,
  nodeView,
  rackViews,
  siteView,
  type Span,
} from './views/inventory-view.ts';
import { partlyUsed, slicesOn } from './views/slice-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** Racks and flavors listed in one summary. */
const summaryLimit = 400;

export async function summary(
  door: Door,
  caller: Caller,
  query: { readonly racks: boolean; readonly atMs?: number },
): Promise<InventorySummary> {
  const moment = await door.moment();
  const { nowMs } = moment;
  const span = instant(query.atMs ?? nowMs);
  const state = seenBy(stateSince(moment, span.fromMs), caller);
  const flavors = flavorViews(state, span);
  const racks = query.racks ? rackViews(state, span) : undefined;
  const tenants = [...state.tenants.values()]
    .filter(({ id }) => mayActFor(caller, id))
    .toSorted((a, b) => compareText(a.id, b.id));
  const truncated = flavors.length > summaryLimit || (racks?.length ?? 0) > summaryLimit;
  return {
    snapshot: snapshotOf(moment, state.fleet.sites[0]?.facts.zone),
    sites: state.fleet.sites.map((site) => siteView(state, site, span)),
    flavors: flavors.slice(0, summaryLimit),
    tenants: tenants.map(({ id, name, zone, rules }) => ({ id, name, zone, regimes: rules.regimes ?? [] })),
    ...(racks === undefined ? {} : { racks: racks.slice(0, summaryLimit) }),
    truncated,
    hints: truncated ? ['cut: use inventory_search with `within` for one place'] : [],
  };
}

export async function searchNodes(door: Door, caller: Caller, filter: NodeFilter): Promise<InventoryList> {
  const moment = await door.moment();
  const span = spanOf(filter, moment.nowMs);
  const state = seenBy(stateSince(moment, span.fromMs), caller);
  const place = filter.within === undefined ? undefined : placeNamed(state, filter.within);
  const matching = nodesWithin(state, place).filter((node) => matches(state, node, { filter, span }));
  const page = pageOf(matching, filter);
  const zone = state.fleet.sites.find((site) => site.id === matching[0]?.site)?.facts.zone ?? 'UTC';
  return {
    snapshot: snapshotOf(moment, zone),
    from: isoIn(span.fromMs, zone),
    to: isoIn(filter.toMs ?? span.fromMs, zone),
    nodes: page.items.map((node) => nodeView(state, node, { span, caller, labels: filter.labels ?? false })),
    total: matching.length,
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    truncated: page.nextCursor !== undefined,
    hints: matching.length === 0 ? ['nothing matches: leave one filter out, or see inventory_summary'] : [],
  };
}

export async function records(
  door: Door,
  caller: Caller,
  query: { readonly ids: readonly string[]; readonly devices: boolean },
): Promise<RecordList> {
  const moment = await momentFor(door, caller);
  const found: RecordView[] = [];
  const notFound: RecordList['notFound'] = [];
  for (const asked of query.ids) {
    const views = recordsOf(moment.state, caller, { asked, devices: query.devices, atMs: moment.nowMs });
    if (views.records.length > 0) found.push(...views.records);
    else
      notFound.push({
        asked: cleanText(asked, 80),
        ...(views.didYouMean === undefined ? {} : { didYouMean: views.didYouMean }),
      });
  }
  return { snapshot: snapshotOf(moment), records: found, notFound };
}

/** The state whose calendar says what was held from then on. That of decisions forgets what ended long ago. */
function stateSince({ state, nowMs }: Moment, fromMs: number): State {
  return fromMs < nowMs - rememberedMs ? withPast(state) : state;
}

function spanOf(filter: NodeFilter, nowMs: number): Span {
  const fromMs = filter.fromMs ?? nowMs;
  const toMs = filter.toMs ?? fromMs + 1;
  if (toMs > fromMs) return { fromMs, toMs };
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: '`to` does not lie after `from`',
    fix: 'give a window that ends after it begins',
    field: 'to',
  });
}

function matches(
  state: State,
  node: FleetNode,
  { filter, span }: { readonly filter: NodeFilter; readonly span: Span },
): boolean {
  const { shape } = node;
  const country = state.fleet.sites.find((site) => site.id === node.site)?.facts.country;
  const { model, link, rdma, minFreeGpus, text } = filter;
  return (
    (model === undefined || shape.models.some((known) => meansModel(model, known.model))) &&
    (link === undefined || shape.link === link) &&
    (rdma === undefined || shape.rdma === (rdma ? 'yes' : 'no')) &&
    (filter.country === undefined || country === filter.country) &&
    (minFreeGpus === undefined || countsOf(state, node, span).free >= minFreeGpus) &&
    (text === undefined || mentions(node, text.toLowerCase()))
  );
}

function mentions(node: FleetNode, text: string): boolean {
  const labels = Object.entries(node.facts.labels ?? {}).flat();
  return [node.id, node.hostName, node.facts.machine ?? '', ...labels].some((word) =>
    word.toLowerCase().includes(text),
  );
}

const kinds: readonly FactKind[] = [
  'site',
  'hall',
  'rack',
  'loop',
  'feed',
  'shape',
  'node',
  'gpu',
  'nic',
  'leaf',
  'spine',
  'wan-link',
  'storage-pool',
];

type RecordQuery = { readonly asked: string; readonly devices: boolean; readonly atMs: number };

function recordsOf(
  state: State,
  caller: Caller,
  query: RecordQuery,
): { readonly records: readonly RecordView[]; readonly didYouMean?: string } {
  const place = placeOrNear(state, query.asked);
  if (place.path === undefined)
    return { records: [], ...(place.near === undefined ? {} : { didYouMean: place.near }) };
  const { path } = place;
  const views = kinds.flatMap((kind) => {
    const isKnown = state.claims.has(subjectKey(kind, path));
    return isKnown ? [recordView(state, caller, { path, kind, query })] : [];
  });
  return { records: views };
}

function placeOrNear(state: State, asked: string): { readonly path?: Path; readonly near?: string } {
  const exact = Path.safeParse(asked.toLowerCase());
  if (exact.success && kinds.some((kind) => state.claims.has(subjectKey(kind, exact.data))))
    return { path: exact.data };
  try {
    return { path: placeNamed(state, asked) };
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const near = error.detail.didYouMean ?? error.detail.allowed?.[0];
    return near === undefined ? {} : { near };
  }
}

function recordView(
  state: State,
  caller: Caller,
  { path, kind, query }: { readonly path: Path; readonly kind: FactKind; readonly query: RecordQuery },
): RecordView {
  const node = kind === 'node' && query.devices ? state.fleet.nodeById.get(path) : undefined;
  return {
    id: path,
    kind,
    attributes: resolveAttributes(claimsAbout(state.claims, subjectKey(kind, path)), newestOf(state.claims))
      .filter(({ claim }) => claim.isOfShape !== true)
      .map(attributeView),
    children: childrenOf(state, path),
    ...(node === undefined ? {} : { devices: devicesOf(state, node, { caller, atMs: query.atMs }) }),
  };
}

function attributeView({ name, value, claim, conflicts }: Resolved): RecordView['attributes'][number] {
  return {
    name,
    value: jsonText(value),
    source: claim.source,
    file: cleanText(claim.origin.file),
    ...(claim.origin.line === undefined ? {} : { line: claim.origin.line }),
    observedAt: isoIn(claim.observedAtMs, 'UTC'),
    confidence: claim.confidence,
    conflicts: conflicts.map((other) => ({
      value: jsonText(other.value),
      source: other.claim.source,
      file: cleanText(other.claim.origin.file),
    })),
  };
}

function jsonText(value: unknown): string {
  return cleanText(JSON.stringify(value), 2000);
}

function childrenOf(state: State, path: Path): Path[] {
  const children = new Set<Path>();
  for (const claims of state.claims.values()) {
    const subject = claims[0]?.fact.subject;
    if (subject !== undefined && parentOf(subject) === path) children.add(subject);
  }
  return [...children].toSorted(compareText).slice(0, 100);
}

function devicesOf(
  state: State,
  node: FleetNode,
  asked: { readonly caller: Caller; readonly atMs: number },
): NonNullable<RecordView['devices']> {
  const partly = new Map<string, PartlyUsed>(
    partlyUsed(state, node, instant(asked.atMs)).map((entry) => [entry.gpu, entry]),
  );
  const gpus = node.shape.gpus.map((gpu, index) => {
    const heldBy = holderOf(state, node, index, asked);
    const slices = slicesOn(state, node, index, asked);
    const left = partly.get(`${node.id}/gpu${index}`);
    return {
      ...deviceView(node, `gpu${index}`, gpu),
      what: gpu.model ?? 'GPU of unknown model',
      ...(gpu.island === undefined ? {} : { island: gpu.island }),
      ...(heldBy === undefined ? {} : { heldBy }),
      ...(slices.length === 0 ? {} : { slices }),
      ...(left === undefined ? {} : { freeMilli: left.freeMilli, freeProfiles: left.freeProfiles }),
      health: ((node.downMask >>> index) & 1) === 1 ? 'down' : node.health,
    };
  });
  const nics = node.shape.nics.map((nic, index) => ({
    ...deviceView(node, `nic${index}`, nic),
    what: `${nic.rdma === true ? 'RDMA ' : ''}${nic.kind ?? 'NIC'}`,
    ...(nic.rail === undefined ? {} : { rail: nic.rail }),
    ...(nic.mbps === undefined ? {} : { mbps: nic.mbps }),
    health: node.health,
  }));
  return [...gpus, ...nics];
}

function deviceView(node: FleetNode, name: string, facts: GpuFacts | NicFacts) {
  return {
    id: Path.parse(`${node.id}/${name}`),
    ...(facts.numaNode === undefined ? {} : { numaNode: facts.numaNode }),
    ...(facts.pcieRoot === undefined ? {} : { pcieRoot: facts.pcieRoot }),
    ...(facts.pcieSwitch === undefined ? {} : { pcieSwitch: facts.pcieSwitch }),
  };
}
