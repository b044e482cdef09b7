import { setTimeout as sleep } from 'node:timers/promises';

import { formatEur } from '../../chat/cards/amount.ts';
import { exitCodeOf } from '../../chat/exit-code.ts';
import { jsonLine } from '../../chat/headless.ts';
import type { Caller, Control } from '../../control/control.ts';
import type { WatchWish } from '../../control/watching.ts';
import { BerthError } from '../../model/error.ts';
import type { RunId } from '../../model/id.ts';
import type { WatchRound, WatchStep } from '../../model/run-view.ts';
import type { RunEnd } from '../../model/run.ts';
import { cleanText } from '../../model/text.ts';
import { refusalCode } from '../answer-code.ts';
import { endCode, endWords } from '../autonomy/end-code.ts';
import { keyOf, type LimitOptions, limitsOf } from '../autonomy/limits.ts';
import { partyOf } from '../autonomy/party.ts';
import { durationS } from '../duration.ts';
import type { Io } from '../io.ts';
import { withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type AgentWatchOptions = Common &
  LimitOptions & {
    readonly mandate: string;
    readonly every?: string;
    readonly once?: boolean;
    readonly extendBy?: string;
    readonly endingWithin?: string;
    readonly dryRun?: boolean;
  };

/** Proposals and deeds of one watch, where nobody says. */
const usualSteps = 100;
const usualEveryS = 60;
const dayS = 86_400;
/** After rounds that failed: twice as long each time, at most so much. */
const longestWaitS = 900;

/** Looks after contracts under a mandate: once, or again and again until it is told to end. */
export async function agentWatch(io: Io, options: AgentWatchOptions): Promise<number> {
  const everyS = everyOf(options);
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const isDry = options.dryRun === true;
    if (everyS !== undefined && session.clock.kind === 'set') throw setClock();
    const control = isDry ? await session.rehearsal() : session.control;
    const { mandate, caller } = await partyOf({ ...session, control }, options.mandate, 'built-in');
    const { atMs } = (await control.runs(caller, { limit: 0 })).snapshot;
    const limits = limitsOf(options, { nowMs: atMs, steps: usualSteps, usualS: 30 * dayS });
    const extend = extensionOf(options);
    const wish = {
      mandate,
      limits,
      idemKey: keyOf(options),
      signal: io.interrupt,
      ...(extend === undefined ? {} : { extend }),
    };
    const watch = new Watch(io, { control, caller, wish, options });
    return everyS === undefined ? watch.once() : watch.again(everyS);
  });
}

type Parts = {
  readonly control: Control;
  readonly caller: Caller;
  readonly wish: WatchWish;
  readonly options: AgentWatchOptions;
};

class Watch {
  readonly #io: Io;
  readonly #parts: Parts;
  #run: RunId | undefined;

  constructor(io: Io, parts: Parts) {
    this.#io = io;
    this.#parts = parts;
  }

  /** 0: nothing needs a hand that was not given one; 3: something waits for a person; 4: something could not be mended. */
  async once(): Promise<number> {
    const round = await this.#round();
    if (round.refusal !== undefined) return refusalCode(round.refusal);
    const results = round.steps.map(({ result }) => result);
    const end = round.end ?? (results.includes('waiting') ? 'waiting' : 'done');
    await this.#finish(end);
    if (round.end !== undefined) return endCode(round.end);
    if (results.some((result) => result === 'no-plan' || result === 'refused' || result === 'again'))
      return exitCodeOf({ outcome: 'infeasible' });
    return endCode(end);
  }

  async again(everyS: number): Promise<number> {
    let failures = 0;
    for (;;) {
      const round = await this.#tryRound();
      failures = round === undefined ? failures + 1 : 0;
      if (round?.refusal !== undefined) return refusalCode(round.refusal);
      const end = this.#io.interrupt.aborted ? 'interrupted' : round?.end;
      if (end !== undefined) {
        await this.#finish(end);
        // To look so long was all that was asked for.
        return end === 'time' ? 0 : endCode(end);
      }
      await sleep(this.#waitMs(everyS, failures), undefined, { signal: this.#io.interrupt }).catch(
        () => undefined,
      );
    }
  }

  /** Longer after rounds that failed, and never beyond its end. */
  #waitMs(everyS: number, failures: number): number {
    const { control, wish } = this.#parts;
    const waitS = Math.min(Math.max(everyS, longestWaitS), everyS * 2 ** Math.min(failures, 20));
    return Math.max(0, Math.min(waitS * 1000, wish.limits.untilMs - control.clock.nowMs()));
  }

  /** A ledger that is busy for a while is said and asked again: looking on is what it is for. */
  async #tryRound(): Promise<WatchRound | undefined> {
    try {
      return await this.#round();
    } catch (error) {
      if (!(error instanceof BerthError) || !error.detail.retryable) {
        await this.#finish('failed');
        throw error;
      }
      this.#io.stderr.write(`no round: ${cleanText(error.message, 300)}\n`);
      return undefined;
    }
  }

  async #round(): Promise<WatchRound> {
    const { control, caller, wish, options } = this.#parts;
    const round = await control.watchRound(caller, {
      ...wish,
      ...(this.#run === undefined ? {} : { run: this.#run }),
    });
    this.#run = round.run;
    if (options.json === true) this.#io.stdout.write(`${jsonLine(roundObject(round, options))}\n`);
    else for (const line of roundLines(round, options)) this.#io.stdout.write(`${line}\n`);
    return round;
  }

  /** A watch that proposed nothing has begun no run, and leaves none. */
  async #finish(why: RunEnd): Promise<void> {
    const { control, caller } = this.#parts;
    const run = this.#run;
    if (run !== undefined) await control.endRun({ ...caller, run }, { run, why });
  }
}

function roundObject(round: WatchRound, { dryRun }: AgentWatchOptions): object {
  return { schema: 'berth/watch-round/1', ...(dryRun === true ? { isDry: true } : {}), ...round };
}

function roundLines(
  { snapshot, found, settled, steps, end, refusal }: WatchRound,
  { dryRun }: AgentWatchOptions,
): string[] {
  const dry = dryRun === true ? ' (dry run: nothing of it was recorded)' : '';
  const known = settled === 0 ? '' : `, ${settled} of them settled or waiting for a person`;
  return [
    `${snapshot.at}  ${found} ${found === 1 ? 'cause' : 'causes'}${known}${dry}`,
    ...steps.flatMap(stepLines),
    ...(refusal === undefined ? [] : [`  no run was begun: ${cleanText(refusal.summary, 300)}`]),
    ...(end === undefined || refusal !== undefined ? [] : [`  the watch ends: ${endWords[end]}`]),
  ];
}

function stepLines({
  cause,
  why,
  how,
  plan,
  result,
  approval,
  command,
  refusal,
  entry,
  run,
}: WatchStep): string[] {
  const total = plan?.price.totalMicroEur;
  const price = total === undefined ? '' : `, ${formatEur(total)} in all`;
  const at = entry === undefined ? '' : `, ledger entry ${entry}`;
  return [
    `  ${cause.contract} ${cause.kind}: ${why}`,
    ...(plan === undefined ? [] : [`    ${how ?? ''}: ${plan.id} at ${plan.sites.join(', ')}${price}`]),
    `    ${resultWords[result]}${approval === undefined ? '' : ` as ${approval}: ${command ?? ''}`}${at} (${run})`,
    ...(refusal === undefined ? [] : [`    ${cleanText(refusal.summary, 300)}`]),
  ];
}

const resultWords: Readonly<Record<WatchStep['result'], string>> = {
  done: 'done',
  waiting: 'waits for a person',
  refused: 'refused',
  again: 'not done now, and proposed again in the next round',
  'no-plan': 'nothing that could be planned would help',
  'other-run': 'another watch has it in hand',
};

/** Nothing for one look. Throws INVALID_INPUT. */
function everyOf({ every, once }: AgentWatchOptions): number | undefined {
  if (once !== true) return every === undefined ? usualEveryS : durationS(every, '--every');
  if (every === undefined) return undefined;
  throw wrong('`--once` and `--every` contradict each other', 'leave one of them out');
}

/** Extends nothing unless it is said by how much. Throws INVALID_INPUT. */
function extensionOf({ extendBy, endingWithin }: AgentWatchOptions): WatchWish['extend'] {
  if (extendBy !== undefined)
    return {
      byMs: durationS(extendBy, '--extend-by') * 1000,
      withinMs: durationS(endingWithin ?? '1d', '--ending-within') * 1000,
    };
  if (endingWithin === undefined) return undefined;
  throw wrong(
    '`--ending-within` says when to extend, not by how much',
    'add `--extend-by`, such as `--extend-by 7d`',
  );
}

/** What is looked at again and again is the present. */
function setClock(): BerthError {
  return wrong(
    'the clock of this ledger is set, and time goes on',
    'look once with `--once`, or use a ledger without BERTH_NOW or a demo clock',
  );
}

function wrong(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}
