import { type Operation, operationOf, operationsUnderWay } from '../core/operation/operation.ts';
import { BerthError } from '../model/error.ts';
import type { OperationId } from '../model/id.ts';
import type { OperationList } from '../model/operation.ts';
import { maySee } from './approving.ts';
import { mayActFor } from './caller.ts';
import type { Caller, Progress } from './control.ts';
import type { Door } from './door.ts';
import { pageOf } from './page.ts';
import { pause } from './pause.ts';
import { operationView } from './views/operation-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';

export type OperationQuery = {
  /** Without it all that are under way. */
  readonly operation?: OperationId;
  /** So long the answer may wait for a change. */
  readonly waitS: number;
  readonly limit: number;
  readonly cursor?: string;
};

/** What happens while an answer waits. */
export type Waiting = {
  readonly progress?: Progress | undefined;
  /** Nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
  /** The process is about to end: the answer is what is known by then. */
  readonly stopping?: AbortSignal | undefined;
};

/** How often the ledger is looked at: other processes append to it too. */
const lookMs = 500;
/** How often whoever waits is told that it goes on. */
const tellS = 5;

/**
 * One operation, or all that are under way. With `waitS` the answer waits until what it would say changes, nothing more
 * comes of it, or the time is over.
 */
export async function operations(
  door: Door,
  caller: Caller,
  { query, watch = {} }: { readonly query: OperationQuery; readonly watch?: Waiting },
): Promise<OperationList> {
  const beganMs = performance.now();
  const first = listOf(await door.moment(), caller, query);
  let last = first;
  let toldS = -tellS;
  for (;;) {
    const waitedMs = performance.now() - beganMs;
    const waited = { ...last, waitedS: Math.floor(waitedMs / 1000) };
    const leftMs = query.waitS * 1000 - waitedMs;
    const hasNews = isSettled(last) || wordsOf(last) !== wordsOf(first);
    if (hasNews || leftMs <= 0 || watch.stopping?.aborted === true) return waited;
    if (waited.waitedS >= toldS + tellS) {
      toldS = waited.waitedS;
      watch.progress?.(toldS, query.waitS, tellOf(last));
    }
    await pause(Math.min(lookMs, leftMs), [watch.signal, watch.stopping]);
    watch.signal?.throwIfAborted();
    last = listOf(await door.moment(), caller, query);
  }
}

/** Waiting would bring nothing: all of it is over, or a person has to look at an engine first. */
function isSettled({ operations: all }: OperationList): boolean {
  return all.every(({ over, state }) => over || state === 'stuck');
}

/** What tells one answer from another: not when it was given. */
function wordsOf({ operations: all }: OperationList): string {
  return JSON.stringify(all);
}

function tellOf({ operations: all }: OperationList): string {
  const [first, ...others] = all;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return first === undefined ? 'nothing is under way' : `${first.summary}${more}`;
}

function listOf(moment: Moment, caller: Caller, query: OperationQuery): OperationList {
  const { state, nowMs } = moment;
  const { operation } = query;
  const found =
    operation === undefined
      ? operationsUnderWay(state, nowMs).filter((one) => isSeen(caller, one))
      : [operationFor(moment, caller, operation)];
  const page = pageOf(found, query);
  return {
    snapshot: snapshotOf(moment),
    operations: page.items.map((one) => operationView(state, one)),
    total: found.length,
    ...(page.nextCursor === undefined ? {} : { nextCursor: page.nextCursor }),
    truncated: page.nextCursor !== undefined,
    waitedS: 0,
  };
}

/** The operation, if there is one and the caller may see it; NOT_FOUND either way otherwise. */
function operationFor({ state, nowMs }: Moment, caller: Caller, id: OperationId): Operation {
  const found = operationOf(state, id, nowMs);
  if (found !== undefined && isSeen(caller, found)) return found;
  throw new BerthError({
    code: 'NOT_FOUND',
    message: `no operation \`${id}\``,
    fix: 'list what is under way: call operation_get without `operation`, or `berth operations`',
    seeTool: 'operation_get',
  });
}

function isSeen(caller: Caller, { about }: Operation): boolean {
  switch (about.kind) {
    case 'approval':
      return maySee(caller, about.approval);
    case 'contract':
      return mayActFor(caller, about.contract.tenant);
    case 'maintenance':
      return true;
    default:
      return about satisfies never;
  }
}
