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

  test('is told by its events in the order in which the ledger told of them, sixteen at most', () => {
    const gpus = [7, 3, 5, 1, 0, 2, 6, 4];
    const onBoth = [n2, n1].flatMap((node) => gpus.map((gpu) => `${node}/gpu${gpu}`));
    const facts = onBoth.map((subject) => fact('gpu', subject, { health: 'down', healthReason: 'XID 79' }));
    const when = { source: 'prometheus' as const, observedAtMs: at(2) };
    const one = observe(down(held, n2, 1), facts, when);
    const [cause, ...rest] = causes(one, { hours: 3 });
    expect(rest).toEqual([]);
    expect(cause?.places).toEqual([n1, n2]);
    const told = [...logOf(one).all].map(({ id }) => id);
    expect(told).toHaveLength(17);
    expect(cause?.events).toHaveLength(16);
    expect(cause?.events[0]).toBe(told[0]);
    expect(new Set(cause?.events).size).toBe(16);
    for (const id of cause?.events ?? []) expect(told).toContain(id);
  });

  test('is another cause where one more is down, however many are told', () => {
    const all = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((gpu) => [`${n1}/gpu${gpu}`, `${n2}/gpu${gpu}`]);
    const many = all.reduce((now, subject) => down(now, subject, 2), held);
    const [before] = causes(many, { hours: 3 });
    const [after] = causes(down(many, n1, 3), { hours: 3 });
    expect([before?.events.length, after?.events.length]).toEqual([16, 16]);
    expect(after?.key).not.toBe(before?.key);
  });

  test.each([
    ['a machine that takes no new work', 'node', n1, { schedulable: false }, [`fault C-101: ${n1}`]],
    ['heat', 'gpu', `${n1}/gpu0`, { health: 'degraded', healthReason: 'thermal' }, [`fault C-101: ${n1}`]],
    ['a NIC that it does not hold', 'nic', `${n1}/nic0`, { health: 'down' }, []],
    ['a machine that is well', 'node', n1, { health: 'healthy' }, []],
  ] as const)('of any kind that a place can have: %s', (_, kind, subject, set, expected) => {
    const when = { source: 'prometheus' as const, observedAtMs: at(2) };
    expect(lines(observe(held, [fact(kind, subject, set)], when), { hours: 3 })).toEqual(expected);
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

describe('several contracts', () => {
  test('come by kind, and for each kind by number', () => {
    const broken = down(down(held, 'fra1/h1/r1/n03/gpu0', 2), `${n1}/gpu0`, 2);
    expect(lines(broken, { hours: 3, ending: 8 })).toEqual([
      `fault C-101: ${n1}`,
      'fault C-102: fra1/h1/r1/n03',
      'ending C-101: ',
    ]);
  });

  test('are asked about what they hold at the moment: what begins later counts, what is over does not', () => {
    const window = { earliestStartMs: at(4), durationS: 3600 };
    const later = take(fleet, demand('1×8 H100', { window }));
    const [place = ''] = later.state.contracts.at(0)?.placement.members.map(({ node }) => node) ?? [];
    const broken = down(later, place, 1);
    expect(lines(broken, { hours: 2 })).toEqual([`fault C-101: ${place}`]);
    expect(lines(broken, { hours: 5 })).toEqual([]);
  });

  test('have causes of their own, which go by what happens and not by when somebody looks', () => {
    const both = [0, 1].map((gpu) => down(held, `${n1}/gpu${gpu}`, 2));
    const keys = both.map((now) => causes(now, { hours: 3 })[0]?.key);
    expect(keys.map((key, number) => key === causes(both[number] ?? held, { hours: 7 })[0]?.key)).toEqual([
      true,
      true,
    ]);
    expect(causes(held, { hours: 9, ending: 8 })[0]?.key).toBe(causes(held, { hours: 3, ending: 7 })[0]?.key);
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
