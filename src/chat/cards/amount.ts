/**
 * Micro-euros as euros, exact: at least two decimals, more only where they are not zero.
 * `1_234_500_000` is `1,234.50 EUR`.
 */
export function formatEur(microEur: number): string {
  const micro = Math.abs(microEur % 1_000_000);
  const euros = (microEur - (microEur % 1_000_000)) / 1_000_000;
  const decimals = String(micro)
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${microEur < 0 && euros === 0 ? '-' : ''}${formatCount(euros)}.${decimals} EUR`;
}

/** A price that nobody may have recorded: then `unknown`, never zero. */
export function eurOrUnknown(microEur: number | undefined): string {
  return microEur === undefined ? 'unknown' : formatEur(microEur);
}

/** `12345` is `12,345`. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 node`, `2 nodes`; `plural` where an `s` is not enough. */
export function countOf(count: number, one: string, plural = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : plural}`;
}

/** MiB as the largest unit that leaves at least one, with at most one decimal. */
export function formatMib(mib: number): string {
  if (mib >= 1024 * 1024) return `${tenths(mib, 1024 * 1024)} TiB`;
  return mib >= 1024 ? `${tenths(mib, 1024)} GiB` : `${mib} MiB`;
}

/** Thousandths of a CPU as CPUs: `1500` is `1.5`. */
export function formatCores(milli: number): string {
  const rest = milli % 1000;
  const whole = formatCount((milli - rest) / 1000);
  return rest === 0 ? whole : `${whole}.${String(rest).padStart(3, '0').replace(/0+$/, '')}`;
}

export function formatWatts(watts: number): string {
  return watts >= 10_000 ? `${tenths(watts, 1000)} kW` : `${formatCount(watts)} W`;
}

export function formatMbps(mbps: number): string {
  return mbps >= 1000 ? `${tenths(mbps, 1000)} Gbit/s` : `${mbps} Mbit/s`;
}

/** The handle of a digest: its algorithm and first twelve hex digits. */
export function shortDigest(digest: string): string {
  return digest.length > 19 ? `${digest.slice(0, 19)}…` : digest;
}

function tenths(amount: number, unit: number): string {
  const rounded = Math.round((amount * 10) / unit);
  const rest = rounded % 10;
  return rest === 0 ? formatCount(rounded / 10) : `${formatCount((rounded - rest) / 10)}.${rest}`;
}
