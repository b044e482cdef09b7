import type { Party } from './exchange.ts';
import type { Scope, Tool } from './tool.ts';

/** On whose behalf a request is served, and what it may reach: everything where `scopes` is absent. */
export type Access = { readonly party: Party; readonly scopes?: ReadonlySet<Scope> };

/** What both SDKs carry from a request to its handler. The token itself stays at the gate. */
export type Pass = { token: string; clientId: string; scopes: string[] };

/** A pass that stands for an access while its request is served. */
export function passFor(access: Access): Pass {
  const pass = { token: '', clientId: access.party.principal, scopes: [...(access.scopes ?? [])] };
  passes.set(pass, access);
  return pass;
}

/** The access behind a pass; without a pass that of the connection. */
export function accessBehind(pass: object | undefined, party: Party): Access {
  return (pass === undefined ? undefined : passes.get(pass)) ?? { party };
}

/** The tools that an access reaches, as the same list each time. */
export function toolsWithin(tools: readonly Tool[], { scopes }: Access): readonly Tool[] {
  if (scopes === undefined) return tools;
  const key = [...scopes].toSorted().join(' ');
  const lists = narrowed.get(tools) ?? new Map<string, readonly Tool[]>();
  narrowed.set(tools, lists);
  const list = lists.get(key) ?? tools.filter(({ scope }) => scopes.has(scope));
  lists.set(key, list);
  return list;
}

const passes = new WeakMap<object, Access>();
const narrowed = new WeakMap<readonly Tool[], Map<string, readonly Tool[]>>();
