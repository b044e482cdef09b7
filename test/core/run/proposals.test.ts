import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { noRuns, runOf, type Runs } from '../../../src/core/run/run.ts';
import { Actor } from '../../../src/model/actor.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { RunId } from '../../../src/model/id.ts';
import { hourMs, t0 } from '../fleet.ts';
import { answerTo, beginning, causeOf, followed, noting, plan } from './running.ts';

const two = followed(noRuns, 1, [beginning('R-1'), beginning('R-2')]);
const [r1, r2] = [RunId.parse('R-1'), RunId.parse('R-2')];

describe('what is kept of a run', () => {
  test('is who began it, for whom, when, under what and for what', () => {
    const actor = Actor.parse({ principal: 'agent:bot', onBehalfOf: 'person:eve' });
    const runs = followed(noRuns, 7, [beginning('R-1', 5, { purpose: 'keep it full' })], actor);
    expect(runOf(runs, r1)).toEqual({
      id: 'R-1',
      agent: 'agent:bot',
      by: 'person:eve',
      mandate: 'M-1',
      what: 'watch',
      limits: { steps: 5, untilMs: t0 + hourMs },
      purpose: 'keep it full',
      beganAtMs: t0 + 7,
      beganSeq: 7,
      lastSeq: 7,
      noteCount: 0,
      deeds: [],
      spentMicroEur: 0,
    });
    const alone = runOf(followed(noRuns, 7, [beginning('R-1')]), r1);
    expect(alone).not.toHaveProperty('by');
    expect(alone).not.toHaveProperty('purpose');
    expect(alone).not.toHaveProperty('end');
  });

  test('is its deeds by their entries, what they take on, its lines, and its end', () => {
    const events = [
      { kind: 'run-used', run: 'R-1', spendMicroEur: 40 },
      noting('R-1', {}),
      { kind: 'run-used', run: 'R-1', spendMicroEur: 2 },
      noting('R-1', { cause: causeOf('x') }),
      { kind: 'run-ended', run: 'R-1', why: 'steps' },
    ];
    expect(runOf(followed(two, 10, events), r1)).toMatchObject({
      deeds: [10, 12],
      spentMicroEur: 42,
      noteCount: 2,
      lastSeq: 14,
      end: { why: 'steps', atMs: t0 + 14 },
    });
    expect(runOf(followed(two, 10, events), r2)).toEqual(runOf(two, r2));
  });

  test('nothing where nobody began it, and no run follows out of its turn', () => {
    expect(runOf(two, RunId.parse('R-3'))).toBeUndefined();
    for (const event of [noting('R-3', {}), { kind: 'run-ended', run: 'R-3', why: 'done' }])
      expect(() => followed(two, 9, [event])).toThrow('the run `R-3` was never begun');
    expect(() => followed(two, 9, [beginning('R-4')])).toThrow(RangeError);
  });
});

const cause = causeOf('a fault');
const key = digestOf('a fault');
const proposing = (letter?: string, run = 'R-1') =>
  noting(run, {
    cause,
    proposed: { how: 'replace', ...(letter === undefined ? {} : { plan: plan(letter) }) },
  });
const doing = (result: string, run = 'R-1') => noting(run, { cause, did: { result } });

describe('what is proposed for a cause', () => {
  test.each<readonly [string, readonly object[], object]>([
    ['a plan', [proposing('a')], { run: 'R-1', plan: plan('a'), how: 'replace', tries: 1 }],
    ['no plan, where none was found', [proposing()], { run: 'R-1', tries: 0 }],
    [
      'a plan where none was found before',
      [proposing(), proposing('a')],
      { run: 'R-1', plan: plan('a'), how: 'replace', tries: 1 },
    ],
    [
      'with what became of it',
      [proposing('a'), doing('waiting')],
      { run: 'R-1', plan: plan('a'), how: 'replace', tries: 1, result: 'waiting' },
    ],
    [
      'by whoever proposed it, also where another run told of it',
      [proposing('a'), doing('done', 'R-2')],
      { run: 'R-1', plan: plan('a'), how: 'replace', tries: 1, result: 'done' },
    ],
    [
      'another plan has no result yet, and belongs to who proposed that one',
      [proposing('a'), doing('again'), proposing('b', 'R-2')],
      { run: 'R-2', plan: plan('b'), how: 'replace', tries: 2 },
    ],
    [
      'the same plan once more is no other try',
      [proposing('a'), doing('again'), proposing('a')],
      { run: 'R-1', plan: plan('a'), how: 'replace', tries: 1, result: 'again' },
    ],
    [
      'something done about it, with nothing proposed',
      [doing('refused')],
      { run: 'R-1', tries: 0, result: 'refused' },
    ],
  ])('%s', (_, events, expected) => {
    expect(followed(two, 3, events).proposals.get(key)).toEqual(expected);
  });

  test('a line without a cause proposes nothing for any', () => {
    const line = noting('R-1', { proposed: { how: 'replace', plan: plan('a') } });
    expect(followed(two, 3, [line]).proposals.size).toBe(0);
  });

  test('causes are apart', () => {
    const other = noting('R-1', { cause: causeOf('an end'), proposed: { how: 'extend', plan: plan('b') } });
    const { proposals } = followed(two, 3, [proposing('a'), other]);
    expect([...proposals.values()].map((one) => one.plan)).toEqual([plan('a'), plan('b')]);
  });
});

type Line = { readonly run: 'R-1' | 'R-2'; readonly what: string };

/** Whether a line may follow, by a tally kept by hand: `+a` proposes plan a, `+` none, `done` tells what became. */
class Tally {
  #seen = false;
  #plan = '';
  #result = '';
  #tries = 0;

  takes({ what }: Line): boolean {
    if (!this.#seen) return true;
    if (!what.startsWith('+')) return this.#result === '' || this.#result === 'again';
    if (what === '+') return false;
    return this.#plan === '' || (this.#result === 'again' && this.#tries < 3);
  }

  take({ what }: Line): void {
    this.#seen = true;
    if (!what.startsWith('+')) this.#result = what;
    else if (what !== '+' && what !== this.#plan) {
      this.#plan = what;
      this.#tries += 1;
      this.#result = '';
    }
  }
}

test('whatever lines come, a cause is proposed as often, and done with, as a tally by hand says', () => {
  const line = fc.record({
    run: fc.constantFrom('R-1' as const, 'R-2' as const),
    what: fc.constantFrom('+', '+a', '+b', '+c', '+d', '+e', 'again', 'again', 'again', 'done', 'refused'),
  });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
      const tally = new Tally();
      let runs: Runs = two;
      for (const [at, one] of lines.entries()) {
        const letter = one.what.slice(1);
        const note = one.what.startsWith('+')
          ? proposing(letter === '' ? undefined : letter, one.run)
          : doing(one.what, one.run);
        const isTaken = tally.takes(one);
        expect(answerTo(runs, note)).toBe(isTaken ? 'run-noted' : 'noted-before');
        if (!isTaken) continue;
        tally.take(one);
        runs = followed(runs, 3 + at, [note]);
      }
      expect(runs.proposals.get(key)?.tries ?? 0).toBeLessThanOrEqual(3);
    }),
    { seed: 61, numRuns: 200 },
  );
});
