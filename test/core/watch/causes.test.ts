import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { followEntry } from '../../../src/core/occurrence/follow.ts';
import { emptyLog, type Log } from '../../../src/core/occurrence/log.ts';
import { causesOf } from '../../../src/core/watch/causes.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Event } from '../../../src/model/event.ts';
import { ContractId } from '../../../src/model/id.ts';
import { release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { enter, hourMs, observe, t0, type World, world } from '../fleet.ts';

const n1 = 'fra1/h1/r1/n01';
const n2 = 'fra1/h1/r1/n02';
const at = (hours: number) => t0 + hours * hourMs;
const fleet = world('fra1/h1/r1 3×8 H100');

/** C-101 holds all of n01 and n02 for ten hours, C-102 half of n03 without an end. */
const held = take(take(fleet, demand('2×8 H100 10h')), demand('1×4 H100'));

function logOf({ entries, archive }: World): Log {
  return entries.reduce(
    (log, { events, stamp }) => followEntry(log, { seq: stamp.seq, atMs: stamp.atMs, events }, archive),
    emptyLog,
  );
}

type When = { readonly hours?: number; readonly ending?: number };

function causes(now: World, { hours = 1, ending }: When = {}) {
  const watching = { atMs: at(hours), ...(ending === undefined ? {} : { endingWithinMs: ending * hourMs }) };
  return causesOf(now.state, logOf(now), watching);
}

/** `fault C-101: fra1/h1/r1/n01`. */
const lines = (now: World, when: When = {}) =>
  causes(now, when).map(({ kind, contract, places }) => `${kind} ${contract}: ${places.join(' ')}`);

const down = (before: World, subject: string, hours: number, set: object = { health: 'down' }) =>
  observe(
    before,
    [fact(subject.includes('/gpu') ? 'gpu' : 'node', subject, { healthReason: 'XID 79', ...set })],
    {
      source: 'prometheus',
      observedAtMs: at(hours),
    },
  );

describe('a fault', () => {
  test('of what a contract holds needs a hand from when it began until it ended', () => {
    const broken = down(held, `${n1}/gpu3`, 2);
    expect([lines(broken, { hours: 1 }), lines(broken, { hours: 2 }), lines(broken, { hours: 9 })]).toEqual([
      [],
      [`fault C-101: ${n1}`],
      [`fault C-101: ${n1}`],
    ]);
    expect(lines(down(broken, `${n1}/gpu3`, 4, { health: 'healthy' }), { hours: 5 })).toEqual([]);
  });

  test('of a contract that has ended, or of what nobody holds, needs none', () => {
    const broken = down(held, `${n1}/gpu3`, 2);
    expect(lines(broken, { hours: 10 })).toEqual([]);
    expect(lines(release(broken, ContractId.parse('C-101'), { atMs: at(3) }).world, { hours: 3 })).toEqual(
      [],
    );
    expect(lines(down(held, 'fra1/h1/r1/n03/gpu7', 2), { hours: 3 })).toEqual([]);
    expect(lines(down(held, 'fra1/h1/r1/n03/gpu0', 2), { hours: 3 })).toEqual([
      'fault C-102: fra1/h1/r1/n03',
    ]);
  });

  test('is one cause for a contract, with each place once, and another one when more happens', () => {
    const one = down(held, `${n2}/gpu3`, 2);
    const more = down(down(one, `${n1}/gpu1`, 3), `${n1}/gpu2`, 3);
    const [before] = causes(one, { hours: 4 });
    const [after, ...rest] = causes(more, { hours: 4 });
    expect(rest).toEqual([]);
    expect(after).toMatchObject({ contract: 'C-101', places: [n1, n2] });
    expect([before?.events.length, after?.events.length]).toEqual([1, 3]);
    expect(after?.key).not.toBe(before?.key);
    expect(causes(more, { hours: 5 })[0]?.key).toBe(after?.key);
  });
});

describe('an end', () => {
  test('needs a hand within the time that was said, up to the end itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), (hours, ending) => {
        const isNear = hours < 10 && 10 - hours <= ending;
        expect(lines(held, { hours, ending })).toEqual(isNear ? ['ending C-101: '] : []);
      }),
      { numRuns: 169, seed: 121 },
    );
    expect(lines(held, { hours: 9 })).toEqual([]);
  });
});

/** An engine is handed a version of C-101 for places, all of them where none is named, and reads it back once. */
function handed(
  before: World,
  result: string,
  more: { version?: number; places?: string[]; nextAtMs?: number; subject?: string; engine?: string } = {},
): World {
  const { version = 1, places = [], nextAtMs, subject = 'C-101', engine = 'slurm' } = more;
  const about = { subject, engine, objects: digestOf('objects') };
  const begun = Event.parse({ kind: 'binding-begun', ...about, version, objectCount: 1, places });
  const reported = Event.parse({
    kind: 'binding-reported',
    ...about,
    account: { result, steps: [], stepCount: 0, differences: [] },
    attempts: 12,
    ...(nextAtMs === undefined ? {} : { nextAtMs }),
  });
  return enter(before, [begun, reported], at(1));
}

describe('a hand-over', () => {
  const both = [`hand-over C-101: ${n1} ${n2}`];

  test('needs a hand once it was refused, or is not to be tried again', () => {
    expect(lines(held)).toEqual([]);
    expect(lines(handed(held, 'refused', { nextAtMs: at(2) }))).toEqual(both);
    expect(lines(handed(held, 'differs', { nextAtMs: at(2) }))).toEqual([]);
    expect(lines(handed(held, 'differs'))).toEqual(both);
    expect(lines(handed(held, 'kept'))).toEqual([]);
  });

  test('names the nodes that the engine speaks for', () => {
    expect(lines(handed(held, 'refused', { places: [n2] }))).toEqual([`hand-over C-101: ${n2}`]);
    expect(lines(handed(held, 'refused', { places: ['fra1/h1'] }))).toEqual(both);
    const two = handed(handed(held, 'refused', { places: [n2] }), 'refused', {
      engine: 'kubernetes',
      places: [n1],
    });
    expect(lines(two)).toEqual(both);
  });

  test('is of the contract as it is now, and another cause when it is tried anew', () => {
    expect(lines(handed(held, 'refused', { version: 2 }))).toEqual([]);
    expect(lines(handed(held, 'refused', { subject: 'C-102' }))).toEqual(['hand-over C-102: fra1/h1/r1/n03']);
    const [one] = causes(handed(held, 'refused'));
    const [other] = causes(handed(handed(held, 'refused'), 'refused', { engine: 'kubernetes' }));
    expect(one?.key).not.toBe(other?.key);
  });
});

/** C-101 was looked at and breaks a promise where these are. */
function breached(places: readonly string[]): World {
  const told = { contract: 'C-101', measurement: digestOf('m'), atMs: at(1) };
  const observed = { kind: 'contract-observed', ...told, version: 1, untilMs: at(1), findings: [] };
  const broken = { kind: 'contract-breached', ...told, terms: ['gpu-count'], places, why: 'too few' };
  return enter(held, [Event.parse(observed), Event.parse(broken)], at(1));
}

describe('a breach', () => {
  test('needs a hand where the contract still holds what broke it, or nobody knows where', () => {
    expect(lines(breached([`${n1}/gpu3`]))).toEqual([`breach C-101: ${n1}`]);
    expect(lines(breached([`${n2}/gpu3`, n1]))).toEqual([`breach C-101: ${n1} ${n2}`]);
    expect(lines(breached([]))).toEqual(['breach C-101: ']);
    expect(lines(breached(['fra1/h1/r1/n03/gpu0']))).toEqual([]);
  });

  test('comes before faults, hand-overs and ends', () => {
    const all = handed(down(breached([n1]), `${n1}/gpu3`, 2), 'refused');
    expect(causes(all, { hours: 3, ending: 8 }).map(({ kind }) => kind)).toEqual([
      'breach',
      'fault',
      'hand-over',
      'ending',
    ]);
  });
});
