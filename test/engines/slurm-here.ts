import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Ran, RunProgram } from '../../src/engines/slurm/ask.ts';
import { slurmBasics } from '../slurm-conf.ts';

/** Nodes of the cluster, with 8 GPUs and 2 x 56 cores of 2 threads each. */
const slurmNodes = ['lab-r1-n01', 'lab-r1-n02', 'lab-r1-n03', 'lab-r1-n04'] as const;

/** Why no Slurm can be started here; nothing when one can. */
export function slurmMissing(): string | undefined {
  const missing = ['slurmctld', 'slurmd', 'scontrol', 'sbatch'].filter(
    (program) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${program}`]).status !== 0,
  );
  return missing.length === 0
    ? undefined
    : `no ${missing.join(', ')} here: apt-get install slurmctld slurmd slurm-client`;
}

/** A real Slurm in a temporary folder, of this user alone: daemons on free ports of the loopback, no munge. */
export class SlurmHere {
  readonly folder = mkdtempSync(join(tmpdir(), 'berth-slurm-'));
  readonly env: Readonly<Record<string, string>>;
  #controller: ChildProcess | undefined;
  readonly #daemons: ChildProcess[] = [];

  constructor() {
    const { PATH = '', HOME = '/' } = process.env;
    this.env = { PATH: `${PATH}:/usr/sbin:/sbin`, HOME, SLURM_CONF: join(this.folder, 'slurm.conf') };
  }

  static async start(): Promise<SlurmHere> {
    const here = new SlurmHere();
    for (const part of ['state', 'log', 'dev', ...slurmNodes.map((node) => `spool/${node}`)])
      mkdirSync(join(here.folder, part), { recursive: true });
    const ports = await freePorts(slurmNodes.length + 1);
    writeFileSync(join(here.folder, 'slurm.conf'), slurmConf(here.folder, ports));
    writeFileSync(join(here.folder, 'gres.conf'), gresConf(here.folder));
    writeFileSync(
      join(here.folder, 'topology.conf'),
      'SwitchName=leaf1 Nodes=lab-r1-n[01-02]\nSwitchName=leaf2 Nodes=lab-r1-n[03-04]\nSwitchName=spine1 Switches=leaf[1-2]\n',
    );
    here.startController(['-c']);
    for (const node of slurmNodes) here.#daemons.push(here.#spawn('slurmd', ['-D', '-N', node]));
    await here.untilIdle();
    return here;
  }

  startController(more: readonly string[] = []): void {
    this.#controller = this.#spawn('slurmctld', ['-D', ...more]);
  }

  /** As a crash would: what it had not written down is lost. */
  async killController(): Promise<void> {
    await ended(this.#controller, 'SIGKILL');
  }

  /** Until it answers again. Its state is kept. */
  async restartController(): Promise<void> {
    await ended(this.#controller, 'SIGTERM');
    this.startController();
    await this.untilIdle();
  }

  /** Until every node is there for jobs: a controller that was restarted hears from them one by one. */
  untilIdle(): Promise<void> {
    return this.until(async () => {
      const states = await this.said('sinfo', '-h', '-N', '-o', '%T');
      return states.split('\n').every((state) => state === 'idle' || state === 'reserved');
    });
  }

  async stop(): Promise<void> {
    await this.ran('scancel', '--user', userInfo().username);
    await ended(this.#controller, 'SIGKILL');
    for (const daemon of this.#daemons) await ended(daemon, 'SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What a program printed, trimmed; fails the test when it failed. */
  async said(program: string, ...args: readonly string[]): Promise<string> {
    const { exit, stdout, stderr } = await this.ran(program, ...args);
    if (exit !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout.trim();
  }

  async ran(program: string, ...args: readonly string[]): Promise<Extract<Ran, { kind: 'ended' }>> {
    const ran = await this.run(program, args, { TZ: 'UTC' });
    if (ran.kind !== 'ended') throw new Error(`${program} did not run`);
    return ran;
  }

  /** What the engine is given: the user's programs, with this cluster's environment. */
  readonly run: RunProgram = async (program, args, env) => {
    const child = spawn(program, args, { env: { ...this.env, ...env }, cwd: this.folder });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (stderr += piece.toString()));
    const { promise, resolve } = Promise.withResolvers<number | null>();
    child.on('close', resolve);
    return { kind: 'ended', exit: await promise, stdout, stderr };
  };

  async until(isSo: () => Promise<boolean>): Promise<void> {
    const deadlineMs = Date.now() + 30_000;
    while (!(await isSo().catch(() => false))) {
      if (Date.now() > deadlineMs) throw new Error('Slurm did not come to it in 30 s');
      await sleep(100);
    }
  }

  /** Names of all reservations, in order. */
  async reservations(): Promise<readonly string[]> {
    const text = await this.said('scontrol', '-o', 'show', 'reservation');
    return [...text.matchAll(/^ReservationName=(\S+)/gmu)].map(([, name = '']) => name).toSorted();
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    return spawn(program, args, { env: this.env, stdio: 'ignore' });
  }
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.on('exit', () => {
    resolve();
  });
  child.kill(signal);
  await promise;
}

/** Ports of the loopback that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const { promise, resolve } = Promise.withResolvers<ReturnType<typeof createServer>>();
      const server = createServer().listen(0, '127.0.0.1', () => {
        resolve(server);
      });
      return promise;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  for (const server of servers) server.close();
  return ports;
}

function slurmConf(folder: string, [controllerPort = 0, ...ports]: readonly number[]): string {
  const nodes = slurmNodes.map(
    (node, index) =>
      `NodeName=${node} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${ports[index] ?? 0} Sockets=2 CoresPerSocket=56 ThreadsPerCore=2 RealMemory=2000000 Gres=gpu:h100:8 State=UNKNOWN`,
  );
  return `${slurmBasics(folder, controllerPort)}
${nodes.join('\n')}
PartitionName=train Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}

/** GPUs are character devices; without root the consoles have to do. */
function gresConf(folder: string): string {
  const made = Array.from({ length: 8 }, (_, index) =>
    spawnSync('mknod', [join(folder, 'dev', `gpu${index}`), 'c', '195', String(index)]),
  );
  const isRoot = made.every(({ status }) => status === 0);
  const file = isRoot && existsSync(join(folder, 'dev', 'gpu7')) ? `${folder}/dev/gpu` : '/dev/tty';
  return `NodeName=lab-r1-n[01-04] Name=gpu Type=h100 File=${file}[0-3] Cores=0-55
NodeName=lab-r1-n[01-04] Name=gpu Type=h100 File=${file}[4-7] Cores=56-111
`;
}
