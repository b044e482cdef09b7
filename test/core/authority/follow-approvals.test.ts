import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  approvalOf,
  approvalStateAt,
  type Authority,
  emptyAuthority,
  openApprovals,
} from '../../../src/core/authority/authority.ts';
import { ApprovalId } from '../../../src/model/id.ts';
import { asked, follow, rejected, told, used, voiced } from './following.ts';

const a1 = ApprovalId.parse('A-1');

const first = (authority: Authority) => {
  const approval = approvalOf(authority, a1);
  if (approval === undefined) throw new Error('it was asked for');
  return approval;
};
const waitsAt = (authority: Authority, atMs: number) => openApprovals(authority, atMs).map(({ id }) => id);

describe('what waits for a person', () => {
  const one = told({ event: asked('A-1'), atMs: 20, seq: 6, by: 'agent:bot' });

  test('says who asked, when and in which entry, and that nobody has said yes', () => {
    expect(first(one)).toMatchObject({
      id: 'A-1',
      requestedBy: { principal: 'agent:bot' },
      requestedAtMs: 20,
      requestedSeq: 6,
      voices: [],
    });
    expect(first(one)).not.toHaveProperty('kind');
    expect(first(one)).not.toHaveProperty('end');
  });

  test('collects every yes with the time of its entry, whoever keeps the entry', () => {
    const two = follow(follow(one, voiced('A-1', 'person:max'), { atMs: 30 }), voiced('A-1', 'person:kim'), {
      atMs: 31,
    });
    expect(first(two).voices).toEqual([
      { principal: 'person:max', atMs: 30, signedAtMs: 7 },
      { principal: 'person:kim', atMs: 31, signedAtMs: 7 },
    ]);
    expect(waitsAt(two, 31)).toEqual(['A-1']);
  });

  test('ends by being used, with the entry and the contract that came of it', () => {
    const done = follow(one, { ...used('A-1'), contract: 'C-102' }, { atMs: 40, seq: 9 });
    expect(first(done).end).toEqual({ kind: 'used', atMs: 40, seq: 9, contract: 'C-102' });
    expect(waitsAt(done, 40)).toEqual([]);
    expect(first(follow(one, used('A-1'))).end).not.toHaveProperty('contract');
  });

  test('ends by a no, with whoever said it and why', () => {
    const done = follow(one, rejected('A-1'), { atMs: 41 });
    expect(first(done).end).toEqual({ kind: 'rejected', atMs: 41, by: 'person:max', reason: 'not now' });
    expect(waitsAt(done, 41)).toEqual([]);
  });

  test.each([
    ['used', 'used', used, used],
    ['used', 'rejected', used, rejected],
    ['rejected', 'used', rejected, used],
    ['rejected', 'rejected', rejected, rejected],
  ] as const)('once %s cannot be %s', (_, __, once, twice) => {
    expect(() => follow(follow(one, once('A-1')), twice('A-1'))).toThrow('`A-1` was ended before');
  });

  test.each([used('A-2'), rejected('A-2'), voiced('A-2', 'person:max')])(
    'that was never asked for is not followed by $kind',
    (event) => {
      expect(() => follow(one, event)).toThrow('`A-2` was never asked for');
    },
  );

  test('is numbered without a gap', () => {
    expect(() => follow(one, asked('A-3'))).toThrow(RangeError);
    expect(() => follow(emptyAuthority, asked('A-2'))).toThrow(RangeError);
  });

  test('is open until the millisecond of its expiry, which no later event undoes', () => {
    expect([999, 1000].map((atMs) => approvalStateAt(first(one), atMs))).toEqual(['open', 'expired']);
    const done = follow(one, used('A-1'), { atMs: 999 });
    expect(approvalStateAt(first(done), 2000)).toBe('used');
    expect(approvalStateAt(first(follow(one, rejected('A-1'))), 2000)).toBe('rejected');
  });

  test('is listed oldest first; what has expired is dropped by the next wish, and stays readable', () => {
    const short = follow(one, asked('A-2', { expiresAtMs: 50 }), { atMs: 21 });
    expect(waitsAt(short, 21)).toEqual(['A-1', 'A-2']);
    expect(waitsAt(short, 50)).toEqual(['A-1']);
    expect(short.waiting).toEqual(['A-1', 'A-2']);
    const before = follow(short, asked('A-3'), { atMs: 49 });
    expect(before.waiting).toEqual(['A-1', 'A-2', 'A-3']);
    const later = follow(short, asked('A-3'), { atMs: 50 });
    expect(later.waiting).toEqual(['A-1', 'A-3']);
    expect(approvalOf(later, ApprovalId.parse('A-2'))?.expiresAtMs).toBe(50);
    expect(later.approvals.size).toBe(3);
  });

  test('waits on when another one ends', () => {
    const three = follow(follow(one, asked('A-2')), asked('A-3'));
    expect(follow(three, used('A-2')).waiting).toEqual(['A-1', 'A-3']);
    expect(follow(three, rejected('A-1')).waiting).toEqual(['A-2', 'A-3']);
  });
});

test('what waits, whatever was asked, used, rejected and forgotten by the clock, is what a plain list says', () => {
  const step = fc.record({
    what: fc.constantFrom('ask', 'ask', 'use', 'reject'),
    which: fc.nat(7),
    waitMs: fc.integer({ min: 0, max: 4 }),
    lastsMs: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
      let now = emptyAuthority;
      let atMs = 0;
      const open = new Map<string, number>();
      const ended = new Set<string>();
      for (const { what, which, waitMs, lastsMs } of steps) {
        atMs += waitMs;
        const next = `A-${now.approvals.size + 1}`;
        const id = [...open.keys()].at(which);
        if (what === 'ask') {
          now = follow(now, asked(next, { expiresAtMs: atMs + lastsMs }), { atMs });
          open.set(next, atMs + lastsMs);
        } else if (id !== undefined) {
          now = follow(now, what === 'use' ? used(id) : rejected(id), { atMs });
          open.delete(id);
          ended.add(id);
        }
        const waiting = [...open].filter(([, untilMs]) => untilMs > atMs).map(([one]) => one);
        expect(waitsAt(now, atMs)).toEqual(waiting);
        const done = [...now.approvals].filter(({ end }) => end !== undefined).map(({ id: one }) => one);
        expect(new Set<string>(done)).toEqual(ended);
      }
    }),
    { numRuns: 200, seed: 72 },
  );
});
