import type { ContractId, Path } from '../../model/id.ts';
import type { Quantity, Series, Watch, WatchedGpu, WatchedNode } from '../../model/measurement.ts';
import { cleanText } from '../../model/text.ts';
import { clockBitsOf, dcgmMetrics, readDcgmGpu, wattsOf, xidCodesOf } from './dcgm-gpu.ts';
import { dataMetrics, linkMbps, useOf } from './flow-nics.ts';
import { hostOf } from './prometheus.ts';
import { isBlank, type Sample } from './sample.ts';

/** How busy a GPU is: the graphics engine's share of time where it is profiled, else NVML's utilisation. */
const engineActive = ['DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'DCGM_FI_PROF_GR_ENGINE_ACTIVE_RATIO'];
const utilisation = ['DCGM_FI_DEV_GPU_UTIL'];
/** What a whole machine draws by its management controller: ipmi_exporter, and what we read of Redfish ourselves. */
export const redfishWatts = 'berth_redfish_power_watts';
const machineWatts = ['ipmi_dcmi_power_consumption_watts', redfishWatts];
/** Of node_exporter: 4 is an active port. Source: ib_port_state in the InfiniBand specification, 14.2.5.6. */
const portState = 'node_infiniband_state_id';
const activePort = 4;

/** Everything that is read, by the label that holds the host there. */
export const measuredMetrics = {
  Hostname: [...dcgmMetrics, ...engineActive, ...utilisation],
  instance: [portState, 'ipmi_dcmi_power_consumption_watts'],
} as const;

/** DCGM's bits for what slows a GPU down: the power brake of the hardware, and heat. Source: dcgm_fields.h. */
const brakeBit = 0x80;
const heatBits = 0x20 | 0x40;

/** XIDs of NVLink: those that NVIDIA's catalogue sends through the workflow for it. */
const linkXids: ReadonlySet<number> = new Set([74, 144, 145, 146, 147, 148, 149, 150]);

/**
 * What samples say of the devices of a contract, window by window. A window without samples of a thing has no value of it.
 * Samples without a time are of the moment at which the last window ends.
 */
export function measure(
  watch: Watch,
  samples: readonly Sample[],
  response: readonly Sample[],
): readonly Series[] {
  const byHost = Map.groupBy(samples, (sample) => shortName(hostOf(sample) ?? addressOf(sample)));
  return [
    ...watch.nodes.flatMap((node) => ofNode(watch, node, byHost.get(shortName(node.hostName)) ?? [])),
    ...ofResponse(watch, response),
  ];
}

/** A host is called by its name alone here and with its domain there. */
function shortName(host: string): string {
  return host.toLowerCase().split('.', 1).join();
}

/** The host in the address of an exporter that runs on the machine itself. */
function addressOf({ labels }: Sample): string {
  return (labels.get('instance') ?? '').replace(/:\d+$/u, '');
}

function ofNode(watch: Watch, node: WatchedNode, samples: readonly Sample[]): readonly Series[] {
  const machine = samples.filter(({ name }) => machineWatts.includes(name));
  const ports = samples.filter(({ name }) => name === portState);
  const nodeSeries = [
    ...(node.isWhole ? [seriesOf(watch, node.id, 'node-watts', machine, mostWatts)] : []),
    seriesOf(watch, node.id, 'rdma-down', ports, (own) => portsDown(node.rdma, own)),
    ...(node.data === undefined ? [] : ofData(watch, node.id, { names: node.data, samples })),
  ];
  const dcgm = samples.filter(({ name }) => name.startsWith('DCGM_'));
  return [
    ...nodeSeries.filter(hasValues),
    ...node.gpus.flatMap((gpu) =>
      ofGpu(
        watch,
        gpu,
        dcgm.filter((sample) => isOf(gpu, sample)),
      ),
    ),
  ];
}

/** Uses are between two scrapes, so they are made of all windows and then fall into the one in which they end. */
function ofData(
  watch: Watch,
  node: Path,
  { names, samples }: { readonly names: readonly string[]; readonly samples: readonly Sample[] },
): readonly Series[] {
  const own = samples.filter(({ name }) => dataMetrics.some((metric) => metric === name));
  const uses = useOf(names, own);
  return [
    seriesOf(watch, node, 'data-link-mbps', own, (inWindow) => linkMbps(names, inWindow)),
    seriesOf(watch, node, 'data-used-mbps', own, (inWindow) => {
      const ends = new Set(inWindow.map(({ atMs }) => atMs));
      const mbps = uses.filter(({ atMs }) => ends.has(atMs)).map((use) => use.mbps);
      return mbps.length === 0 ? undefined : Math.max(...mbps);
    }),
  ];
}

/** By its UUID where both sides know it, because numbers change with a card that is taken out. */
function isOf({ number, uuid }: WatchedGpu, { labels }: Sample): boolean {
  const said = labels.get('UUID') ?? labels.get('uuid');
  return uuid === undefined || said === undefined ? labels.get('gpu') === String(number) : said === uuid;
}

function ofGpu(watch: Watch, { id }: WatchedGpu, samples: readonly Sample[]): readonly Series[] {
  const of = (quantity: Quantity, value: Reader) => seriesOf(watch, id, quantity, samples, value);
  const faults = of('gpu-fault', (own, endMs) => faultOf(own, endMs));
  const why = samples.length === 0 ? undefined : whyOf(watch, samples);
  return [
    why === undefined || !faults.values.some((value) => (value ?? 0) > 0) ? faults : { ...faults, why },
    of('link-fault', linkFault),
    of('brake-fault', (own) => bit(own, brakeBit)),
    of('heat-fault', (own) => bit(own, heatBits)),
    of('gpu-watts', wattsOf),
    of('gpu-busy', busyMilliOf),
  ].filter(hasValues);
}

type Reader = (samples: readonly Sample[], endMs: number) => number | undefined;

function seriesOf(
  { untilMs, windowS, windowCount }: Watch,
  of: Path | ContractId,
  quantity: Quantity,
  samples: readonly Sample[],
  read: Reader,
): Series {
  const lengthMs = windowS * 1000;
  const byWindow = Map.groupBy(samples, ({ atMs = untilMs }) =>
    atMs > untilMs ? -1 : windowCount - 1 - Math.floor((untilMs - atMs) / lengthMs),
  );
  const values = Array.from({ length: windowCount }, (_, window) => {
    const own = byWindow.get(window) ?? [];
    const endMs = untilMs - (windowCount - 1 - window) * lengthMs;
    return own.length === 0 ? null : (read(own, endMs) ?? null);
  });
  return { of, quantity, values };
}

function hasValues({ values }: Series): boolean {
  return values.some((value) => value !== null);
}

/** Whether the GPU was down: by its XIDs or DCGM's own check, without which nothing is known. */
function faultOf(samples: readonly Sample[], endMs: number): number | undefined {
  const isTold =
    xidCodesOf(samples) !== undefined || samples.some(({ name }) => name === 'DCGM_EXP_GPU_HEALTH_STATUS');
  const { health } = readDcgmGpu(samples, endMs).derived;
  if (health === 'down') return 1;
  return isTold && health !== undefined ? 0 : undefined;
}

/** The last reason why it was down. */
function whyOf({ untilMs }: Watch, samples: readonly Sample[]): string | undefined {
  const reason = readDcgmGpu(samples, untilMs).derived.healthReason;
  return reason === undefined ? undefined : cleanText(reason, 200);
}

function linkFault(samples: readonly Sample[]): number | undefined {
  const codes = xidCodesOf(samples);
  if (codes === undefined) return undefined;
  return codes.some((code) => linkXids.has(code)) ? 1 : 0;
}

function bit(samples: readonly Sample[], mask: number): number | undefined {
  const bits = clockBitsOf(samples);
  if (bits === undefined) return undefined;
  return (bits & mask) === 0 ? 0 : 1;
}

function busyMilliOf(samples: readonly Sample[]): number | undefined {
  const profiled = mean(samples, engineActive);
  const used = profiled ?? mean(samples, utilisation);
  if (used === undefined) return undefined;
  return Math.max(0, Math.min(1000, Math.round(used * (profiled === undefined ? 10 : 1000))));
}

function mean(samples: readonly Sample[], names: readonly string[]): number | undefined {
  const values = samples.flatMap(({ name, value }) =>
    names.includes(name) && !isBlank(value) ? [value] : [],
  );
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function mostWatts(samples: readonly Sample[]): number | undefined {
  const watts = samples.flatMap(({ value }) => (isBlank(value) || value < 0 ? [] : [value]));
  return watts.length === 0 ? undefined : Math.ceil(watts.reduce((most, value) => Math.max(most, value)));
}

/**
 * How many of the named ports were not active at some time. Where the names are not known, all ports of the node have to be
 * active for none to be down: which one matters nobody can tell then.
 */
function portsDown(names: readonly string[] | undefined, samples: readonly Sample[]): number | undefined {
  const byDevice = Map.groupBy(samples, ({ labels }) => labels.get('device') ?? '');
  if (names === undefined) return [...byDevice.values()].some(isDown) ? undefined : 0;
  const down = names.filter((name) => isDown(byDevice.get(name) ?? [])).length;
  return down === 0 && names.some((name) => !byDevice.has(name)) ? undefined : down;
}

function isDown(samples: readonly Sample[]): boolean {
  return samples.some(({ value }) => value !== activePort);
}

/** Seconds, as Prometheus counts time; the worst answer of each window. */
function ofResponse(watch: Watch, samples: readonly Sample[]): readonly Series[] {
  const series = seriesOf(watch, watch.contract, 'response-ms', samples, (own) => {
    const known = own.flatMap(({ value }) => (Number.isFinite(value) && value >= 0 ? [value] : []));
    return known.length === 0 ? undefined : Math.ceil(Math.max(...known) * 1000);
  });
  return hasValues(series) ? [series] : [];
}
