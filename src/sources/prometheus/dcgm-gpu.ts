import type { GpuFacts, Health } from '../../model/fact.ts';
import { pciAddressOf } from '../../model/pci.ts';
import { cleanText, compareText } from '../../model/text.ts';
import { gpuModel } from '../gpu-model.ts';
import type { Gap } from '../gpu-reading.ts';
import { known } from '../observation.ts';
import { isBlank, type Sample } from './sample.ts';
import { xidVerdict } from './xid.ts';

/** What the series of one GPU come to. */
export type DcgmReading = {
  readonly stated: GpuFacts;
  readonly derived: GpuFacts;
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
  readonly hasMig: boolean;
};

/** Metrics by what they say, under the names of DCGM up to 4.6 and from 4.7 on. Source: dcgm-exporter, etc/*.csv. */
const names = {
  power: ['DCGM_FI_DEV_POWER_USAGE', 'DCGM_FI_DEV_BOARD_POWER_WATTS'],
  powerLimit: ['DCGM_FI_DEV_ENFORCED_POWER_LIMIT'],
  memoryMib: ['DCGM_FI_DEV_FB_TOTAL'],
  memoryBytes: ['DCGM_FI_DEV_FB_CAPACITY_BYTES'],
  xid: ['DCGM_FI_DEV_XID_ERRORS', 'DCGM_FI_DEV_XID_ERROR'],
  xidCount: ['DCGM_EXP_XID_ERRORS_COUNT'],
  doubleBit: ['DCGM_FI_DEV_ECC_DBE_VOL_TOTAL'],
  remapFailure: ['DCGM_FI_DEV_ROW_REMAP_FAILURE'],
  remapPending: ['DCGM_FI_DEV_ROW_REMAP_PENDING'],
  retirePending: ['DCGM_FI_DEV_RETIRED_PENDING'],
  clocks: ['DCGM_FI_DEV_CLOCK_THROTTLE_REASONS', 'DCGM_FI_DEV_CLOCKS_EVENT_REASONS'],
  clockCount: ['DCGM_EXP_CLOCK_EVENTS_COUNT'],
  health: ['DCGM_EXP_GPU_HEALTH_STATUS'],
} as const;

type Metric = keyof typeof names;

/** Everything that is read of GPUs; other metrics of DCGM tell of the moment, not of the machine. */
export const dcgmMetrics: ReadonlySet<string> = new Set(Object.values(names).flat());

/** Health of yesterday is not health: older samples say nothing about it. */
const freshMs = 3_600_000;

/**
 * Reads the series of one GPU. Health, worst sign first. Down: DCGM's own check fails, rows can no longer be
 * remapped, or the last XID is one after which the GPU has to be reset (`xid.ts`). Degraded: a warning of DCGM, a reset
 * that is due for its memory, memory errors that were not corrected since the driver was loaded, a slowdown by
 * hardware or heat, an XID that sends the operator through a workflow. Totals since the start (violations,
 * remapped rows, corrected errors) say nothing about now and are not read.
 */
export function readDcgmGpu(samples: readonly Sample[], observedAtMs: number): DcgmReading {
  const series = latest(samples);
  const labels = samples.map((sample) => sample.labels);
  const named = firstOf(labels, ['modelName', 'model_name']);
  const model = named === undefined ? undefined : gpuModel(named);
  const isStated = model !== undefined && model.inferred === undefined;
  const profiles = new Set(labels.flatMap((set) => set.get('GPU_I_PROFILE') ?? []));
  const health = healthOf(series, newestOf(samples), observedAtMs);
  return {
    stated: known({
      ...identityOf(labels),
      ...(isStated ? { model: model.model } : {}),
      ...measuredOf(samples),
      ...memoryOf(series),
      ...migOf(profiles),
    }),
    derived: known({
      ...(model !== undefined && !isStated ? { model: model.model } : {}),
      ...ratedOf(series),
      ...health.facts,
    }),
    gaps: [...blankGaps(samples), ...migGaps(profiles), ...health.gaps],
    assumptions: health.assumptions,
    hasMig: profiles.size > 0,
  };
}

function isA(sample: Sample, metric: Metric): boolean {
  return names[metric].some((name) => name === sample.name);
}

/** The last sample of every series; where each metric stands once, as in one answer, nothing has to be compared. */
function latest(samples: readonly Sample[]): readonly Sample[] {
  if (new Set(samples.map(({ name }) => name)).size === samples.length) return samples;
  const bySeries = new Map<string, Sample>();
  for (const sample of samples) {
    const labels = [...sample.labels].map((label) => label.join('=')).toSorted(compareText);
    const key = JSON.stringify([sample.name, ...labels]);
    const before = bySeries.get(key);
    if (before === undefined || (sample.atMs ?? 0) >= (before.atMs ?? 0)) bySeries.set(key, sample);
  }
  return [...bySeries.values()];
}

function valuesOf(samples: readonly Sample[], metric: Metric): readonly number[] {
  return samples.flatMap((sample) => (isA(sample, metric) && !isBlank(sample.value) ? [sample.value] : []));
}

function newestOf(samples: readonly Sample[]): number | undefined {
  const times = samples.flatMap(({ atMs }) => atMs ?? []);
  return times.length === 0 ? undefined : times.reduce((newest, time) => Math.max(newest, time));
}

function firstOf(
  labels: readonly ReadonlyMap<string, string>[],
  keys: readonly string[],
): string | undefined {
  for (const set of labels) {
    const found = keys.map((key) => set.get(key)).find((value) => value !== undefined && value !== '');
    if (found !== undefined) return found;
  }
  return undefined;
}

function identityOf(labels: readonly ReadonlyMap<string, string>[]): GpuFacts {
  const uuid = firstOf(labels, ['UUID', 'uuid', 'gpu_uuid']);
  const serial = firstOf(labels, ['DCGM_FI_DEV_SERIAL']);
  const pciAddress = pciAddressOf(firstOf(labels, ['pci_bus_id']) ?? '');
  return known({
    ...(uuid === undefined ? {} : { uuid: cleanText(uuid) }),
    ...(serial === undefined ? {} : { serial: cleanText(serial) }),
    ...(pciAddress === undefined ? {} : { pciAddress }),
  });
}

/** Rows of MIG instances repeat the draw of their card: the highest counts, they are not added. */
function measuredOf(samples: readonly Sample[]): GpuFacts {
  const watts = valuesOf(samples, 'power');
  return watts.length === 0
    ? {}
    : { measuredW: Math.ceil(watts.reduce((most, value) => Math.max(most, value))) };
}

function ratedOf(series: readonly Sample[]): GpuFacts {
  const watts = valuesOf(series, 'powerLimit');
  return watts.length === 0 ? {} : { powerW: Math.ceil(Math.max(...watts)) };
}

/** Rows of MIG instances give the memory of the instance, not of the card. */
function memoryOf(series: readonly Sample[]): GpuFacts {
  const whole = series.filter(({ labels }) => !labels.has('GPU_I_PROFILE'));
  const [mib] = valuesOf(whole, 'memoryMib');
  const [bytes] = valuesOf(whole, 'memoryBytes');
  const memoryMib = mib ?? (bytes === undefined ? undefined : bytes / 2 ** 20);
  return memoryMib === undefined ? {} : { memoryMib: Math.floor(memoryMib) };
}

function migOf(profiles: ReadonlySet<string>): GpuFacts {
  const [only] = profiles;
  if (only === undefined) return {};
  return { migCapable: true, ...(profiles.size === 1 ? { migProfile: cleanText(only, 40) } : {}) };
}

function migGaps(profiles: ReadonlySet<string>): Gap[] {
  const why = `its MIG instances have several profiles: ${[...profiles].join(', ')}`;
  return profiles.size > 1 ? [{ attribute: 'migProfile', why: cleanText(why, 300) }] : [];
}

/** What DCGM has no value for, where a reader of the metric would expect one. */
function blankGaps(samples: readonly Sample[]): Gap[] {
  const expected: readonly (readonly [Metric, string])[] = [
    ['power', 'measuredW'],
    ['powerLimit', 'powerW'],
    ['memoryMib', 'memoryMib'],
    ['memoryBytes', 'memoryMib'],
  ];
  return expected.flatMap(([metric, attribute]) => {
    const found = samples.filter((sample) => isA(sample, metric));
    const [first] = found;
    if (first === undefined || found.some(({ value }) => !isBlank(value))) return [];
    return [{ attribute, why: `${first.name} is ${first.value}: DCGM's mark for no value` }];
  });
}

type HealthReading = {
  readonly facts: { readonly health?: Health; readonly healthReason?: string };
  readonly gaps: readonly Gap[];
  readonly assumptions: readonly string[];
};

type Sign = { readonly health: Health; readonly reason: string };

function healthOf(
  series: readonly Sample[],
  newestMs: number | undefined,
  observedAtMs: number,
): HealthReading {
  const xids = xidsOf(series);
  const signs = [...xids.signs, ...checkSigns(series), ...memorySigns(series), ...clockSigns(series)];
  if (signs.length === 0 && xids.unknown.length === 0) return openHealth(silence(series));
  if (newestMs !== undefined && observedAtMs - newestMs > freshMs)
    return openHealth(
      `the newest sample is of ${new Date(newestMs).toISOString()}: too old to tell of health`,
    );
  const worst =
    signs.find(({ health }) => health === 'down') ?? signs.find(({ health }) => health === 'degraded');
  const assumptions = xids.isFromGauge
    ? [
        'the XID gauge holds the last code: not when it came, how often, or whether somebody repaired it since',
      ]
    : [];
  if (worst !== undefined)
    return { facts: { health: worst.health, healthReason: cleanText(worst.reason) }, gaps: [], assumptions };
  if (xids.unknown.length > 0)
    return {
      ...openHealth(
        `XID ${xids.unknown.join(', ')}: NVIDIA's catalogue does not settle what it says of the GPU`,
      ),
      assumptions,
    };
  return { facts: { health: 'healthy' }, gaps: [], assumptions };
}

function openHealth(why: string): HealthReading {
  return { facts: {}, gaps: [{ attribute: 'health', why }], assumptions: [] };
}

function silence(series: readonly Sample[]): string {
  const telling: readonly Metric[] = [
    'xid',
    'xidCount',
    'doubleBit',
    'remapFailure',
    'remapPending',
    'health',
    'clocks',
  ];
  const blank = series.find((sample) => telling.some((metric) => isA(sample, metric)));
  return blank === undefined
    ? 'no metric that tells of health (XID, ECC, row remapping, throttling, DCGM health) is among the series'
    : `${blank.name} is ${blank.value}: DCGM's mark for no value`;
}

/** Codes that the gauge shows or the exporter counted; nothing where neither of them is there. None is an empty list. */
export function xidCodesOf(samples: readonly Sample[]): readonly number[] | undefined {
  const series = samples.filter((sample) => isA(sample, 'xid') || isA(sample, 'xidCount'));
  if (series.every(({ value }) => isBlank(value))) return undefined;
  const counted = series.flatMap((sample) => {
    const isSeen = isA(sample, 'xidCount') && !isBlank(sample.value) && sample.value > 0;
    return isSeen ? [Number(sample.labels.get('xid'))] : [];
  });
  const codes = [...valuesOf(series, 'xid'), ...counted].filter((code) => code !== 0);
  return [...new Set(codes.filter((code) => Number.isSafeInteger(code)))].toSorted((a, b) => a - b);
}

/** Why clocks were lowered at any time of these samples, as DCGM's bits; nothing where it does not say. */
export function clockBitsOf(samples: readonly Sample[]): number | undefined {
  const masks = valuesOf(samples, 'clocks').map((mask) => Math.trunc(mask));
  return masks.length === 0 ? undefined : masks.reduce((all, mask) => all | mask, 0);
}

/** The most that a GPU drew in these samples, in watts. */
export function wattsOf(samples: readonly Sample[]): number | undefined {
  return measuredOf(samples).measuredW;
}

/** The last code of the gauge, and the codes that were counted in the exporter's window. A gauge of 79 is not 79 errors. */
function xidsOf(series: readonly Sample[]): {
  readonly signs: readonly Sign[];
  readonly unknown: readonly number[];
  readonly isFromGauge: boolean;
} {
  const last = valuesOf(series, 'xid');
  const counted = series.flatMap((sample) => {
    const code = Number(sample.labels.get('xid') ?? Number.NaN);
    const isSeen = isA(sample, 'xidCount') && !isBlank(sample.value) && sample.value > 0;
    return isSeen && Number.isSafeInteger(code) ? [code] : [];
  });
  const codes = new Set([...last, ...counted].filter((code) => code !== 0));
  const signs = [...codes].flatMap((code): Sign[] => {
    const verdict = xidVerdict(code);
    if (verdict === undefined) return [];
    const when = counted.includes(code)
      ? 'in the window of the exporter'
      : 'at some time: the gauge keeps the last';
    return [{ health: verdict.health, reason: `XID ${code} (${verdict.action}), ${when}` }];
  });
  const isQuiet = last.length > 0 && codes.size === 0;
  return {
    signs: isQuiet ? [{ health: 'healthy', reason: 'no XID' }] : signs,
    unknown: [...codes].filter((code) => xidVerdict(code) === undefined),
    isFromGauge: last.some((code) => code !== 0),
  };
}

/** DCGM's own checks: 0 passes, 10 warns, 20 fails. Source: dcgmHealthWatchResults_t. */
function checkSigns(series: readonly Sample[]): Sign[] {
  return series.flatMap((sample): Sign[] => {
    if (!isA(sample, 'health') || isBlank(sample.value)) return [];
    const watch = cleanText(sample.labels.get('health_watch') ?? 'a check', 40);
    if (sample.value >= 20) return [{ health: 'down', reason: `DCGM health: ${watch} fails` }];
    return sample.value >= 10
      ? [{ health: 'degraded', reason: `DCGM health: ${watch} warns` }]
      : [{ health: 'healthy', reason: '' }];
  });
}

function memorySigns(series: readonly Sample[]): Sign[] {
  const readings: readonly (readonly [Metric, Health, string])[] = [
    ['remapFailure', 'down', 'a row of its memory could not be remapped'],
    ['remapPending', 'degraded', 'rows of its memory are remapped with the next reset'],
    ['retirePending', 'degraded', 'pages of its memory are retired with the next reset'],
    ['doubleBit', 'degraded', 'memory errors since the driver was loaded were not corrected'],
  ];
  return readings.flatMap(([metric, health, reason]) =>
    valuesOf(series, metric).map((value): Sign =>
      value > 0 ? { health, reason } : { health: 'healthy', reason: '' },
    ),
  );
}

/** Bits of the clock event reasons: HW slowdown, SW thermal, HW thermal, HW power brake. Source: dcgm_fields.h. */
const slowdowns = 0x8 | 0x20 | 0x40 | 0x80;

function clockSigns(series: readonly Sample[]): Sign[] {
  const masks = valuesOf(series, 'clocks').map((mask): Sign =>
    (Math.trunc(mask) & slowdowns) === 0
      ? { health: 'healthy', reason: '' }
      : { health: 'degraded', reason: 'the hardware, or heat, slows it down' },
  );
  const events = series.flatMap((sample): Sign[] => {
    const event = sample.labels.get('clock_event') ?? '';
    const isSlow = /^(?:hw_slowdown|hw_thermal|sw_thermal|hw_power_brake)$/u.test(event);
    return isA(sample, 'clockCount') && isSlow && !isBlank(sample.value) && sample.value > 0
      ? [{ health: 'degraded', reason: `slowed down in the window of the exporter: ${event}` }]
      : [];
  });
  return [...masks, ...events];
}
