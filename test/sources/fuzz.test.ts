import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { canonicalJson } from '../../src/model/canonical.ts';
import { BerthError } from '../../src/model/error.ts';
import { Observation } from '../../src/model/fact.ts';
import { kubernetes } from '../../src/sources/kubernetes/kubernetes.ts';
import { detectSource, sources } from '../../src/sources/registry.ts';
import type { Evidence, Source } from '../../src/sources/source.ts';
import { capture, file } from './given.ts';
import { traceLike } from './trace.ts';

const world = readFileSync(new URL('../../evals/worlds/four-sites.yaml', import.meta.url), 'utf8');
const trace = new TextDecoder().decode(traceLike().bytes);

const seeds: readonly Evidence[] = [
  capture('kubernetes/seen-nodes-a.yaml'),
  capture('kubernetes/aicr-kwok-profile-eks-p5-h100.yaml'),
  capture('kubernetes/gfd-expected-output-mig-single.txt'),
  capture('dra/resourceslices-eks-h100-node1.yaml'),
  capture('dra/resourceslice-dranet-gke-v1alpha.yaml'),
  capture('cloud/skypilot-lambda-vms-excerpt.csv'),
  capture('cloud/karpenter-kwok-instance-types.json'),
  capture('hwloc/this-vm-2core.v2.xml'),
  capture('nccl-topo/azure-ndv2-8xV100.xml'),
  capture('redfish/telegraf-dell_systems.json'),
  capture('netbox/Supermicro-AS-8125GS-TNMR2.yml'),
  file(
    'nodes.json',
    JSON.stringify({ kind: 'List', items: [{ kind: 'Node', metadata: { name: 'a' }, spec: {} }] }),
  ),
  file('trace.csv', trace.split('\n').slice(0, 40).join('\n')),
  capture('slurm/berthtest-22.05/gres.conf'),
  capture('topograph/small-tree.yaml'),
  capture('nvidia-smi/topo-m-4xl40s.txt'),
  capture('rocm-smi/rocm-smi-showtopo-8gpu-two-hives.txt'),
  capture('dcgm/dcgm-exporter-eks-h100.prom'),
  capture('infiniband/ibnetdiscover-one-ca.out'),
  // The world up to its second site: a whole inventory, short enough to read it often.
  file('world.yaml', world.slice(0, world.indexOf('\n    ams2:'))),
];

/** One change to the bytes: cut, overwrite, insert, repeat, or swap a word for one that means something. */
const change = fc.record({
  kind: fc.constantFrom('cut', 'flip', 'insert', 'repeat', 'word'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 60 }),
  byte: fc.integer({ min: 0, max: 255 }),
  word: fc.constantFrom(
    'null',
    '[]',
    '{}',
    '-1',
    '1e999',
    '"',
    '*a',
    '&a ',
    '<<: ',
    '!!binary ',
    '\n---\n',
    '__proto__',
    '\u{202e}',
    '..',
  ),
});

function mutated(
  bytes: Uint8Array,
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
) {
  let text = [...bytes];
  for (const { kind, at, length, byte, word } of changes) {
    const start = Math.floor(at * text.length);
    const piece = text.slice(start, start + length);
    const put = {
      cut: [],
      flip: piece.map((value) => value ^ byte),
      insert: [...piece, byte],
      repeat: [...piece, ...piece],
      word: [...new TextEncoder().encode(word)],
    }[kind];
    text = [...text.slice(0, start), ...put, ...text.slice(start + (kind === 'word' ? 4 : length))];
  }
  return new Uint8Array(text);
}

/** Either a sound observation or an error for people. Anything else escapes and fails the test. */
function readsOrRefuses(source: Source, evidence: Evidence): 'read' | 'refused' {
  try {
    detectSource(evidence);
    const observation = source.parse([evidence], { site: 'lab1', nodes: ['n1'], observedAtMs: 0 });
    canonicalJson(Observation.parse(observation));
    return 'read';
  } catch (error) {
    if (error instanceof BerthError) return 'refused';
    throw error;
  }
}

test.each([...sources.values()])(
  '$name: damaged files are read or refused, never anything else',
  (source) => {
    const outcomes = { read: 0, refused: 0 };
    const own = seeds.filter((seed) => readsOrRefuses(source, seed) === 'read');
    // Half of the time a file that the source does read, so that as many sources as there are each get their share.
    const anySeed = fc.oneof(fc.constantFrom(...own), fc.constantFrom(...seeds));
    fc.assert(
      fc.property(anySeed, fc.array(change, { maxLength: 6 }), (seed, changes) => {
        outcomes[readsOrRefuses(source, file(seed.file, mutated(seed.bytes, changes)))] += 1;
      }),
      { seed: 20_261_122, numRuns: 150 },
    );
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(0);
  },
);

/** Objects that are well-formed JSON, with the right keys and the wrong things in them. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    '0',
    '8',
    -1,
    1.5,
    1e21,
    true,
    [],
    {},
    'NVIDIA-H100-80GB-HBM3-MIG-',
    '\u{202e}',
  ),
  fc.string({ maxLength: 30 }),
);
const oddKey = fc.constantFrom(
  'nvidia.com/gpu',
  'nvidia.com/gpu.count',
  'nvidia.com/gpu.product',
  'nvidia.com/gpu.replicas',
  'nvidia.com/gpu.sharing-strategy',
  'nvidia.com/mig-1g.10gb',
  'nvidia.com/mig-1g.10gb.count',
  'amd.com/gpu',
  'beta.amd.com/gpu.device-id.74a1',
  'amd.com/gpu.vram',
  'topology.kubernetes.io/region',
  'x/rack',
  'fabric.topograph.run/tier-0',
  'cpu',
  'memory',
  '__proto__',
);
const oddMap = fc.oneof(fc.dictionary(oddKey, oddValue), oddValue);

test('kubernetes: odd values in every place are read or refused', () => {
  const node = fc.record(
    {
      kind: fc.constant('Node'),
      metadata: fc.record({
        name: fc.oneof(fc.constant('a'), oddValue),
        labels: oddMap,
        annotations: oddMap,
      }),
      spec: fc.oneof(
        fc.record({ unschedulable: oddValue, taints: fc.array(oddMap), providerID: oddValue }),
        oddValue,
      ),
      status: fc.oneof(
        fc.record({ capacity: oddMap, allocatable: oddMap, conditions: fc.array(oddMap), nodeInfo: oddMap }),
        oddValue,
      ),
    },
    { requiredKeys: ['kind'] },
  );
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(node, { minLength: 1, maxLength: 3 }), (items) => {
      const evidence = file('n.json', JSON.stringify({ kind: 'List', items }));
      outcomes[readsOrRefuses(kubernetes, evidence)] += 1;
    }),
    { seed: 20_261_123, numRuns: 300 },
  );
  expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(0);
});
