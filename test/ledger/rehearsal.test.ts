import { expect, test } from 'vitest';

import { checkEntry, headOf } from '../../src/ledger/chain.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import type { Ledger } from '../../src/ledger/port.ts';
import { rehearse } from '../../src/ledger/rehearsal.ts';
import { IdemKey, PlanId } from '../../src/model/id.ts';
import { grow } from './conformance.ts';
import { draft, scope } from './drafts.ts';

async function based(): Promise<{ readonly base: Ledger; readonly tried: Ledger }> {
  const base = openMemoryLedger();
  await grow(base, [draft({ key: 'key-01' }), draft({ key: 'key-02' })]);
  return { base, tried: await rehearse(base) };
}

test('goes on where the other one stands, and the other one never sees it', async () => {
  const { base, tried } = await based();
  const before = await base.head();
  const [entry] = await grow(tried, [draft({ key: 'key-03' })]);
  if (entry === undefined) throw new Error('nothing was appended');
  expect(checkEntry(entry, before)).toEqual([]);
  expect(await tried.head()).toEqual(headOf(entry));
  expect(await base.head()).toEqual(before);
  expect((await tried.read(0, 10)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect((await tried.read(1, 1)).map(({ seq }) => seq)).toEqual([2]);
  expect((await tried.read(2, 1)).map(({ seq }) => seq)).toEqual([3]);
});

test('stays where it began, whatever others append meanwhile', async () => {
  const { base, tried } = await based();
  await grow(base, [draft({ key: 'key-09' })]);
  expect((await tried.head()).seq).toBe(2);
  expect(await tried.read(0, 10)).toHaveLength(2);
  expect(await tried.findByIdemKey(scope('key-09'))).toBeUndefined();
  await grow(tried, [draft({ key: 'key-04' })]);
  expect((await tried.read(0, 10)).map(({ idemKey }) => idemKey)).toEqual(['key-01', 'key-02', 'key-04']);
});

test('finds keys of both, and refuses an append to another head', async () => {
  const { base, tried } = await based();
  await grow(tried, [draft({ key: 'key-03' })]);
  expect((await tried.findByIdemKey(scope('key-01')))?.seq).toBe(1);
  expect((await tried.findByIdemKey(scope('key-03')))?.seq).toBe(3);
  expect(await tried.findByIdemKey({ ...scope('key-03'), key: IdemKey.parse('key-77') })).toBeUndefined();
  expect((await tried.append([draft()], await base.head())).kind).toBe('head-moved');
});

test('keeps bytes, plans and words to itself', async () => {
  const { base, tried } = await based();
  const bytes = new TextEncoder().encode('{"a":1}');
  const id = PlanId.parse('plan-3f9a0c1e2b7d4a58');
  const digest = await tried.putPlan(id, bytes);
  expect([await tried.getBlob(digest), await tried.findPlan(id)]).toEqual([bytes, digest]);
  expect([await base.getBlob(digest), await base.findPlan(id)]).toEqual([undefined, undefined]);
  await expect(tried.putPlan(id, new TextEncoder().encode('{"a":2}'))).rejects.toThrow(id);
  const row = tried.salted(scope('key-01').principal, 'said in a rehearsal');
  await tried.keepAside(row);
  expect([await tried.readAside(row.digest), await base.readAside(row.digest)]).toEqual([
    row.text,
    undefined,
  ]);
});

test('signs, copies and erases nothing, and leaves the other one open', async () => {
  const { base, tried } = await based();
  expect((await tried.tree()).size).toBe(2);
  await grow(tried, [draft({ key: 'key-03' })]);
  for (const refused of [
    () => tried.tree(),
    () => tried.checkpoint(),
    () => tried.backup('x'),
    () => tried.eraseAsides(scope('key-01').principal),
  ])
    await expect(refused()).rejects.toThrow('a rehearsal');
  await tried.close();
  expect((await base.head()).seq).toBe(2);
});
