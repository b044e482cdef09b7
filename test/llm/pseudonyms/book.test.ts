import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NameBook, type NameKind } from '../../../src/llm/pseudonyms/book.ts';
import { isRemote, isVeiled, isWhen } from '../../../src/llm/pseudonyms/when.ts';

const kinds: readonly NameKind[] = ['site', 'rack', 'node', 'host', 'tenant', 'person', 'data', 'label'];

function bookOf(
  names: readonly (readonly [NameKind, string])[],
  meaningful: readonly string[] = [],
): NameBook {
  const book = new NameBook(meaningful);
  for (const [kind, name] of names) book.add(kind, name);
  return book;
}

const fleet = bookOf([
  ['site', 'fra1'],
  ['rack', 'r12'],
  ['node', 'n07'],
  ['host', 'gpu-fra-07.example.net'],
  ['tenant', 'acme'],
  ['tenant', 'acme-labs'],
  ['site', 'Frankfurt am Main'],
]);

describe('a text', () => {
  test.each([
    ['16 H100 in fra1 for acme', '16 H100 in site-a for tenant-a'],
    ['fra1/h1/r12/n07', 'site-a/h1/rack-0001/node-0001'],
    ['what runs on gpu-fra-07.example.net?', 'what runs on host-0001?'],
    ['acme-labs, acme and acme-x', 'tenant-b, tenant-a and tenant-a-x'],
    ['in Frankfurt am Main, not in frankfurt', 'in site-b, not in frankfurt'],
    ['acmes, r120 and xfra1 are other words', 'acmes, r120 and xfra1 are other words'],
    ['person:acme; “fra1”', 'person:tenant-a; “site-a”'],
  ])('%s', (text, hidden) => {
    expect(fleet.textHidden(text)).toBe(hidden);
    expect(fleet.textRevealed(hidden)).toBe(text);
  });

  test('case is no hiding place, and comes back as it was typed where it can', () => {
    expect(fleet.textHidden('ACME in Fra1, aCME')).toBe('TENANT-A in Site-a, tenant-a');
    expect(fleet.textRevealed('TENANT-A in Site-a')).toBe('ACME in Fra1');
    expect(fleet.textRevealed('Tenant-a in SITE-A')).toBe('acme in fra1');
  });

  test('numbers and words of the protocol stay, and it is told which names they are', () => {
    const book = bookOf(
      [
        ['rack', '12'],
        ['tenant', 'planned'],
        ['tenant', 'x'],
        ['tenant', 'acme'],
      ],
      ['planned'],
    );
    expect(book.textHidden('12 planned for x and acme')).toBe('12 planned for x and tenant-c');
    expect(book.ambiguous()).toEqual(['12', 'planned', 'x']);
    expect(book.nameHidden('planned')).toBe('tenant-a');
  });

  test('a name that looks like a pseudonym is not mistaken for one', () => {
    const book = bookOf([
      ['site', 'site-b'],
      ['site', 'fra1'],
      ['site', 'site-a'],
      ['site', 'ams2'],
    ]);
    const text = 'site-a, site-b, fra1, ams2';
    const hidden = book.textHidden(text);
    expect(hidden).not.toMatch(/fra1|ams2/u);
    expect(book.textRevealed(hidden)).toBe(text);
  });

  test('a person who types a pseudonym means another word', () => {
    const book = bookOf([['site', 'fra1']]);
    const hidden = book.textHidden('is site-a fra1?');
    expect(hidden).toBe('is word-0001 site-a?');
    expect(book.textRevealed(hidden)).toBe('is site-a fra1?');
  });

  test('what a model makes up in their form is told', () => {
    expect(fleet.strangers('node-0001, node-0099 and tenant-z; rack-12')).toEqual(['node-0099', 'tenant-z']);
  });
});

const name = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9._-]{1,12}[a-z0-9]$/u),
  fc.stringMatching(/^[A-Z][a-z]{2,8} [A-Z][a-z]{2,8}$/u),
  fc.constantFrom('site-a', 'tenant-b', 'node-0001', 'Site A', 'über-ki', 'rack-0002'),
);
const names = fc.uniqueArray(fc.tuple(fc.constantFrom(...kinds), name), {
  maxLength: 30,
  selector: ([, text]) => text.toLowerCase(),
});
const filler = fc.constantFrom(' ', ', ', ' in ', '/', '-', ' 48 ', ': "', '\n', ' H100 ', ' — ');
const words = fc.array(fc.tuple(fc.nat(40), filler), { maxLength: 20 });

function textOf(
  known: readonly (readonly [NameKind, string])[],
  parts: readonly (readonly [number, string])[],
) {
  return parts.map(([at, gap]) => `${known[at % Math.max(1, known.length)]?.[1] ?? 'x'}${gap}`).join('');
}

describe('laws', () => {
  test('no name is in a hidden text, and what is revealed is the text', () => {
    fc.assert(
      fc.property(names, words, (known, parts) => {
        const book = bookOf(known);
        const text = textOf(known, parts);
        const hidden = book.textHidden(text);
        const pseudonyms = new Set(known.map(([, each]) => book.nameHidden(each)));
        const left = known.filter(
          ([, each]) => book.textHidden(each) !== each && !pseudonyms.has(each) && hasWord(hidden, each),
        );
        expect(left).toEqual([]);
        expect(book.textRevealed(hidden)).toBe(text);
        expect(book.restHidden(hidden)).toBe(hidden);
      }),
      { seed: 21, numRuns: 400 },
    );
  });

  test('in pieces it is the same as whole', () => {
    fc.assert(
      fc.property(names, words, fc.array(fc.integer({ min: 1, max: 9 })), (known, parts, cuts) => {
        const book = bookOf(known);
        const hidden = book.textHidden(textOf(known, parts));
        const stream = book.revealing();
        let shown = '';
        let at = 0;
        for (const cut of [...cuts, Infinity]) {
          shown += stream.push(hidden.slice(at, at + cut));
          at += cut;
        }
        expect(shown + stream.end()).toBe(book.textRevealed(hidden));
      }),
      { seed: 22, numRuns: 400 },
    );
  });
});

function hasWord(text: string, word: string): boolean {
  const at = text.indexOf(word);
  if (at < 0) return false;
  const around = `${text[at - 1] ?? ' '}${text[at + word.length] ?? ' '}`;
  return /^[^\p{L}\p{N}-]{2}$/u.test(around);
}

describe('when names are replaced', () => {
  const here = { model: 'm', baseUrl: 'http://127.0.0.1:11434/v1' };
  const there = { model: 'm', baseUrl: 'https://api.example.com/v1' };

  test('loopback is not remote, a neighbour is', () => {
    for (const host of ['127.0.0.1', '127.8.0.1', 'localhost', 'LOCALHOST', 'llm.localhost', '[::1]'])
      expect(isRemote({ model: 'm', baseUrl: `http://${host}/v1` })).toBe(false);
    for (const host of ['192.168.0.7', 'localhost.example.com', '127.example.com', '10.0.0.1'])
      expect(isRemote({ model: 'm', baseUrl: `http://${host}/v1` })).toBe(true);
  });

  test.each([
    [undefined, there, undefined, false],
    ['', there, undefined, false],
    ['never', there, ['acme'], false],
    ['remote', there, ['acme'], true],
    ['remote', here, ['acme'], false],
    ['always', here, undefined, true],
    ['acme,globex', there, ['globex'], true],
    ['acme', there, ['globex'], false],
    ['acme', there, undefined, true],
    ['acme', here, ['acme'], false],
  ] as const)('%s', (said, endpoint, tenants, veiled) => {
    expect(isVeiled({ said, endpoint, tenants })).toBe(veiled);
  });

  test('what says nothing is refused', () => {
    for (const said of ['Remote!', 'acme,,globex', 'a b']) {
      expect(isWhen(said)).toBe(false);
      expect(() => isVeiled({ said, endpoint: here, tenants: undefined })).toThrow('does not say when');
    }
  });
});
