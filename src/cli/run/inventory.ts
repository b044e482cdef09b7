import { inventoryGet } from '../../../tools/inventory-get.ts';
import { inventorySearch } from '../../../tools/inventory-search.ts';
import { inventorySummary } from '../../../tools/inventory-summary.ts';
import { BerthError } from '../../model/error.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { type Session, withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';
import { type LookOptions, showPictures, showTree } from './picture.ts';

export type InventoryOptions = Common &
  LookOptions & {
    readonly model?: string;
    readonly link?: string;
    readonly free?: number;
    readonly labels?: boolean;
    readonly limit?: number;
    readonly cursor?: string;
  };

/** A tree or pictures where they are asked for; else the summary, one node to its devices, or the nodes that match. */
export async function inventory(
  io: Io,
  place: string | undefined,
  options: InventoryOptions,
): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const { model, link, free, from, to, labels, limit, cursor, json } = options;
    const filters = { model, link, minFreeGpus: free, from, to, labels, limit, cursor };
    if (isPicture(options)) {
      refuseFilters({ ...filters, from: undefined, to: undefined });
      return wantsTree(options)
        ? showTree(io, session, place, options)
        : showPictures(io, session, place, options);
    }
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

function wantsTree({ tree, depth }: LookOptions): boolean {
  return tree === true || depth !== undefined;
}

function isPicture(options: LookOptions): boolean {
  const { picture, view, svg } = options;
  return wantsTree(options) || picture === true || view !== undefined || svg !== undefined;
}

/** A picture shows all of its place, so filters on nodes have no place in it. */
function refuseFilters(filters: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(filters).find((name) => filters[name] !== undefined);
  if (given === undefined) return;
  const option = given === 'minFreeGpus' ? '--free' : `--${given}`;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${option}\` picks nodes from a list, and a tree or picture shows all of a place`,
    fix: `leave \`${option}\` out, or leave out what asks for a tree or picture`,
    field: option,
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
