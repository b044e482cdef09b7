import { describe, expect, test } from 'vitest';

import { ContractId, Path } from '../../src/model/id.ts';
import type { Watch } from '../../src/model/measurement.ts';
import { measure } from '../../src/sources/prometheus/measure.ts';
import { questionsFor } from '../../src/sources/prometheus/queries.ts';
import { readExposition } from '../../src/sources/prometheus/text.ts';
import { wattsNow } from '../../src/sources/redfish/watts-now.ts';

const untilMs = Date.UTC(2026, 10, 25, 9);
const node = Path.parse('fra1/h1/r1/n01');
const gpu = Path.parse('fra1/h1/r1/n01/gpu3');

const watch: Watch = {
  contract: ContractId.parse('C-105'),
  version: 1,
  untilMs,
  windowS: 60,
  windowCount: 5,
  nodes: [{ id: node, hostName: 'n01', gpus: [{ id: gpu, number: 3 }], isWhole: true }],
};

/** Lines `NAME{LABELS} VALUE SECONDS-BEFORE-THE-END`. */
function series(lines: readonly string[], about: Watch = watch) {
  const text = lines
    .map((line) => {
      const [, head = '', before] = /^(.*?)(?: @(-?[0-9.]+))?$/.exec(line) ?? [];
      return before === undefined ? head : `${head} ${(untilMs / 1000 - Number(before)).toFixed(3)}`;
    })
    .join('\n');
  const samples = readExposition({ file: 'm.om', bytes: new Uint8Array() }, `${text}\n`);
  return Object.fromEntries(
    measure(about, samples, []).map(({ of, quantity, values, why }) => [
      `${of.split('/').at(-1)} ${quantity}`,
      why === undefined ? values : [...values, why],
    ]),
  );
}

const of = (name: string, value: number, before: number, more = '') =>
  `${name}{gpu="3",Hostname="n01"${more}} ${value} @${before}`;
const xid = (value: number, before: number) => of('DCGM_FI_DEV_XID_ERRORS', value, before);

const port = (device: string, state: number) =>
  `node_infiniband_state_id{device="${device}",port="1",instance="n01:9100"} ${state} @0`;

const dump = (resources: object) => ({
  file: 'bmc',
  bytes: new TextEncoder().encode(JSON.stringify(resources)),
});

const watts = (resources: object) =>
  wattsNow(dump(resources), 'n01', untilMs).map(({ value, labels }) => [value, labels.get('Hostname')]);

describe('windows', () => {
  test('a sample at the end belongs to the last, one at its beginning to the one before, older ones to none', () => {
    expect(series([xid(0, 0), xid(79, 60), xid(0, 119.999), xid(79, 300), xid(79, -0.001)])).toMatchObject({
      'gpu3 gpu-fault': [
        null,
        null,
        null,
        1,
        0,
        'XID 79 (restart the machine), at some time: the gauge keeps the last',
      ],
    });
  });

  test('a sample without a time is of the moment', () => {
    expect(
      series(['DCGM_FI_DEV_XID_ERRORS{gpu="3",Hostname="n01"} 79'])['gpu3 gpu-fault']?.slice(0, 5),
    ).toEqual([null, null, null, null, 1]);
  });

  test('no samples, no series', () => {
    expect(series([])).toEqual({});
    expect(series(['DCGM_FI_DEV_XID_ERRORS{gpu="3",Hostname="n02"} 79 @0'])).toEqual({});
    expect(series(['DCGM_FI_DEV_XID_ERRORS{gpu="2",Hostname="n01"} 79 @0'])).toEqual({});
  });
});

describe('what is read of a GPU', () => {
  test.each([
    // codes, fault, link
    [0, 0, 0],
    [79, 1, 0],
    [74, 0, 1],
    [13, 0, 0],
    [999, null, 0],
  ])('XID %s is fault %s, link fault %s', (code, fault, link) => {
    const found = series([xid(code, 0)]);
    expect(found['gpu3 gpu-fault']?.[4] ?? null).toBe(fault);
    expect(found['gpu3 link-fault']?.[4] ?? null).toBe(link);
  });

  test("DCGM's marks for no value are none", () => {
    expect(series([xid(0x7ffffff0, 0), of('DCGM_FI_DEV_POWER_USAGE', 2 ** 47, 0)])).toEqual({});
  });

  test('without a metric that tells of faults nobody knows, however healthy the rest looks', () => {
    const found = series([
      of('DCGM_FI_DEV_CLOCK_THROTTLE_REASONS', 0, 0),
      of('DCGM_FI_DEV_POWER_USAGE', 412.2, 0),
    ]);
    expect(found).toEqual({
      'gpu3 brake-fault': [null, null, null, null, 0],
      'gpu3 heat-fault': [null, null, null, null, 0],
      'gpu3 gpu-watts': [null, null, null, null, 413],
    });
  });

  test.each([
    [0x4, 0, 0],
    [0x80, 1, 0],
    [0x20, 0, 1],
    [0x40, 0, 1],
    [0xe0, 1, 1],
  ])('clock bits %s: brake %s, heat %s', (bits, brake, heat) => {
    const found = series([of('DCGM_FI_DEV_CLOCKS_EVENT_REASONS', bits, 0)]);
    expect([found['gpu3 brake-fault']?.[4], found['gpu3 heat-fault']?.[4]]).toEqual([brake, heat]);
  });

  test('use: the mean of a window, of the engine where it is profiled', () => {
    const used = [of('DCGM_FI_DEV_GPU_UTIL', 100, 0), of('DCGM_FI_DEV_GPU_UTIL', 50, 30)];
    expect(series(used)['gpu3 gpu-busy']?.[4]).toBe(750);
    expect(series([...used, of('DCGM_FI_PROF_GR_ENGINE_ACTIVE', 0.25, 10)])['gpu3 gpu-busy']?.[4]).toBe(250);
  });

  test('it is found by its UUID where both know it, by its number otherwise', () => {
    const known: Watch = {
      ...watch,
      nodes: watch.nodes.map((one) => ({ ...one, gpus: [{ id: gpu, number: 3, uuid: 'GPU-b' }] })),
    };
    const moved = `DCGM_FI_DEV_XID_ERRORS{gpu="5",UUID="GPU-b",Hostname="n01.example.org"} 79 @0`;
    const other = `DCGM_FI_DEV_XID_ERRORS{gpu="3",UUID="GPU-c",Hostname="n01"} 0 @0`;
    expect(series([moved, other], known)['gpu3 gpu-fault']?.[4]).toBe(1);
    expect(series([xid(0, 0)], known)['gpu3 gpu-fault']?.[4]).toBe(0);
  });
});

describe('what is read of a node', () => {
  const named = (...rdma: readonly string[]): Watch => ({
    ...watch,
    nodes: watch.nodes.map((one) => ({ ...one, rdma })),
  });

  test.each([
    ['all named are active', named('mlx5_0', 'mlx5_1'), [4, 4], 0],
    ['one of them is not', named('mlx5_0', 'mlx5_1'), [4, 1], 1],
    ['another one is not', named('mlx5_0'), [4, 1], 0],
    ['one of them has no samples', named('mlx5_0', 'mlx5_9'), [4, 4], null],
    ['no names, all active', watch, [4, 4], 0],
    ['no names, one not', watch, [4, 2], null],
  ] as const)('RDMA: %s', (_, about, [first, second], down) => {
    const found = series([port('mlx5_0', first), port('mlx5_1', second)], about);
    expect(found['n01 rdma-down']?.[4] ?? null).toBe(down);
  });

  test('watts of a machine, only where all of it is held', () => {
    const line = 'ipmi_dcmi_power_consumption_watts{instance="n01:9290"} 8123.5 @0';
    expect(series([line])['n01 node-watts']?.[4]).toBe(8124);
    const half = { ...watch, nodes: watch.nodes.map((one) => ({ ...one, isWhole: false })) };
    expect(series([line], half)).toEqual({});
  });

  test('watts by Redfish: the reading of now, never the peak that a sensor remembers', () => {
    expect(
      watts({
        '/redfish/v1/Chassis/1/EnvironmentMetrics': { PowerWatts: { Reading: 7200, PeakReading: 9900 } },
        '/redfish/v1/Chassis/GPU_0/EnvironmentMetrics': { PowerWatts: { Reading: 640 } },
        '/redfish/v1/Systems/1': { PowerWatts: { Reading: 1 } },
      }),
    ).toEqual([[7200, 'n01']]);
    expect(
      watts({
        '/redfish/v1/Chassis/1/Power': {
          PowerControl: [{ PowerConsumedWatts: 510, PowerMetrics: { MaxConsumedWatts: 900 } }],
        },
      }),
    ).toEqual([[510, 'n01']]);
    expect(watts({ '/redfish/v1/Chassis/1': { Model: 'x' } })).toEqual([]);
  });
});

describe('the application', () => {
  test('answers in seconds; the worst of a window counts', () => {
    const samples = [0.1, 0.2504, Number.NaN].map((value) => ({
      name: '',
      labels: new Map<string, string>(),
      value,
      atMs: untilMs,
      evidence: { file: 'r', bytes: new Uint8Array() },
    }));
    expect(measure(watch, [], samples)).toEqual([
      { of: 'C-105', quantity: 'response-ms', values: [null, null, null, null, 251] },
    ]);
  });
});

describe('questions', () => {
  test('name hosts so that nothing of them is PromQL, 50 at a time, and the query of the contract', () => {
    const nodes = Array.from({ length: 51 }, (_, at) => ({
      ...watch.nodes[0],
      id: node,
      hostName: `n${at}.rack"|.*`,
      gpus: [],
      isWhole: true,
    }));
    const questions = questionsFor({ ...watch, nodes, response: 'max(up)' });
    expect(questions.map(({ kind }) => kind)).toEqual([
      'metrics',
      'metrics',
      'metrics',
      'metrics',
      'response',
    ]);
    expect(questions[2]?.query).toMatch(
      /,Hostname=~"\(\?:n50\[\.\]rack\[\.\]\)\(\?:\[\.:\]\.\*\)\?"\}\[300s\]$/,
    );
    expect(questions[0]?.path).toContain(`&time=${untilMs / 1000}`);
    expect(questions[4]?.path).toBe(
      `/api/v1/query_range?query=max(up)&start=${untilMs / 1000 - 240}&end=${untilMs / 1000}&step=60`,
    );
  });
});

const nic = (device: string, metric: string, value: number, before: number) =>
  `node_network_${metric}{device="${device}",instance="n01:9100"} ${value} @${before}`;

describe('data NICs', () => {
  const flowing: Watch = { ...watch, nodes: watch.nodes.map((one) => ({ ...one, data: ['eth0', 'eth1'] })) };

  test('come to Mbit/s in the window in which a scrape ends, and are asked by their names alone', () => {
    const lines = ['eth0', 'eth1'].flatMap((device) =>
      [90, 30].flatMap((before) => [
        nic(device, 'speed_bytes', 12_500_000_000, before),
        nic(device, 'receive_bytes_total', (90 - before) * 125_000_000, before),
        nic(device, 'transmit_bytes_total', 7, before),
      ]),
    );
    const found = series([...lines, nic('veth0', 'receive_bytes_total', 1e15, 30)], flowing);
    expect(found['n01 data-link-mbps']).toEqual([null, null, null, 200_000, 200_000]);
    expect(found['n01 data-used-mbps']).toEqual([null, null, null, null, 2000]);
    expect(series(lines)).not.toHaveProperty('n01 data-link-mbps');
    const queries = questionsFor(flowing).map(({ query }) => query);
    expect(queries.at(-1)).toBe(
      '{__name__=~"node_network_speed_bytes|node_network_carrier|node_network_receive_bytes_total|node_network_transmit_bytes_total",device=~"eth0|eth1",instance=~"n01(?:[.:].*)?"}[300s]',
    );
    expect(questionsFor(watch)).toHaveLength(queries.length - 1);
  });

  test('a name cannot leave its query', () => {
    const odd: Watch = { ...watch, nodes: watch.nodes.map((one) => ({ ...one, data: ['e"}|.*{x_0="'] })) };
    expect(questionsFor(odd).at(-1)?.query).toContain('device=~"e[.]x_0"');
  });
});
