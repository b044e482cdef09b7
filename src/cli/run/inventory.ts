import { inventoryGet } from '../../../tools/inventory-get.ts';
import { inventorySearch } from '../../../tools/inventory-search.ts';
import { inventorySummary } from '../../../tools/inventory-summary.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { type Session, withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

export type InventoryOptions = Common & {
  readonly model?: string;
  readonly link?: string;
  readonly free?: number;
  readonly from?: string;
  readonly to?: string;
  readonly labels?: boolean;
  readonly limit?: number;
  readonly cursor?: string;
};

/** The summary without a place or filter; one node to its devices; else the nodes that match. */
export async function inventory(
  io: Io,
  place: string | undefined,
  options: InventoryOptions,
): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const { model, link, free, from, to, labels, limit, cursor, json } = options;
    const filters = { model, link, minFreeGpus: free, from, to, labels, limit, cursor };
    const filtered = Object.values(filters).some((value) => value !== undefined);
    if (
      !filtered &&
      (place === undefined
        ? await showSummary(io, session, json)
        : await showNode(io, session, { place, json }))
    )
      return 0;
    const list = await useTool(io, session, inventorySearch, { within: place, ...filters });
    print(io, json, { kind: 'nodes', list }, list);
    return 0;
  });
}

async function showSummary(io: Io, session: Session, json: boolean | undefined): Promise<boolean> {
  const summary = await useTool(io, session, inventorySummary, {});
  print(io, json, { kind: 'summary', summary }, summary);
  return true;
}

/** Shows the place if it is one node; nothing is shown for places that hold nodes. */
async function showNode(
  io: Io,
  session: Session,
  { place, json }: { readonly place: string; readonly json: boolean | undefined },
): Promise<boolean> {
  const records = await useTool(io, session, inventoryGet, { ids: [place], devices: true });
  if (!records.records.some((record) => record.kind === 'node')) return false;
  print(io, json, { kind: 'records', records }, records);
  return true;
}
