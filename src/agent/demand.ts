import { DemandRequest } from '../model/demand.ts';
import type { FlavorView, InventorySummary } from '../model/inventory-view.ts';
import type { Frame, Problem } from './frame.ts';
import { flavorsOf, modelNames } from './gazetteer.ts';
import { gcd } from './numbers.ts';
import { type WindowReading, windowOf } from './window.ts';

export type DemandAnswer =
  | {
      readonly ok: true;
      readonly demand: DemandRequest;
      readonly assumptions: readonly string[];
      readonly zone: string;
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * The demand that a frame declares, or every slot that is still missing. Tenant, model, count and length are
 * never guessed; the only exception is a fleet with exactly one tenant. How a count becomes replicas is
 * stated as an assumption.
 */
export function demandOf(frame: Frame, summary: InventorySummary): DemandAnswer {
  const nowMs = summary.snapshot.atMs;
  const problems: Problem[] = [];
  const tenant = tenantOf(frame, summary);
  if (tenant === undefined)
    problems.push(
      missing(
        'tenant',
        'for which team',
        summary.tenants.map(({ id }) => id),
      ),
    );
  if (frame.models === undefined && frame.anyModel !== true && frame.slice?.kind !== 'mig')
    problems.push(missing('model', 'which GPU model', modelNames(summary)));
  const flavors = candidateFlavors(frame, summary);
  const split = frame.amount === undefined ? undefined : replicasOf(frame, flavors);
  if (frame.amount === undefined) problems.push(missing('count', 'how many GPUs', countSuggestions(flavors)));
  else if (split === undefined)
    problems.push(missing('count', 'how many GPUs in each node', nodeSizes(flavors).map(String)));
  if (frame.surviveLoss !== undefined && frame.membersLeft === undefined)
    problems.push(
      missing(
        'survivors',
        `how many replicas must be left when a ${frame.surviveLoss} is lost`,
        split === undefined ? [] : [`${split.replicas} replicas left`],
      ),
    );
  const zone = tenant?.zone ?? 'UTC';
  const window = windowOf(frame, nowMs, zone);
  if (!window.ok) problems.push(...window.problems);
  if (!window.ok || tenant === undefined || split === undefined || problems.length > 0)
    return { ok: false, problems };
  const assumptions = [
    ...(frame.tenant === undefined ? [`the only team, ${tenant.id}, is used`] : []),
    ...(frame.notes ?? []),
    ...split.assumptions,
    ...window.assumptions,
  ].map((line) => line.slice(0, 300));
  const request = DemandRequest.safeParse(requestOf(frame, tenant.id, split, window));
  if (request.success)
    return { ok: true, demand: request.data, assumptions: [...new Set(assumptions)].slice(0, 16), zone };
  return {
    ok: false,
    problems: request.error.issues.map(({ path, message }) => outOfForm(path.join('.'), message)),
  };
}

/** A value that no request may have, in words. */
function outOfForm(path: string, message: string): Problem {
  if (/^parts\.\d+\.(?:count|each\.gpus\.count)$/u.test(path))
    return missing('count', 'how many GPUs (one request can ask for 100,000 replicas at most)', []);
  return missing(path, `another value for \`${path}\` (${message})`, []);
}

/** The tenant a frame names, or the only one there is. */
function tenantOf(frame: Frame, summary: InventorySummary) {
  if (frame.tenant !== undefined) return summary.tenants.find(({ id }) => id === frame.tenant);
  return summary.tenants.length === 1 ? summary.tenants[0] : undefined;
}

/** What the places and countries of a frame leave of the flavors of its models. */
function candidateFlavors(frame: Frame, summary: InventorySummary): readonly FlavorView[] {
  const inside = frame.where?.map((place) => place.split('/')[0] ?? place);
  const sites = summary.sites.filter(
    ({ id, country }) =>
      (inside === undefined || inside.includes(id)) &&
      frame.avoid?.includes(id) !== true &&
      (frame.countries === undefined || (country !== undefined && frame.countries.includes(country))) &&
      (country === undefined || frame.excludeCountries?.includes(country) !== true),
  );
  const found = flavorsOf(
    summary,
    frame.models,
    sites.map(({ id }) => id),
  );
  return found.length > 0 ? found : flavorsOf(summary, frame.models, undefined);
}

type Split = { readonly replicas: number; readonly each: number; readonly assumptions: readonly string[] };

/**
 * A total becomes replicas of one link domain at most: one replica if it fits, otherwise equal ones of the
 * greatest common divisor. Without a link domain every GPU is a replica; where a link is asked of such a
 * model the node takes the domain's place, so that the core refuses the link instead of granting single GPUs.
 */
function replicasOf(frame: Frame, flavors: readonly FlavorView[]): Split | undefined {
  const { amount } = frame;
  if (amount === undefined) return undefined;
  if (frame.slice !== undefined && amount.shape === 'total')
    return { replicas: amount.gpus, each: 1, assumptions: [] };
  if (amount.shape === 'each') return { replicas: amount.groups, each: amount.gpus, assumptions: [] };
  if (amount.shape === 'nodes') {
    const [size] = nodeSizes(flavors);
    return size === undefined
      ? undefined
      : { replicas: amount.groups, each: size, assumptions: [`a node is read as ${size} GPUs`] };
  }
  if (amount.shape === 'spread') {
    const each = amount.gpus / amount.groups;
    return Number.isInteger(each) ? { replicas: amount.groups, each, assumptions: [] } : undefined;
  }
  const island = domainOf(frame, flavors);
  const each = amount.gpus <= island ? amount.gpus : gcd(amount.gpus, island);
  const replicas = amount.gpus / each;
  const why = island === 1 ? 'these GPUs have no link domain' : `a link domain holds ${island} GPUs`;
  return {
    replicas,
    each,
    assumptions: replicas === 1 ? [] : [`${amount.gpus} GPUs are ${replicas} replicas of ${each}: ${why}`],
  };
}

function domainOf(frame: Frame, flavors: readonly FlavorView[]): number {
  const island = flavors.reduce((most, { islandGpus }) => Math.max(most, islandGpus), 1);
  const isLinkAsked = frame.link === 'nvlink' || frame.link === 'xgmi';
  return island === 1 && isLinkAsked ? Math.max(1, nodeSizes(flavors)[0] ?? 1) : island;
}

function nodeSizes(flavors: readonly FlavorView[]): readonly number[] {
  return [...new Set(flavors.flatMap(({ gpusPerNode }) => gpusPerNode))].toSorted((a, b) => b - a);
}

function countSuggestions(flavors: readonly FlavorView[]): readonly string[] {
  const free = flavors.reduce((most, { gpus }) => Math.max(most, gpus.free), 0);
  const [size] = nodeSizes(flavors);
  return [
    ...new Set([
      ...(size === undefined ? [] : [`${size}`]),
      ...(free > 0 ? [`up to ${free} free at one site`] : []),
    ]),
  ];
}

function requestOf(frame: Frame, tenant: string, split: Split, { window }: WindowReading) {
  const link = frame.link === 'none' ? undefined : frame.link;
  const rdma = rdmaOf(frame, split);
  const perReplica = (amount: number, per: 'replica' | 'gpu') =>
    per === 'gpu' ? amount * split.each : amount;
  return {
    tenant,
    ...optional('project', frame.project),
    ...optional('purpose', frame.purpose?.slice(0, 200)),
    parts: [
      {
        name: 'main',
        count: split.replicas,
        each: {
          gpus: {
            count: split.each,
            ...optional('models', frame.models?.slice(0, 16)),
            ...optional('memoryMib', frame.gpuMemoryMib),
            ...optional('slice', frame.slice),
            ...optional('link', link),
          },
          ...optional(
            'cpuMilli',
            frame.cores && Math.round(perReplica(frame.cores.count * 1000, frame.cores.per)),
          ),
          ...optional('memoryMib', frame.memory && perReplica(frame.memory.mib, frame.memory.per)),
          ...optional('storageGib', frame.storageGib),
          ...optional('rdma', rdma),
          ...optional('align', frame.align),
        },
        ...optional('apart', frame.apart),
      },
    ],
    ...optional('together', frame.together),
    ...optional('where', frame.where),
    ...optional('avoid', frame.avoid),
    ...optional('rules', rulesOf(frame)),
    ...optional('isolation', frame.isolation),
    ...optional('guarantee', frame.guarantee),
    ...optional('survive', frame.surviveLoss && { loss: frame.surviveLoss, membersLeft: frame.membersLeft }),
    window,
    ...optional('budget', budgetOf(frame)),
    ...optional('objective', frame.objective),
  };
}

/** NVLink ends at the node: more than one replica then talks over RDMA, unless that was refused. */
function rdmaOf(frame: Frame, split: Split): { nicMbps?: number } | undefined {
  const between = frame.link === 'nvlink' && split.replicas > 1 && frame.rdma !== false;
  if (frame.rdma !== true && !between) return undefined;
  return frame.nicMbps === undefined ? {} : { nicMbps: frame.nicMbps };
}

function rulesOf(frame: Frame) {
  const rules = {
    ...optional('regimes', frame.regimes),
    ...optional('countries', frame.countries),
    ...optional('excludeCountries', frame.excludeCountries),
  };
  return Object.keys(rules).length === 0 ? undefined : rules;
}

function budgetOf(frame: Frame) {
  const budget = {
    ...optional('totalEur', frame.budgetTotalEur),
    ...optional('eurPerDay', frame.budgetEurPerDay),
  };
  return Object.keys(budget).length === 0 ? undefined : budget;
}

function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  const entry: { [P in K]?: V } = {};
  if (value !== undefined) entry[key] = value;
  return entry;
}

function missing(slot: string, text: string, suggestions: readonly string[]): Problem {
  return { slot, text, suggestions };
}
