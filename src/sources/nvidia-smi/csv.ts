import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';

import { cleanText } from '../../model/text.ts';
import { invalidFile } from '../evidence.ts';
import type { Evidence } from '../source.ts';
import type { CardField, CardText } from './card.ts';

/** One card of a table, in one sample. */
export type CsvCard = {
  readonly line: number;
  /** From the column `index`, else its place among the rows. */
  readonly number: number;
  readonly isNumbered: boolean;
  readonly text: CardText;
  readonly driver: string | undefined;
  readonly hostName: string | undefined;
  readonly count: number | undefined;
};

/** Columns of `--query-gpu` by field; several readings of one thing are all kept. Source: nvidia-smi --help-query-gpu. */
const columns: Readonly<Record<CardField, readonly string[]>> = {
  product: ['name', 'gpu_name'],
  uuid: ['uuid', 'gpu_uuid'],
  serial: ['serial', 'gpu_serial'],
  pci: ['pci.bus_id', 'gpu_bus_id'],
  memory: ['memory.total'],
  powerLimit: ['enforced.power.limit', 'power.limit'],
  powerDefault: ['power.default_limit'],
  powerDraw: ['power.draw', 'power.draw.average', 'power.draw.instant'],
  migMode: ['mig.mode.current'],
  migPending: ['mig.mode.pending'],
  recoveryAction: ['gpu_recovery_action'],
  resetRequired: ['reset_status.reset_required'],
  drainRecommended: ['reset_status.drain_and_reset_recommended'],
  remapPending: ['remapped_rows.pending'],
  remapFailure: ['remapped_rows.failure'],
  retirePending: ['retired_pages.pending'],
  eccUncorrected: ['ecc.errors.uncorrected.volatile.total'],
  hwSlowdown: reasons('hw_slowdown'),
  hwThermal: reasons('hw_thermal_slowdown'),
  hwPowerBrake: reasons('hw_power_brake_slowdown'),
  swThermal: reasons('sw_thermal_slowdown'),
  clique: ['fabric.cliqueId'],
  clusterUuid: ['fabric.clusterUuid'],
  virtualization: [],
};

function reasons(name: string): string[] {
  return [`clocks_event_reasons.${name}`, `clocks_throttle_reasons.${name}`];
}

const known = new Set([
  ...Object.values(columns).flat(),
  'index',
  'driver_version',
  'count',
  'hostname',
  'timestamp',
]);

/** Whether a line is the header of `--query-gpu … --format=csv`: at least two of its columns are ours, none of a process. */
export function isCsvHeader(line: string): boolean {
  const names = line.split(',').map(columnName);
  const isPlain = names.every((name) => /^[A-Za-z_0-9.]+$/u.test(name));
  const isAboutCards =
    !names.includes('pid') && names.every((name) => !/^retired_pages\.(?:address|cause)$/u.test(name));
  return isPlain && isAboutCards && names.filter((name) => known.has(name)).length >= 2;
}

/** A row without its header, as `--format=csv,noheader` prints it. */
export function isHeadless(line: string): boolean {
  return /(?:^|, *)GPU-[0-9a-f]{8}-[0-9a-f-]{27}(?:,|$)/iu.test(line);
}

/**
 * Reads the table, with or without units in its cells. A later row with the same index is a later sample. Throws
 * INVALID_INPUT with the line for a row that has other columns than the header.
 */
export function readCsv(evidence: Evidence, text: string, firstLine: number): readonly CsvCard[] {
  const [header, ...rows] = parsed(evidence, text, firstLine);
  const names = (header?.record ?? []).map(columnName);
  const at = (record: readonly string[], name: string) => record[names.indexOf(name)];
  return rows.map(({ record, info }, place) => {
    const line = firstLine + info.lines - 1;
    if (record.length !== names.length)
      throw invalidFile(
        evidence,
        `has ${record.length} values under ${names.length} columns`,
        'a truncated copy is the usual cause; make the table again',
        { line },
      );
    const index = /^\d{1,4}$/u.exec(at(record, 'index') ?? '')?.[0];
    const host = at(record, 'hostname') ?? '';
    const count = /^\d{1,4}$/u.exec(at(record, 'count') ?? '')?.[0];
    const driver = at(record, 'driver_version');
    return {
      line,
      number: index === undefined ? place : Number(index),
      isNumbered: index !== undefined,
      text: (field) => columns[field].flatMap((name) => at(record, name) ?? []),
      driver: driver === undefined || driver.startsWith('[') ? undefined : cleanText(driver, 60),
      hostName: host === '' || /^\[?N\/A\]?$/u.test(host) ? undefined : host,
      count: count === undefined ? undefined : Number(count),
    };
  });
}

/** `memory.total [MiB]` and `memory.total` are one column. */
function columnName(title: string): string {
  return title.trim().replace(/ \[[^\]]*\]$/u, '');
}

const Rows = z.array(z.object({ record: z.array(z.string()), info: z.object({ lines: z.int() }) }));

function parsed(evidence: Evidence, text: string, firstLine: number) {
  try {
    const rows: unknown = parse(text, {
      info: true,
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      quote: null,
    });
    return Rows.parse(rows);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const lines = error['lines'];
    const line = typeof lines === 'number' ? lines : 1;
    throw invalidFile(
      evidence,
      'is not a table of comma-separated values',
      'make it again with `--format=csv`',
      {
        line: firstLine + line - 1,
      },
    );
  }
}
