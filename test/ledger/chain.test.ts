import { createHash } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { checkEntry, headOf, seal } from '../../src/ledger/chain.ts';
import { openRow, rowOf } from '../../src/ledger/row.ts';
import { emptyHead, type Head } from '../../src/model/entry.ts';
import { digest, draft, noonMs } from './drafts.ts';

const first = seal(draft({ key: 'key-01', tenant: 'acme' }), emptyHead);
const second = seal(draft({ key: 'key-02' }), headOf(first));

describe('a sealed entry', () => {
  test('continues the head it was sealed onto', () => {
    expect(first).toMatchObject({ v: 1, seq: 1, prev: emptyHead.digest });
    expect(second).toMatchObject({ v: 1, seq: 2, prev: first.digest });
    expect(checkEntry(first, emptyHead)).toEqual([]);
    expect(checkEntry(second, headOf(first))).toEqual([]);
  });

  test('has the digest that anybody gets from its stored bytes', () => {
    const { json } = rowOf(first);
    expect(first.digest).toBe(`sha256:${createHash('sha256').update(json).digest('hex')}`);
    expect(json).not.toContain(first.digest);
  });

  test('has the digest of the entry form 1, which may never change', () => {
    expect(first.digest).toMatchInlineSnapshot(
      `"sha256:54aedbaf1a6500be73bde6e85aa6dff1fd9d5b579069e624fb42e18c916ac841"`,
    );
  });

  test('is not older than the head, and keeps its time otherwise', () => {
    const head: Head = { ...emptyHead, atMs: noonMs + 7 };
    expect(seal(draft({ atMs: noonMs }), head).atMs).toBe(noonMs + 7);
    expect(seal(draft({ atMs: noonMs + 8 }), head).atMs).toBe(noonMs + 8);
  });
});

describe('checking an entry', () => {
  test('tells a gap, a fork, an edit and a step back in time apart', () => {
    const head = headOf(first);
    expect(checkEntry(second, { ...head, seq: 7 })).toEqual([{ kind: 'seq-gap', expected: 8, found: 2 }]);
    expect(checkEntry(second, { ...head, digest: digest('f') })).toEqual([
      { kind: 'prev-mismatch', expected: digest('f'), found: first.digest },
    ]);
    expect(checkEntry({ ...second, digest: digest('f') }, head)).toEqual([
      { kind: 'digest-mismatch', expected: second.digest, found: digest('f') },
    ]);
    expect(checkEntry(second, { ...head, atMs: noonMs + 1 })).toEqual([
      { kind: 'time-back', previousMs: noonMs + 1, foundMs: noonMs },
    ]);
  });

  test('tells everything that is wrong at once', () => {
    const kinds = checkEntry({ ...second, seq: 9, atMs: 1 }, headOf(first)).map(({ kind }) => kind);
    expect(kinds).toEqual(['seq-gap', 'time-back', 'digest-mismatch']);
  });
});

describe('a stored row', () => {
  test('opens as the entry it was made of', () => {
    expect(openRow(rowOf(second))).toMatchObject({ kind: 'sound', entry: second });
  });

  test('with any one character changed does not open', () => {
    const row = rowOf(first);
    const place = fc.nat(row.json.length - 1);
    fc.assert(
      fc.property(place, fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(row.json[at] !== character);
        const json = row.json.slice(0, at) + character + row.json.slice(at + 1);
        expect(openRow({ ...row, json })).toEqual({ kind: 'broken', why: 'does not match its digest' });
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });

  test.each([
    ['nothing', {}, 'is not text'],
    ['bytes for text', { json: new Uint8Array(4) }, 'is not text'],
    ['another digest', { digest: digest('f') }, 'does not match its digest'],
    ['no digest', { digest: null }, 'does not match its digest'],
    ['another number', { seq: 3 }, 'says it is number 1, but is stored as 3'],
  ])('with %s says so', (name, wrong, why) => {
    const row = name === 'nothing' ? {} : { ...rowOf(first), ...wrong };
    expect(openRow(row)).toEqual({ kind: 'broken', why });
  });

  test.each([
    ['no JSON', '{"v":1', 'is not a JSON object'],
    ['a JSON null', 'null', 'is not a JSON object'],
    ['another form', '{"v":2}', 'is no entry this Berth can read: v'],
  ])('that holds %s under a fitting digest says so', (_, json, why) => {
    const fitting = `sha256:${createHash('sha256').update(json).digest('hex')}`;
    const opened = openRow({ seq: 1, json, digest: fitting });
    expect(opened.kind === 'broken' && opened.why).toContain(why);
  });
});
