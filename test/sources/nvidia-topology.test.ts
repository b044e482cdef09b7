import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { localityOf } from '../../src/sources/nvidia-smi/locality.ts';
import { readMatrix, type TopologyMatrix } from '../../src/sources/nvidia-smi/topology.ts';
import { file, refusal } from './given.ts';

function matrixIn(text: string): TopologyMatrix {
  const found = readMatrix(file('t', text), text);
  if (found === undefined) throw new Error('no matrix');
  return found;
}

/** What each device is numbered with: `GPU0 numa0 switch1 root0 island0 rail0`, parts that are not known left out. */
function placed(text: string, isVirtual = false): string[] {
  return localityOf(matrixIn(text), isVirtual).devices.map(({ device, stated, derived, assumed }) => {
    const numbers = new Map<string, unknown>(Object.entries({ ...stated, ...derived, ...assumed }));
    const short = {
      numaNode: 'numa',
      pcieSwitch: 'switch',
      pcieRoot: 'root',
      island: 'island',
      rail: 'rail',
    };
    const words = Object.entries(short).flatMap(([name, word]) =>
      numbers.has(name) ? [`${word}${JSON.stringify(numbers.get(name))}`] : [],
    );
    return [device.name, ...words].join(' ');
  });
}

/** A matrix as `topo -m` prints it; rows as `GPU0 X PIX | 0-9 0`. */
function drawn(names: string, ...rows: readonly string[]): string {
  const header = `\t${names.split(' ').join('\t')}\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID`;
  const lines = rows.map((row) => {
    const [cells = '', rest = ''] = row.split(' | ');
    const [cpus = '', numa = ''] = rest.split(' ');
    return `${cells.split(' ').join('\t')}\t${cpus}\t${numa}\t\t${rest === '' ? '' : 'N/A'}`;
  });
  return `${[header, ...lines].join('\n')}\n`;
}

describe('where devices hang', () => {
  test('PIX and PXB stay below a switch, PHB below a root, NODE below neither', () => {
    expect(
      placed(
        drawn(
          'GPU0 GPU1 GPU2 mlx5_0 mlx5_1',
          'GPU0 X PXB PHB PIX NODE | 0-9 0',
          'GPU1 PXB X PHB PXB NODE | 0-9 0',
          'GPU2 PHB PHB X PHB NODE | 0-9 0',
          'mlx5_0 PIX PXB PHB X NODE',
          'mlx5_1 NODE NODE NODE NODE X',
        ),
      ),
    ).toEqual([
      'GPU0 numa0 switch0 root0',
      'GPU1 numa0 switch0 root0',
      'GPU2 numa0 switch1 root0',
      'mlx5_0 numa0 switch0 root0 rail0',
      'mlx5_1 numa0 switch2 root1',
    ]);
  });

  test('what NVLink hides stays open', () => {
    expect(
      placed(
        drawn(
          'GPU0 GPU1 GPU2 NIC0',
          'GPU0 X NV4 NV4 PIX | 0-9 0',
          'GPU1 NV4 X NV4 NODE | 0-9 0',
          'GPU2 NV4 NV4 X NODE | 0-9 0',
          'NIC0 PIX NODE NODE X',
        ),
      ),
    ).toEqual([
      'GPU0 numa0 switch0 root0 island0',
      'GPU1 numa0 island0',
      'GPU2 numa0 island0',
      'NIC0 numa0 switch0 root0 rail0',
    ]);
  });

  test('a virtual machine is not believed', () => {
    const text = drawn('GPU0 NIC0', 'GPU0 X PIX | 0-9 0', 'NIC0 PIX X');
    expect(placed(text, true)).toEqual(['GPU0 numa0', 'NIC0 numa0']);
    expect(placed(text)).toEqual(['GPU0 numa0 switch0 root0', 'NIC0 numa0 switch0 root0 rail0']);
  });

  test('two NICs for one GPU: which one serves it is not said', () => {
    const text = drawn('GPU0 NIC0 NIC1', 'GPU0 X PIX PIX | 0-9 0', 'NIC0 PIX X PIX', 'NIC1 PIX PIX X');
    expect(placed(text)[1]).toBe('NIC0 numa0 switch0 root0');
    expect(
      localityOf(matrixIn(text), false).gaps.find(({ attribute }) => attribute === 'rail')?.why,
    ).toContain('NIC0, NIC1 share');
  });

  test('relations that cannot all be true number nothing', () => {
    const text = drawn(
      'GPU0 GPU1 GPU2',
      'GPU0 X PIX SYS | 0-9 0',
      'GPU1 PIX X PIX | 0-9 0',
      'GPU2 SYS PIX X | 0-9 0',
    );
    expect(placed(text)).toEqual(['GPU0', 'GPU1 numa0', 'GPU2']);
  });

  test('two cells of a pair that differ are no relation', () => {
    const text = drawn('GPU0 GPU1', 'GPU0 X PIX | 0-9 0', 'GPU1 SYS X | 0-9 0');
    const { gaps } = localityOf(matrixIn(text), false);
    expect(gaps.find(({ attribute }) => attribute === 'topology')?.why).toBe(
      'the two cells of a pair differ: GPU0 and GPU1',
    );
    expect(placed(text)).toEqual(['GPU0 numa0', 'GPU1 numa0']);
  });

  test.each([
    ['the same NUMA node across SYS', 'GPU0 X SYS | 0-9 0', 'GPU1 SYS X | 0-9 0'],
    ['two NUMA nodes below one bridge', 'GPU0 X PIX | 0-9 0', 'GPU1 PIX X | 10-19 1'],
  ])('%s is a contradiction', (_, one, other) => {
    const { devices } = localityOf(matrixIn(drawn('GPU0 GPU1', one, other)), false);
    for (const { gaps } of devices) expect(gaps[0]?.why).toContain('contradict each other');
  });
});

describe('how it is printed', () => {
  test('SOC is the older word for SYS, and names of NICs come from the legend', () => {
    const text = `${drawn('GPU0 NIC0', 'GPU0 X SOC | 0-9 0', 'NIC0 SOC X')}\nNIC Legend:\n\n  NIC0: rocep_0\n`;
    const matrix = matrixIn(text);
    const [gpu, nic] = matrix.devices;
    if (gpu === undefined || nic === undefined) throw new Error('no devices');
    expect(matrix.relationOf(gpu, nic)).toBe('SYS');
    expect(nic).toMatchObject({ name: 'rocep_0', isNamed: true, hasRow: true });
  });

  test('a header that a terminal wrapped', () => {
    const text =
      '        GPU0    GPU1\n   NIC0    CPU Affinity    NUMA Affinity\nGPU0 X PIX PIX 0-9 0\nGPU1 PIX X PIX 0-9 0\nNIC0 PIX PIX X\n';
    expect(matrixIn(text).devices.map(({ name, numa }) => [name, numa])).toEqual([
      ['GPU0', '0'],
      ['GPU1', '0'],
      ['NIC0', undefined],
    ]);
  });

  test('a second machine in the same file is refused with its line', () => {
    const one = drawn('GPU0 GPU1', 'GPU0 X PIX | 0-9 0', 'GPU1 PIX X | 0-9 0');
    const other = drawn('GPU0', 'GPU0 X | 0-9 0');
    const error = refusal(() => readMatrix(file('t', ''), `${one}\n${other}`));
    expect(error.message).toBe('`t` line 5: holds a second matrix');
  });

  test('no matrix, no reading', () => {
    expect(readMatrix(file('t', ''), 'GPU 0: NVIDIA H100\n')).toBeUndefined();
  });

  test('tabs, columns of spaces, glued cells and wrapped rows are one matrix', () => {
    const cells = fc.constantFrom('PIX', 'PXB', 'PHB', 'NODE', 'SYS', 'NV1', 'NV12', 'NV18');
    const sizes = fc.integer({ min: 2, max: 7 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        upper: fc.array(cells, { minLength: 28, maxLength: 28 }),
        wrap: fc.integer({ min: 1, max: size - 1 }),
      }),
    );
    fc.assert(
      fc.property(sizes, ({ size, upper, wrap }) => {
        const at = (a: number, b: number) =>
          a === b ? 'X' : (upper[Math.min(a, b) * 7 + Math.max(a, b) - Math.min(a, b)] ?? 'SYS');
        const numbers = Array.from({ length: size }, (_, index) => index);
        const names = numbers.map((number) => `GPU${number}`);
        const rows = numbers.map((a) => numbers.map((b) => at(a, b)));
        const tabs = [
          `\t${names.join('\t')}\tCPU Affinity\tNUMA Affinity`,
          ...rows.map((row, a) => `GPU${a}\t${row.join('\t')}\t0-9\t0`),
        ];
        const glued = [
          `  ${names.join('  ')}  CPU Affinity  NUMA Affinity`,
          ...rows.map(
            (row, a) => `GPU${a}   ${glue(row.slice(0, wrap))}\n   ${glue(row.slice(wrap))}  0-9  0`,
          ),
        ];
        const expected = rows.flatMap((row) =>
          row.map((cell) => ['0', cell === 'X' ? undefined : cell.startsWith('NV') ? 'NV' : cell]),
        );
        expect(said(tabs)).toEqual(expected);
        expect(said(glued)).toEqual(expected);
      }),
      { seed: 20_261_122, numRuns: 200 },
    );
  });
});

/** What a text says: for every pair the NUMA node of the first, and their relation. */
function said(lines: readonly string[]) {
  const matrix = matrixIn(`${lines.join('\n')}\n`);
  return matrix.devices.flatMap((a) => matrix.devices.map((b) => [a.numa, matrix.relationOf(a, b)]));
}

/** Words glue together, numbers would run into each other. */
function glue(cells: readonly string[]): string {
  return cells.map((cell) => (cell === 'X' ? ' X ' : cell)).join('');
}
