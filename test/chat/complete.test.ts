import { expect, test } from 'vitest';

import { agreed, candidatesAt } from '../../src/chat/complete.ts';
import { distinct, findNodes, readNames } from '../../src/chat/names.ts';
import { commandNames, completesWith, readSlash } from '../../src/chat/slash.ts';
import { fakeFleet } from '../agent/fleet.ts';
import { scriptedLookups } from './samples.ts';

const names = await scriptedLookups().names();

test.each([
  ['release C-', ['C-101', 'C-102']],
  ['release c-102', ['C-102']],
  ['16 H100 in f', ['fra1', 'fra1/h1/r12', 'fra1/h1/r12/n01']],
  ['drain r12', ['fra1/h1/r12', 'fra1/h1/r12/n01']],
  ['drain n01', ['fra1/h1/r12/n01']],
  ['why plan-3f9a', ['plan-3f9a0c1e2b7d4a58']],
  ['(acm', ['acme']],
  ['/policy ac', ['acme']],
  ['/policy C-', []],
  ['/policy ', ['acme', 'ams2', 'fra1']],
  ['/inventory a', ['ams2']],
  ['/whatif fra1/h1/r12/', ['fra1/h1/r12/n01']],
  ['/help f', []],
  ['/nonsense f', ['fra1', 'fra1/h1/r12', 'fra1/h1/r12/n01']],
  ['/th', ['/theme']],
  ['no such word', []],
  ['', []],
  ['a word ', []],
])('`%s` may go on as %j', (text, expected) => {
  const found = candidatesAt({ text, cursor: text.length }, names);
  expect(found.names.map((name) => name.text)).toEqual(expected);
});

test('what all candidates agree on is written, unless it would not go on from what was typed', () => {
  expect(at('release c')).toBe('C-10');
  expect(at('drain f')).toBe('fra1');
  expect(at('drain r12')).toBe('r12');
  expect(at('/c')).toBe('/c');
  expect(at('xyz')).toBe('xyz');
});

function at(text: string): string {
  return agreed(candidatesAt({ text, cursor: text.length }, names));
}

test('the word before the cursor counts, not what stands behind it', () => {
  const found = candidatesAt({ text: 'move C-1 to ams2', cursor: 'move C-1'.length }, names);
  expect([found.from, found.word]).toEqual([5, 'C-1']);
});

test('names are read from the fleet by tools: sites, racks, halls, tenants, models, nodes, contracts', async () => {
  const read = await readNames(fakeFleet());
  for (const kind of ['site', 'place', 'tenant', 'model', 'node', 'contract'])
    expect(read.map((name) => name.kind)).toContain(kind);
  expect(new Set(read.map(({ text }) => text)).size).toBe(read.length);
});

test('a tool that fails leaves its names out, and the others stay', async () => {
  const fleet = fakeFleet();
  const read = await readNames({
    call: (tool, args) =>
      tool === 'contract_search' ? Promise.reject(new Error('gone')) : fleet.call(tool, args),
  });
  expect(read.map((name) => name.kind)).toContain('site');
  expect(read.map((name) => name.kind)).not.toContain('contract');
  const broken = { call: () => Promise.resolve({ ok: true, content: 'nonsense' } as const) };
  expect(await readNames(broken)).toEqual([]);
  expect(await findNodes(broken, 'n01')).toEqual([]);
});

test('a name that is known twice is offered once', () => {
  const twice = [
    { text: 'b', kind: 'site', about: 'first' },
    { text: 'a', kind: 'node', about: '' },
    { text: 'b', kind: 'node', about: 'second' },
  ] as const;
  expect(distinct(twice).map(({ text, about }) => [text, about])).toEqual([
    ['a', ''],
    ['b', 'first'],
  ]);
});

test.each(commandNames())('`/$name` is read, and says what it is for: $about', ({ name, about }) => {
  expect(about).not.toBe('');
  expect(readSlash(`/${name}`)?.kind).not.toBe('unknown');
  expect(completesWith(name)).toBeDefined();
});

test.each([
  ['/policy initech-bank iad3', { kind: 'policy', tenant: 'initech-bank', site: 'iad3' }],
  ['/policy acme', { kind: 'policy', tenant: 'acme' }],
  ['/approvals all', { kind: 'approvals', all: true }],
  ['/approvals', { kind: 'approvals', all: false }],
  ['/audit', { kind: 'audit', who: '' }],
  ['/picture', { kind: 'picture', place: '' }],
  ['/PICTURE fra1/h1/r12 ', { kind: 'picture', place: 'fra1/h1/r12' }],
])('`%s` looks up %j', (text, asked) => {
  expect(readSlash(text)).toEqual({ kind: 'look', asked });
});
