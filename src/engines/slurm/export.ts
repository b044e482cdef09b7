import type { GpuFacts } from '../../model/fact.ts';
import { compareText } from '../../model/text.ts';
import type { EngineNode, Printed } from '../port.ts';
import { foldHostlist } from './hostlist.ts';

/**
 * `topology.conf` and `gres.conf` from the inventory. What it does not know is left out and said: cores need `threads`,
 * the threads of a core by which CPUs are counted there.
 */
export function exportSlurm(nodes: readonly EngineNode[], threads?: number): readonly Printed[] {
  return [
    { file: 'topology.conf', text: topologyOf(nodes) },
    { file: 'gres.conf', text: gresOf(nodes, threads) },
  ];
}

/** For TopologyPlugin=topology/tree: leafs with their nodes, spines with their leafs. */
function topologyOf(nodes: readonly EngineNode[]): string {
  const leafs = Map.groupBy(nodes, ({ leaf }) => leaf);
  const spines = new Map<string, Set<string>>();
  const lines: string[] = [];
  for (const [leaf, own] of [...leafs].toSorted(([a = ''], [b = '']) => compareText(a, b))) {
    if (leaf === undefined) continue;
    lines.push(`SwitchName=${switchName(leaf)} Nodes=${foldHostlist(own.map(({ hostName }) => hostName))}`);
    const spine = own.find((node) => node.spine !== undefined)?.spine;
    if (spine !== undefined) spines.set(spine, (spines.get(spine) ?? new Set()).add(switchName(leaf)));
  }
  for (const [spine, below] of [...spines].toSorted(([a], [b]) => compareText(a, b)))
    lines.push(`SwitchName=${switchName(spine)} Switches=${foldHostlist([...below])}`);
  const unknown = leafs.get(undefined) ?? [];
  return text([...lines, ...missing(unknown, 'no leaf switch is recorded for')]);
}

/** A switch by its whole path: names of switches are unique in a cluster, and paths in the inventory. */
function switchName(path: string): string {
  return path.replaceAll('/', '-');
}

/** Lines for nodes with the same GPUs. */
function gresOf(nodes: readonly EngineNode[], threads: number | undefined): string {
  const withGpus = nodes.filter(({ gpus }) => gpus.length > 0);
  const alike = Map.groupBy(withGpus, (node) => linesOf(node, threads).join('\n'));
  const lines = [...alike.values()].flatMap((own) => {
    const names = foldHostlist(own.map(({ hostName }) => hostName));
    return linesOf(own[0], threads).map((line) => `NodeName=${names} ${line}`);
  });
  const blind = withGpus.filter((node) => !linesOf(node, threads).every((line) => line.includes('Cores=')));
  return text([...lines, ...missing(blind, 'the cores beside the GPUs are not known of')]);
}

/** What a node's line says behind its name. NVIDIA's driver numbers its files; those of others are detected. */
function linesOf(node: EngineNode | undefined, threads: number | undefined): readonly string[] {
  if (node === undefined) return [];
  return groupsOf(node).map(({ type, low, high, numaNode }) => {
    if (/^mi\d/u.test(type)) return `AutoDetect=rsmi Name=gpu Type=${type}`;
    const range = low === high ? String(low) : `[${low}-${high}]`;
    const cores = threads === undefined ? undefined : coresOf(node, numaNode, threads);
    return `Name=gpu Type=${type} File=/dev/nvidia${range}${cores === undefined ? '' : ` Cores=${cores}`}`;
  });
}

type Group = {
  readonly type: string;
  readonly low: number;
  readonly high: number;
  readonly numaNode: number | undefined;
};

/** GPUs that follow each other with the same type on the same NUMA node. */
function groupsOf({ gpus }: EngineNode): readonly Group[] {
  const groups: { type: string; low: number; high: number; numaNode: number | undefined }[] = [];
  for (const [index, gpu] of gpus.entries()) {
    const last = groups.at(-1);
    const type = typeOf(gpu);
    if (last !== undefined && last.type === type && last.numaNode === gpu.numaNode) last.high = index;
    else groups.push({ type, low: index, high: index, numaNode: gpu.numaNode });
  }
  return groups;
}

/** `H100` as `h100`: a type in gres.conf is a word without blanks. */
function typeOf({ model }: GpuFacts): string {
  return (model ?? 'gpu').toLowerCase().replaceAll(/[^a-z0-9]+/gu, '_');
}

/** Even shares of the cores, which Slurm numbers NUMA node by NUMA node. CPUs are threads where cores have several. */
function coresOf(node: EngineNode, numaNode: number | undefined, threads: number): string | undefined {
  const { cpuMilli, numaNodes } = node;
  if (cpuMilli === undefined || numaNodes === undefined || numaNode === undefined) return undefined;
  const share = cpuMilli / (1000 * threads * numaNodes);
  if (!Number.isSafeInteger(share) || share === 0 || numaNode >= numaNodes) return undefined;
  return `${numaNode * share}-${(numaNode + 1) * share - 1}`;
}

function missing(nodes: readonly EngineNode[], why: string): readonly string[] {
  return nodes.length === 0 ? [] : [`# ${why} ${foldHostlist(nodes.map(({ hostName }) => hostName))}`];
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
