import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { buildFleet } from '../../../../src/core/inventory/build.ts';
import { addObservation, type Claims } from '../../../../src/core/inventory/claims.ts';
import { identify } from '../../../../src/core/inventory/identity/identify.ts';
import { digestOf } from '../../../../src/model/canonical.ts';
import type { Observation, SourceName } from '../../../../src/model/fact.ts';
import { type Line, said } from './said.ts';

/** A machine as it is: what sources see of it is drawn from this. */
type Real = {
  readonly number: number;
  readonly host: string;
  readonly serial: string;
  readonly uuid: string;
  readonly gpus: readonly {
    readonly uuid: string;
    readonly pciAddress: string;
    readonly pcieSwitch: number;
  }[];
};

/** What one source knows, and in which words. */
type View = {
  readonly source: SourceName;
  readonly form: 'short' | 'long' | 'capitals';
  readonly placed: 'site' | 'rack' | 'unplaced';
  readonly serial: boolean;
  readonly uuid: boolean;
  readonly gpus: 'none' | 'uuid' | 'pci' | 'both';
  readonly turned: boolean;
  readonly seen: readonly boolean[];
};

const sources: readonly SourceName[] = [
  'kubernetes',
  'dra',
  'hwloc',
  'nvidia-smi',
  'netbox',
  'prometheus',
  'slurm',
];

const reals = fc.integer({ min: 1, max: 6 }).map((count): readonly Real[] =>
  Array.from({ length: count }, (_, number) => {
    const digits = String(number).padStart(4, '0');
    return {
      number,
      host: `n${number}`,
      serial: `SER${digits}`,
      uuid: `4c4c4544-0051-3510-8052-b4c04f4d${digits}`,
      gpus: [0, 1, 2, 3].map((gpu) => ({
        uuid: `GPU-0000${number}${gpu}aa`,
        pciAddress: `0000:${gpu + 1}b:00.0`,
        pcieSwitch: gpu >> 1,
      })),
    };
  }),
);

const views = fc.uniqueArray(
  fc.record({
    source: fc.constantFrom(...sources),
    form: fc.constantFrom('short', 'long', 'capitals'),
    placed: fc.constantFrom('site', 'rack', 'unplaced'),
    serial: fc.boolean(),
    uuid: fc.boolean(),
    gpus: fc.constantFrom('none', 'uuid', 'pci', 'both'),
    turned: fc.boolean(),
    seen: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 5, selector: ({ source }) => source },
);

/** The operator knows every machine by name and place: whatever comes then finds it. */
function books(machines: readonly Real[]): Observation {
  return said('inventory', [
    ['rack', 'fra1/r1', {}],
    ...machines.map(({ host, number }): Line => ['node', `fra1/r1/m${number}`, { hostName: host }]),
  ]);
}

function seenBy(view: View, machines: readonly Real[]): Observation {
  const lines = machines
    .filter(({ number }) => view.seen[number])
    .flatMap((machine) => linesOf(view, machine));
  return said(view.source, view.placed === 'rack' ? [['rack', 'fra1/r1', {}], ...lines] : lines);
}

function linesOf(view: View, { host, serial, uuid, number, gpus }: Real): readonly Line[] {
  const name = { short: host, long: `${host}.fra1.example`, capitals: host.toUpperCase() }[view.form];
  const root = { site: 'fra1', rack: 'fra1/r1', unplaced: 'unplaced' }[view.placed];
  const path = `${root}/${view.source}-${number}`;
  const cards = view.turned ? gpus.toReversed() : gpus;
  return [
    [
      'node',
      path,
      {
        hostName: name,
        machine: `real-${number}`,
        ...(view.serial ? { serial } : {}),
        ...(view.uuid ? { systemUuid: uuid } : {}),
      },
    ],
    ...(view.gpus === 'none'
      ? []
      : cards.map((card, index): Line => ['gpu', `${path}/gpu${index}`, facts(view, card)])),
  ];
}

function facts({ gpus }: View, { uuid, pciAddress, pcieSwitch }: Real['gpus'][number]): object {
  return { pcieSwitch, ...(gpus === 'pci' ? {} : { uuid }), ...(gpus === 'uuid' ? {} : { pciAddress }) };
}

function merged(observations: readonly Observation[]): { readonly claims: Claims; readonly left: number } {
  let claims: Claims = new Map();
  let left = 0;
  for (const observation of observations) {
    const { observation: next, problems } = identify(claims, observation);
    claims = addObservation(claims, next);
    left += problems.length;
  }
  return { claims, left };
}

/** Which real machines stand behind each node: the sources say it in an attribute that identity does not read. */
function behind(claims: Claims): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const words of claims.values()) {
    for (const { fact } of words) {
      if (fact.kind !== 'node' || fact.set.machine === undefined) continue;
      found.set(fact.subject, (found.get(fact.subject) ?? new Set()).add(fact.set.machine));
    }
  }
  return found;
}

/** The fleet without the names that depend on who came first. */
function outline(claims: Claims): readonly string[] {
  const fleet = buildFleet(claims);
  return fleet.nodes
    .map((node) => {
      const { hostName: _, ...rest } = node.facts;
      const switches = node.shape.gpus.map(({ pcieSwitch }) => pcieSwitch ?? -1);
      const partners = switches.map((one) => switches.filter((other) => other === one).length);
      return digestOf({
        machine: rest.machine ?? '',
        serial: rest.serial ?? '',
        uuid: rest.systemUuid ?? '',
        gpus: partners.length,
        partners,
        rack: node.rack ?? '',
      });
    })
    .toSorted();
}

const runs = { seed: 42, numRuns: 300 };

describe('machines seen by several sources', () => {
  test('are never merged and, once the operator knows them by name, never split', () => {
    fc.assert(
      fc.property(reals, views, (machines, seen) => {
        const { claims, left } = merged([books(machines), ...seen.map((view) => seenBy(view, machines))]);
        expect(left).toBe(0);
        expect(buildFleet(claims).nodes).toHaveLength(machines.length);
        for (const real of behind(claims).values()) expect(real.size).toBe(1);
      }),
      runs,
    );
  });

  test('are never merged and never split without the operator either, as long as a site is said', () => {
    fc.assert(
      fc.property(reals, views, (machines, seen) => {
        const placed = seen.map((view) => ({
          ...view,
          placed: view.placed === 'unplaced' ? ('site' as const) : view.placed,
        }));
        const { claims, left } = merged(placed.map((view) => seenBy(view, machines)));
        const nodes = behind(claims);
        for (const real of nodes.values()) expect(real.size).toBe(1);
        expect(left).toBe(0);
        const all = [...nodes.values()].flatMap((real) => [...real]);
        expect(new Set(all).size).toBe(all.length);
      }),
      runs,
    );
  });

  test('make the same fleet in every order, but for paths', () => {
    fc.assert(
      fc.property(
        reals,
        views,
        fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
        (machines, seen, order) => {
          const placed = seen.map((view) => ({
            ...view,
            placed: view.placed === 'unplaced' ? ('site' as const) : view.placed,
            gpus: view.gpus === 'none' ? ('none' as const) : ('both' as const),
          }));
          const observations = [...placed.map((view) => seenBy(view, machines)), books(machines)];
          const shuffled = observations
            .map((observation, index) => ({ observation, at: order[index] ?? 0 }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ observation }) => observation);
          expect(outline(merged(shuffled).claims)).toEqual(outline(merged(observations).claims));
        },
      ),
      runs,
    );
  });

  test('keep each GPU in one place, whatever order a source lists them in', () => {
    fc.assert(
      fc.property(reals, views, (machines, seen) => {
        const keyed = seen.map((view) => ({
          ...view,
          gpus: view.gpus === 'none' ? ('none' as const) : ('both' as const),
        }));
        const { claims } = merged([books(machines), ...keyed.map((view) => seenBy(view, machines))]);
        for (const words of claims.values()) {
          const uuids = words.flatMap(({ fact }) => (fact.kind === 'gpu' ? [fact.set.uuid] : []));
          expect(new Set(uuids).size).toBeLessThanOrEqual(1);
        }
        for (const node of buildFleet(claims).nodes) expect([0, 4]).toContain(node.shape.gpus.length);
      }),
      runs,
    );
  });
});
