import type { Scope, Tool } from './tool.ts';

/** Groups of tools that an operator serves or leaves out: one for each scope. */
const scopeOf = {
  observe: 'berth:read',
  plan: 'berth:plan',
  contracts: 'berth:contract',
  audit: 'berth:audit',
  operate: 'berth:operate',
} as const satisfies Readonly<Record<string, Scope>>;

export type Toolset = keyof typeof scopeOf;

export const toolsets: readonly Toolset[] = ['observe', 'plan', 'contracts', 'audit', 'operate'];

/** What is served where nobody asks for anything else. */
export const usualToolsets: readonly Toolset[] = ['observe', 'plan', 'contracts', 'audit'];

/** The tools of these toolsets, in their own order. `readOnly` wins: then nothing that changes something is among them. */
export function toolsOf(
  tools: readonly Tool[],
  { sets, readOnly }: { readonly sets: readonly Toolset[]; readonly readOnly: boolean },
): readonly Tool[] {
  const scopes = new Set<Scope>(sets.map((set) => scopeOf[set]));
  return tools.filter((tool) => scopes.has(tool.scope) && (!readOnly || tool.annotations.readOnlyHint));
}
