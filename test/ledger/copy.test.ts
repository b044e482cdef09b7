import { expect, test } from 'vitest';

import { copyInMemory, openMemoryLedger } from '../../src/ledger/memory.ts';
import { emptyHead } from '../../src/model/entry.ts';
import { draft } from './drafts.ts';

test('a copy holds the same, and what is appended to one the other does not have', async () => {
  const ledger = openMemoryLedger();
  await ledger.append([draft({ key: 'key-number-1' }), draft({ key: 'key-number-2' })], emptyHead);
  const bytes = new TextEncoder().encode('blob');
  const digest = await ledger.putBlob(bytes);
  const copy = copyInMemory(ledger);
  const head = await ledger.head();
  expect(await copy.head()).toEqual(head);
  expect(await copy.read(0, 10)).toEqual(await ledger.read(0, 10));
  expect(await copy.getBlob(digest)).toEqual(bytes);
  expect((await copy.tree()).root()).toEqual((await ledger.tree()).root());
  await copy.append([draft({ key: 'key-number-3' })], head);
  expect(await ledger.head()).toEqual(head);
  expect((await copy.head()).seq).toBe(3);
  const again = await ledger.append([draft({ key: 'key-number-3' })], head);
  expect(again.kind).toBe('appended');
});
