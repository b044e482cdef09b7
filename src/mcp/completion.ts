import type { Caller, Control } from '../control/control.ts';

/** What can be completed: ids that the caller may see. */
export type CompletionKind = 'tenant' | 'site' | 'contract' | 'template';

/** The most that a client is given at a time. */
const most = 100;

export type Completion = { readonly values: string[]; readonly total: number; readonly hasMore: boolean };

export const nothing: Completion = { values: [], total: 0, hasMore: false };

/** Ids that begin with what was typed, in the order of the lists they come from. */
export async function completionOf(
  kind: CompletionKind,
  typed: string,
  { control, caller }: { readonly control: Control; readonly caller: Caller },
): Promise<Completion> {
  const ids = await idsOf(kind, control, caller);
  const begin = typed.toLowerCase();
  const found = ids.filter((id) => id.toLowerCase().startsWith(begin));
  return { values: found.slice(0, most), total: found.length, hasMore: found.length > most };
}

async function idsOf(kind: CompletionKind, control: Control, caller: Caller): Promise<readonly string[]> {
  if (kind === 'contract') {
    const { contracts } = await control.contracts(caller, { limit: 200 });
    return contracts.map(({ id }) => id);
  }
  if (kind === 'template') {
    const { templates } = await control.templates({ limit: 200 });
    return templates.map(({ name }) => name);
  }
  const { sites, tenants } = await control.summary(caller, { racks: false });
  return kind === 'site' ? sites.map(({ id }) => id) : tenants.map(({ id }) => id);
}
