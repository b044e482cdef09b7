import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { berth } from '../run.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-prometheus-'));
const labels =
  'gpu="0",UUID="GPU-a",pci_bus_id="00000000:1B:00.0",modelName="NVIDIA H100 80GB HBM3",Hostname="n1"';
const metrics = `# TYPE DCGM_FI_DEV_POWER_USAGE gauge
DCGM_FI_DEV_POWER_USAGE{${labels}} 312.4
# TYPE DCGM_FI_DEV_XID_ERRORS gauge
DCGM_FI_DEV_XID_ERRORS{${labels}} 79
`;

let server: Server;
let base = '';
const asked: string[] = [];

/** A Prometheus that has two metrics of one GPU, and an exporter beside it. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    const metric = url.searchParams.get('query') ?? '';
    asked.push(`${url.pathname} ${metric} ${request.headers.authorization ?? '-'}`);
    if (url.pathname === '/metrics') return response.end(metrics);
    if (url.pathname !== '/prom/api/v1/query') return response.writeHead(404).end();
    const line = metrics.split('\n').find((text) => text.startsWith(`${metric}{`));
    const value = line?.split(' ').at(-1) ?? '';
    const metricLabels = { __name__: metric, gpu: '0', UUID: 'GPU-a', Hostname: 'n1' };
    const result = line === undefined ? [] : [{ metric: metricLabels, value: [Date.now() / 1000, value] }];
    return response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
  base = await listening(server);
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function listening(started: Server): Promise<string> {
  return new Promise((resolve) => {
    started.listen(0, '127.0.0.1', () => {
      const address = started.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
    });
  });
}

describe('berth import prometheus --url', () => {
  test('asks for each metric that is read, with the token, and records what it is told', async () => {
    asked.length = 0;
    const home = join(folder, 'a');
    const ran = await berth(
      ['import', 'prometheus', '--url', `${base}/prom/`, '--token-env', 'T', '--site', 'fra1', '--json'],
      { home, env: { T: 's3cret' } },
    );
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ source: 'prometheus', subjects: { node: 1, gpu: 1 } });
    expect(asked).toContain('/prom/api/v1/query DCGM_FI_DEV_XID_ERRORS Bearer s3cret');
    expect(new Set(asked.map((line) => line.split(' ')[0]))).toEqual(new Set(['/prom/api/v1/query']));
    const shown = await berth(['inventory', 'fra1/n1', '--json'], { home });
    expect(shown.stdout).toContain('"health":"down"');
    expect(`${ran.stdout}${shown.stdout}`).not.toContain('s3cret');
  });

  test('reads an exporter where the address is that of its metrics', async () => {
    const ran = await berth(
      ['import', 'prometheus', '--url', `${base}/metrics`, '--site', 'fra1', '--dry-run', '--json'],
      { home: join(folder, 'b') },
    );
    expect(JSON.parse(ran.stdout)).toMatchObject({
      source: 'prometheus',
      dryRun: true,
      subjects: { node: 1, gpu: 1 },
    });
  });

  test.each([
    [['--url', 'BASE/elsewhere'], 'answers 404 Not Found'],
    [['--url', 'prometheus'], 'is no http address'],
    [['--url', 'BASE/prom', '--token-env', 'UNSET'], 'the variable `UNSET` holds no secret'],
    [
      ['--url', 'BASE/prom', '--token-env', 'A', '--token-file', 'b'],
      'both `--token-file` and `--token-env` are given',
    ],
    [['--token-env', 'A'], 'the place of a secret is given without an address'],
    [['--url', 'BASE/prom', 'file.prom'], 'both files and `--url` are given'],
    [[], "missing required argument 'file'"],
  ])('%j is refused and nothing is recorded', async (words, message) => {
    const args = words.map((word) => word.replace('BASE', base));
    const ran = await berth(['import', 'prometheus', ...args, '--site', 'fra1'], { home: join(folder, 'c') });
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain(message);
    expect(ran.stdout).toBe('');
  });

  test('other sources have no address', async () => {
    const ran = await berth(['import', 'nvidia-smi', '--url', base], { home: join(folder, 'c') });
    expect(ran.stderr).toContain('nvidia-smi is not read with `--url`');
  });
});

const program = process.env['PROMETHEUS'] ?? 'prometheus';
const isThere = spawnSync(program, ['--version']).status === 0;

describe.skipIf(!isThere)('a real Prometheus (Debian: prometheus)', () => {
  let started: ChildProcess;
  const address = '127.0.0.1:19097';

  beforeAll(async () => {
    const home = join(folder, 'real');
    mkdirSync(home);
    const target = base.replace('http://', '');
    writeFileSync(
      join(home, 'p.yml'),
      `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: dcgm, static_configs: [{ targets: ['${target}'] }] }]\n`,
    );
    started = spawn(
      program,
      [
        `--config.file=${join(home, 'p.yml')}`,
        `--storage.tsdb.path=${join(home, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      { stdio: 'ignore' },
    );
    for (let tries = 0; tries < 60 && !(await hasScraped()); tries++) await sleep(500);
  }, 60_000);

  afterAll(() => {
    started.kill();
  });

  async function hasScraped(): Promise<boolean> {
    const answer = await fetch(`http://${address}/api/v1/query?query=DCGM_FI_DEV_XID_ERRORS`).catch(
      () => undefined,
    );
    return answer?.ok === true && (await answer.text()).includes('GPU-a');
  }

  test('what it scraped is read as the exporter said it', async () => {
    const home = join(folder, 'd');
    const ran = await berth(
      ['import', 'prometheus', '--url', `http://${address}`, '--site', 'fra1', '--json'],
      { home },
    );
    expect(ran.code).toBe(0);
    const shown = await berth(['inventory', 'fra1/n1', '--json'], { home });
    expect(shown.stdout).toContain('"health":"down"');
    expect(shown.stdout).toContain('H100-SXM-80GB');
  }, 60_000);
});
