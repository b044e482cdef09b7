import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { slurmBasics } from '../slurm-conf.ts';

/** A running Slurm of our own: one controller and a daemon for each node, on this machine. */
export type SlurmCluster = {
  /** What a command of Slurm prints. */
  ask(program: string, ...args: readonly string[]): string;
  readonly env: Readonly<Record<string, string>>;
  /** Ends its jobs, then its daemons, and takes its files away. */
  end(): Promise<void>;
};

/** Why there is no real Slurm to test against; nothing where there is one. */
export function withoutSlurm(): string | undefined {
  const missing = ['slurmctld', 'slurmd', 'scontrol', 'mknod'].filter(
    (program) => spawnSync('which', [program]).status !== 0,
  );
  if (missing.length > 0) return `no ${missing.join(', ')}: apt-get install slurm-wlm`;
  return userInfo().uid === 0 ? undefined : 'device files can be made by root only';
}

const nodes = ['h100-01', 'h100-02', 'h100-03', 'h100-04'] as const;

/** Four nodes of eight simulated H100; `gres.conf` has only a count for the last one. */
export async function startSlurm(): Promise<SlurmCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-slurm-'));
  for (const name of ['state', 'spool', 'log', 'dev', ...nodes.map((node) => `spool/${node}`)])
    mkdirSync(join(folder, name));
  for (let number = 0; number < 8; number++)
    execFileSync('mknod', [join(folder, `dev/nvidia${number}`), 'c', '195', String(number)]);
  // Several test runs on one machine must not meet.
  const port = 20_000 + (process.pid % 4000) * 8;
  writeFileSync(join(folder, 'slurm.conf'), configuration(folder, port));
  writeFileSync(join(folder, 'gres.conf'), devices(folder));
  writeFileSync(
    join(folder, 'topology.conf'),
    'SwitchName=leaf1 Nodes=h100-[01-02]\nSwitchName=leaf2 Nodes=h100-[03-04]\nSwitchName=spine1 Switches=leaf[1-2]\n',
  );
  const env = { ...process.env, PATH: process.env['PATH'] ?? '', SLURM_CONF: join(folder, 'slurm.conf') };
  const ask = (program: string, ...args: readonly string[]) =>
    execFileSync(program, args, { env, encoding: 'utf8', timeout: 20_000 });
  const run = (program: string, ...args: readonly string[]) =>
    spawnSync(program, args, { env, encoding: 'utf8', timeout: 20_000 }).stdout;
  const end = async () => {
    run('scancel', '-u', userInfo().username);
    // A daemon that goes before its job leaves the job's own process behind.
    for (let tries = 0; tries < 40 && run('squeue', '-h').trim() !== ''; tries++) await wait(250);
    run('scontrol', 'shutdown');
    await wait(1000);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    ask('slurmctld', '-c');
    for (const node of nodes) ask('slurmd', '-N', node);
    await upAndInvalid(ask);
  } catch (error) {
    await end();
    throw error;
  }
  return { ask, env, end };
}

/** Three nodes come up, and the controller refuses the fourth. */
async function upAndInvalid(ask: SlurmCluster['ask']): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const states = ask('sinfo', '-h', '-N', '-o', '%T').split('\n');
    if (states.filter((state) => state === 'idle').length === 3 && states.includes('inval')) return;
    await wait(250);
  }
  throw new Error(`Slurm did not come up: ${ask('sinfo', '-N', '-o', '%N %T %E')}`);
}

function configuration(folder: string, port: number): string {
  return `${slurmBasics(folder, port)}
DefMemPerGPU=100000
DefCpuPerGPU=8
NodeName=h100-[01-04] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[${port + 1}-${port + 4}] Sockets=2 CoresPerSocket=56 ThreadsPerCore=2 RealMemory=2000000 Gres=gpu:h100:8 State=UNKNOWN
PartitionName=train Nodes=h100-[01-04] Default=YES MaxTime=INFINITE State=UP
`;
}

function devices(folder: string): string {
  const line = `NodeName=h100-[01-03] Name=gpu Type=h100 Flags=nvidia_gpu_env File=${folder}/dev/nvidia`;
  return `${line}[0-3] Cores=0-55\n${line}[4-7] Cores=56-111\nNodeName=h100-04 Name=gpu Type=h100 Count=8\n`;
}
