import { isDeepStrictEqual } from 'node:util';

import { describe, expect, test } from 'vitest';

import { digestState } from '../../../src/core/digest.ts';
import type { State } from '../../../src/core/state.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Event } from '../../../src/model/event.ts';
import { ask, planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { observe, t0 } from '../fleet.ts';
import { at, busy, offer, tell, window } from './busy.ts';

const more = planned(busy, demand('1×4 H100 3h')).plan;
const plan = (kind: string, rest: object) => {
  const planDigest = busy.archive.keepPlan(more);
  return {
    kind,
    plan: `plan-${planDigest.slice('sha256:'.length, 'sha256:'.length + 16)}`,
    planDigest,
    ...rest,
  };
};
const measurement = digestOf('measured');
const ends = (contract: string, rest: object = {}) => ({ contract, atMs: at(1), ...rest });
const report = (result: string) => ({
  kind: 'binding-reported',
  subject: 'C-101',
  engine: 'slurm',
  objects: digestOf('objects'),
  account: { result, steps: [], stepCount: 0, differences: [] },
  attempts: 0,
});
const template = {
  schema: 'berth/template/1',
  name: 'fine-tune',
  version: 1,
  title: 'Fine-tuning',
  purpose: 'to try it',
  parameters: {},
  demand: {},
};
const recordedFact = {
  subject: 'site:fra1',
  attribute: 'encryptedAtRest',
  value: true,
  assertedBy: 'the operator',
  evidence: digestOf('paper'),
  assertedAtMs: t0,
  expiresAtMs: at(99),
};

/** What a field says: shelves and runs keep what they say to themselves, so they are told one by one. */
function said(state: State): Map<string, unknown> {
  const { contracts, runs, authority, ...rest } = state;
  return new Map<string, unknown>([
    ...Object.entries(rest),
    ['contracts', [...contracts]],
    ['runs', [[...runs.all], [...runs.proposals]]],
    ['authority', authority.digest],
  ]);
}

function changedFields(before: State, after: State): string[] {
  const now = said(after);
  return [...said(before)]
    .filter(([field, value]) => field !== 'seq' && !isDeepStrictEqual(value, now.get(field)))
    .map(([field]) => field)
    .toSorted();
}

const calendar = ['calendar', 'calendarDigest'];
const ofContract = [...calendar, 'contracts'];

describe('an event changes what it is about, and nothing else of the state', () => {
  test.each([
    [
      'a tenant',
      { kind: 'tenant-registered', tenant: { id: 'initech', name: 'i', zone: 'UTC', rules: {} } },
      ['tenants'],
    ],
    ['a grant', plan('contract-granted', { contract: 'C-104' }), ofContract],
    ['a change', plan('contract-changed', { contract: 'C-101', atMs: t0 }), ofContract],
    ['a preemption', { kind: 'contract-preempted', ...ends('C-102', { by: 'C-101' }) }, ofContract],
    [
      'a shrink',
      {
        kind: 'contract-shrunk',
        ...ends('C-103', { by: 'C-101', left: [{ part: 'train', count: 1 }] }),
      },
      ofContract,
    ],
    ['a release', { kind: 'contract-released', ...ends('C-101') }, ofContract],
    ['a plan that is held', plan('plan-held', { untilMs: at(1) }), [...calendar, 'leases']],
    [
      'a plan that is held longer',
      { kind: 'plan-held', plan: offer.id, planDigest: offer.digest, untilMs: at(4) + 1 },
      ['calendarDigest', 'leases'],
    ],
    ['a hold that is dropped', { kind: 'hold-dropped', plan: offer.id }, [...calendar, 'leases']],
    ['a window', window('MW-2', 6, 7), [...calendar, 'maintenance']],
    [
      'a window that is cancelled',
      { kind: 'maintenance-cancelled', id: 'MW-1', atMs: at(1) },
      [...calendar, 'maintenance'],
    ],
    [
      'a hand-over',
      {
        kind: 'binding-begun',
        subject: 'MW-1',
        engine: 'slurm',
        version: 1,
        objects: digestOf('others'),
        objectCount: 1,
        places: [],
      },
      ['bindings'],
    ],
    ['a hand-over that went wrong', report('unreachable'), ['bindings']],
    ['a hand-over that an engine keeps', report('kept'), ['bindings', 'contracts']],
    [
      'a look at a contract',
      {
        kind: 'contract-observed',
        contract: 'C-102',
        version: 1,
        measurement,
        atMs: t0,
        untilMs: t0,
        findings: [],
      },
      ['observed'],
    ],
    [
      'a breach',
      {
        kind: 'contract-breached',
        contract: 'C-101',
        terms: ['power'],
        places: [],
        why: 'x',
        measurement,
        atMs: t0,
      },
      ['observed'],
    ],
    ['texts that are taken away', { kind: 'asides-erased', of: 'person:ada', count: 3 }, []],
    ['a model', { kind: 'model-registered', model: { name: 'large' } }, ['authority']],
    ['a stop', { kind: 'stopped', target: { kind: 'tenant', id: 'acme' }, reason: 'x' }, ['authority']],
    ['a recorded fact', { kind: 'facts-recorded', facts: [recordedFact] }, ['governance']],
    ['a no to setting rules aside', { kind: 'waiver-denied', wish: digestOf('a wish') }, ['denials']],
    [
      'a run',
      { kind: 'run-begun', run: 'R-2', mandate: 'M-1', what: 'watch', limits: { steps: 1, untilMs: t0 } },
      ['runs'],
    ],
    ['a deed of a run', { kind: 'run-used', run: 'R-1', spendMicroEur: 7 }, ['runs']],
    ['a note of a run', { kind: 'run-noted', run: 'R-1', note: { step: 1, saw: [] } }, ['runs']],
    ['the end of a run', { kind: 'run-ended', run: 'R-1', why: 'done' }, ['runs']],
    ['a template', { kind: 'template-added', template }, ['templates']],
  ] as const)('%s', (_, event, fields) => {
    const digest = digestState(busy.state);
    const after = tell(busy, t0, event).state;
    expect(changedFields(busy.state, after)).toEqual(fields);
    expect(after.seq).toBe(busy.state.seq + 1);
    // The calendar's digest is chained over exactly what changes the calendar, in the event's own words.
    const isChained = fields.some((field) => field === 'calendarDigest');
    const { calendarDigest } = busy.state;
    expect(after.calendarDigest).toBe(
      isChained ? digestOf([calendarDigest, Event.parse(event)]) : calendarDigest,
    );
    // A state is never written into.
    expect(digestState(busy.state)).toBe(digest);
  });

  test('an observation', () => {
    const down = fact('node', 'fra1/h1/r1/n08', { health: 'down' });
    const after = observe(busy, [down], { source: 'hwloc' }).state;
    expect(changedFields(busy.state, after)).toEqual(['claims', 'fleet', 'inventoryDigest']);
  });

  test('an observation that says nothing new, but for its digest', () => {
    expect(changedFields(busy.state, observe(busy, [], { source: 'hwloc' }).state)).toEqual([
      'inventoryDigest',
    ]);
  });
});

describe('an event that cannot follow is no entry of this ledger', () => {
  test.each([
    ['a grant out of turn', plan('contract-granted', { contract: 'C-105' }), '`C-105` is out of turn'],
    ['a grant of a number that is taken', plan('contract-granted', { contract: 'C-103' }), 'out of turn'],
    ['a change of what nobody granted', plan('contract-changed', { contract: 'C-104', atMs: t0 }), 'C-104'],
    ['its release', { kind: 'contract-released', ...ends('C-104') }, '`C-104` was never granted'],
    ['its preemption', { kind: 'contract-preempted', ...ends('C-104', { by: 'C-101' }) }, 'never granted'],
    [
      'its shrink',
      { kind: 'contract-shrunk', ...ends('C-104', { by: 'C-101', left: [{ part: 'train', count: 1 }] }) },
      'never granted',
    ],
    [
      'the release of a number before the first',
      { kind: 'contract-released', ...ends('C-1') },
      'never granted',
    ],
    [
      'a hold dropped that is not there',
      { kind: 'hold-dropped', plan: 'plan-0000000000000000' },
      'is not held',
    ],
    [
      'a window cancelled that is not there',
      { kind: 'maintenance-cancelled', id: 'MW-9', atMs: t0 },
      'no window `MW-9`',
    ],
    ['a report on what was never begun', { ...report('kept'), subject: 'C-102' }, 'was never begun'],
    [
      'a breach of what nobody looked at',
      {
        kind: 'contract-breached',
        contract: 'C-102',
        terms: ['power'],
        places: [],
        why: 'x',
        measurement,
        atMs: t0,
      },
      'C-102 was never looked at',
    ],
    [
      'a deed of a run that never began',
      { kind: 'run-used', run: 'R-9', spendMicroEur: 0 },
      '`R-9` was never begun',
    ],
    [
      'the use of a mandate that nobody granted',
      { kind: 'mandate-used', mandate: 'M-1', request: measurement },
      'M-1',
    ],
    [
      'a fact retracted that nobody recorded',
      { kind: 'fact-retracted', subject: 'site:fra1', attribute: 'seat' },
      'never recorded',
    ],
  ] as const)('%s', (_, event, why) => {
    expect(() => tell(busy, t0, event)).toThrow(why);
  });

  test('a plan or an observation that nobody kept', () => {
    const planDigest = digestOf('nobody kept it');
    const granted = { kind: 'contract-granted', contract: 'C-104', plan: offer.id, planDigest };
    expect(() => tell(busy, t0, granted)).toThrow(planDigest);
    expect(() => tell(busy, t0, { kind: 'observation-recorded', observation: planDigest })).toThrow(
      planDigest,
    );
  });
});

test('asking changes nothing: a plan is made on a state and not in it', () => {
  const digest = digestState(busy.state);
  ask(busy, demand('1×4 H100 3h'));
  ask(busy, demand('99×4 H100 3h'));
  expect(digestState(busy.state)).toBe(digest);
});
