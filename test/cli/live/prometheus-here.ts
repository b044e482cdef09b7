import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why no Prometheus can be started here; nothing when one can. */
export function prometheusMissing(): string | undefined {
  const isThere = ['prometheus', 'promtool'].every(
    (program) => spawnSync(program, ['--version']).status === 0,
  );
  return isThere ? undefined : 'no prometheus or promtool here: apt-get install prometheus';
}

/** A real Prometheus on a free port of the loopback, over blocks that promtool makes of a text in OpenMetrics. */
export class PrometheusHere {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(folder: string, openMetrics: string): Promise<PrometheusHere> {
    const data = join(folder, 'data');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(folder, 'm.om'), openMetrics);
    writeFileSync(join(folder, 'p.yml'), 'global: { scrape_interval: 1s }\n');
    const made = spawnSync('promtool', [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      join(folder, 'm.om'),
      data,
    ]);
    if (made.status !== 0) throw new Error(`promtool: ${made.stderr.toString()}`);
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'p.yml')}`,
        `--storage.tsdb.path=${data}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=${address}`,
      ],
      { stdio: 'ignore' },
    );
    const here = new PrometheusHere(`http://${address}`, child);
    await here.#untilReady();
    return here;
  }

  async stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#process.on('exit', () => {
      resolve();
    });
    this.#process.kill();
    await promise;
  }

  async #untilReady(): Promise<void> {
    for (let tries = 0; tries < 150; tries++) {
      const answer = await fetch(`${this.url}/-/ready`).catch(() => undefined);
      if (answer?.ok === true) return;
      await sleep(200);
    }
    throw new Error('Prometheus did not get ready in 30 s');
  }
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    server.close(() => {
      resolve(port);
    });
  });
  return promise;
}
