import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';

import { indexesOf } from '../core/mask.ts';
import type { Base } from '../core/packing/bases.ts';
import type { NodeCapacity } from '../core/packing/nodes.ts';
import type { PolicyName } from '../core/packing/policies.ts';
import { wholeGpuMilli } from '../core/packing/shape.ts';
import { digestOfBytes } from '../model/canonical.ts';
import { BerthError } from '../model/error.ts';
import type { Digest } from '../model/id.ts';
import { cleanText } from '../model/text.ts';
import { type Anchor, readAnchors } from './anchors.ts';
import { type Arrivals, drawArrivals, readArrivals } from './arrivals.ts';
import { contractSteps } from './contracts.ts';
import { type Decided, type Replay, replaySteps, type Scenario } from './replay.ts';
import { type Speed, speedOf } from './speed.ts';
import { readNodes, readRequests, type TraceNode } from './trace.ts';

export type OpenbOptions = {
  /** The folder with the trace's CSV files. */
  readonly data: string;
  /** A name such as `default`, or a CSV file. */
  readonly list: string;
  /** A file of published orders; without it an order of our own is drawn. */
  readonly orders?: string;
  readonly seed: number;
  readonly policy: PolicyName;
  /** Thousandths of the score that are watts; only for the policy that saves power. */
  readonly powerWeight?: number;
  /** How many times the nodes, and the arrivals, are repeated. */
  readonly scale: number;
  /** A file for every decision. */
  readonly placements?: string;
  /** The same requests as contracts too, planned and committed by the core. */
  readonly contracts?: boolean;
  readonly nowNs: () => bigint;
};

/** The columns of the published tables: percent of the GPUs requested so far. */
export const allocColumns = [90, 95, 100, 110, 120, 130] as const;

/** Percent of the GPUs requested so far at which the power drawn is looked at. */
export const powerColumns = [20, 40, 60, 80, 100] as const;

/** Figures by column; null where the column was never reached. */
type ByColumn = Readonly<Record<string, number | null>>;

type Figures = {
  readonly alloc: ByColumn;
  readonly powerW: ByColumn | null;
  readonly gpuPowerW: ByColumn | null;
};

/** What came of the same requests as demands to the core, each planned, checked, committed and folded. */
type ContractFigures = {
  readonly alloc: ByColumn;
  readonly failed: number;
  readonly usedMilli: number;
  readonly decisionsPerSecond: number;
  /** Microseconds of a decision, to tenths. */
  readonly us: Speed['us'];
  readonly digest: Digest;
};

export type OpenbReport = Speed & {
  readonly list: string;
  readonly policy: PolicyName;
  readonly base: Base;
  readonly seed: number;
  readonly order: 'from-file' | 'drawn';
  readonly scale: number;
  readonly nodeCount: number;
  readonly gpuCount: number;
  readonly decisionCount: number;
  /** Mean percent of the GPUs in use, to hundredths; null where the column was never reached. */
  readonly alloc: ByColumn;
  /** Mean watts that the fleet draws; null where the draw of a GPU model is not known. */
  readonly powerW: ByColumn | null;
  /** The same for each GPU in use, to tenths: what is fair between policies that place more and less. */
  readonly gpuPowerW: ByColumn | null;
  /**
   * Watts that no policy could go below with the requests running that ran when the column was reached: a bound, which
   * need not be within reach. Null as for `powerW`.
   */
  readonly leastPowerW: ByColumn | null;
  /** The same of FGD in the same order; null where that is the policy. */
  readonly fgd: Figures | null;
  /** Null where it was not asked for. */
  readonly contracts: ContractFigures | null;
  readonly failed: number;
  readonly usedMilli: number;
  /** Of all decisions, as the bytes of the placements file. */
  readonly digest: Digest;
  readonly anchors: readonly Anchor[];
};

export type Progress = { readonly done: number; readonly total: number };

/** Decisions that a plain scan makes as well. */
const scanCount = 200;

/**
 * Replays a list of the openb trace by the protocol of the published experiments. Pauses with progress; whoever
 * drives it may stop. Throws INVALID_INPUT for files that are missing or something else.
 */
export function* benchOpenb(options: OpenbOptions): Generator<Progress, OpenbReport> {
  const traceNodes = readNodes(options.data);
  const list = readRequests(options.data, options.list);
  const gpuCount = traceNodes.reduce((sum, node) => sum + node.gpuCount, 0);
  const arrivals =
    options.orders === undefined
      ? drawArrivals(list, { gpuMilli: gpuCount * wholeGpuMilli, nodeCount: traceNodes.length }, options.seed)
      : readArrivals(options.orders, options.seed, {
          requestCount: list.length,
          nodeCount: traceNodes.length,
        });
  const nodes = repeatNodes(traceNodes, arrivals, options.scale);
  const pods = Array.from({ length: options.scale }, () => arrivals.pods).flat();
  const lines = ['index,node,gpus'];
  const scenario = { nodes, list, arrivals: pods };
  const { policy, powerWeight, nowNs } = options;
  const onDecision = (decided: Decided) => lines.push(lineOf(decided));
  const measured = { nowNs, scanCount, leastAt: powerColumns, onDecision };
  const timed = { policy, ...measured, ...(powerWeight !== undefined && { powerWeight }) };
  const total = pods.length * ((policy === 'fgd' ? 1 : 2) + (options.contracts === true ? 1 : 0));
  const result = yield* withTotal(replaySteps(scenario, timed), 0, total);
  const rival =
    policy === 'fgd'
      ? undefined
      : yield* withTotal(replaySteps(scenario, { policy: 'fgd' }), pods.length, total);
  const contracts = options.contracts === true ? yield* contracted(scenario, nowNs, total) : null;
  const text = `${lines.join('\n')}\n`;
  if (options.placements !== undefined) writeText(options.placements, text);
  const isPublished = options.orders !== undefined && options.scale === 1;
  return {
    list: listName(options.list),
    policy: options.policy,
    base: result.base,
    seed: options.seed,
    order: options.orders === undefined ? 'drawn' : 'from-file',
    scale: options.scale,
    nodeCount: nodes.length,
    gpuCount: gpuCount * options.scale,
    decisionCount: pods.length,
    ...figuresOf(result, nodes),
    leastPowerW: leastPowerOf(result),
    fgd: rival === undefined ? null : figuresOf(rival, nodes),
    contracts,
    failed: result.failedCount,
    usedMilli: result.usedMilli,
    ...speedOf(result),
    digest: digestOfBytes(new TextEncoder().encode(text)),
    anchors: readAnchors(options.data, listName(options.list), isPublished ? options.seed : undefined),
  };
}

function* contracted(
  scenario: Scenario,
  nowNs: () => bigint,
  total: number,
): Generator<Progress, ContractFigures> {
  const lines = ['index,node,gpus'];
  const steps = contractSteps(scenario, { nowNs, onDecision: (decided) => lines.push(lineOf(decided)) });
  const result = yield* withTotal(steps, total - scenario.arrivals.length, total);
  const { decisionsPerSecond, us } = speedOf(result);
  return {
    alloc: allocOf(result),
    failed: result.failedCount,
    usedMilli: result.usedMilli,
    decisionsPerSecond,
    us,
    digest: digestOfBytes(new TextEncoder().encode(`${lines.join('\n')}\n`)),
  };
}

function figuresOf(replay: Replay, nodes: readonly NodeCapacity[]): Figures {
  const gpuCount = nodes.reduce((sum, node) => sum + node.gpuCount, 0);
  return { alloc: allocOf(replay), powerW: powerOf(replay), gpuPowerW: gpuPowerOf(replay, gpuCount) };
}

/** Percent to hundredths by column. */
function allocOf({ allocation }: Replay): ByColumn {
  return byColumn(allocColumns, (column) => {
    const hundredths = allocation.get(column);
    return hundredths === undefined ? null : hundredths / 100;
  });
}

function powerOf({ powerW }: Replay): ByColumn | null {
  return powerW === undefined ? null : byColumn(powerColumns, (column) => powerW.get(column) ?? null);
}

function leastPowerOf({ leastW, powerW }: Replay): ByColumn | null {
  return powerW === undefined ? null : byColumn(powerColumns, (column) => leastW.get(column) ?? null);
}

function gpuPowerOf({ allocation, powerW }: Replay, gpuCount: number): ByColumn | null {
  if (powerW === undefined) return null;
  return byColumn(powerColumns, (column) => {
    const [watts, used] = [powerW.get(column), ((allocation.get(column) ?? 0) * gpuCount) / 10_000];
    return watts === undefined || used === 0 ? null : Math.round((10 * watts) / used) / 10;
  });
}

function byColumn(columns: readonly number[], figure: (column: number) => number | null): ByColumn {
  return Object.fromEntries(columns.map((column) => [String(column), figure(column)]));
}

function* withTotal(
  steps: Generator<number, Replay>,
  doneBefore: number,
  total: number,
): Generator<Progress, Replay> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield { done: doneBefore + step.value, total };
  }
}

/** Copies get names of their own and ranks next to their original's. */
function repeatNodes(nodes: readonly TraceNode[], { nodePerm }: Arrivals, scale: number): NodeCapacity[] {
  return Array.from({ length: scale }, (_, copy) =>
    nodes.map((node, index) => ({
      ...node,
      id: copy === 0 ? node.id : `${node.id}.${copy + 1}`,
      rank: (nodePerm[index] ?? 0) * scale + copy,
    })),
  ).flat();
}

function lineOf({ index, node, gpus }: Decided): string {
  return `${index},${node ?? '-'},${gpus === 0 ? '-' : indexesOf(gpus).join(' ')}`;
}

function listName(list: string): string {
  return cleanText(
    basename(list)
      .replace(/^openb_pod_list_/, '')
      .replace(/\.csv$/, ''),
    60,
  );
}

function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault';
    throw new BerthError(
      {
        code: 'INVALID_INPUT',
        message: `cannot write \`${cleanText(file)}\` (${why})`,
        fix: 'pass a file in a folder that exists and may be written',
      },
      { cause },
    );
  }
}
