import { decide } from '../core/decide.ts';
import { maskOf } from '../core/mask.ts';
import { usualBase } from '../core/packing/bases.ts';
import type { NodeCapacity } from '../core/packing/nodes.ts';
import { gpuMilliOf, type Shape, wholeGpuMilli } from '../core/packing/shape.ts';
import { solve } from '../core/place/solve.ts';
import { inputsOf, makePlan } from '../core/plan.ts';
import { type Archive, applyAll, emptyState, type State } from '../core/state.ts';
import { digestOf } from '../model/canonical.ts';
import { Demand } from '../model/demand.ts';
import { Fact, type Observation } from '../model/fact.ts';
import { TenantId } from '../model/id.ts';
import type { Member } from '../model/placement.ts';
import { identify, type Plan } from '../model/plan.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { Columns } from './columns.ts';
import { benchActor, fleetStartMs } from './fleets.ts';
import type { Replay, ReplayOptions, Scenario } from './replay.ts';
import { allowAll } from './verdict.ts';

/** Decisions between two pauses. */
const pauseEvery = 32;

const tenant = TenantId.parse('tenant-1');

/**
 * The same protocol through the product: every request is a demand, every yes a plan that is committed by `decide`, with
 * the independent check before it, and folded as its ledger entry would be. Nobody says what will be asked for: the
 * core goes by the contracts so far. Words of reports and refusals are left out. Contracts have no end.
 */
export function* contractSteps(
  { nodes, list, arrivals }: Scenario,
  { nowNs = () => 0n, onDecision }: Pick<ReplayOptions, 'nowNs' | 'onDecision'>,
): Generator<number, Replay> {
  const bornNs = nowNs();
  let state = fleetOf(nodes);
  const verdict = allowAll(state);
  const ids = new Map(nodes.map(({ id, rank }) => [pathOf(rank), id]));
  const gpuCount = nodes.reduce((sum, node) => sum + node.gpuCount, 0);
  const columns = new Columns(gpuCount);
  const setupNs = Number(nowNs() - bornNs);
  const decisionNs = new Float64Array(arrivals.length);
  let failedCount = 0;
  for (const [index, pod] of arrivals.entries()) {
    if (index % pauseEvery === 0) yield index;
    const request = list[pod];
    if (request === undefined) throw new RangeError(`there is no request ${pod}`);
    const startNs = nowNs();
    const plan = planFor(state, verdict, request);
    if (plan === undefined) failedCount++;
    else state = committed(state, verdict, plan);
    decisionNs[index] = Number(nowNs() - startNs);
    columns.add(gpuMilliOf(request), plan !== undefined);
    const [member] = plan?.placement.members ?? [];
    const node = member === undefined ? undefined : ids.get(member.node);
    onDecision?.({ index, node, gpus: member === undefined ? 0 : maskOf(devicesOf(member)) });
  }
  const { usedMilli } = columns;
  const allocation = columns.means();
  const nothing = { powerW: undefined, leastW: new Map<number, number>(), scans: [] };
  return { ...nothing, base: usualBase, allocation, failedCount, usedMilli, setupNs, decisionNs };
}

function devicesOf({ gpus, slices = [] }: Member): readonly number[] {
  return [...gpus, ...slices.map(({ gpu }) => gpu)];
}

function planFor(state: State, verdict: PolicyVerdict, request: Shape): Plan | undefined {
  const demand = demandFor(request);
  const starts = { earliestMs: fleetStartMs, latestMs: fleetStartMs };
  const found = solve(state, verdict, { demand, starts, isTrial: true });
  if (found.kind !== 'solved') return undefined;
  const report = { constraints: [], sites: [] };
  const inputs = inputsOf(state, verdict);
  return makePlan(state, { atMs: fleetStartMs, verdict }, { demand, best: found.best, report, inputs });
}

function demandFor({ cpuMilli, memoryMib, gpuCount, gpuMilli, models }: Shape): Demand {
  const slice = gpuMilli < wholeGpuMilli ? { slice: { kind: 'share', milli: gpuMilli } } : {};
  const gpus = { count: gpuCount, ...(models.length === 0 ? {} : { models: [...models] }), ...slice };
  const each = { cpuMilli, memoryMib, ...(gpuCount === 0 ? {} : { gpus }) };
  return Demand.parse({
    tenant,
    parts: [{ name: 'work', count: 1, each }],
    window: { earliestStartMs: fleetStartMs },
  });
}

/** Throws where the core does not grant what it has just planned: that is a bug. */
function committed(state: State, verdict: PolicyVerdict, plan: Plan): State {
  const { id, digest } = identify(plan);
  const archive: Archive = {
    plan: () => plan,
    observation: () => {
      throw new Error('a commit reads no observation');
    },
  };
  const command = { kind: 'commit-plan', plan: id, planDigest: digest } as const;
  const { decision, events } = decide(state, { atMs: fleetStartMs, verdict, archive }, command);
  if (decision.kind !== 'contract-granted')
    throw new Error(`a fresh plan was not granted: ${JSON.stringify(decision).slice(0, 300)}`);
  return applyAll(state, events, { seq: state.seq + 1, atMs: fleetStartMs, actor: benchActor }, archive);
}

/** The nodes at one site, named by their ranks, so that the order of their ids is that of the trace's ties. */
function fleetOf(nodes: readonly NodeCapacity[]): State {
  const observation: Observation = {
    schema: 'berth/observation/1',
    source: 'openb',
    observedAtMs: fleetStartMs,
    evidence: [],
    assumptions: [],
    facts: [fact('site', 'openb', { country: 'DE' }), ...nodes.flatMap(factsOf)],
    unknown: [],
  };
  const archive: Archive = {
    observation: () => observation,
    plan: () => {
      throw new Error('a fleet has no plans');
    },
  };
  const registered = { id: tenant, name: tenant, zone: 'Europe/Berlin', rules: {} };
  return applyAll(
    emptyState,
    [
      { kind: 'tenant-registered', tenant: registered },
      { kind: 'observation-recorded', observation: digestOf(observation.facts) },
    ],
    { seq: 1, atMs: fleetStartMs, actor: benchActor },
    archive,
  );
}

function factsOf({ rank, cpuMilli, memoryMib, gpuCount, model }: NodeCapacity): Fact[] {
  const shape = `${model.toLowerCase()}-${gpuCount}-${cpuMilli}-${memoryMib}`;
  const gpus = Array.from({ length: gpuCount }, () => ({ model }));
  return [
    fact('shape', shape, { cpuMilli, memoryMib, gpus, nics: [] }),
    fact('node', pathOf(rank), { shape, health: 'healthy' }),
  ];
}

function pathOf(rank: number): string {
  return `openb/n${String(rank).padStart(6, '0')}`;
}

function fact(kind: Fact['kind'], subject: string, set: object): Fact {
  return Fact.parse({ kind, subject, set, confidence: 'stated', origin: { file: 'trace.csv' } });
}
