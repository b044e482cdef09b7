import { describe, expect, test } from 'vitest';

import type { GpuFacts, Observation } from '../../src/model/fact.ts';
import { nvidiaSmi } from '../../src/sources/nvidia-smi/nvidia-smi.ts';
import type { Evidence } from '../../src/sources/source.ts';
import { gpuAt } from './device-given.ts';
import { capture, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const here = { site: 'fra1', nodes: ['n1'] };

function read(...evidence: readonly Evidence[]): Observation {
  return parsed(nvidiaSmi, evidence, here);
}

function gpuIn(observation: Observation, number: number): GpuFacts {
  return gpuAt(observation, `fra1/n1/gpu${number}`);
}

function textOf(path: string): string {
  return new TextDecoder().decode(capture(path).bytes);
}

describe('XML of `nvidia-smi -q -x`', () => {
  test('v12: MIG devices are no GPUs, and GPUs that the file leaves out are unknown', () => {
    const seen = read(capture('nvidia-smi/a100-sxm4-v12.xml'));
    expect(nodeIn(seen, 'fra1/n1')).toEqual({
      gpuCount: 4,
      driver: '535.54.03',
      link: 'nvlink',
      sharing: 'mig-mixed',
    });
    expect(gpuIn(seen, 0)).toEqual({
      model: 'A100-SXM4-80GB',
      memoryMib: 81_920,
      uuid: 'GPU-513536b6-7d19-9063-b049-1e69664bb298',
      serial: '1650522003820',
      pciAddress: '0000:01:00.0',
      measuredW: 68,
      powerW: 500,
      migCapable: true,
      health: 'healthy',
    });
    expect(whyUnknown(seen, 'fra1/n1', 'gpus')).toBe('nvidia-smi counts 4 GPUs, but the file lists 1');
    expect(whyUnknown(seen, 'fra1/n1/gpu0', 'migProfile')).toContain('4 MIG devices');
  });

  test.each([
    ['a10g', { memoryMib: 23_028, powerW: 300, measuredW: 26, model: 'A10G-24GB', migCapable: false }],
    ['tesla-t4', { memoryMib: 15_360, powerW: 70, measuredW: 27, model: 'T4-16GB', migCapable: false }],
    [
      'rtx-3080-v13',
      { memoryMib: 10_240, powerW: 320, measuredW: 143, model: 'GeForce-RTX-3080', health: 'healthy' },
    ],
  ])('%s: power under the names of its schema', (name, set) => {
    expect(gpuIn(read(capture(`nvidia-smi/${name}.xml`)), 0)).toMatchObject(set);
  });

  test('a masked serial identifies nobody', () => {
    const seen = read(capture('nvidia-smi/tesla-t4.xml'));
    expect(gpuIn(seen, 0).serial).toBeUndefined();
    expect(whyUnknown(seen, 'fra1/n1/gpu0', 'serial')).toContain('all zeros');
    expect(gpuIn(read(capture('nvidia-smi/rtx-3080-v13.xml')), 0).serial).toBeUndefined();
  });

  const t4 = textOf('nvidia-smi/tesla-t4.xml');
  const a10g = textOf('nvidia-smi/a10g.xml');
  test.each([
    [
      'remap failure',
      a10g.replace('<remapped_row_failure>No<', '<remapped_row_failure>Yes<'),
      'down',
      'could not be remapped',
    ],
    [
      'remap pending',
      a10g.replace('<remapped_row_pending>No<', '<remapped_row_pending>Yes<'),
      'degraded',
      'next reset',
    ],
    [
      'uncorrected',
      t4
        .replace('<sram_uncorrectable>0<', '<sram_uncorrectable>2<')
        .replace('<dram_uncorrectable>0<', '<dram_uncorrectable>1<'),
      'degraded',
      '3 memory errors',
    ],
    [
      'slowdown',
      a10g.replace('hw_thermal_slowdown>Not Active<', 'hw_thermal_slowdown>Active<'),
      'degraded',
      'heat',
    ],
    [
      'reset',
      a10g.replace(
        '<ibmnpu>',
        '<gpu_reset_status><reset_required>Yes</reset_required></gpu_reset_status><ibmnpu>',
      ),
      'down',
      'must be reset',
    ],
    [
      'recovery',
      a10g.replace('<ibmnpu>', '<gpu_recovery_action>Reset</gpu_recovery_action><ibmnpu>'),
      'down',
      '`Reset`',
    ],
    [
      'drain',
      a10g.replace('<ibmnpu>', '<gpu_recovery_action>Drain and Reset</gpu_recovery_action><ibmnpu>'),
      'degraded',
      '`Drain and Reset`',
    ],
  ])('health: %s', (_, text, health, reason) => {
    const gpu = gpuIn(read(file('x.xml', text)), 0);
    expect(gpu.health).toBe(health);
    expect(gpu.healthReason).toContain(reason);
  });

  test('lifetime errors are no fault of now', () => {
    const aggregate = t4.replace(/(<aggregate>[^]*?<dram_uncorrectable>)0/u, '$17');
    expect(aggregate).not.toBe(t4);
    expect(gpuIn(read(file('x.xml', aggregate)), 0).health).toBe('healthy');
  });

  test('a lowered limit counts with its default, and a module limit is not the card', () => {
    const lowered = a10g

      .replace(/<enforced_power_limit>300.00/u, '<enforced_power_limit>200.00');
    const seen = read(file('x.xml', lowered));
    expect(gpuIn(seen, 0).powerW).toBe(300);
    expect(seen.assumptions.join()).toContain('ends with a reboot');
    const module = a10g.replace(
      /<power_readings>[^]*<\/power_readings>/u,
      '<module_power_readings><current_power_limit>2700.00 W</current_power_limit></module_power_readings>',
    );
    expect(gpuIn(read(file('x.xml', module)), 0).powerW).toBeUndefined();
  });

  test('an NVLink domain over machines is named by site; without one it stays open', () => {
    const rack = textOf('nvidia-smi/rtx-3080-v13.xml')
      .replace('<cliqueId>N/A<', '<cliqueId>3<')
      .replace('<clusterUuid>N/A<', '<clusterUuid>e2c4a1d0-7d19-4063-b049-1e69664bb298<');
    expect(nodeIn(read(file('x.xml', rack)), 'fra1/n1').island).toBe(
      'fra1/nvlink-e2c4a1d0-7d19-4063-b049-1e69664bb298.3',
    );
    const nowhere = parsed(nvidiaSmi, [file('x.xml', rack)], { nodes: ['n1'] });
    expect(whyUnknown(nowhere, 'unplaced/n1', 'island')).toContain('pass `--site`');
    const single = rack.replace(
      'e2c4a1d0-7d19-4063-b049-1e69664bb298',
      '00000000-0000-0000-0000-000000000000',
    );
    expect(nodeIn(read(file('x.xml', single)), 'fra1/n1').island).toBeUndefined();
  });

  test('a MIG mode that is about to change leaves open what the node offers', () => {
    const text = textOf('nvidia-smi/a100-sxm4-v12.xml').replace(
      '<pending_mig>Enabled<',
      '<pending_mig>Disabled<',
    );
    const seen = read(file('x.xml', text));
    expect(nodeIn(seen, 'fra1/n1').sharing).toBe('unknown');
    expect(whyUnknown(seen, 'fra1/n1/gpu0', 'sharing')).toContain('will be disabled after the next reset');
  });
});

describe('captures with several outputs', () => {
  test('h100 with MIG: the highest draw of idle and load, health from the last, locality from the matrix', () => {
    const seen = read(capture('nvidia-smi/linux-x86_64__nvidia-h100-mig__590.48.01.txt'));
    expect(nodeIn(seen, 'fra1/n1')).toEqual({
      gpuCount: 1,
      driver: '590.48.01',
      link: 'nvlink',
      sharing: 'mig-mixed',
    });
    expect(gpuIn(seen, 0)).toEqual({
      model: 'H100-SXM-80GB',
      memoryMib: 81_559,
      pciAddress: '0000:00:09.0',
      numaNode: 0,
      measuredW: 448,
      powerW: 700,
      migCapable: true,
      health: 'healthy',
    });
    expect(whyUnknown(seen, 'fra1/n1/gpu0', 'migProfile')).toContain('3g.40gb, 2g.20gb, 1g.10gb');
    expect(whyUnknown(seen, 'fra1/n1', 'pcieRoot')).toContain('a virtual machine');
    expect(seen.assumptions.join()).toContain('not read in');
  });

  test.each([
    ['h200__590.48.01', 143_771, 700, 628],
    ['l40s__595.80', 46_068, 350, 184],
  ])('%s', (name, memoryMib, powerW, measuredW) => {
    const seen = read(capture(`nvidia-smi/linux-x86_64__nvidia-${name}.txt`));
    expect(gpuIn(seen, 0)).toMatchObject({ memoryMib, powerW, measuredW, numaNode: 0, health: 'healthy' });
  });

  test('the text of `-q` and the table of `--query-gpu` say the same of one card', () => {
    const text = textOf('nvidia-smi/linux-x86_64__nvidia-h200__590.48.01.txt');
    const log = text
      .slice(text.indexOf('==============NVSMI LOG'), text.indexOf('# idle :: query-gpu'))
      .replace(/#+\n?$/u, '');
    const at = text.indexOf('timestamp, driver_version');
    const table = text.slice(at, text.indexOf('\n\n', at) + 1);
    const keys = ['model', 'memoryMib', 'pciAddress', 'powerW', 'migCapable', 'health'] as const;
    const [a, b] = [gpuIn(read(file('q.txt', log)), 0), gpuIn(read(file('q.csv', table)), 0)];
    for (const key of keys) expect(a[key]).toEqual(b[key]);
    expect(a.measuredW).toBe(78);
  });
});

const header =
  'index, name, uuid, pci.bus_id, memory.total [MiB], power.draw [W], power.max_limit [W], enforced.power.limit [W], hostname';

/** A row of a table with eight columns and the host name. */
function row(index: number, memory: string, draw: string): string {
  return `${index}, NVIDIA H100 80GB HBM3, GPU-a${index}, 00000000:1${index}:00.0, ${memory}, ${draw}, [N/A], 700.00 W, dgx1`;
}

describe('tables of `--query-gpu`', () => {
  test('with units, without units, and in any order', () => {
    const whole = [row(0, '81559 MiB', '70.10 W'), row(1, '81559 MiB', '71.90 W')];
    const plain = whole.map((line) => line.replaceAll(/ (?:MiB|W)\b/gu, ''));
    const [a, b, c] = [whole, plain, whole.toReversed()].map((rows) =>
      withoutLines(parsed(nvidiaSmi, [file('a.csv', `${[header, ...rows].join('\n')}\n`)], { site: 'fra1' })),
    );
    expect(b).toEqual(a);
    expect(c).toEqual(a);
    expect(
      a?.find(({ subject, set }) => subject === 'fra1/dgx1/gpu1' && 'measuredW' in set)?.set,
    ).toMatchObject({
      measuredW: 72,
    });
  });

  test.each(['[N/A]', '[Not Supported]', '[Unknown Error]'])('%s is no value', (word) => {
    const seen = parsed(nvidiaSmi, [file('a.csv', `${header}\n${row(0, word, word)}\n`)], { site: 'fra1' });
    expect(whyUnknown(seen, 'fra1/dgx1/gpu0', 'measuredW')).toBe(`nvidia-smi says \`${word}\``);
    expect(whyUnknown(seen, 'fra1/dgx1/gpu0', 'memoryMib')).toBe(`nvidia-smi says \`${word}\``);
  });

  test('a card that is lost is down', () => {
    const seen = parsed(
      nvidiaSmi,
      [file('a.csv', `${header}\n${row(0, '[GPU is lost]', '[GPU is lost]')}\n`)],
      { site: 'fra1' },
    );
    expect(gpuAt(seen, 'fra1/dgx1/gpu0').health).toBe('down');
  });

  test.each([
    [
      `${header}\n${row(0, '1', '1')}\n1, NVIDIA\n`,
      '`a.csv` line 3: has 2 values under 9 columns',
      'truncated',
    ],
    [
      row(0, '81559', '70').replace('GPU-a0', 'GPU-c4529c8d-69c4-b61d-e0bc-7b2460096005'),
      'has no line that names the columns',
      'noheader',
    ],
    [
      `${header}\n${row(0, '1', '1')}\n${row(1, '1', '1').replace('dgx1', 'dgx2')}\n`,
      'is of the machine `dgx2`',
      'one machine at a time',
    ],
    [
      `${header}\n${row(0, '1', '1')}\n${row(0, '1', '1').replace('GPU-a0', 'GPU-9')}\n`,
      'gpu0 has the uuid `GPU-9`, but `GPU-a0`',
      'two cards',
    ],
    ['| NVIDIA-SMI 590.48.01   Driver Version: 590.48.01 |\n', 'prints for people', '-q -x'],
    [
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n",
      'holds an error of nvidia-smi',
      'driver',
    ],
    ['hello\n', 'is not what was expected', 'nvidia-smi -q -x'],
  ])('%# is refused with its reason', (text, message, fix) => {
    const error = refusal(() => parsed(nvidiaSmi, [file('a.csv', text)], { site: 'fra1' }));
    expect(error.message).toContain(message);
    expect(error.fix).toContain(fix);
  });
});

test('a last line that is cut off is not read, and the report says so', () => {
  const whole = `${header}\n${row(0, '81559 MiB', '70 W')}\n`;
  const seen = parsed(nvidiaSmi, [file('a.csv', `${whole}1, NVIDIA H1`)], { site: 'fra1' });
  expect(withoutLines(seen)).toEqual(
    withoutLines(parsed(nvidiaSmi, [file('a.csv', whole)], { site: 'fra1' })),
  );
  expect(seen.assumptions).toContain('not read in `a.csv`: the last line, which has no end');
});

describe('which machine it is', () => {
  test('XML and matrices do not say, so somebody has to', () => {
    const error = refusal(() => parsed(nvidiaSmi, [capture('nvidia-smi/a10g.xml')], { site: 'fra1' }));
    expect(error.message).toBe('`a10g.xml` does not say which machine it was read on');
    expect(error.fix).toContain('--node');
  });

  test('a matrix may be that of several machines, cards may not', () => {
    const both = { site: 'fra1', nodes: ['n1', 'n2'] };
    const seen = parsed(nvidiaSmi, [capture('nvidia-smi/topo-m-dgx-h100.txt')], both);
    expect(new Set(seen.facts.map(({ subject }) => subject.split('/')[1]))).toEqual(new Set(['n1', 'n2']));
    expect(refusal(() => parsed(nvidiaSmi, [capture('nvidia-smi/a10g.xml')], both)).message).toContain(
      'one machine only',
    );
  });

  test('matrix and cards of one machine come together, whatever the order of the files', () => {
    const matrix = capture('nvidia-smi/topo-m-4gpu-nvlink-pairs.txt');
    const cards = capture('nvidia-smi/a100-sxm4-v12.xml');
    const [a, b] = [read(matrix, cards), read(cards, matrix)];
    expect(withoutLines(b)).toEqual(withoutLines(a));
    expect(gpuIn(a, 0)).toMatchObject({ numaNode: 0, island: 0, memoryMib: 81_920 });
    expect(nodeIn(a, 'fra1/n1')).toMatchObject({ gpuCount: 4, link: 'nvlink' });
  });

  test('every fact and every gap says where it was read', () => {
    const seen = read(capture('nvidia-smi/topo-m-4xl40s.txt'), capture('nvidia-smi/a10g.xml'));
    for (const { origin } of [...seen.facts, ...seen.unknown]) {
      expect(['topo-m-4xl40s.txt', 'a10g.xml']).toContain(origin.file);
      expect(origin.line).toBeGreaterThan(0);
    }
  });
});
