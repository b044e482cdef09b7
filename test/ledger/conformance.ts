import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { checkEntry, entryBytesMax, headOf } from '../../src/ledger/chain.ts';
import { parseVkey } from '../../src/ledger/note-key.ts';
import { openNote } from '../../src/ledger/note.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { leafHash } from '../../src/ledger/tree-hash.ts';
import { headText } from '../../src/ledger/tree-head.ts';
import { isIncluded } from '../../src/ledger/tree-proof.ts';
import { canonicalJson, digestOfBytes } from '../../src/model/canonical.ts';
import { emptyHead, type Entry, type EntryDraft, type Head } from '../../src/model/entry.ts';
import { IdemKey, PlanId, PrincipalId } from '../../src/model/id.ts';
import { digest, draft, longDraft, noonMs, scope } from './drafts.ts';
import { kept } from './kept.ts';
import { rejection } from './rejection.ts';

/** What every implementation of the port must do. `openEmpty` opens a new ledger each time. */
export function ledgerConformance(name: string, openEmpty: () => Promise<Ledger>): void {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openEmpty();
  });

  afterEach(() => ledger.close());

  describe(`${name}: entries`, () => {
    test('an empty ledger ends at the empty head and holds nothing', async () => {
      expect(await ledger.head()).toEqual(emptyHead);
      expect(await ledger.read(0, 10)).toEqual([]);
      expect(ledger.readOnly).toBeUndefined();
    });

    test('an appended entry is sealed onto the head and read back as it was answered', async () => {
      const entries = await grow(ledger, [draft({ tenant: 'acme', key: 'key-01' })]);
      expect(entries).toMatchObject([{ v: 1, seq: 1, prev: emptyHead.digest, tenant: 'acme', atMs: noonMs }]);
      expect(await ledger.read(0, 10)).toEqual(entries);
      expect(await ledger.head()).toEqual(headOf(only(entries)));
    });

    test('several drafts are appended in order and continue one another', async () => {
      await grow(ledger, [draft({ subjectCount: 1 })]);
      await grow(ledger, [draft({ subjectCount: 2 }), draft({ subjectCount: 3 })]);
      const entries = await ledger.read(0, 10);
      expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      expectSound(entries);
    });

    test('an append of nothing wins its place and changes nothing', async () => {
      const head = await ledger.head();
      expect(await ledger.append([], head)).toEqual({ kind: 'appended', entries: [], head });
    });

    test('an append at another head than the last one is told where the head is', async () => {
      await grow(ledger, [draft()]);
      const head = await ledger.head();
      expect(await ledger.append([draft()], emptyHead)).toEqual({ kind: 'head-moved', head });
      const ahead = { ...head, seq: head.seq + 1 };
      expect(await ledger.append([draft()], ahead)).toEqual({ kind: 'head-moved', head });
      const forked = { ...head, digest: digest('f') };
      expect(await ledger.append([draft()], forked)).toEqual({ kind: 'head-moved', head });
      expect(await ledger.read(1, 10)).toEqual([]);
    });

    test('of many appends at the same head exactly one wins', async () => {
      const head = await ledger.head();
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) => ledger.append([draft({ subjectCount: i })], head)),
      );
      expect(answers.filter(({ kind }) => kind === 'appended')).toHaveLength(1);
      expect(await ledger.read(0, 10)).toHaveLength(1);
    });

    test('time never goes back, not even when the caller names an earlier head time', async () => {
      await grow(ledger, [draft({ atMs: noonMs }), draft({ atMs: noonMs - 5_000 })]);
      const head = { ...(await ledger.head()), atMs: 0 };
      await ledger.append([draft({ atMs: noonMs - 1 })], head);
      await grow(ledger, [draft({ atMs: noonMs + 1 })]);
      const entries = await ledger.read(0, 10);
      expect(entries.map(({ atMs }) => atMs)).toEqual([noonMs, noonMs, noonMs, noonMs + 1]);
    });

    test('reading starts after the given number and ends at the limit', async () => {
      await grow(ledger, [draft(), draft(), draft(), draft(), draft()]);
      const seqs = async (after: number, limit: number) =>
        (await ledger.read(after, limit)).map(({ seq }) => seq);
      expect(await seqs(0, 2)).toEqual([1, 2]);
      expect(await seqs(3, 100)).toEqual([4, 5]);
      expect(await seqs(5, 1)).toEqual([]);
      expect(await seqs(99, 1)).toEqual([]);
      expect(await seqs(0, 0)).toEqual([]);
      expect(await seqs(-7, 2)).toEqual([1, 2]);
      expect(await seqs(1, Number.POSITIVE_INFINITY)).toEqual([2, 3, 4, 5]);
    });

    test('a member that is undefined counts as absent', async () => {
      const entries = await grow(ledger, [{ ...draft(), tenant: undefined, idemKey: undefined }]);
      expect(Object.keys(only(entries))).not.toContain('tenant');
      expect(await ledger.read(0, 1)).toEqual(entries);
    });

    test('an entry that was handed out cannot change the ledger', async () => {
      const appended = await grow(ledger, [draft({ subjectCount: 1 })]);
      only(appended).atMs = 1;
      only(await ledger.read(0, 1)).events.length = 0;
      const entries = await ledger.read(0, 1);
      expect(entries).toMatchObject([{ atMs: noonMs, events: [{ kind: 'observation-recorded' }] }]);
      expectSound(entries);
    });

    test('any sequence of appends gives one sound chain with every draft once', async () => {
      const batch = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { maxLength: 6 }), async (batches) => {
          const from = await ledger.head();
          for (const offsets of batches)
            await grow(
              ledger,
              offsets.map((offset) => draft({ atMs: noonMs + offset, subjectCount: offset + 50 })),
            );
          const entries = await ledger.read(from.seq, 100);
          expectSound(entries, from);
          expect(entries.map(subjectCount)).toEqual(batches.flat().map((offset) => offset + 50));
        }),
        { seed: 20_261_122, numRuns: 12 },
      );
    }, 30_000);
  });

  describe(`${name}: limits`, () => {
    test('an entry of exactly 32 KiB is kept, one byte more is refused', async () => {
      const [probe] = await grow(ledger, [longDraft(1_000)]);
      const room = entryBytesMax - Buffer.byteLength(canonicalJson(probe)) + 1_000;
      const [largest] = await grow(ledger, [longDraft(room)]);
      expect(Buffer.byteLength(canonicalJson(largest))).toBe(entryBytesMax);
      const { code, fix } = await rejection(grow(ledger, [longDraft(room + 1)]));
      expect(code).toBe('INVALID_INPUT');
      expect(fix).toContain('blobs');
    });

    test('all drafts or none: one that cannot be appended takes the others with it', async () => {
      const head = await ledger.head();
      const { code } = await rejection(ledger.append([draft(), longDraft(40_000)], head));
      expect(code).toBe('INVALID_INPUT');
      expect(await ledger.head()).toEqual(head);
      await grow(ledger, [draft()]);
      expect(await ledger.read(0, 10)).toHaveLength(1);
    });

    test.each([
      ['a number out of range', { atMs: -1 }],
      ['a fraction', { atMs: 1.5 }],
      ['an unknown member', { surprise: true }],
      ['a lone surrogate', { actor: { principal: 'person:ada', client: '\ud800' } }],
    ])('a draft with %s could not be read back and is refused', async (_, wrong) => {
      const { code } = await rejection(grow(ledger, [Object.assign(draft(), wrong)]));
      expect(code).toBe('INTERNAL');
      expect(await ledger.head()).toEqual(emptyHead);
    });
  });

  describe(`${name}: idempotency keys`, () => {
    test('an entry is found by its key, within tenant and principal', async () => {
      const acme = await grow(ledger, [draft({ key: 'key-01', tenant: 'acme' })]);
      const globex = await grow(ledger, [draft({ key: 'key-01', tenant: 'globex' })]);
      const nobody = await grow(ledger, [draft({ key: 'key-01' })]);
      const bot = await grow(ledger, [draft({ key: 'key-01', principal: 'agent:ops-bot' })]);
      expect(await ledger.findByIdemKey(scope('key-01', 'person:ada', 'acme'))).toEqual(only(acme));
      expect(await ledger.findByIdemKey(scope('key-01', 'person:ada', 'globex'))).toEqual(only(globex));
      expect(await ledger.findByIdemKey(scope('key-01'))).toEqual(only(nobody));
      expect(await ledger.findByIdemKey(scope('key-01', 'agent:ops-bot'))).toEqual(only(bot));
      expect(await ledger.findByIdemKey(scope('key-01', 'agent:ops-bot', 'acme'))).toBeUndefined();
      expect(await ledger.findByIdemKey(scope('key-02'))).toBeUndefined();
    });

    test('a key that already stands in an entry is refused and nothing is appended', async () => {
      await grow(ledger, [draft({ key: 'key-01' })]);
      const head = await ledger.head();
      const { code, message } = await rejection(grow(ledger, [draft(), draft({ key: 'key-01' })]));
      expect(code).toBe('IDEMPOTENCY_CONFLICT');
      expect(message).toContain('entry 1');
      expect(await ledger.head()).toEqual(head);
    });

    test('a key may not stand twice in one append', async () => {
      const twice = [draft({ key: 'key-01' }), draft({ key: 'key-01' })];
      expect((await rejection(grow(ledger, twice))).code).toBe('IDEMPOTENCY_CONFLICT');
      expect(await ledger.findByIdemKey(scope('key-01'))).toBeUndefined();
      await grow(ledger, [draft({ key: 'key-01' })]);
      expect(await ledger.findByIdemKey(scope('key-01'))).toMatchObject({ seq: 1 });
    });

    test('the key of an append that lost its place is still free', async () => {
      await grow(ledger, [draft()]);
      await ledger.append([draft({ key: 'key-01' })], emptyHead);
      expect(await ledger.findByIdemKey(scope('key-01'))).toBeUndefined();
      const [entry] = await grow(ledger, [draft({ key: 'key-01' })]);
      expect(entry?.idemKey).toBe(IdemKey.parse('key-01'));
    });
  });

  describe(`${name}: blobs and plans`, () => {
    const bytes = new TextEncoder().encode('{"schema":"berth/plan/1"}');
    const other = Uint8Array.from([0, 255, 10, 13, 0]);
    const plan = PlanId.parse('plan-0123456789abcdef');

    test.each([
      ['text', bytes],
      ['any bytes', other],
      ['no bytes', new Uint8Array()],
      ['a part of a larger buffer', Buffer.from('before the part after').subarray(7, 15)],
    ])('%s is kept under its digest', async (_, blob) => {
      const stored = await ledger.putBlob(blob);
      expect(stored).toBe(digestOfBytes(blob));
      expect(await ledger.putBlob(blob)).toBe(stored);
      expect([...((await ledger.getBlob(stored)) ?? [])]).toEqual([...blob]);
    });

    test('an unknown digest has no bytes, an unknown handle no digest', async () => {
      expect(await ledger.getBlob(digest('0'))).toBeUndefined();
      expect(await ledger.findPlan(plan)).toBeUndefined();
    });

    test('bytes that were handed in or out cannot change the blob', async () => {
      const mine = Uint8Array.from([1, 2, 3]);
      const stored = await ledger.putBlob(mine);
      mine.fill(9);
      (await ledger.getBlob(stored))?.fill(9);
      expect(await ledger.getBlob(stored)).toEqual(Uint8Array.from([1, 2, 3]));
    });

    test('a plan is found by its handle and its bytes by the digest', async () => {
      const stored = await ledger.putPlan(plan, bytes);
      expect(stored).toBe(digestOfBytes(bytes));
      expect(await ledger.putPlan(plan, bytes)).toBe(stored);
      expect(await ledger.findPlan(plan)).toBe(stored);
      expect(await ledger.getBlob(stored)).toEqual(bytes);
    });

    test('a handle does not change what it names', async () => {
      const stored = await ledger.putPlan(plan, bytes);
      expect((await rejection(ledger.putPlan(plan, other))).code).toBe('LEDGER_REFUSED');
      expect(await ledger.findPlan(plan)).toBe(stored);
    });

    test('neither blobs nor plans move the head', async () => {
      await ledger.putPlan(plan, bytes);
      expect(await ledger.head()).toEqual(emptyHead);
    });
  });

  describe(`${name}: words that can be erased`, () => {
    const [ada, bob] = [PrincipalId.parse('person:ada'), PrincipalId.parse('person:bob')];

    test('are kept under a digest that says nothing about them', async () => {
      const first = await kept(ledger, ada, 'for Bela');
      const second = await kept(ledger, ada, 'for Bela');
      expect(first).not.toBe(second);
      expect(first).not.toBe(digestOfBytes(Buffer.from('for Bela')));
      expect([await ledger.readAside(first), await ledger.readAside(second)]).toEqual([
        'for Bela',
        'for Bela',
      ]);
      expect(await ledger.readAside(digest('0'))).toBeUndefined();
      expect(await ledger.head()).toEqual(emptyHead);
    });

    test('go with everything else of the same person, and with nothing of others', async () => {
      const mine = [await kept(ledger, ada, 'one'), await kept(ledger, ada, 'two')];
      const theirs = await kept(ledger, bob, 'three');
      expect([await ledger.countAsides(ada), await ledger.countAsides(bob)]).toEqual([2, 1]);
      await ledger.eraseAsides(ada);
      expect(await Promise.all(mine.map((aside) => ledger.readAside(aside)))).toEqual([undefined, undefined]);
      expect(await ledger.readAside(theirs)).toBe('three');
      expect([await ledger.countAsides(ada), await ledger.countAsides(bob)]).toEqual([0, 1]);
    });
  });

  describe(`${name}: tree and checkpoint`, () => {
    test('every entry is a leaf: its stored text, without its digest', async () => {
      const entries = await grow(ledger, [draft({ subjectCount: 1 }), draft({ subjectCount: 2 })]);
      const tree = await ledger.tree();
      expect(tree.size).toBe(2);
      for (const [i, { digest: _digest, ...body }] of entries.entries()) {
        const leaf = leafHash(canonicalJson(body));
        const proof = { leaf, index: i, size: 2, root: tree.root(), hashes: tree.inclusion(i, 2) };
        expect(isIncluded(proof)).toBe(true);
      }
    });

    test('the checkpoint signs the head with a key that stays the same', async () => {
      const before = await ledger.checkpoint();
      await grow(ledger, [draft()]);
      const { note, size, vkeys, origin } = await ledger.checkpoint();
      expect([before.size, size]).toEqual([0, 1]);
      expect([before.vkeys, before.origin]).toEqual([vkeys, origin]);
      expect(openNote(note, vkeys.map(parseVkey))).toEqual({
        kind: 'signed',
        text: headText({ origin, size: 1, root: (await ledger.tree()).root() }),
        signatures: 1,
      });
    });
  });

  test(`${name}: a closed ledger refuses everything but being closed`, async () => {
    await ledger.close();
    await ledger.close();
    for (const call of [
      () => ledger.head(),
      () => ledger.read(0, 1),
      () => ledger.append([draft()], emptyHead),
      () => ledger.findByIdemKey(scope('key-01')),
      () => ledger.putBlob(new Uint8Array(1)),
    ]) {
      const { code, message } = await rejection(call());
      expect(code).toBe('LEDGER_REFUSED');
      expect(message).toContain('closed');
    }
  });
}

/** Appends at the current head and gives the entries. */
export async function grow(ledger: Ledger, drafts: readonly EntryDraft[]): Promise<readonly Entry[]> {
  const appended = await ledger.append(drafts, await ledger.head());
  if (appended.kind !== 'appended') throw new Error('the head moved, though nobody else appends');
  return appended.entries;
}

/** Every entry continues the one before it. */
export function expectSound(entries: readonly Entry[], from: Head = emptyHead): void {
  let head = from;
  for (const entry of entries) {
    expect(checkEntry(entry, head)).toEqual([]);
    head = headOf(entry);
  }
}

function only(entries: readonly Entry[]): Entry {
  const [entry, ...more] = entries;
  if (entry === undefined || more.length > 0) throw new Error(`one entry expected, not ${entries.length}`);
  return entry;
}

function subjectCount(entry: Entry): number | undefined {
  return entry.decision.kind === 'observation-recorded' ? entry.decision.subjectCount : undefined;
}
