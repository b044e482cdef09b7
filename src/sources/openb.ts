import { z } from 'zod';

import type { Fact, NodeFacts } from '../model/fact.ts';
import type { Path } from '../model/id.ts';
import { cleanText, compareText, didYouMean } from '../model/text.ts';
import { CpuMilli, MemoryMib } from '../model/unit.ts';
import { readCsvRows } from './csv.ts';
import { fileName, invalidFile, readText, reportProgress } from './evidence.ts';
import { recognise, wrongFormat } from './format.ts';
import { gpuModel } from './gpu-model.ts';
import { type Findings, known, noFindings, observation } from './observation.ts';
import { pathOf, requireSite, segmentOf } from './path.ts';
import type { Evidence, ImportContext, Source } from './source.ts';

/**
 * The node list of the openb trace (`openb_node_list_*.csv` of alibaba/clusterdata, cluster-trace-gpu-v2023): one
 * line a node with name, CPU (milli), memory (MiB), GPU count and model. Places are invented, because the trace
 * has none: groups of 16 nodes of one model, in the order of their names, stand in one rack.
 */
export const openb: Source = {
  name: 'openb',
  title: 'openb trace, node list',
  howTo: 'github.com/alibaba/clusterdata, cluster-trace-gpu-v2023/csv/openb_node_list_all_node.csv',
  parse(evidence, context) {
    const [first] = evidence;
    const findings = noFindings();
    if (first !== undefined) {
      const site = context.site === undefined ? pathOf('openb') : requireSite(context.site, first);
      addNodes(readRows(evidence, context), site, findings);
    }
    return observation('openb', evidence, context, findings);
  },
};

const assumptions = [
  'site, hall and racks are invented: 16 nodes of one GPU model to a rack, in the order of their names',
  'G2 and G3 are the trace’s own names for GPU models that it does not disclose',
  'the trace says nothing about power, fabrics or the link between the GPUs of a node',
];

const nodesPerRack = 16;
const columns = ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model'] as const;
const expected = `a CSV file with the columns ${columns.map((name) => `\`${name}\``).join(', ')}`;

type Row = {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly gpuCount: number;
  /** As the trace writes it; empty for nodes without GPUs. */
  readonly model: string;
  readonly evidence: Evidence;
  readonly line: number;
};

function readRows(evidence: readonly Evidence[], context: ImportContext): Row[] {
  const rows: Row[] = [];
  const seen = new Map<string, Row>();
  for (const file of evidence) {
    for (const { record, line } of readCsv(file)) {
      const row = rowOf(file, record, line);
      const twin = seen.get(segmentOf(row.name));
      if (twin !== undefined) throw listedTwice(row, twin);
      seen.set(segmentOf(row.name), row);
      rows.push(row);
      if (rows.length % 1024 === 0) reportProgress(context, rows.length);
    }
  }
  reportProgress(context, rows.length, rows.length);
  return rows;
}

function readCsv(evidence: Evidence) {
  const text = readText(evidence);
  const seen = recognise(text)?.source ?? 'openb';
  if (seen !== 'openb') throw wrongFormat(evidence, text, 'openb', expected);
  const rows = readCsvRows(evidence, text, {
    columns: (header: readonly string[]) => checkedHeader(evidence, text, header),
    relax_column_count_more: true,
    expected,
  });
  if (rows.length === 0) throw invalidFile(evidence, 'has a header and no nodes', `expected: ${expected}`);
  return rows;
}

function checkedHeader(evidence: Evidence, text: string, header: readonly string[]): string[] {
  const missing = columns.find((name) => !header.includes(name));
  if (missing === undefined && new Set(header).size === header.length) return [...header];
  if (missing === undefined)
    throw invalidFile(evidence, 'a column is named twice', `expected: ${expected}`, { line: 1 });
  if (!header.some((name) => columns.some((column) => column === name) || didYouMean(name, columns)))
    throw wrongFormat(evidence, text, 'openb', expected);
  if (header.includes('num_gpu')) throw wrongFormat(evidence, text, 'openb', expected);
  throw invalidFile(evidence, `the column \`${missing}\` is missing`, `expected: ${expected}`, {
    line: 1,
    didYouMean: didYouMean(missing, header),
  });
}

function rowOf(evidence: Evidence, record: Readonly<Record<string, string>>, line: number): Row {
  const wrong = (column: string, wanted: string) =>
    invalidFile(
      evidence,
      `\`${column}\` is \`${cleanText(record[column] ?? '', 60)}\``,
      `expected: ${wanted}`,
      {
        line,
      },
    );
  const whole = (column: string, schema: z.ZodType<number>, wanted: string) => {
    const text = record[column] ?? '';
    const parsed = schema.safeParse(/^\d{1,16}$/.test(text) ? Number(text) : undefined);
    if (!parsed.success) throw wrong(column, wanted);
    return parsed.data;
  };
  const name = record['sn'] ?? '';
  if (name === '') throw wrong('sn', 'a node name');
  return {
    name,
    cpuMilli: whole('cpu_milli', CpuMilli, 'thousandths of a CPU as a whole number'),
    memoryMib: whole('memory_mib', MemoryMib, 'MiB as a whole number'),
    gpuCount: whole('gpu', z.int().max(32), 'a whole number from 0 to 32'),
    model: record['model'] ?? '',
    evidence,
    line,
  };
}

function listedTwice(row: Row, twin: Row) {
  return invalidFile(
    row.evidence,
    `node \`${cleanText(row.name, 80)}\` is listed a second time, first in \`${fileName(twin.evidence)}\` line ${twin.line}`,
    'remove one of the two lines',
    { line: row.line },
  );
}

function addNodes(rows: readonly Row[], site: Path, findings: Findings): void {
  const hall = pathOf(site, 'h1');
  for (const text of assumptions) findings.assumptions.add(text);
  const file = fileOf(rows);
  const about = { confidence: 'assumed', origin: { file }, set: {} } as const;
  findings.facts.push({ ...about, kind: 'site', subject: site }, { ...about, kind: 'hall', subject: hall });
  for (const [index, members] of racksOf(rows).entries()) {
    const rack = pathOf(hall, `r${String(index + 1).padStart(3, '0')}`);
    findings.facts.push({ ...about, kind: 'rack', subject: rack });
    for (const row of members) addNode(row, pathOf(rack, segmentOf(row.name)), findings);
  }
}

function fileOf(rows: readonly Row[]): string {
  const [first] = rows.toSorted((a, b) => compareText(a.evidence.file, b.evidence.file));
  return first === undefined ? 'openb' : fileName(first.evidence);
}

/** Groups of nodes with the same model, models and nodes in the order of their names. */
function racksOf(rows: readonly Row[]): Row[][] {
  const byModel = Map.groupBy(rows, (row) => row.model);
  return [...byModel]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([, alike]) => {
      const named = alike.toSorted((a, b) => compareText(a.name, b.name));
      return Array.from({ length: Math.ceil(named.length / nodesPerRack) }, (_, i) =>
        named.slice(i * nodesPerRack, (i + 1) * nodesPerRack),
      );
    });
}

function addNode(row: Row, subject: Path, findings: Findings): void {
  const origin = { file: fileName(row.evidence), line: row.line };
  const named = row.model === '' || row.gpuCount === 0 ? undefined : gpuModel(row.model);
  const isAsWritten = named?.model === row.model;
  const add = (set: NodeFacts, confidence: Fact['confidence']) =>
    findings.facts.push({ kind: 'node', subject, set: known(set), confidence, origin });
  add(
    {
      hostName: cleanText(row.name),
      cpuMilli: row.cpuMilli,
      memoryMib: row.memoryMib,
      gpuCount: row.gpuCount,
      gpuModel: isAsWritten ? named?.model : undefined,
    },
    'stated',
  );
  if (named !== undefined && !isAsWritten) add({ gpuModel: named.model }, 'derived');
  if (named === undefined && row.gpuCount > 0)
    findings.unknown.push({ subject, attribute: 'gpuModel', why: 'the line names no model', origin });
}
