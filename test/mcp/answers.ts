import type { ApprovalList } from '../../src/model/authority-view.ts';
import { ContractDetail, ContractList, ContractView, Explanation } from '../../src/model/contract-view.ts';
import { ChangeResult, MaintenanceResult } from '../../src/model/deed-view.ts';
import { emptyHead } from '../../src/model/entry.ts';
import { Digest, Path } from '../../src/model/id.ts';
import { InventoryList, InventorySummary, NodeView, RecordList } from '../../src/model/inventory-view.ts';
import { OccurrenceList } from '../../src/model/occurrence.ts';
import { OperationList } from '../../src/model/operation.ts';
import { PlanResult, PlanView } from '../../src/model/plan-view.ts';
import { PolicyCheck } from '../../src/model/policy-view.ts';
import { MaintenancePlan, Simulation } from '../../src/model/simulation-view.ts';
import { TemplateList } from '../../src/model/template-view.ts';
import { VerifyResult } from '../../src/model/verify-view.ts';
import { Snapshot } from '../../src/model/view.ts';

const digest = Digest.parse(`sha256:${'a1'.repeat(32)}`);
const atMs = Date.parse('2026-11-25T09:00:00Z');
const at = '2026-11-25T10:00:00+01:00';

export const snapshot = Snapshot.parse({
  seq: 7,
  head: emptyHead.digest,
  inventory: digest,
  atMs,
  at,
  clock: 'set',
});

const gpus = { total: 32, free: 8, reserved: 24, unavailable: 0 };

export const summary = InventorySummary.parse({
  snapshot,
  sites: [{ id: 'fra1', aliases: ['Frankfurt'], country: 'DE', nodeCount: 4, rackCount: 1, gpus }],
  flavors: [
    {
      site: 'fra1',
      model: 'H100-SXM-80GB',
      gpus,
      nodeCount: 4,
      gpusPerNode: [8],
      link: 'nvlink',
      islandGpus: 8,
      rdma: 'yes',
    },
  ],
  tenants: [{ id: 'acme', name: 'Acme', zone: 'Europe/Berlin', regimes: ['gdpr'] }],
  truncated: false,
  hints: [],
});

export function node(index: number, labels?: Record<string, string>): NodeView {
  return NodeView.parse({
    id: `fra1/h1/r11/n${index}`,
    hostName: `fra1-r11-n${index}`,
    site: 'fra1',
    gpuCount: 8,
    freeGpus: 8,
    link: 'nvlink',
    rdma: 'unknown',
    health: 'healthy',
    schedulable: true,
    contracts: [],
    ...(labels === undefined ? {} : { labels }),
  });
}

export function nodeList(
  nodes: readonly NodeView[],
  total = nodes.length,
  nextCursor?: string,
): InventoryList {
  return InventoryList.parse({
    snapshot,
    from: at,
    to: at,
    nodes,
    total,
    ...(nextCursor === undefined ? {} : { nextCursor }),
    truncated: nextCursor !== undefined,
    hints: [],
  });
}

export const records = RecordList.parse({
  snapshot,
  records: [{ id: 'fra1', kind: 'site', attributes: [], children: ['fra1/h1'] }],
  notFound: [{ asked: 'fra2', didYouMean: 'fra1' }],
});

function devices(place: string, kind: string): Path[] {
  return Array.from({ length: 8 }, (_, i) => Path.parse(`${place}/${kind}${i}`));
}

/** A plan of one part with so many members, eight GPUs and NICs each. */
export function plan(memberCount: number): PlanView {
  const members = Array.from({ length: memberCount }, (_, replica) => {
    const place = `fra1/h1/r${Math.floor(replica / 4)}/n${replica % 4}`;
    return {
      replica,
      node: place,
      hostName: place.replaceAll('/', '-'),
      gpus: devices(place, 'gpu'),
      nics: devices(place, 'nic'),
      cpuMilli: 96_000,
      memoryMib: 1_000_000,
      powerW: 10_200,
    };
  });
  return PlanView.parse({
    id: 'plan-3f9a0c1e2b7d4a58',
    digest,
    tenant: 'acme',
    sites: ['fra1'],
    gpuCount: memberCount * 8,
    parts: [{ name: 'train', replicas: memberCount, gpuCount: memberCount * 8, members }],
    startMs: atMs,
    start: at,
    zone: 'Europe/Berlin',
    guarantee: 'reserved',
    isolation: 'shared',
    price: { currency: 'EUR', priceBook: 'fra 2026-11', lines: [], microEurPerHour: 1_000_000 },
    terms: [],
    policy: { answer: 'allowed', packs: ['gdpr'], hits: [], note: 'a technical check of recorded facts' },
    why: [{ site: 'fra1', outcome: 'chosen', why: 'the only site with room' }],
    constraints: [],
    assumptions: [],
    expiresAtMs: atMs + 900_000,
    expires: at,
    inputs: { inventory: digest, calendar: digest, policy: digest, core: 'core/1', seq: 7 },
  });
}

export function planned(memberCount = 1): PlanResult {
  return PlanResult.parse({ snapshot, decision: 'planned', plan: plan(memberCount), next: 'show it' });
}

export const rejected = PlanResult.parse({
  snapshot,
  decision: 'rejected',
  refusal: {
    kind: 'model-unknown',
    summary: 'no site has a GPU of model `B999`',
    zone: 'Europe/Berlin',
    refusal: { kind: 'model-unknown', asked: ['B999'], known: ['H100-SXM-80GB'] },
    sites: [],
    relaxations: [],
  },
  next: 'name a known model',
});

export const contract = ContractView.parse({
  ...plan(1),
  id: 'C-106',
  version: 1,
  state: 'granted',
  plan: 'plan-3f9a0c1e2b7d4a58',
  planDigest: digest,
  grantedBy: { principal: 'person:ada', client: 'mcp:test' },
  grantedAt: at,
});

export const contracts = ContractList.parse({ snapshot, contracts: [contract], total: 1, truncated: false });

export const contractDetail = ContractDetail.parse({
  snapshot,
  contract,
  parts: plan(1).parts,
  terms: [],
  entries: [{ seq: 7, digest, at, what: 'contract-granted', by: 'person:ada' }],
});

export const policyCheck = PolicyCheck.parse({
  snapshot,
  subject: 'data of acme',
  from: '2026-11-25T10:00:00+01:00',
  until: '2026-11-25T10:00:00+01:00',
  policy: `sha256:${'5'.repeat(64)}`,
  packs: ['gdpr/2'],
  sites: [{ site: 'fra1', answer: 'allowed', hits: [] }],
  note: 'a technical check of recorded facts, not legal advice',
});

export const explanation = Explanation.parse({
  snapshot,
  subject: 'C-106',
  verdict: 'fits',
  summary: 'the only site with room',
  sites: plan(1).why,
  constraints: [],
  policyHits: [],
  assumptions: [],
});

export const simulation = Simulation.parse({
  snapshot,
  edit: 'without fra1/h1/r11',
  edits: [],
  from: at,
  lostNodes: 4,
  lostGpus: 32,
  unaffected: 1,
  affected: 0,
  contracts: [],
  growth: [],
  prices: [],
  remaining: [],
  remainingAt: at,
  hints: [],
});

export const maintenance = MaintenancePlan.parse({
  snapshot,
  what: 'drain fra1/h1/r11/n01',
  outcome: 'free',
  moves: [],
  hindrances: [],
  untouched: 0,
  nodes: [],
  waves: [],
  left: [],
  next: 'nothing',
});

export function change(decision: 'committed' | 'released', freshPlan?: PlanView): ChangeResult {
  return ChangeResult.parse({
    snapshot,
    decision,
    replayed: false,
    contract,
    entry: { seq: 8, digest },
    ...(freshPlan === undefined ? {} : { freshPlan }),
    next: 'nothing',
  });
}

export const closed = MaintenanceResult.parse({
  snapshot,
  decision: 'scheduled',
  replayed: false,
  entry: { seq: 9, digest },
  next: 'nothing is placed there in that time',
});

export const verified = VerifyResult.parse({
  place: 'memory',
  ok: true,
  entries: 7,
  head: digest,
  stateDigest: digest,
  core: 'core/1',
  checks: [{ check: 'chain', ok: true, checked: 7, note: 'all digests match' }],
});

export const approvals: ApprovalList = {
  snapshot,
  approvals: [],
  total: 0,
  note: 'a person decides at a terminal',
};

export const operations = OperationList.parse({
  snapshot,
  operations: [
    {
      id: 'A-1',
      state: 'waiting',
      over: false,
      summary: 'commit-plan asked for by agent:ops-bot: waits for a person',
      tenant: 'acme',
      approval: 'A-1',
      command: 'berth approve A-1',
      engines: [],
    },
  ],
  total: 1,
  truncated: false,
  waitedS: 0,
});

export const templates = TemplateList.parse({
  snapshot,
  templates: [
    {
      name: 'fine-tune',
      version: 1,
      versions: [1],
      title: 'Fine-tuning',
      purpose: 'one node',
      origin: 'built-in',
      digest,
      parameters: [{ name: 'tenant', type: 'text', about: 'who pays', needed: true, example: 'acme' }],
      demand: { tenant: { $param: 'tenant' } },
    },
  ],
  total: 1,
  truncated: false,
  next: 'plan one with placement_plan',
});

export const occurrences = OccurrenceList.parse({
  snapshot,
  events: [
    {
      id: 'E-7.1',
      kind: 'fault',
      at,
      what: 'XID 79: restart the machine',
      severity: 'down',
      place: 'fra1/h1/r11/n01/gpu3',
      contracts: ['C-106'],
      said: { source: 'prometheus', observedAt: at, confidence: 'derived', file: 'metrics.txt', line: 12 },
      entry: 7,
    },
  ],
  total: 1,
  truncated: false,
});
