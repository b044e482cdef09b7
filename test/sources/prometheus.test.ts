import { spawnSync } from 'node:child_process';

import { describe, expect, test } from 'vitest';

import type { GpuFacts, Observation } from '../../src/model/fact.ts';
import { prometheus } from '../../src/sources/prometheus/prometheus.ts';
import { readExposition } from '../../src/sources/prometheus/text.ts';
import { xidVerdict } from '../../src/sources/prometheus/xid.ts';
import type { Evidence } from '../../src/sources/source.ts';
import { gpuAt } from './device-given.ts';
import { capture, file, nodeIn, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const now = Date.UTC(2026, 10, 22, 12);

function read(...evidence: readonly Evidence[]): Observation {
  return parsed(prometheus, evidence, { site: 'fra1', observedAtMs: now });
}

function gpuIn(observation: Observation, path: string): GpuFacts {
  return gpuAt(observation, `fra1/${path}`);
}

const one =
  'gpu="0",UUID="GPU-a",pci_bus_id="00000000:1B:00.0",modelName="NVIDIA H100 80GB HBM3",Hostname="n1"';

/** The text of one GPU: `DCGM_FI_DEV_XID_ERRORS 79`, `name{more="labels"} 1`. */
function text(...lines: readonly string[]): Evidence {
  const whole = lines.map((line) => {
    const [, name = '', more = '', value = ''] = /^(\w+)(?:\{(.*)\})? (.+)$/u.exec(line) ?? [];
    return `${name}{${one}${more === '' ? '' : `,${more}`}} ${value}`;
  });
  return file('n1.prom', `${whole.join('\n')}\n`);
}

type Series = {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
};

function answer(resultType: string, result: readonly Series[], more: object = {}): Evidence {
  return file('q.json', JSON.stringify({ status: 'success', data: { resultType, result }, ...more }));
}

const labelled = (name: string) => ({
  __name__: name,
  gpu: '0',
  UUID: 'GPU-a',
  Hostname: 'n1',
  instance: '10.0.0.1:9400',
});

describe('captures', () => {
  test('an exporter with eight H100', () => {
    const seen = read(capture('dcgm/dcgm-exporter-eks-h100.prom'));
    expect(nodeIn(seen, 'fra1/gpu-node-1')).toEqual({ hostName: 'gpu-node-1', driver: '580.105.08' });
    expect(gpuIn(seen, 'gpu-node-1/gpu0')).toEqual({
      model: 'H100-SXM-80GB',
      uuid: 'GPU-c4529c8d-69c4-b61d-e0bc-7b2460096005',
      pciAddress: '0000:53:00.0',
      measuredW: 114,
    });
    expect(whyUnknown(seen, 'fra1/gpu-node-1/gpu7', 'health')).toContain('no metric that tells of health');
    expect(seen.assumptions.join()).toContain('metrics not read: DCGM_FI_DEV_GPU_TEMP');
  });

  test('an answer about two nodes', () => {
    const seen = read(capture('dcgm/prometheus-query-gpu-util.json'));
    const gpus = seen.facts.flatMap((fact) =>
      fact.kind === 'gpu' && fact.set.uuid !== undefined ? [fact] : [],
    );
    expect(gpus.map(({ subject }) => subject)).toHaveLength(16);
    expect(gpus.find(({ subject }) => subject === 'fra1/gpu-node-2/gpu0')?.origin.line).toBe(168);
  });

  test('order changes nothing', () => {
    const lines = new TextDecoder()
      .decode(capture('dcgm/dcgm-exporter-eks-h100.prom').bytes)
      .trimEnd()
      .split('\n');
    const shuffled = lines.toSorted((a, b) => a.length - b.length || (a < b ? 1 : -1));
    expect(withoutLines(read(file('p', `${shuffled.join('\n')}\n`)))).toEqual(
      withoutLines(read(file('p', `${lines.join('\n')}\n`))),
    );
  });
});

describe('health', () => {
  test.each([
    [['DCGM_FI_DEV_XID_ERRORS 0'], 'healthy', undefined],
    [['DCGM_FI_DEV_XID_ERROR 0'], 'healthy', undefined],
    [
      ['DCGM_FI_DEV_XID_ERRORS 79'],
      'down',
      'XID 79 (restart the machine), at some time: the gauge keeps the last',
    ],
    [
      ['DCGM_EXP_XID_ERRORS_COUNT{xid="79",window_size_in_ms="300000"} 2'],
      'down',
      'XID 79 (restart the machine), in the window of the exporter',
    ],
    [['DCGM_FI_DEV_XID_ERRORS 31'], 'healthy', undefined],
    [
      ['DCGM_FI_DEV_XID_ERRORS 74'],
      'degraded',
      'XID 74 (follow the workflow for NVLink errors), at some time: the gauge keeps the last',
    ],
    [
      ['DCGM_FI_DEV_XID_ERRORS 13', 'DCGM_FI_DEV_ROW_REMAP_FAILURE 1'],
      'down',
      'a row of its memory could not be remapped',
    ],
    [['DCGM_FI_DEV_ROW_REMAP_FAILURE 0'], 'healthy', undefined],
    [
      ['DCGM_FI_DEV_ECC_DBE_VOL_TOTAL 3'],
      'degraded',
      'memory errors since the driver was loaded were not corrected',
    ],
    [
      ['DCGM_FI_DEV_XID_ERRORS 0', 'DCGM_FI_DEV_CLOCK_THROTTLE_REASONS 64'],
      'degraded',
      'the hardware, or heat, slows it down',
    ],
    [['DCGM_FI_DEV_CLOCKS_EVENT_REASONS 5'], 'healthy', undefined],
    [
      ['DCGM_EXP_CLOCK_EVENTS_COUNT{clock_event="hw_thermal"} 4'],
      'degraded',
      'slowed down in the window of the exporter: hw_thermal',
    ],
    [['DCGM_EXP_GPU_HEALTH_STATUS{health_watch="NVLINK"} 10'], 'degraded', 'DCGM health: NVLINK warns'],
    [
      ['DCGM_EXP_GPU_HEALTH_STATUS{health_watch="ALL"} 20', 'DCGM_FI_DEV_XID_ERRORS 0'],
      'down',
      'DCGM health: ALL fails',
    ],
    [['DCGM_FI_DEV_RETIRED_PENDING 2'], 'degraded', 'pages of its memory are retired with the next reset'],
  ])('%j: %s', (lines, health, reason) => {
    const gpu = gpuIn(read(text(...lines)), 'n1/gpu0');
    expect([gpu.health, gpu.healthReason]).toEqual([health, reason]);
  });

  test.each([
    [['DCGM_FI_DEV_XID_ERRORS 999'], "XID 999: NVIDIA's catalogue does not settle"],
    [['DCGM_FI_DEV_XID_ERRORS 45'], 'XID 45'],
    [['DCGM_FI_DEV_XID_ERRORS 9223372036854775794'], "DCGM's mark for no value"],
    [
      ['DCGM_FI_DEV_THERMAL_VIOLATION 12345', 'DCGM_FI_DEV_ECC_SBE_VOL_TOTAL 9'],
      'no metric that tells of health',
    ],
  ])('%j leaves it open', (lines, why) => {
    const seen = read(text(...lines));
    expect(gpuIn(seen, 'n1/gpu0').health).toBeUndefined();
    expect(whyUnknown(seen, 'fra1/n1/gpu0', 'health')).toContain(why);
  });

  test('an XID that nobody settles does not hide a fault that is settled', () => {
    expect(
      gpuIn(read(text('DCGM_FI_DEV_XID_ERRORS 999', 'DCGM_FI_DEV_ROW_REMAP_FAILURE 1')), 'n1/gpu0').health,
    ).toBe('down');
  });

  test('old samples tell the draw, not the health', () => {
    const old = read(
      answer('vector', [
        { metric: labelled('DCGM_FI_DEV_XID_ERRORS'), value: [now / 1000 - 7200, '0'] },
        { metric: labelled('DCGM_FI_DEV_POWER_USAGE'), value: [now / 1000 - 7200, '512.5'] },
      ]),
    );
    expect(gpuIn(old, 'n1/gpu0')).toEqual({ uuid: 'GPU-a', measuredW: 513 });
    expect(whyUnknown(old, 'fra1/n1/gpu0', 'health')).toContain(
      'the newest sample is of 2026-11-22T10:00:00.000Z',
    );
  });

  test('of a range, the last state and the highest draw', () => {
    const seen = read(
      answer('matrix', [
        {
          metric: labelled('DCGM_FI_DEV_XID_ERRORS'),
          values: [
            [now / 1000 - 60, '79'],
            [now / 1000, '0'],
          ],
        },
        {
          metric: labelled('DCGM_FI_DEV_POWER_USAGE'),
          values: [
            [now / 1000 - 60, '640.2'],
            [now / 1000, '90'],
          ],
        },
      ]),
    );
    expect(gpuIn(seen, 'n1/gpu0')).toMatchObject({ health: 'healthy', measuredW: 641 });
  });
});

describe('identity', () => {
  test('labels of newer exporters, and of older ones', () => {
    const newer =
      'DCGM_FI_DEV_BOARD_POWER_WATTS{gpu="3",UUID="GPU-b",hostname="n2",model_name="NVIDIA H200",DCGM_FI_SYSTEM_DRIVER_VERSION="590.1"} 99.1\n';
    const seen = read(file('p', newer));
    expect(nodeIn(seen, 'fra1/n2')).toEqual({ hostName: 'n2', driver: '590.1' });
    expect(gpuIn(seen, 'n2/gpu3')).toEqual({ uuid: 'GPU-b', model: 'H200-SXM-141GB', measuredW: 100 });
    expect(
      gpuIn(read(file('p', 'DCGM_FI_DEV_POWER_USAGE{gpu="0",uuid="GPU-c",Hostname="n1"} 5\n')), 'n1/gpu0')
        .uuid,
    ).toBe('GPU-c');
  });

  test('MIG instances are no GPUs, and their rows repeat the draw of the card', () => {
    const rows = [7, 8].map((id) => `DCGM_FI_DEV_POWER_USAGE{GPU_I_PROFILE="1g.10gb",GPU_I_ID="${id}"} 300`);
    const seen = read(text(...rows, 'DCGM_FI_DEV_FB_TOTAL{GPU_I_PROFILE="1g.10gb",GPU_I_ID="7"} 9728'));
    expect(nodeIn(seen, 'fra1/n1').sharing).toBe('mig-mixed');
    expect(gpuIn(seen, 'n1/gpu0')).toMatchObject({ measuredW: 300, migCapable: true, migProfile: '1g.10gb' });
    expect(gpuIn(seen, 'n1/gpu0').memoryMib).toBeUndefined();
    expect(nodeIn(seen, 'fra1/n1').gpuCount).toBeUndefined();
  });

  test('one host name on two machines is refused, not merged', () => {
    const twice = ['GPU-a', 'GPU-b']
      .map((uuid) => `DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="${uuid}",Hostname="n1"} 5\n`)
      .join('');
    expect(refusal(() => read(file('p', twice))).message).toContain(
      '`p` line 2: gpu0 has the uuid `GPU-b`, but `GPU-a`',
    );
  });

  test('without a host name, somebody has to say which machine it is', () => {
    const bare = file('p', 'DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",instance="10.0.0.1:9400"} 5\n');
    expect(refusal(() => read(bare)).message).toContain('does not say which machine');
    const seen = parsed(prometheus, [bare], { site: 'fra1', nodes: ['n9'] });
    expect(seen.facts.map(({ subject }) => subject)).toContain('fra1/n9/gpu0');
  });

  test('names and labels are cleaned, and odd GPU numbers are reported', () => {
    const seen = read(
      file('p', 'DCGM_FI_DEV_POWER_USAGE{gpu="x\\n\u{202e}",UUID="GPU-a",Hostname="n1"} 5\n'),
    );
    expect(whyUnknown(seen, 'fra1/n1', 'gpus')).toContain('no number');
    expect(JSON.stringify(seen)).not.toContain('\u{202e}');
  });
});

describe('answers that are none', () => {
  test.each([
    [answer('vector', []), 'has no samples'],
    [
      answer('vector', [{ metric: { __name__: 'up', job: 'x' }, value: [1, '1'] }]),
      'has no samples of GPUs in dcgm-exporter',
    ],
    [answer('scalar', []), 'holds a scalar without labels'],
    [
      file('q.json', '{"status":"error","errorType":"bad_data","error":"parse error"}'),
      'is an answer that failed: parse error',
    ],
    [file('q.json', '{"status":"success"}'), 'is an answer that failed'],
    [
      answer('vector', [{ metric: labelled('DCGM_FI_DEV_POWER_USAGE'), value: [1, 'much'] }]),
      'holds the value `much`',
    ],
    [
      file('q.json', '{"status":"success","data":{"resultType":"vector","result":[{}]}}'),
      'holds a series that is none',
    ],
  ])('%# is refused', (evidence, message) => {
    expect(refusal(() => read(evidence)).message).toContain(message);
  });

  test('warnings of Prometheus are passed on', () => {
    const seen = read(
      answer('vector', [{ metric: labelled('DCGM_FI_DEV_POWER_USAGE'), value: [1, '5'] }], {
        warnings: ['results truncated'],
      }),
    );
    expect(seen.assumptions).toContain('Prometheus warns: results truncated');
  });
});

/** What is read of a text: name, labels, value, time. */
function samples(lines: string) {
  return readExposition(file('p', ''), lines).map(({ name, labels, value, atMs }) => [
    name,
    Object.fromEntries(labels),
    value,
    atMs,
  ]);
}

describe('the text format', () => {
  test.each([
    ['a 1\n', [['a', {}, 1, undefined]]],
    ['a{} +Inf\n', [['a', {}, Infinity, undefined]]],
    ['a{b="x",} 1e3 1700000000000\n', [['a', { b: 'x' }, 1000, 1_700_000_000_000]]],
    ['a{b="q\\"\\\\\\n"} 1\n', [['a', { b: 'q"\\\n' }, 1, undefined]]],
    ['# HELP a b{\n# TYPE a gauge\n  a { b = "x" }  -1.5\n\n# EOF\n', [['a', { b: 'x' }, -1.5, undefined]]],
    ['a{b="x"} 1 1700000000.5 # {trace="y"} 2\n', [['a', { b: 'x' }, 1, 1_700_000_000_500]]],
    ['a{__proto__="x"} 1\n', [['a', Object.fromEntries([['__proto__', 'x']]), 1, undefined]]],
    ['a{"b c"="x"} 1\r\n', [['a', { 'b c': 'x' }, 1, undefined]]],
  ])('%j', (lines, expected) => {
    expect(samples(lines)).toEqual(expected);
  });

  test.each([
    'a{b="x" 1\n',
    'a{b=x} 1\n',
    'a{b="x"}\n',
    'a b\n',
    'a 1 2 3\n',
    'a{b="1",b="2"} 1\n',
    '9a 1\n',
    'a 0x10\n',
    'a{b="x"} 1',
  ])('%j is refused with its line', (line) => {
    expect(refusal(() => readExposition(file('p', ''), `ok 1\n${line}`)).message).toMatch(/^`p` line 2: /u);
  });

  const promtool = process.env['PROMTOOL'] ?? 'promtool';
  const isThere = spawnSync(promtool, ['--version']).status === 0;

  /** What Prometheus' own parser says: exit code 1 is a text it cannot read, 3 one with names it finds fault with. */
  function isReadable(lines: string): boolean {
    return spawnSync(promtool, ['check', 'metrics'], { input: lines }).status !== 1;
  }

  test.skipIf(!isThere)(
    'promtool (Debian: prometheus) reads what is read here, and refuses what is refused',
    () => {
      const readable = [
        'a 1\n',
        'a{b="x",} 1e3 1700000000000\n',
        'a{b="q\\"\\\\\\n"} 1\n',
        new TextDecoder().decode(capture('dcgm/dcgm-exporter-eks-h100.prom').bytes),
      ];
      const broken = [
        'a{b="x" 1\n',
        'a{b=x} 1\n',
        'a{b="x"}\n',
        'a b\n',
        'a 1 2 3\n',
        'a{b="1",b="2"} 1\n',
        '9a 1\n',
      ];
      for (const lines of readable)
        expect([lines, samples(lines).length > 0, isReadable(lines)]).toEqual([lines, true, true]);
      for (const lines of broken) {
        expect([lines, isReadable(lines)]).toEqual([lines, false]);
        expect(() => samples(lines)).toThrow('p');
      }
    },
    30_000,
  );
});

describe("NVIDIA's catalogue of XIDs", () => {
  test.each([
    [79, 'down'],
    [95, 'down'],
    [119, 'down'],
    [48, 'degraded'],
    [74, 'degraded'],
    [31, 'healthy'],
    [43, 'healthy'],
    [94, 'healthy'],
    [63, 'healthy'],
  ])('%i: %s', (code, health) => {
    expect(xidVerdict(code)?.health).toBe(health);
  });

  test.each([0, 1, 12, 45, 78, 142, 154, 159, 162, 172, 173, 4096])('%i is not settled', (code) => {
    expect(xidVerdict(code)).toBeUndefined();
  });
});
