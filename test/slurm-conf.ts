import { userInfo } from 'node:os';

/** The part of slurm.conf(5) that lets a controller and daemons run as whoever starts them, with all files in one folder. */
export function slurmBasics(folder: string, controllerPort: number): string {
  const user = userInfo().username;
  return `ClusterName=berthtest
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/none
CredType=cred/none
SlurmctldPort=${controllerPort}
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmctldLogFile=${folder}/log/slurmctld.log
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmdLogFile=${folder}/log/slurmd-%n.log
SlurmdSpoolDir=${folder}/spool/%n
StateSaveLocation=${folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService=2
TopologyPlugin=topology/tree
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,bf_interval=1`;
}
