import type { State } from '../core/state.ts';
import type { Contract } from '../model/contract.ts';
import type { Demand } from '../model/demand.ts';
import type { FactBook, FactValue } from '../model/governance-fact.ts';
import { seatsOf } from '../model/placement.ts';
import { compareText } from '../model/text.ts';
import { factAbout, holdsOver, type Span } from '../policy/facts.ts';
import { narrow } from '../policy/narrow.ts';

/** Training in 10^18 FLOP, or the facts that it takes to say so. */
export type Training = { readonly exaFlop: number } | { readonly lacks: readonly string[] };

/** What one lineage took so far, and by which contracts. */
export type LineageAccount = {
  readonly lineage: string;
  readonly contracts: readonly Contract['id'][];
  readonly gpuHours: number;
  readonly training: Training;
};

/** Training of a demand's lineage: recorded from elsewhere, of every contract of it so far, and of the demand itself. */
export function trainingWith(state: State, demand: Demand, span: Span): Training {
  const book = state.governance.facts;
  const lineage = lineageOf(book, demand, span);
  if (lineage === undefined) return { lacks: [`${subjectOf(book, demand, 'lineage')} lineage`] };
  const before = usesOf(state, lineage, span);
  // Which model it will get is not known before it is placed: the fastest that it may get counts.
  const own = modelsFor(state, demand).map((model) => ({
    demand,
    model,
    gpuSeconds: gpuSecondsAsked(demand),
  }));
  const totals = own.map((use) => sumOf(book, [...before, use], span));
  const [first = sumOf(book, before, span), ...others] = totals;
  return others.reduce(larger, first);
}

/** Every lineage that a contract trains, in the order of their names. */
export function lineageAccounts(state: State, atMs: number): readonly LineageAccount[] {
  const span = { atMs, untilMs: atMs };
  const book = state.governance.facts;
  const trained = [...state.contracts].filter(({ demand }) => isTraining(state, demand));
  const names = new Set(trained.flatMap(({ demand }) => lineageOf(book, demand, span) ?? []));
  return [...names].toSorted(compareText).map((lineage) => {
    const uses = usesOf(state, lineage, span);
    const contracts = trained.filter(({ demand }) => lineageOf(book, demand, span) === lineage);
    return {
      lineage,
      contracts: contracts.map(({ id }) => id),
      gpuHours: Math.floor(uses.reduce((sum, { gpuSeconds }) => sum + gpuSeconds, 0) / 3600),
      training: sumOf(book, uses, span),
    };
  });
}

type Use = { readonly demand: Demand; readonly model: string; readonly gpuSeconds: number };

export function isTraining(state: State, demand: Demand): boolean {
  const rules = narrow(state.tenants.get(demand.tenant)?.rules ?? {}, demand.rules ?? {});
  return rules.classes?.includes('training') === true;
}

function lineageOf(book: FactBook, demand: Demand, span: Span): string | undefined {
  const value = valueOf(book, subjectOf(book, demand, 'lineage'), 'lineage', span);
  return typeof value === 'string' ? value : undefined;
}

/** A fact of the project goes before one of its tenant. */
function subjectOf(book: FactBook, { tenant, project }: Demand, attribute: string): string {
  const own = `project:${tenant}/${project ?? ''}`;
  return factAbout(book, own, attribute) === undefined ? `tenant:${tenant}` : own;
}

function valueOf(book: FactBook, subject: string, attribute: string, span: Span): FactValue | undefined {
  const fact = factAbout(book, subject, attribute);
  return fact === undefined || !holdsOver(fact, span) ? undefined : fact.value;
}

function usesOf(state: State, lineage: string, span: Span): readonly Use[] {
  const book = state.governance.facts;
  return [...state.contracts]
    .filter(({ demand }) => isTraining(state, demand) && lineageOf(book, demand, span) === lineage)
    .flatMap((contract) => usesBy(state, contract, span.atMs));
}

/** Whole GPUs of a contract by model, for as long as it held them up to now; its earlier versions too. */
function usesBy(state: State, contract: Contract, nowMs: number): readonly Use[] {
  const { demand, placement, earlier = [], releasedAtMs, preemptedAtMs } = contract;
  const begin = placement.startMs;
  const end = Math.min(nowMs, placement.endMs ?? nowMs, releasedAtMs ?? nowMs, preemptedAtMs ?? nowMs);
  const tenures = [
    ...earlier.map((past) => ({ placement: past.placement, ms: past.untilMs - past.placement.startMs })),
    { placement, ms: end - begin },
  ];
  return tenures.flatMap(({ placement: held, ms }) =>
    seatsOf(held).flatMap(({ node, gpus }) => {
      const shape = state.fleet.nodeById.get(node)?.shape;
      return gpus.map((gpu) => ({
        demand,
        model: shape?.gpus[gpu]?.model ?? 'unknown',
        gpuSeconds: Math.max(0, Math.ceil(ms / 1000)),
      }));
    }),
  );
}

function gpuSecondsAsked({ parts, window: { durationS = 0 } }: Demand): number {
  return parts.reduce((sum, { count, each }) => sum + count * (each.gpus?.count ?? 0), 0) * durationS;
}

/** Models that a demand may get: those it names, or all of the fleet. */
function modelsFor({ fleet }: State, { parts }: Demand): readonly string[] {
  const asked = parts.flatMap(({ each }) => each.gpus?.models ?? []);
  const named = fleet.models.filter((model) => asked.some((name) => model.startsWith(name)));
  return named.length === 0 ? fleet.models : named;
}

/** GPU-seconds times recorded peak times recorded utilisation, rounded up to whole 10^18 FLOP. */
function sumOf(book: FactBook, uses: readonly Use[], span: Span): Training {
  const lacks = new Set<string>();
  let total = 0n;
  let prior = 0;
  for (const { demand, model, gpuSeconds } of uses) {
    const peak = valueOf(book, `model:${model}`, 'peakTflops', span);
    const subject = subjectOf(book, demand, 'utilisationBp');
    const share = valueOf(book, subject, 'utilisationBp', span);
    if (typeof peak !== 'number') lacks.add(`model:${model} peakTflops`);
    if (typeof share !== 'number') lacks.add(`${subject} utilisationBp`);
    if (typeof peak === 'number' && typeof share === 'number')
      total += BigInt(gpuSeconds) * BigInt(peak) * BigInt(share);
    const recorded = valueOf(book, subjectOf(book, demand, 'priorExaFlop'), 'priorExaFlop', span);
    if (typeof recorded === 'number') prior = Math.max(prior, recorded);
  }
  if (lacks.size > 0) return { lacks: [...lacks].toSorted(compareText) };
  // One GPU-second at 1 TFLOPS and 0.01 % is 10^8 FLOP.
  return { exaFlop: Number((total + 10n ** 10n - 1n) / 10n ** 10n) + prior };
}

function larger(a: Training, b: Training): Training {
  if ('lacks' in a) return 'lacks' in b ? { lacks: [...new Set([...a.lacks, ...b.lacks])] } : a;
  return 'lacks' in b || b.exaFlop > a.exaFlop ? b : a;
}
