import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { canonicalJson } from '../../src/model/canonical.ts';
import { BerthError } from '../../src/model/error.ts';
import { Observation } from '../../src/model/fact.ts';
import { netbox } from '../../src/sources/netbox/netbox.ts';
import { redfish } from '../../src/sources/redfish/redfish.ts';
import type { Evidence, Source } from '../../src/sources/source.ts';
import { capture, file, refusal } from './given.ts';

/** The number of facts, or nothing for a file that was refused by its name. Anything else is thrown, and fails the test. */
function factsIn(source: Source, evidence: Evidence): number | undefined {
  try {
    const observation = source.parse([evidence], { site: 'lab1', observedAtMs: 0 });
    canonicalJson(Observation.parse(observation));
    return observation.facts.length;
  } catch (error) {
    const isRefusal = error instanceof BerthError && error.detail.code === 'INVALID_INPUT';
    if (isRefusal && error.detail.message.includes(`\`${evidence.file}\``)) return undefined;
    throw error;
  }
}

/** What becomes of a file cut off after every `step`-th byte: refused, or read with so many facts at most. */
function cuts(source: Source, evidence: Evidence, step: number) {
  const found = [];
  for (let end = 0; end < evidence.bytes.length; end += step)
    found.push(factsIn(source, file(evidence.file, evidence.bytes.subarray(0, end))));
  const read = found.filter((facts) => facts !== undefined);
  return { read: read.length, refused: found.length - read.length, most: Math.max(0, ...read) };
}

describe('a file that is cut off is refused by name or read in part', () => {
  test.each<readonly [Source, string, number]>([
    [redfish, 'redfish/telegraf-dell_systems.json', 7],
    [redfish, 'redfish/dmtf-public-rackmount1.json', 997],
    [netbox, 'netbox-site/made-up-site.json', 211],
  ])(
    '%# $name: a truncated JSON text is no JSON',
    (source, path, step) => {
      const { read, refused } = cuts(source, capture(path), step);
      expect(read).toBe(0);
      expect(refused).toBeGreaterThan(100);
    },
    30_000,
  );

  test.each<readonly [Source, string, number]>([
    [netbox, 'netbox/Supermicro-AS-8125GS-TNMR2.yml', 5],
    [netbox, 'netbox/Nvidia-DGX-Spark.yaml', 1],
  ])(
    '%# $name: YAML may end after any line, and never says more',
    (source, path, step) => {
      const { read, refused, most } = cuts(source, capture(path), step);
      expect(Math.min(read, refused)).toBeGreaterThan(0);
      expect(most).toBeLessThanOrEqual(factsIn(source, capture(path)) ?? 0);
    },
    30_000,
  );
});

/** Well-formed JSON with the right keys and the wrong things under them. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    '0',
    0,
    -1,
    1.5,
    1e21,
    true,
    [],
    {},
    [null],
    { '@odata.id': 7 },
    { value: null },
    '\u{202e}',
    '/redfish/v1/Systems/1',
    'GPU',
    'N/A',
  ),
  fc.string({ maxLength: 20 }),
);

/** The value with up to three of its leaves replaced. */
function spoilt(value: unknown, places: readonly number[], with_: readonly unknown[]): unknown {
  let seen = 0;
  const visit = (inner: unknown): unknown => {
    const hit = places.indexOf(seen++);
    if (hit >= 0) return with_[hit];
    if (Array.isArray(inner)) return inner.map(visit);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, entry]) => [key, visit(entry)]));
  };
  return visit(value);
}

function json(path: string): unknown {
  return JSON.parse(new TextDecoder().decode(capture(path).bytes));
}

describe('odd values in any place are read or refused', () => {
  test.each<readonly [Source, string, number]>([
    [redfish, 'redfish/telegraf-dell_systems.json', 260],
    [redfish, 'redfish/dmtf-public-rackmount1.json', 2600],
    [redfish, 'redfish/telegraf-dell_power.json', 200],
    [netbox, 'netbox-site/made-up-site.json', 4000],
  ])(
    '%# $name',
    (source, path, places) => {
      const value = json(path);
      fc.assert(
        fc.property(
          fc.array(fc.nat({ max: places }), { minLength: 1, maxLength: 12 }),
          fc.array(odd, { minLength: 12, maxLength: 12 }),
          (where, what) => {
            const evidence = file('odd.json', JSON.stringify(spoilt(value, where, what)));
            expect(factsIn(source, evidence) ?? 0).toBeLessThan(1000);
          },
        ),
        { seed: 20_261_122, numRuns: 60 },
      );
    },
    60_000,
  );
});

describe('bombs and other encodings', () => {
  const deep = '['.repeat(100_000);
  const deepResource = `{"@odata.id":"/redfish/v1/Systems/1","@odata.type":"#ComputerSystem.v1.ComputerSystem","HostName":"a","x":${'['.repeat(5000)}${']'.repeat(5000)}}`;
  const aliases = `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${Array.from({ length: 9 }, () => `*${'abcdefghi'[i]}`).join()}]`).join('\n')}\nmanufacturer: a\nmodel: b\n`;

  test.each<readonly [Source, string, string | Uint8Array]>([
    [redfish, 'open brackets', deep],
    [netbox, 'open brackets', deep],
    [netbox, 'aliases of aliases', aliases],
    [redfish, 'a binary file', new Uint8Array([0, 1, 2])],
    [netbox, 'Latin-1', new Uint8Array([0x6d, 0xe9, 0x0a])],
    [redfish, 'UTF-16', new Uint8Array([0xff, 0xfe, 0x7b, 0x00])],
    [netbox, 'nothing', ''],
    [redfish, 'a number', '7'],
    [redfish, 'a list of nothing', '[null, 1, {}]'],
    [netbox, 'tables of nothing', '{"racks": null, "devices": [null]}'],
  ])('$name: %s is refused', (source, _, content) => {
    expect(
      refusal(() => source.parse([file('x', content)], { site: 'lab1', observedAtMs: 0 })).message,
    ).toContain('`x`');
  });

  test('a resource with something deep inside is read, and twice the same', () => {
    const files = [
      file('a.json', deepResource),
      file('b.json', `{"@odata.id":"/redfish/v1/Chassis/1","x":${'['.repeat(5000)}${']'.repeat(5000)}}`),
    ];
    expect(redfish.parse(files, { site: 'lab1', observedAtMs: 0 }).facts.length).toBeGreaterThan(0);
    expect(() => redfish.parse([...files, ...files.slice(1)], { site: 'lab1', observedAtMs: 0 })).toThrow(
      BerthError,
    );
  });

  test('cables in a circle, locations in a circle', () => {
    const circle = {
      sites: [{ id: 1, slug: 's1', name: 's1' }],
      locations: [
        { id: 1, slug: 'a', parent: { id: 2 }, site: 1 },
        { id: 2, slug: 'b', parent: { id: 1 }, site: 1 },
      ],
      racks: [{ id: 1, name: 'r', site: 1, location: 1, u_height: 42 }],
      'power-feeds': [
        { id: 1, name: 'f', rack: 1, power_panel: 1, voltage: 230, amperage: 10, max_utilization: 80 },
      ],
      devices: [{ id: 1, name: 'n', site: 1, rack: 1, position: 1, role: { slug: 'server' } }],
      'power-ports': [
        { id: 1, device: 1, name: 'p' },
        { id: 2, device: 2, name: 'inlet' },
      ],
      'power-outlets': [{ id: 1, device: 2, name: 'o', power_port: 2 }],
      cables: [
        [1, 1],
        [2, 1],
      ].map(([port, outlet], id) => ({
        id: id + 1,
        status: 'connected',
        a_terminations: [{ object_type: 'dcim.powerport', object_id: port }],
        b_terminations: [{ object_type: 'dcim.poweroutlet', object_id: outlet }],
      })),
    };
    expect(factsIn(netbox, file('circle.json', JSON.stringify(circle)))).toBeGreaterThan(0);
  });

  test('the longest names still make paths', () => {
    const long = 'x'.repeat(100);
    const content = {
      sites: [{ id: 1, slug: long, name: long }],
      locations: Array.from({ length: 9 }, (_, index) => ({
        id: index + 1,
        slug: `${long}${index}`,
        site: { id: 1 },
        parent: index === 0 ? null : { id: index },
      })),
      racks: [{ id: 1, name: long, site: { id: 1 }, location: { id: 9 }, u_height: 42 }],
      devices: [
        { id: 1, name: long, site: { id: 1 }, rack: { id: 1 }, position: 1, role: { slug: 'server' } },
      ],
      interfaces: [{ id: 1, name: long, device: { id: 1 }, type: '10gbase-t' }],
    };
    const { facts } = netbox.parse([file('long.json', JSON.stringify(content))], { observedAtMs: 0 });
    expect(facts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['rack', 'node', 'nic']));
  });
});
