import { contractGet } from '../../../tools/contract-get.ts';
import { contractSearch } from '../../../tools/contract-search.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

export type ContractsOptions = Common & {
  readonly of?: string;
  readonly state?: string;
  readonly within?: string;
  readonly limit?: number;
  readonly cursor?: string;
};

export async function contracts(io: Io, id: string | undefined, options: ContractsOptions): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    if (id !== undefined) {
      const detail = await useTool(io, session, contractGet, { contract: id });
      print(io, options.json, { kind: 'contract', detail }, detail);
      return 0;
    }
    const { of: tenant, state, within, limit, cursor } = options;
    const list = await useTool(io, session, contractSearch, { tenant, state, within, limit, cursor });
    print(io, options.json, { kind: 'contracts', list }, list);
    return 0;
  });
}
