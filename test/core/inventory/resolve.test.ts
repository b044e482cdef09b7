import { describe, expect, test } from 'vitest';

import { addObservation, type Claims, subjectKey } from '../../../src/core/inventory/claims.ts';
import { newestOf, resolveAttributes, resolveKind } from '../../../src/core/inventory/resolve.ts';
import { Fact, Observation } from '../../../src/model/fact.ts';
import { Path } from '../../../src/model/id.ts';

const subject = Path.parse('fra1/h1/r1/n01');

/** `hwloc 5 stated gpuMemoryMib=1024 cpuMilli=8`: one observation with one fact, made at 5. */
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
    pairs.map((pair) => pair.split('=')).map(([name = '', value = '']) => [name, wordOf(value)]),
  );
  return Fact.parse({ kind: 'node', subject, set, confidence, origin: { file: 'evidence' } });
}

/** A number, `true` or `false`, or a word. */
function wordOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

function claimsOf(lines: readonly string[]): Claims {
  return lines.reduce<Claims>((claims, line) => addObservation(claims, observation(line)), new Map());
}

/** `gpuMemoryMib=1024 (hwloc), not 512 (kubernetes)`: what is used and what contradicts it. */
function resolved(lines: readonly string[]): string[] {
  const claims = claimsOf(lines);
  const said = claims.get(subjectKey('node', subject)) ?? [];
  return resolveAttributes(said, newestOf(claims)).map(({ name, value, claim, conflicts }) =>
    [
      `${name}=${String(value)} (${claim.source})`,
      ...conflicts.map((other) => `not ${String(other.value)} (${other.claim.source})`),
    ].join(', '),
  );
}

describe('which of several sources is believed', () => {
  const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['one source is believed', ['kubernetes 5 stated gpuMemoryMib=1'], ['gpuMemoryMib=1 (kubernetes)']],
    [
      'what an operator wrote comes before what tools saw, however old it is',
      ['inventory 1 stated gpuMemoryMib=1', 'hwloc 9 stated gpuMemoryMib=2'],
      ['gpuMemoryMib=1 (inventory), not 2 (hwloc)'],
    ],
    [
      'what looks at the hardware comes before what repeats a label',
      [
        'kubernetes 9 stated gpuMemoryMib=1',
        'netbox 9 stated gpuMemoryMib=2',
        'hwloc 1 stated gpuMemoryMib=3',
      ],
      ['gpuMemoryMib=3 (hwloc), not 1 (kubernetes), not 2 (netbox)'],
    ],
    [
      'what was stated comes before what was assumed, whoever assumed it',
      ['inventory 9 assumed gpuMemoryMib=1', 'openb 1 stated gpuMemoryMib=2'],
      ['gpuMemoryMib=2 (openb), not 1 (inventory)'],
    ],
    [
      'what was derived counts as much as what was stated',
      ['hwloc 1 derived gpuMemoryMib=1', 'kubernetes 9 stated gpuMemoryMib=2'],
      ['gpuMemoryMib=1 (hwloc), not 2 (kubernetes)'],
    ],
    [
      'sources that agree are no conflict',
      ['hwloc 1 stated gpuMemoryMib=1', 'kubernetes 1 stated gpuMemoryMib=1'],
      ['gpuMemoryMib=1 (hwloc)'],
    ],
    [
      'each attribute is believed for itself',
      ['hwloc 1 stated gpuMemoryMib=1', 'kubernetes 1 stated gpuMemoryMib=2 cpuMilli=3'],
      ['cpuMilli=3 (kubernetes)', 'gpuMemoryMib=1 (hwloc), not 2 (kubernetes)'],
    ],
    [
      'the newer word of a source replaces its older one, with what it no longer says',
      ['kubernetes 1 stated gpuMemoryMib=1 cpuMilli=9', 'kubernetes 2 stated gpuMemoryMib=2'],
      ['gpuMemoryMib=2 (kubernetes)'],
    ],
    [
      'the newer word of a source stands, also when the older one is imported after it',
      ['kubernetes 2 stated gpuMemoryMib=2', 'kubernetes 1 stated gpuMemoryMib=1'],
      ['gpuMemoryMib=2 (kubernetes)'],
    ],
    [
      'within one file the later line counts',
      ['kubernetes 1 stated gpuMemoryMib=1; stated gpuMemoryMib=2'],
      ['gpuMemoryMib=2 (kubernetes), not 1 (kubernetes)'],
    ],
  ];
  const hour = 3_600_000;
  const own: typeof rows = [
    [
      'watts: who meters and who books them, before labels',
      ['kubernetes 9 stated nameplateW=1', 'netbox 1 stated nameplateW=2', 'redfish 1 stated nameplateW=3'],
      ['nameplateW=3 (redfish), not 2 (netbox), not 1 (kubernetes)'],
    ],
    [
      'the fabric: who walks it, before who looks at the machine',
      ['kubernetes 9 stated leaf=fra1/a', 'hwloc 9 stated leaf=fra1/b', 'topograph 1 stated leaf=fra1/c'],
      ['leaf=fra1/c (topograph), not fra1/b (hwloc), not fra1/a (kubernetes)'],
    ],
    [
      'what a scheduler hands out, before what the machine has',
      ['hwloc 9 stated cpuMilli=128', 'slurm 1 stated cpuMilli=120', 'kubernetes 9 stated cpuMilli=127'],
      ['cpuMilli=120 (slurm), not 127 (kubernetes), not 128 (hwloc)'],
    ],
    [
      'places: the books of the data centre, before tools',
      ['redfish 9 stated position=1', 'netbox 1 stated position=2'],
      ['position=2 (netbox), not 1 (redfish)'],
    ],
    [
      'but the operator comes first in all of it',
      [
        'inventory 1 stated cpuMilli=1 nameplateW=1 leaf=fra1/a',
        'slurm 9 stated cpuMilli=2 leaf=fra1/b',
        'redfish 9 stated nameplateW=2',
      ],
      [
        'cpuMilli=1 (inventory), not 2 (slurm)',
        'leaf=fra1/a (inventory), not fra1/b (slurm)',
        'nameplateW=1 (inventory), not 2 (redfish)',
      ],
    ],
    [
      'of health the worst word counts, whoever says it',
      [
        'inventory 5 stated health=healthy',
        'prometheus 5 stated health=down healthReason=xid',
        'kubernetes 5 stated health=degraded healthReason=disk',
      ],
      [
        'health=down (prometheus), not degraded (kubernetes), not healthy (inventory)',
        'healthReason=xid (prometheus), not disk (kubernetes)',
      ],
    ],
    [
      'a word about health that is too old yields to any that lives',
      [`kubernetes ${2 * hour} stated health=healthy`, 'prometheus 0 stated health=down'],
      ['health=healthy (kubernetes), not down (prometheus)'],
    ],
    [
      'it lives as long as its source says',
      [`kubernetes ${hour / 4} stated health=healthy`, 'prometheus 0 stated health=down'],
      ['health=down (prometheus), not healthy (kubernetes)'],
    ],
    [
      'and no millisecond longer',
      [`kubernetes ${hour / 4 + 1} stated health=healthy`, 'prometheus 0 stated health=down'],
      ['health=healthy (kubernetes), not down (prometheus)'],
    ],
    [
      'what an operator wrote about health does not age',
      [`kubernetes ${99 * hour} stated health=healthy`, 'inventory 0 stated health=down'],
      ['health=down (inventory), not healthy (kubernetes)'],
    ],
    [
      'of words that are all too old the newest counts',
      [
        `slurm ${99 * hour} stated gpuCount=8`,
        'prometheus 1 stated health=down',
        'kubernetes 9 stated health=healthy',
      ],
      ['gpuCount=8 (slurm)', 'health=healthy (kubernetes), not down (prometheus)'],
    ],
    [
      'a word that is too old still counts where it is the only one',
      [`slurm ${99 * hour} stated gpuCount=8`, 'prometheus 1 stated health=down'],
      ['gpuCount=8 (slurm)', 'health=down (prometheus)'],
    ],
    [
      'what was assumed about health does not outweigh what was stated',
      ['kubernetes 5 stated health=healthy', 'slurm 5 assumed health=down'],
      ['health=healthy (kubernetes), not down (slurm)'],
    ],
    [
      'who may not be used by one is not used',
      ['inventory 5 stated schedulable=true', 'kubernetes 5 stated schedulable=false'],
      ['schedulable=false (kubernetes), not true (inventory)'],
    ],
    [
      'of measured watts the largest counts, and they are no conflict',
      ['inventory 5 stated measuredW=1', 'prometheus 5 stated measuredW=3', 'redfish 5 stated measuredW=2'],
      ['measuredW=3 (prometheus)'],
    ],
    [
      'what does not change by itself does not age',
      [`kubernetes ${999 * hour} stated gpuCount=8`, 'nvidia-smi 0 stated gpuCount=7'],
      ['gpuCount=7 (nvidia-smi), not 8 (kubernetes)'],
    ],
  ];
  test.each(own)('%s', (_, lines, expected) => {
    expect(resolved(lines)).toEqual(expected);
  });
  test.each(rows)('%s', (_, lines, expected) => {
    expect(resolved(lines)).toEqual(expected);
  });

  test('what decisions read is what the list of attributes says', () => {
    for (const [, lines] of [...rows, ...own]) {
      const node = resolveKind(claimsOf(lines), (said) => (said.kind === 'node' ? said.set : undefined)).get(
        subject,
      );
      const listed = resolved(lines).map((line) => line.replace(/ .*/, ''));
      const read = Object.entries(node ?? {}).map(
        ([name, value]) => `${name}=${JSON.stringify(value).replaceAll('"', '')}`,
      );
      expect(read.toSorted()).toEqual(listed);
    }
  });

  test('the order in which different sources are imported does not matter', () => {
    for (const [, lines] of [...rows, ...own].filter(
      ([, all]) => new Set(all.map((line) => line.split(' ', 1).join())).size > 1,
    ))
      expect(resolved(lines.toReversed())).toEqual(resolved(lines));
  });
});
