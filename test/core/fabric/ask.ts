import type { FleetNode } from '../../../src/core/inventory/fleet.ts';
import type { Want } from '../../../src/core/place/want.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { Path } from '../../../src/model/id.ts';
import type { Placement } from '../../../src/model/placement.ts';
import type { PlanAnswer, SiteReport } from '../../../src/model/plan.ts';
import { demand } from '../demand.ts';
import type { World } from '../fleet.ts';

type Rdma = NonNullable<Demand['parts'][number]['each']['rdma']>;

/** A demand in one line whose parts with RDMA ask for more of it. */
export function withRdma(text: string, rdma: Rdma, more: object = {}): Demand {
  const plain = demand(text);
  const parts = plain.parts.map((part) =>
    part.each.rdma === undefined ? part : { ...part, each: { ...part.each, rdma } },
  );
  return demand(text, { parts, ...more });
}

/** Bandwidth in lines: `rdma fra1/leaf-r1 400000`. */
export function heldBy({ bandwidth = [] }: Pick<Placement, 'bandwidth'>): string[] {
  return bandwidth.map(({ fabric, edge, mbps }) => `${fabric} ${edge} ${mbps}`);
}

/** What a plan holds, or what it was refused for. */
export function outcome(answer: PlanAnswer): readonly string[] | string {
  if (answer.kind === 'planned') return heldBy(answer.plan.placement);
  const { refusal } = answer;
  if (refusal.kind === 'no-capacity') return refusal.nearest?.binding ?? 'nowhere';
  if (refusal.kind === 'fact-missing') return refusal.facts.map(({ attribute }) => `missing ${attribute}`);
  return refusal.kind;
}

/** What was found at one site. */
export function siteOf(answer: PlanAnswer, id: string): SiteReport | undefined {
  const { sites } = answer.kind === 'planned' ? answer.plan.report : answer.report;
  return sites.find(({ site }) => site === id);
}

/** The nodes a plan uses, by their last two segments; each once. */
export function nodesOf(answer: PlanAnswer): string[] {
  if (answer.kind === 'refused') return [];
  return [...new Set(answer.plan.placement.members.map(({ node }) => node.split('/').slice(-2).join('/')))];
}

/** A node of a fleet by its id. */
export function nodeIn({ state }: World, id: string): FleetNode {
  const node = state.fleet.nodeById.get(Path.parse(id));
  if (node === undefined) throw new Error(`no node \`${id}\``);
  return node;
}

/** What the search looks for when it places the first part of a demand. */
export function wantOf({ parts: [part] }: Demand, model?: string): Want {
  if (part === undefined) throw new Error('a demand has a part');
  return { part, gpuCount: part.each.gpus?.count ?? 0, model };
}
