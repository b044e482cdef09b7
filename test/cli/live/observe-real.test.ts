import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { berth, demoHome, newFolder } from '../run.ts';
import { PrometheusHere, prometheusMissing } from './prometheus-here.ts';

/** The clock of the demo world, in seconds. */
const nowS = Date.parse('2026-11-25T10:00:00+01:00') / 1000;

const Observations = z.object({
  observations: z.array(
    z.object({
      decision: z.string(),
      isRecorded: z.boolean(),
      observed: z.object({
        contract: z.string(),
        breachedSince: z.string().optional(),
        terms: z.array(z.object({ term: z.string(), result: z.string(), delivered: z.string() }).loose()),
        use: z.object({ busyMilli: z.int().optional() }).loose(),
      }),
      remedies: z.array(z.object({ how: z.string() }).loose()),
    }),
  ),
});

type Told = { readonly [metric: string]: (gpu: number, before: number) => number };

/** Samples every 30 s over five minutes, of all GPUs of a node, in OpenMetrics. */
function family(host: string, told: Told): string {
  return Object.entries(told)
    .map(([metric, value]) => {
      const samples = Array.from({ length: 8 }, (_, gpu) =>
        Array.from({ length: 10 }, (__, at) => {
          const before = 270 - 30 * at;
          return `${metric}{gpu="${gpu}",UUID="GPU-${host}-${gpu}",Hostname="${host}"} ${value(gpu, before)} ${nowS - before}`;
        }),
      );
      return [`# TYPE ${metric} gauge`, ...samples.flat()].join('\n');
    })
    .join('\n');
}

const openMetrics = `${[
  family('fra1-r11-n04', {
    DCGM_FI_DEV_XID_ERRORS: (gpu, before) => (gpu === 6 && before < 180 ? 79 : 0),
    DCGM_FI_DEV_CLOCK_THROTTLE_REASONS: () => 0,
    DCGM_FI_DEV_GPU_UTIL: (gpu) => (gpu < 4 ? 100 : 50),
  }),
  '# TYPE app_latency_seconds gauge',
  ...[240, 180, 120, 60, 0].map((before) => `app_latency_seconds{app="a"} 0.3 ${nowS - before}`),
  '# TYPE ipmi_dcmi_power_consumption_watts gauge',
  ...[240, 180, 120, 60, 0].map(
    (before) => `ipmi_dcmi_power_consumption_watts{instance="fra1-r11-n04:9290"} 7301 ${nowS - before}`,
  ),
  '# EOF',
].join('\n')}\n`;

async function observed(home: string, ...args: readonly string[]) {
  const ran = await berth(['observe', ...args, '--json'], { home });
  if (ran.stderr !== '') throw new Error(ran.stderr);
  const { observations } = Observations.parse(JSON.parse(ran.stdout));
  const [first] = observations;
  if (first === undefined) throw new Error('nothing was observed');
  const terms = new Map(first.observed.terms.map(({ term, ...rest }) => [term, rest]));
  return { ...first, code: ran.code, terms, count: observations.length };
}

const missing = prometheusMissing();

describe.skipIf(missing !== undefined)(
  `a real Prometheus over blocks of promtool${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    let prometheus: PrometheusHere;

    beforeAll(async () => {
      prometheus = await PrometheusHere.start(newFolder(), openMetrics);
    }, 60_000);
    afterAll(() => prometheus.stop(), 30_000);

    test('its answers come to the findings that the text itself comes to, and to a recorded breach', async () => {
      const home = await demoHome();
      const file = join(newFolder(), 'm.om');
      writeFileSync(file, openMetrics);
      const byFile = await observed(home, 'C-105', '--file', file);
      const byUrl = await observed(home, 'C-105', '--url', prometheus.url, '--record');
      expect(byUrl.terms).toEqual(byFile.terms);
      expect(byUrl.code).toBe(4);
      expect(byUrl).toMatchObject({ decision: 'breached', isRecorded: true, count: 1 });
      expect(byUrl.terms.get('devices')).toMatchObject({
        result: 'broken',
        places: ['fra1/h1/r11/n04/gpu6'],
        windows: { kept: 2, broken: 3, silent: 0 },
      });
      expect(byUrl.terms.get('cooling')).toMatchObject({ result: 'kept' });
      expect(byUrl.terms.get('power')).toMatchObject({
        result: 'kept',
        delivered: 'drew 7301 W at most, of 10200 W',
      });
      expect(byUrl.observed.use.busyMilli).toBe(750);
      expect(byUrl.remedies.map(({ how }) => how)).toEqual(['replace', 'extend']);
      const verified = await berth(['ledger', 'verify'], { home });
      expect(verified.code).toBe(0);
    }, 60_000);

    test('contracts of whose nodes it knows nothing are not measured, and none of them is kept by it', async () => {
      const home = await demoHome();
      const ran = await berth(['observe', '--url', prometheus.url, '--json'], { home });
      const { observations } = Observations.parse(JSON.parse(ran.stdout));
      expect(observations.map(({ observed: { contract } }) => contract)).toEqual([
        'C-101',
        'C-102',
        'C-103',
        'C-104',
        'C-105',
      ]);
      const others = observations.filter(({ observed: { contract } }) => contract !== 'C-105');
      const results = others.flatMap(({ observed: { terms } }) =>
        terms.filter(({ term }) => term === 'devices').map(({ result }) => result),
      );
      expect(results).toEqual(['not-measured', 'not-measured', 'not-measured', 'not-measured']);
    }, 60_000);

    test('the query that a contract names is asked, and its answer compared with the bound', async () => {
      const home = await demoHome();
      const file = join(newFolder(), 'd.yaml');
      writeFileSync(
        file,
        `tenant: globex
parts: [{ name: serve, count: 1, each: { gpus: { count: 2, models: [A100] } } }]
where: [fra1]
window: { earliestStart: 2026-11-25T10:00:00+01:00, durationS: 86400 }
response: max(app_latency_seconds{app="a"}) <= 250 ms
`,
      );
      const planned = await berth(['plan', '-f', file, '--json'], { home });
      const { plan } = z.object({ plan: z.object({ id: z.string() }) }).parse(JSON.parse(planned.stdout));
      await berth(['commit', plan.id], { home });
      // It began in this minute: what was answered before is not its own.
      const early = await observed(home, 'C-106', '--url', prometheus.url);
      expect(early.terms.get('response')).toMatchObject({ result: 'not-measured' });
      const ran = await berth(['observe', 'C-106', '--url', prometheus.url, '--json'], {
        home,
        env: { BERTH_NOW: '2026-11-25T10:05:00+01:00' },
      });
      const [later] = Observations.parse(JSON.parse(ran.stdout)).observations;
      // The last sample is looked back at for five minutes: Prometheus answers with it until then.
      expect(later?.observed.terms.find(({ term }) => term === 'response')).toMatchObject({
        result: 'broken',
        delivered: 'answered within 300 ms at worst, at most 250 ms wanted',
      });
      expect(later?.decision).toBe('observed');
    }, 60_000);
  },
);

describe('an exporter, and other places', () => {
  let server: Server;
  let base = '';
  let served = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/metrics') return response.end(served);
      return response.writeHead(404).end();
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

  test('one look at an exporter is one window: too few to tell', async () => {
    served = `${Array.from({ length: 8 }, (_, gpu) => `DCGM_FI_DEV_XID_ERRORS{gpu="${gpu}",Hostname="fra1-r11-n04"} 79`).join('\n')}\n`;
    const found = await observed(await demoHome(), 'C-105', '--url', `${base}/metrics`);
    expect(found.terms.get('devices')).toMatchObject({
      result: 'not-measured',
      windows: { kept: 0, broken: 1, silent: 4 },
    });
    expect(found.code).toBe(0);
  });

  test.each([
    [['C-105'], 'nothing is named to measure by'],
    [['C-105', '--url', 'BASE/metrics', '--record', '--dry-run'], 'cannot be said together'],
    [['C-105', '--url', 'BASE/metrics', '--every', '0'], '`--every` needs some seconds'],
    [['C-105', '--url', 'BASE/metrics', '--every', '5'], 'the clock of this ledger is set'],
    [['C-999', '--url', 'BASE/metrics'], 'no contract `C-999`'],
    [['r12', '--url', 'BASE/metrics'], '`r12` is no contract'],
    [['C-105', '--url', 'BASE'], 'answers 404 Not Found'],
    [['C-105', '--redfish', 'n04'], 'names no node'],
  ])('%j is refused', async (args, message) => {
    const ran = await berth(['observe', ...args.map((word) => word.replace('BASE', base))], {
      home: await demoHome(),
    });
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain(message);
  });

  test('another tenant is not looked after by who acts for one', async () => {
    const ran = await berth(['observe', 'C-105', '--tenant', 'globex', '--url', `${base}/metrics`], {
      home: await demoHome(),
    });
    expect(ran.stderr).toContain('no contract `C-105`');
  });
});
