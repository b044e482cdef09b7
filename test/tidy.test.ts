import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { describe, expect, test } from 'vitest';

/** What the linter cannot say, with what to do instead. */
const banned: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/, instead: 'finish it, or write it into an issue' },
  {
    pattern: /\b(?:fleet_summary|whatif_simulate|request_contract)\b/,
    instead: 'the names of the tools that are there',
  },
  { pattern: /(?:^|[\s'"`(])\/(?:home|Users|root|work)\//, instead: 'no path of one machine' },
];

/** Words that hide a missing noun. */
const vague = /(?:^|-)(?:manager|helper|util|utils|service|handler|data|info|common|misc)(?:-|\.)/;

const sources = globSync('{src,tools}/**/*.{ts,tsx}').map((file) => file.replaceAll('\\', '/'));

describe('the code keeps the house rules', () => {
  test('there is code to look at', () => {
    expect(sources.length).toBeGreaterThan(100);
  });

  test.each(banned)('nothing matches $pattern: $instead', ({ pattern }) => {
    expect(sources.flatMap((file) => hits(readFileSync(file, 'utf8'), pattern, file))).toEqual([]);
  });

  test('between a request and its decision, the clock is read in one place', () => {
    const deciding = sources.filter((file) =>
      /^src\/(?:agent|control|core|model|policy|sources)\//.test(file),
    );
    const reading = deciding.flatMap((file) =>
      hits(readFileSync(file, 'utf8'), /\bDate\.now\b|\bMath\.random\b/, file),
    );
    expect(reading.map((hit) => hit.split(':')[0])).toEqual(['src/control/clock.ts']);
  });

  test('files are named after the noun or verb they contain', () => {
    expect(
      sources.filter((file) => vague.test(basename(file)) && !basename(file).startsWith('data-rules')),
    ).toEqual([]);
  });

  test('every tool has a file of its own', () => {
    const named = globSync('test/toolsnaps/*.json').map((file) =>
      basename(file, '.json').replaceAll('_', '-'),
    );
    const files = globSync('tools/*.ts').map((file) => basename(file, '.ts'));
    expect(files.filter((file) => file !== 'index').toSorted()).toEqual(named.toSorted());
  });

  test('the test itself sees what it looks for', () => {
    expect(hits('a\n// TODO later\n', /\bTODO\b/, 'x.ts')).toEqual(['x.ts:2: // TODO later']);
  });
});

function hits(text: string, pattern: RegExp, file: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}
