import { createServer, type Server } from 'node:http';
import { Readable } from 'node:stream';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Meter } from '../../../src/cli/live/metrics.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import type { Watch } from '../../../src/model/measurement.ts';

const io = {
  stdin: Readable.from([]),
  stdout: { write: () => true },
  stderr: { write: () => true },
  env: {},
  interrupt: new AbortController().signal,
};

const node = Path.parse('lab/r1/n01');
const watchAt = (untilMs: number): Watch => ({
  contract: ContractId.parse('C-101'),
  version: 1,
  untilMs,
  windowS: 60,
  windowCount: 5,
  nodes: [
    { id: node, hostName: 'n01', gpus: [{ id: Path.parse('lab/r1/n01/gpu0'), number: 0 }], isWhole: true },
  ],
});

let server: Server;
let base = '';
let xid = 0;

/** An exporter that says what it is told, and a management controller with one chassis. */
beforeAll(async () => {
  const redfish: Readonly<Record<string, object>> = {
    '/redfish/v1/': { Chassis: { '@odata.id': '/redfish/v1/Chassis' } },
    '/redfish/v1/Chassis': { Members: [{ '@odata.id': '/redfish/v1/Chassis/1' }] },
    '/redfish/v1/Chassis/1': { Power: { '@odata.id': '/redfish/v1/Chassis/1/Power' } },
    '/redfish/v1/Chassis/1/Power': { PowerControl: [{ PowerConsumedWatts: 6021 }] },
  };
  server = createServer((request, response) => {
    if (request.url === '/metrics')
      return response.end(`DCGM_FI_DEV_XID_ERRORS{gpu="0",Hostname="n01"} ${xid}\n`);
    const found = redfish[request.url ?? ''];
    return found === undefined ? response.writeHead(404).end() : response.end(JSON.stringify(found));
  });
  base = await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    });
  });
});
afterAll(() => {
  server.close();
});

test('what speaks of the moment only is kept from round to round, for as long as windows reach back', async () => {
  const meter = new Meter(io, {
    files: [],
    urls: [`${base}/metrics`],
    redfish: new Map([
      ['n01', base],
      ['n99', 'http://127.0.0.1:1'],
    ]),
  });
  const faults: (readonly (number | null)[] | undefined)[] = [];
  let watts: readonly (number | null)[] = [];
  for (const [round, code] of [0, 79, 79, 79, 0, 0, 0].entries()) {
    xid = code;
    const watch = watchAt(1_000_000_000_000 + round * 60_000);
    await meter.look(watch.untilMs, [watch]);
    const { series, evidence } = await meter.measure(watch);
    faults.push(series.find(({ quantity }) => quantity === 'gpu-fault')?.values);
    watts = series.find(({ quantity }) => quantity === 'node-watts')?.values ?? [];
    // One look at the exporter and one at the controller for each window at most.
    expect(evidence.length).toBe(2 * Math.min(round + 1, 5));
    expect(evidence.every(({ digest }) => /^sha256:[0-9a-f]{64}$/.test(digest))).toBe(true);
  }
  expect(faults).toEqual([
    [null, null, null, null, 0],
    [null, null, null, 0, 1],
    [null, null, 0, 1, 1],
    [null, 0, 1, 1, 1],
    [0, 1, 1, 1, 0],
    [1, 1, 1, 0, 0],
    [1, 1, 0, 0, 0],
  ]);
  expect(watts).toEqual([6021, 6021, 6021, 6021, 6021]);
});

test('rounds that come late leave windows empty', async () => {
  const meter = new Meter(io, { files: [], urls: [`${base}/metrics`], redfish: new Map() });
  xid = 79;
  for (const minutes of [0, 3]) {
    const watch = watchAt(1_000_000_000_000 + minutes * 60_000);
    await meter.look(watch.untilMs, [watch]);
  }
  const { series } = await meter.measure(watchAt(1_000_000_000_000 + 4 * 60_000));
  expect(series.find(({ quantity }) => quantity === 'gpu-fault')?.values).toEqual([1, null, null, 1, null]);
});

test('of several sites, one that does not answer leaves its own values unknown and is named; none at all fails', async () => {
  const said: string[] = [];
  const heard = { ...io, stderr: { write: (text: string) => said.push(text) } };
  const gone = 'http://127.0.0.1:1/metrics';
  const watch = watchAt(1_000_000_000_000);
  xid = 79;
  for (const urls of [
    [gone, `${base}/metrics`],
    [`${base}/metrics`, gone],
  ]) {
    const meter = new Meter(heard, { files: [], urls, redfish: new Map() });
    await meter.look(watch.untilMs, [watch]);
    const { series, evidence } = await meter.measure(watch);
    expect(series.find(({ quantity }) => quantity === 'gpu-fault')?.values.at(-1)).toBe(1);
    expect(evidence).toHaveLength(1);
  }
  expect(said).toHaveLength(2);
  expect(said.every((text) => text.startsWith('127.0.0.1:1/metrics is left out: '))).toBe(true);
  const none = new Meter(heard, { files: [], urls: [gone, `${gone}?again`], redfish: new Map() });
  await expect(none.look(watch.untilMs, [watch])).rejects.toThrow('127.0.0.1');
});
