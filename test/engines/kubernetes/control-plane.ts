import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { freePorts } from '../slurm-here.ts';

/** Why no control plane can be started; nothing where `KUBEBUILDER_ASSETS` names a folder with its programs. */
export function controlPlaneMissing(): string | undefined {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  if (folder === undefined || folder === '')
    return 'KUBEBUILDER_ASSETS names no folder with etcd, kube-apiserver and kubectl';
  const missing = ['etcd', 'kube-apiserver', 'kubectl'].filter((name) => !existsSync(join(folder, name)));
  return missing.length === 0 ? undefined : `no ${missing.join(', ')} in KUBEBUILDER_ASSETS`;
}

/** A real etcd and kube-apiserver on free ports of the loopback, with all files in one folder. No controller runs. */
export class ControlPlane {
  readonly kubeconfig: string;
  readonly #folder: string;
  readonly #url: string;
  readonly #processes: ChildProcess[] = [];
  readonly #token = randomUUID();

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#url = `https://127.0.0.1:${port}`;
    this.kubeconfig = join(folder, 'kubeconfig');
  }

  static async start(folder: string): Promise<ControlPlane> {
    const [client = 0, peer = 0, secure = 0] = await freePorts(3);
    const plane = new ControlPlane(folder, secure);
    plane.#write();
    const etcdUrl = `http://127.0.0.1:${client}`;
    plane.#spawn('etcd', [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
    ]);
    plane.#spawn('kube-apiserver', [
      `--etcd-servers=${etcdUrl}`,
      `--cert-dir=${join(folder, 'certs')}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${secure}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--service-account-issuer=https://127.0.0.1',
      `--service-account-key-file=${join(folder, 'sa.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
    ]);
    return plane;
  }

  async stop(): Promise<void> {
    for (const child of this.#processes.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      child.on('exit', () => {
        resolve();
      });
      child.kill('SIGKILL');
      await promise;
    }
  }

  /** Until what was asked is so, a minute at most; says which program ended meanwhile. */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    const deadlineMs = Date.now() + 60_000;
    while (!(await isSo())) {
      const dead = this.#processes.find(({ exitCode }) => exitCode !== null);
      if (dead !== undefined) throw new Error(`${dead.spawnfile} ended with ${dead.exitCode}`);
      if (Date.now() > deadlineMs) throw new Error('the control plane did not get ready in a minute');
      await sleep(250);
    }
  }

  #write(): void {
    mkdirSync(join(this.#folder, 'certs'), { recursive: true });
    const { publicKey, privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    writeFileSync(join(this.#folder, 'sa.pub'), publicKey);
    writeFileSync(join(this.#folder, 'sa.key'), privateKey);
    writeFileSync(join(this.#folder, 'tokens.csv'), `${this.#token},admin,admin,system:masters\n`);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'test', cluster: { server: this.#url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'test', user: { token: this.#token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    };
    writeFileSync(this.kubeconfig, JSON.stringify(config));
  }

  #spawn(program: string, args: readonly string[]): void {
    const child = spawn(join(process.env['KUBEBUILDER_ASSETS'] ?? '', program), args, { stdio: 'ignore' });
    this.#processes.push(child);
  }
}
