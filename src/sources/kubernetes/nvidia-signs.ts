import { countOf } from '../gpu-reading.ts';
import type { KubernetesNode } from './object.ts';

/** Everything the node says about its NVIDIA GPUs, under the names of GPU Feature Discovery. */
export type Signs = {
  readonly basis: 'stated' | 'derived';
  readonly product: string | undefined;
  readonly count: number | undefined;
  readonly memoryMib: number | undefined;
  readonly replicas: number | undefined;
  readonly strategy: string | undefined;
  /** Labels say that the listed count and product are those of MIG instances. */
  readonly migSingle: boolean;
  /** Labels or resources name MIG profiles beside the GPUs. */
  readonly migProfiles: readonly string[];
  readonly clique: string | undefined;
  /** How far the MIG manager is: `success`, `pending`, `rebooting`, `failed`. */
  readonly migState: string | undefined;
  /** Another layer hands out shares of GPUs: its name. */
  readonly layer: string | undefined;
  /** `nvidia.com/gpu` in the capacity and what of it is allocatable. */
  readonly offered: number | undefined;
  readonly allocatable: number | undefined;
  readonly sharedResource: boolean;
  /** The node lists resources at all. */
  readonly hasResources: boolean;
};

const gfd = 'nvidia.com/';
const gke = 'cloud.google.com/';
const karpenter = 'karpenter.k8s.aws/instance-gpu-';

/** What a node says about NVIDIA GPUs, if it says anything. */
export function signsOf(node: KubernetesNode): Signs | undefined {
  const { labels, capacity, allocatable } = node;
  const nvidia = (name: string) => labels.get(`${gfd}${name}`);
  const offered = countOf(capacity.get('nvidia.com/gpu') ?? allocatable.get('nvidia.com/gpu'));
  const found = {
    migProfiles: migProfilesOf(node),
    clique: nvidia('gpu.clique'),
    migState: nvidia('mig.config.state'),
    layer: layerOf(node),
    offered,
    allocatable: countOf(allocatable.get('nvidia.com/gpu')) ?? offered,
    sharedResource: [...capacity.keys(), ...allocatable.keys()].includes('nvidia.com/gpu.shared'),
    hasResources: capacity.size > 0 || allocatable.size > 0,
  };
  const named = namedGpus(labels);
  const seen = found.offered !== undefined || found.sharedResource || found.migProfiles.length > 0;
  const hinted = found.clique !== undefined || nvidia('gpu.present') === 'true';
  return named === undefined && !seen && !hinted ? undefined : { ...(named ?? unnamed), ...found };
}

type Named = Omit<
  Signs,
  | 'migProfiles'
  | 'clique'
  | 'migState'
  | 'layer'
  | 'offered'
  | 'allocatable'
  | 'sharedResource'
  | 'hasResources'
>;

const unnamed: Named = {
  basis: 'derived',
  product: undefined,
  count: undefined,
  memoryMib: undefined,
  replicas: undefined,
  strategy: undefined,
  migSingle: false,
};

/** GPU Feature Discovery first: it asks the driver. GKE and Karpenter repeat what the machine type has. */
function namedGpus(labels: KubernetesNode['labels']): Named | undefined {
  const nvidia = (name: string) => labels.get(`${gfd}${name}`);
  if (nvidia('gpu.product') !== undefined || nvidia('gpu.count') !== undefined)
    return {
      basis: 'stated',
      product: nvidia('gpu.product'),
      count: countOf(nvidia('gpu.count')),
      memoryMib: memoryLabel(nvidia('gpu.memory')),
      replicas: countOf(nvidia('gpu.replicas')),
      strategy: nvidia('gpu.sharing-strategy'),
      migSingle: /-MIG-/u.test(nvidia('gpu.product') ?? '') || nvidia('gpu.slices.gi') !== undefined,
    };
  const accelerator = labels.get(`${gke}gke-accelerator`);
  if (accelerator !== undefined) return namedByGke(labels, accelerator);
  const name = labels.get(`${karpenter}name`);
  if (name === undefined || labels.get(`${karpenter}manufacturer`) === 'amd') return undefined;
  return {
    ...unnamed,
    product: name,
    count: countOf(labels.get(`${karpenter}count`)),
    memoryMib: memoryLabel(labels.get(`${karpenter}memory`)),
  };
}

/** GKE's own names where they differ from products. As generally known, not checked against Google's list. */
const gkeProducts: ReadonlyMap<string, string> = new Map([
  ['nvidia-tesla-a100', 'A100-SXM4-40GB'],
  ['nvidia-a100-80gb', 'A100-SXM4-80GB'],
  ['nvidia-h100-80gb', 'H100-SXM-80GB'],
  ['nvidia-h100-mega-80gb', 'H100-SXM-80GB'],
  ['nvidia-tesla-v100', 'V100-SXM2-16GB'],
  ['nvidia-tesla-p100', 'P100-PCIE-16GB'],
]);

function namedByGke(labels: KubernetesNode['labels'], accelerator: string): Named {
  const strategy = labels.get(`${gke}gke-gpu-sharing-strategy`);
  return {
    ...unnamed,
    product: gkeProducts.get(accelerator) ?? accelerator,
    count: countOf(labels.get(`${gke}gke-accelerator-count`)),
    replicas: countOf(labels.get(`${gke}gke-max-shared-clients-per-gpu`)),
    strategy: strategy === 'time-sharing' ? 'time-slicing' : (strategy ?? 'none'),
    migSingle: labels.get(`${gke}gke-gpu-partition-size`) !== undefined,
  };
}

function memoryLabel(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,8}$/.test(text) ? Number(text) : undefined;
}

function migProfilesOf({ labels, capacity, allocatable }: KubernetesNode): string[] {
  const fromLabels = [...labels.keys()].flatMap(
    (key) => /^nvidia\.com\/mig-(\d+g\.[^./]+)\./u.exec(key)?.[1] ?? [],
  );
  const fromResources = [...capacity, ...allocatable].flatMap(([key, amount]) =>
    amount === '0' ? [] : (/^nvidia\.com\/mig-(\d+g\..+)$/u.exec(key)?.[1] ?? []),
  );
  return [...new Set([...fromLabels, ...fromResources])];
}

function layerOf({ labels, annotations, capacity, allocatable }: KubernetesNode): string | undefined {
  const keys = [...capacity.keys(), ...allocatable.keys()];
  if (keys.includes('nvidia.com/gpumem') || keys.includes('nvidia.com/gpucores')) return 'HAMi';
  if ([...annotations.keys()].some((key) => key.startsWith('hami.io/') || key.startsWith('4pd.io/')))
    return 'HAMi';
  if (keys.some((key) => key.startsWith('volcano.sh/vgpu'))) return 'Volcano vGPU';
  return labels.get('nvidia.com/vgpu.present') === 'true' ? 'NVIDIA vGPU' : undefined;
}
