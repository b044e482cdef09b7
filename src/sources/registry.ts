import type { SourceName } from '../model/fact.ts';
import { compareText } from '../model/text.ts';
import { cloud } from './cloud/cloud.ts';
import { dra } from './dra/dra.ts';
import { readStart } from './evidence.ts';
import { recognise } from './format.ts';
import { hwloc } from './hwloc/hwloc.ts';
import { ibnetdiscover } from './ibnetdiscover/ibnetdiscover.ts';
import { inventory } from './inventory/inventory.ts';
import { kubernetes } from './kubernetes/kubernetes.ts';
import { nccl } from './nccl/nccl.ts';
import { netbox } from './netbox/netbox.ts';
import { nvidiaSmi } from './nvidia-smi/nvidia-smi.ts';
import { openb } from './openb.ts';
import { prometheus } from './prometheus/prometheus.ts';
import { redfish } from './redfish/redfish.ts';
import { rocmSmi } from './rocm-smi/rocm-smi.ts';
import { slurm } from './slurm/slurm.ts';
import type { Evidence, Source } from './source.ts';
import { topograph } from './topograph/topograph.ts';

/** Everything `berth import` can read, by name, in the order of the names. */
export const sources: ReadonlyMap<SourceName, Source> = new Map(
  [
    cloud,
    dra,
    hwloc,
    ibnetdiscover,
    inventory,
    kubernetes,
    nccl,
    netbox,
    nvidiaSmi,
    openb,
    prometheus,
    redfish,
    rocmSmi,
    slurm,
    topograph,
  ]
    .toSorted((a, b) => compareText(a.name, b.name))
    .map((source) => [source.name, source]),
);

/**
 * Which source would read a file, judged by its first 64 KiB; also one that Berth cannot read yet. Nothing when
 * it looks like none. Throws a `BerthError` for files that no source reads: empty, binary, not UTF-8, too large.
 */
export function detectSource(evidence: Evidence): SourceName | undefined {
  return recognise(readStart(evidence, 65_536))?.source;
}
