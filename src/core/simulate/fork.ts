import type { Contract } from '../../model/contract.ts';
import { type Path, siteOf } from '../../model/id.ts';
import { never } from '../calendar/calendar.ts';
import type { Fleet } from '../inventory/fleet.ts';
import type { State } from '../state.ts';
import { addNodes } from './add.ts';
import { close, type Closure, type Span } from './closure.ts';
import type { Edit, Losable } from './edit.ts';
import { withNodes, withRacks, withSite } from './fleet-copy.ts';
import { closuresOf, lettersOf, type Loss, railsOn, shrunkenRacks, uncountedOn } from './losses.ts';

/** What an edit reaches in space and time: only contracts that it touches can be hit by it. */
export type Reach = Span & { readonly touches: (contract: Contract) => boolean };

/** A copy of the state on which all edits are true. */
export type Fork = {
  readonly state: State;
  /** What each edit did, in words and in the order of the edits. */
  readonly did: readonly string[];
  readonly reaches: readonly Reach[];
  /** What is lost or maintained, in time. */
  readonly closures: readonly Closure[];
  /** Closed only to what comes: what runs there goes on. */
  readonly cordons: readonly Closure[];
};

/** Applies all edits together. The state given stays as it is. */
export function forkOf(state: State, edits: readonly Edit[]): Fork {
  let next = state;
  const added = new Map<Edit, string>();
  for (const edit of edits) {
    if (edit.kind !== 'add') continue;
    const { state: grown, did } = addNodes(next, edit.nodes);
    next = grown;
    added.set(edit, did);
  }
  const losses = edits.flatMap((edit) => lossesOf(edit));
  const closures = closuresOf(next.fleet, losses);
  const told = edits.reduce(withFacts, withLosses(next, losses));
  return {
    state: close(told, closures),
    did: edits.map((edit) => added.get(edit) ?? didBy(next, edit)),
    reaches: edits.flatMap((edit) => reachesOf(next.fleet, edit)),
    closures,
    cordons: edits.flatMap((edit) =>
      edit.kind === 'cordon' ? closuresOf(next.fleet, spread(edit, 'cordon')) : [],
    ),
  };
}

function lossesOf(edit: Edit): readonly Loss[] {
  if (edit.kind === 'lose') return spread(edit, 'an outage');
  return edit.kind === 'maintain' ? spread(edit, 'maintenance') : [];
}

function spread({ places, ...span }: Extract<Edit, { places: unknown }>, cause: string): readonly Loss[] {
  return places.map((what) => ({ what, cause, fromMs: span.fromMs, untilMs: span.untilMs }));
}

/** What is not held in time: limits, datasets and links are as after the loss for everything that is placed anew. */
function withLosses(state: State, losses: readonly Loss[]): State {
  const { fleet } = state;
  const gone = new Set(losses.flatMap(({ what }) => ('path' in what ? [what.path] : [])));
  const shrunken = withRacks(fleet, shrunkenRacks(fleet, losses));
  const uncounted = losses.flatMap(({ what }) => uncountedOn(shrunken, what));
  const dull = withNodes(
    shrunken,
    uncounted.map((node) => ({ ...node, shape: { ...node.shape, rdma: 'no' } })),
  );
  const pools = new Map([...fleet.pools].filter(([id]) => !gone.has(id)));
  const wanLinks = new Map([...fleet.wanLinks].filter(([id]) => !gone.has(id)));
  const sites = new Set([...gone].filter((id) => fleet.pools.has(id)).map(siteOf));
  const emptied = [...sites].reduce(
    (known, site) => withSite(known, site, (old) => ({ ...old, datasets: datasetsAt(pools, site) })),
    dull,
  );
  return { ...state, fleet: { ...emptied, pools, wanLinks } };
}

function datasetsAt(pools: Fleet['pools'], site: Path): ReadonlySet<string> {
  const here = [...pools].filter(([id]) => siteOf(id) === site);
  return new Set(here.flatMap(([, { datasets = [] }]) => datasets.map(({ id }) => id)));
}

/** Prices, rules and facts of sites. */
function withFacts(state: State, edit: Edit): State {
  switch (edit.kind) {
    case 'price':
      return edit.prices.reduce((next, { site, model, microEurPerHour }) => {
        const priced = withSite(next.fleet, site, ({ facts, ...rest }) => ({
          ...rest,
          facts: { ...facts, gpuPrices: { ...facts.gpuPrices, [model]: microEurPerHour } },
        }));
        return { ...next, fleet: priced };
      }, state);
    case 'rule': {
      const tenant = state.tenants.get(edit.tenant);
      if (tenant === undefined) return state;
      return {
        ...state,
        tenants: new Map(state.tenants).set(tenant.id, { ...tenant, rules: edit.rules }),
      };
    }
    case 'site': {
      const fleet = withSite(state.fleet, edit.site, (site) => ({
        ...site,
        facts: { ...site.facts, ...edit.facts },
      }));
      return { ...state, fleet };
    }
    case 'lose':
    case 'maintain':
    case 'cordon':
    case 'add':
    case 'grow':
      return state;
    default:
      return edit satisfies never;
  }
}

function reachesOf(fleet: Fleet, edit: Edit): readonly Reach[] {
  switch (edit.kind) {
    case 'lose':
    case 'maintain':
      return edit.places.map((what) => ({
        fromMs: edit.fromMs,
        untilMs: edit.untilMs,
        touches: touchedBy(fleet, what, edit),
      }));
    case 'rule':
      return [{ fromMs: 0, untilMs: never, touches: ({ tenant }) => tenant === edit.tenant }];
    case 'site':
      return [{ fromMs: 0, untilMs: never, touches: (contract) => standsIn(contract, edit.site) }];
    case 'cordon':
    case 'add':
    case 'price':
    case 'grow':
      return [];
    default:
      return edit satisfies never;
  }
}

function touchedBy(fleet: Fleet, what: Losable, span: Span): Reach['touches'] {
  switch (what.kind) {
    case 'storage-pool':
      return (contract) => standsIn(contract, siteOf(what.path));
    case 'wan-link':
      return ({ placement }) => (placement.bandwidth ?? []).some(({ edge }) => edge === what.path);
    case 'feed':
    case 'rack-feed': {
      const racks = new Set(racksOn(fleet, what));
      const nodes = fleet.nodes.filter(({ rack }) => rack !== undefined && racks.has(rack));
      return onNodes(nodes.map(({ id }) => id));
    }
    case 'leaf':
    case 'spine': {
      const unlisted = uncountedOn(fleet, what).map(({ id }) => id);
      const listed = fleet.nodes.filter((node) => railsOn(fleet, node, what).length > 0);
      return onNodes([...unlisted, ...listed.map(({ id }) => id)]);
    }
    case 'place':
    case 'loop':
    case 'gpu':
    case 'nic':
      return onNodes(closuresOf(fleet, [{ ...span, what, cause: '' }]).map(({ node }) => node));
    default:
      return what satisfies never;
  }
}

function onNodes(ids: readonly Path[]): Reach['touches'] {
  const nodes = new Set(ids);
  return ({ placement: { members, spares = [] } }) =>
    members.some(({ node }) => nodes.has(node)) || spares.some(({ node }) => nodes.has(node));
}

function standsIn({ placement }: Contract, site: Path): boolean {
  return placement.members.some(({ node }) => siteOf(node) === site);
}

function racksOn(fleet: Fleet, what: Losable): readonly Path[] {
  if (what.kind === 'rack-feed') return [what.rack];
  if (what.kind !== 'feed') return [];
  return [...fleet.racks.values()]
    .filter(({ facts }) => Object.values(facts.feeds ?? {}).includes(what.path))
    .map(({ id }) => id);
}

function didBy(state: State, edit: Edit): string {
  switch (edit.kind) {
    case 'lose':
    case 'maintain':
    case 'cordon':
      return edit.places.map((what) => fallOf(state.fleet, what, edit)).join('; ');
    case 'price':
      return edit.prices.map(({ site, model }) => `${model} at ${site}`).join(', ');
    case 'rule':
      return `the rules of ${edit.tenant} are narrower`;
    case 'site':
      return `${Object.keys(edit.facts).join(', ')} of ${edit.site} changed`;
    case 'grow':
      return `${edit.times} more demands of ${edit.demand.tenant}`;
    case 'add':
      return '';
    default:
      return edit satisfies never;
  }
}

/** What falls with one thing, in words. */
function fallOf(fleet: Fleet, what: Losable, span: Span): string {
  const closed = closuresOf(fleet, [{ ...span, what, cause: '' }]);
  const { nodeById } = fleet;
  switch (what.kind) {
    case 'place':
    case 'loop': {
      const gpus = closed.reduce((sum, { node }) => sum + (nodeById.get(node)?.shape.gpus.length ?? 0), 0);
      return `${what.path}: ${counted(closed.length, 'node')} with ${counted(gpus, 'GPU')}`;
    }
    case 'gpu':
    case 'nic':
      return `${what.node}/${what.kind}${what.index}`;
    case 'leaf':
    case 'spine':
      return `${what.path}: RDMA of ${counted(closed.length + uncountedOn(fleet, what).length, 'node')}, usable without it`;
    case 'feed':
      return feedFall(fleet, what.path, racksOn(fleet, what), closed.length);
    case 'rack-feed':
      return feedFall(fleet, `${what.rack}/feed-${what.letter.toLowerCase()}`, [what.rack], closed.length);
    case 'storage-pool':
      return `${what.path}: ${counted(fleet.pools.get(what.path)?.datasets?.length ?? 0, 'dataset')}`;
    case 'wan-link':
      return `${what.path}: what holds bandwidth on it`;
    default:
      return what satisfies never;
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function feedFall({ racks }: Fleet, feed: string, on: readonly Path[], nodeCount: number): string {
  const spare = on.filter((id) => {
    const rack = racks.get(id);
    return rack !== undefined && lettersOf(rack).length > 1;
  });
  return `${feed}: ${counted(nodeCount, 'node')} on it alone; ${spare.length} of ${counted(on.length, 'rack')} with another feed`;
}
