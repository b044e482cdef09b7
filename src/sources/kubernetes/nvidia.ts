import type { NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import { gpuModel } from '../gpu-model.ts';
import { type Gap, type GpuReading, plausibleCount } from '../gpu-reading.ts';
import { type Signs, signsOf } from './nvidia-signs.ts';
import type { KubernetesNode } from './object.ts';

/**
 * NVIDIA GPUs as GPU Feature Discovery labels them, else as GKE or Karpenter do, else as the device plugin
 * counts them. Labels and resources mislead where GPUs are shared or partitioned: under MIG `single` the count
 * is one of instances, time-slicing multiplies the resource, HAMi sets it to 0. Then the count of whole GPUs is
 * left open and `sharing` says why. Nothing for a node without a sign of an NVIDIA GPU.
 */
export function readNvidia(node: KubernetesNode): GpuReading | undefined {
  const signs = signsOf(node);
  if (signs === undefined) return undefined;
  const sharing = sharingOf(signs);
  const count = countedGpus(signs, sharing.sharing);
  const model = modelOf(signs);
  const memory = memoryOf(signs, sharing.sharing);
  const link = linkOf(signs, model.link, count.gpuCount);
  const facts: NodeFacts = {
    ...pick('gpuModel', model.gpuModel, signs.basis === 'stated' && !model.inferred),
    ...pick('gpuMemoryMib', memory.gpuMemoryMib, signs.basis === 'stated'),
    ...pick('gpuCount', count.gpuCount, count.stated),
    ...pick('sharing', sharing.sharing, sharing.stated),
  };
  return {
    stated: facts,
    derived: {
      ...pick('gpuModel', model.gpuModel, facts.gpuModel === undefined),
      ...pick('gpuMemoryMib', memory.gpuMemoryMib, facts.gpuMemoryMib === undefined),
      ...pick('gpuCount', count.gpuCount, !count.stated),
      ...pick('sharing', sharing.sharing, !sharing.stated),
      ...link.facts,
      ...count.facts,
    },
    gaps: [...sharing.gaps, ...count.gaps, ...model.gaps, ...memory.gaps, ...link.gaps],
    assumptions: model.assumptions,
  };
}

function pick<K extends keyof NodeFacts>(name: K, value: NodeFacts[K], wanted: boolean): NodeFacts {
  return wanted && value !== undefined ? { [name]: value } : {};
}

type Sharing = NonNullable<NodeFacts['sharing']>;

type SharingReading = { readonly sharing?: Sharing; readonly stated: boolean; readonly gaps: readonly Gap[] };

function sharingOf(signs: Signs): SharingReading {
  const changing = changingMig(signs);
  if (changing !== undefined)
    return { sharing: 'unknown', stated: false, gaps: [{ attribute: 'sharing', why: changing }] };
  if (signs.migSingle)
    return { sharing: 'mig-single', stated: signs.basis === 'stated', gaps: unevenGap(signs) };
  if (signs.migProfiles.length > 0) return { sharing: 'mig-mixed', stated: true, gaps: spellingGap(signs) };
  if (signs.strategy === 'time-slicing' || signs.strategy === 'mps') {
    const gaps = replicasGap(signs);
    return { sharing: signs.strategy, stated: signs.basis === 'stated', gaps };
  }
  const doubt = doubtOf(signs);
  if (doubt !== undefined)
    return { sharing: 'unknown', stated: false, gaps: [{ attribute: 'sharing', why: doubt }] };
  if (signs.strategy === 'none') return { sharing: 'none', stated: signs.basis === 'stated', gaps: [] };
  return { stated: false, gaps: [] };
}

/** Under strategy `single` GPU Feature Discovery has no word for instances of several sizes. */
function unevenGap({ product }: Signs): Gap[] {
  if (product?.endsWith('-MIG-INVALID') !== true) return [];
  const why =
    '`MIG-INVALID`: instances of several sizes under strategy `single`; the device plugin offers none of them';
  return [{ attribute: 'migProfile', why }];
}

/** Old versions of labels and device plugin rounded the memory in a profile's name differently. */
function spellingGap({ migProfiles }: Signs): Gap[] {
  const byCompute = Map.groupBy(migProfiles, (profile) => profile.split('.', 1).join());
  const spelt = [...byCompute.values()].filter((names) => {
    const sizes = names.map((name) => Number(/\.(\d+)gb/u.exec(name)?.[1] ?? Number.NaN));
    return Math.max(...sizes) - Math.min(...sizes) === 1;
  });
  return spelt.map((names) => ({
    attribute: 'migProfile',
    why: `\`${names.toSorted().join('` and `')}\` are two names of one profile: labels and resources round differently`,
  }));
}

function changingMig({ migState }: Signs): string | undefined {
  if (migState !== 'pending' && migState !== 'rebooting' && migState !== 'failed') return undefined;
  return `MIG is being set up anew (\`mig.config.state=${migState}\`): labels and resources may be those of before`;
}

/** What speaks against whole GPUs, although nothing says that they are shared. */
function doubtOf(signs: Signs): string | undefined {
  const { count, offered, replicas, product, strategy } = signs;
  if (signs.layer !== undefined)
    return `${signs.layer} hands out shares of these GPUs and keeps its own count`;
  if (strategy !== undefined && strategy !== 'none')
    return `unknown sharing strategy \`${cleanText(strategy, 60)}\``;
  if (count !== undefined && offered !== undefined && offered > count)
    return `${offered} \`nvidia.com/gpu\` for ${count} GPUs, and no sharing strategy that explains it`;
  if (count !== undefined && count > 0 && offered === 0)
    return `0 \`nvidia.com/gpu\` for ${count} GPUs: the device plugin is down or another layer hands them out`;
  if (strategy === 'none') return undefined;
  if (replicas !== undefined && replicas > 1)
    return `${replicas} replicas of each GPU without a label for the sharing strategy`;
  if (signs.sharedResource || product?.endsWith('-SHARED') === true)
    return 'signs of shared GPUs without a label for the sharing strategy';
  if (count === undefined && offered !== undefined && offered > 0)
    return 'only `nvidia.com/gpu` is known: without GPU Feature Discovery it may count shares';
  return undefined;
}

function replicasGap({ count, replicas, offered }: Signs): Gap[] {
  if (count === undefined || replicas === undefined || offered === undefined) return [];
  if (offered === count * replicas || offered === 0) return [];
  const why = `${count} GPUs × ${replicas} replicas, but ${offered} \`nvidia.com/gpu\`: one of the labels is wrong`;
  return [{ attribute: 'sharing', why }];
}

type CountReading = {
  readonly gpuCount?: number;
  readonly stated: boolean;
  readonly facts: NodeFacts;
  readonly gaps: readonly Gap[];
};

function uncounted(why: string): CountReading {
  return { stated: false, facts: {}, gaps: [{ attribute: 'gpuCount', why }] };
}

function countedGpus(signs: Signs, sharing: Sharing | undefined): CountReading {
  if (sharing === 'mig-single' && signs.basis === 'stated')
    return uncounted(
      `under MIG strategy \`single\` the labels count instances (${signs.count ?? 'not given'}), not GPUs`,
    );
  if (signs.count !== undefined) return labelledCount(signs, signs.count, sharing);
  if (sharing === 'mig-mixed')
    return uncounted('`nvidia.com/gpu` stays allocatable beside MIG resources and does not count GPUs');
  if (sharing !== undefined && sharing !== 'none' && sharing !== 'unknown')
    return uncounted(`the resource counts shares (${sharing}), and no label counts the GPUs`);
  if (signs.layer !== undefined)
    return uncounted(`${signs.layer} keeps the count of GPUs to itself, and no label says it`);
  if (signs.offered === undefined)
    return uncounted('GPUs are there, but neither a label nor a resource counts them');
  return usableCount(signs.offered, signs.allocatable ?? signs.offered, false);
}

function labelledCount(signs: Signs, count: number, sharing: Sharing | undefined): CountReading {
  const stated = signs.basis === 'stated';
  const whole = sharing === undefined || sharing === 'none';
  if (whole && signs.offered !== undefined)
    return usableCount(count, Math.min(signs.offered, signs.allocatable ?? signs.offered), stated);
  const { gaps, ...set } = plausibleCount(count);
  if (!whole || !signs.hasResources || count === 0) return { ...set, stated, facts: {}, gaps };
  const why = 'the node offers no `nvidia.com/gpu`: no device plugin, or GPUs are handed out by DRA';
  return { ...set, stated, facts: {}, gaps: [...gaps, { attribute: 'allocatable', why }] };
}

/** GPUs that are built in but not allocatable are out of order: which ones, nobody says here. */
function usableCount(built: number, usable: number, stated: boolean): CountReading {
  if (usable >= built) return { ...plausibleCount(built), stated, facts: {} };
  const { gaps, ...set } = plausibleCount(usable === 0 ? built : usable);
  const why = `${built} GPUs are built in, ${usable} are allocatable; which ones are out is not said`;
  return {
    ...set,
    stated: false,
    facts: { health: usable === 0 ? 'down' : 'degraded' },
    gaps: [...gaps, { attribute: 'health', why }],
  };
}

type ModelReading = {
  readonly gpuModel?: string;
  readonly link?: NodeFacts['link'];
  readonly inferred: boolean;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

function modelOf(signs: Signs): ModelReading {
  const named = signs.product === undefined ? undefined : gpuModel(signs.product);
  if (named === undefined)
    return {
      inferred: false,
      gaps: [{ attribute: 'gpuModel', why: 'no label names the product' }],
      assumptions: [],
    };
  const shown = cleanText(signs.product ?? '', 80);
  return {
    gpuModel: named.model,
    ...(named.link === undefined ? {} : { link: named.link }),
    inferred: named.inferred !== undefined || signs.migSingle,
    gaps: [],
    assumptions:
      named.inferred === undefined ? [] : [`\`${shown}\` is read as ${named.model}: ${named.inferred}`],
  };
}

/**
 * The label is MiB for whole GPUs, and something else for instances and MPS shares. What repeats the machine type's
 * data sheet is a nominal size where it is a whole number of GiB: the card shows less.
 */
function memoryOf(
  { memoryMib, basis }: Signs,
  sharing: Sharing | undefined,
): { gpuMemoryMib?: number; gaps: readonly Gap[] } {
  if (memoryMib === undefined || memoryMib === 0) return { gaps: [] };
  if (basis === 'derived' && memoryMib % 1024 === 0) {
    const nominal = `${memoryMib} MiB is the nominal size of the machine type: the card itself may show less`;
    return { gaps: [{ attribute: 'gpuMemoryMib', why: nominal }] };
  }
  if (sharing !== 'mig-single' && sharing !== 'mps') return { gpuMemoryMib: memoryMib, gaps: [] };
  const why = `\`gpu.memory\` (${memoryMib}) is not that of a whole GPU under ${sharing}`;
  return { gaps: [{ attribute: 'gpuMemoryMib', why }] };
}

function linkOf(
  { clique }: Signs,
  byModel: NodeFacts['link'],
  count: number | undefined,
): { facts: NodeFacts; gaps: readonly Gap[] } {
  if (clique !== undefined) return { facts: { link: 'nvlink' }, gaps: [] };
  if (byModel !== undefined) return { facts: { link: byModel }, gaps: [] };
  if (count !== undefined && count < 2) return { facts: {}, gaps: [] };
  return {
    facts: {},
    gaps: [{ attribute: 'link', why: 'neither a label nor the model says whether NVLink joins the GPUs' }],
  };
}
