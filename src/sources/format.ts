import type { BerthError } from '../model/error.ts';
import type { SourceName } from '../model/fact.ts';
import { invalidFile } from './evidence.ts';
import type { Evidence } from './source.ts';

/** What a text looks like: the source that reads it, if one does, and words for people. */
export type Format = { readonly source?: SourceName; readonly what: string; readonly fix?: string };

type Sign = Format & { readonly pattern: RegExp };

/** Signs of the formats that operators hand in. Only the first 64 KiB of a file are read for them. */
const signs: readonly Sign[] = [
  {
    what: 'the expected output of GPU Feature Discovery’s tests: one regular expression for each label',
    fix: 'hand in the nodes themselves: `kubectl get nodes -o yaml`',
    pattern: /^[a-z0-9.-]+\\\.[a-z\\.]+\\\/\S+=/mu,
  },
  {
    what: 'a label file of GPU Feature Discovery: labels without the node they belong to',
    fix: 'hand in the nodes themselves: `kubectl get nodes -o yaml`',
    pattern: /^(?:nvidia|amd)\.com\/[\w.-]+=/mu,
  },
  {
    what: 'the table that `kubectl get nodes` prints',
    fix: 'add `-o json` or `-o yaml` to the command',
    pattern: /^NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION/u,
  },
  {
    what: 'the output of `kubectl describe`',
    fix: 'use `kubectl get nodes -o yaml` instead',
    pattern: /^Name: {4,}\S+\s+(?:Roles|Namespace|Labels): /u,
  },
  {
    source: 'dra',
    what: 'DRA ResourceSlices',
    pattern: /"?kind"?:\s*"?ResourceSlice(?:List)?\b/u,
  },
  {
    source: 'kubernetes',
    what: 'Kubernetes nodes',
    pattern: /"?kind"?:\s*"?(?:NodeList|Node|KWOKNodeProfile)"?\s*(?:[,}\r\n]|$)/u,
  },
  {
    source: 'openb',
    what: 'the node list of the openb trace',
    pattern: /^(?=[^\n]*\bsn\b)(?=[^\n]*\bcpu_milli\b)/u,
  },
  {
    what: 'the pod list of the openb trace',
    fix: 'hand in its node list, `openb_node_list_all_node.csv`',
    pattern: /^(?=[^\n]*\bnum_gpu\b)(?=[^\n]*\bgpu_milli\b)/u,
  },
  {
    source: 'cloud',
    what: 'a catalogue of cloud machine types',
    pattern:
      /^InstanceType,|^\s*\{\s*"[^"]+":\s*\{\s*"labels":|^\s*\[\s*\{\s*"name":\s*"[^"]+",\s*"offerings":/u,
  },
  { source: 'hwloc', what: 'hwloc XML', pattern: /<!DOCTYPE topology|<topology[ >]/u },
  {
    what: 'the block devices of a machine',
    fix: 'use `lstopo --of xml` for `berth import hwloc`',
    pattern: /"blockdevices"\s*:/u,
  },
  { source: 'nccl', what: 'NCCL topology XML', pattern: /<system version=/u },
  {
    what: 'a kernel log',
    fix: 'Berth reads XIDs from DCGM: `berth import prometheus`',
    pattern: /^\[ *\d+\.\d+\] (?:Linux version|NVRM)|^(?:kern *):\S* *: \[|NVRM: Xid \(/mu,
  },
  {
    what: 'the log of the NVIDIA fabric manager',
    fix: '`nvidia-smi topo -m` and `nvidia-smi -q -x` tell what is there',
    pattern: /Fabric Manager version is:|^\[[^\]]+\] \[[A-Z]+\] \[tid \d+\] /mu,
  },
  {
    what: 'a list of PCI devices, without what joins them',
    fix: 'use `lstopo --of xml` for `berth import hwloc`, or `nvidia-smi topo -m`',
    pattern: /^(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] .+\[[0-9a-f]{4}\]: /mu,
  },
  {
    what: 'a configuration of NVIDIA’s mock driver: what a model is, not what a machine has',
    fix: 'hand in what `nvidia-smi -q -x` says on the machine',
    pattern: /^# Mock NVML Configuration|MOCK_NVML_CONFIG/mu,
  },
  {
    what: 'the state of NVLinks, without what they join',
    fix: 'use `nvidia-smi topo -m` instead',
    pattern: /^GPU \d+: .*\n\s+Link \d+: /mu,
  },
  {
    source: 'nvidia-smi',
    what: 'output of nvidia-smi',
    pattern:
      /<nvidia_smi_log>|^\s*GPU0\s+.*CPU Affinity|\[4mGPU0\s|^\| NVIDIA-SMI |^=+NVSMI LOG=+|^# \$ nvidia-smi|^GPU 0: .*\(UUID: |^(?=.*\buuid\b)(?:index|timestamp|name|uuid|driver_version), /mu,
  },
  {
    source: 'rocm-smi',
    what: 'output of rocm-smi',
    pattern: /ROCm System Management Interface|"card0"\s*:\s*\{/u,
  },
  { source: 'redfish', what: 'a Redfish resource', pattern: /"@odata\.(?:id|type)"/u },
  { source: 'netbox', what: 'a NetBox device type', pattern: /^u_height:/mu },
  {
    source: 'netbox',
    what: 'objects of NetBox',
    pattern: /"url":\s*"[^"]{0,200}\/api\/(?:dcim|tenancy)\/|"(?:rack|site|device)_list":/u,
  },
  {
    what: 'a table that `sinfo` or `squeue` prints, in which `%n` is the host and not the node',
    fix: 'hand in `scontrol -d show node` or `sinfo --json`',
    pattern: /^(?:PARTITION|NODELIST|HOSTNAMES|JOBID)\s+[A-Z(%]/mu,
  },
  {
    source: 'slurm',
    what: 'output or configuration of Slurm',
    pattern:
      /^(?:NodeName|PartitionName|ReservationName|SwitchName|BlockName|Name=gpu\b.*\bFile)=|"sinfo"|"slurm"\s*:|^\s*-\s+topology\s*:|^AutoDetect=|"type":\s*"openapi/imu,
  },
  {
    what: 'a request to topograph, which may hold passwords',
    fix: 'hand in its answer, or a model',
    pattern: /^\{\s*"provider"\s*:\s*\{[^]*"engine"\s*:/u,
  },
  {
    source: 'topograph',
    what: 'a model or the output of topograph',
    pattern:
      /^(?:switches|blocks|capacity_blocks):\s*$|"network_layers"\s*:|"compounded_(?:links|nodes)"\s*:|"DomainUUID"\s*:/mu,
  },
  {
    source: 'ibnetdiscover',
    what: 'an InfiniBand fabric, or the InfiniBand devices of a machine',
    pattern:
      /^(?:switchguid|caguid|vendid)=|^# Topology file: generated|\bports\/\d+\/(?:rate|link_layer)[\t:]/mu,
  },
  {
    what: 'the list of metrics that dcgm-exporter is configured with',
    fix: 'hand in their values: `curl http://n01:9400/metrics`',
    pattern: /^# DCGM FIELD, Prometheus metric type/mu,
  },
  {
    source: 'prometheus',
    what: 'Prometheus metrics',
    pattern: /^# (?:HELP|TYPE) |^DCGM_\w+\{|"resultType"\s*:\s*"(?:vector|matrix)"/mu,
  },
];

const own: Sign = {
  source: 'inventory',
  what: 'a Berth inventory',
  pattern: /^[\s{]*"?schema"?\s*:\s*["']?berth\/(?:inventory|world)\//mu,
};

const sample = 65_536;

/**
 * What the text looks like, if it is anything known: our own schema line wherever it stands, else the sign that
 * comes first. A guess, for an error message: never for reading.
 */
export function recognise(text: string): Format | undefined {
  const start = text.slice(0, sample);
  if (own.pattern.test(start)) return own;
  return signs
    .map((sign) => ({ sign, at: start.search(sign.pattern) }))
    .filter(({ at }) => at >= 0)
    .toSorted((a, b) => a.at - b.at)[0]?.sign;
}

/** Refuses a file that is not what `source` reads, and says what it seems to be instead. */
export function wrongFormat(
  evidence: Evidence,
  text: string,
  source: SourceName,
  expected: string,
): BerthError {
  const seen = recognise(text);
  if (seen === undefined || seen.source === source)
    return invalidFile(evidence, 'is not what was expected', `expected: ${expected}`);
  const fix =
    seen.source === undefined
      ? `${seen.fix ?? 'choose another file'}; expected: ${expected}`
      : `run \`berth import ${seen.source} …\`, or hand in what was expected: ${expected}`;
  return invalidFile(evidence, `looks like ${seen.what}`, fix);
}
