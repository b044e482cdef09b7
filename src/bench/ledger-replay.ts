import { hash } from 'node:crypto';

import { z } from 'zod';

import { decide } from '../core/decide.ts';
import { digestState } from '../core/digest.ts';
import { type Archive, applyAll, type State } from '../core/state.ts';
import { canonicalJson, digestOf } from '../model/canonical.ts';
import { Command } from '../model/command.ts';
import { Digest } from '../model/id.ts';
import { Plan } from '../model/plan.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { benchActor, makeFleet } from './fleets.ts';
import { LedgerDraws } from './ledger-draws.ts';
import { type Line, linesOfBlock, packed, unpacked } from './ledger-lines.ts';
import { allowAll } from './verdict.ts';

export type LedgerReplayOptions = {
  readonly nodes: number;
  readonly decisions: number;
  readonly seed: number;
  readonly nowNs: () => bigint;
  /** Time that this thread had a processor: what counts where others use the machine too. */
  readonly cpuNs: () => bigint;
};

export type LedgerReplayReport = {
  readonly nodes: number;
  readonly decisions: number;
  readonly seed: number;
  /** Decisions by what was decided, refusals among them, in the order of the names. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly contracts: number;
  /** Planning, deciding, folding and writing the entries; absent where they were read from a file. */
  readonly making?: Pace;
  /** Unpacking and reading the entries and their plans, deciding each again, comparing bytes, and folding. */
  readonly replaying: Pace;
  /** Chained over all decisions with their events. The same on every machine, or the replay would have stopped. */
  readonly decisionsDigest: Digest;
  /** Of everything that the state says at the end. Making and replaying came to the same. */
  readonly stateDigest: Digest;
};

type Pace = {
  /** By the clock. */
  readonly seconds: number;
  /** On the processor, and so are the rates. */
  readonly cpuSeconds: number;
  readonly perCpuSecond: number;
  readonly lastTenthPerCpuSecond: number;
};

type Step = { readonly done: number; readonly total: number; readonly what: string };

/** Where decisions are kept besides, packed. */
export type Keep = (block: Uint8Array) => void;

/**
 * Makes so many decisions about a generated fleet (commits of real plans, changes and releases, some of them refused),
 * keeps each as canonical JSON, and decides every one of them again from that text. Throws where a byte differs.
 */
export function* benchLedgerReplay(
  options: LedgerReplayOptions,
  keep: Keep = () => {},
): Generator<Step, LedgerReplayReport> {
  const made = yield* makeAll(options, keep);
  const report = yield* replayKept(options, made.blocks);
  if (report.stateDigest !== made.stateDigest || report.decisionsDigest !== made.decisionsDigest)
    throw new Error('the replay came to another state');
  return { ...report, making: made.pace };
}

/** Decides again what was kept, on whatever machine and whichever Node. Throws where a byte differs. */
export function* replayKept(
  options: LedgerReplayOptions,
  blocks: Iterable<Uint8Array>,
): Generator<Step, LedgerReplayReport> {
  const { nodes, decisions, seed } = options;
  const desk = new Desk(makeFleet(nodes, seed));
  const clock = new Clock(options, decisions);
  let done = 0;
  for (const block of blocks) {
    for (const line of unpacked(block)) {
      desk.repeat(line, done);
      clock.tick(done++);
      if (done % 500 === 0) yield { done, total: decisions, what: 'decisions replayed' };
    }
  }
  if (done !== decisions) throw new Error(`${done} decisions were kept, not ${decisions}`);
  return {
    nodes,
    decisions,
    seed,
    kinds: Object.fromEntries([...desk.kinds].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    contracts: desk.state.contracts.size,
    replaying: clock.pace(),
    decisionsDigest: desk.chain,
    stateDigest: digestState(desk.state),
  };
}

type Made = {
  readonly blocks: readonly Uint8Array[];
  readonly pace: Pace;
  readonly decisionsDigest: Digest;
  readonly stateDigest: Digest;
};

/** Only what is packed is held on to, so that a long ledger needs the memory of one state. */
function* makeAll(options: LedgerReplayOptions, keep: Keep): Generator<Step, Made> {
  const { nodes, decisions, seed } = options;
  const desk = new Desk(makeFleet(nodes, seed));
  const draws = new LedgerDraws(nodes, seed);
  const clock = new Clock(options, decisions);
  const blocks: Uint8Array[] = [];
  let lines: Line[] = [];
  for (let at = 0; at < decisions; at++) {
    lines.push(desk.next(draws));
    clock.tick(at);
    if (lines.length === linesOfBlock || at === decisions - 1) {
      const block = packed(lines);
      blocks.push(block);
      keep(block);
      lines = [];
    }
    if (at % 500 === 499) yield { done: at + 1, total: decisions, what: 'decisions made' };
  }
  const pace = clock.pace();
  return { blocks, pace, decisionsDigest: desk.chain, stateDigest: digestState(desk.state) };
}

/** What a person reads of a replay. */
export function drawLedgerReplay(report: LedgerReplayReport): string {
  const { nodes, decisions, seed, kinds, contracts, making, replaying } = report;
  return [
    `replay: ${decisions} decisions about ${nodes} nodes, seed ${seed}, ${contracts} contracts`,
    Object.entries(kinds)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
    ...(making === undefined ? [] : [`making     ${paceOf(making)}`]),
    `replaying  ${paceOf(replaying)}`,
    `every entry came out byte for byte: ${report.decisionsDigest}`,
    `state at the end: ${report.stateDigest}`,
    '',
  ].join('\n');
}

function paceOf({ seconds, cpuSeconds, perCpuSecond, lastTenthPerCpuSecond }: Pace): string {
  return `${cpuSeconds} s on the processor (${seconds} s by the clock): ${perCpuSecond} decisions a second, ${lastTenthPerCpuSecond} in the last tenth`;
}

/** Where decisions are made: a state, and a chain over all that was decided. Moves only by decisions. */
class Desk {
  state: State;
  chain: Digest = digestOf('no decision yet');
  readonly kinds = new Map<string, number>();
  readonly #verdict: PolicyVerdict;

  constructor(empty: State) {
    this.state = empty;
    this.#verdict = allowAll(empty);
  }

  /** Draws one command, decides it, and gives it as a ledger would keep it. */
  next(draws: LedgerDraws): Line {
    const { atMs, command, plan } = draws.next(this.state, this.#verdict);
    const entry = this.#settle(atMs, command, plan);
    return plan === undefined ? { entry } : { entry, plan: canonicalJson(plan) };
  }

  /** Decides a line again. Throws where the bytes are others. */
  repeat({ entry, plan }: Line, at: number): void {
    const { atMs, command } = Asked.parse(JSON.parse(entry));
    const read = plan === undefined ? undefined : Plan.parse(JSON.parse(plan));
    if (this.#settle(atMs, command, read) !== entry)
      throw new Error(`decision ${at} was decided differently`);
  }

  #settle(atMs: number, command: Command, plan: Plan | undefined): string {
    const archive = archiveOf(plan);
    const { seq, calendarDigest } = this.state;
    const { decision, events } = decide(this.state, { atMs, verdict: this.#verdict, archive }, command);
    const stamp = { seq: seq + 1, atMs, actor: benchActor };
    if (events.length > 0) this.state = applyAll(this.state, events, stamp, archive);
    const entry = canonicalJson({ seq, atMs, calendar: calendarDigest, command, decision, events });
    this.chain = sha256Of(canonicalJson([this.chain, sha256Of(entry)]));
    this.kinds.set(decision.kind, (this.kinds.get(decision.kind) ?? 0) + 1);
    return entry;
  }
}

/** What is read of an entry: when it was decided, and what was asked. The rest has to come out again. */
const Asked = z.object({ atMs: z.int(), command: Command });

/** The one plan that a command names, by the digest of what was read. */
function archiveOf(plan: Plan | undefined): Archive {
  const known = plan === undefined ? undefined : sha256Of(canonicalJson(plan));
  return {
    plan: (digest) => {
      if (plan === undefined || digest !== known) throw new Error(`nobody kept plan \`${digest}\``);
      return plan;
    },
    observation: () => {
      throw new Error('no decision here reads an observation');
    },
  };
}

/** The platform's SHA-256, which a ledger uses too. */
function sha256Of(text: string): Digest {
  return Digest.parse(`sha256:${hash('sha256', text)}`);
}

type Times = Pick<LedgerReplayOptions, 'nowNs' | 'cpuNs'>;

/** Times a run, and its last tenth for itself: what grows with the ledger shows there. */
class Clock {
  readonly #times: Times;
  readonly #count: number;
  readonly #startNs: bigint;
  readonly #startCpuNs: bigint;
  #lastCpuNs: bigint;

  constructor(times: Times, count: number) {
    this.#times = times;
    this.#count = count;
    this.#startNs = times.nowNs();
    this.#startCpuNs = times.cpuNs();
    this.#lastCpuNs = this.#startCpuNs;
  }

  /** To be called after every decision, with its number. */
  tick(at: number): void {
    if (at + 1 === this.#count - this.#tenth) this.#lastCpuNs = this.#times.cpuNs();
  }

  pace(): Pace {
    const cpuNs = this.#times.cpuNs();
    const cpuSeconds = Number(cpuNs - this.#startCpuNs) / 1e9;
    return {
      seconds: Math.round(Number(this.#times.nowNs() - this.#startNs) / 1e7) / 100,
      cpuSeconds: Math.round(cpuSeconds * 100) / 100,
      perCpuSecond: rate(this.#count, cpuSeconds),
      lastTenthPerCpuSecond: rate(this.#tenth, Number(cpuNs - this.#lastCpuNs) / 1e9),
    };
  }

  get #tenth(): number {
    return Math.ceil(this.#count / 10);
  }
}

function rate(count: number, seconds: number): number {
  return seconds === 0 ? 0 : Math.round(count / seconds);
}
