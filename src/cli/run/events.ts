import { eventSearch } from '../../../tools/event-search.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

export type EventsOptions = Common & {
  readonly kind?: string;
  readonly contract?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly cursor?: string;
};

/** What happened to machines, places, engines and contracts, in a place or everywhere. */
export async function events(io: Io, within: string | undefined, options: EventsOptions): Promise<number> {
  const { kind, contract, from, to, limit, cursor } = options;
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const args = { within, kind, contract, from, to, limit, cursor };
    const list = await useTool(io, session, eventSearch, args);
    print(io, options.json, { kind: 'events', list }, list);
    return 0;
  });
}
