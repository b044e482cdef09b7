import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { followAuthority } from '../../../src/core/authority/follow.ts';
import { barrierOf } from '../../../src/core/run/barrier.ts';
import { keepJournal } from '../../../src/core/run/journal.ts';
import { runFaults } from '../../../src/core/run/limits.ts';
import { followRun, runOf } from '../../../src/core/run/run.ts';
import { emptyState, type State } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { AuthorityEvent } from '../../../src/model/authority-event.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import type { Outcome } from '../../../src/model/decision.ts';
import { MandateId, RunId } from '../../../src/model/id.ts';
import { Note, RunCommand, RunEvent } from '../../../src/model/run.ts';
import { hourMs, t0 } from '../fleet.ts';

const first = RunId.parse('R-1');
const part = MandateId.parse('M-2');
const by = (principal: string, more: object = {}) => Actor.parse({ principal, ...more });
const bot = by('agent:bot');

function authorised(state: State, event: object, atMs = t0): State {
  const stamp = { seq: 1, atMs, actor: by('person:ada') };
  return { ...state, authority: followAuthority(state.authority, AuthorityEvent.parse(event), stamp) };
}

/** Sven's mandate for the agent, and Eve's part of it, which ends later and may spend more than the whole. */
const usual = { agent: 'agent:bot', tools: ['contract_commit'], tenants: ['acme'] };
const mandated = [
  { id: 'M-1', sponsor: 'person:sven', expiresAtMs: t0 + 5 * hourMs, spendMicroEur: 500 },
  { id: 'M-2', sponsor: 'person:eve', from: 'M-1', expiresAtMs: t0 + 6 * hourMs, spendMicroEur: 700 },
].reduce(
  (state, own) => authorised(state, { kind: 'mandate-granted', mandate: { ...usual, ...own } }),
  emptyState,
);

type When = { readonly actor?: Actor; readonly atMs?: number };

const keep = (state: State, command: object, { actor = bot, atMs = t0 }: When = {}): Outcome =>
  keepJournal(state, { actor, atMs }, RunCommand.parse(command));

/** What the ledger holds of runs after an outcome; the number of the entry is given. */
function follow(state: State, events: readonly object[], seq: number, actor = bot): State {
  const runs = events
    .flatMap((event) => RunEvent.safeParse(event).data ?? [])
    .reduce((now, event) => followRun(now, event, { seq, atMs: t0, actor }), state.runs);
  return { ...state, runs };
}

const begin = (limits: object = {}, mandate = 'M-2') => ({
  kind: 'begin-run',
  mandate,
  what: 'watch',
  limits: { steps: 3, untilMs: t0 + hourMs, ...limits },
});

const begun = (limits: object = {}) => follow(mandated, keep(mandated, begin(limits)).events, 1);

/** Why it was refused, or what was decided. */
function answer({ decision }: Outcome): string {
  if (decision.kind !== 'refused') return decision.kind;
  const { refusal } = decision;
  return refusal.kind === 'run-refused' ? refusal.why : refusal.kind;
}

const from = (more: When & { readonly limits?: object; readonly mandate?: string } = {}, state = mandated) =>
  answer(keep(state, begin(more.limits, more.mandate), more));

describe('a run begins', () => {
  test('under the agent’s own mandate, by itself or whoever answers for it', () => {
    const named = (onBehalfOf: string) => ({ actor: by('agent:bot', { onBehalfOf }) });
    expect(from()).toBe('run-begun');
    expect(from({ actor: by('agent:other') })).toBe('not-yours');
    expect(from({ mandate: 'M-9' })).toBe('unknown-authority');
    const people = [
      ['person:sven', ['requester']],
      ['person:eve', ['requester']],
      ['person:max', ['requester', 'auditor']],
      ['person:kim', ['operator']],
      ['person:ada', ['admin']],
    ] as const;
    const closed = people.reduce((state, [id, roles]) => {
      const principal = { kind: 'person', id, name: id, roles };
      return authorised(state, { kind: 'principal-registered', principal });
    }, mandated);
    expect(people.map(([id]) => from(named(id), closed))).toEqual([
      'run-begun',
      'run-begun',
      'not-yours',
      'run-begun',
      'run-begun',
    ]);
    expect(from(named('person:olga'), closed)).toBe('not-yours');
    expect(from(named('person:olga'))).toBe('run-begun');
    expect(from({}, closed)).toBe('run-begun');
  });

  test('not after its end, not under a mandate that stands no more, not while it is stopped', () => {
    expect(from({ limits: { untilMs: t0 } })).toBe('not-in-time');
    expect(from({ limits: { untilMs: t0 + 1 } })).toBe('run-begun');
    expect(from({ atMs: t0 + 5 * hourMs, limits: { untilMs: t0 + 9 * hourMs } })).toBe('outside-mandate');
    const stop = { kind: 'stopped', target: { kind: 'principal', id: 'agent:bot' }, reason: 'x' };
    expect(from({}, authorised(mandated, stop))).toBe('stopped');
    const back = authorised(mandated, { kind: 'mandate-revoked', mandate: 'M-1', reason: 'x' });
    expect(from({}, back)).toBe('outside-mandate');
  });

  test('not faster than its mandate lets it', () => {
    const busy = Array.from({ length: 60 }).reduce<State>(
      (state, _, at) => authorised(state, { kind: 'mandate-used', mandate: 'M-2', request: digestOf(at) }),
      mandated,
    );
    expect(from({}, busy)).toBe('rate-limited');
    expect(from({ atMs: t0 + 60_000 }, busy)).toBe('run-begun');
  });

  test('with no more than any mandate of its chain allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 * hourMs }),
        fc.option(fc.nat(900), { nil: undefined }),
        fc.constantFrom('M-1', 'M-2'),
        (lengthMs, spendMicroEur, mandate) => {
          const limits = {
            untilMs: t0 + lengthMs,
            ...(spendMicroEur === undefined ? {} : { spendMicroEur }),
          };
          const { decision, events } = keep(mandated, begin(limits, mandate));
          const untilMs = Math.min(t0 + lengthMs, t0 + 5 * hourMs);
          expect(decision).toEqual({ kind: 'run-begun', run: 'R-1', untilMs });
          const within = { steps: 3, untilMs, spendMicroEur: Math.min(500, spendMicroEur ?? 500) };
          expect(events.at(1)).toMatchObject({ limits: within, mandate });
        },
      ),
      { numRuns: 200, seed: 91 },
    );
  });
});

const barrier = (state: State, atMs = t0, run = true) =>
  barrierOf(state, { actor: run ? by('agent:bot', { run: 'R-1' }) : bot, mandate: part, atMs });

const deed = (spendMicroEur = 0, run = 'R-1') => ({ kind: 'run-used', run, spendMicroEur });

describe('a run goes on', () => {
  test('until its time or its steps are over, or somebody ended it', () => {
    expect(barrier(begun())).toBeUndefined();
    expect([barrier(begun(), t0 + hourMs - 1), barrier(begun(), t0 + hourMs)]).toEqual([undefined, 'time']);
    const two = follow(begun(), [deed(), deed()], 2);
    expect(barrier(two)).toBeUndefined();
    expect(barrier(follow(two, [deed()], 3))).toBe('steps');
    expect(barrier(follow(two, [{ kind: 'run-ended', run: 'R-1', why: 'done' }], 3))).toBe('done');
    expect(barrier(follow(two, [deed()], 3), t0, false)).toBeUndefined();
  });

  test('while its mandate stands and nobody stops it', () => {
    expect(barrier(begun(), t0 + 5 * hourMs)).toBe('mandate');
    expect(barrier(emptyState)).toBe('mandate');
    expect(barrier(authorised(begun(), { kind: 'mandate-revoked', mandate: 'M-1', reason: 'x' }))).toBe(
      'mandate',
    );
    const stop = { kind: 'stopped', target: { kind: 'principal', id: 'agent:bot' }, reason: 'x' };
    expect(barrier(authorised(begun(), stop))).toBe('stopped');
  });

  test('with deeds inside its time, its steps and what it may spend', () => {
    const act = {
      action: 'commit',
      places: [],
      need: { gpus: 0, blastGpus: 0 },
      preempts: 0,
      preemptsOthers: 0,
      regimes: [],
      dataClasses: [],
      request: () => digestOf('x'),
    } as const;
    const faults = (state: State, costMicroEur: number | undefined, atMs = t0) => {
      const run = runOf(state.runs, first);
      if (run === undefined) throw new Error('it was begun');
      return [...runFaults(run, { act, costMicroEur, atMs })].map(({ limit, left }) => `${limit}: ${left}`);
    };
    const spent = follow(begun(), [deed(300)], 2);
    expect(faults(spent, 200)).toEqual([]);
    expect(faults(spent, 201)).toEqual(['run-spend: 200 of 500']);
    expect(faults(spent, undefined)).toEqual(['run-spend: 200 of 500']);
    expect(faults(follow(spent, [deed(900)], 3), 0)).toEqual(['run-spend: 0 of 500']);
    const full = follow(follow(spent, [deed()], 3), [deed()], 4);
    expect(faults(full, 0)).toEqual(['run-steps: 0 of 3']);
    const untilMs = t0 + hourMs;
    expect(faults(spent, 0, untilMs - 1)).toEqual([]);
    expect(faults(spent, 0, untilMs)).toEqual([`run-time: R-1 was to end at ${untilMs}`]);
    const over = follow(begun(), [{ kind: 'run-ended', run: 'R-1', why: 'stopped' }], 2);
    expect(faults(over, 0)).toEqual([`run: R-1 ended at ${t0}: stopped`]);
  });
});

const plan = (letter: string) => `plan-${letter.repeat(16)}`;

const note = (more: object, run = 'R-1') => ({
  kind: 'note-run',
  run,
  note: Note.parse({ step: 1, saw: [], ...more }),
});

/** Writes lines that must be taken down. */
const written = (state: State, ...lines: readonly object[]) =>
  lines.reduce<State>((now, line) => {
    const outcome = keep(now, note(line));
    if (outcome.decision.kind === 'refused') throw new Error(JSON.stringify(outcome.decision));
    return follow(now, outcome.events, 9);
  }, state);

describe('a journal', () => {
  const cause = { key: digestOf('a fault'), kind: 'fault', contract: 'C-101', places: [], events: [] };
  const proposed = (letter?: string) => ({
    cause,
    proposed: { how: 'replace', ...(letter === undefined ? {} : { plan: plan(letter) }) },
  });
  const did = (result: string, more: object = {}) => ({ cause, did: { result, ...more } });

  test('is kept by the agent that began the run, until it ends', () => {
    expect(keep(begun(), note({})).decision).toEqual({ kind: 'run-noted', run: 'R-1', number: 1 });
    expect(answer(keep(begun(), note({}, 'R-2')))).toBe('unknown');
    expect(answer(keep(begun(), note({}), { actor: by('agent:other') }))).toBe('not-yours');
    const end = keep(begun(), { kind: 'end-run', run: 'R-1', why: 'done' });
    expect(answer(end)).toBe('run-ended');
    const over = follow(begun(), end.events, 2);
    expect(answer(keep(over, note({})))).toBe('ended');
    expect(answer(keep(over, { kind: 'end-run', run: 'R-1', why: 'done' }))).toBe('ended');
  });

  test('has two lines for each step, and eight more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), (steps) => {
        const most = 2 * steps + 8;
        const lines = Array.from({ length: most }, () => ({}));
        const last = written(begun({ steps }), ...lines.slice(1));
        expect(keep(last, note({})).decision).toMatchObject({ number: most });
        expect(answer(keep(written(last, {}), note({})))).toBe('full');
      }),
      { numRuns: 6, seed: 92 },
    );
  });

  test('proposes a plan for a cause once, whoever watches', () => {
    const one = written(begun(), proposed('a'));
    expect(answer(keep(one, note(proposed('b'))))).toBe('noted-before');
    expect(answer(keep(one, note(proposed())))).toBe('noted-before');
    expect(answer(keep(one, note({ ...proposed('b'), cause: { ...cause, key: digestOf('next') } })))).toBe(
      'run-noted',
    );
    const without = written(begun(), proposed());
    expect(answer(keep(without, note(proposed('a'))))).toBe('run-noted');
    expect(answer(keep(without, note(proposed())))).toBe('noted-before');
  });

  test('proposes another plan where the one before did not hold, three in all', () => {
    const two = written(begun(), proposed('a'), did('again'), proposed('b'), did('again'));
    expect(two.runs.proposals.get(digestOf('a fault'))).toMatchObject({ tries: 2, plan: plan('b') });
    const three = written(two, proposed('c'), did('again'));
    expect(answer(keep(three, note(proposed('d'))))).toBe('noted-before');
    const done = written(begun(), proposed('a'), did('done'));
    expect(answer(keep(done, note(proposed('b'))))).toBe('noted-before');
  });

  test('says once what became of it', () => {
    const one = written(begun(), proposed('a'));
    for (const result of ['done', 'waiting', 'refused']) {
      const over = written(one, did(result));
      expect(over.runs.proposals.get(digestOf('a fault'))).toMatchObject({ result });
      expect(answer(keep(over, note(did('done'))))).toBe('noted-before');
    }
    expect(answer(keep(written(one, did('again')), note(did('done'))))).toBe('run-noted');
  });

  test('names only entries in which the run, or the one that proposed it, did something', () => {
    const second = follow(written(begun(), proposed('a')), keep(begun(), begin()).events, 4);
    const both = follow(follow(second, [deed(0, 'R-1')], 5), [deed(0, 'R-2')], 6);
    const told = (entry: number, run: string, more: object = { cause }) =>
      answer(keep(both, note({ ...more, did: { result: 'done', entry } }, run)));
    expect([told(5, 'R-1'), told(6, 'R-1')]).toEqual(['run-noted', 'no-such-entry']);
    expect([told(5, 'R-2'), told(6, 'R-2'), told(7, 'R-2')]).toEqual([
      'run-noted',
      'run-noted',
      'no-such-entry',
    ]);
    expect(told(5, 'R-2', {})).toBe('no-such-entry');
  });

  test('counts what its deeds spent and where it was told last', () => {
    const events = [1, 20, 300].map((spendMicroEur) => ({ kind: 'run-used', run: 'R-1', spendMicroEur }));
    const state = events.reduce<State>((now, event, at) => follow(now, [event], 10 + at), begun());
    expect(runOf(state.runs, first)).toMatchObject({ spentMicroEur: 321, deeds: [10, 11, 12], lastSeq: 12 });
    expect(() => follow(emptyState, events, 1)).toThrow('was never begun');
  });
});
