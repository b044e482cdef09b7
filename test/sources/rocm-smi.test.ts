import { describe, expect, test } from 'vitest';

import type { GpuFacts, Observation } from '../../src/model/fact.ts';
import { rocmSmi } from '../../src/sources/rocm-smi/rocm-smi.ts';
import type { Evidence } from '../../src/sources/source.ts';
import { gpuAt } from './device-given.ts';
import { capture, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const here = { site: 'fra1', nodes: ['n1'] };

function read(...evidence: readonly Evidence[]): Observation {
  return parsed(rocmSmi, evidence, here);
}

function gpuIn(observation: Observation, number: number): GpuFacts {
  return gpuAt(observation, `fra1/n1/gpu${number}`);
}

/** JSON as rocm-smi prints it: cards by number, and what it says of pairs. */
function json(
  cards: readonly Readonly<Record<string, string>>[],
  system: Readonly<Record<string, string>> = {},
): Evidence {
  const all = Object.fromEntries(cards.map((fields, number) => [`card${number}`, fields]));
  return file('r.json', JSON.stringify({ ...all, system }, undefined, 2));
}

describe('captures', () => {
  test('four MI100 without XGMI', () => {
    const seen = read(capture('rocm-smi/rocm-smi-mi100-rocm602.json'));
    expect(nodeIn(seen, 'fra1/n1')).toEqual({ gpuCount: 4, driver: '6.3.6', link: 'none' });
    expect(gpuIn(seen, 1)).toEqual({
      model: 'MI100-32GB',
      uuid: 'GPU-04edfb117a17a07d',
      pciAddress: '0000:a3:00.0',
      memoryMib: 32_752,
      numaNode: 1,
      powerW: 290,
      measuredW: 44,
    });
    expect(whyUnknown(seen, 'fra1/n1/gpu1', 'health')).toBe('rocm-smi reports no health');
    expect(seen.facts.find(({ subject }) => subject === 'fra1/n1/gpu1')?.origin.line).toBe(74);
  });

  test('eight GPUs in two hives', () => {
    const seen = read(capture('rocm-smi/rocm-smi-showtopo-8gpu-two-hives.txt'));
    expect(nodeIn(seen, 'fra1/n1')).toEqual({ gpuCount: 8, link: 'xgmi' });
    expect([0, 3, 4, 7].map((gpu) => gpuIn(seen, gpu))).toEqual([
      { numaNode: 0, island: 0 },
      { numaNode: 0, island: 0 },
      { numaNode: 1, island: 1 },
      { numaNode: 1, island: 1 },
    ]);
  });

  test('text and JSON of one machine come together', () => {
    const topology = capture('rocm-smi/rocm-smi-showtopo-8gpu-two-hives.txt');
    const cards = json(
      Array.from({ length: 8 }, (_, index) => ({
        'PCI Bus': `0000:${index}3:00.0`,
        'Card Series': 'AMD Instinct MI300X OAM',
        'Device ID': '0x74a1',
      })),
    );
    const [a, b] = [read(topology, cards), read(cards, topology)];
    expect(withoutLines(b)).toEqual(withoutLines(a));
    expect(gpuIn(a, 5)).toMatchObject({ model: 'MI300X-192GB', pciAddress: '0000:53:00.0', island: 1 });
  });
});

describe('values that are none', () => {
  test('names in hex are no products, minus one is no NUMA node, N/A is no serial', () => {
    const seen = read(
      json([
        {
          'Card Series': '0x74a1',
          'Card Model': '0x74a1',
          'Device ID': '0x74b5',
          '(Topology) Numa Node': '-1',
          'Serial Number': 'N/A',
        },
      ]),
    );
    expect(gpuIn(seen, 0)).toEqual({});
    expect(whyUnknown(seen, 'fra1/n1/gpu0', 'model')).toContain('`0x74b5`');
    expect(whyUnknown(seen, 'fra1/n1/gpu0', 'numaNode')).toBe('rocm-smi says `-1`');
  });

  test('parts of cards are not counted as cards', () => {
    const seen = read(
      json([
        { 'Card Series': 'AMD Instinct MI300X', 'Compute Partition': 'CPX', 'Memory Partition': 'NPS1' },
      ]),
    );
    expect(nodeIn(seen, 'fra1/n1')).toEqual({ sharing: 'unknown' });
    expect(whyUnknown(seen, 'fra1/n1', 'gpuCount')).toContain('partition mode CPX');
    expect(nodeIn(read(json([{ 'Compute Partition': 'SPX' }])), 'fra1/n1')).toEqual({ gpuCount: 1 });
  });

  test('the draw under its newer name, the highest of several', () => {
    const seen = read(
      json([
        {
          'Average Graphics Package Power (W)': '120.2',
          'Current Socket Graphics Package Power (W)': '130.5',
        },
      ]),
    );
    expect(gpuIn(seen, 0)).toEqual({ measuredW: 131 });
  });
});

function pair(what: string, a: number, b: number): string {
  return `(Topology) ${what} between DRM devices ${a} and ${b}`;
}

describe('links', () => {
  test('cells of a pair that differ leave the link open', () => {
    const text = [
      '============ ROCm System Management Interface ============',
      '======= Link Type between two GPUs =======',
      '       GPU0  GPU1',
      'GPU0   0     XGMI',
      'GPU1   PCIE  0',
      '',
    ].join('\n');
    const seen = read(file('t', text));
    expect(nodeIn(seen, 'fra1/n1')).toEqual({ gpuCount: 2 });
    expect(whyUnknown(seen, 'fra1/n1', 'link')).toContain('missing or illegible');
  });

  test('XGMI that is no nearer than PCIe is reported', () => {
    const types = {
      [pair('Link type', 0, 1)]: 'XGMI',
      [pair('Link type', 0, 2)]: 'PCIE',
      [pair('Link type', 1, 2)]: 'PCIE',
    };
    const weights = {
      [pair('Weight', 0, 1)]: '72',
      [pair('Weight', 0, 2)]: '40',
      [pair('Weight', 1, 2)]: '72',
    };
    const seen = read(json([{}, {}, {}], { ...types, ...weights }));
    expect(whyUnknown(seen, 'fra1/n1', 'topology')).toBe(
      'GPU0 and GPU1 are joined by XGMI at weight 72, no nearer than PCIe at 40',
    );
    expect([0, 1, 2].map((gpu) => gpuIn(seen, gpu).island)).toEqual([0, 0, 1]);
  });

  test('a pair that nobody speaks of leaves all of it open', () => {
    const seen = read(json([{}, {}, {}], { [pair('Link type', 0, 1)]: 'XGMI' }));
    expect(whyUnknown(seen, 'fra1/n1', 'link')).toBeDefined();
    expect(gpuIn(seen, 0).island).toBeUndefined();
  });
});

test.each([
  ['{}', 'is not what was expected'],
  ['[1]', 'is not what was expected'],
  ['{"card0": ', 'not well-formed JSON'],
  ['ROCm System Management Interface\nno GPU\n', 'is not what was expected'],
])('%s is refused', (text, message) => {
  expect(refusal(() => read(file('r', text))).message).toContain(message);
});
