import { describe, expect, test } from 'vitest';

import { addObservation, type Claims, subjectKey } from '../../../src/core/inventory/claims.ts';
import { resolveAttributes, resolveKind } from '../../../src/core/inventory/resolve.ts';
import { Fact, Observation } from '../../../src/model/fact.ts';
import { Path } from '../../../src/model/id.ts';

const subject = Path.parse('fra1/h1/r1/n01');

/** `hwloc 5 stated memoryMib=1024 cpuMilli=8`: one observation with one fact, made at 5. */
function observation(line: string): Observation {
  const [source, observedAtMs, ...facts] = line.split(' ');
  return Observation.parse({
    schema: 'berth/observation/1',
    source,
    observedAtMs: Number(observedAtMs),
    evidence: [],
    assumptions: [],
    facts: facts
      .join(' ')
      .split('; ')
      .map((said) => factOf(said)),
    unknown: [],
  });
}

function factOf(said: string): Fact {
  const [confidence, ...pairs] = said.split(' ');
  const set = Object.fromEntries(
    pairs.map((pair) => pair.split('=')).map(([name = '', value]): [string, number] => [name, Number(value)]),
  );
  return Fact.parse({ kind: 'node', subject, set, confidence, origin: { file: 'evidence' } });
}

function claimsOf(lines: readonly string[]): Claims {
  return lines.reduce<Claims>((claims, line) => addObservation(claims, observation(line)), new Map());
}

/** `memoryMib=1024 (hwloc), not 512 (kubernetes)`: what is used and what contradicts it. */
function resolved(lines: readonly string[]): string[] {
  const said = claimsOf(lines).get(subjectKey('node', subject)) ?? [];
  return resolveAttributes(said).map(({ name, value, claim, conflicts }) =>
    [
      `${name}=${String(value)} (${claim.source})`,
      ...conflicts.map((other) => `not ${String(other.value)} (${other.claim.source})`),
    ].join(', '),
  );
}

describe('which of several sources is believed', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['one source is believed', ['kubernetes 5 stated memoryMib=1'], ['memoryMib=1 (kubernetes)']],
    [
      'what an operator wrote comes before what tools saw, however old it is',
      ['inventory 1 stated memoryMib=1', 'hwloc 9 stated memoryMib=2'],
      ['memoryMib=1 (inventory), not 2 (hwloc)'],
    ],
    [
      'what looks at the hardware comes before what repeats a label',
      ['kubernetes 9 stated memoryMib=1', 'netbox 9 stated memoryMib=2', 'hwloc 1 stated memoryMib=3'],
      ['memoryMib=3 (hwloc), not 1 (kubernetes), not 2 (netbox)'],
    ],
    [
      'what was stated comes before what was assumed, whoever assumed it',
      ['inventory 9 assumed memoryMib=1', 'openb 1 stated memoryMib=2'],
      ['memoryMib=2 (openb), not 1 (inventory)'],
    ],
    [
      'what was derived counts as much as what was stated',
      ['hwloc 1 derived memoryMib=1', 'kubernetes 9 stated memoryMib=2'],
      ['memoryMib=1 (hwloc), not 2 (kubernetes)'],
    ],
    [
      'sources that agree are no conflict',
      ['hwloc 1 stated memoryMib=1', 'kubernetes 1 stated memoryMib=1'],
      ['memoryMib=1 (hwloc)'],
    ],
    [
      'each attribute is believed for itself',
      ['hwloc 1 stated memoryMib=1', 'kubernetes 1 stated memoryMib=2 cpuMilli=3'],
      ['cpuMilli=3 (kubernetes)', 'memoryMib=1 (hwloc), not 2 (kubernetes)'],
    ],
    [
      'the newer word of a source replaces its older one, with what it no longer says',
      ['kubernetes 1 stated memoryMib=1 cpuMilli=9', 'kubernetes 2 stated memoryMib=2'],
      ['memoryMib=2 (kubernetes)'],
    ],
    [
      'the newer word of a source stands, also when the older one is imported after it',
      ['kubernetes 2 stated memoryMib=2', 'kubernetes 1 stated memoryMib=1'],
      ['memoryMib=2 (kubernetes)'],
    ],
    [
      'within one file the later line counts',
      ['kubernetes 1 stated memoryMib=1; stated memoryMib=2'],
      ['memoryMib=2 (kubernetes), not 1 (kubernetes)'],
    ],
  ];
  test.each(rows)('%s', (_, lines, expected) => {
    expect(resolved(lines)).toEqual(expected);
  });

  test('what decisions read is what the list of attributes says', () => {
    for (const [, lines] of rows) {
      const node = resolveKind(claimsOf(lines), (said) => (said.kind === 'node' ? said.set : undefined)).get(
        subject,
      );
      const listed = resolved(lines).map((line) => line.replace(/ .*/, ''));
      const read = Object.entries(node ?? {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      expect(read.toSorted()).toEqual(listed);
    }
  });

  test('the order in which different sources are imported does not matter', () => {
    for (const [, lines] of rows.filter(
      ([, all]) => new Set(all.map((line) => line.split(' ', 1).join())).size > 1,
    ))
      expect(resolved(lines.toReversed())).toEqual(resolved(lines));
  });
});
