import { countOf, type GpuReading, plausibleCount } from '../gpu-reading.ts';
import { readAmd } from './amd.ts';
import { readNvidia } from './nvidia.ts';
import type { KubernetesNode } from './object.ts';

/** The GPUs of a node, from its labels and resources; for a node with none, that it has none. */
export function readGpus(node: KubernetesNode): GpuReading {
  const readings = [readNvidia(node), readAmd(node), readOthers(node)].filter((found) => found !== undefined);
  const [only, ...more] = readings;
  if (only === undefined) return withoutGpus(node);
  if (more.length === 0) return only;
  const why = 'accelerators of several makers in one node; which are placed together is not said';
  return nothing(['gpuModel', 'gpuCount'].map((attribute) => ({ attribute, why })));
}

/** Makers whose labels Berth does not read: counted, not named. */
function readOthers({ capacity, allocatable }: KubernetesNode): GpuReading | undefined {
  const resources = ['gpu.intel.com/xe', 'gpu.intel.com/i915', 'habana.ai/gaudi'];
  const resource = resources.find((name) => (countOf(capacity.get(name) ?? allocatable.get(name)) ?? 0) > 0);
  if (resource === undefined) return undefined;
  const { gaps, ...set } = plausibleCount(countOf(capacity.get(resource) ?? allocatable.get(resource)) ?? 0);
  return {
    stated: {},
    derived: { ...set, sharing: 'unknown' },
    gaps: [
      ...gaps,
      { attribute: 'gpuModel', why: `no label that Berth reads names the model behind \`${resource}\`` },
      { attribute: 'sharing', why: `\`${resource}\` may count shares` },
    ],
    assumptions: [],
  };
}

function withoutGpus({ labels, capacity, allocatable }: KubernetesNode): GpuReading {
  const onBus = [...labels].find(
    ([key, value]) =>
      value === 'true' &&
      /^feature\.node\.kubernetes\.io\/pci-(?:(?:03|12)\d\d_)?(?:10de|1002)\.present$/u.test(key),
  );
  if (onBus !== undefined) {
    const why = `\`${onBus[0]}\` says that a GPU is on the bus, but no driver describes it`;
    return nothing([{ attribute: 'gpuCount', why }]);
  }
  if (capacity.size === 0 && allocatable.size === 0)
    return nothing([{ attribute: 'gpuCount', why: 'neither labels nor resources speak of GPUs' }]);
  return { stated: {}, derived: { gpuCount: 0 }, gaps: [], assumptions: [] };
}

function nothing(gaps: GpuReading['gaps']): GpuReading {
  return { stated: {}, derived: {}, gaps, assumptions: [] };
}
