import { keepJournal } from '../../../src/core/run/journal.ts';
import { followRun, type Runs } from '../../../src/core/run/run.ts';
import { emptyState } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Note, RunCommand, RunEvent } from '../../../src/model/run.ts';
import { hourMs, t0 } from '../fleet.ts';

const bot = Actor.parse({ principal: 'agent:bot' });

/** Runs after events, an entry each, from entry `seq` on; the agent's own unless said otherwise. */
export function followed(before: Runs, seq: number, events: readonly object[], actor = bot): Runs {
  return events.reduce<Runs>(
    (runs, event, at) =>
      followRun(runs, RunEvent.parse(event), { seq: seq + at, atMs: t0 + seq + at, actor }),
    before,
  );
}

/** A run that begins under M-1, of so many steps. */
export function beginning(run: string, steps = 100, more: object = {}): object {
  const limits = { steps, untilMs: t0 + hourMs };
  return { kind: 'run-begun', run, mandate: 'M-1', what: 'watch', limits, ...more };
}

export const plan = (letter: string) => `plan-${letter.repeat(16)}`;
export const causeOf = (what: string) => ({
  key: digestOf(what),
  kind: 'fault',
  contract: 'C-101',
  places: [],
  events: [],
});

export function noting(run: string, more: object): { kind: 'run-noted'; run: string; note: Note } {
  return { kind: 'run-noted', run, note: Note.parse({ step: 1, saw: [], ...more }) };
}

/** Why the journal does not take a line, or that it does. */
export function answerTo(runs: Runs, line: { readonly run: string; readonly note: Note }): string {
  const command = RunCommand.parse({ kind: 'note-run', run: line.run, note: line.note });
  const { decision } = keepJournal({ ...emptyState, runs }, { actor: bot, atMs: t0 }, command);
  if (decision.kind !== 'refused') return decision.kind;
  return decision.refusal.kind === 'run-refused' ? decision.refusal.why : decision.refusal.kind;
}
