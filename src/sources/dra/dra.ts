import { cleanText, compareText } from '../../model/text.ts';
import { invalidFile, reportProgress } from '../evidence.ts';
import { machinePath } from '../machine.ts';
import { type Findings, noFindings, observation } from '../observation.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { readPools } from './node.ts';
import { type NodePool, poolsOf } from './pool.ts';
import { readSlices, type Slice } from './slice.ts';

/**
 * Devices that drivers of Kubernetes' Dynamic Resource Allocation offer: ResourceSlices of `resource.k8s.io/v1`, and the
 * older shape with `basic`. NVIDIA GPUs and MIG instances, AMD GPUs and partitions, Intel GPUs and Gaudi, NICs of dranet
 * and of the SR-IOV driver. Devices of a pool count only when the pool is whole; where devices are is said only where
 * their addresses prove it.
 */
export const dra: Source = {
  name: 'dra',
  title: 'DRA ResourceSlices',
  howTo: 'kubectl get resourceslices -o json > slices.json',
  parse(evidence, context) {
    const findings = noFindings();
    const read = evidence.map((file) => readSlices(file));
    const slices = read.flatMap((found) => found.slices);
    const named = context.nodes?.length === 1 ? context.nodes[0] : undefined;
    const { pools, nowhere } = poolsOf(slices, () => named);
    readNodes(pools, context, { slices, evidence, findings });
    for (const slice of nowhere) noteNowhere(slice, findings);
    for (const slice of slices) noteSlice(slice, findings);
    for (const { others } of read) noteOthers(others, findings);
    return observation('dra', evidence, context, findings);
  },
};

type Reading = {
  readonly slices: readonly Slice[];
  readonly evidence: readonly Evidence[];
  readonly findings: Findings;
};

function readNodes(pools: readonly NodePool[], context: ImportContext, reading: Reading): void {
  const { slices, findings } = reading;
  const [first] = slices;
  if (first === undefined) return;
  if (pools.length === 0) throw withoutNode(first);
  const stated = new Set(
    slices.flatMap(({ node, devices }) =>
      [node ?? [], devices.flatMap((device) => device.node ?? [])].flat(),
    ),
  );
  const nodes = [...Map.groupBy(pools, ({ node }) => node)].toSorted(([a], [b]) => compareText(a, b));
  for (const [index, [node, own]] of nodes.entries()) {
    if (index % 256 === 0) reportProgress(context, index, nodes.length);
    const machine = machinePath(first.evidence, context, node);
    const found = readPools(machine, own, stated.has(node) ? node : undefined);
    findings.facts.push(...found.facts);
    for (const gap of found.gaps)
      findings.unknown.push({ subject: machine, ...gap, why: cleanText(gap.why, 300) });
    for (const assumption of found.assumptions) findings.assumptions.add(assumption);
  }
  reportProgress(context, nodes.length, nodes.length);
}

function withoutNode({ evidence, name, origin }: Slice) {
  return invalidFile(
    evidence,
    `ResourceSlice \`${cleanText(name, 100)}\` names no node`,
    'pass `--node` where one node is meant; devices that belong to no single node are not read',
    origin.line === undefined ? {} : { line: origin.line },
  );
}

/** Pools of a whole cluster, or of nodes that a selector picks, are nobody's own devices. */
function noteNowhere({ name, driver, devices, origin }: Slice, { unknown }: Findings): void {
  const whose = cleanText(driver ?? 'an unnamed driver', 80);
  const why = `${devices.length} devices of ${whose} in \`${cleanText(name, 100)}\` belong to no single node`;
  unknown.push({ attribute: 'devices', why, origin });
}

function noteSlice({ name, driver, isDriverInferred, isOldShape }: Slice, { assumptions }: Findings): void {
  if (isDriverInferred && driver !== undefined)
    assumptions.add(`\`${cleanText(name, 100)}\` names no driver: its attributes are those of ${driver}`);
  if (isOldShape) assumptions.add('devices under `basic` are read like those of v1');
}

function noteOthers(others: ReadonlyMap<string, number>, { assumptions }: Findings): void {
  for (const [kind, count] of others)
    assumptions.add(
      `${count} objects of kind \`${cleanText(kind, 60)}\` are no ResourceSlices and were not read`,
    );
}
