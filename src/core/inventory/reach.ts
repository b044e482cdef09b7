import type { SourceName } from '../../model/fact.ts';

/** Sources that read one machine at a time: they say nothing about the machines that they do not name. */
export const ofOneMachine: ReadonlySet<SourceName> = new Set([
  'hwloc',
  'nccl',
  'nvidia-smi',
  'rocm-smi',
  'redfish',
]);
