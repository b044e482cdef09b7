import { describe, expect, test } from 'vitest';

import { attemptLimit, type Binding, boundKey } from '../../../src/core/binding/binding.ts';
import { followedBindings, isCovered } from '../../../src/core/binding/follow.ts';
import { bindingOf } from '../../../src/core/binding/subject.ts';
import { contractOf } from '../../../src/core/state.ts';
import { Actor } from '../../../src/model/actor.ts';
import { type BindingResult, EngineName, Subject } from '../../../src/model/binding.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world, type World } from '../fleet.ts';
import { granted, placement } from '../placement.ts';
import { bind, report } from './handing-over.ts';

const c101 = ContractId.parse('C-101');
const slurm = EngineName.parse('slurm');
const seats = placement(
  24,
  'train 0 fra1/h1/r1/n01 gpu0',
  'train 1 fra1/h1/r2/n01 gpu0',
  '+ train 2 ams1/r1/n01 gpu0',
);
const fleet = world('fra1/h1/r1 1×8 H100', 'fra1/h1/r2 1×8 H100', 'ams1/r1 1×8 H100');
const held = granted(fleet, demand('2×1 H100 24h'), seats);

const bound = ({ state }: World): Binding | undefined => bindingOf(state, { subject: c101, engine: slurm });

describe('what is known of a hand-over', () => {
  test('when it was begun, and that it is to be carried out at once', () => {
    expect(bound(bind(held, { atMs: t0 + 5, places: ['fra1'], count: 3 }).world)).toEqual({
      subject: 'C-101',
      engine: 'slurm',
      version: 1,
      objects: digestOf('a'),
      objectCount: 3,
      places: ['fra1'],
      beganAtMs: t0 + 5,
      attempts: 0,
      nextAtMs: t0 + 5,
    });
  });

  test('what was read back, and when; nothing is due once it is kept', () => {
    const found = bound(report(bind(held).world, 'kept', { atMs: t0 + 7 }).world);
    expect(found).toMatchObject({
      attempts: 0,
      beganAtMs: t0,
      last: { result: 'kept', differences: [], atMs: t0 + 7 },
    });
    expect(found).not.toHaveProperty('nextAtMs');
  });

  test('how often it was tried in vain, until it is kept or begun anew', () => {
    const twice = report(report(bind(held).world, 'refused').world, 'unreachable').world;
    // The second wait is 20 s.
    expect(bound(twice)).toMatchObject({
      attempts: 2,
      nextAtMs: t0 + 20_000,
      last: { result: 'unreachable' },
    });
    expect(bound(report(twice, 'kept').world)).toMatchObject({ attempts: 0 });
    const anew = bound(bind(twice, { objects: 'b', atMs: t0 + 9 }).world);
    expect(anew).toMatchObject({ attempts: 0, nextAtMs: t0 + 9, objects: digestOf('b') });
    expect(anew).not.toHaveProperty('last');
  });

  test('that after the last attempt a person has to look', () => {
    let now = bind(held).world;
    for (let attempt = 1; attempt < attemptLimit; attempt++) now = report(now, 'differs').world;
    expect(bound(now)).toMatchObject({ attempts: attemptLimit - 1, nextAtMs: t0 + 3_600_000 });
    now = report(now, 'differs').world;
    expect(bound(now)).toMatchObject({ attempts: attemptLimit });
    expect(bound(now)).not.toHaveProperty('nextAtMs');
    expect(bound(report(now, 'kept').world)).toMatchObject({ attempts: 0 });
  });

  test('for each engine by itself', () => {
    const both = report(bind(bind(held).world, { engine: 'kubernetes' }).world, 'kept', {
      engine: 'kubernetes',
    }).world;
    expect(bound(both)).not.toHaveProperty('last');
    expect([...both.state.bindings.keys()]).toEqual(['C-101 slurm', 'C-101 kubernetes']);
    expect(boundKey({ subject: 'MW-1', engine: 'kubernetes:edge' })).toBe('MW-1 kubernetes:edge');
  });

  test('is never changed in place, and a report on nothing is a bug', () => {
    const before = bind(held).world.state.bindings;
    const event = {
      kind: 'binding-reported',
      subject: c101,
      engine: slurm,
      objects: digestOf('a'),
      account: { result: 'kept', steps: [], stepCount: 0, differences: ['one'] },
      attempts: 0,
    } as const;
    const stamp = { seq: 9, atMs: t0 + 1, actor: Actor.parse({ principal: 'person:ada' }) };
    const spoken = { ...event, account: { ...event.account, steps: [], differences: ['one'] } };
    const after = followedBindings(before, spoken, stamp);
    expect(after.get('C-101 slurm')?.last).toEqual({ result: 'kept', differences: ['one'], atMs: t0 + 1 });
    expect(before.get('C-101 slurm')).not.toHaveProperty('last');
    expect(() => followedBindings(new Map(), spoken, stamp)).toThrow('`C-101 slurm` was never begun');
  });
});

type Told = {
  readonly engine: string;
  readonly places?: readonly string[];
  readonly result?: BindingResult;
  readonly version?: number;
  readonly subject?: string;
};

/** Whether engines that were told this keep every node of the contract: its members in two racks, its spare elsewhere. */
function covers(...told: readonly Told[]): boolean {
  const contract = contractOf(held.state, c101);
  if (contract === undefined) throw new Error('there is a contract');
  const bindings = told.map(({ engine, places = [], result, version = 1, subject = 'C-101' }): Binding => ({
    subject: Subject.parse(subject),
    engine: EngineName.parse(engine),
    version,
    objects: digestOf(engine),
    objectCount: 1,
    places: places.map((place) => Path.parse(place)),
    beganAtMs: t0,
    attempts: 0,
    ...(result === undefined ? {} : { last: { result, differences: [], atMs: t0 + hourMs } }),
  }));
  return isCovered(
    { ...held.state, bindings: new Map(bindings.map((one) => [boundKey(one), one])) },
    contract,
  );
}

const all = ['fra1/h1/r1', 'fra1/h1/r2', 'ams1'] as const;

describe('engines keep every node of a contract', () => {
  test.each<[string, readonly Told[], boolean]>([
    ['nobody was told', [], false],
    ['one was told and has not answered', [{ engine: 'a' }], false],
    ['one keeps it everywhere', [{ engine: 'a', result: 'kept' }], true],
    ['one differs', [{ engine: 'a', result: 'differs' }], false],
    ['one keeps an older version', [{ engine: 'a', result: 'kept', version: 2 }], false],
    ['one keeps another contract', [{ engine: 'a', result: 'kept', subject: 'C-102' }], false],
    ['one keeps it in all its places', [{ engine: 'a', result: 'kept', places: all }], true],
    [
      'a place around them is as good',
      [{ engine: 'a', result: 'kept', places: ['fra1', 'ams1/r1/n01'] }],
      true,
    ],
    ['one member is left out', [{ engine: 'a', result: 'kept', places: ['fra1/h1/r1', 'ams1'] }], false],
    ['the spare is left out', [{ engine: 'a', result: 'kept', places: ['fra1'] }], false],
    [
      'several together',
      [
        { engine: 'a', result: 'kept', places: ['fra1'] },
        { engine: 'b', result: 'kept', places: ['ams1'] },
      ],
      true,
    ],
    [
      'several, of which one does not',
      [
        { engine: 'a', result: 'kept', places: ['fra1'] },
        { engine: 'b', result: 'refused', places: ['ams1'] },
      ],
      false,
    ],
    [
      'one everywhere makes up for another that does not',
      [
        { engine: 'a', result: 'kept' },
        { engine: 'b', result: 'unreadable', places: ['ams1'] },
      ],
      true,
    ],
  ])('%s', (_, told, covered) => {
    expect(covers(...told)).toBe(covered);
  });

  test('not where a node has gone from the inventory, unless they keep it everywhere', () => {
    const gone = granted(fleet, demand('1×1 H100 24h'), placement(24, 'train 0 fra1/h1/r9/n01 gpu0'));
    const contract = contractOf(gone.state, c101);
    const kept = (places: readonly string[]) => report(bind(gone, { places }).world, 'kept').world.state;
    expect(contract && isCovered(kept([]), contract)).toBe(true);
    expect(bind(gone, { places: ['fra1'] }).decision).toMatchObject({ refusal: { why: 'elsewhere' } });
  });
});
