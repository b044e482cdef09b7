import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { observeContract } from '../../../src/core/observe/observe.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import type { SiteVerdict } from '../../../src/model/policy.ts';
import { change, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, world, type World } from '../fleet.ts';
import { c101, look, minuteMs } from './look.ts';

const fleet = world('fra1/h1/r1 3×8 H100', 'fra1/h1/r2 1×2 H100');
const small = take(fleet, demand('1×2 H100 24h', { where: ['fra1/h1/r2'] }));

/** The one series of both GPUs, from signs such as `kkx.k`. */
const glanced = (signs: string) =>
  `r2/n01/gpu0-1 gpu-fault ${signs.replaceAll('k', '0 ').replaceAll('x', '1 ').replaceAll('.', '- ').trim()}`;

type Step = { readonly signs: string; readonly answer: SiteVerdict['answer'] };
type Result = 'kept' | 'broken' | 'not-measured';

/** What five windows come to, counted here once more. */
function comesTo(signs: string, wasBroken: boolean): Result {
  const [kept, broken] = ['k', 'x'].map((one) => signs.split(one).length - 1);
  if (broken !== undefined && broken > 2) return 'broken';
  if ((kept ?? 0) + (broken ?? 0) < 3) return 'not-measured';
  return broken === 0 || !wasBroken ? 'kept' : 'broken';
}

const ruledTo = { allowed: 'kept', forbidden: 'broken', 'fact-missing': 'not-measured' } as const;

/** A ledger of breaches kept by hand: what is broken since when, and what each look brings about. */
class Book {
  #terms: string[] | undefined;
  #sinceMs = 0;
  #last: Result = 'not-measured';

  get terms(): readonly string[] | undefined {
    return this.#terms;
  }

  look({ signs, answer }: Step, atMs: number): readonly string[] {
    const wasBroken = this.#last === 'broken' || this.#terms?.includes('devices') === true;
    this.#last = comesTo(signs, wasBroken);
    const now = new Map<string, Result>([
      ['devices', this.#last],
      ['residency', ruledTo[answer]],
    ]);
    const broken = [...now].flatMap(([term, result]) => (result === 'broken' ? [term] : []));
    const fresh = broken.filter((term) => this.#terms?.includes(term) !== true);
    if (fresh.length > 0) {
      if (this.#terms === undefined) this.#sinceMs = atMs;
      this.#terms = [...(this.#terms ?? []), ...fresh];
      return ['contract-observed', `contract-breached ${fresh.join(' ')}`];
    }
    if (this.#terms?.every((term) => now.get(term) === 'kept') !== true) return ['contract-observed'];
    const ended = `contract-restored ${this.#terms.join(' ')} since ${this.#sinceMs}`;
    this.#terms = undefined;
    return ['contract-observed', ended];
  }
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    signs: fc.oneof(
      fc.constantFrom('kkkkk', 'xxxxx', '.....', 'kkkkx', 'kkxxx', '..kkk', '...kk'),
      fc.array(fc.constantFrom('k', 'x', '.'), { minLength: 5, maxLength: 5 }).map((all) => all.join('')),
    ),
    answer: fc.constantFrom<SiteVerdict['answer']>('allowed', 'allowed', 'forbidden', 'fact-missing'),
  }),
  { minLength: 1, maxLength: 8 },
);

describe('breaches, look after look', () => {
  test('begin, grow, last and end as in a book kept by hand', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const book = new Book();
        let now: World = small;
        for (const [at, step] of list.entries()) {
          const atMs = t0 + hourMs + at * minuteMs;
          const verdict = verdictAll(now.state, step.answer);
          const looked = look(now, [glanced(step.signs)], { atMs, verdict });
          const events = looked.events.map((event) => {
            if (event.kind === 'contract-breached') return `${event.kind} ${event.terms.join(' ')}`;
            if (event.kind === 'contract-restored')
              return `${event.kind} ${event.terms.join(' ')} since ${event.sinceMs}`;
            return event.kind;
          });
          expect(events).toEqual(book.look(step, atMs));
          expect(looked.decision.kind).toBe(events.at(-1)?.split(' ')[0]);
          expect(looked.standing?.breach?.terms).toEqual(book.terms);
          now = looked.world;
        }
      }),
      { seed: 17, numRuns: 120 },
    );
  });

  test('a look says how many terms are kept, broken and unknown, which are all there are', () => {
    fc.assert(
      fc.property(steps, ([step]) => {
        if (step === undefined) return;
        const verdict = verdictAll(small.state, step.answer);
        const { decision, standing } = look(small, [glanced(step.signs)], { verdict });
        if (!('kept' in decision)) throw new Error(decision.kind);
        const results = standing?.last.findings.map(({ result }) => result) ?? [];
        const count = (wanted: Result) => results.filter((result) => result === wanted).length;
        expect([decision.kept, decision.broken, decision.unmeasured]).toEqual([
          count('kept'),
          count('broken'),
          count('not-measured'),
        ]);
        expect(decision.kept + decision.broken + decision.unmeasured).toBe(
          small.state.contracts.at(0)?.terms.length,
        );
      }),
      { seed: 18, numRuns: 30 },
    );
  });
});

describe('what a breach tells', () => {
  const large = take(fleet, demand('3×8 H100 24h', { where: ['fra1/h1/r1'] }));
  const faulty = [1, 2, 3].map((node) => `r1/n0${node}/gpu0-7 gpu-fault 1 1 1 1 1 # ${'XID 79 '.repeat(25)}`);

  test('sixteen places at most, in the order of the contract', () => {
    const looked = look(large, faulty);
    const gpus = [1, 2].flatMap((node) =>
      [0, 1, 2, 3, 4, 5, 6, 7].map((gpu) => `fra1/h1/r1/n0${node}/gpu${gpu}`),
    );
    expect(looked.standing?.breach?.places).toEqual(gpus);
    expect(looked.standing?.last.findings.find(({ term }) => term === 'devices')?.places).toEqual(gpus);
  });

  test('each place once, also where several terms blame it, and no more words than there is room for', () => {
    const hot = take(fleet, demand('1×8 H100 24h', { where: ['fra1/h1/r1'] }));
    const verdict = verdictAll(hot.state, 'forbidden');
    const looked = look(hot, faulty.slice(0, 1), { verdict });
    const { places = [], why = '' } = looked.standing?.breach ?? {};
    expect(new Set(places).size).toBe(places.length);
    expect(why.length).toBeLessThanOrEqual(300);
    expect(why).toMatch(
      /^devices: 0 of 8 GPUs without a fault: .*; residency: forbidden at fra1 now: test-rule$/,
    );
  });

  test('a finding names no place where it is not broken', () => {
    const { standing } = look(large, [
      'r1/n01/gpu0-7 gpu-fault 1 1 0 0 0',
      ...[2, 3].map((node) => `r1/n0${node}/gpu0-7 gpu-fault 0 0 0 0 0`),
    ]);
    const devices = standing?.last.findings.find(({ term }) => term === 'devices');
    expect(devices).toMatchObject({
      result: 'kept',
      by: 'metrics',
      windows: { kept: 3, broken: 2, silent: 0 },
    });
    expect(devices).not.toHaveProperty('places');
  });
});

describe('what windows are too few to tell', () => {
  test.each([
    ['.....', 'no samples tell of it'],
    ['..k..', 'too few samples: 1 of 5 windows tell of it; 2 of 2 GPUs without a fault'],
    ['k...k', 'too few samples: 2 of 5 windows tell of it; 2 of 2 GPUs without a fault'],
    ['x...k', 'too few samples: 2 of 5 windows tell of it; 0 of 2 GPUs without a fault: fra1/h1/r2/n01/gpu0'],
  ])('%s: %s', (signs, words) => {
    expect(look(small, [glanced(signs)]).term('devices')).toBe(`not-measured: ${words}`);
  });

  test('each finding says by what it was found', () => {
    const { standing } = look(small, [glanced('kkkkk')]);
    const by = new Map(standing?.last.findings.map((finding) => [finding.term, finding.by]));
    expect([by.get('devices'), by.get('residency'), by.get('start-and-length')]).toEqual([
      'metrics',
      'ledger',
      'ledger',
    ]);
    const unmeasured = standing?.last.findings.filter((finding) => finding.by === 'nothing') ?? [];
    expect(unmeasured.every((finding) => finding.result === 'not-measured')).toBe(true);
    for (const finding of standing?.last.findings ?? [])
      expect(finding.windows !== undefined).toBe(finding.by === 'metrics');
  });
});

const whyNot = (before: World, told: Parameters<typeof look>[2]) => {
  const { decision } = look(before, [glanced('kkkkk')], told);
  return decision.kind === 'refused' && decision.refusal.kind === 'observation-refused'
    ? decision.refusal.why
    : decision.kind;
};

describe('when a measurement may be judged', () => {
  const at = t0 + hourMs;

  test.each([
    ['of this very moment', { untilMs: at }, 'contract-observed'],
    ['of the next', { untilMs: at + 1 }, 'future'],
    ['five minutes old', { untilMs: at - 5 * minuteMs }, 'contract-observed'],
    ['a moment older', { untilMs: at - 5 * minuteMs - 1 }, 'too-old'],
    ['of another version', { version: 2 }, 'other-version'],
    ['of other windows', { windowCount: 4 }, 'other-windows'],
    ['of shorter windows', { windowS: 59 }, 'other-windows'],
    ['of another version and other windows: the first is said', { version: 2, windowS: 59 }, 'other-version'],
  ] as const)('%s', (_, told, expected) => {
    expect(whyNot(small, told)).toBe(expected);
  });

  test('once more for the same moment, not for an earlier one', () => {
    const { world: after } = look(small, [glanced('kkkkk')]);
    expect(whyNot(after, { untilMs: at })).toBe('contract-observed');
    expect(whyNot(after, { untilMs: at - 1 })).toBe('not-newer');
  });

  test('from the moment at which it begins', () => {
    const early = { atMs: t0 + minuteMs };
    expect(whyNot(small, { ...early, untilMs: t0 })).toBe('contract-observed');
    expect(whyNot(small, { ...early, untilMs: t0 - 1 })).toBe('not-begun');
  });

  test('never after its end', () => {
    expect(whyNot(small, { atMs: t0 + 24 * hourMs - 1 })).toBe('contract-observed');
    expect(whyNot(small, { atMs: t0 + 24 * hourMs })).toBe('refused');
  });

  test('of the version that stands', () => {
    const changed = change(small, c101, { end: { kind: 'at', atMs: t0 + 48 * hourMs } });
    expect(whyNot(changed, {})).toBe('other-version');
    expect(whyNot(changed, { version: 2 })).toBe('contract-observed');
  });

  test('a look without a measurement is no question', () => {
    const { state, archive } = small;
    const given = { atMs: at, verdict: verdictAll(state, 'allowed'), archive };
    const command = { kind: 'observe-contract', contract: c101, measurement: digestOf('m') } as const;
    expect(() => observeContract(state, given, command)).toThrow('looked at without a measurement');
  });
});
