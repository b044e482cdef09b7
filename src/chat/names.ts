import type { Toolbox } from '../agent/agent.ts';
import { toolCalls } from '../agent/tool-calls.ts';
import { ApprovalList } from '../model/authority-view.ts';
import { ContractList } from '../model/contract-view.ts';
import { InventoryList, InventorySummary } from '../model/inventory-view.ts';
import { compareText } from '../model/text.ts';

export type NameKind = 'site' | 'place' | 'node' | 'tenant' | 'contract' | 'plan' | 'approval' | 'model';

/** A word that means something in this fleet, and what it is. */
export type Name = { readonly text: string; readonly kind: NameKind; readonly about: string };

/** The names of the live inventory, read by tools. A tool that fails leaves its names out. */
export async function readNames(toolbox: Toolbox): Promise<readonly Name[]> {
  const calls = toolCalls(toolbox, {}, () => 0);
  const names = await Promise.all([
    calls.ask('inventory_summary', { detail: 'racks' }, InventorySummary).then(fleetNames, nothing),
    calls.ask('inventory_search', { limit: 200 }, InventoryList).then(nodeNames, nothing),
    calls.ask('contract_search', { limit: 200 }, ContractList).then(contractNames, nothing),
    calls.ask('approval_list', { limit: 200 }, ApprovalList).then(approvalNames, nothing),
  ]);
  return distinct(names.flat());
}

/** Nodes that a part of a name may mean, for fleets with more of them than are read at once. */
export async function findNodes(toolbox: Toolbox, part: string): Promise<readonly Name[]> {
  const calls = toolCalls(toolbox, {}, () => 0);
  return calls.ask('inventory_search', { text: part, limit: 20 }, InventoryList).then(nodeNames, nothing);
}

/** The first of each text: a rack must not be offered twice because it is known twice. */
export function distinct(names: readonly Name[]): readonly Name[] {
  const known = new Map<string, Name>();
  for (const name of names) if (!known.has(name.text)) known.set(name.text, name);
  return [...known.values()].toSorted((a, b) => compareText(a.text, b.text));
}

function nothing(): Name[] {
  return [];
}

function fleetNames({ sites, racks = [], tenants, flavors }: InventorySummary): Name[] {
  const halls = new Set(racks.flatMap(({ id }) => (id.split('/').length > 2 ? [upOf(id)] : [])));
  return [
    ...sites.map(({ id, gpus }): Name => {
      return { text: id, kind: 'site', about: `site, ${gpus.free} of ${gpus.total} GPUs free` };
    }),
    ...[...halls].map((id): Name => ({ text: id, kind: 'place', about: 'hall' })),
    ...racks.map(({ id }): Name => ({ text: id, kind: 'place', about: 'rack' })),
    ...tenants.map(({ id, name }): Name => ({ text: id, kind: 'tenant', about: `tenant ${name}` })),
    ...flavors.map(({ model }): Name => ({ text: model, kind: 'model', about: 'GPU model' })),
  ];
}

function nodeNames({ nodes }: InventoryList): Name[] {
  return nodes.map(({ id, gpuModel, freeGpus, gpuCount }): Name => {
    return { text: id, kind: 'node', about: `${freeGpus} of ${gpuCount} ${gpuModel ?? 'GPUs'} free` };
  });
}

function contractNames({ contracts }: ContractList): Name[] {
  return contracts.flatMap(({ id, plan, tenant, state, gpuCount, gpuModel = 'GPUs' }): Name[] => [
    { text: id, kind: 'contract', about: `${tenant}, ${state}, ${gpuCount} ${gpuModel}` },
    { text: plan, kind: 'plan', about: `the plan of ${id}` },
  ]);
}

function approvalNames({ approvals }: ApprovalList): Name[] {
  return approvals.map(({ id, state, summary }): Name => {
    return { text: id, kind: 'approval', about: `${state}: ${summary}` };
  });
}

function upOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
