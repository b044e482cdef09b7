import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { markup } from '../../src/page/markup.ts';

/** What text has ever been taken for markup by. */
const hostile = [
  '</p><script>alert(1)</script>',
  '<img src=x onerror="alert(1)">',
  '"><iframe srcdoc="<script>alert(1)</script>">',
  "' onmouseover='alert(1)",
  '` onfocus=`alert(1)',
  '&lt;script&gt;',
  '<!--',
  ']]>',
  'javascript:alert(1)',
];

describe('markup with values in it', () => {
  test.each(hostile)('shows %j as text', (text) => {
    const made = markup`<p title="${text}">${text}</p>`.toString();
    const inside = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(made);
    expect(inside?.[1]).toBe(inside?.[2]);
    expect(decoded(inside?.[1] ?? '')).toBe(text);
  });

  test('lets no text become markup, whatever it is', { timeout: 60_000 }, () => {
    assert(
      property(string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(markup`<p title="${text}">${text}</p>`.toString()).toMatch(
          /^<p title="[^"<>'`]*">[^"<>'`]*<\/p>$/,
        );
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test('takes characters away that turn text around or hide it, and cuts what is endless', () => {
    expect(markup`${'a\u202Eb\u200Bc\u0000d\ne'}`.toString()).toBe('a\uFFFDb\uFFFDc\uFFFDd e');
    expect(markup`${'x'.repeat(100_000)}`.toString()).toHaveLength(2000);
  });

  test('takes markup of its own as it is, and lists one after the other', () => {
    const items = ['<a>', '&'].map((text) => markup`<li>${text}</li>`);
    const made = markup`<ul>${items}</ul>${undefined}${3}`.toString();
    expect(made).toBe('<ul><li>&#60;a&#62;</li><li>&#38;</li></ul>3');
  });

  test('throws where a value of an attribute has no quotes, or is an attribute itself', () => {
    expect(() => markup`<p title=${'x'}>a</p>`).toThrow('in quotes');
    expect(() => markup`<p ${'onclick'}="x">a</p>`).toThrow('in quotes');
    expect(() => markup`<${'script'}>a</p>`).toThrow('in quotes');
    expect(() => markup`<p title='${'x'}'>a</p>`).toThrow('in quotes');
  });
});

function decoded(text: string): string {
  return text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
