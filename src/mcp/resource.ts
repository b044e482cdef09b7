import { z } from 'zod';

import type { Control } from '../control/control.ts';
import { DemandRequest } from '../model/demand.ts';
import type { CompletionKind } from './completion.ts';
import { type JsonObject, toJsonObject } from './json.ts';

/** Something to read by address. It is what a tool answers, so whoever may not call that tool does not see it. */
export type Resource = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** With one variable at its end, or none: `berth://contract/{contract}`. */
  readonly uri: string;
  readonly tool: string;
  readonly complete?: CompletionKind;
  /** The arguments of the tool. Absent: the address stands for `content`. */
  readonly args?: (value: string) => JsonObject;
  readonly content?: (control: Control) => JsonObject | Promise<JsonObject>;
};

export const resources: readonly Resource[] = [
  {
    name: 'inventory',
    title: 'The fleet',
    description: 'Sites, GPU models with free and reserved counts and prices, tenants.',
    uri: 'berth://inventory',
    tool: 'inventory_summary',
    args: () => ({}),
  },
  {
    name: 'approvals',
    title: 'What waits for a person',
    description: 'Acts that need a yes, who may give it, until when.',
    uri: 'berth://approvals',
    tool: 'approval_list',
    args: () => ({}),
  },
  {
    name: 'demand-schema',
    title: 'Every key of a demand',
    description: 'JSON Schema of `demand`, as placement_plan and `berth plan -f` read it.',
    uri: 'berth://schema/demand',
    tool: 'placement_plan',
    content: () => toJsonObject(z.toJSONSchema(DemandRequest, { target: 'draft-2020-12', io: 'input' })),
  },
  {
    name: 'rule-packs',
    title: 'The rules',
    description: 'Every rule by pack: article, needed facts, reason, fix, and whether it is in force.',
    uri: 'berth://policy/current',
    tool: 'policy_check',
    content: async ({ clock }) => {
      const { listPacks } = await import('../control/policing.ts');
      const { packs, ...rest } = listPacks(clock.nowMs());
      const slim = packs.map((pack) => ({
        ...pack,
        rules: pack.rules.map(({ text: _text, ...rule }) => rule),
      }));
      return toJsonObject({ ...rest, packs: slim });
    },
  },
  {
    name: 'ledger-head',
    title: 'The head of the ledger',
    description: 'Number and digest of the last entry.',
    uri: 'berth://ledger/head',
    tool: 'ledger_search',
    content: async (control) => toJsonObject(await control.head()),
  },
  {
    name: 'site',
    title: 'A site',
    description: 'All that is known about a site, each attribute with source, time and conflicts.',
    uri: 'berth://site/{site}',
    tool: 'inventory_get',
    complete: 'site',
    args: (site) => ({ ids: [site] }),
  },
  {
    name: 'contract',
    title: 'A contract',
    description: 'Devices, terms, price, version and ledger entries of a contract.',
    uri: 'berth://contract/{contract}',
    tool: 'contract_get',
    complete: 'contract',
    args: (contract) => ({ contract }),
  },
  {
    name: 'template',
    title: 'A template',
    description: 'A known-good demand: its parameters, and itself with placeholders.',
    uri: 'berth://template/{name}',
    tool: 'template_search',
    complete: 'template',
    args: (name) => ({ name }),
  },
  {
    name: 'rules',
    title: "Rules for a tenant's data",
    description: 'Where the data of a tenant may be, with every rule that forbids it or lacks a fact.',
    uri: 'berth://rules/{tenant}',
    tool: 'policy_check',
    complete: 'tenant',
    args: (tenant) => ({ tenant }),
  },
];

/** The resource at an address, and what stands in it for its variable. */
export function resourceAt(
  all: readonly Resource[],
  uri: string,
): { readonly resource: Resource; readonly value: string } | undefined {
  for (const resource of all) {
    const open = resource.uri.indexOf('{');
    if (open < 0 && resource.uri === uri) return { resource, value: '' };
    if (open < 0 || !uri.startsWith(resource.uri.slice(0, open))) continue;
    const value = decoded(uri.slice(open));
    if (value !== undefined && /^[^/?#]{1,200}$/.test(value)) return { resource, value };
  }
  return undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
