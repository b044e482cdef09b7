import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Binding } from '../../../src/core/binding/binding.ts';
import { byLedger } from '../../../src/core/observe/by-ledger.ts';
import type { State } from '../../../src/core/state.ts';
import { type BindingResult, EngineName } from '../../../src/model/binding.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import type { Contract } from '../../../src/model/contract.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import type { PolicyVerdict, SiteVerdict } from '../../../src/model/policy.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { c101 } from './look.ts';
import { held, termOf } from './sight.ts';

const { state } = world('fra1/h1/r1 2×8 H100', 'ams1/h1/r1 1×8 H100', 'par1/h1/r1 1×8 H100');
const [fra, ams, par] = ['fra1/h1/r1/n01', 'ams1/h1/r1/n01', 'par1/h1/r1/n01'];

function granted(...lines: readonly string[]): Contract {
  return held({ state, archive: world().archive, entries: [] }, demand('1×1'), placement(24, ...lines));
}

const one = granted(`train 0 ${fra} gpu0-3`);

/** `kept: active; held by slurm`. */
function told(
  kind: 'start-and-length' | 'residency' | 'price',
  on: State,
  asked: Parameters<typeof byLedger>[1],
) {
  const known = byLedger(on, asked, termOf(kind));
  return known === undefined ? 'absent' : `${known.result}: ${known.delivered}`;
}

type Held = Partial<Omit<Binding, 'engine' | 'last'>> & {
  readonly result?: BindingResult;
  readonly differences?: readonly string[];
};

/** What engines were handed, one binding each; version 1 of C-101 unless said otherwise. */
function handedTo(engines: Readonly<Record<string, Held>>): State {
  const bindings = Object.entries(engines).map(
    ([engine, { result, differences = [], ...more }]): Binding => ({
      subject: c101,
      engine: EngineName.parse(engine),
      version: 1,
      objects: digestOf(engine),
      objectCount: 1,
      places: [],
      beganAtMs: t0,
      attempts: 0,
      ...more,
      ...(result === undefined ? {} : { last: { result, differences, atMs: t0 } }),
    }),
  );
  return {
    ...state,
    bindings: new Map(bindings.map((binding) => [`${binding.subject} ${binding.engine}`, binding])),
  };
}

const during = t0 + hourMs;
const start = (engines: Readonly<Record<string, Held>>, contract: Contract = one, atMs = during) =>
  told('start-and-length', handedTo(engines), { contract, atMs });

describe('its start and length, by what engines hold', () => {
  const bound: Contract = { ...one, state: 'bound' };

  test.each<readonly [string, Readonly<Record<string, Held>>, string]>([
    ['no engine was handed it', {}, 'not-measured: no engine was handed it'],
    [
      'an engine was handed another contract',
      { slurm: { subject: ContractId.parse('C-102'), result: 'kept' } },
      'not-measured: no engine was handed it',
    ],
    ['it is held', { slurm: { result: 'kept' } }, 'kept: active; held by slurm'],
    [
      'several engines hold it',
      { slurm: { result: 'kept' }, kubernetes: { result: 'kept' } },
      'kept: active; held by slurm, kubernetes',
    ],
    [
      'one of several holds something else',
      {
        slurm: { result: 'kept' },
        kubernetes: { result: 'differs', differences: ['2 nodes, wanted 1', 'late'] },
      },
      'broken: kubernetes does not hold it: 2 nodes, wanted 1',
    ],
    [
      'it holds something else, unsaid what',
      { slurm: { result: 'differs' } },
      'broken: slurm does not hold it: differs',
    ],
    ['it was refused', { slurm: { result: 'refused' } }, 'broken: slurm does not hold it: refused'],
    [
      'two lack it: the first is named',
      { slurm: { result: 'refused' }, kubernetes: { result: 'differs' } },
      'broken: slurm does not hold it: refused',
    ],
    [
      'it lacks an older version: it is lacking all the same',
      { slurm: { result: 'refused', version: 7 } },
      'broken: slurm does not hold it: refused',
    ],
    [
      'it holds an older version',
      { slurm: { result: 'kept', version: 7 } },
      'not-measured: slurm was handed an older version',
    ],
    [
      'one of two holds an older version',
      { slurm: { result: 'kept', version: 7 }, kubernetes: { result: 'kept' } },
      'not-measured: slurm, kubernetes was handed an older version',
    ],
  ])('%s', (_, engines, expected) => {
    expect(start(engines, bound)).toBe(expected);
  });

  test('what is bound is active from its start on, and what is not bound is not known', () => {
    const [later] = [{ ...bound, placement: { ...bound.placement, startMs: during + 1 } }];
    expect(start({ slurm: { result: 'kept' } }, later)).toBe('kept: bound; held by slurm');
    expect(start({ slurm: { result: 'unreachable' } }, one)).toBe(
      'not-measured: slurm does not hold all of it, or was not reached',
    );
    expect(start({ slurm: { result: 'kept' } }, { ...one, state: 'active' })).toMatch(/^kept: active/);
  });

  test.each([
    ['a moment before its start', -1, 'not-measured'],
    ['at its start', 0, 'broken'],
    ['later', 1, 'broken'],
  ])('nothing is broken before it is due: %s', (_, afterMs, expected) => {
    expect(start({ slurm: { result: 'refused' } }, one, t0 + afterMs)).toBe(
      `${expected}: slurm does not hold it: refused`,
    );
  });

  test('however much an engine says, a finding has room for it', () => {
    const long = start({ slurm: { result: 'differs', differences: ['x'.repeat(300)] } });
    expect(long).toBe(`broken: ${`slurm does not hold it: ${'x'.repeat(300)}`.slice(0, 200)}`);
    const engines: Record<string, Held> = {};
    for (let at = 0; at < 20; at++) engines[`engine-${at}-of-many`] = { result: 'kept' };
    const many = start(engines, bound);
    expect(many.length).toBe('kept: '.length + 200);
  });
});

const site = (name: string, answer: SiteVerdict['answer']): SiteVerdict => ({
  site: Path.parse(name),
  answer,
  hits:
    answer === 'allowed'
      ? []
      : ['first', 'second'].map((rule) => ({
          rule: `${name}-${rule}`,
          article: 'Art. 1',
          effect: answer === 'forbidden' ? 'forbid' : 'fact-missing',
          why: 'the test says so',
          fix: 'ask it',
        })),
});

const ruled = (contract: Contract, ...sites: readonly SiteVerdict[]) => {
  const verdict: PolicyVerdict = { policy: digestOf('rules'), packs: [], sites: [...sites] };
  return told('residency', state, { contract, atMs: during, verdict });
};

describe('where it may run, by the rules of now', () => {
  const three = granted(`train 0 ${par} gpu0`, `train 1 ${fra} gpu0`, `+ train 2 ${ams} gpu0`);
  const allowed = [site('fra1', 'allowed'), site('ams1', 'allowed'), site('par1', 'allowed')];

  test('allowed at each of its sites, spares too, in order', () => {
    expect(ruled(three, ...allowed)).toBe('kept: allowed at ams1, fra1, par1 by the facts of now');
    expect(ruled(one, ...allowed)).toBe('kept: allowed at fra1 by the facts of now');
  });

  test('forbidden at one is broken, with the site and its first rule; what is missing elsewhere does not soften it', () => {
    expect(
      ruled(three, site('fra1', 'forbidden'), site('ams1', 'fact-missing'), site('par1', 'allowed')),
    ).toBe('broken: forbidden at fra1 now: fra1-first');
    expect(ruled(three, ...allowed.with(1, site('ams1', 'forbidden')))).toMatch(/^broken: forbidden at ams1/);
  });

  test('forbidden where it does not run is nothing to it', () => {
    expect(ruled(one, site('fra1', 'allowed'), site('ams1', 'forbidden'))).toMatch(/^kept/);
  });

  test.each<readonly [string, readonly SiteVerdict[]]>([
    ['a fact is missing at one site', allowed.with(2, site('par1', 'fact-missing'))],
    ['nothing was answered for one', allowed.slice(0, 2)],
    ['nothing was answered at all', []],
  ])('not known where %s', (_, sites) => {
    expect(ruled(three, ...sites)).toBe('not-measured: a fact that the rules need is missing by now');
  });

  test('not known where nobody asked the rules', () => {
    expect(told('residency', state, { contract: one, atMs: during })).toMatch(/^not-measured/);
    expect(
      told('residency', state, { contract: one, atMs: during, verdict: verdictAll(state, 'allowed') }),
    ).toMatch(/^kept/);
  });
});

const eur = 1_000_000;

const priced = (microEurPerHour: number): Contract => ({
  ...one,
  price: { priceBook: 'book', lines: [], microEurPerHour },
});

const cost = (contract: Contract, seconds: number) =>
  told('price', state, { contract, atMs: t0 + seconds * 1000 });

describe('what it costs, by what was agreed', () => {
  test.each<readonly [string, number, number, string]>([
    ['nothing at its start', 4 * eur, 0, '0.00 EUR so far, for 0 GPU-hours held'],
    ['nothing before it', 4 * eur, -3600, '0.00 EUR so far, for 0 GPU-hours held'],
    ['four GPUs for an hour', 4 * eur, 3600, '4.00 EUR so far, for 4 GPU-hours held'],
    ['cents have two digits', 4 * eur, 45, '0.05 EUR so far, for 0 GPU-hours held'],
    ['and are rounded down', 4 * eur, 44, '0.04 EUR so far, for 0 GPU-hours held'],
    ['whole GPU-hours only', 4 * eur, 899, '0.99 EUR so far, for 0 GPU-hours held'],
    ['a quarter of an hour of four', 4 * eur, 900, '1.00 EUR so far, for 1 GPU-hours held'],
    ['more than a thousand', 40_000 * eur, 86_400, '960000.00 EUR so far, for 96 GPU-hours held'],
  ])('%s', (_, perHour, seconds, expected) => {
    expect(cost(priced(perHour), seconds)).toBe(`kept: ${expected}`);
  });

  test('without a price it costs nothing that anybody has agreed on, and holds GPUs all the same', () => {
    expect(cost({ ...one, price: { priceBook: 'none', lines: [] } }, 7200)).toBe(
      'kept: 0.00 EUR so far, for 8 GPU-hours held',
    );
  });

  test('each price counts until the change that ended it', () => {
    const { version, plan, planDigest, demand: asked, placement: before } = one;
    const earlier = [
      {
        version,
        plan,
        planDigest,
        demand: asked,
        placement: before,
        price: priced(4 * eur).price,
        untilMs: t0 + 2 * hourMs,
      },
    ];
    const changed: Contract = {
      ...priced(2 * eur),
      placement: { ...placement(24, `train 0 ${fra} gpu0-1`), startMs: t0 + 2 * hourMs },
      earlier,
    };
    // Two hours of four GPUs at one euro each, then three hours of two.
    expect(cost(changed, 5 * 3600)).toBe('kept: 14.00 EUR so far, for 14 GPU-hours held');
    expect(cost(changed, 3600)).toBe('kept: 4.00 EUR so far, for 4 GPU-hours held');
  });

  test('never falls as time goes on', () => {
    const seconds = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(seconds, seconds, fc.integer({ min: 0, max: 9 * eur }), (a, b, perHour) => {
        const [first = 0, second = 0] = [a, b]
          .toSorted((x, y) => x - y)
          .map((at) => Number(/^kept: ([0-9.]+) EUR/.exec(cost(priced(perHour), at))?.[1]));
        expect(second).toBeGreaterThanOrEqual(first);
      }),
      { seed: 5, numRuns: 100 },
    );
  });
});

test.each(['devices', 'power', 'survival', 'bandwidth', 'isolation', 'response'] as const)(
  'the ledger knows nothing of %s',
  (kind) => {
    expect(byLedger(state, { contract: one, atMs: during }, termOf(kind))).toBeUndefined();
  },
);
