import { z } from 'zod';

import { readText } from '../evidence.ts';
import { isObject, listAt, numberAt } from '../json-value.ts';
import { redfishWatts } from '../prometheus/measure.ts';
import type { Sample } from '../prometheus/sample.ts';
import type { Evidence } from '../source.ts';

const Dump = z.record(z.string(), z.unknown());

/**
 * What a machine draws now, by the chassis of a Redfish dump: the largest of their readings, because the chassis around
 * the others counts them too. The peak that a sensor remembers is no reading of now. Nothing where none of them says.
 */
export function wattsNow(evidence: Evidence, hostName: string, atMs: number): readonly Sample[] {
  const value: unknown = JSON.parse(readText(evidence));
  const resources = Object.entries(Dump.parse(value)).filter(([path]) => /\/Chassis\//iu.test(path));
  const readings = resources.flatMap(([, resource]) => readingsIn(resource));
  if (readings.length === 0) return [];
  const watts = readings.reduce((most, reading) => Math.max(most, reading));
  return [{ name: redfishWatts, labels: new Map([['Hostname', hostName]]), value: watts, atMs, evidence }];
}

/** `EnvironmentMetrics` has a reading; `Power`, which it took the place of, one for each control. */
function readingsIn(resource: unknown): readonly number[] {
  if (!isObject(resource)) return [];
  const found = [
    numberAt(resource, 'PowerWatts', 'Reading'),
    ...listAt(resource, 'PowerControl').map((control) => numberAt(control, 'PowerConsumedWatts')),
  ];
  return found.flatMap((watts) => (watts !== undefined && watts > 0 && watts < 1_000_000 ? [watts] : []));
}
