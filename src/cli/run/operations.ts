import { operationGet } from '../../../tools/operation-get.ts';
import type { OperationList, OperationView } from '../../model/operation.ts';
import { durationS } from '../duration.ts';
import type { Io } from '../io.ts';
import { print } from '../output.ts';
import { type Session, withSession } from '../session.ts';
import { useTool } from '../use-tool.ts';
import type { Common } from '../words.ts';

export type OperationsOptions = Common & { readonly wait?: string | true };

/** The most that one call waits. */
const roundS = 50;

/** What goes on after the command that began it: all of it, or one; with `--wait` once that changes. */
export async function operations(
  io: Io,
  operation: string | undefined,
  { wait, ...options }: OperationsOptions,
): Promise<number> {
  const waitS = wait === undefined ? 0 : wait === true ? roundS : durationS(wait, '--wait');
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const list = await awaited(io, session, { operation, waitS });
    const lines = list.operations.flatMap(linesOf);
    const none = ['nothing is under way'];
    print(io, options.json, { kind: 'text', lines: lines.length === 0 ? none : lines }, list);
    return 0;
  });
}

type Asked = { readonly operation: string | undefined; readonly waitS: number };

/** Waits in rounds, as every client has to. What it waits for is said on stderr. */
async function awaited(io: Io, session: Session, { operation, waitS }: Asked): Promise<OperationList> {
  const tell = (done: number, _total: number | undefined, what: string) => {
    if (done === 0) io.stderr.write(`waiting: ${what}\n`);
  };
  let leftS = waitS;
  for (;;) {
    const round = Math.min(leftS, roundS);
    const list = await useTool(io, session, operationGet, { operation, waitS: round }, tell);
    leftS -= round;
    // An answer that came before its time has news.
    if (leftS <= 0 || list.waitedS < round) return list;
  }
}

/** `A-3 waiting: commit-plan asked for by agent:ops-bot: …`, and what else a person would ask. */
function linesOf({ id, state, summary, command, engines }: OperationView): string[] {
  const differing = engines.flatMap(({ engine, differences }) =>
    differences.map((line) => `  ${engine} differs  ${line}`),
  );
  const typed = command === undefined ? [] : [`  a person types  ${command}`];
  return [`${id} ${state}: ${summary}`, ...differing, ...typed];
}
