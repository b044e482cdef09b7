import { describe, expect, test } from 'vitest';

import type { Observation } from '../../../src/model/fact.ts';
import { nvidiaSmi } from '../../../src/sources/nvidia-smi/nvidia-smi.ts';
import { prometheus } from '../../../src/sources/prometheus/prometheus.ts';
import { rocmSmi } from '../../../src/sources/rocm-smi/rocm-smi.ts';
import type { Evidence, Source } from '../../../src/sources/source.ts';
import { ask } from '../../core/acts.ts';
import { demand } from '../../core/demand.ts';
import { fact } from '../../core/fleet-text.ts';
import { observe, t0, type World, world } from '../../core/fleet.ts';
import { gpuAt } from '../device-given.ts';
import { capture, file, parsed } from '../given.ts';

const node = 'fra1/n1';

function read(source: Source, ...evidence: readonly Evidence[]): Observation {
  return parsed(source, evidence, { site: 'fra1', nodes: ['n1'], observedAtMs: t0 });
}

/** A node of which the operator says model, cores, memory and NUMA nodes, and then what was read of it. */
function fleet(model: string, numaNodes: number, ...seen: readonly Observation[]): World {
  const shape = fact('shape', 'box', { numaNodes });
  const base = observe(world({ sites: { fra1: {} } }), [
    shape,
    fact('node', node, { shape: 'box', gpuModel: model, cpuMilli: 128_000, memoryMib: 1_048_576 }),
  ]);
  return seen.reduce((before, { facts, source }) => observe(before, facts, { source }), base);
}

/** The GPUs of each replica, or why there are none. */
function got(on: World, text: string): string {
  const answer = ask(on, demand(text));
  if (answer.kind === 'planned')
    return answer.plan.placement.members.map((member) => member.gpus.join('')).join(' ');
  const { refusal } = answer;
  if (refusal.kind === 'fact-missing')
    return `unknown ${refusal.facts.map(({ attribute }) => attribute).join()}`;
  return refusal.kind === 'no-capacity' ? `no: ${refusal.nearest?.binding}` : refusal.kind;
}

function whys({ unknown }: Observation, attribute: string): string {
  return unknown.flatMap((gap) => (gap.attribute === attribute ? [gap.why] : [])).join('\n');
}

const h100 = 'H100-SXM-80GB';

function matrix(...lines: readonly string[]): Evidence {
  return file('topo.txt', `${lines.join('\n')}\n`);
}

describe('lie 10: the hop count of AMD GPUs tells nothing', () => {
  const text = new TextDecoder().decode(capture('rocm-smi/rocm-smi-showtopo-8gpu-two-hives.txt').bytes);
  const allOne = text.replace(/(Hops between two GPUs[^]*?)(?=\n=+ Link Type)/u, (hops) =>
    hops.replaceAll(' 3 ', ' 1 ').replaceAll(/ 3$/gmu, ' 1'),
  );

  test('lie 10: the report says that hops are not used', () => {
    const seen = read(rocmSmi, file('topo.txt', allOne));
    expect(allOne).not.toBe(text);
    expect(seen.assumptions.join()).toContain('hop counts of rocm-smi are not used');
    const withoutTypes = allOne.slice(0, allOne.indexOf('=============================== Link Type'));
    expect(whys(read(rocmSmi, file('topo.txt', withoutTypes)), 'link')).toContain(
      'hops and weights do not tell XGMI from PCIe',
    );
  });

  test('lie 10: five GPUs are not one XGMI island where two hives have four each', () => {
    const on = fleet('MI300X-192GB', 2, read(rocmSmi, file('topo.txt', allOne)));
    expect(got(on, '2×4 MI300X xgmi')).toBe('0123 4567');
    expect(got(on, '1×5 MI300X xgmi')).toBe('no: inventory');
    const hopsOnly = allOne.slice(0, allOne.indexOf('=============================== Link Type'));
    expect(got(fleet('MI300X-192GB', 2, read(rocmSmi, file('t', hopsOnly))), '1×2 MI300X xgmi')).toBe(
      'unknown link',
    );
  });
});

describe('lie 11: a GB200 tray shows every NIC as SYS, and lists of NUMA nodes', () => {
  const seen = read(nvidiaSmi, capture('nvidia-smi/topo-m-gb200-tray.txt'));

  test('lie 11: switches, roots and NUMA nodes are left open, and the report says why', () => {
    expect(whys(seen, 'pcieSwitch')).toContain('every NIC is SYS from every GPU');
    expect(whys(seen, 'numaNode')).toContain('NUMA Affinity is a list (0,3-9,11-17)');
    const claimed = seen.facts.flatMap(({ set }) => Object.keys(set));
    for (const attribute of ['pcieSwitch', 'pcieRoot', 'numaNode', 'rail'])
      expect(claimed).not.toContain(attribute);
  });

  test('lie 11: no aligned GPU and NIC is promised, and NVLink still is', () => {
    const on = fleet('GB200-186GB', 2, seen);
    expect(got(on, '1×4 GB200 nvlink')).toBe('0123');
    expect(got(on, '1×1 GB200 rdma')).toBe('unknown rdma NICs');
    expect(got(on, '1×1 GB200 align:numa')).toBe('unknown numaNode');
    expect(got(on, '1×1 GB200 align:pcie-root')).toBe('unknown pcieRoot');
  });
});

describe('lie 13: colour codes, wrapped rows, glued cells, and the format of 2018', () => {
  const escape = String.fromCodePoint(27);
  const whole = new TextDecoder().decode(capture('nvidia-smi/topo-m-4xl40s.txt').bytes);
  const mangled = whole
    .replace(/^.*$/mu, (header) => `\t${escape}[4m${header.trim()}${escape}[0m`)
    .replace('GPU2    SYS     SYS      X      NODE    NODE', 'GPU2    SYSSYS      X\n      NODENODE')
    .replace('NIC0    SYS     SYS     NODE    NODE', 'NIC0    SYSSYS     NODENODE');

  test('lie 13: the same machine is read from the mangled text', () => {
    const [clean, torn] = [read(nvidiaSmi, file('t', whole)), read(nvidiaSmi, file('t', mangled))];
    expect(mangled).toContain('SYSSYS');
    expect(torn.facts.map(({ subject, set }) => [subject, set])).toEqual(
      clean.facts.map(({ subject, set }) => [subject, set]),
    );
  });

  test('lie 13: a format without NUMA columns says so', () => {
    const seen = read(nvidiaSmi, capture('nvidia-smi/topo-m-8gpu-2018-format.txt'));
    expect(whys(seen, 'numaNode')).toContain('this format of nvidia-smi has no NUMA column');
    const cut = read(nvidiaSmi, capture('nvidia-smi/topo-m-dgx-h100.txt'));
    expect(whys(cut, 'topology')).toContain('no whole rows, for NIC6, NIC7, NIC8, NIC9, NIC10, NIC11');
  });

  test('lie 13: alignment is promised as far as the old format tells it', () => {
    const on = fleet('P100-SXM2-16GB', 2, read(nvidiaSmi, capture('nvidia-smi/topo-m-8gpu-2018-format.txt')));
    expect(got(on, '1×2 P100 align:numa')).toBe('unknown numaNode');
    expect(got(on, '1×4 P100 align:pcie-root')).toBe('0123');
    expect(got(on, '2×2 P100 align:pcie-root')).toBe('01 23');
    expect(got(on, '1×5 P100 align:pcie-root')).toBe('no: inventory');
  });
});

describe('lie 14: `topo -mp` hides NVLink', () => {
  const hidden = matrix(
    '\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID',
    'GPU0\t X \tPXB\t0-23\t0\t\tN/A',
    'GPU1\tPXB\t X \t0-23\t0\t\tN/A',
  );
  const cards = file(
    'cards.csv',
    'index, name, uuid, memory.total [MiB]\n0, NVIDIA H100 80GB HBM3, GPU-a, 81559 MiB\n1, NVIDIA H100 80GB HBM3, GPU-b, 81559 MiB\n',
  );

  test('lie 14: a matrix without NVLink does not say that there is none', () => {
    expect(whys(read(nvidiaSmi, hidden), 'link')).toContain('made with `topo -mp`, which leaves it out');
    expect(whys(read(nvidiaSmi, hidden, cards), 'link')).toContain(
      'the product has NVLink, but the matrix shows none',
    );
  });

  test('lie 14: NVLink is neither promised nor denied', () => {
    const on = fleet(h100, 1, read(nvidiaSmi, hidden, cards));
    expect(got(on, '1×2 H100 nvlink')).toBe('unknown link');
    expect(got(on, '1×2 H100')).toBe('01');
    expect(got(fleet(h100, 1, read(nvidiaSmi, cards)), '1×2 H100 nvlink')).toBe('01');
  });
});

describe('lie 15: inside the cpuset of a job', () => {
  const inside = matrix(
    '\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID',
    'GPU0\t X \tNV18\t\t0\t\tN/A',
    'GPU1\tNV18\t X \t8-15\t1\t\tN/A',
  );

  test('lie 15: an empty column is reported, and nothing is read from the NUMA column beside it', () => {
    const seen = read(nvidiaSmi, inside);
    expect(whys(seen, 'numaNode')).toBe(
      'the column CPU Affinity is empty, as inside a job that may use other CPUs only',
    );
    expect(seen.facts).toContainEqual(
      expect.objectContaining({ subject: `${node}/gpu1`, set: { numaNode: 1 } }),
    );
  });

  test('lie 15: the GPU without an affinity is not promised near a NUMA node', () => {
    const on = fleet(h100, 2, read(nvidiaSmi, inside));
    expect(got(on, '1×1 H100 align:numa')).toBe('1');
    expect(got(on, '2×1 H100 align:numa')).toMatch(/^(?:unknown numaNode|no: )/u);
  });
});

/** Two GPUs on two NUMA nodes, with these columns of CPUs. */
function affine(...cpus: readonly [string, string]): Evidence {
  return matrix(
    '\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID',
    `GPU0\t X \tSYS\t${cpus[0]}\t0\t\tN/A`,
    `GPU1\tSYS\t X \t${cpus[1]}\t1\t\tN/A`,
  );
}

describe('lie 16: hardware threads as odd and even numbers, or as two ranges', () => {
  const spellings = [
    affine('0-55,112-167', '56-111,168-223'),
    affine('0,2,4,6,8,10', '1,3,5,7,9,11'),
    affine('0-13', '14-27'),
  ];

  test.each(spellings)('lie 16: cores are not counted from the column (%#)', (evidence) => {
    const seen = read(nvidiaSmi, evidence);
    expect(whys(seen, 'cpuMilli')).toContain('lists hardware threads, odd and even or in two ranges');
    expect(seen.facts.flatMap(({ set }) => Object.keys(set))).not.toContain('cpuMilli');
  });

  test('lie 16: all spellings are one machine, and its cores are those that somebody states', () => {
    const facts = spellings.map((evidence) => read(nvidiaSmi, evidence).facts);
    expect(facts[1]).toEqual(facts[0]);
    expect(facts[2]).toEqual(facts[0]);
    const [first] = spellings;
    if (first === undefined) throw new Error('no spelling');
    const bare = observe(world({ sites: { fra1: {} } }), [
      fact('node', node, { gpuModel: h100, memoryMib: 1024 }),
      ...read(nvidiaSmi, first).facts,
    ]);
    expect(got(bare, '1×1 H100 cpu8')).toBe('unknown cpuMilli');
    expect(got(fleet(h100, 2, read(nvidiaSmi, first)), '1×1 H100 cpu129')).toBe('no: inventory');
  });
});

describe('lie 17: NVLink to all on NVSwitch machines, to one neighbour on pair machines', () => {
  const pairs = read(nvidiaSmi, capture('nvidia-smi/topo-m-4gpu-nvlink-pairs.txt'));

  test('lie 17: pairs are islands of two; a mesh with gaps is reported', () => {
    const islands = pairs.facts.flatMap(({ subject, set }) =>
      'island' in set ? [[subject, set.island]] : [],
    );
    expect(islands).toEqual([0, 1, 2, 3].map((gpu) => [`${node}/gpu${gpu}`, Math.floor(gpu / 2)]));
    const mesh = read(
      nvidiaSmi,
      matrix(
        '\tGPU0\tGPU1\tGPU2\tCPU Affinity',
        'GPU0\t X \tNV1\tNV1\t0-9',
        'GPU1\tNV1\t X \tSYS\t0-9',
        'GPU2\tNV1\tSYS\t X \t0-9',
      ),
    );
    expect(whys(mesh, 'island')).toContain('reach each other by NVLink only through others');
  });

  test('lie 17: three GPUs are not joined on a pair machine, eight are on an NVSwitch machine', () => {
    const on = fleet('A100-PCIE-80GB', 4, pairs);
    expect(got(on, '2×2 A100 nvlink')).toBe('01 23');
    expect(got(on, '1×3 A100 nvlink')).toBe('no: inventory');
    const dgx = fleet(h100, 2, read(nvidiaSmi, capture('nvidia-smi/topo-m-dgx-h100.txt')));
    expect(got(dgx, '1×8 H100 nvlink')).toBe('01234567');
    expect(got(dgx, '2×4 H100 nvlink rdma align:numa')).toBe('0123 4567');
  });
});

function labels(gpu: number): string {
  return `gpu="${gpu}",UUID="GPU-${gpu}",pci_bus_id="00000000:${gpu}0:00.0",modelName="NVIDIA H100 80GB HBM3",Hostname="n1"`;
}

function exposed(...lines: readonly string[]): Evidence {
  return file('n1.prom', `${lines.join('\n')}\n`);
}

describe('lie 27: sentinels of DCGM, and the XID as a gauge of the last value', () => {
  test('lie 27: blanks are unknown, and the report says so', () => {
    const seen = read(
      prometheus,
      exposed(
        `DCGM_FI_DEV_POWER_USAGE{${labels(0)}} 9223372036854775794`,
        `DCGM_FI_DEV_XID_ERRORS{${labels(0)}} 9223372036854775794`,
        `DCGM_FI_DEV_ENFORCED_POWER_LIMIT{${labels(0)}} 140737488355330`,
        `DCGM_FI_DEV_FB_TOTAL{${labels(0)}} 2147483634`,
      ),
    );
    for (const attribute of ['measuredW', 'powerW', 'memoryMib', 'health'])
      expect(whys(seen, attribute)).toContain("DCGM's mark for no value");
    const claimed = seen.facts.flatMap(({ set }) => Object.keys(set));
    for (const attribute of ['measuredW', 'powerW', 'memoryMib', 'health'])
      expect(claimed).not.toContain(attribute);
  });

  test('lie 27: the gauge is a code, and what it cannot prove is said', () => {
    const seen = read(prometheus, exposed(`DCGM_FI_DEV_XID_ERRORS{${labels(0)}} 79`));
    expect(seen.assumptions.join()).toContain(
      'the XID gauge holds the last code: not when it came, how often',
    );
    const gpu = gpuAt(seen, `${node}/gpu0`);
    expect(gpu.health).toBe('down');
    expect(gpu.healthReason).toContain('XID 79 (restart the machine)');
  });

  test('lie 27: GPUs that fell off the bus are not placed, those whose program failed are', () => {
    const codes = [79, 13, 0, 999];
    const seen = read(
      prometheus,
      exposed(...codes.map((code, gpu) => `DCGM_FI_DEV_XID_ERRORS{${labels(gpu)}} ${code}`)),
    );
    const on = fleet(h100, 1, seen);
    expect(got(on, '1×3 H100')).toBe('123');
    expect(got(on, '1×4 H100')).toBe('no: inventory');
    expect(whys(seen, 'health')).toContain('XID 999');
  });

  test('lie 27: a sentinel is no rating: a cap is refused where the draw is not known', () => {
    const seen = read(
      prometheus,
      exposed(`DCGM_FI_DEV_ENFORCED_POWER_LIMIT{${labels(0)}} 9223372036854775794`),
    );
    const answer = ask(fleet(h100, 1, seen), demand('1×1 H100', { powerCapW: 100_000 }));
    expect(answer).toMatchObject({ kind: 'refused', refusal: { kind: 'fact-missing' } });
  });
});
