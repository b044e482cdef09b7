import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Archive, applyAll, contractOf, type State } from '../core/state.ts';
import type { Ledger } from '../ledger/port.ts';
import { proveEntry } from '../ledger/proving.ts';
import { restoreLedger } from '../ledger/restore.ts';
import { openSqliteLedger } from '../ledger/sqlite.ts';
import { leafHash } from '../ledger/tree-hash.ts';
import { isConsistent, isIncluded } from '../ledger/tree-proof.ts';
import { Tree } from '../ledger/tree.ts';
import { digestOf } from '../model/canonical.ts';
import type { EntryDraft } from '../model/entry.ts';
import { ContractId, type Digest } from '../model/id.ts';
import { identify, type Plan } from '../model/plan.ts';
import { benchActor, makeFleet } from './fleets.ts';
import { LedgerDraws } from './ledger-draws.ts';
import { Random } from './random.ts';
import { quantile } from './speed.ts';
import { allowAll } from './verdict.ts';

export type LedgerStoreOptions = {
  readonly entries: number;
  /** Leaves of the tree that proofs are measured in. */
  readonly leaves: number;
  readonly seed: number;
  /** Where the ledger is made; what counts is its disk. */
  readonly folder: string | undefined;
  readonly nowNs: () => bigint;
  readonly cpuNs: () => bigint;
  /** What the process holds of the machine's memory. */
  readonly rssBytes: () => number;
};

type Rate = { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number };
type Took = { readonly seconds: number; readonly cpuSeconds: number };

export type LedgerStoreReport = {
  readonly entries: number;
  readonly entryBytes: number;
  /** One entry an append, durable when it is acknowledged, with its signed checkpoint. */
  readonly single: Rate;
  /** The same for groups of 100; the rate counts entries. */
  readonly grouped: Rate;
  /** Opening, checking chain, tree, tables and checkpoint, and folding all entries into a state. */
  readonly open: Took & { readonly rssMib: number };
  readonly backup: Took;
  /** Checking the backup, putting it in place, and opening it. */
  readonly restore: Took;
  readonly proofs: {
    readonly leaves: number;
    readonly makeP99Ms: number;
    readonly verifyP99Ms: number;
    readonly consistencyP99Ms: number;
    /** The largest `.tlog-proof`, as it would be at so many leaves. */
    readonly bytes: number;
  };
};

type Step = { readonly done: number; readonly total: number; readonly what: string };

/** Fills a ledger with grants and releases of planned contracts, and measures what it is asked every day. */
export async function* benchLedgerStore(
  options: LedgerStoreOptions,
): AsyncGenerator<Step, LedgerStoreReport> {
  const folder = mkdtempSync(join(options.folder ?? tmpdir(), 'berth-bench-'));
  try {
    return yield* measure(options, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How many entries are appended one by one. */
const singles = 2_000;
const groupSize = 100;

async function* measure(
  options: LedgerStoreOptions,
  folder: string,
): AsyncGenerator<Step, LedgerStoreReport> {
  const { entries, seed } = options;
  const path = join(folder, 'ledger.db');
  const story = new Story(seed);
  const ledger = await openSqliteLedger(path);
  const single = yield* append(ledger, story, { ...options, count: Math.min(singles, entries), group: 1 });
  const rest = Math.max(0, entries - singles);
  const grouped = yield* append(ledger, story, { ...options, count: rest, group: groupSize });
  const copy = join(folder, 'backup.db');
  const backup = await took(options, () => ledger.backup(copy));
  const sample = await proveEntry(ledger, entries);
  await ledger.close();
  yield { done: 0, total: 1, what: 'opened' };
  const open = await took(options, () => openAndFold(path, story));
  const rssMib = Math.round(options.rssBytes() / 2 ** 20);
  const entryBytes = Math.round(statSync(path).size / entries);
  rmSync(path);
  const restore = await took(options, async () => {
    restoreLedger(copy, path);
    await (await openSqliteLedger(path)).close();
  });
  const proofs = yield* proofsIn(
    options,
    Buffer.byteLength(sample) - sample.split('\n\n', 1).join('').length,
  );
  return { entries, entryBytes, single, grouped, open: { ...open, rssMib }, backup, restore, proofs };
}

/** Grants and releases of a few real plans, over and over: what an entry holds, and what folding it costs. */
class Story {
  readonly start: State;
  readonly plans: readonly Plan[];
  readonly archive: Archive;
  #next = 0;

  constructor(seed: number) {
    this.start = makeFleet(64, seed);
    this.plans = plansFor(this.start, seed);
    const byDigest = new Map<Digest, Plan>(this.plans.map((plan) => [identify(plan).digest, plan]));
    this.archive = {
      plan: (digest) => required(byDigest.get(digest)),
      observation: () => {
        throw new Error('no entry here names an observation');
      },
    };
  }

  /** A grant, then its release, at one instant of the plan's. */
  draft(): EntryDraft {
    const at = this.#next++;
    const plan = required(this.plans[(at >> 1) % this.plans.length]);
    const { id, digest } = identify(plan);
    const contract = ContractId.parse(`C-${101 + (at >> 1)}`);
    const isGrant = at % 2 === 0;
    const span = {
      startMs: plan.placement.startMs,
      ...(plan.placement.endMs === undefined ? {} : { endMs: plan.placement.endMs }),
    };
    const atMs = plan.plannedAtMs;
    return {
      atMs,
      clock: 'system',
      tenant: plan.demand.tenant,
      actor: { ...benchActor, client: 'berth-bench' },
      requestHash: digestOf(at),
      inputs: plan.inputs,
      command: isGrant
        ? { kind: 'commit-plan', plan: id, planDigest: digest }
        : { kind: 'release-contract', contract },
      decision: isGrant
        ? { kind: 'contract-granted', contract, plan: id, ...span }
        : { kind: 'contract-released', contract, atMs, usedMicroEur: 0 },
      events: isGrant
        ? [{ kind: 'contract-granted', contract, plan: id, planDigest: digest }]
        : [{ kind: 'contract-released', contract, atMs }],
    };
  }
}

/** The first plans that a fleet is asked for. */
function plansFor(state: State, seed: number): readonly Plan[] {
  const draws = new LedgerDraws(64, seed);
  const plans: Plan[] = [];
  for (let tries = 0; plans.length < 32 && tries < 2_000; tries++) {
    const { plan, command } = draws.next(state, allowAll(state));
    if (plan !== undefined && command.kind === 'commit-plan') plans.push(plan);
  }
  return plans;
}

type Run = LedgerStoreOptions & { readonly count: number; readonly group: number };

/** Appends so many entries in groups and times each append. */
async function* append(
  ledger: Ledger,
  story: Story,
  { count, group, nowNs }: Run,
): AsyncGenerator<Step, Rate> {
  const tookNs: number[] = [];
  const startNs = nowNs();
  for (let done = 0; done < count; done += group) {
    const drafts = Array.from({ length: Math.min(group, count - done) }, () => story.draft());
    const head = await ledger.head();
    const beginNs = nowNs();
    await ledger.append(drafts, head);
    tookNs.push(Number(nowNs() - beginNs));
    if (done % 1_000 === 0) yield { done, total: count, what: 'entries appended' };
  }
  const seconds = Number(nowNs() - startNs) / 1e9;
  const sorted = Float64Array.from(tookNs).toSorted();
  return {
    perSecond: Math.round(count / Math.max(seconds, 1e-9)),
    p50Ms: millis(quantile(sorted, 500)),
    p99Ms: millis(quantile(sorted, 990)),
  };
}

/** What every start does: opening verifies all, and the state is the fold of all. */
async function openAndFold(path: string, { start, archive }: Story): Promise<void> {
  const ledger = await openSqliteLedger(path);
  let state = start;
  for (let after = 0; ;) {
    const entries = await ledger.read(after, 1_000);
    for (const { seq, atMs, actor, events } of entries)
      state = applyAll(state, events, { seq, atMs, actor }, archive);
    after += entries.length;
    if (entries.length < 1_000) break;
  }
  await ledger.close();
  if (contractOf(state, ContractId.parse('C-101')) === undefined) throw new Error('the fold lost a contract');
}

/** Proofs for random places of a large tree, each verified; `frame` is what a `.tlog-proof` has besides its hashes. */
function* proofsIn(
  { leaves, seed, nowNs }: LedgerStoreOptions,
  frame: number,
): Generator<Step, LedgerStoreReport['proofs']> {
  const tree = new Tree();
  for (let i = 0; i < leaves; i++) {
    tree.add(leafHash(`entry ${i}`));
    if (i % 50_000 === 0) yield { done: i, total: leaves, what: 'leaves' };
  }
  const random = new Random(seed);
  const times = { make: new Array<number>(), verify: new Array<number>(), grow: new Array<number>() };
  let longest = 0;
  for (let i = 0; i < 1_000; i++) {
    const size = 1 + random.below(leaves);
    const index = random.below(size);
    const inclusion = timed(nowNs, times.make, () => tree.inclusion(index, size));
    longest = Math.max(longest, inclusion.length);
    const proof = { leaf: leafHash(`entry ${index}`), index, size, root: tree.root(size), hashes: inclusion };
    if (!timed(nowNs, times.verify, () => isIncluded(proof)))
      throw new Error(`leaf ${index} of ${size} was not proved`);
    const growth = timed(nowNs, times.grow, () => tree.consistency(size, leaves));
    const from = { size, root: proof.root };
    if (!isConsistent({ from, to: { size: leaves, root: tree.root() }, hashes: growth }))
      throw new Error(`growth from ${size} was not proved`);
  }
  return {
    leaves,
    makeP99Ms: p99Of(times.make),
    verifyP99Ms: p99Of(times.verify),
    consistencyP99Ms: p99Of(times.grow),
    bytes: frame + longest * 45,
  };
}

function timed<T>(nowNs: () => bigint, times: number[], work: () => T): T {
  const beginNs = nowNs();
  const result = work();
  times.push(Number(nowNs() - beginNs));
  return result;
}

async function took({ nowNs, cpuNs }: LedgerStoreOptions, work: () => Promise<unknown>): Promise<Took> {
  const [wall, cpu] = [nowNs(), cpuNs()];
  await work();
  return { seconds: secondsOf(nowNs() - wall), cpuSeconds: secondsOf(cpuNs() - cpu) };
}

function p99Of(times: readonly number[]): number {
  return millis(quantile(Float64Array.from(times).toSorted(), 990));
}

function secondsOf(ns: bigint): number {
  return Math.round(Number(ns) / 1e6) / 1e3;
}

function millis(ns: number): number {
  return Math.round(ns / 1e3) / 1e3;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the bench drew too few plans');
  return value;
}

/** What a person reads of it. */
export function drawLedgerStore(report: LedgerStoreReport): string {
  const { entries, entryBytes, single, grouped, open, backup, restore, proofs } = report;
  return [
    `ledger: ${entries} entries, ${entryBytes} bytes each in the file`,
    `append one by one   ${rateOf(single)}`,
    `append by hundreds  ${rateOf(grouped)}`,
    `open, check, fold   ${tookText(open)}, ${open.rssMib} MiB`,
    `backup              ${tookText(backup)}`,
    `restore and check   ${tookText(restore)}`,
    `proofs among ${proofs.leaves} leaves: made in ${proofs.makeP99Ms} ms, verified in ${proofs.verifyP99Ms} ms, ` +
      `growth in ${proofs.consistencyP99Ms} ms (99 of 100); ${proofs.bytes} bytes`,
    '',
  ].join('\n');
}

function rateOf({ perSecond, p50Ms, p99Ms }: Rate): string {
  return `${perSecond} entries a second; an append takes ${p50Ms} ms, 99 of 100 at most ${p99Ms} ms`;
}

function tookText({ seconds: wall, cpuSeconds }: Took): string {
  return `${wall} s (${cpuSeconds} s on the processor)`;
}
