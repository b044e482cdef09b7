import { describe, expect, test } from 'vitest';

import type { Claims } from '../../../src/core/inventory/claims.ts';
import { addObservation, subjectKey } from '../../../src/core/inventory/claims.ts';
import { newestOf, resolveAttributes } from '../../../src/core/inventory/resolve.ts';
import { claimsAbout } from '../../../src/core/inventory/said-about.ts';
import type { FactKind, Observation } from '../../../src/model/fact.ts';
import { Path } from '../../../src/model/id.ts';
import { type Line, said } from './identity/said.ts';

function claimsOf(...observations: readonly Observation[]): Claims {
  return observations.reduce<Claims>(addObservation, new Map());
}

function about(claims: Claims, kind: FactKind, path: string) {
  return claimsAbout(claims, subjectKey(kind, Path.parse(path)));
}

/** `cpuMilli 2 (slurm), not 1 (inventory)`: each attribute, and who denies it. */
function resolved(claims: Claims, kind: FactKind, path: string): readonly string[] {
  return resolveAttributes(about(claims, kind, path), newestOf(claims)).map(
    ({ name, value, claim: { source }, conflicts }) =>
      [
        `${name} ${String(value)} (${source})`,
        ...conflicts.map((other) => `not ${String(other.value)} (${other.claim.source})`),
      ].join(', '),
  );
}

const card = { model: 'H100', memoryMib: 80, powerW: 700 };
const shape: Line = [
  'shape',
  'big',
  {
    cpuMilli: 1,
    memoryMib: 2,
    storageGib: 3,
    numaNodes: 2,
    link: 'nvlink',
    linkMbps: 4,
    basePowerW: 5,
    nameplateW: 6,
    units: 7,
    gpus: [card, { model: 'L4' }],
    nics: [{ mbps: 8, rdma: true }],
  },
];
const node: Line = ['node', 'fra1/n1', { shape: 'big' }];

describe('words about a node', () => {
  test('are those of its shape too, and how many GPUs that lists', () => {
    expect(resolved(claimsOf(said('inventory', [shape, node])), 'node', 'fra1/n1')).toEqual([
      'basePowerW 5 (inventory)',
      'cpuMilli 1 (inventory)',
      'gpuCount 2 (inventory)',
      'link nvlink (inventory)',
      'linkMbps 4 (inventory)',
      'memoryMib 2 (inventory)',
      'nameplateW 6 (inventory)',
      'numaNodes 2 (inventory)',
      'shape big (inventory)',
      'storageGib 3 (inventory)',
      'units 7 (inventory)',
    ]);
  });

  test.each([
    ['cpuMilli', 9, 1],
    ['memoryMib', 9, 2],
    ['storageGib', 9, 3],
    ['numaNodes', 9, 2],
    ['link', 'none', 'nvlink'],
    ['linkMbps', 9, 4],
    ['basePowerW', 9, 5],
    ['nameplateW', 9, 6],
    ['units', 9, 7],
    ['gpuCount', 8, 2],
  ])('come before the word of the shape about its %s, which contradicts them', (name, own, common) => {
    const claims = claimsOf(
      said('inventory', [shape, node]),
      said('openb', [['node', 'fra1/n1', { [name]: own }]]),
    );
    expect(resolved(claims, 'node', 'fra1/n1')).toContain(
      `${name} ${own} (openb), not ${common} (inventory)`,
    );
  });

  test('that agree with the shape contradict nobody', () => {
    const claims = claimsOf(
      said('inventory', [shape, node]),
      said('slurm', [['node', 'fra1/n1', { cpuMilli: 1 }]]),
    );
    expect(resolved(claims, 'node', 'fra1/n1')).toContain('cpuMilli 1 (slurm)');
  });

  test('keep who told of the shape, and where', () => {
    const claims = claimsOf(said('netbox', [shape]), said('slurm', [node]));
    expect(
      about(claims, 'node', 'fra1/n1').map(({ source, origin, isOfShape }) => [
        source,
        origin.file,
        isOfShape,
      ]),
    ).toEqual([
      ['slurm', 'slurm.txt', undefined],
      ['netbox', 'netbox.txt', true],
    ]);
  });

  test.each<[string, readonly Line[]]>([
    ['it names none', [shape, ['node', 'fra1/n1', {}]]],
    ['nobody has told of its shape', [node]],
    ['another has that shape', [shape, ['node', 'fra1/n2', { shape: 'big' }], ['node', 'fra1/n1', {}]]],
  ])('are only its own where %s', (_, lines) => {
    expect(about(claimsOf(said('inventory', lines)), 'node', 'fra1/n1')).toHaveLength(1);
  });

  test('are of the shape that the most trusted source names', () => {
    const small: Line = ['shape', 'small', { cpuMilli: 100 }];
    const claims = claimsOf(
      said('slurm', [small, ['node', 'fra1/n1', { shape: 'small' }]]),
      said('inventory', [shape, node]),
    );
    expect(resolved(claims, 'node', 'fra1/n1')).toContain('cpuMilli 1 (inventory)');
  });

  test('are none where nobody speaks of it', () => {
    expect(about(claimsOf(said('inventory', [shape])), 'node', 'fra1/n1')).toEqual([]);
  });
});

describe('words about a device', () => {
  const claims = claimsOf(
    said('inventory', [shape, node]),
    said('hwloc', [
      ['gpu', 'fra1/n1/gpu0', { memoryMib: 79 }],
      ['gpu', 'fra1/n1/gpu1', { numaNode: 1 }],
      ['gpu', 'fra1/n1/gpu2', { memoryMib: 24 }],
      ['nic', 'fra1/n1/nic0', { mbps: 9 }],
      ['nic', 'fra1/n1/nic1', { mbps: 9 }],
      ['gpu', 'fra1/n2/gpu0', { memoryMib: 79 }],
    ]),
  );

  test.each<[string, FactKind, string, readonly string[]]>([
    [
      'are those of its slot in the shape too',
      'gpu',
      'fra1/n1/gpu0',
      ['memoryMib 79 (hwloc), not 80 (inventory)', 'model H100 (inventory)', 'powerW 700 (inventory)'],
    ],
    ['are not those of another slot', 'gpu', 'fra1/n1/gpu1', ['model L4 (inventory)', 'numaNode 1 (hwloc)']],
    ['are its own where the shape has no such slot', 'gpu', 'fra1/n1/gpu2', ['memoryMib 24 (hwloc)']],
    [
      'are those of NICs for a NIC',
      'nic',
      'fra1/n1/nic0',
      ['mbps 9 (hwloc), not 8 (inventory)', 'rdma true (inventory)'],
    ],
    ['are its own beyond the last NIC', 'nic', 'fra1/n1/nic1', ['mbps 9 (hwloc)']],
    ['are its own on a machine without a shape', 'gpu', 'fra1/n2/gpu0', ['memoryMib 79 (hwloc)']],
  ])('%s', (_, kind, path, expected) => {
    expect(resolved(claims, kind, path)).toEqual(expected);
  });
});

test('words about a place are only its own', () => {
  const claims = claimsOf(said('inventory', [shape, node, ['rack', 'fra1/r1', { units: 42 }]]));
  expect(resolved(claims, 'rack', 'fra1/r1')).toEqual(['units 42 (inventory)']);
  expect(about(claims, 'shape', 'big')).toHaveLength(1);
});
