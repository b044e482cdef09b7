import { runIdOf } from '../autonomy/party.ts';
import { linesOf, listedRun } from '../autonomy/run-words.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type AgentJournalOptions = Common & { readonly limit?: number };

/** All runs of agents that worked by themselves, the latest first, or one with all that it wrote and did. */
export async function agentJournal(
  io: Io,
  typed: string | undefined,
  options: AgentJournalOptions,
): Promise<number> {
  return withSession(io, { ...options, client: 'berth-cli' }, async ({ control, caller }) => {
    if (typed === undefined) {
      const list = await control.runs(caller, { limit: options.limit ?? 50 });
      const lines = list.runs.flatMap(listedRun);
      const left = list.total - list.runs.length;
      const more = left > 0 ? [`and ${left} more: --limit ${list.total}`] : [];
      const shown = lines.length === 0 ? ['no agent has worked by itself'] : [...lines, ...more];
      print(io, options.json, { kind: 'text', lines: shown }, list);
      return 0;
    }
    const detail = await control.run(caller, runIdOf(typed));
    const lines = [...listedRun(detail.run), ...detail.lines.flatMap(linesOf)];
    print(io, options.json, { kind: 'text', lines }, detail);
    return 0;
  });
}
