import { describe, expect, test } from 'vitest';

import { type Act, actOf, gpusOf, secondsOf } from '../../../src/core/authority/act.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Command } from '../../../src/model/command.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import { identify, type Plan } from '../../../src/model/plan.ts';
import { act, askChange, change, planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';

/** A GPU costs a milli-euro a second, so that money counts GPU-seconds. */
const perGpuHour = 3_600_000;
const priced = { sites: { fra1: { gpuPrices: { H100: perGpuHour } } } };
const fleet = world('fra1/h1/r1 4×8 H100', 'fra1/h1/r2 1×4 H100', priced, {
  tenants: [{ id: 'initech', rules: { regimes: ['gdpr'], classes: ['personal-data', 'logs'] } }],
});

const [r1, r2] = ['fra1/h1/r1', 'fra1/h1/r2'];
const c101 = ContractId.parse('C-101');

/** What rules and budgets see of a command. */
function seen(on: World, command: object, atMs = t0): Act {
  return actOf(on.state, Command.parse(command), { archive: on.archive, atMs });
}

/** The same of a plan that somebody commits, holds or changes a contract by. */
function ofPlan(on: World, plan: Plan, more: object = { kind: 'commit-plan' }, atMs = t0): Act {
  const { id, digest } = identify(plan);
  on.archive.keepPlan(plan);
  return seen(on, { plan: id, planDigest: digest, ...more }, atMs);
}

const wishOf = (text: string, more: object = {}) => planned(fleet, demand(text, more)).plan;

describe('what a plan takes', () => {
  test('is what it holds, for how long, and what that costs', () => {
    const found = ofPlan(fleet, wishOf('2×8 H100 3h', { where: [r1] }));
    expect(found).toMatchObject({ action: 'commit', tenant: 'acme', preempts: 0, preemptsOthers: 0 });
    expect(found.places).toEqual([`${r1}/n01`, `${r1}/n02`]);
    expect(found.need).toEqual({
      gpus: 16,
      blastGpus: 16,
      gpuSeconds: 16 * 3 * 3600,
      spendMicroEur: 16 * 3 * perGpuHour,
      endMs: t0 + 3 * hourMs,
    });
  });

  test('is the same where it is held only', () => {
    const plan = wishOf('2×8 H100 3h');
    const [held, granted] = [ofPlan(fleet, plan, { kind: 'hold-plan', leaseS: 60 }), ofPlan(fleet, plan)];
    expect(held.action).toBe('hold');
    expect(held.need).toEqual(granted.need);
    expect(held.request()).not.toBe(granted.request());
  });

  test('counts spares as what it is', () => {
    const survive = { survive: { loss: 'node', membersLeft: 2 } };
    const plan = wishOf('2×8 H100 1h', survive);
    expect(plan.placement.spares).toHaveLength(1);
    expect(ofPlan(fleet, plan).need).toMatchObject({ gpus: 24, blastGpus: 24, gpuSeconds: 24 * 3600 });
    expect(ofPlan(fleet, plan).places).toHaveLength(3);
  });

  test('has no bound without an end, and no price where nobody recorded one', () => {
    expect(ofPlan(fleet, wishOf('1×8 H100')).need).toEqual({ gpus: 8, blastGpus: 8 });
    const unpriced = world('fra1/h1/r1 1×8 H100');
    const { plan } = planned(unpriced, demand('1×8 H100 1h'));
    expect(ofPlan(unpriced, plan).need).toEqual({
      gpus: 8,
      blastGpus: 8,
      gpuSeconds: 8 * 3600,
      endMs: t0 + hourMs,
    });
  });

  test('declares what its tenant and it itself have to keep, each once and in order', () => {
    const rules = { regimes: ['gdpr'], classes: ['maps', 'logs'] };
    const found = ofPlan(fleet, wishOf('1×1 H100 1h', { tenant: 'initech', rules }));
    expect(found).toMatchObject({ regimes: ['gdpr'], dataClasses: ['logs', 'maps', 'personal-data'] });
    expect(ofPlan(fleet, wishOf('1×1 H100 1h'))).toMatchObject({ regimes: [], dataClasses: [] });
  });

  test('is one wish, whatever node it is to be on this time', () => {
    const busy = take(fleet, demand('1×8 H100 1h', { where: [`${r1}/n01`] }));
    const [here, there] = [fleet, busy].map((on) => ofPlan(on, planned(on, demand('1×8 H100 1h')).plan));
    expect(here?.places).not.toEqual(there?.places);
    expect(here?.request()).toBe(there?.request());
    expect(ofPlan(fleet, wishOf('1×8 H100 2h')).request()).not.toBe(here?.request());
  });
});

describe('what a plan takes from others', () => {
  const guarantee = 'preemptible';
  const elastic = demand('3×4 H100 9h', { guarantee: 'elastic', tenant: 'globex' });
  const parts = elastic.parts.map((part) => ({ ...part, minCount: 1 }));
  const others: readonly Demand[] = [
    demand('1×8 H100 9h', { guarantee }),
    demand('1×4 H100 9h', { guarantee, tenant: 'globex' }),
    { ...elastic, parts },
  ];
  const on = others.reduce((now, wish) => take(now, wish), fleet);
  const { plan } = planned(on, demand('1×2 H100 1h'));
  const mine = ContractId.parse('C-101');
  const theirs = ContractId.parse('C-102');
  const grown = ContractId.parse('C-103');

  test.each([
    ['nobody', {}, 0, 0, 2],
    ['a contract of its own', { preempts: [mine] }, 1, 0, 2 + 8],
    ['one of another tenant', { preempts: [theirs] }, 1, 1, 2 + 4],
    ['both', { preempts: [mine, theirs] }, 2, 1, 2 + 12],
    [
      'extras of another, and no more than those',
      { shrinks: [{ contract: grown, left: [{ part: 'train', count: 2 }] }] },
      1,
      1,
      2 + 4,
    ],
    [
      'all extras of another',
      { shrinks: [{ contract: grown, left: [{ part: 'train', count: 1 }] }] },
      1,
      1,
      2 + 8,
    ],
    ['a contract that there is not', { preempts: [ContractId.parse('C-900')] }, 0, 0, 2],
  ])('hits %s', (_, losses, preempts, preemptsOthers, blastGpus) => {
    expect(ofPlan(on, { ...plan, ...losses })).toMatchObject({
      preempts,
      preemptsOthers,
      need: { gpus: 2, blastGpus },
    });
  });
});

function released(on: World, atMs: number, contract = 'C-101'): Act {
  return seen(on, { kind: 'release-contract', contract }, atMs);
}

describe('what a change takes', () => {
  /** Two GPUs from the start, four from hour 2 on; it ends after nine. */
  const running = change(
    take(fleet, demand('2×1 H100 9h')),
    c101,
    { replicas: { train: 4 } },
    { atMs: t0 + 2 * hourMs },
  );
  const changed = (replicas: number, atH: number) => {
    const atMs = t0 + atH * hourMs;
    const answer = askChange(running, c101, { replicas: { train: replicas } }, { atMs });
    if (answer.kind === 'refused') throw new Error('there is room');
    return ofPlan(running, answer.plan, { kind: 'change-contract', contract: c101 }, atMs);
  };
  const usedByHour5 = 2 * 2 + 4 * 3;

  test.each([
    ['more replicas', 6, 2],
    ['fewer', 1, 3],
    ['as many', 4, 0],
  ])(
    '%s: what it holds then, what changes hands, and all that the contract comes to',
    (_, replicas, blastGpus) => {
      const gpuHours = usedByHour5 + replicas * 4;
      expect(changed(replicas, 5)).toMatchObject({
        action: 'change',
        tenant: 'acme',
        need: {
          gpus: replicas,
          blastGpus,
          gpuSeconds: gpuHours * 3600,
          spendMicroEur: gpuHours * perGpuHour,
          endMs: t0 + 9 * hourMs,
        },
      });
    },
  );

  test('to no end has no bound, whatever was used', () => {
    const answer = askChange(running, c101, { end: { kind: 'open' } }, { atMs: t0 + 5 * hourMs });
    if (answer.kind === 'refused') throw new Error('there is room');
    const found = ofPlan(running, answer.plan, { kind: 'change-contract', contract: c101 }, t0 + 5 * hourMs);
    expect(found.need).toEqual({ gpus: 4, blastGpus: 0 });
  });

  test('of a contract that there is not is what its plan takes', () => {
    const command = { kind: 'change-contract', contract: 'C-900' };
    const plan = wishOf('1×8 H100 1h');
    expect(ofPlan(fleet, plan, command)).toMatchObject({ action: 'change', need: ofPlan(fleet, plan).need });
    expect(ofPlan(fleet, plan, command).request()).not.toBe(ofPlan(fleet, plan).request());
  });

  describe('and a release', () => {
    test.each([
      ['before it began', -1, 0],
      ['in its first life', 1, 2],
      ['in its second', 5, usedByHour5],
      ['after its end', 12, 2 * 2 + 4 * 7],
    ])('%s leaves what was used, and gives the rest back', (_, atH, gpuHours) => {
      const { need, action, places } = released(running, t0 + atH * hourMs);
      expect([action, places]).toEqual(['release', [`${r2}/n01`]]);
      expect(need).toMatchObject({ gpus: 0, blastGpus: 4, gpuSeconds: gpuHours * 3600 });
    });

    test('costs what its lives cost', () => {
      expect(released(running, t0 + 5 * hourMs).need.spendMicroEur).toBe(usedByHour5 * perGpuHour);
    });

    test('of a contract that there is not is about nothing', () => {
      const none = released(running, t0, 'C-900');
      expect(none).toMatchObject({ action: 'release', places: [], need: { gpus: 0, blastGpus: 0 } });
      expect(none.tenant).toBeUndefined();
      expect(none.request()).not.toBe(released(running, t0).request());
    });

    test('is the same wish at another time and in other words', () => {
      const command = { kind: 'release-contract', contract: 'C-101', reason: 'done' };
      expect(seen(running, command, t0 + 1).request()).toBe(released(running, t0).request());
    });
  });
});

function closing(place: string): object {
  return { kind: 'start-maintenance', place, fromMs: t0, toMs: t0 + hourMs, reason: 'disks' };
}

describe('a window of maintenance', () => {
  test.each([
    [`${r1}/n01`, 8],
    [r1, 32],
    ['fra1/h1', 36],
    ['fra1', 36],
    ['ams2', 0],
  ])('at %s hits %i GPUs', (place, blastGpus) => {
    const { request: _request, ...rest } = seen(fleet, closing(place));
    expect(rest).toEqual({
      action: 'maintain',
      places: [place],
      need: { gpus: 0, blastGpus, gpuSeconds: 0, spendMicroEur: 0 },
      preempts: 0,
      preemptsOthers: 0,
      regimes: [],
      dataClasses: [],
    });
  });

  test('that is called off is about its place', () => {
    const { world: closed } = act(fleet, Command.parse(closing(r1)));
    const [id = ''] = closed.state.maintenance.keys();
    expect(seen(closed, { kind: 'cancel-maintenance', id })).toMatchObject({
      action: 'maintain',
      places: [r1],
    });
    expect(seen(fleet, { kind: 'cancel-maintenance', id }).places).toEqual([]);
  });
});

const objects = digestOf('objects');
const bind = { kind: 'bind', engine: 'slurm', version: 1, objects, objectCount: 0 };

function vouched(subject: string): object {
  const evidence = digestOf('the contract');
  const said = { attribute: 'dpiaDone', value: true, assertedBy: 'person:ada', assertedAtMs: t0, evidence };
  return { subject, ...said, expiresAtMs: t0 + hourMs };
}

describe('what is about a tenant', () => {
  const on = take(fleet, demand('2×8 H100 9h', { tenant: 'globex' }));
  test('a hand-over stands where its contract does, unless places are named', () => {
    expect(seen(on, { ...bind, subject: 'C-101', places: [] })).toMatchObject({
      action: 'bind',
      tenant: 'globex',
      places: [`${r1}/n01`, `${r1}/n02`],
    });
    expect(seen(on, { ...bind, subject: 'C-101', places: [r2] }).places).toEqual([r2]);
    const none = seen(on, { ...bind, subject: 'C-900', places: [r2] });
    expect([none.tenant, none.places]).toEqual([undefined, [r2]]);
  });

  test('a lease that is dropped is of who holds it', () => {
    const answer = planned(on, demand('1×4 H100 1h'));
    on.archive.keepPlan(answer.plan);
    const named = { plan: answer.id, planDigest: answer.digest };
    const { world: held } = act(on, Command.parse({ kind: 'hold-plan', ...named, leaseS: 60 }));
    const drop = { kind: 'drop-hold', plan: answer.id };
    expect(seen(held, drop)).toMatchObject({ action: 'hold', tenant: 'acme' });
    expect(seen(on, drop).tenant).toBeUndefined();
  });

  test.each([
    ['one tenant', ['tenant:acme', 'tenant:acme'], 'acme'],
    ['two', ['tenant:acme', 'tenant:globex'], undefined],
    ['a site, which concerns everybody', ['site:fra1'], undefined],
    ['a tenant and a site', ['tenant:acme', 'site:fra1'], undefined],
  ])('facts about %s', (_, subjects, tenant) => {
    const found = seen(on, { kind: 'record-facts', facts: subjects.map(vouched) });
    expect([found.action, found.tenant]).toEqual(['vouch', tenant]);
  });

  test('what was measured of a contract', () => {
    const about = { kind: 'observe-contract', measurement: objects };
    const tenants = ['C-101', 'C-900'].map((contract) => seen(on, { ...about, contract }).tenant);
    expect(tenants).toEqual(['globex', undefined]);
  });
});

describe('GPUs and seconds', () => {
  test.each([
    ['gpu0-3', 4],
    ['0:250 1:250', 2],
    ['0:1g.10gb@0 0:1g.10gb@1', 1],
    ['gpu2 0:250', 2],
    ['cpu4', 0],
  ])('of %s there are %i', (words, count) => {
    const { members } = placement(1, `train 0 ${r1}/n01 ${words}`);
    expect(gpusOf(members)).toBe(count);
    expect(gpusOf([...members, ...members])).toBe(2 * count);
  });

  test.each([
    [0, 0, 0],
    [0, 1, 1],
    [0, 1000, 1],
    [0, 1001, 2],
    [500, 1500, 1],
    [1500, 500, 0],
  ])('from %i to %i ms pass %i', (startMs, endMs, seconds) => {
    expect(secondsOf(startMs, endMs)).toBe(seconds);
  });
});
