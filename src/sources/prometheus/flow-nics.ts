import type { Sample } from './sample.ts';

/** Of node_exporter's netclass and netdev collectors: speed in bytes a second, negative where the driver does not know. */
const speed = 'node_network_speed_bytes';
const carrier = 'node_network_carrier';
const received = 'node_network_receive_bytes_total';
const sent = 'node_network_transmit_bytes_total';
export const dataMetrics = [speed, carrier, received, sent] as const;

const bytesPerMbit = 125_000;

/**
 * Mbit/s that the links of all named NICs carry together; one without a carrier carries nothing. Of several samples the
 * least counts. Nothing where one of them does not say.
 */
export function linkMbps(names: readonly string[], samples: readonly Sample[]): number | undefined {
  let sum = 0;
  for (const name of names) {
    const own = samples.filter(({ labels }) => labels.get('device') === name);
    const isDown = own.some((sample) => sample.name === carrier && sample.value === 0);
    const speeds = own.flatMap((sample) => (sample.name === speed && sample.value > 0 ? [sample.value] : []));
    if (!isDown && speeds.length === 0) return undefined;
    sum += isDown ? 0 : Math.min(...speeds);
  }
  return Math.floor(sum / bytesPerMbit);
}

type Use = { readonly atMs: number; readonly mbps: number };

/**
 * Mbit/s that went over all named NICs between each two scrapes, both directions together. A counter that fell was begun
 * anew, so what it shows now is what went over since. Nothing where a NIC or a direction does not count.
 */
export function useOf(names: readonly string[], samples: readonly Sample[]): readonly Use[] {
  const each = names.flatMap((name) => [received, sent].map((metric) => ratesOf(samples, name, metric)));
  const times = [...new Set(each.flatMap((rates) => [...rates.keys()]))].toSorted((a, b) => a - b);
  return times.flatMap((atMs) => {
    let bytes = 0;
    for (const rates of each) {
      const rate = rates.get(atMs);
      if (rate === undefined) return [];
      bytes += rate;
    }
    return [{ atMs, mbps: Math.ceil(bytes / bytesPerMbit) }];
  });
}

/** Bytes a second until each scrape but the first. */
function ratesOf(samples: readonly Sample[], device: string, metric: string): ReadonlyMap<number, number> {
  const own = samples
    .flatMap(({ name, labels, value, atMs }) =>
      name === metric && labels.get('device') === device && atMs !== undefined && Number.isFinite(value)
        ? [{ atMs, value }]
        : [],
    )
    .toSorted((a, b) => a.atMs - b.atMs);
  const rates = new Map<number, number>();
  for (const [index, { atMs, value }] of own.entries()) {
    const before = own[index - 1];
    if (before === undefined || before.atMs === atMs) continue;
    const bytes = value >= before.value ? value - before.value : value;
    rates.set(atMs, (bytes * 1000) / (atMs - before.atMs));
  }
  return rates;
}
