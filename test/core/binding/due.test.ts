import { describe, expect, test } from 'vitest';

import { dueBindings, standingOfSubject, turnedOver } from '../../../src/core/binding/subject.ts';
import { Subject } from '../../../src/model/binding.ts';
import { ContractId, MaintenanceId, Path } from '../../../src/model/id.ts';
import { act, change, release, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world, type World } from '../fleet.ts';
import { bind, due, report } from './handing-over.ts';

const at = (hours: number) => t0 + hours * hourMs;
const c101 = ContractId.parse('C-101');
const fleet = world('fra1/h1/r1 2×8 H100 cpu128 mem1024', 'ams1/h1/r2 1×8 H100 cpu128 mem1024');
const running = take(fleet, demand('1×8 H100 24h'));
const later = take(fleet, demand('1×8 H100', { window: { earliestStartMs: at(2), durationS: 3600 } }));
const closed = act(fleet, {
  kind: 'start-maintenance',
  place: Path.parse('ams1'),
  fromMs: at(1),
  toMs: at(3),
  reason: 'firmware',
}).world;
const cancelled = act(
  closed,
  { kind: 'cancel-maintenance', id: MaintenanceId.parse('MW-1') },
  { atMs: at(2) },
).world;

/** Asked a millisecond past the hour, a change takes over at the next whole second. */
const askedMs = at(6) + 1;
const overMs = at(6) + 1000;
const changed = change(running, c101, { end: { kind: 'at', atMs: at(30) } }, { atMs: askedMs });

describe('how a subject stands', () => {
  test.each<[string, World, string, number, string]>([
    ['a contract before its start', later, 'C-101', at(0), '1 stands'],
    ['a contract that runs', running, 'C-101', at(23), '1 stands'],
    ['until the last millisecond', running, 'C-101', at(24) - 1, '1 stands'],
    ['and no longer at its end', running, 'C-101', at(24), '1 is over'],
    ['a changed one, by its own end', changed, 'C-101', at(24), '2 stands'],
    ['one that was released', release(running, c101, { atMs: at(1) }).world, 'C-101', at(1), '2 is over'],
    ['a window before it begins', closed, 'MW-1', at(0), '1 stands'],
    ['a window until the last millisecond', closed, 'MW-1', at(3) - 1, '1 stands'],
    ['a window at its end', closed, 'MW-1', at(3), '1 is over'],
    ['a window that was cancelled, whenever it is asked', cancelled, 'MW-1', at(0), '2 is over'],
    ['a contract that is not', running, 'C-102', at(0), 'unknown'],
    ['a window that is not', running, 'MW-1', at(0), 'unknown'],
  ])('%s', (_, on, subject, atMs, stands) => {
    const found = standingOfSubject(on.state, Subject.parse(subject), atMs);
    const words = found === undefined ? 'unknown' : `${found.version} ${found.stands ? 'stands' : 'is over'}`;
    expect(words).toBe(stands);
  });
});

describe('whether time alone has made another thing of it', () => {
  test.each<[string, World, string, number, number, boolean]>([
    ['it runs on', running, 'C-101', at(1), at(23), false],
    ['it has ended since', running, 'C-101', at(1), at(24), true],
    ['it had ended before', running, 'C-101', at(24), at(25), false],
    ['it has begun, which makes nothing else of it', later, 'C-101', at(0), at(2), false],
    ['a change took over', changed, 'C-101', askedMs, overMs, true],
    ['a change is still to come', changed, 'C-101', askedMs, overMs - 1, false],
    ['a change had taken over by then', changed, 'C-101', overMs, at(8), false],
    ['a window has ended', closed, 'MW-1', at(1), at(3), true],
    ['a window goes on', closed, 'MW-1', at(0), at(2), false],
    ['nobody knows it', running, 'C-102', at(0), at(99), false],
  ])('%s', (_, on, subject, afterMs, atMs, turned) => {
    expect(turnedOver(on.state, Subject.parse(subject), { afterMs, atMs })).toBe(turned);
  });
});

describe('what engines are to be spoken to about', () => {
  const kept = report(bind(running).world, 'kept').world;

  test.each<[string, World, number, readonly string[]]>([
    ['nothing was handed over', running, at(99), []],
    ['it was begun and nobody heard of it', bind(running).world, t0, ['it was begun and not ended']],
    ['it is kept', kept, at(23), []],
    ['it is kept and has ended', kept, at(24), ['it has ended']],
    [
      'it was taken away again',
      report(bind(release(kept, c101).world, { version: 2, count: 0, objects: 'b' }).world, 'kept', {
        objects: 'b',
      }).world,
      at(99),
      [],
    ],
    [
      'taking it away failed',
      report(bind(release(kept, c101).world, { version: 2, count: 0, objects: 'b' }).world, 'unreachable', {
        objects: 'b',
      }).world,
      t0 + 10_000,
      ['it is to be tried again'],
    ],
    ['it was changed since', change(kept, c101, { end: { kind: 'open' } }), t0, ['it was changed']],
    ['it has begun since it was looked at', report(bind(later).world, 'kept').world, at(2), ['it has begun']],
    ['it has not begun yet', report(bind(later).world, 'kept').world, at(2) - 1, []],
    ['it was looked at when it began', report(bind(later).world, 'kept', { atMs: at(2) }).world, at(2), []],
    [
      'it was never looked at, so that it began is no news',
      bind(later).world,
      at(2),
      ['it was begun and not ended'],
    ],
  ])('%s', (_, on, atMs, found) => {
    expect(due(on, atMs)).toEqual(found);
  });

  test('a change that takes over after it was bound, and only then', () => {
    const bound = bind(changed, { version: 2, atMs: askedMs }).world;
    const held = report(bound, 'kept', { atMs: askedMs }).world;
    expect([due(held, overMs - 1), due(held, overMs)]).toEqual([[], ['a change took over']]);
    const after = report(bind(changed, { version: 2, atMs: overMs }).world, 'kept', { atMs: overMs }).world;
    expect(due(after, at(20))).toEqual([]);
  });

  test('a window that has begun since, and that has ended', () => {
    const asked = { subject: 'MW-1', places: ['ams1'] };
    const held = report(bind(closed, asked).world, 'kept', asked).world;
    expect([0, 1, 2, 3].map((hour) => due(held, at(hour)))).toEqual([
      [],
      ['it has begun'],
      ['it has begun'],
      ['it has ended'],
    ]);
  });

  test('in the order in which engines were first handed something, however often since', () => {
    const both = take(running, demand('1×8 H100 24h', { where: ['fra1'] }));
    let now = bind(both, { subject: 'C-102' }).world;
    now = bind(now, { engine: 'kubernetes' }).world;
    now = bind(now).world;
    now = bind(now, { subject: 'C-102' }).world;
    expect(dueBindings(now.state, t0).map(({ binding }) => `${binding.subject} ${binding.engine}`)).toEqual([
      'C-102 slurm',
      'C-101 kubernetes',
      'C-101 slurm',
    ]);
  });
});
