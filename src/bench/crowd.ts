import { plan } from '../core/plan.ts';
import { applyAll, emptyState, nextContract, type State } from '../core/state.ts';
import { Actor } from '../model/actor.ts';
import { digestOf } from '../model/canonical.ts';
import type { Demand } from '../model/demand.ts';
import { Demand as DemandSchema } from '../model/demand.ts';
import type { Event } from '../model/event.ts';
import { Fact, type Observation } from '../model/fact.ts';
import { identify, type Plan } from '../model/plan.ts';
import { Tenant } from '../model/tenant.ts';
import { Random } from './random.ts';

/** When a crowded fleet is looked at. */
export const crowdAtMs = Date.UTC(2026, 10, 25, 9);

const gpusPerNode = 8;
const nodesPerRack = 16;
type Terms = { readonly guarantee: string; readonly together?: string };

/** GPUs of a job and how often such a one comes. */
const sizes = [
  [1, 30],
  [2, 30],
  [4, 30],
  [8, 10],
] as const;

const terms: readonly (readonly [Terms, number])[] = [
  [{ guarantee: 'preemptible' }, 65],
  [{ guarantee: 'preemptible', together: 'rack' }, 30],
  [{ guarantee: 'reserved' }, 5],
];

/**
 * A fleet of nodes with eight H100 each, 16 in a rack, on which jobs of 1 to 8 GPUs were put down at random until so
 * many percent of the GPUs were in use: as scattered as a fleet can be. Most may be moved anywhere, three in ten inside their rack
 * only, one in twenty not at all. The same seed gives the same fleet.
 */
export function crowdedState(
  nodeCount: number,
  { seed, fullPercent }: { readonly seed: number; readonly fullPercent: number },
): State {
  const random = new Random(seed);
  let state = emptyFleetOf(nodeCount);
  let used = 0;
  for (let misses = 0; used * 100 < nodeCount * gpusPerNode * fullPercent && misses < 1000;) {
    const gpus = random.pick(sizes);
    const node = state.fleet.nodes[random.below(nodeCount)];
    const next = node === undefined ? undefined : withJob(state, { gpus, ...random.pick(terms) }, node.id);
    if (next === undefined) misses++;
    else [state, used, misses] = [next, used + gpus, 0];
  }
  return state;
}

type Job = Terms & { readonly gpus: number };

/** The job on this node, or nothing where there is no room. The contract does not say which node: it may move. */
function withJob(state: State, { gpus, ...rest }: Job, node: string): State | undefined {
  const demand = DemandSchema.parse({
    tenant: 'crowd',
    parts: [{ name: 'job', count: 1, each: { gpus: { count: gpus } } }],
    window: { earliestStartMs: crowdAtMs },
    where: [node],
    ...rest,
  });
  const sites = state.fleet.sites.map(({ id }) => ({ site: id, answer: 'allowed' as const, hits: [] }));
  const verdict = { policy: digestOf('no rules'), packs: [], sites };
  const answer = plan(state, { atMs: crowdAtMs, verdict }, demand);
  return answer.kind === 'planned' ? granted(state, { ...answer.plan, demand: anywhere(demand) }) : undefined;
}

function anywhere({ where: _where, ...demand }: Demand): Demand {
  return demand;
}

function granted(state: State, made: Plan): State {
  const { id, digest } = identify(made);
  return folded(
    state,
    { kind: 'contract-granted', contract: nextContract(state), plan: id, planDigest: digest },
    made,
  );
}

function emptyFleetOf(nodeCount: number): State {
  const tenant = Tenant.parse({ id: 'crowd', name: 'crowd', zone: 'UTC', rules: {} });
  const seen: Observation = {
    schema: 'berth/observation/1',
    source: 'inventory',
    observedAtMs: crowdAtMs,
    evidence: [],
    assumptions: [],
    facts: factsOf(nodeCount),
    unknown: [],
  };
  const known = folded(emptyState, { kind: 'tenant-registered', tenant }, undefined);
  return folded(known, { kind: 'observation-recorded', observation: digestOf(seen) }, undefined, seen);
}

function factsOf(nodeCount: number): Fact[] {
  const shape = {
    gpus: Array.from({ length: gpusPerNode }, () => ({ model: 'H100' })),
    cpuMilli: 128_000,
    memoryMib: 1_048_576,
    link: 'nvlink',
  };
  const nodes = Array.from({ length: nodeCount }, (_, at) => nodeName(at));
  return [
    fact('site', 'site', {}),
    fact('shape', 'h100x8', shape),
    ...nodes.map((node) => fact('node', node, { shape: 'h100x8', health: 'healthy' })),
  ];
}

function nodeName(at: number): string {
  return `site/h1/r${numbered(Math.floor(at / nodesPerRack))}/n${numbered(at % nodesPerRack)}`;
}

function numbered(at: number): string {
  return String(at + 1).padStart(3, '0');
}

function fact(kind: string, subject: string, set: object): Fact {
  return Fact.parse({ kind, subject, set, confidence: 'stated', origin: { file: 'made up' } });
}

function folded(state: State, event: Event, made: Plan | undefined, seen?: Observation): State {
  const stamp = {
    seq: state.seq + 1,
    atMs: crowdAtMs,
    actor: Actor.parse({ principal: 'person:bench' }),
  };
  return applyAll(state, [event], stamp, {
    plan: (digest) => kept(made, digest),
    observation: (digest) => kept(seen, digest),
  });
}

function kept<T>(value: T | undefined, digest: string): T {
  if (value === undefined) throw new Error(`nobody kept \`${digest}\``);
  return value;
}
