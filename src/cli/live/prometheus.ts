import { dcgmMetrics } from '../../sources/prometheus/dcgm-gpu.ts';
import type { Evidence } from '../../sources/source.ts';
import type { Io } from '../io.ts';
import { fetchBytes, type SecretPlace } from './http.ts';

/** A Prometheus, or an exporter, that the user named, and where its bearer token is. */
export type PrometheusService = { readonly url: string; readonly secret?: SecretPlace };

/**
 * The metrics of GPUs that a Prometheus has now, one answer for each metric, so that a large fleet stays below the cap;
 * of an address that ends in `/metrics`, what that exporter serves. Only ever reads. Throws as `fetchBytes` does.
 */
export async function askPrometheus(
  io: Io,
  { url, ...http }: PrometheusService,
): Promise<readonly Evidence[]> {
  if (isExporter(url))
    return [{ file: placeOf(url), bytes: await fetchBytes(io, url, { ...http, accept: 'text/plain' }) }];
  const base = url.replace(/\/+$/u, '');
  const answers: Evidence[] = [];
  for (const metric of dcgmMetrics) {
    const asked = `${base}/api/v1/query?query=${encodeURIComponent(metric)}`;
    const bytes = await fetchBytes(io, asked, { ...http, accept: 'application/json' });
    answers.push({ file: `${placeOf(url)} ${metric}`, bytes });
  }
  return answers;
}

/** Whether an address is that of an exporter: what it serves is of the moment, and there is nothing to ask it. */
export function isExporter(url: string): boolean {
  return /\/metrics\/?(?:\?|$)/u.test(url);
}

/** Host and path, without the query, which may hold anything. */
export function placeOf(url: string): string {
  if (!URL.canParse(url)) return '';
  const { host, pathname } = new URL(url);
  return `${host}${pathname.replace(/\/+$/u, '')}`;
}
