import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { CsvError, parse as parseCsv } from 'csv-parse/sync';
import { z } from 'zod';

import type { NodeCapacity } from '../core/packing/nodes.ts';
import { type Shape, wholeGpuMilli } from '../core/packing/shape.ts';
import { BerthError } from '../model/error.ts';
import { cleanText, compareText } from '../model/text.ts';

/** A node of the trace before it has a rank. */
export type TraceNode = Omit<NodeCapacity, 'rank'>;

const whereTheTraceIs =
  'get it from github.com/alibaba/clusterdata, folder cluster-trace-gpu-v2023/csv, and pass that folder as `--data`';

/**
 * The nodes with GPUs in the order of their names, as in the published experiments. Format: README of
 * cluster-trace-gpu-v2023 (`sn,cpu_milli,memory_mib,gpu,model`). Throws INVALID_INPUT.
 */
export function readNodes(folder: string): TraceNode[] {
  const file = join(folder, 'openb_node_list_all_node.csv');
  const rows = readRows(file, nodeColumns, whereTheTraceIs);
  const nodes = rows
    .map((row) => nodeOf(row, file))
    .filter(({ gpuCount }) => gpuCount > 0)
    .toSorted((a, b) => compareText(a.id, b.id));
  const twin = nodes.find(({ id }, index) => id === nodes[index + 1]?.id);
  if (twin !== undefined) throw invalid(file, `node \`${cleanText(twin.id, 80)}\` is listed twice`);
  if (nodes.length === 0) throw invalid(file, 'it lists no node with a GPU');
  return nodes;
}

/**
 * The requests of a list, row by row: a name such as `default` stands for `openb_pod_list_default.csv` of the folder,
 * anything that ends in `.csv` for a file. Throws INVALID_INPUT.
 */
export function readRequests(folder: string, list: string): Shape[] {
  const file = list.endsWith('.csv') ? list : join(folder, `openb_pod_list_${list}.csv`);
  const requests = readRows(file, podColumns, `name a list of the folder, or a file; ${whereTheTraceIs}`).map(
    (row) => requestOf(row, file),
  );
  if (requests.length === 0) throw invalid(file, 'it lists no request');
  return requests;
}

const nodeColumns = ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model'] as const;
/** Some published lists have no `gpu_spec`: their requests name no models. */
const podColumns = ['cpu_milli', 'memory_mib', 'num_gpu', 'gpu_milli'] as const;

type Row = { readonly record: Readonly<Record<string, string>>; readonly line: number };

const Rows = z.array(
  z.object({ record: z.record(z.string(), z.string()), info: z.object({ lines: z.int() }) }),
);

function readRows(file: string, columns: readonly string[], fix: string): Row[] {
  const text = readText(file, fix);
  try {
    const rows = Rows.parse(
      parseCsv(text, { columns: true, info: true, skip_empty_lines: true, trim: true, bom: true }),
    );
    const missing = columns.find((column) => rows.length > 0 && rows[0]?.record[column] === undefined);
    if (missing !== undefined) throw invalid(file, `the column \`${missing}\` is missing`);
    return rows.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw invalid(file, `it is not well-formed CSV: ${cleanText(cause.message, 120)}`);
  }
}

/** The text of a file that a person named. Throws INVALID_INPUT with the fix. */
export function readText(file: string, fix: string): string {
  if (!existsSync(file))
    throw new BerthError({ code: 'INVALID_INPUT', message: `there is no file \`${cleanText(file)}\``, fix });
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault';
    const message = `cannot read \`${cleanText(file)}\` (${why})`;
    throw new BerthError({ code: 'INVALID_INPUT', message, fix }, { cause });
  }
}

function nodeOf(row: Row, file: string): TraceNode {
  return {
    id: row.record['sn'] ?? '',
    cpuMilli: whole(row, 'cpu_milli', 2 ** 31 - 1, file),
    memoryMib: whole(row, 'memory_mib', 2 ** 31 - 1, file),
    gpuCount: whole(row, 'gpu', 32, file),
    model: row.record['model'] ?? '',
  };
}

function requestOf(row: Row, file: string): Shape {
  const gpuCount = whole(row, 'num_gpu', 32, file);
  const gpuMilli = gpuCount === 0 ? 0 : whole(row, 'gpu_milli', wholeGpuMilli, file);
  if (gpuCount > 0 && (gpuMilli === 0 || (gpuCount > 1 && gpuMilli < wholeGpuMilli)))
    throw invalid(file, `line ${row.line}: \`gpu_milli\` is ${gpuMilli} for ${gpuCount} GPUs`);
  const named = (row.record['gpu_spec'] ?? '').split('|').filter((model) => model !== '');
  return {
    cpuMilli: whole(row, 'cpu_milli', 2 ** 31 - 1, file),
    memoryMib: whole(row, 'memory_mib', 2 ** 31 - 1, file),
    gpuCount,
    gpuMilli,
    models: [...new Set(named)].toSorted(compareText),
  };
}

function whole({ record, line }: Row, column: string, most: number, file: string): number {
  const text = record[column] ?? '';
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  if (value > most)
    throw invalid(
      file,
      `line ${line}: \`${column}\` is \`${cleanText(text, 60)}\`, not a whole number up to ${most}`,
    );
  return value;
}

function invalid(file: string, what: string): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(basename(file))}\`: ${what}`,
    fix: 'pass files of the openb trace as they were published',
  });
}
