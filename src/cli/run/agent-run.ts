import { text } from 'node:stream/consumers';

import type { TurnEvent } from '../../agent/agent.ts';
import { goalsIn } from '../../agent/pursuit/goals.ts';
import type { Pursued, PursuedStep } from '../../agent/pursuit/pursue.ts';
import { drawTurn } from '../../chat/cards/turn.ts';
import { jsonLine } from '../../chat/headless.ts';
import { paintOf, renderAnsi } from '../../chat/render.ts';
import { goalMost } from '../../control/journalling.ts';
import { endpointOf } from '../../llm/endpoint.ts';
import { BerthError } from '../../model/error.ts';
import type { RunView } from '../../model/run-view.ts';
import { cleanText } from '../../model/text.ts';
import { hourS } from '../../model/unit.ts';
import { refusalCode } from '../answer-code.ts';
import { endCode, endWords } from '../autonomy/end-code.ts';
import { type Errand, type Listening, runErrand } from '../autonomy/errand.ts';
import { keyOf, type LimitOptions, limitsOf } from '../autonomy/limits.ts';
import { partyOf } from '../autonomy/party.ts';
import { runWords } from '../autonomy/run-words.ts';
import { durationS } from '../duration.ts';
import { columnsOf, type Io } from '../io.ts';
import { print } from '../output.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type AgentRunOptions = Common &
  LimitOptions & {
    readonly mandate: string;
    readonly goOn?: boolean;
    readonly wait?: string | true;
    readonly dryRun?: boolean;
    readonly output?: 'text' | 'json' | 'stream-json';
  };

/** Calls of tools where nobody says; the built-in reader makes three to six for a sentence. */
const usualSteps = 60;

/** Lets the agent of a mandate work towards a goal. Resolves to the exit code. */
export async function agentRun(io: Io, words: readonly string[], options: AgentRunOptions): Promise<number> {
  const goals = await goalsOf(io, words);
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    const control = options.dryRun === true ? await session.rehearsal() : session.control;
    const errand = await errandOf(io, { ...session, control }, { goals, options });
    const unread = await unreadIn(io, session, errand);
    if (unread !== undefined) return showUnread(io, options, unread);
    return send(io, errand, options);
  });
}

/** What was typed, or with `-` what comes over stdin, sentence by sentence. Throws INVALID_INPUT. */
async function goalsOf(io: Io, words: readonly string[]): Promise<readonly string[]> {
  const said = words.length === 1 && words[0] === '-' ? [await text(io.stdin)] : words;
  const goals = goalsIn(said);
  const length = goals.join('\n').length;
  if (goals.length > 0 && length <= goalMost) return goals;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message:
      goals.length === 0
        ? 'the goal is empty'
        : `the goal has ${length} characters, at most ${goalMost} are kept`,
    fix: 'say it in plain sentences: berth agent run "8 H100 in fra1 for 2 days from tomorrow for acme" --mandate M-1',
  });
}

async function errandOf(
  io: Io,
  session: Session,
  { goals, options }: { readonly goals: readonly string[]; readonly options: AgentRunOptions },
): Promise<Errand> {
  const { mandate, caller } = await partyOf(session, options.mandate, 'built-in');
  const { atMs } = (await session.control.runs(caller, { limit: 0 })).snapshot;
  const model = endpointOf(io.env)?.model;
  const { wait } = options;
  return {
    control: session.control,
    caller,
    mandate,
    goals,
    limits: limitsOf(options, { nowMs: atMs, steps: usualSteps, usualS: hourS }),
    idemKey: keyOf(options),
    goesOn: options.goOn === true,
    ...(wait === undefined ? {} : { patienceS: wait === true ? hourS : durationS(wait, '--wait') }),
    ...(model === undefined ? {} : { model }),
  };
}

/**
 * A goal of several sentences is rehearsed first, so that nothing of it is done where not all of it can be read. A
 * language model reads what it likes, and `--go-on` says that the rest is wanted all the same.
 */
async function unreadIn(io: Io, session: Session, errand: Errand): Promise<PursuedStep | undefined> {
  if (errand.goals.length < 2 || errand.goesOn || errand.model !== undefined) return undefined;
  const { patienceS: _patienceS, ...rest } = errand;
  const control = await session.rehearsal();
  const tried = await runErrand(io, { ...rest, control, goesOn: true });
  if (tried.kind !== 'run') return undefined;
  const { steps } = tried.pursued;
  const unread = steps.findIndex(({ end }, index) => {
    // What a person would have to say first may follow from a step that could only be asked for.
    const isFirst = steps.slice(0, index).every((before) => before.end === undefined);
    return end === 'not-read' || (end === 'needs-input' && isFirst);
  });
  return steps[unread];
}

function showUnread(io: Io, options: AgentRunOptions, step: PursuedStep): number {
  const { end = 'not-read', turn } = step;
  if (formOf(options) === 'text') {
    writeStep(io, step);
    io.stderr.write('nothing of the goal was done: this sentence was not read whole\n');
  } else
    io.stdout.write(
      `${jsonLine({ schema: 'berth/run/1', end, isRehearsed: true, steps: [stepObject(step)] })}\n`,
    );
  return endCode(end, turn);
}

async function send(io: Io, errand: Errand, options: AgentRunOptions): Promise<number> {
  const form = formOf(options);
  const sent = await runErrand(io, errand, listenerOf(io, form));
  if (sent.kind === 'refused') {
    const { refusal } = sent.written;
    if (refusal === undefined) throw new Error('a run was not begun, and nobody said why');
    print(
      io,
      form !== 'text',
      { kind: 'refusal', refusal },
      { schema: 'berth/run/1', end: 'refused', refusal },
    );
    return refusalCode(refusal);
  }
  const { run } = await errand.control.run(errand.caller, sent.run);
  if (sent.kind === 'before') return showBefore(io, form, run);
  const { pursued, calls } = sent;
  const isDry = options.dryRun === true;
  if (form === 'text') writeEnd(io, { run, calls, isDry });
  else
    io.stdout.write(
      `${jsonLine({ ...runObject(run, { isDry, calls }), steps: pursued.steps.map(stepObject) })}\n`,
    );
  return endCode(pursued.end, worstOf(pursued));
}

function formOf({ output, json }: AgentRunOptions): 'text' | 'json' | 'stream-json' {
  return output ?? (json === true ? 'json' : 'text');
}

/** The answer that says why the run ended as it did. */
function worstOf({ end, steps }: Pursued): PursuedStep['turn'] | undefined {
  return (steps.find((step) => step.end === end) ?? steps.at(-1))?.turn;
}

function listenerOf(io: Io, form: 'text' | 'json' | 'stream-json'): Listening {
  const onWait = (approval: string) => io.stderr.write(`waiting for a person: berth approve ${approval}\n`);
  if (form === 'text') return { onWait, onStep: (step) => writeStep(io, step) };
  if (form === 'json') return { onWait };
  const line = (event: object) => io.stdout.write(`${jsonLine({ schema: 'berth/run-event/1', ...event })}\n`);
  return {
    onWait: (approval) => line({ kind: 'waiting', approval }),
    onBegun: (run) => line({ kind: 'begun', run }),
    onEvent: (event) => line(told(event)),
    onStep: (step) => line({ kind: 'step', ...stepObject(step) }),
  };
}

/** An event without the answer of a tool: what matters of it stands in the step. */
function told(event: TurnEvent): object {
  return event.kind === 'tool-ended' ? { kind: event.kind, call: event.call } : event;
}

function stepObject({ step, goal, turn, deeds, end }: PursuedStep): object {
  const { outcome, reply, plan, contract, question, unread, error } = turn;
  return {
    step,
    goal: cleanText(goal, goalMost),
    outcome,
    reply,
    ...(plan === undefined ? {} : { plan }),
    ...(contract === undefined ? {} : { contract }),
    ...(question === undefined ? {} : { question }),
    ...(unread.length === 0 ? {} : { unread }),
    ...(error === undefined ? {} : { error }),
    deeds,
    ...(end === undefined ? {} : { end }),
  };
}

/** A reply, and what was found; where something was done, its entry says more than a card would. */
function writeStep(io: Io, { step, goal, turn, deeds, end }: PursuedStep): void {
  const shown = deeds.length > 0 ? { ...turn, shown: [] } : turn;
  const lines = renderAnsi(
    drawTurn(shown, { columns: columnsOf(io) }),
    paintOf(io.env, io.stdout.isTTY === true),
  );
  const did = deeds.map(({ proposed, did: { result, entry, contract = proposed.contract, approval } }) => {
    const what = [proposed.how, proposed.plan, contract, approval].filter((word) => word !== undefined);
    return `  ${result}: ${what.join(' ')}${entry === undefined ? '' : `, ledger entry ${entry}`}`;
  });
  const why = end === undefined ? [] : [`  ${endWords[end]}`];
  io.stdout.write(`${[`${step}. ${cleanText(goal, 300)}`, lines, ...did, ...why].join('\n')}\n\n`);
}

type Ended = { readonly run: RunView; readonly calls: number; readonly isDry: boolean };

function writeEnd(io: Io, { run, calls, isDry }: Ended): void {
  const dry = isDry ? ' (dry run: nothing of it was recorded)' : '';
  io.stdout.write(`${runWords(run)}; ${calls} ${calls === 1 ? 'call' : 'calls'} of ${run.steps}${dry}\n`);
}

function runObject(
  run: RunView,
  { isDry, calls }: { readonly isDry: boolean; readonly calls: number },
): object {
  return { schema: 'berth/run/1', end: run.end?.why, ...(isDry ? { isDry } : {}), calls, run };
}

/** The key was used before: that run is told, and nothing is begun. */
function showBefore(io: Io, form: 'text' | 'json' | 'stream-json', run: RunView): number {
  const { id } = run;
  const lines = [`${runWords(run)}; it was begun before with this key: berth agent journal ${id}`];
  print(io, form !== 'text', { kind: 'text', lines }, { schema: 'berth/run/1', isReplayed: true, run });
  return run.end === undefined ? 0 : endCode(run.end.why);
}
