import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { KubeConfig, KubernetesObjectApi, makeInformer } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Bell, keepListening, type Listen, watchWorkloads } from '../../../src/engines/kubernetes/bell.ts';
import { answerChecks, keepAnswering, type Pass } from '../../../src/engines/kubernetes/checks.ts';
import { type Kubectl, kubectlOf } from '../../../src/engines/kubernetes/kubectl.ts';
import { hourMs, t0 } from '../../core/fleet.ts';
import { ApiServer } from './api-server.ts';
import { configFor, unvalidated } from './clients.ts';
import { contract } from './contract.ts';

const timeout = 60_000;
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const apiVersion = 'kueue.x-k8s.io/v1beta2';
const at = '2026-11-25T09:00:00Z';

let server: ApiServer;
let home: string;
let url: string;
let env: Record<string, string | undefined>;
let kubectl: Kubectl;
let stop: AbortController;

beforeEach(async () => {
  server = new ApiServer();
  home = mkdtempSync(join(tmpdir(), 'berth-watch-'));
  url = await server.start();
  const file = join(home, 'config');
  writeFileSync(file, configFor(url));
  env = { PATH: process.env['PATH'], HOME: home, KUBECONFIG: file };
  kubectl = unvalidated(kubectlOf({ env }));
  stop = new AbortController();
  const labels = { 'berth.internal/contract': 'C-106' };
  const spec = { controllerName: 'berth.internal/contracts' };
  server.put({ apiVersion, kind: 'AdmissionCheck', metadata: { name: 'berth-c-106', labels }, spec });
  server.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'berth-c-106' } });
});

afterEach(async () => {
  stop.abort();
  await server.stop();
  rmSync(home, { recursive: true });
});

/** A workload that has its quota and waits, as Kueue writes it. */
function asks(name: string, more: { readonly state?: string; readonly since?: string } = {}): void {
  const { state = 'Pending', since = at } = more;
  server.put(
    {
      apiVersion,
      kind: 'Workload',
      metadata: { name, namespace: 'berth-c-106' },
      spec: { podSets: [{ name: 'main', count: 1, template: { spec: { containers: [{ name: 'main' }] } } }] },
      status: {
        conditions: [
          { type: 'QuotaReserved', status: 'True', reason: 'x', message: '', lastTransitionTime: since },
        ],
        admissionChecks: [{ name: 'berth-c-106', state, message: '', lastTransitionTime: since }],
      },
    },
    'kueue',
  );
}

const contractOf = (id: string) => (id === 'C-106' ? contract() : undefined);
const answers = () => server.writes.filter((line) => line.includes('/workloads/'));
const stateOf = (name: string) =>
  /"state":"([A-Za-z]+)"/u.exec(
    JSON.stringify(server.get('workloads', 'berth-c-106', name)?.['status']),
  )?.[1];

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > deadlineMs) throw new Error('it did not come to it in 20 s');
    await sleep(20);
  }
}

/** The controller as `berth admit --watch` runs it, with rounds by the clock an hour apart: only the bell is heard. */
function running(nowMs: () => number = () => t0): { readonly passes: Pass[] } {
  const bell = new Bell(10);
  const passes: Pass[] = [];
  const round = () => answerChecks(kubectl, contractOf, nowMs());
  void keepListening(watchWorkloads({ env }), bell, stop.signal, 300);
  void keepAnswering(
    round,
    (signal) => bell.heard(hourMs, signal),
    stop.signal,
    (pass) => {
      passes.push(pass);
    },
  );
  return { passes };
}

describe.runIf(hasKubectl)('the controller that watches, by the real kubectl', { timeout }, () => {
  test('answers as soon as a workload asks, once, whatever else it is told', async () => {
    const { passes } = running();
    await until(() => server.watches.count === 1 && passes.length > 0);
    asks('job-1');
    await until(() => stateOf('job-1') === 'Ready');
    server.watches.again();
    server.watches.bookmark(apiVersion, 'Workload', 900);
    server.watches.again();
    const count = passes.length;
    await until(() => passes.length > count);
    expect(answers()).toHaveLength(1);
  });

  test('begins anew when it is cut in mid event, told 410 at once and in mid stream, and when the server was restarted', async () => {
    const { passes } = running();
    await until(() => server.watches.count === 1);
    server.watches.refuseNext = 1;
    server.watches.cut();
    asks('job-cut');
    await until(() => stateOf('job-cut') === 'Ready');
    await until(() => server.watches.count === 1);
    server.watches.compact();
    asks('job-gone');
    await until(() => stateOf('job-gone') === 'Ready');
    await server.stop();
    asks('job-meanwhile');
    await until(() => passes.some(({ kind }) => kind === 'failed'));
    await server.start(Number(new URL(url).port));
    await until(() => stateOf('job-meanwhile') === 'Ready');
    expect(answers()).toHaveLength(3);
  });

  test('an answer that meets a conflict is given again in the next round, and then not any more', async () => {
    asks('job-1');
    server.letThrough = 1;
    server.failNext.push(409);
    expect(await answerChecks(kubectl, contractOf, t0)).toMatchObject({
      answered: [{ said: { kind: 'refused' } }],
    });
    expect(await answerChecks(kubectl, contractOf, t0)).toMatchObject({
      answered: [{ said: { kind: 'done' } }],
    });
    const count = server.writes.length;
    expect(await answerChecks(kubectl, contractOf, t0)).toMatchObject({ checks: 1, answered: [] });
    expect(server.writes).toHaveLength(count);
  });

  test.each([
    ['a server whose clock is an hour ahead', '2026-11-25T10:00:00Z'],
    ['one that is years behind', '2001-01-01T00:00:00Z'],
  ])('%s is answered by the ledger’s clock', async (_, since) => {
    asks('job-1', { since });
    await answerChecks(kubectl, contractOf, t0 - 1000);
    expect(stateOf('job-1')).toBe('Retry');
    asks('job-1', { since });
    await answerChecks(kubectl, contractOf, t0);
    expect(stateOf('job-1')).toBe('Ready');
  });

  test('a clock that goes back puts out nobody who was let in, and the end does', async () => {
    asks('job-1', { state: 'Ready' });
    expect(await answerChecks(kubectl, contractOf, t0 - 5000)).toMatchObject({ answered: [] });
    expect(stateOf('job-1')).toBe('Ready');
    await answerChecks(kubectl, contractOf, t0 + 24 * hourMs);
    expect(stateOf('job-1')).toBe('Rejected');
  });
});

describe('a bell', () => {
  test('is heard once for all that rang, at once for what rang before, and by the clock otherwise', async () => {
    const bell = new Bell(1);
    bell.ring();
    bell.ring();
    const beganMs = Date.now();
    await bell.heard(60_000, stop.signal);
    expect(Date.now() - beganMs).toBeLessThan(5000);
    await bell.heard(30, stop.signal);
    expect(Date.now() - beganMs).toBeGreaterThanOrEqual(25);
    setTimeout(() => {
      stop.abort();
    }, 10);
    await bell.heard(60_000, stop.signal);
    expect(Date.now() - beganMs).toBeLessThan(10_000);
  });

  test('what ends at once is begun less and less often, and rings each time', async () => {
    let begun = 0;
    const listen: Listen = () => {
      begun++;
      return Promise.resolve();
    };
    const bell = new Bell(1);
    const listening = keepListening(listen, bell, stop.signal);
    await bell.heard(5000, stop.signal);
    await sleep(100);
    expect(begun).toBe(1);
    stop.abort();
    await listening;
  });
});

describe('client-node, a second client that watches', { timeout }, () => {
  test('sees what the controller sees: after a cut, a 410 and a bookmark it has every workload', async () => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'test', server: url, skipTLSVerify: true }, { name: 'test' });
    const client = KubernetesObjectApi.makeApiClient(config);
    const informer = makeInformer(config, '/apis/kueue.x-k8s.io/v1beta2/workloads', () =>
      client.list(apiVersion, 'Workload'),
    );
    informer.on('error', () => {
      if (!stop.signal.aborted) setTimeout(() => void informer.start().catch(() => undefined), 50);
    });
    const seen = new Set<string>();
    for (const event of ['add', 'update'] as const)
      informer.on(event, ({ metadata }) => seen.add(metadata?.name ?? ''));
    await informer.start();
    await until(() => server.watches.count === 1);
    asks('one');
    await until(() => seen.has('one'));
    server.watches.refuseNext = 1;
    server.watches.cut();
    asks('two');
    await until(() => seen.has('two'));
    await until(() => server.watches.count === 1);
    server.watches.bookmark(apiVersion, 'Workload', 900);
    server.watches.again();
    server.watches.compact();
    asks('three');
    await until(() => seen.has('three'));
    expect([...seen].toSorted()).toEqual(['one', 'three', 'two']);
    await informer.stop();
  });
});
