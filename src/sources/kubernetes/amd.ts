import type { NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import { type GpuModel, gpuModel } from '../gpu-model.ts';
import { countOf, type Gap, type GpuReading, plausibleCount } from '../gpu-reading.ts';
import type { KubernetesNode } from './object.ts';

/**
 * AMD GPUs as the node labeller of the ROCm device plugin writes them: `amd.com/gpu.<property>: <value>`, and the
 * older `beta.amd.com/gpu.<property>.<value>: <count>` with the value in the key. Virtual functions have no
 * product name; partitioned GPUs count and size wrongly. Nothing for a node without a sign of an AMD GPU.
 */
export function readAmd(node: KubernetesNode): GpuReading | undefined {
  const offered = countOf(node.capacity.get('amd.com/gpu') ?? node.allocatable.get('amd.com/gpu'));
  const labelled = [...node.labels.keys()].some((key) => /^(?:beta\.)?amd\.com\/gpu\./u.test(key));
  if (offered === undefined && !labelled) return undefined;
  const model = modelOf(node);
  const partition = partitionOf(node, model.named);
  const count = partition === undefined ? countedGpus(node, offered) : partitioned(partition);
  const vram = vramGibOf(node);
  return {
    stated: { ...(model.stated ? { gpuModel: model.named?.model } : {}), ...count.stated },
    derived: {
      ...(!model.stated && model.named !== undefined ? { gpuModel: model.named.model } : {}),
      ...(vram !== undefined && partition === undefined ? { gpuMemoryMib: vram * 1024 } : {}),
      ...(model.named?.link === undefined ? {} : { link: model.named.link }),
      ...count.derived,
    },
    gaps: [...model.gaps, ...count.gaps],
    assumptions: model.assumptions,
  };
}

/**
 * PCI device ids of accelerators, for virtual machines whose labels name no product. Ids of virtual functions
 * differ from those of the card. Source of 74a1 and 74b5:
 * ROCm/k8s-device-plugin issue 112; the others are generally known, not checked against the driver's table.
 */
const devices: ReadonlyMap<string, string> = new Map([
  ['74a0', 'MI300A'],
  ['74a1', 'MI300X'],
  ['74b5', 'MI300X'],
  ['74a2', 'MI308X'],
  ['74a5', 'MI325X'],
  ['740f', 'MI210'],
  ['738c', 'MI100'],
]);

/** The product behind a PCI device id of AMD, of four lower-case digits. */
export function amdProduct(device: string): string | undefined {
  return devices.get(device);
}

type ModelReading = {
  readonly named?: GpuModel;
  readonly stated: boolean;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

function modelGap(why: string): ModelReading {
  return { stated: false, gaps: [{ attribute: 'gpuModel', why }], assumptions: [] };
}

function modelOf(node: KubernetesNode): ModelReading {
  const products = valuesOf(node, 'product-name');
  const ids = valuesOf(node, 'device-id');
  if (products.length > 1 || (products.length === 0 && ids.length > 1))
    return modelGap('labels name several GPU products, and not which GPU is which');
  const id = ids[0]?.toLowerCase() ?? '';
  const product = products[0] ?? devices.get(id);
  const named = product === undefined ? undefined : gpuModel(product);
  if (named === undefined)
    return modelGap(
      id === ''
        ? 'no label names the product'
        : `no product name; device id \`${cleanText(id, 20)}\` is unknown`,
    );
  const assumption = `AMD device id \`${id}\` without a product name is read as ${named.model}`;
  return {
    named,
    stated: products.length > 0 && named.inferred === undefined,
    gaps: [],
    assumptions: products.length > 0 ? [] : [assumption],
  };
}

/** Distinct values of a property, from both forms of the label. */
function valuesOf({ labels }: KubernetesNode, property: string): string[] {
  const prefix = `beta.amd.com/gpu.${property}.`;
  const inKeys = [...labels.keys()].flatMap((key) =>
    key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
  );
  const plain = labels.get(`amd.com/gpu.${property}`) ?? labels.get(`beta.amd.com/gpu.${property}`);
  return [...new Set([...inKeys, ...(plain === undefined ? [] : [plain])])];
}

function vramGibOf(node: KubernetesNode): number | undefined {
  const [text, ...more] = valuesOf(node, 'vram');
  const gib = /^(\d{1,4})Gi?B?$/u.exec(text ?? '')?.[1];
  return gib === undefined || more.length > 0 ? undefined : Number(gib);
}

/** Why the GPUs are taken for partitioned, if they are. */
function partitionOf(node: KubernetesNode, model: GpuModel | undefined): string | undefined {
  for (const [key, value] of node.labels) {
    if (/^amd\.com\/(?:gpu\.)?compute-(?:memory-)?partition$/u.test(key) && !/^spx/iu.test(value))
      return `the GPUs are partitioned (\`${cleanText(value, 40)}\`)`;
  }
  const parts = [...node.capacity.keys(), ...node.allocatable.keys()].find((key) =>
    /^amd\.com\/(?:dpx|qpx|cpx)_/u.test(key),
  );
  if (parts !== undefined) return `the GPUs are partitioned (\`${cleanText(parts, 40)}\`)`;
  const vram = vramGibOf(node);
  const built = Number(/-(\d+)GB$/u.exec(model?.model ?? '')?.[1] ?? 0);
  if (vram === undefined || vram * 10 >= built * 9) return undefined;
  return `labels give ${vram} GiB for ${model?.model ?? 'a GPU'}: a sign of partitioned GPUs`;
}

type CountReading = {
  readonly stated: NodeFacts;
  readonly derived: NodeFacts;
  readonly gaps: readonly Gap[];
};

function partitioned(why: string): CountReading {
  return {
    stated: {},
    derived: { sharing: 'unknown' },
    gaps: [
      { attribute: 'sharing', why },
      { attribute: 'gpuCount', why: `${why}: labels and resources may count parts` },
    ],
  };
}

function countedGpus(node: KubernetesNode, offered: number | undefined): CountReading {
  const labelled = labelledCount(node);
  const count = offered ?? labelled;
  if (count === undefined) {
    const why = 'neither a label nor a resource counts the GPUs';
    return { stated: {}, derived: {}, gaps: [{ attribute: 'gpuCount', why }] };
  }
  if (labelled !== undefined && labelled !== count) {
    const why = `labels count ${labelled} GPUs, the resource \`amd.com/gpu\` ${count}`;
    const gaps = ['gpuCount', 'sharing'].map((attribute) => ({ attribute, why }));
    return { stated: {}, derived: { sharing: 'unknown' }, gaps };
  }
  const { gaps, ...set } = plausibleCount(count);
  return { stated: set, derived: {}, gaps };
}

/** The counts that stand in the older labels, where they agree. */
function labelledCount({ labels }: KubernetesNode): number | undefined {
  const counts = [...labels].flatMap(([key, value]) =>
    /^beta\.amd\.com\/gpu\.(?:device-id|product-name|family)\.[^.]+$/u.test(key)
      ? (countOf(value) ?? [])
      : [],
  );
  const [first] = counts;
  return counts.every((count) => count === first) ? first : undefined;
}
